"""Claims with their service lines and their history."""

import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Sequence, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.appointments import WaitingOn
from backoffice.models.base import Base, Money, PracticeRow, Quantity, within_practice
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.payers import Payer
from backoffice.models.practices import BillingProfile, Clinician, ServiceFacility
from backoffice.models.sealing import SealedText
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus

CLAIM_NUMBERS = Sequence("claim_numbers", start=10001, metadata=Base.metadata)


class Claim(PracticeRow):
    """One claim on one payer. What it says is frozen at release; balances come from the ledger."""

    __tablename__ = "claims"
    __table_args__ = (
        within_practice("client_id", "clients"),
        within_practice("policy_id", "policies"),
        within_practice("profile_id", "billing_profiles"),
        within_practice("clinician_id", "clinicians"),
        within_practice("facility_id", "service_facilities"),
        within_practice("authorization_id", "authorizations"),
        within_practice("primary_claim_id", "claims"),
        UniqueConstraint("practice_id", "number"),
        Index("ix_claims_status", "practice_id", "status", "last_day", "id"),
        Index("ix_claims_recent", "practice_id", "id"),
        Index("ix_claims_client", "practice_id", "client_id"),
        Index("ix_claims_payer", "practice_id", "payer_id", "status"),
        Index(
            "ix_claims_release", "practice_id", "release_at",
            postgresql_where="status = 'queued'",
        ),
        Index("ix_claims_attention", "practice_id", "id", postgresql_where="needs_review"),
    )  # fmt: skip

    number: Mapped[int]  # from CLAIM_NUMBERS; shown as C-10423, "ours"
    payer_order: Mapped[PayerOrder] = mapped_column(default=PayerOrder.PRIMARY)
    client_id: Mapped[UUID]
    policy_id: Mapped[UUID]
    payer_id: Mapped[UUID] = mapped_column(ForeignKey("payers.id"))
    profile_id: Mapped[UUID]
    clinician_id: Mapped[UUID]
    facility_id: Mapped[UUID | None]
    authorization_id: Mapped[UUID | None]
    primary_claim_id: Mapped[UUID | None]  # of a secondary
    place_of_service: Mapped[str]
    diagnosis_codes: Mapped[list[str]]
    first_day: Mapped[date]
    last_day: Mapped[date]
    charge_amount: Mapped[Money]

    status: Mapped[ClaimStatus]
    status_since: Mapped[datetime]
    last_heard_at: Mapped[datetime | None]
    denied_lines: Mapped[int] = mapped_column(default=0)
    needs_review: Mapped[bool] = mapped_column(default=False)
    review_reason: Mapped[str] = mapped_column(default="")  # our words, no patient data
    scrub_findings: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    release_at: Mapped[datetime | None]  # end of the undo window
    released_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))

    filing_deadline_on: Mapped[date | None]
    corrected_deadline_on: Mapped[date | None]
    appeal_deadline_on: Mapped[date | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    waiting_on: Mapped[WaitingOn] = mapped_column(default=WaitingOn.US)
    next_on: Mapped[date | None]

    # projections of the ledger, recomputed by `backoffice ledger verify`
    insurance_paid_amount: Mapped[Money]
    client_share_amount: Mapped[Money]
    write_off_amount: Mapped[Money]
    balance_amount: Mapped[Money]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    client: Mapped[Client] = relationship(viewonly=True)
    policy: Mapped[Policy] = relationship(viewonly=True)
    payer: Mapped[Payer] = relationship(viewonly=True)
    clinician: Mapped[Clinician] = relationship(viewonly=True)
    profile: Mapped[BillingProfile] = relationship(viewonly=True)
    facility: Mapped[ServiceFacility | None] = relationship(viewonly=True)
    authorization: Mapped[Authorization | None] = relationship(viewonly=True)
    lines: Mapped[list["ServiceLine"]] = relationship(
        viewonly=True, order_by="ServiceLine.position"
    )

    @property
    def our_number(self) -> str:
        """Our number as people say it."""
        return f"C-{self.number}"


class ServiceLine(PracticeRow):
    """One procedure on one day, as charged to the payer.

    `live` lines hold their appointment line: at most one live claim per payer order.
    """

    __tablename__ = "service_lines"
    __table_args__ = (
        within_practice("claim_id", "claims"),
        within_practice("appointment_id", "appointments"),
        within_practice("appointment_line_id", "appointment_lines"),
        UniqueConstraint("practice_id", "claim_id", "position"),
        CheckConstraint("charge_amount > 0", name="charge_is_positive"),
        Index(
            "uq_service_lines_live", "practice_id", "appointment_line_id", "payer_order",
            unique=True, postgresql_where="live",
        ),
        Index("ix_service_lines_appointment", "practice_id", "appointment_id"),
    )  # fmt: skip

    claim_id: Mapped[UUID]
    position: Mapped[int]  # LX
    appointment_id: Mapped[UUID]
    appointment_line_id: Mapped[UUID]
    payer_order: Mapped[PayerOrder]
    live: Mapped[bool] = mapped_column(default=True)
    line_control_number: Mapped[str]  # REF*6R, at most 12
    procedure_code: Mapped[str]
    modifiers: Mapped[list[str]]
    units: Mapped[Quantity]
    charge_amount: Mapped[Money]
    served_on: Mapped[date]
    diagnosis_pointers: Mapped[list[int]]


class StepSource(enum.StrEnum):
    """What moved a claim."""

    PERSON = "person"
    RULE = "rule"
    SENDING = "sending"
    RESPONSE = "response"
    ACKNOWLEDGEMENT = "acknowledgement"
    REMITTANCE = "remittance"


class ClaimStep(PracticeRow):
    """One step of a claim's history, automatic ones included; rows are only added."""

    __tablename__ = "claim_steps"
    __table_args__ = (
        within_practice("attempt_id", "attempts", at_commit=True),
        within_practice("claim_id", "claims"),
        Index("ix_claim_steps_claim", "practice_id", "claim_id", "at"),
    )

    claim_id: Mapped[UUID]
    attempt_id: Mapped[UUID | None]
    event: Mapped[ClaimEvent]
    from_status: Mapped[ClaimStatus | None]
    to_status: Mapped[ClaimStatus]
    moved: Mapped[bool]  # False: heard, kept, changed nothing (late or repeated)
    source: Mapped[StepSource]
    source_id: Mapped[UUID | None]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    words_plain: Mapped[str] = mapped_column("words", default="")
    words_sealed: Mapped[bytes | None]
    words = SealedText(was_plain=True)  # what was said, as received: a payer's may hold names
    at: Mapped[datetime]
