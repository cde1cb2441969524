"""People who sign in, what they may do where, and their signed-in sessions."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Base, HouseRow, PracticeRow, new_id
from backoffice.rules.roles import Role


class User(HouseRow):
    """One person, by email. `house_role` is set for the billing company's own staff.

    `session_epoch` grows whenever all sessions end: a sign-in that began before does not finish.
    """

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("email_key"),)

    email: Mapped[str]
    email_key: Mapped[str]  # lower-cased by us
    name: Mapped[str]
    password_hash: Mapped[str | None]
    house_role: Mapped[Role | None]
    time_zone: Mapped[str] = mapped_column(default="America/New_York")
    disabled_at: Mapped[datetime | None]
    session_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    # Only the release before throttles reads these two; the migration after the next drops them.
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]

    @property
    def initials(self) -> str:
        """Two letters for the mark beside what the person owns."""
        words = self.name.split()
        return (words[0][:1] + words[-1][:1]).upper() if len(words) > 1 else self.name[:2].upper()


class Membership(PracticeRow):
    """What one person may do in one practice."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("practice_id", "user_id"),
        Index("ix_memberships_user_id", "user_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    role: Mapped[Role]
    ended_at: Mapped[datetime | None]
    messaging_on: Mapped[bool] = mapped_column(default=True, server_default="t")

    user: Mapped[User] = relationship(viewonly=True)


class Level(enum.StrEnum):
    """How much of themselves somebody has proved in a session."""

    PASSWORD = "password"  # noqa: S105 - a level, not a password
    FULL = "full"


class SignIn(Base):
    """A session, kept by the hash of its token so that it can be revoked.

    Without a user it only carries the form token of a page that is open to all; its level then
    says nothing. `id` names it on its owner's page, the hash never leaves the database.
    `challenge` waits for one answer of a passkey.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (UniqueConstraint("id"),)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id, server_default=text("gen_random_uuid()"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    level: Mapped[Level] = mapped_column(default=Level.PASSWORD, server_default="password")
    factor_at: Mapped[datetime | None]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(default="", server_default="")
    address: Mapped[str] = mapped_column(default="", server_default="")
    browser: Mapped[str] = mapped_column(default="", server_default="")  # in plain words
    agent_hash: Mapped[bytes | None]
    challenge: Mapped[bytes | None]
    challenge_until: Mapped[datetime | None]


class OnceKey(Base):
    """An idempotency key of a form or bulk action, with the answer it was given."""

    __tablename__ = "once_keys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    asked_hash: Mapped[str]
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
