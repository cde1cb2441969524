"""What is kept stays whole, and goes in its time: compared, swept both ways, erased when due."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backoffice.gateways.documents import StoredDocument
from backoffice.models.contract import Departure
from backoffice.models.document_work import MADE_OF, DocumentPage
from backoffice.models.documents import Document, PagesState
from backoffice.models.submissions import Submission
from backoffice.rules.document_state import DocumentEvent, DocumentState
from backoffice.services import audit, retention
from backoffice.services.access import held, one, visible
from backoffice.services.documents.keeping import advance

WITHDRAWN_FOR: Final = timedelta(days=30)
"""How long a withdrawn document's bytes stay, however old its records are."""
ORPHAN_FOR: Final = timedelta(hours=24)
SETTLED_AFTER: Final = timedelta(hours=1)
"""A row younger than this may have been written after the store was listed."""
LOOKS_A_MONTH: Final = 120
AT_LEAST: Final = 10

_WITH_BYTES: Final = (DocumentState.QUARANTINED, DocumentState.STORED, DocumentState.WITHDRAWN)
_PARTS_OF_A_KEY: Final = 3
log = structlog.get_logger()


def due_for_a_look(session: Session, *, now: datetime) -> Sequence[Document]:
    """Return this turn's share of what is kept: looked at longest ago, all of it within a month.

    What came before there was a scanner comes first.
    """
    kept = visible(session, Document).where(
        Document.state == DocumentState.STORED,
        or_(Document.checked_at.is_(None), Document.checked_at < now - timedelta(hours=12)),
    )
    every = visible(session, Document).where(Document.state == DocumentState.STORED)
    total = session.scalar(select(func.count()).select_from(every.subquery())) or 0
    share = max(AT_LEAST, -(-total // LOOKS_A_MONTH))
    oldest = kept.order_by(Document.checked_at.asc().nulls_first(), Document.id)
    return session.scalars(oldest.limit(share)).all()


def checked(session: Session, document_id: UUID, *, whole: bool, now: datetime) -> None:
    """Note that a document's bytes were compared with what was taken in, and how that went."""
    document = one(session, Document, document_id, lock=True)
    if whole:
        document.checked_at, document.damaged_at = now, None
    else:
        _damaged(session, document, now)


def note_missing(
    session: Session, practice_id: UUID, keys: frozenset[str], *, now: datetime
) -> Sequence[UUID]:
    """Sound the alarm for documents whose bytes are not in the store's list; returns their ids."""
    settled = visible(session, Document).where(
        Document.practice_id == practice_id,
        Document.state.in_(_WITH_BYTES),
        Document.created_at < now - SETTLED_AFTER,
    )
    missing = [each for each in session.scalars(settled) if each.document_key not in keys]
    for document in missing:
        _damaged(session, document, now)
    return [document.id for document in missing]


def damaged(session: Session) -> int:
    """Return how many documents have lost their bytes, or have others than were taken in."""
    query = visible(session, Document).where(
        Document.damaged_at.is_not(None), Document.state.in_(_WITH_BYTES)
    )
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def orphans(
    session: Session, practice_id: UUID, lying: Iterable[StoredDocument], *, now: datetime
) -> Sequence[str]:
    """Return the keys in a practice's folder, a day old or older, that no row tells of.

    What was made of a document lies in a folder beside its key (MADE_OF) and belongs to it as far
    as its pages are told of. While a legal hold stands on the whole practice, nothing goes.
    """
    if retention.is_held(session, practice_id):
        return []
    known = _known_keys(session, practice_id)
    old = [each.key for each in lying if is_old(each, now=now)]
    made = [key for key in old if _owner(key) != key and _owner(key) in known]
    strays = [key for key in old if _owner(key) not in known]
    return [*strays, *_pictures_of_no_page(session, practice_id, made)]


def is_old(stored: StoredDocument, *, now: datetime) -> bool:
    """Whether an object is so old that the row about it would have been written by now."""
    return stored.stored_at < now - ORPHAN_FOR


def _owner(key: str) -> str:
    return "/".join(key.split("/")[:_PARTS_OF_A_KEY]).removesuffix(MADE_OF)


def _pictures_of_no_page(session: Session, practice_id: UUID, made: Sequence[str]) -> Sequence[str]:
    """Return the pictures whose page is told of by no row: painting was broken off, then given up.

    Where a document has as many pictures as its pages have, they are theirs; only of others are
    the pages looked up. What is still being painted is let be: its pictures are put anew any time.
    """
    of_document: defaultdict[str, list[str]] = defaultdict(list)
    for key in made:
        of_document[_owner(key).rpartition("/")[2]].append(key)
    counted = (
        select(DocumentPage.document_id, func.count())
        .where(held(session, DocumentPage.practice_id), DocumentPage.practice_id == practice_id)
        .group_by(DocumentPage.document_id)
    )
    told = {str(document_id): count for document_id, count in session.execute(counted)}
    odd = [UUID(name) for name, keys in of_document.items() if len(keys) > 2 * told.get(name, 0)]
    settled = visible(session, Document).where(
        Document.id.in_(odd), Document.pages_state != PagesState.WAITING
    )
    ids = [document.id for document in session.scalars(settled)]
    pages = visible(session, DocumentPage).where(DocumentPage.document_id.in_(ids))
    known = {key for page in session.scalars(pages) for key in (page.image_key, page.thumbnail_key)}
    return [key for each in ids for key in of_document[str(each)] if key not in known]


def _known_keys(session: Session, practice_id: UUID) -> frozenset[str]:
    known: set[str] = set()
    kept = select(Document.document_key).where(
        held(session, Document.practice_id),
        Document.practice_id == practice_id,
        Document.state.in_([*_WITH_BYTES, DocumentState.RECEIVING]),
    )
    sent = select(Submission.document_key).where(
        held(session, Submission.practice_id), Submission.practice_id == practice_id
    )
    exported = select(Departure.export_key).where(Departure.practice_id == practice_id)
    for query in (kept, sent, exported):
        known.update(key for key in session.scalars(query) if key)
    return frozenset(known)


def due_for_erasing(session: Session, *, now: datetime) -> Sequence[UUID]:
    """Return what may go today: infected at once, withdrawn when its years are over.

    Whether a hold stands is asked of each when its turn comes.
    """
    infected = visible(session, Document).where(
        Document.state == DocumentState.INFECTED, Document.erased_at.is_(None)
    )
    withdrawn = visible(session, Document).where(
        Document.state == DocumentState.WITHDRAWN, Document.withdrawn_at < now - WITHDRAWN_FOR
    )
    return [
        *(document.id for document in session.scalars(infected)),
        *(
            document.id
            for document in session.scalars(withdrawn)
            if retention.document_kept_until(session, document.id) < now.date()
        ),
    ]


def erasable_key(session: Session, document_id: UUID, *, now: datetime) -> str | None:
    """Return where a document's bytes lie if they may go now; None: something keeps them.

    Malware is no record: no hold keeps it. A hold on the practice, on the document or on a client
    that it is about keeps everything else.
    """
    document = one(session, Document, document_id, lock=True)
    if document.state is DocumentState.INFECTED:
        return document.document_key if document.erased_at is None else None
    if document.state is not DocumentState.WITHDRAWN or document.withdrawn_at is None:
        return None
    if document.withdrawn_at >= now - WITHDRAWN_FOR:
        return None
    if retention.document_kept_until(session, document.id) >= now.date():
        return None
    return None if is_held(session, document) else document.document_key


def is_held(session: Session, document: Document) -> bool:
    """Whether a legal hold stands on a document, on a client it is about, or on its practice."""
    clients = retention.clients_of_document(session, document.id)
    return retention.is_held(session, document.practice_id, document.id, *clients)


def erased(session: Session, document_id: UUID, *, now: datetime) -> None:
    """Say that no version of the bytes is left; the row stays, without the file's name."""
    document = one(session, Document, document_id, lock=True)
    if document.erased_at is not None:
        return
    if advance(session, document, DocumentEvent.ERASED):
        document.original_name = None
    document.erased_at = now


def _damaged(session: Session, document: Document, now: datetime) -> None:
    """Alarm once: in the log, on record and on the compliance page, until the bytes are back."""
    if document.damaged_at is not None:
        return
    document.damaged_at = now
    log.error("document damaged", document=str(document.id), practice=str(document.practice_id))
    audit.record(
        session,
        "find_damaged",
        subject_kind="document",
        subject_ids=[document.id],
        practice_id=document.practice_id,
    )
