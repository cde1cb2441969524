"""What lies beside a claim: threads about it and documents linked to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentKind, DocumentLink, DocumentState
from backoffice.models.messages import Message, Receipt, Thread, ThreadState
from backoffice.models.users import User
from backoffice.services.access import visible
from backoffice.services.accounts import Person
from backoffice.services.messages.sides import shown_to


@dataclass(frozen=True)
class ThreadBeside:
    """A thread about a claim, as one line of a list."""

    id: UUID
    subject: str
    state: ThreadState
    last_message_at: datetime
    last_author: str
    unread: bool


@dataclass(frozen=True)
class DocumentBeside:
    """A document linked to a claim, as one line of a list."""

    id: UUID
    name: str
    kind: DocumentKind
    pages: int | None
    created_at: datetime
    uploaded_by: str


def threads_about(session: Session, claim: Claim, person: Person) -> Sequence[ThreadBeside]:
    """Return the threads about a claim, the latest first.

    A practice's people see those with a message that is not internal, and its last such message.
    """
    query = (
        visible(session, Thread)
        .where(
            Thread.practice_id == claim.practice_id,
            Thread.claim_id == claim.id,
            Thread.practice_id.not_in(person.silent),
        )
        .order_by(Thread.last_message_at.desc(), Thread.id)
    )
    threads = session.scalars(query).all()
    last = _last_messages(session, [thread.id for thread in threads], person)
    read = _read_through(session, [thread.id for thread in threads], person)
    return [
        ThreadBeside(
            id=thread.id,
            subject=thread.subject,
            state=thread.state,
            last_message_at=last[thread.id].sent_at,
            last_author=last[thread.id].author.name,
            unread=_is_unread(last[thread.id], read, person),
        )
        for thread in threads
        if thread.id in last
    ]


def _last_messages(
    session: Session, thread_ids: Sequence[UUID], person: Person
) -> dict[UUID, Message]:
    query = (
        visible(session, Message)
        .where(Message.thread_id.in_(thread_ids))
        .ext(distinct_on(Message.thread_id))
        .order_by(Message.thread_id, Message.id.desc())
        .options(joinedload(Message.author))
    )
    query = query.where(shown_to(person))
    return {message.thread_id: message for message in session.scalars(query)}


def _read_through(
    session: Session, thread_ids: Sequence[UUID], person: Person
) -> dict[UUID, UUID | None]:
    query = visible(session, Receipt).where(
        Receipt.thread_id.in_(thread_ids), Receipt.user_id == person.id
    )
    return {receipt.thread_id: receipt.read_through_id for receipt in session.scalars(query)}


def _is_unread(last: Message, read: dict[UUID, UUID | None], person: Person) -> bool:
    """Unread is for who takes part: others may read along without being counted."""
    if last.author_id == person.id or last.withdrawn_at or last.thread_id not in read:
        return False
    through = read[last.thread_id]
    return through is None or last.id > through


def documents_of(session: Session, claim: Claim) -> Sequence[DocumentBeside]:
    """Return the documents linked to a claim, the newest first; withdrawn ones are gone."""
    query = (
        visible(session, Document)
        .join(
            DocumentLink,
            (DocumentLink.practice_id == Document.practice_id)
            & (DocumentLink.document_id == Document.id),
        )
        .where(
            DocumentLink.practice_id == claim.practice_id,
            DocumentLink.claim_id == claim.id,
            Document.state == DocumentState.STORED,
        )
        .order_by(Document.id.desc())
    )
    documents = session.scalars(query).all()
    ids = {document.uploaded_by_id for document in documents}
    names = {user.id: user.name for user in session.scalars(select(User).where(User.id.in_(ids)))}
    return [
        DocumentBeside(
            id=document.id,
            name=document.original_name or document.kind.value,
            kind=document.kind,
            pages=document.pages,
            created_at=document.created_at,
            uploaded_by=names.get(document.uploaded_by_id, ""),
        )
        for document in documents
    ]
