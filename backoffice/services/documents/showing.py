"""Pages of documents as they are shown: painted by a job, looked at by those who may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.base import new_id
from backoffice.models.document_work import DocumentPage, DocumentWords
from backoffice.models.documents import Document, DocumentState, PagesState
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.accounts import Person
from backoffice.services.audit.shown import READ
from backoffice.services.changes import note_change
from backoffice.services.documents.pages import MOST_SHOWN, Picture, digest
from backoffice.services.documents.reading import document_for, ready
from backoffice.services.refusal import NotVisible

_AT_ONCE = 200
_WORDS = cast(Table, DocumentWords.__table__)
VIEW = "view"


@dataclass(frozen=True)
class ToPaint:
    """A stored document whose pages are not all there: what to fetch, and where to go on."""

    key: str
    content_type: str
    sha256: str
    next_page: int


@dataclass(frozen=True)
class Viewed:
    """A document that is looked at, with its pages as far as they are painted."""

    document: Document
    pages: Sequence[DocumentPage]


def to_paint(session: Session, document_id: UUID) -> ToPaint | None:
    """Return what a job is to paint, None where nothing is left to do."""
    document = one(session, Document, document_id)
    if document.state is not DocumentState.STORED:
        return None
    if document.pages_state is not PagesState.WAITING:
        return None
    there = session.scalar(
        select(func.max(DocumentPage.page)).where(
            held(session, DocumentPage.practice_id), DocumentPage.document_id == document_id
        )
    )
    return ToPaint(
        document.document_key, document.content_type, document.sha256, next_page=(there or 0) + 1
    )


def page_row(practice_id: UUID, document_id: UUID, picture: Picture) -> DocumentPage:
    """Return the row of one painted page: with its keys its pictures are put into the store."""
    return DocumentPage(
        practice_id=practice_id,
        document_id=document_id,
        page=picture.page,
        width=picture.width,
        height=picture.height,
        image_sha256=digest(picture.image),
        thumbnail_sha256=digest(picture.thumbnail),
    )


def keep_pages(session: Session, rows: Sequence[DocumentPage]) -> None:
    """Keep painted pages whose pictures are in the store; the document's lock keeps them once."""
    if not rows:
        return
    document = one(session, Document, rows[0].document_id, lock=True)
    query = select(DocumentPage.page).where(
        held(session, DocumentPage.practice_id), DocumentPage.document_id == document.id
    )
    known = set(session.scalars(query))
    session.add_all(row for row in rows if row.page not in known)


def painted(session: Session, document_id: UUID, state: PagesState, *, count: int | None) -> None:
    """Say how far the pages of a document are there, and how many it has; open pages are told."""
    document = one(session, Document, document_id, lock=True)
    document.pages_state = state
    if count is not None:
        document.pages = count
    note_change(session, document.practice_id, "pages", document_id, staff_only=False)


def keep_words(session: Session, document_id: UUID, words: str, *, now: datetime) -> None:
    """Keep a document's words for finding it; nobody is shown them again.

    A dash belongs to no word: CO-45 is found by 45. Whose it is stands among the words, so that
    the index looks through the practices worked for alone.
    """
    document = one(session, Document, document_id, lock=True)
    values = {
        "practice_id": document.practice_id,
        "id": new_id(),
        "created_at": now,
        "document_id": document_id,
        "words": func.to_tsvector("simple", words.replace("-", " ")).op("||")(
            func.array_to_tsvector(array([f"practice:{document.practice_id}"]))
        ),
    }
    session.execute(insert(_WORDS).values(values).on_conflict_do_nothing())


def forget_made(session: Session, document_id: UUID) -> None:
    """Forget what was made of a document whose bytes are gone: its pages and its words."""
    for model in (DocumentPage, DocumentWords):
        session.execute(
            delete(model).where(held(session, model.practice_id), model.document_id == document_id)
        )
    one(session, Document, document_id, lock=True).pages_state = PagesState.NONE


def ring_for_unread(session: Session, practice_id: UUID, *, now: datetime) -> None:
    """Ask once more, once a day, for the pages of stored documents that nobody has read."""
    query = (
        select(Document.id)
        .where(
            held(session, Document.practice_id),
            Document.state == DocumentState.STORED,
            Document.pages_state == PagesState.WAITING,
        )
        .order_by(Document.id)
        .limit(_AT_ONCE)
    )
    for document_id in session.scalars(query):
        ask_for(
            session,
            Job.READ_PAGES,
            subject_id=document_id,
            practice_id=practice_id,
            due_at=now,
            turn=f"{now:%Y-%m-%d}",
        )


def viewed(session: Session, document_id: UUID, person: Person, *, anew: bool = True) -> Viewed:
    """Open a document to look at its pages, and put that on record: once, with all its pages.

    Looking again at what is open (`anew` False) is a reading. Raises NotVisible, also while its
    bytes are not there, and AlreadyWithdrawn.
    """
    document = ready(document_for(session, document_id, person))
    if anew:
        audit.took(
            session,
            VIEW,
            subject_kind="document",
            subject_ids=[document.id],
            practice_id=document.practice_id,
        )
    query = visible(session, DocumentPage).where(DocumentPage.document_id == document_id)
    return Viewed(document, session.scalars(query.order_by(DocumentPage.page)).all())


def page_of(session: Session, document_id: UUID, page: int, person: Person) -> DocumentPage:
    """Return one page of a document that this person may open, or raise NotVisible."""
    document = ready(document_for(session, document_id, person))
    query = visible(session, DocumentPage).where(
        DocumentPage.document_id == document.id, DocumentPage.page == page
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotVisible
    return found


def read_page(
    session: Session, document_id: UUID, page: int, person: Person, *, small: bool = False
) -> DocumentPage:
    """Return one page as page_of does, and put on record which one was seen, and how large."""
    found = page_of(session, document_id, page, person)
    audit.took(
        session,
        READ,
        subject_kind="document",
        subject_ids=[found.document_id],
        practice_id=found.practice_id,
        detail={"page": page, "small": small},
    )
    return found


def state_of(count: int) -> PagesState:
    """Return how far pages are there when all are painted that are shown."""
    return PagesState.READY if count <= MOST_SHOWN else PagesState.PARTLY
