"""Wishes for new documents made of pages of others: split, merged, turned; a worker cuts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.document_work import Cutting, CuttingPart, CuttingState, Way
from backoffice.models.documents import Document, DocumentState
from backoffice.rules.page_ranges import MOST_LOTS, NoSuchPages, lots_meant, pages_meant
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.accounts import Person
from backoffice.services.changes import note_change
from backoffice.services.documents.examining import LARGEST, PDF
from backoffice.services.documents.reading import document_for, ready
from backoffice.services.refusal import Refused

MOST_MERGED: Final = 20
MOST_BYTES: Final = 2 * LARGEST
"""Of all sources of one wish: more would be no document that we keep, and fill a worker."""
SHOWN_FOR: Final = {
    CuttingState.DONE: timedelta(hours=1),
    CuttingState.FAILED: timedelta(days=1),
}
"""How long after its end a wish is told of beside its sources."""


class OnlyPdfs(Refused):
    """Pages are taken out of PDFs alone."""

    code = "only_pdfs"

    def __init__(self) -> None:
        """Say which."""
        super().__init__("Only PDFs that can be opened are split, merged and turned.")


class OfOnePractice(Refused):
    """Documents of several practices would have been merged, or too few or too many."""

    code = "of_one_practice"

    def __init__(self) -> None:
        """Say what can be merged."""
        super().__init__(f"Merge 2 to {MOST_MERGED} PDFs, all of one practice.")


class TooMuch(Refused):
    """The sources are too large together."""

    code = "too_much"

    def __init__(self) -> None:
        """Say how much there may be."""
        super().__init__(f"Together they may have {MOST_BYTES >> 20} MB. Merge fewer at once.")


class BeingCut(Refused):
    """A wish about one of these documents is waiting: a second one may be the first, sent twice."""

    code = "being_cut"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "New documents are being made of this one now. Look at them first, then ask again."
        )


class NoPagesMeant(Refused):
    """What was typed names no pages of the document."""

    code = "no_pages_meant"


@dataclass(frozen=True)
class Part:
    """Pages of a source that go into the new document `lot`: from 1, in the order taken."""

    source: Document
    lot: int
    place: int
    pages: Sequence[int]
    turned: Sequence[int] = ()
    degrees: int = 0


@dataclass(frozen=True)
class Wish:
    """A wish as it is told of beside its sources: how far it is, why it failed.

    `made` are its new documents, as far as a scanner has let them be opened.
    """

    way: Way
    state: CuttingState
    problem: str
    made: Sequence[UUID]


def split(session: Session, document_id: UUID, typed: str, *, by: Person, now: datetime) -> Cutting:
    """Wish for several documents of one: "1-3; 4-" names the pages of each.

    Raises NotVisible, AlreadyWithdrawn, OnlyPdfs, NoPagesMeant or BeingCut.
    """
    (source,) = _sources(session, [document_id], by)
    try:
        lots = lots_meant(typed, source.pages or 0)
    except NoSuchPages:
        words = f"Type the pages of 2 to {MOST_LOTS} new documents, as 1-3; 4-7. No page in two."
        raise NoPagesMeant(words, field="lots") from None
    parts = [Part(source, lot, 1, pages) for lot, pages in enumerate(lots, start=1)]
    return _wish(session, Way.SPLIT, parts, by=by, now=now)


def turn(
    session: Session, document_id: UUID, typed: str, degrees: int, *, by: Person, now: datetime
) -> Cutting:
    """Wish for a document with some pages turned clockwise, all where none are typed.

    Raises as `split` does.
    """
    (source,) = _sources(session, [document_id], by)
    count = source.pages or 0
    try:
        turned = pages_meant(typed.strip() or "1-", count)
    except NoSuchPages:
        raise NoPagesMeant("Type pages of this document, as 1-3, 5.", field="pages") from None
    part = Part(source, 1, 1, range(1, count + 1), turned, degrees)
    return _wish(session, Way.TURNED, [part], by=by, now=now)


def merge(session: Session, document_ids: Sequence[UUID], *, by: Person, now: datetime) -> Cutting:
    """Wish for one document of several, the oldest first.

    Raises as `split` does, and OfOnePractice or TooMuch.
    """
    sources = _sources(session, sorted(set(document_ids)), by)
    if len(sources) < 2:
        raise OfOnePractice
    parts = [
        Part(source, 1, place, range(1, (source.pages or 0) + 1))
        for place, source in enumerate(sources, start=1)
    ]
    return _wish(session, Way.MERGED, parts, by=by, now=now)


def latest(session: Session, document: Document, *, now: datetime) -> Wish | None:
    """Return the newest wish about a document while it waits, and for a while after its end."""
    query = (
        visible(session, Cutting)
        .where(
            Cutting.id.in_(
                select(CuttingPart.cutting_id).where(
                    held(session, CuttingPart.practice_id), CuttingPart.source_id == document.id
                )
            )
        )
        .order_by(Cutting.id.desc())
        .limit(1)
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        return None
    if found.ended_at is not None and found.ended_at < now - SHOWN_FOR[found.state]:
        return None
    made = (
        select(CuttingPart.document_id)
        .join(
            Document,
            (Document.practice_id == CuttingPart.practice_id)
            & (Document.id == CuttingPart.document_id),
        )
        .where(
            held(session, CuttingPart.practice_id),
            CuttingPart.cutting_id == found.id,
            CuttingPart.place == 1,
            Document.state == DocumentState.STORED,
        )
        .order_by(CuttingPart.lot)
    )
    ids = [document_id for document_id in session.scalars(made) if document_id is not None]
    return Wish(found.way, found.state, found.problem, ids)


def tell_sources(session: Session, practice_id: UUID, source_ids: Sequence[UUID]) -> None:
    """Have open pages of these documents told that a wish about them has moved on."""
    for source_id in sorted(set(source_ids)):
        note_change(session, practice_id, "document", source_id, staff_only=True)


def _sources(session: Session, document_ids: Sequence[UUID], person: Person) -> list[Document]:
    """Return PDFs of one practice to take pages from, in the order asked for."""
    found = [ready(document_for(session, each, person)) for each in document_ids]
    if any(document.content_type != PDF or not document.pages for document in found):
        raise OnlyPdfs
    if len({document.practice_id for document in found}) != 1 or len(found) > MOST_MERGED:
        raise OfOnePractice
    if sum(document.size for document in found) > MOST_BYTES:
        raise TooMuch
    return found


def _wish(
    session: Session, way: Way, parts: Sequence[Part], *, by: Person, now: datetime
) -> Cutting:
    """Write the wish and its errand; the sources' locks let wishes come one after the other."""
    source_ids = sorted({part.source.id for part in parts})
    for source_id in source_ids:
        one(session, Document, source_id, lock=True)
    if _is_waited_for(session, source_ids):
        raise BeingCut
    practice_id = parts[0].source.practice_id
    cutting = Cutting(practice_id=practice_id, way=way, by_id=by.id, created_at=now)
    session.add(cutting)
    session.flush()
    session.add_all(
        CuttingPart(
            practice_id=practice_id,
            cutting_id=cutting.id,
            source_id=part.source.id,
            lot=part.lot,
            place=part.place,
            pages=list(part.pages),
            turned=list(part.turned),
            degrees=part.degrees,
        )
        for part in parts
    )
    session.flush()
    audit.record(
        session,
        "wish_to_cut",
        subject_kind="document",
        subject_ids=source_ids,
        practice_id=practice_id,
        detail={"way": way.value, "cutting": str(cutting.id)},
    )
    tell_sources(session, practice_id, source_ids)
    ask_for(
        session,
        Job.CUT_DOCUMENTS,
        subject_id=cutting.id,
        practice_id=practice_id,
        due_at=now,
    )
    return cutting


def _is_waited_for(session: Session, source_ids: Sequence[UUID]) -> bool:
    waiting = (
        select(Cutting.id)
        .join(
            CuttingPart,
            (CuttingPart.practice_id == Cutting.practice_id)
            & (CuttingPart.cutting_id == Cutting.id),
        )
        .where(
            held(session, Cutting.practice_id),
            Cutting.state == CuttingState.WAITING,
            CuttingPart.source_id.in_(source_ids),
        )
        .limit(1)
    )
    return session.scalar(waiting) is not None
