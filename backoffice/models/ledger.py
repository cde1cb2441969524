"""The ledger: postings and their entries, append-only and balanced by construction."""

import enum
from datetime import date
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Dialect,
    ForeignKey,
    Index,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Money, PracticeRow, within_practice
from backoffice.rules.posting import Account


class AccountAsKey(TypeDecorator[Account]):
    """An account stored as one word: `payer_receivable:P`, `write_off:bundled`, `payer_cash`."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: Account | None, dialect: Dialect) -> str | None:
        """Write the account's key."""
        return None if value is None else value.key

    def process_result_value(self, value: str | None, dialect: Dialect) -> Account | None:
        """Read the account back from its key."""
        return None if value is None else Account.from_key(value)


class PostingKind(enum.StrEnum):
    """What a posting records."""

    CHARGE = "charge"
    REMITTANCE_LINE = "remittance_line"
    DECISION = "decision"
    PROVIDER_ADJUSTMENT = "provider_adjustment"
    UNAPPLIED = "unapplied"
    REVERSAL = "reversal"


class Posting(PracticeRow):
    """One event with money in it; `cause` makes it happen once."""

    __tablename__ = "postings"
    __table_args__ = (
        within_practice("claim_id", "claims"),
        within_practice("remittance_id", "remittances"),
        within_practice("reverses_id", "postings"),
        within_practice("remittance_line_id", "remittance_lines", at_commit=True),
        UniqueConstraint("practice_id", "cause"),
        UniqueConstraint("practice_id", "reverses_id"),
        Index("ix_postings_claim", "practice_id", "claim_id"),
        Index("ix_postings_remittance", "practice_id", "remittance_id"),
    )

    kind: Mapped[PostingKind]
    cause: Mapped[str]  # kind and the id of what caused it
    claim_id: Mapped[UUID | None]
    remittance_id: Mapped[UUID | None]
    remittance_line_id: Mapped[UUID | None]
    reverses_id: Mapped[UUID | None]
    posted_on: Mapped[date]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class LedgerEntry(PracticeRow):
    """One amount from one account to another; never updated, never deleted, only reversed."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        within_practice("posting_id", "postings"),
        within_practice("claim_id", "claims"),
        within_practice("service_line_id", "service_lines"),
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("debit <> credit", name="accounts_differ"),
        Index("ix_ledger_entries_posting", "practice_id", "posting_id"),
        Index("ix_ledger_entries_claim", "practice_id", "claim_id"),
        Index("ix_ledger_entries_day", "practice_id", "posted_on"),
    )

    posting_id: Mapped[UUID]
    claim_id: Mapped[UUID | None]
    service_line_id: Mapped[UUID | None]
    debit: Mapped[Account] = mapped_column(AccountAsKey())
    credit: Mapped[Account] = mapped_column(AccountAsKey())
    amount: Mapped[Money]
    posted_on: Mapped[date]
    memo: Mapped[str] = mapped_column(default="")  # why: a rules.posting.Memo
