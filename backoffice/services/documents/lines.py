"""The rows of a list of documents: what each is, whose, and what it lies beside."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.clients import Client
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


@dataclass(frozen=True)
class ClaimBeside:
    """The claim a document is linked to."""

    id: UUID
    our_number: str


@dataclass(frozen=True)
class ClientBeside:
    """The client a document is about: linked to it, or the one of its claim."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Line:
    """A document in a list; `doubled` where the same bytes came before.

    `client` is named for staff alone: others meet their own clients' and know whose it is.
    """

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
    client: ClientBeside | None
    links: int
    doubled: bool
    has_picture: bool
    withdrawn_reason: str


def lines(session: Session, documents: Sequence[Document], person: Person) -> list[Line]:
    """Return documents as rows of a list, in a handful of queries however many they are."""
    people = {document.uploaded_by_id for document in documents}
    names = _names(session, User.id, User.name, people)
    payers = _names(
        session, Payer.id, Payer.short_name, {document.payer_id for document in documents}
    )
    linked = [document for document in documents if document.links]
    beside = _beside(session, linked)
    clients = _clients(session, beside) if person.works_for_house else {}
    claims = _claims(session, beside)
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
            client=clients.get(document.id),
            links=document.links,
            doubled=document.came_twice,
            has_picture=document.state is DocumentState.STORED
            and document.pages_state in {PagesState.READY, PagesState.PARTLY},
            withdrawn_reason=document.withdrawn_reason,
        )
        for document in documents
    ]


def claims_beside(session: Session, documents: Sequence[Document]) -> Mapping[UUID, ClaimBeside]:
    """Return the newest claim beside each of some documents; whose they are goes on record."""
    return _claims(session, _beside(session, documents))


def _beside(session: Session, documents: Sequence[Document]) -> Sequence[Row[Any]]:
    """Return the claims and clients that documents lie beside, the oldest link first."""
    if not documents:
        return []
    query = (
        select(
            DocumentLink.practice_id,
            DocumentLink.document_id,
            DocumentLink.claim_id,
            Claim.number,
            func.coalesce(DocumentLink.client_id, Claim.client_id).label("client_id"),
        )
        .outerjoin(
            Claim,
            (Claim.practice_id == DocumentLink.practice_id) & (Claim.id == DocumentLink.claim_id),
        )
        .where(
            held(session, DocumentLink.practice_id),
            DocumentLink.document_id.in_([document.id for document in documents]),
        )
        .order_by(DocumentLink.id)
    )
    found: Iterable[Row[Any]] = session.execute(query)
    return list(found)


def _claims(session: Session, beside: Sequence[Row[Any]]) -> dict[UUID, ClaimBeside]:
    shown: defaultdict[UUID, list[UUID]] = defaultdict(list)
    found: dict[UUID, ClaimBeside] = {}
    for each in beside:
        if each.claim_id is not None:
            shown[each.practice_id].append(each.claim_id)
            found[each.document_id] = ClaimBeside(each.claim_id, f"C-{each.number}")
    for practice_id, ids in shown.items():
        audit.read(session, "claim", ids, practice_id=practice_id)
    return found


def _clients(session: Session, beside: Sequence[Row[Any]]) -> dict[UUID, ClientBeside]:
    whose = {each.document_id: each.client_id for each in beside if each.client_id is not None}
    if not whose:
        return {}
    query = visible(session, Client).where(Client.id.in_(set(whose.values())))
    named = {client.id: ClientBeside(client.id, client.name) for client in session.scalars(query)}
    return {document_id: named[client_id] for document_id, client_id in whose.items()}


def _names(session: Session, key: Any, name: Any, ids: set[Any]) -> dict[Any, str]:
    """Return the names of rows that no practice holds, by their ids."""
    wanted = ids - {None}
    return dict(session.execute(select(key, name).where(key.in_(wanted))).all()) if wanted else {}
