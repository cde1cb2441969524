"""The accounts of a practice's ledger and its entries: each entry balances by construction."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.money import ZERO, is_whole_cents


class AccountKind(StrEnum):
    """What an account collects; which side it grows on is said beside it."""

    CHARGES = "charges"  # credit: what the practice charged
    PAYER_RECEIVABLE = "payer_receivable"  # debit: owed by the payer of one turn
    PATIENT_RECEIVABLE = "patient_receivable"  # debit: owed by the client
    DENIED_UNDECIDED = "denied_undecided"  # debit: refused by a payer, still receivable
    CONTRACTUAL = "contractual"  # debit: given up by contract
    WRITE_OFF = "write_off"  # debit: given up by a person, for one reason
    PAYER_CASH = "payer_cash"  # debit: paid by payers, not yet seen at the bank
    PATIENT_CASH = "patient_cash"  # debit: paid by clients, not yet seen at the bank
    BANK_DEPOSIT = "bank_deposit"  # debit: seen at the bank
    UNAPPLIED = "unapplied"  # credit: received, not yet anybody's
    RECOUPMENT = "recoupment"  # debit: taken back, not yet linked to a claim; credit: owed forward
    REFUND = "refund"  # debit: given back, not yet acknowledged
    INTEREST = "interest"  # credit: paid by a payer for being late
    COLLECTION_FEE = "collection_fee"  # debit: kept by a collection agency


RECEIVABLES = frozenset(
    {
        AccountKind.PAYER_RECEIVABLE,
        AccountKind.PATIENT_RECEIVABLE,
        AccountKind.DENIED_UNDECIDED,
    }
)


class WriteOffReason(StrEnum):
    """Why a person gave money up; reported apart, or denials would hide in adjustments."""

    TIMELY_FILING = "timely_filing"
    NO_AUTHORIZATION = "no_authorization"
    NOT_COVERED = "not_covered"
    NOT_ELIGIBLE = "not_eligible"
    NOT_ENROLLED = "not_enrolled"
    MEDICAL_NECESSITY = "medical_necessity"
    BUNDLED = "bundled"
    CHARGED_IN_ERROR = "charged_in_error"
    SMALL_BALANCE = "small_balance"
    HARDSHIP = "hardship"
    BAD_DEBT = "bad_debt"
    OTHER = "other"


class NotAnAccount(ValueError):
    """The parts or the key do not name an account."""


@dataclass(frozen=True)
class Account:
    """One account: a kind, with the payer's turn or the reason where the kind has them."""

    kind: AccountKind
    order: PayerOrder | None = None
    reason: WriteOffReason | None = None

    def __post_init__(self) -> None:
        by_order = self.kind is AccountKind.PAYER_RECEIVABLE
        by_reason = self.kind is AccountKind.WRITE_OFF
        if (self.order is not None) != by_order or (self.reason is not None) != by_reason:
            raise NotAnAccount(f"{self.kind.value} with order {self.order}, reason {self.reason}")

    @property
    def key(self) -> str:
        """The account as one word to store: `payer_receivable:P`, `write_off:bundled`, `charges`.

        At most 32 characters.
        """
        part = self.order or self.reason
        return f"{self.kind.value}:{part.value}" if part else self.kind.value

    @classmethod
    def from_key(cls, key: str) -> "Account":
        """The account stored as `key`. Raises NotAnAccount."""
        name, _, part = key.partition(":")
        try:
            kind = AccountKind(name)
            order = PayerOrder(part) if kind is AccountKind.PAYER_RECEIVABLE else None
            reason = WriteOffReason(part) if kind is AccountKind.WRITE_OFF else None
        except ValueError as unknown:
            raise NotAnAccount(key) from unknown
        account = cls(kind, order, reason)
        if account.key != key:
            raise NotAnAccount(key)
        return account

    def __str__(self) -> str:
        return self.key


CHARGES = Account(AccountKind.CHARGES)
PATIENT_RECEIVABLE = Account(AccountKind.PATIENT_RECEIVABLE)
DENIED_UNDECIDED = Account(AccountKind.DENIED_UNDECIDED)
CONTRACTUAL = Account(AccountKind.CONTRACTUAL)
PAYER_CASH = Account(AccountKind.PAYER_CASH)
PATIENT_CASH = Account(AccountKind.PATIENT_CASH)
BANK_DEPOSIT = Account(AccountKind.BANK_DEPOSIT)
UNAPPLIED = Account(AccountKind.UNAPPLIED)
RECOUPMENT = Account(AccountKind.RECOUPMENT)
REFUND = Account(AccountKind.REFUND)
INTEREST = Account(AccountKind.INTEREST)
COLLECTION_FEE = Account(AccountKind.COLLECTION_FEE)


def payer_receivable(order: PayerOrder) -> Account:
    """What the payer of one turn owes."""
    return Account(AccountKind.PAYER_RECEIVABLE, order=order)


def write_off(reason: WriteOffReason) -> Account:
    """What was given up for one reason."""
    return Account(AccountKind.WRITE_OFF, reason=reason)


class Memo(StrEnum):
    """Why an entry was made."""

    CHARGE = "charge"
    PAYMENT = "payment"
    CONTRACTUAL = "contractual"
    PATIENT_SHARE = "patient_share"
    DENIAL = "denial"
    DENIAL_DECIDED = "denial_decided"
    WRITE_OFF = "write_off"
    NEXT_PAYER = "next_payer"
    REVERSAL = "reversal"
    PATIENT_PAYMENT = "patient_payment"
    UNAPPLIED = "unapplied"
    PROVIDER_ADJUSTMENT = "provider_adjustment"
    RECOUPMENT_LINKED = "recoupment_linked"
    REFUND = "refund"
    DEPOSIT = "deposit"
    COLLECTION = "collection"


class NotAnEntry(ValueError):
    """An entry needs two accounts and an amount of whole cents above zero."""


@dataclass(frozen=True)
class Entry:
    """One move of money: `amount` dollars into the debit account, out of the credit account."""

    debit: Account
    credit: Account
    amount: Decimal
    memo: Memo

    def __post_init__(self) -> None:
        if self.debit == self.credit or not is_whole_cents(self.amount) or self.amount <= 0:
            raise NotAnEntry(f"{self.debit} and {self.credit}")


Entries = tuple[Entry, ...]


def move(debit: Account, credit: Account, amount: Decimal, memo: Memo) -> Entries:
    """Move a signed amount: a negative one goes the other way, none leaves no entry."""
    if amount == 0:
        return ()
    if amount < 0:
        return (Entry(credit, debit, -amount, memo),)
    return (Entry(debit, credit, amount, memo),)


def reverse(entries: Iterable[Entry]) -> Entries:
    """The mirror of each entry, in reverse order: every balance returns to where it was.

    What a person decided about a posted line (a write-off, say) stands on the posting and is to
    be reversed with it.
    """
    return tuple(
        Entry(entry.credit, entry.debit, entry.amount, Memo.REVERSAL)
        for entry in reversed(tuple(entries))
    )


def balances(entries: Iterable[Entry]) -> dict[Account, Decimal]:
    """Each account's debits less its credits; accounts at zero are left out."""
    sums: defaultdict[Account, Decimal] = defaultdict(lambda: ZERO)
    for entry in entries:
        sums[entry.debit] += entry.amount
        sums[entry.credit] -= entry.amount
    return {account: amount for account, amount in sums.items() if amount != 0}


def balance_of(account: Account, entries: Iterable[Entry]) -> Decimal:
    """One account's debits less its credits."""
    return balances(entries).get(account, ZERO)


def receivable_of(entries: Iterable[Entry]) -> Decimal:
    """What is still owed by anybody, denied amounts included."""
    found = balances(entries)
    return sum((sum_ for account, sum_ in found.items() if account.kind in RECEIVABLES), ZERO)
