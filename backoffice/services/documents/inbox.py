"""The documents' inbox: filtered, by keyset a page at a time, each with whose and what it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Uuid,
    any_,
    exists,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from backoffice.models.claims import Claim
from backoffice.models.documents import (
    Document,
    DocumentKind,
    DocumentLink,
    DocumentState,
    DocumentStatus,
    PagesState,
)
from backoffice.models.payers import Payer
from backoffice.models.users import User
from backoffice.services import audit
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.cursors import Cursor
from backoffice.services.documents.reading import reach
from backoffice.services.work import practices_of

PAGE_SIZE = 50
COUNTED_TO = 10_000
MOST_FOUND = 500
"""Documents that a search by words looks at: the newest of those found."""


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to see of the documents; None filters nothing."""

    kind: DocumentKind | None = None
    state: DocumentState | None = None
    status: DocumentStatus | None = None
    owner_id: UUID | None = None
    without_owner: bool = False
    payer_id: UUID | None = None
    uploaded_by_id: UUID | None = None
    linked: bool | None = None
    doubled: bool = False
    claim_id: UUID | None = None
    came_from: datetime | None = None
    came_before: datetime | None = None
    words: str = ""
    after: Cursor | None = None
    before: Cursor | None = None


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
    status: DocumentStatus
    pages: int | None
    size: int
    created_at: datetime
    uploaded_by: str
    owner_id: UUID | None
    payer: str
    document_on: date | None
    claim: ClaimBeside | None
    links: int
    doubled: bool
    has_picture: bool
    withdrawn_reason: str


@dataclass(frozen=True)
class Listing:
    """One page of documents, the newest first, and where its neighbours begin."""

    lines: Sequence[Line]
    first: int
    total: int
    exact: bool
    hidden: int
    next: Cursor | None
    previous: Cursor | None


def listed(session: Session, person: Person, wanted: Wanted) -> Listing:
    """Return a page of documents: practice by practice an index is walked and left after a page."""
    conditions = [reach(session, person), *_conditions(session, wanted)]
    total = _count(session, conditions)
    hidden = 0
    if len(conditions) > 1:
        hidden = max(_count(session, conditions[:1]) - total, 0)
    found, more = _page(session, conditions, wanted)
    backwards = wanted.before is not None
    edge = wanted.before or wanted.after
    position = edge.position if edge else 0
    first = max(position - len(found) - 1, 0) if backwards else position
    ahead, behind = (True, more) if backwards else (more, wanted.after is not None)
    return Listing(
        lines=_lines(session, found),
        first=first + 1 if found else 0,
        total=min(total, COUNTED_TO),
        exact=total <= COUNTED_TO,
        hidden=hidden,
        next=Cursor("", found[-1].id, first + len(found)) if ahead and found else None,
        previous=Cursor("", found[0].id, first + 1) if behind and found else None,
    )


def counts(session: Session, person: Person, wanted: Wanted) -> dict[DocumentStatus, int]:
    """Return how many documents stand where, other filters kept; counted to COUNTED_TO each."""
    near = reach(session, person)
    return {
        status: _count(session, [near, *_conditions(session, replace(wanted, status=status))])
        for status in DocumentStatus
    }


def _conditions(session: Session, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (Document.kind, wanted.kind),
        (Document.state, wanted.state),
        (Document.status, wanted.status),
        (Document.owner_id, wanted.owner_id),
        (Document.payer_id, wanted.payer_id),
        (Document.uploaded_by_id, wanted.uploaded_by_id),
    ):
        if value is not None:
            yield column == value
    if wanted.without_owner:
        yield Document.owner_id.is_(None)
    if wanted.came_from is not None:
        yield Document.created_at >= wanted.came_from
    if wanted.came_before is not None:
        yield Document.created_at < wanted.came_before
    yield from _about_others(session, wanted)


def _about_others(session: Session, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    links = exists().where(
        DocumentLink.practice_id == Document.practice_id, DocumentLink.document_id == Document.id
    )
    if wanted.linked is not None:
        yield links if wanted.linked else ~links
    if wanted.claim_id is not None:
        yield links.where(DocumentLink.claim_id == wanted.claim_id)
    if wanted.doubled:
        earlier = aliased(Document)
        yield exists().where(
            earlier.practice_id == Document.practice_id,
            earlier.sha256 == Document.sha256,
            earlier.state == DocumentState.STORED,
            earlier.id < Document.id,
        )
    if wanted.words:
        yield Document.state == DocumentState.STORED
        yield Document.id == any_(literal(found_by_words(session, wanted.words), ARRAY(Uuid())))


def found_by_words(session: Session, words: str) -> list[UUID]:
    """Return at most MOST_FOUND documents, newest first, whose text holds every word typed.

    The last word may be begun only. They are looked for by the database role `search`.
    """
    sought = _sought(words)
    if not sought:
        return []
    found = func.documents_found(sought, MOST_FOUND).table_valued("practice_id", "document_id")
    return list(session.scalars(select(found.c.document_id)))


def _sought(words: str) -> str:
    """Return typed words as a query of the database: each quoted, the last one open at its end."""
    parts = [
        part.replace("'", "''").replace("\\", "\\\\") for part in words.replace("-", " ").split()
    ]
    quoted = [f"'{part}'" for part in parts if any(sign.isalnum() for sign in part)]
    return " & ".join(quoted) + ":*" if quoted else ""


def _page(
    session: Session, conditions: Sequence[ColumnElement[bool]], wanted: Wanted
) -> tuple[Sequence[Document], bool]:
    """Return one page, newest first, and whether there is more in the direction asked for."""
    up = wanted.before is not None
    edge = wanted.before or wanted.after
    past = []
    if edge is not None:
        past = [Document.id > edge.row_id if up else Document.id < edge.row_id]
    practices = select(
        func.unnest(literal(sorted(practices_of(session)), ARRAY(Uuid()))).label("practice_id")
    ).subquery("practices")
    inner = (
        select(Document.id)
        .where(Document.practice_id == practices.c.practice_id, *conditions, *past)
        .order_by(Document.id if up else Document.id.desc())
        .limit(PAGE_SIZE + 1)
        .lateral("found")
    )
    query = (
        select(inner.c.id)
        .select_from(practices.join(inner, literal_column("true")))
        .order_by(inner.c.id if up else inner.c.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    ids = session.scalars(query).all()
    rows = session.scalars(visible(session, Document).where(Document.id.in_(ids[:PAGE_SIZE])))
    return sorted(rows, key=lambda row: row.id, reverse=True), len(ids) > PAGE_SIZE


def _count(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    some = (
        select(Document.id)
        .where(held(session, Document.practice_id), *conditions)
        .limit(COUNTED_TO + 1)
    )
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _lines(session: Session, documents: Sequence[Document]) -> list[Line]:
    people = {document.uploaded_by_id for document in documents}
    names = {
        user.id: user.name for user in session.scalars(select(User).where(User.id.in_(people)))
    }
    payers = _payers(session, documents)
    claims, links = claims_beside(session, documents), _links(session, documents)
    doubled = _doubled(session, documents)
    return [
        Line(
            id=document.id,
            practice_id=document.practice_id,
            name=document.original_name or "document",
            kind=document.kind,
            state=document.state,
            status=document.status,
            pages=document.pages,
            size=document.size,
            created_at=document.created_at,
            uploaded_by=names.get(document.uploaded_by_id, ""),
            owner_id=document.owner_id,
            payer=payers.get(document.payer_id, ""),
            document_on=document.document_on,
            claim=claims.get(document.id),
            links=links.get(document.id, 0),
            doubled=document.id in doubled,
            has_picture=document.state is DocumentState.STORED
            and document.pages_state in {PagesState.READY, PagesState.PARTLY},
            withdrawn_reason=document.withdrawn_reason,
        )
        for document in documents
    ]


def _payers(session: Session, documents: Sequence[Document]) -> dict[Any, str]:
    ids = {document.payer_id for document in documents} - {None}
    query = select(Payer.id, Payer.short_name).where(Payer.id.in_(ids))
    return {each.id: each.short_name for each in session.execute(query)} if ids else {}


def _links(session: Session, documents: Sequence[Document]) -> dict[UUID, int]:
    counted = (
        select(DocumentLink.document_id, func.count())
        .where(
            held(session, DocumentLink.practice_id),
            DocumentLink.document_id.in_([document.id for document in documents]),
        )
        .group_by(DocumentLink.document_id)
    )
    return dict(session.execute(counted).all())


def claims_beside(session: Session, documents: Sequence[Document]) -> Mapping[UUID, ClaimBeside]:
    """Return the newest claim beside each of some documents; whose they are goes on record."""
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
        .order_by(DocumentLink.id.desc())
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
