"""What lies beside what: a document's claims, clients, ERAs and threads, and their documents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.document_work import DocumentOrigin
from backoffice.models.documents import Document, DocumentLink, DocumentState
from backoffice.models.messages import Thread
from backoffice.models.remittances import Remittance
from backoffice.rules.roles import Permission
from backoffice.services.access import visible
from backoffice.services.accounts import Person
from backoffice.services.documents.filing import Beside, about
from backoffice.services.documents.reading import reach
from backoffice.services.unbilled.reach import clients_met, own_clinicians

MOST_BESIDE = 50


@dataclass(frozen=True)
class Linked:
    """One thing that a document lies beside, in words for its reader."""

    id: UUID
    """The link's."""
    beside: Beside
    row_id: UUID
    words: str


@dataclass(frozen=True)
class Kin:
    """A document that another was made from, or that was made of it."""

    id: UUID
    name: str
    way: str
    pages: Sequence[int]


def linked_to(session: Session, document: Document, person: Person) -> Sequence[Linked]:
    """Return what a document lies beside, as far as this person comes near it."""
    query = visible(session, DocumentLink).where(DocumentLink.document_id == document.id)
    links = session.scalars(query.order_by(DocumentLink.id)).all()
    words = _words(session, [about(link) for link in links], person, document.practice_id)
    return [
        Linked(link.id, *about(link), words[about(link)]) for link in links if about(link) in words
    ]


def documents_beside(
    session: Session, beside: Beside, row_id: UUID, person: Person
) -> Sequence[Document]:
    """Return the documents that lie beside a row and can be opened, the newest first."""
    column = getattr(DocumentLink, f"{beside}_id")
    linked = exists().where(
        DocumentLink.practice_id == Document.practice_id,
        DocumentLink.document_id == Document.id,
        column == row_id,
    )
    query = visible(session, Document).where(
        linked, Document.state == DocumentState.STORED, reach(session, person)
    )
    return session.scalars(query.order_by(Document.id.desc()).limit(MOST_BESIDE)).all()


def made_from(session: Session, document: Document, person: Person) -> Sequence[Kin]:
    """Return what a document was made from, in the order taken."""
    query = (
        visible(session, DocumentOrigin)
        .where(DocumentOrigin.document_id == document.id)
        .order_by(DocumentOrigin.place)
    )
    origins = session.scalars(query).all()
    return _kin(session, [(each.source_id, each) for each in origins], person)


def made_of(session: Session, document: Document, person: Person) -> Sequence[Kin]:
    """Return what was made of a document, the oldest first."""
    query = (
        visible(session, DocumentOrigin)
        .where(DocumentOrigin.source_id == document.id)
        .order_by(DocumentOrigin.document_id)
    )
    origins = session.scalars(query).all()
    return _kin(session, [(each.document_id, each) for each in origins], person)


def _kin(
    session: Session, pairs: Sequence[tuple[UUID, DocumentOrigin]], person: Person
) -> list[Kin]:
    ids = {other for other, _ in pairs}
    query = visible(session, Document).where(Document.id.in_(ids), reach(session, person))
    near = {document.id: document for document in session.scalars(query)}
    return [
        Kin(other, near[other].original_name or "document", origin.way.value, origin.pages)
        for other, origin in pairs
        if other in near
    ]


def _words(
    session: Session, wanted: Sequence[tuple[Beside, UUID]], person: Person, practice_id: UUID
) -> dict[tuple[Beside, UUID], str]:
    """Return words for each thing that this person may come near."""
    found: dict[tuple[Beside, UUID], str] = {}
    for beside, name in _NAMES.items():
        ids = [row_id for kind, row_id in wanted if kind is beside]
        if ids:
            named = name(session, ids, person, practice_id)
            found.update({(beside, row_id): words for row_id, words in named.items()})
    return found


def _claims(
    session: Session, ids: Sequence[UUID], person: Person, practice_id: UUID
) -> dict[UUID, str]:
    query = visible(session, Claim).where(Claim.id.in_(ids))
    own = own_clinicians(session, person)
    return {
        claim.id: claim.our_number
        for claim in session.scalars(query)
        if not own or claim.clinician_id in own
    }


def _clients(
    session: Session, ids: Sequence[UUID], person: Person, practice_id: UUID
) -> dict[UUID, str]:
    rows = session.scalars(visible(session, Client).where(Client.id.in_(ids))).all()
    return {client.id: client.name for client in clients_met(session, rows, person)}


def _remittances(
    session: Session, ids: Sequence[UUID], person: Person, practice_id: UUID
) -> dict[UUID, str]:
    if not person.may_in(practice_id, Permission.SEE_REMITTANCES):
        return {}
    query = visible(session, Remittance).where(Remittance.id.in_(ids))
    return {each.id: f"ERA of {each.payer_name}" for each in session.scalars(query)}


def _threads(
    session: Session, ids: Sequence[UUID], person: Person, practice_id: UUID
) -> dict[UUID, str]:
    if not person.staff_in(practice_id):
        return {}
    query = visible(session, Thread).where(Thread.id.in_(ids))
    return {thread.id: thread.subject for thread in session.scalars(query)}


_NAMES: Mapping[Beside, Callable[[Session, Sequence[UUID], Person, UUID], dict[UUID, str]]] = {
    Beside.CLAIM: _claims,
    Beside.CLIENT: _clients,
    Beside.REMITTANCE: _remittances,
    Beside.THREAD: _threads,
}
