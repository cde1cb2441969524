"""What people are to be told by email, and the mail ledger. No word of health in either."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import PracticeRow, within_practice


class Topic(enum.StrEnum):
    """What a mail is about: one template each."""

    CLAIM_STATUS = "claim_status"
    UNREAD_MESSAGE = "unread_message"
    DOCUMENT_SHARED = "document_shared"
    AGREEMENT_ENDING = "agreement_ending"


class MailState(enum.StrEnum):
    """What became of a mail."""

    QUEUED = "queued"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


class Mail(PracticeRow):
    """One email to one person. Notices join it until `due_at`; its id makes the Message-ID."""

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_state", "practice_id", "state", "due_at"),
        Index(
            "uq_mails_open_bundle", "practice_id", "user_id", "topic", "subject_id",
            unique=True, postgresql_where="state = 'queued'", postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    topic: Mapped[Topic]
    subject_id: Mapped[UUID | None]  # the thread; empty for a bundle
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED)
    reason: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]


class Notice(PracticeRow):
    """One thing that happened, waiting in or told by a mail."""

    __tablename__ = "notices"
    __table_args__ = (
        within_practice("mail_id", "mails"),
        UniqueConstraint("practice_id", "user_id", "topic", "cause"),
        Index("ix_notices_mail", "practice_id", "mail_id"),
        Index("ix_notices_loose", "practice_id", postgresql_where="mail_id IS NULL"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    topic: Mapped[Topic]
    subject_id: Mapped[UUID | None]  # as the mail's
    cause: Mapped[str]  # an opaque id: the step, the message
    mail_id: Mapped[UUID | None]  # joined as the last thing before the commit
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # a status word, no client
