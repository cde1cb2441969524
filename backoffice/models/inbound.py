"""What came in, before its practice is known: raw files, response rows, 835 transactions."""

import enum
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import HouseRow, Money
from backoffice.models.sealing import SealedText


class InboundKind(enum.StrEnum):
    """What a raw file holds."""

    RESPONSES = "responses"
    ERA = "era"
    ACKNOWLEDGEMENT = "acknowledgement"


class InboundState(enum.StrEnum):
    """How far a raw file was taken in."""

    RECEIVED = "received"
    READ = "read"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class InboundFile(HouseRow):
    """Raw bytes as they came, in the document store first; unique by hash and kind.

    A remittance's `remote_id` is its own for ever; a mailbox may use a name again for other bytes.
    A row without practice belongs to the house and is seen only by house work.
    """

    __tablename__ = "inbound_files"
    __table_args__ = (
        UniqueConstraint("kind", "sha256"),
        Index(
            "uq_inbound_files_era",
            "account_id",
            "remote_id",
            unique=True,
            postgresql_where="kind = 'era'",
        ),
        Index("ix_inbound_files_state", "state"),
    )

    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practices.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("clearinghouse_accounts.id"))
    kind: Mapped[InboundKind]
    remote_id: Mapped[str | None]  # eraid, mailbox name
    sha256: Mapped[str]
    size: Mapped[int]
    document_key: Mapped[str]
    state: Mapped[InboundState] = mapped_column(default=InboundState.RECEIVED)
    problem: Mapped[str] = mapped_column(default="")  # our words, no patient data
    received_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class ResponseState(enum.StrEnum):
    """What became of a response row."""

    WAITING = "waiting"
    APPLIED = "applied"
    UNMATCHED = "unmatched"


class InboundResponse(HouseRow):
    """One message of the clearinghouse's response stream about one claim."""

    __tablename__ = "inbound_responses"
    __table_args__ = (
        UniqueConstraint("account_id", "response_id"),
        Index("ix_inbound_responses_state", "state"),
    )

    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practices.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("clearinghouse_accounts.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("inbound_files.id"))
    response_id: Mapped[str]  # theirs, or "row-" and a hash where a row came without one
    patient_control_number: Mapped[str]
    trace: Mapped[str] = mapped_column(default="")  # REF*D9 echoed as remote_claimid
    clearinghouse_number: Mapped[str] = mapped_column(default="")
    payer_number: Mapped[str] = mapped_column(default="")
    from_payer: Mapped[bool]
    status: Mapped[str]  # A, R or as sent
    category: Mapped[str] = mapped_column(default="")  # STC01-1, where the message has one
    message_sealed: Mapped[bytes | None]
    message = SealedText()
    said_at: Mapped[datetime | None]
    state: Mapped[ResponseState] = mapped_column(default=ResponseState.WAITING)


class TransactionState(enum.StrEnum):
    """What became of one 835 transaction."""

    UNATTRIBUTED = "unattributed"
    ATTRIBUTED = "attributed"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class InboundTransaction(HouseRow):
    """One 835 transaction set (ST to SE): whose it is, once the payee is known.

    `payment_key` is the keyed hash of payer, trace, date and amount: a payment comes in once.
    `claims_key` is the hash of what it says of its claims: a copy says the same.
    """

    __tablename__ = "inbound_transactions"
    __table_args__ = (
        UniqueConstraint("file_id", "position"),
        Index("ix_inbound_transactions_state", "state"),
        Index("ix_inbound_transactions_payment", "payment_key"),
    )

    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practices.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("inbound_files.id"))
    position: Mapped[int]
    set_control_number: Mapped[str]  # ST02
    payer_name: Mapped[str] = mapped_column(default="")
    payee_npi: Mapped[str] = mapped_column(default="")
    payee_tax_id_index: Mapped[bytes | None]
    payment_key: Mapped[str]
    claims_key: Mapped[str]
    check_amount: Mapped[Money]  # BPR02
    paid_on: Mapped[date | None]  # BPR16
    claim_count: Mapped[int]
    state: Mapped[TransactionState]
    problem: Mapped[str] = mapped_column(default="")
