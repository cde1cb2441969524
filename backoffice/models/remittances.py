"""Remittances (835, "ERA" on pages) of one practice: claims, lines, adjustments."""

import enum
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Money, PracticeRow, Quantity, within_practice
from backoffice.models.claims import Claim
from backoffice.models.sealing import SealedText


class RemittanceState(enum.StrEnum):
    """Where a remittance stands."""

    RECEIVED = "received"
    NEEDS_REVIEW = "needs_review"
    POSTED = "posted"


class Remittance(PracticeRow):
    """One payment and its explanation: BPR, TRN, the payer and what was left undistributed."""

    __tablename__ = "remittances"
    __table_args__ = (
        UniqueConstraint("practice_id", "payment_key"),
        Index("ix_remittances_state", "practice_id", "state", "id"),
    )

    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("inbound_transactions.id"))
    payment_key: Mapped[str]
    payer_id: Mapped[UUID | None] = mapped_column(ForeignKey("payers.id"))
    payer_name: Mapped[str]
    payer_identifier: Mapped[str] = mapped_column(
        default=""
    )  # TRN03: a company's, never a client's
    trace_number_sealed: Mapped[bytes | None]
    trace_number = SealedText()  # TRN02: the bank's reassociation trace
    payment_method: Mapped[str]  # BPR04
    paid_on: Mapped[date | None]
    check_amount: Mapped[Money]  # BPR02
    provider_adjustment_amount: Mapped[Money]  # sum of PLB; positive takes money away
    posted_amount: Mapped[Money]
    undistributed_amount: Mapped[Money]
    claim_count: Mapped[int]
    state: Mapped[RemittanceState] = mapped_column(default=RemittanceState.RECEIVED)
    received_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class MatchState(enum.StrEnum):
    """What became of one claim or line of a remittance."""

    CLEAN = "clean"
    REVIEW = "review"
    UNMATCHED = "unmatched"
    POSTED = "posted"


class RemittanceClaim(PracticeRow):
    """One CLP: what the payer decided about one claim."""

    __tablename__ = "remittance_claims"
    __table_args__ = (
        within_practice("remittance_id", "remittances"),
        within_practice("attempt_id", "attempts", at_commit=True),
        within_practice("claim_id", "claims"),
        UniqueConstraint("practice_id", "remittance_id", "position"),
        Index("ix_remittance_claims_claim", "practice_id", "claim_id"),
        Index("ix_remittance_claims_state", "practice_id", "state"),
    )

    remittance_id: Mapped[UUID]
    position: Mapped[int]
    claim_id: Mapped[UUID | None]
    attempt_id: Mapped[UUID | None]
    matched_by: Mapped[str] = mapped_column(default="")
    patient_control_number: Mapped[str]  # CLP01 as received
    claim_outcome: Mapped[str]  # CLP02
    charge_amount: Mapped[Money]  # CLP03
    paid_amount: Mapped[Money]  # CLP04
    patient_responsibility_amount: Mapped[Money]  # CLP05
    payer_claim_control_number: Mapped[str] = mapped_column(default="")  # CLP07
    client_name_sealed: Mapped[bytes | None]
    client_name = SealedText()  # NM1*QC as received
    member_id_sealed: Mapped[bytes | None]
    member_id = SealedText()
    remarks: Mapped[list[str]] = mapped_column(default=list)  # MOA
    state: Mapped[MatchState]
    reasons: Mapped[list[str]] = mapped_column(default=list)  # why it stopped: codes

    remittance: Mapped[Remittance] = relationship(viewonly=True)
    claim: Mapped[Claim | None] = relationship(viewonly=True)
    lines: Mapped[list["RemittanceLine"]] = relationship(
        viewonly=True, order_by="RemittanceLine.position"
    )


class RemittanceLine(PracticeRow):
    """One SVC: what the payer decided about one line."""

    __tablename__ = "remittance_lines"
    __table_args__ = (
        within_practice("remittance_claim_id", "remittance_claims"),
        within_practice("service_line_id", "service_lines"),
        UniqueConstraint("practice_id", "remittance_claim_id", "position"),
        Index("ix_remittance_lines_service_line", "practice_id", "service_line_id"),
    )

    remittance_claim_id: Mapped[UUID]
    position: Mapped[int]
    service_line_id: Mapped[UUID | None]
    line_control_number: Mapped[str] = mapped_column(default="")  # REF*6R
    procedure_code: Mapped[str]
    modifiers: Mapped[list[str]] = mapped_column(default=list)
    submitted_procedure_code: Mapped[str] = mapped_column(default="")  # SVC06
    units: Mapped[Quantity | None]
    served_on: Mapped[date | None]
    charge_amount: Mapped[Money]
    paid_amount: Mapped[Money]
    allowed_amount: Mapped[Money | None]  # AMT*B6
    remarks: Mapped[list[str]] = mapped_column(default=list)  # LQ*HE
    state: Mapped[MatchState]
    reasons: Mapped[list[str]] = mapped_column(default=list)

    adjustments: Mapped[list["Adjustment"]] = relationship(
        viewonly=True,
        primaryjoin="and_(RemittanceLine.practice_id == foreign(Adjustment.practice_id), "
        "RemittanceLine.id == foreign(Adjustment.remittance_line_id))",
        order_by="Adjustment.position",
    )


class Adjustment(PracticeRow):
    """One CAS triplet, of a line or (no line) of the claim."""

    __tablename__ = "adjustments"
    __table_args__ = (
        within_practice("remittance_claim_id", "remittance_claims"),
        within_practice("remittance_line_id", "remittance_lines"),
        Index("ix_adjustments_claim", "practice_id", "remittance_claim_id"),
        Index("ix_adjustments_line", "practice_id", "remittance_line_id"),
    )

    remittance_claim_id: Mapped[UUID]
    remittance_line_id: Mapped[UUID | None]
    position: Mapped[int]
    group: Mapped[str]  # CO, PR, OA, PI
    reason: Mapped[str]  # CARC
    amount: Mapped[Money]
    quantity: Mapped[Quantity | None]


class ProviderAdjustment(PracticeRow):
    """One PLB entry: money moved outside any claim. Positive takes money away."""

    __tablename__ = "provider_adjustments"
    __table_args__ = (
        within_practice("remittance_id", "remittances"),
        UniqueConstraint("practice_id", "remittance_id", "position"),
    )

    remittance_id: Mapped[UUID]
    position: Mapped[int]
    npi: Mapped[str] = mapped_column(default="")
    reason: Mapped[str]  # WO, 72, FB, CS, L6 ...
    reference_plain: Mapped[str] = mapped_column("reference", default="")
    reference_sealed: Mapped[bytes | None]
    reference = SealedText(was_plain=True)  # PLB03-2: often the claim it is about
    amount: Mapped[Money]
    state: Mapped[MatchState]
