"""Who may come near which document, and the one that is about to be opened."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.base import PracticeRow
from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentLink, DocumentState
from backoffice.models.messages import Message, MessageDocument, Receipt
from backoffice.services import audit
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.documents.keeping import AlreadyWithdrawn
from backoffice.services.refusal import NotVisible, Refused
from backoffice.services.unbilled.reach import limited_practices, own_clinicians


class NoSuchClaim(Refused):
    """The number typed is no claim of this practice that the person may see."""

    code = "no_such_claim"

    def __init__(self) -> None:
        """Say where to look."""
        super().__init__("There is no such claim in this practice.", field="claim")


def reach(session: Session, person: Person) -> ColumnElement[bool]:
    """Return the condition "a document this person may come near".

    A clinician meets what they sent themselves, what lies beside their own claims and clients, and
    what belongs to threads that they take part in.
    """
    return and_(held(session, Document.practice_id), *limits(session, person))


def limits(session: Session, person: Person) -> Iterator[ColumnElement[bool]]:
    """Yield what limits a person among the documents of the session's practices; see reach()."""
    own = own_clinicians(session, person)
    if own:
        yield or_(
            Document.practice_id.not_in(limited_practices(session, person)),
            Document.uploaded_by_id == person.id,
            _beside_own_claims(own),
            _beside_own_clients(own),
            _in_own_threads(person),
        )


def _beside_own_claims(own: frozenset[UUID]) -> ColumnElement[bool]:
    return (
        select(DocumentLink.id)
        .join(Claim, _within(Claim, DocumentLink) & (Claim.id == DocumentLink.claim_id))
        .where(
            DocumentLink.practice_id == Document.practice_id,
            DocumentLink.document_id == Document.id,
            Claim.clinician_id.in_(own),
        )
        .correlate(Document)
        .exists()
    )


def _beside_own_clients(own: frozenset[UUID]) -> ColumnElement[bool]:
    meets = _within(Appointment, DocumentLink) & (Appointment.client_id == DocumentLink.client_id)
    return (
        select(DocumentLink.id)
        .join(Appointment, meets)
        .where(
            DocumentLink.practice_id == Document.practice_id,
            DocumentLink.document_id == Document.id,
            Appointment.clinician_id.in_(own),
        )
        .correlate(Document)
        .exists()
    )


def _in_own_threads(person: Person) -> ColumnElement[bool]:
    """Of a thread itself, or brought along by a message that is no internal note."""
    takes_part = and_(Receipt.user_id == person.id, Receipt.practice_id.not_in(person.silent))
    of_thread = (
        select(DocumentLink.id)
        .join(
            Receipt, _within(Receipt, DocumentLink) & (Receipt.thread_id == DocumentLink.thread_id)
        )
        .where(
            DocumentLink.practice_id == Document.practice_id,
            DocumentLink.document_id == Document.id,
            takes_part,
        )
        .correlate(Document)
        .exists()
    )
    brought = (
        select(MessageDocument.id)
        .join(
            Message, _within(Message, MessageDocument) & (Message.id == MessageDocument.message_id)
        )
        .join(Receipt, _within(Receipt, Message) & (Receipt.thread_id == Message.thread_id))
        .where(
            MessageDocument.practice_id == Document.practice_id,
            MessageDocument.document_id == Document.id,
            Message.internal.is_(False),
            Message.withdrawn_at.is_(None),
            takes_part,
        )
        .correlate(Document)
        .exists()
    )
    return or_(of_thread, brought)


def _within(model: type[PracticeRow], other: type[PracticeRow]) -> ColumnElement[bool]:
    return model.practice_id == other.practice_id


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
    document = ready(document_for(session, document_id, person))
    audit.took(
        session,
        "open",
        subject_kind="document",
        subject_ids=[document.id],
        practice_id=document.practice_id,
    )
    return document


def ready(document: Document) -> Document:
    """Return a document that can be opened; raises AlreadyWithdrawn or NotVisible."""
    if document.state is DocumentState.WITHDRAWN:
        raise AlreadyWithdrawn
    if document.state is not DocumentState.STORED:
        raise NotVisible
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
