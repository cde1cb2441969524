"""Second factors of people who sign in, their recovery codes, and how slow their tries go."""

import enum
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base, HouseRow
from backoffice.models.sealing import SealedText


class FactorKind(enum.StrEnum):
    """What proves, beside the password, that it is them."""

    PASSKEY = "passkey"
    TOTP = "totp"


class Factor(HouseRow):
    """One passkey (WebAuthn) or authenticator app (TOTP) of one person.

    An app counts from its first right code on (`confirmed_at`); until then it is being set up.
    `last_timecode` is the 30-second step of the last code taken: no code is taken twice.
    """

    __tablename__ = "factors"
    __table_args__ = (
        CheckConstraint(
            "CASE kind WHEN 'totp' THEN secret_sealed IS NOT NULL"
            " ELSE credential_id IS NOT NULL AND public_key IS NOT NULL END",
            name="has_what_its_kind_needs",
        ),
        UniqueConstraint("credential_id"),
        Index("ix_factors_user_id", "user_id"),
        Index(
            "uq_factors_app_being_set_up", "user_id",
            unique=True, postgresql_where="kind = 'totp' AND confirmed_at IS NULL",
        ),
    )  # fmt: skip

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[FactorKind]
    name: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    secret_sealed: Mapped[bytes | None]
    secret = SealedText()  # base32, of an app
    last_timecode: Mapped[int] = mapped_column(BigInteger, default=0)
    credential_id: Mapped[bytes | None]
    public_key: Mapped[bytes | None]  # COSE, of a passkey
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(HouseRow):
    """One of ten codes that each stand in for a second factor once; only a keyed hash is kept."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    code_hash: Mapped[bytes]
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """How many tries failed in a row at one door, and until when it stays shut.

    The door is a keyed hash (of an email, an email and a known browser, or a person's second
    factor), so that emails nobody has an account for slow down alike and are not kept.
    """

    __tablename__ = "throttles"

    door_hash: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_try_at: Mapped[datetime]
    shut_until: Mapped[datetime | None]
