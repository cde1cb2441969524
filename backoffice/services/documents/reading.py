"""Documents as their readers see them: lists, and the one that is about to be opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentKind, DocumentLink, DocumentState
from backoffice.models.users import User
from backoffice.services import audit
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.documents.keeping import AlreadyWithdrawn
from backoffice.services.refusal import NotVisible, Refused
from backoffice.services.unbilled.reach import limited_practices, own_clinicians

PAGE_SIZE = 50


class NoSuchClaim(Refused):
    """The number typed is no claim of this practice that the person may see."""

    code = "no_such_claim"

    def __init__(self) -> None:
        """Say where to look."""
        super().__init__("There is no such claim in this practice.", field="claim")


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to see of the documents; None filters nothing."""

    kind: DocumentKind | None = None
    state: DocumentState | None = None
    claim_id: UUID | None = None
    after: UUID | None = None
    before: UUID | None = None


@dataclass(frozen=True)
class ClaimBeside:
    """The claim a document is linked to."""

    id: UUID
    our_number: str


@dataclass(frozen=True)
class Line:
    """A document in a list; `doubled` where the same bytes came before."""

    id: UUID
    practice_id: UUID
    name: str
    kind: DocumentKind
    state: DocumentState
    pages: int | None
    size: int
    created_at: datetime
    uploaded_by: str
    claim: ClaimBeside | None
    doubled: bool
    withdrawn_reason: str


@dataclass(frozen=True)
class Listing:
    """One page of documents, the newest first, and where its neighbours begin."""

    lines: Sequence[Line]
    first: int
    total: int
    hidden: int
    next: UUID | None
    previous: UUID | None


def reach(session: Session, person: Person) -> ColumnElement[bool]:
    """Return the condition "a document this person may come near".

    A clinician meets what they sent themselves and what lies beside their own claims.
    """
    here = held(session, Document.practice_id)
    own = own_clinicians(session, person)
    if not own:
        return here
    beside_own = exists().where(
        DocumentLink.practice_id == Document.practice_id,
        DocumentLink.document_id == Document.id,
        Claim.practice_id == DocumentLink.practice_id,
        Claim.id == DocumentLink.claim_id,
        Claim.clinician_id.in_(own),
    )
    free = Document.practice_id.not_in(limited_practices(session, person))
    return and_(here, or_(free, beside_own, Document.uploaded_by_id == person.id))


def document_for(session: Session, document_id: UUID, person: Person) -> Document:
    """Return a document that this person may come near, or raise NotVisible."""
    query = visible(session, Document).where(Document.id == document_id, reach(session, person))
    document = session.scalars(query).one_or_none()
    if document is None:
        raise NotVisible
    session.scalars(_claims_of(session, document)).all()  # whom it is about goes on record with it
    return document


def opened(session: Session, document_id: UUID, person: Person) -> Document:
    """Return a document whose bytes this person is about to get, and put it on record.

    Raises NotVisible, also while its bytes are not there, and AlreadyWithdrawn.
    """
    document = document_for(session, document_id, person)
    if document.state is DocumentState.WITHDRAWN:
        raise AlreadyWithdrawn
    if document.state is not DocumentState.STORED:
        raise NotVisible
    audit.took(
        session,
        "open",
        subject_kind="document",
        subject_ids=[document.id],
        practice_id=document.practice_id,
    )
    return document


def _claims_of(session: Session, document: Document) -> Select[Claim]:
    return (
        visible(session, Claim)
        .join(
            DocumentLink,
            (DocumentLink.practice_id == Claim.practice_id) & (DocumentLink.claim_id == Claim.id),
        )
        .where(DocumentLink.document_id == document.id)
    )


def same_as(session: Session, document: Document) -> Document | None:
    """Return an earlier kept document of the practice with the very same bytes."""
    query = visible(session, Document).where(
        Document.practice_id == document.practice_id,
        Document.sha256 == document.sha256,
        Document.state == DocumentState.STORED,
        Document.id < document.id,
    )
    return session.scalars(query.order_by(Document.id).limit(1)).one_or_none()


def claim_by_number(
    session: Session, practice_id: UUID, number: str, person: Person
) -> Claim | None:
    """Return the claim of our number as typed (C-10423 or 10423), None where nothing was typed."""
    typed = number.strip().upper().removeprefix("C-").strip()
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or len(typed) > 18:
        raise NoSuchClaim
    query = visible(session, Claim).where(
        Claim.practice_id == practice_id, Claim.number == int(typed)
    )
    claim = session.scalars(query).one_or_none()
    own = own_clinicians(session, person)
    if claim is None or (own and claim.clinician_id not in own):
        raise NoSuchClaim
    return claim


def listed(session: Session, person: Person, wanted: Wanted) -> Listing:
    """Return a page of documents."""
    matching = _matching(session, person, wanted)
    everything = visible(session, Document).where(reach(session, person))
    total, all_there = _count(session, matching), _count(session, everything)
    found, more = _page(session, matching, wanted)
    if not found:
        return Listing((), 0, total, all_there, None, None)
    newer = _count(session, matching.where(Document.id > found[0].id))
    has_older = more if wanted.before is None else True
    return Listing(
        lines=_lines(session, found),
        first=newer + 1,
        total=total,
        hidden=all_there - total,
        next=found[-1].id if has_older else None,
        previous=found[0].id if newer else None,
    )


def _matching(session: Session, person: Person, wanted: Wanted) -> Select[Document]:
    query = visible(session, Document).where(reach(session, person))
    if wanted.kind is not None:
        query = query.where(Document.kind == wanted.kind)
    if wanted.state is not None:
        query = query.where(Document.state == wanted.state)
    if wanted.claim_id is not None:
        query = query.where(
            exists().where(
                DocumentLink.practice_id == Document.practice_id,
                DocumentLink.document_id == Document.id,
                DocumentLink.claim_id == wanted.claim_id,
            )
        )
    return query


def _page(
    session: Session, matching: Select[Document], wanted: Wanted
) -> tuple[Sequence[Document], bool]:
    """Return one page, newest first, and whether there is more in the direction asked for."""
    if wanted.before is not None:
        query = matching.where(Document.id > wanted.before).order_by(Document.id)
    else:
        query = matching.order_by(Document.id.desc())
        if wanted.after is not None:
            query = query.where(Document.id < wanted.after)
    found = session.scalars(query.limit(PAGE_SIZE + 1)).all()
    page = found[:PAGE_SIZE]
    return (page if wanted.before is None else page[::-1]), len(found) > PAGE_SIZE


def _count(session: Session, query: Select[Document]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _lines(session: Session, documents: Sequence[Document]) -> list[Line]:
    people = {document.uploaded_by_id for document in documents}
    names = {
        user.id: user.name for user in session.scalars(select(User).where(User.id.in_(people)))
    }
    claims = _claims_beside(session, documents)
    doubled = _doubled(session, documents)
    return [
        Line(
            id=document.id,
            practice_id=document.practice_id,
            name=document.original_name or "document",
            kind=document.kind,
            state=document.state,
            pages=document.pages,
            size=document.size,
            created_at=document.created_at,
            uploaded_by=names.get(document.uploaded_by_id, ""),
            claim=claims.get(document.id),
            doubled=document.id in doubled,
            withdrawn_reason=document.withdrawn_reason,
        )
        for document in documents
    ]


def _claims_beside(session: Session, documents: Sequence[Document]) -> Mapping[UUID, ClaimBeside]:
    found = session.execute(
        select(DocumentLink.practice_id, DocumentLink.document_id, Claim.id, Claim.number)
        .join(
            Claim,
            (Claim.practice_id == DocumentLink.practice_id) & (Claim.id == DocumentLink.claim_id),
        )
        .where(
            held(session, DocumentLink.practice_id),
            DocumentLink.document_id.in_([document.id for document in documents]),
        )
    ).all()
    for each in found:
        audit.read(session, "claim", [each.id], practice_id=each.practice_id)
    return {each.document_id: ClaimBeside(each.id, f"C-{each.number}") for each in found}


def _doubled(session: Session, documents: Sequence[Document]) -> frozenset[UUID]:
    """Return those whose bytes an earlier kept document of the practice has too."""
    earlier = (
        select(Document.practice_id, Document.sha256, Document.id)
        .where(
            held(session, Document.practice_id),
            Document.sha256.in_([document.sha256 for document in documents]),
            Document.state == DocumentState.STORED,
        )
        .ext(distinct_on(Document.practice_id, Document.sha256))
        .order_by(Document.practice_id, Document.sha256, Document.id)
    )
    first = {(each.practice_id, each.sha256): each.id for each in session.execute(earlier)}
    return frozenset(
        document.id
        for document in documents
        if first.get((document.practice_id, document.sha256), document.id) < document.id
    )
