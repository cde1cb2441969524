"""Files sent with frozen bytes, the attempts (claims) in them, and what acknowledged them."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Base, Money, PracticeRow, within_practice
from backoffice.models.claims import Claim
from backoffice.models.payers import ClearinghouseAccount, Payer
from backoffice.models.sealing import SealedText
from backoffice.rules.claim_facts import Frequency, PayerOrder


class SubmissionState(enum.StrEnum):
    """Where a file stands. UNKNOWN is asked about, never sent again blindly.

    WITHDRAWN never left: a claim in it may not leave any more, the others went in another file.
    """

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    REFUSED = "refused"
    NEEDS_PERSON = "needs_person"
    WITHDRAWN = "withdrawn"


class Submission(PracticeRow):
    """One 837P file: the same bytes and control numbers at every try."""

    __tablename__ = "submissions"
    __table_args__ = (
        within_practice("profile_id", "billing_profiles"),
        UniqueConstraint("account_id", "interchange_number"),
        Index("ix_submissions_state", "practice_id", "state"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("clearinghouse_accounts.id"))
    profile_id: Mapped[UUID]
    payer_id: Mapped[UUID] = mapped_column(ForeignKey("payers.id"))
    interchange_number: Mapped[int]  # ISA13 = GS06
    filename: Mapped[str]
    sha256: Mapped[str]
    body_sealed: Mapped[bytes]  # the truth; the copy in S3 is a precondition of sending
    document_key: Mapped[str]
    claim_count: Mapped[int]
    charge_amount: Mapped[Money]
    state: Mapped[SubmissionState] = mapped_column(default=SubmissionState.PENDING)
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    unknown_since: Mapped[datetime | None]
    answer_code: Mapped[str] = mapped_column(default="")
    second_opinion: Mapped[str] = mapped_column(default="")  # pyx12's word, where it was asked
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    account: Mapped[ClearinghouseAccount] = relationship(viewonly=True)
    payer: Mapped[Payer] = relationship(viewonly=True)


class AttemptOutcome(enum.StrEnum):
    """How an attempt stands; one attempt of a claim is open at a time."""

    OPEN = "open"
    REJECTED = "rejected"
    ADJUDICATED = "adjudicated"
    WITHDRAWN = "withdrawn"


class Attempt(PracticeRow):
    """One claim in one file: its own control number, frozen content and numbers."""

    __tablename__ = "attempts"
    __table_args__ = (
        within_practice("claim_id", "claims"),
        within_practice("submission_id", "submissions"),
        UniqueConstraint("practice_id", "claim_id", "attempt_no"),
        UniqueConstraint("practice_id", "patient_control_number"),
        Index("ix_attempts_submission", "practice_id", "submission_id"),
        Index("ix_attempts_payer_number", "practice_id", "payer_number"),
        Index(
            "uq_attempts_open", "practice_id", "claim_id",
            unique=True, postgresql_where="outcome = 'open'",
        ),
    )  # fmt: skip

    claim_id: Mapped[UUID]
    attempt_no: Mapped[int]
    frequency: Mapped[Frequency]
    payer_order: Mapped[PayerOrder]
    patient_control_number: Mapped[str]  # CLM01
    submission_id: Mapped[UUID | None]
    clearinghouse_number: Mapped[str | None]
    payer_number: Mapped[str | None]  # payer claim control number: REF*1K, CLP07
    outcome: Mapped[AttemptOutcome] = mapped_column(default=AttemptOutcome.OPEN)
    content_sealed: Mapped[bytes | None]
    content = SealedText()  # ClaimFacts as JSON, frozen at release
    opened_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    claim: Mapped[Claim] = relationship(viewonly=True)
    submission: Mapped[Submission | None] = relationship(viewonly=True)


class ControlNumber(Base):
    """Where an answer belongs: our patient control number to its practice. Opaque, no patient."""

    __tablename__ = "control_numbers"

    patient_control_number: Mapped[str] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    attempt_id: Mapped[UUID]


class AcknowledgementKind(enum.StrEnum):
    """Which file acknowledged a submission."""

    TA1 = "TA1"
    A999 = "999"
    A277CA = "277CA"


class Acknowledgement(PracticeRow):
    """What one acknowledgement said of one submission."""

    __tablename__ = "acknowledgements"
    __table_args__ = (
        within_practice("submission_id", "submissions"),
        UniqueConstraint("practice_id", "submission_id", "inbound_file_id"),
    )

    submission_id: Mapped[UUID]
    inbound_file_id: Mapped[UUID]
    kind: Mapped[AcknowledgementKind]
    code: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
