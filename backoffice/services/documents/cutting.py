"""A wish for new documents, fulfilled by a worker: all of them at once, or none and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.gateways.scanner import Verdict
from backoffice.models.base import new_id
from backoffice.models.document_work import (
    Cutting,
    CuttingPart,
    CuttingState,
    DocumentOrigin,
    Way,
)
from backoffice.models.documents import (
    Document,
    DocumentKind,
    DocumentLink,
    DocumentState,
    DocumentStatus,
)
from backoffice.services import audit
from backoffice.services.access import one, visible
from backoffice.services.documents.examining import Examined
from backoffice.services.documents.keeping import Arrival, announce, arrived, judged, key_of
from backoffice.services.documents.making import tell_sources
from backoffice.services.documents.pages import Cut
from backoffice.services.refusal import Refused


class SourceAltered(Refused):
    """The bytes of a source are gone, or others than came."""

    code = "source_altered"

    def __init__(self) -> None:
        """Say what is safe."""
        super().__init__("The file that came is not in the store as it came. We are looking at it.")


class SourceShut(Refused):
    """A source cannot be opened any more: withdrawn, or found infected."""

    code = "source_shut"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("It cannot be opened any more.")


class NewNotClean(Refused):
    """The scanner found something in what was made."""

    code = "new_not_clean"

    def __init__(self, finding: str) -> None:
        """Say what was found, and what is safe."""
        super().__init__(f"The virus scanner stopped what was made of it ({finding}).")


@dataclass(frozen=True)
class Source:
    """A document to take pages from: where its bytes lie, and which they are."""

    document_id: UUID
    key: str
    sha256: str


@dataclass(frozen=True)
class Lot:
    """One new document of a wish: which pages of which sources, and what kind it is to be."""

    number: int
    kind: DocumentKind
    pages: Sequence[Cut]


@dataclass(frozen=True)
class Plan:
    """A wish that waits."""

    cutting_id: UUID
    practice_id: UUID
    sources: Sequence[Source]
    lots: Sequence[Lot]

    def new_ids(self) -> Sequence[UUID]:
        """Return ids for the new documents, of one try alone; in the order of the lots."""
        return sorted(new_id() for _ in self.lots)


@dataclass(frozen=True)
class New:
    """One new document, made: its bytes lie in the store under its id.

    `verdict` None: no scanner has looked at it yet, it waits for one as every file does.
    """

    lot: Lot
    document_id: UUID
    found: Examined
    verdict: Verdict | None

    @classmethod
    def of(cls, lot: Lot, document_id: UUID, found: Examined, verdict: Verdict | None) -> "New":
        """Take what was made for good, unless a scanner found something: raises NewNotClean."""
        if verdict is not None and not verdict.is_clean:
            raise NewNotClean(verdict.finding)
        return cls(lot, document_id, found, verdict)

    def key_in(self, practice_id: UUID) -> str:
        """Return where its bytes lie."""
        return key_of(practice_id, self.document_id)


def plan_of(session: Session, cutting_id: UUID) -> Plan | None:
    """Return what a waiting wish asks for; None: it has ended. Raises SourceShut."""
    cutting = one(session, Cutting, cutting_id)
    if cutting.state is not CuttingState.WAITING:
        return None
    parts = _parts(session, cutting_id)
    source_ids = list(dict.fromkeys(part.source_id for part in parts))
    sources = [_open(one(session, Document, source_id)) for source_id in source_ids]
    places = {source_id: place for place, source_id in enumerate(source_ids)}
    return Plan(
        cutting_id,
        cutting.practice_id,
        [Source(source.id, source.document_key, source.sha256) for source in sources],
        [
            Lot(number, sources[0].kind, [each for part in lot for each in _cuts(part, places)])
            for number, lot in groupby(parts, key=lambda part: part.lot)
        ],
    )


def fulfilled(session: Session, plan: Plan, made: Sequence[New], *, now: datetime) -> None:
    """Let the new documents be, beside what their sources lie beside; the sources become Filed.

    They take over owner, payer and day. No byte of a source changes. A wish that ended meanwhile
    is let be: what this try has stored belongs to nobody, and is swept. Raises SourceShut.
    """
    cutting = one(session, Cutting, plan.cutting_id, lock=True)
    if cutting.state is not CuttingState.WAITING:
        return
    audit.act_as(session, replace(audit.actor_of(session), user_id=cutting.by_id))
    parts = _parts(session, cutting.id)
    sources = {
        source_id: _open(one(session, Document, source_id, lock=True))
        for source_id in sorted({part.source_id for part in parts})
    }
    for new in made:
        own = [part for part in parts if part.lot == new.lot.number]
        _let_be(session, cutting, new, own, sources, now=now)
    for source in sources.values():
        source.status = DocumentStatus.FILED
    cutting.state, cutting.ended_at = CuttingState.DONE, now
    tell_sources(session, cutting.practice_id, list(sources))


def failed(session: Session, cutting_id: UUID, words: str, *, now: datetime) -> None:
    """End a waiting wish that cannot be fulfilled, with the reason; nothing else changes."""
    cutting = one(session, Cutting, cutting_id, lock=True)
    if cutting.state is not CuttingState.WAITING:
        return
    cutting.state, cutting.problem, cutting.ended_at = CuttingState.FAILED, words, now
    source_ids = [part.source_id for part in _parts(session, cutting_id)]
    tell_sources(session, cutting.practice_id, source_ids)


def _open(source: Document) -> Document:
    if source.state is not DocumentState.STORED:
        raise SourceShut
    return source


def _parts(session: Session, cutting_id: UUID) -> Sequence[CuttingPart]:
    query = visible(session, CuttingPart).where(CuttingPart.cutting_id == cutting_id)
    return session.scalars(query.order_by(CuttingPart.lot, CuttingPart.place)).all()


def _cuts(part: CuttingPart, places: Mapping[UUID, int]) -> list[Cut]:
    turned = set(part.turned)
    return [
        Cut(places[part.source_id], page, part.degrees if page in turned else 0)
        for page in part.pages
    ]


def _let_be(
    session: Session,
    cutting: Cutting,
    new: New,
    parts: Sequence[CuttingPart],
    sources: Mapping[UUID, Document],
    *,
    now: datetime,
) -> None:
    """Make the row of one new document, say what it came from, and take it out of quarantine."""
    first = sources[parts[0].source_id]
    arrival = Arrival(
        cutting.practice_id,
        new.lot.kind,
        _named(first, cutting.way, new.lot.number),
        new.found,
        document_id=new.document_id,
    )
    document = announce(session, arrival, by_id=cutting.by_id, now=now)
    for place, part in enumerate(parts, start=1):
        _take_over(session, sources[part.source_id], document)
        part.document_id = document.id
        session.add(
            DocumentOrigin(
                practice_id=document.practice_id,
                document_id=document.id,
                source_id=part.source_id,
                way=cutting.way,
                place=place,
                pages=list(part.pages),
                by_id=cutting.by_id,
            )
        )
    session.flush()
    audit.record(
        session,
        cutting.way.value,
        subject_kind="document",
        subject_ids=[document.id, *(part.source_id for part in parts)],
        practice_id=document.practice_id,
    )
    arrived(session, document.id, now=now)
    if new.verdict is not None:
        judged(session, document.id, new.verdict, now=now)


def _named(first: Document, way: Way, number: int) -> str:
    word = f"part {number}" if way is Way.SPLIT else way.value
    return f"{(first.original_name or 'document').removesuffix('.pdf')}, {word}.pdf"


def _take_over(session: Session, source: Document, document: Document) -> None:
    document.owner_id = document.owner_id or source.owner_id
    document.payer_id = document.payer_id or source.payer_id
    document.document_on = document.document_on or source.document_on
    if document.status is DocumentStatus.NEW and source.status is not DocumentStatus.DUPLICATE:
        document.status = source.status
    query = visible(session, DocumentLink).where(
        DocumentLink.document_id.in_([source.id, document.id])
    )
    links = session.scalars(query).all()
    there = {_about(link) for link in links if link.document_id == document.id}
    for about in {_about(link) for link in links} - there:
        claim_id, client_id, remittance_id, thread_id = about
        session.add(
            DocumentLink(
                practice_id=document.practice_id,
                document_id=document.id,
                claim_id=claim_id,
                client_id=client_id,
                remittance_id=remittance_id,
                thread_id=thread_id,
            )
        )
    session.flush()


def _about(link: DocumentLink) -> tuple[UUID | None, UUID | None, UUID | None, UUID | None]:
    return link.claim_id, link.client_id, link.remittance_id, link.thread_id
