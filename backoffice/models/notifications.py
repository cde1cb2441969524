"""What people are to be told by email, and the mail ledger. No word of health in either."""

import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import HouseRow, PracticeRow, within_practice
from backoffice.rules.notices import Topic, Way


class MailState(enum.StrEnum):
    """What became of a mail."""

    QUEUED = "queued"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    """Given up: no server took it."""
    BOUNCED = "bounced"
    """Its address takes no mail, as a server said at once or in a report afterwards."""


class Mail(PracticeRow):
    """One email to one person. Notices join it until `due_at`; its id makes the Message-ID."""

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_state", "practice_id", "state", "due_at"),
        Index("ix_mails_newest", "id"),
        Index(
            "uq_mails_open_bundle", "practice_id", "user_id", "topic", "subject_id",
            unique=True, postgresql_where="state = 'queued'", postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    topic: Mapped[Topic]
    subject_id: Mapped[UUID | None]  # the thread, the day's digest; empty for a bundle
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED)
    reason: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]  # its link was followed, signed in, by whom it was for


class Notice(PracticeRow):
    """One thing that happened, waiting in or told by a mail, or kept for the daily digest."""

    __tablename__ = "notices"
    __table_args__ = (
        within_practice("mail_id", "mails"),
        within_practice("digest_id", "digests"),
        UniqueConstraint("practice_id", "user_id", "topic", "cause"),
        Index("ix_notices_mail", "practice_id", "mail_id"),
        Index("ix_notices_digest", "practice_id", "digest_id"),
        Index("ix_notices_user", "practice_id", "user_id", "created_at"),
        Index(
            "ix_notices_loose", "practice_id",
            postgresql_where="mail_id IS NULL AND way = 'immediate'",
        ),
    )  # fmt: skip

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    topic: Mapped[Topic]
    subject_id: Mapped[UUID | None]  # as the mail's
    cause: Mapped[str]  # an opaque id: the step, the message
    way: Mapped[Way] = mapped_column(default=Way.IMMEDIATE, server_default="immediate")
    mail_id: Mapped[UUID | None]  # joined as the last thing before the commit
    digest_id: Mapped[UUID | None]  # the day's summary that told it
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # a status word, no client


class Digest(PracticeRow):
    """One person's daily summary of one practice: written once a day, a mail if there was news."""

    __tablename__ = "digests"
    __table_args__ = (
        within_practice("mail_id", "mails"),
        UniqueConstraint("practice_id", "user_id", "day"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    day: Mapped[date]  # in the practice's time zone
    mail_id: Mapped[UUID | None]


class MailWish(PracticeRow):
    """How one person wants to hear of one topic in one practice, where they chose."""

    __tablename__ = "mail_wishes"
    __table_args__ = (UniqueConstraint("practice_id", "user_id", "topic"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    topic: Mapped[Topic]
    way: Mapped[Way]


class MailRhythm(PracticeRow):
    """When one person's mails from one practice leave, where they chose."""

    __tablename__ = "mail_rhythms"
    __table_args__ = (
        UniqueConstraint("practice_id", "user_id"),
        CheckConstraint("unread_minutes BETWEEN 0 AND 1440", name="unread_within_a_day"),
        CheckConstraint("digest_hour BETWEEN 0 AND 23", name="hour_of_a_day"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    unread_minutes: Mapped[int | None]  # empty: the house's own
    digest_hour: Mapped[int]  # in the practice's time zone


class BouncedAddress(HouseRow):
    """An email address that takes no mail: practices' mails to it wait for another address."""

    __tablename__ = "bounced_addresses"
    __table_args__ = (UniqueConstraint("email_key"),)

    email_key: Mapped[str]  # lower-cased by us, as a user's
    reason: Mapped[str]  # a status code
