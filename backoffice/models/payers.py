"""Payers as rows of rules, how a practice reaches each, and enrollments."""

import enum
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import HouseRow, PracticeRow, within_practice
from backoffice.rules.readiness import EnrollmentKind, EnrollmentStatus


class Payer(HouseRow):
    """A payer, shared by all practices; its quirks and deadlines are data, not branches."""

    __tablename__ = "payers"
    __table_args__ = (
        UniqueConstraint("electronic_id"),
        Index("ix_payers_name_key", "name_key"),
    )

    name: Mapped[str]
    short_name: Mapped[str]
    name_key: Mapped[str]
    electronic_id: Mapped[str | None]  # payer_id on the wire: NM1*PR NM109
    filing_code: Mapped[str] = mapped_column(default="CI")  # SBR09
    filing_days: Mapped[int] = mapped_column(default=90)
    corrected_days: Mapped[int] = mapped_column(default=180)
    appeal_days: Mapped[int] = mapped_column(default=180)
    answer_days: Mapped[int] = mapped_column(default=30)
    lines_per_claim: Mapped[int] = mapped_column(default=6)
    several_dates_per_claim: Mapped[bool] = mapped_column(default=True)
    member_id_pattern: Mapped[str | None]
    claim_enrollment_needed: Mapped[bool] = mapped_column(default=False)
    era_enrollment_needed: Mapped[bool] = mapped_column(default=True)
    era_supported: Mapped[bool] = mapped_column(default=True)
    crossover: Mapped[bool] = mapped_column(default=False)
    taxonomy_required: Mapped[bool] = mapped_column(default=True)
    authorization_required: Mapped[bool] = mapped_column(default=False)
    supervisor_required: Mapped[bool] = mapped_column(default=False)
    referral_required: Mapped[bool] = mapped_column(default=False)
    telehealth_places: Mapped[list[str]] = mapped_column(default=list)
    telehealth_modifiers: Mapped[list[str]] = mapped_column(default=list)
    one_of_modifiers: Mapped[list[str]] = mapped_column(default=list)  # licence level
    line_control_length: Mapped[int] = mapped_column(default=12)  # of REF*6R
    local_states: Mapped[list[str]] = mapped_column(default=list)  # BCBS: the local plan


class AccountKind(enum.StrEnum):
    """How a clearinghouse account is spoken to."""

    CLAIM_MD = "claim_md"


class ClearinghouseAccount(HouseRow):
    """An account at a clearinghouse: where files go, its counters and its cursors.

    `secret_reference` names the setting that holds the key; the key itself is never stored.
    """

    __tablename__ = "clearinghouse_accounts"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str]
    kind: Mapped[AccountKind] = mapped_column(default=AccountKind.CLAIM_MD)
    base_url: Mapped[str | None]  # empty: CLEARINGHOUSE_URL of the settings
    secret_reference: Mapped[str] = mapped_column(default="CLEARINGHOUSE_KEY")
    sender_id: Mapped[str]  # ISA06, GS02, NM1*41
    sender_name: Mapped[str]
    contact_name: Mapped[str]
    contact_phone: Mapped[str]
    receiver_id: Mapped[str]  # ISA08, GS03, NM1*40
    receiver_name: Mapped[str]
    usage: Mapped[str] = mapped_column(default="T")  # ISA15
    claims_per_file: Mapped[int] = mapped_column(default=2000)
    next_interchange: Mapped[int] = mapped_column(default=1)  # ISA13 = GS06
    response_cursor: Mapped[str] = mapped_column(default="0")
    era_cursor: Mapped[str] = mapped_column(default="0")
    last_polled_at: Mapped[datetime | None]
    last_heard_at: Mapped[datetime | None]
    reconcile_first: Mapped[bool] = mapped_column(default=False)


class PracticePayer(PracticeRow):
    """A payer as one practice knows it: its name for it, and the account its claims go through."""

    __tablename__ = "practice_payers"
    __table_args__ = (
        UniqueConstraint("practice_id", "payer_id"),
        UniqueConstraint("practice_id", "source_id"),
    )

    payer_id: Mapped[UUID] = mapped_column(ForeignKey("payers.id"))
    source_id: Mapped[str | None]
    aliases: Mapped[list[str]] = mapped_column(default=list)  # its other ids in the source
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("clearinghouse_accounts.id"))


class Enrollment(PracticeRow):
    """Permission from a payer to send claims or receive remittances electronically."""

    __tablename__ = "enrollments"
    __table_args__ = (
        within_practice("clinician_id", "clinicians"),
        UniqueConstraint(
            "practice_id", "payer_id", "clinician_id", "kind",
            postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip

    payer_id: Mapped[UUID] = mapped_column(ForeignKey("payers.id"))
    clinician_id: Mapped[UUID | None]  # empty: the whole practice
    kind: Mapped[EnrollmentKind]
    status: Mapped[EnrollmentStatus]
    status_since: Mapped[datetime]
    effective_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")

    payer: Mapped[Payer] = relationship(viewonly=True)
