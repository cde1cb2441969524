"""How people come and go: invitations, links to an account, mails about it, broken glass."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import HouseRow, PracticeRow
from backoffice.models.notifications import MailState
from backoffice.models.sealing import SealedText
from backoffice.rules.roles import Role


class Invitation(HouseRow):
    """A place kept for one email address: in practices with a role, or in the house itself.

    Outside the wall: its link is opened before anybody, and so any practice, is known.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_invitations_email_key", "email_key"),
        Index("ix_invitations_practice_ids", "practice_ids", postgresql_using="gin"),
    )

    email: Mapped[str]
    email_key: Mapped[str]
    name: Mapped[str]
    role: Mapped[Role]
    practice_ids: Mapped[list[UUID]]  # empty: a role of the house, in every practice
    clinician_id: Mapped[UUID | None]  # the row of the one practice that this person is
    invited_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[bytes]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    revoked_at: Mapped[datetime | None]

    @property
    def is_settled(self) -> bool:
        """Whether it was taken or taken back."""
        return self.accepted_at is not None or self.revoked_at is not None

    def is_open(self, now: datetime) -> bool:
        """Whether its link still works."""
        return not self.is_settled and self.expires_at > now


class LinkKind(enum.StrEnum):
    """What a link to one's own account does."""

    RESET = "reset"
    EMAIL_CHANGE = "email_change"


class AccountLink(HouseRow):
    """A link mailed to the holder of an account: it works once, for a short while.

    Without a user it is nobody's: made so that an unknown email costs what a known one does.
    """

    __tablename__ = "account_links"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_account_links_user_id", "user_id"),
    )

    kind: Mapped[LinkKind]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[bytes]
    new_email: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]

    def is_open(self, now: datetime) -> bool:
        """Whether the link still works."""
        return self.used_at is None and self.voided_at is None and self.expires_at > now


class AccountTopic(enum.StrEnum):
    """What a mail about somebody's own account says; one template each."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a topic, not a password
    EMAIL_CONFIRMATION = "email_confirmation"
    SECURITY = "security"
    GLASS_BROKEN = "glass_broken"
    FILE_TAKEN_OUT = "file_taken_out"


class AccountMail(HouseRow):
    """One email about an account, to one address; of the house, so of no practice.

    `token` is the secret of the link it carries: sealed here until the mail has left, then gone.
    """

    __tablename__ = "account_mails"
    __table_args__ = (Index("ix_account_mails_user_id", "user_id"),)

    topic: Mapped[AccountTopic]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    recipient: Mapped[str]  # empty: written for equal work, goes nowhere
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    token_sealed: Mapped[bytes | None]
    token = SealedText()
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED)
    reason: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]


class BrokenGlass(PracticeRow):
    """Sixty minutes of reading a practice that isn't assigned to somebody: why, and who looked."""

    __tablename__ = "broken_glass"
    __table_args__ = (
        Index("ix_broken_glass_user_id", "user_id", "ends_at"),
        Index("ix_broken_glass_practice", "practice_id", "began_at"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str]
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    review_words: Mapped[str] = mapped_column(default="")
