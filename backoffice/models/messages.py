"""Secure threads between billers and a practice's people."""

import enum
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import PracticeRow, within_practice
from backoffice.models.users import User


class ThreadState(enum.StrEnum):
    """Who a thread waits for."""

    OPEN = "open"
    WAITING_ON_PRACTICE = "waiting_on_practice"
    WAITING_ON_PAYER = "waiting_on_payer"
    DONE = "done"


class Thread(PracticeRow):
    """A conversation, usually about one claim."""

    __tablename__ = "threads"
    __table_args__ = (
        within_practice("claim_id", "claims"),
        within_practice("client_id", "clients"),
        within_practice("document_id", "documents"),
        Index("ix_threads_recent", "practice_id", "last_message_at", "id"),
        Index("ix_threads_claim", "practice_id", "claim_id"),
    )

    subject: Mapped[str]
    claim_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    state: Mapped[ThreadState] = mapped_column(default=ThreadState.OPEN)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    due_at: Mapped[datetime | None]
    last_message_at: Mapped[datetime]


class Message(PracticeRow):
    """What one person wrote. An internal note is never shown to the practice."""

    __tablename__ = "messages"
    __table_args__ = (
        within_practice("thread_id", "threads"),
        Index("ix_messages_thread", "practice_id", "thread_id", "id"),
    )

    thread_id: Mapped[UUID]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    internal: Mapped[bool] = mapped_column(default=False)
    body: Mapped[str]
    sent_at: Mapped[datetime]

    author: Mapped[User] = relationship(viewonly=True)


class Receipt(PracticeRow):
    """Who takes part in a thread and up to where they have read it."""

    __tablename__ = "receipts"
    __table_args__ = (
        within_practice("read_through_id", "messages", at_commit=True),
        within_practice("mailed_through_id", "messages", at_commit=True),
        within_practice("thread_id", "threads"),
        UniqueConstraint("practice_id", "thread_id", "user_id"),
        Index("ix_receipts_user", "user_id"),
    )

    thread_id: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    read_through_id: Mapped[UUID | None]  # the last message read; ids are in time order
    read_at: Mapped[datetime | None]
    mailed_through_id: Mapped[UUID | None]  # one mail per thread until it is read
