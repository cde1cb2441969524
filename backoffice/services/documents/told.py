"""Who is shown a document beside a thread hears when it can be opened, or no longer."""

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from backoffice.models.documents import Document, DocumentLink
from backoffice.models.messages import Message, MessageDocument, Thread
from backoffice.services.changes import note_change


def tell_threads(session: Session, document: Document) -> None:
    """Have open pages of threads told that a document beside them has changed.

    Threads where a message brought it along (the house alone, where that is an internal note), and
    those that it lies beside, by itself or by the claim that they are about.
    """
    practice_id = document.practice_id
    brought = (
        select(Message.thread_id, Message.internal)
        .join(
            MessageDocument,
            (MessageDocument.practice_id == Message.practice_id)
            & (MessageDocument.message_id == Message.id),
        )
        .where(
            MessageDocument.practice_id == practice_id,
            MessageDocument.document_id == document.id,
            Message.withdrawn_at.is_(None),
        )
    )
    beside = (
        select(Thread.id, literal(value=False))
        .join(
            DocumentLink,
            (DocumentLink.practice_id == Thread.practice_id)
            & or_(DocumentLink.thread_id == Thread.id, DocumentLink.claim_id == Thread.claim_id),
        )
        .where(DocumentLink.practice_id == practice_id, DocumentLink.document_id == document.id)
    )
    for thread_id, internal in session.execute(brought.union(beside)):
        note_change(session, practice_id, "thread", thread_id, staff_only=internal)
