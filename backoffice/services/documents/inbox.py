"""The documents' inbox: filtered, by keyset a page at a time, each with whose and what it is.

Every list is read from one index (ix_documents_inbox), practice by practice and status by status,
and left after a page; what is counted is counted to COUNTED_TO.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    String,
    Uuid,
    any_,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from backoffice.models.documents import (
    Document,
    DocumentKind,
    DocumentLink,
    DocumentState,
    DocumentStatus,
)
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.cursors import Cursor
from backoffice.services.documents.lines import Line, lines
from backoffice.services.documents.reading import limits
from backoffice.services.work import own_practices

PAGE_SIZE = 50
COUNTED_TO = 1000
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
class Listing:
    """One page of documents, the newest first, and where its neighbours begin.

    `by_status` counts what the other filters leave, each to COUNTED_TO and one more; `hidden` is
    how many documents the filters leave out where they leave none in.
    """

    lines: Sequence[Line]
    first: int
    total: int
    exact: bool
    by_status: Mapping[DocumentStatus, int]
    hidden: int
    next: Cursor | None
    previous: Cursor | None


def listed(session: Session, person: Person, wanted: Wanted) -> Listing:
    """Return a page of documents with the counts of every status."""
    near = list(limits(session, person))
    conditions = [*near, *_conditions(session, wanted)]
    if wanted.words:
        by_status, found, more = _by_words(session, conditions, wanted)
    else:
        by_status = _counts(session, conditions)
        found, more = _page(session, conditions, wanted)
    shown = [by_status[wanted.status]] if wanted.status else list(by_status.values())
    backwards = wanted.before is not None
    edge = wanted.before or wanted.after
    position = edge.position if edge else 0
    first = max(position - len(found) - 1, 0) if backwards else position
    ahead, behind = (True, more) if backwards else (more, wanted.after is not None)
    return Listing(
        lines=lines(session, found, person),
        first=first + 1 if found else 0,
        total=sum(min(count, COUNTED_TO) for count in shown),
        exact=max(shown) <= COUNTED_TO,
        by_status=by_status,
        hidden=0 if found else _hidden(session, near),
        next=Cursor("", found[-1].id, first + len(found)) if ahead and found else None,
        previous=Cursor("", found[0].id, first + 1) if behind and found else None,
    )


def _conditions(session: Session, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """Yield what is filtered by, the status apart: it is walked one by one."""
    for kept, value in (
        (Document.kind, wanted.kind),
        (Document.state, wanted.state),
        (Document.owner_id, wanted.owner_id),
        (Document.payer_id, wanted.payer_id),
        (Document.uploaded_by_id, wanted.uploaded_by_id),
    ):
        if value is not None:
            yield kept == value
    if wanted.without_owner:
        yield Document.owner_id.is_(None)
    if wanted.came_from is not None:
        yield Document.created_at >= wanted.came_from
    if wanted.came_before is not None:
        yield Document.created_at < wanted.came_before
    if wanted.doubled:
        yield Document.came_twice.is_(True)
    if wanted.linked is not None:
        yield Document.links > 0 if wanted.linked else Document.links == 0
    yield from _about_others(session, wanted)


def _about_others(session: Session, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.claim_id is not None:
        yield Document.id.in_(
            select(DocumentLink.document_id).where(
                held(session, DocumentLink.practice_id), DocumentLink.claim_id == wanted.claim_id
            )
        )


def _by_words(
    session: Session, conditions: Sequence[ColumnElement[bool]], wanted: Wanted
) -> tuple[dict[DocumentStatus, int], Sequence[Document], bool]:
    """Return counts and the newest page among the documents whose text holds every word typed.

    The last word may be begun only. They are looked for by the database role `search`, and are few
    enough to be told apart here.
    """
    by_status = dict.fromkeys(DocumentStatus, 0)
    ids = []
    for document_id, status in _found(session, conditions, wanted.words):
        by_status[status] += 1
        if wanted.status in {None, status}:
            ids.append(document_id)
    ids.sort(reverse=True)
    return by_status, _read(session, ids[:PAGE_SIZE]), len(ids) > PAGE_SIZE


def _found(
    session: Session, conditions: Sequence[ColumnElement[bool]], words: str
) -> Sequence[Row[UUID, DocumentStatus]]:
    """Return those of the newest MOST_FOUND documents holding the words that are wanted too."""
    sought = _sought(words)
    if not sought:
        return []
    told = func.documents_found(sought, MOST_FOUND).table_valued("practice_id", "document_id")
    ids = list(session.scalars(select(told.c.document_id)))
    query = select(Document.id, Document.status).where(
        held(session, Document.practice_id),
        Document.id == any_(literal(ids, ARRAY(Uuid()))),
        Document.state == DocumentState.STORED,
        *conditions,
    )
    return session.execute(query).all()


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
    cells = _cells(session, [wanted.status] if wanted.status else DocumentStatus)
    inner = (
        select(Document.id)
        .where(
            Document.practice_id == cells.c.practice_id,
            Document.status == cells.c.status,
            *conditions,
            *past,
        )
        .order_by(Document.id if up else Document.id.desc())
        .limit(PAGE_SIZE + 1)
        .lateral("found")
    )
    query = (
        select(inner.c.id)
        .select_from(cells.join(inner, literal_column("true")))
        .order_by(inner.c.id if up else inner.c.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    ids = session.scalars(query).all()
    return _read(session, ids[:PAGE_SIZE]), len(ids) > PAGE_SIZE


def _read(session: Session, ids: Sequence[UUID]) -> Sequence[Document]:
    rows = session.scalars(visible(session, Document).where(Document.id.in_(ids))) if ids else ()
    return sorted(rows, key=lambda row: row.id, reverse=True)


def _cells(session: Session, statuses: Iterable[DocumentStatus]) -> Any:
    """Return what is walked one by one: each practice's each status, as a table of the query.

    The practices stand here alone: said again of the rows they would mislead the planner.
    """
    practices = select(func.unnest(own_practices(session)).label("practice_id")).subquery(
        "practices"
    )
    named = _statuses(statuses)
    return (
        select(practices.c.practice_id, named.c.status)
        .select_from(practices.join(named, literal_column("true")))
        .subquery("cells")
    )


def _statuses(statuses: Iterable[DocumentStatus]) -> Any:
    """Return statuses as a table of the query; of one array, so that its SQL is made once."""
    words = literal([status.value for status in statuses], ARRAY(String))
    return select(func.unnest(words).label("status")).subquery("statuses")


def _counts(
    session: Session, conditions: Sequence[ColumnElement[bool]]
) -> dict[DocumentStatus, int]:
    """Return how many documents stand where, each counted to one more than COUNTED_TO."""
    named = _statuses(DocumentStatus)
    seen = (
        select(Document.id)
        .where(held(session, Document.practice_id), Document.status == named.c.status, *conditions)
        .limit(COUNTED_TO + 1)
        .lateral("seen")
    )
    query = (
        select(named.c.status, func.count(seen.c.id))
        .select_from(named.outerjoin(seen, literal_column("true")))
        .group_by(named.c.status)
    )
    found: dict[str, int] = dict(session.execute(query).all())
    return {status: found[status.value] for status in DocumentStatus}


def _hidden(session: Session, near: Sequence[ColumnElement[bool]]) -> int:
    """Return how many documents there are whatever is filtered by, counted to COUNTED_TO."""
    some = select(Document.id).where(held(session, Document.practice_id), *near).limit(COUNTED_TO)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0
