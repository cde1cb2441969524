"""Secure threads between billers and a practice's people."""

import enum
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import PracticeRow, within_practice
from backoffice.models.users import User

_UNDONE = text("state <> 'done'")
FIRST_WORDS_OF = (
    "practice_id", "user_id", "claim_id", "client_id", "appointment_id", "document_id",
)  # fmt: skip
"""Whose draft of a new thread it is, and what about: there is one."""
_WORDS = (
    "(to_tsvector('simple'::regconfig, translate(body, '-/.,_@:#', '        '))"
    " || array_to_tsvector(ARRAY['practice:'::text || practice_id::text]))"
)
"""What the function `messages_found` looks through."""
_SUBJECT = _WORDS.replace("body", "subject")
"""And of threads."""


class ThreadState(enum.StrEnum):
    """Who a thread waits for."""

    OPEN = "open"
    WAITING_ON_PRACTICE = "waiting_on_practice"
    WAITING_ON_PAYER = "waiting_on_payer"
    DONE = "done"


class Thread(PracticeRow):
    """A conversation about a claim, a client, an appointment, a document, or the practice alone.

    A group takes part whoever is in it: who comes later hears of what is said from then on.
    """

    __tablename__ = "threads"
    __table_args__ = (
        within_practice("claim_id", "claims"),
        within_practice("client_id", "clients"),
        within_practice("appointment_id", "appointments"),
        within_practice("document_id", "documents"),
        Index("ix_threads_recent", "practice_id", "last_message_at", "id"),
        Index("ix_threads_claim", "practice_id", "claim_id"),
        Index("ix_threads_newest", "last_message_at", "id"),
        Index(
            "ix_threads_undone", "practice_id", "last_message_at", "id", postgresql_where=_UNDONE
        ),
        Index("ix_threads_due", "practice_id", "due_at", postgresql_where=_UNDONE),
        Index("ix_threads_owner", "practice_id", "owner_id", postgresql_where=_UNDONE),
        Index("ix_threads_client", "practice_id", "client_id"),
        Index("ix_threads_appointment", "practice_id", "appointment_id"),
        Index("ix_threads_document", "practice_id", "document_id"),
        Index("ix_threads_begun", "id"),
        Index(
            "ix_threads_words",
            text(_SUBJECT),
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    subject: Mapped[str]
    claim_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    with_billers: Mapped[bool] = mapped_column(default=False, server_default="f")
    with_readers: Mapped[bool] = mapped_column(default=False, server_default="f")
    """The practice's owners and billing people."""
    state: Mapped[ThreadState] = mapped_column(default=ThreadState.OPEN)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime | None]  # since when the practice waits for an answer
    due_at: Mapped[datetime | None]  # until when it is promised one
    snoozed_until: Mapped[datetime | None]
    last_message_at: Mapped[datetime]


class Message(PracticeRow):
    """What one person wrote. An internal note is never shown to the practice.

    `body` is what stands there now; a trigger keeps what stood there before as a MessageVersion,
    counts `version`, and lets nothing else change. Withdrawn words stand among the versions only.
    """

    __tablename__ = "messages"
    __table_args__ = (
        within_practice("thread_id", "threads"),
        CheckConstraint("withdrawn_at IS NULL OR body = ''", name="withdrawn_holds_no_words"),
        Index("ix_messages_thread", "practice_id", "thread_id", "id"),
        Index("ix_messages_newest", "id"),
        Index(
            "ix_messages_words",
            text(_WORDS),
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    thread_id: Mapped[UUID]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    internal: Mapped[bool] = mapped_column(default=False)
    body: Mapped[str]
    sent_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    edited_at: Mapped[datetime | None]
    mentioned_ids: Mapped[list[UUID]] = mapped_column(default=list, server_default="{}")
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    withdrawn_reason: Mapped[str] = mapped_column(default="", server_default="")

    author: Mapped[User] = relationship(viewonly=True, foreign_keys=author_id)


class MessageVersion(PracticeRow):
    """What a message said before an edit, or before it was withdrawn; the database writes it."""

    __tablename__ = "message_versions"
    __table_args__ = (
        within_practice("message_id", "messages"),
        UniqueConstraint("practice_id", "message_id", "number"),
    )

    message_id: Mapped[UUID]
    number: Mapped[int]
    body: Mapped[str]
    written_at: Mapped[datetime]


class MessageDocument(PracticeRow):
    """A document that a message brought along."""

    __tablename__ = "message_documents"
    __table_args__ = (
        within_practice("message_id", "messages"),
        within_practice("document_id", "documents"),
        UniqueConstraint("practice_id", "message_id", "document_id"),
        Index("ix_message_documents_document", "practice_id", "document_id"),
    )

    message_id: Mapped[UUID]
    document_id: Mapped[UUID]


class MessageDraft(PracticeRow):
    """What somebody is about to say in a thread, or to begin one with; gone when it is said.

    Without a thread it is of one that is not begun: about one row, or the practice alone. Only
    then it has a subject and says who is to take part.
    """

    __tablename__ = "message_drafts"
    __table_args__ = (
        within_practice("thread_id", "threads"),
        within_practice("claim_id", "claims"),
        within_practice("client_id", "clients"),
        within_practice("appointment_id", "appointments"),
        within_practice("document_id", "documents"),
        UniqueConstraint("practice_id", "thread_id", "user_id"),
        CheckConstraint(
            "num_nonnulls(thread_id, claim_id, client_id, appointment_id, document_id) <= 1",
            name="of_one_thing",
        ),
        Index(
            "ix_message_drafts_first_words",
            *FIRST_WORDS_OF,
            unique=True,
            postgresql_where=text("thread_id IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    thread_id: Mapped[UUID | None]
    claim_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    subject: Mapped[str] = mapped_column(default="", server_default="")
    body: Mapped[str]
    internal: Mapped[bool]
    people_ids: Mapped[list[UUID]] = mapped_column(default=list, server_default="{}")
    billers: Mapped[bool] = mapped_column(default=False, server_default="f")
    readers: Mapped[bool] = mapped_column(default=False, server_default="f")
    saved_at: Mapped[datetime]


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
