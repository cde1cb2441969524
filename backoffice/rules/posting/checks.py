"""Money outside any claim: what a check holds beside its claims, and cash on its way to the bank.

A check's equation: check = posted to claims - provider adjustments + unapplied + undistributed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.money import ZERO, total
from backoffice.rules.posting.accounts import (
    BANK_DEPOSIT,
    COLLECTION_FEE,
    INTEREST,
    PATIENT_CASH,
    PATIENT_RECEIVABLE,
    PAYER_CASH,
    RECOUPMENT,
    REFUND,
    UNAPPLIED,
    Account,
    Entries,
    Memo,
    move,
    payer_receivable,
)
from backoffice.rules.remittance_facts import ProviderAdjustment


class ProviderAdjustmentUndecided(Exception):
    """A provider adjustment (PLB) whose code does not say by itself whose money it is."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Provider adjustment {code} waits for a decision.")
        self.code = code


@dataclass(frozen=True)
class ProviderAdjustmentRule:
    """What we do with one PLB code, in our words; `clean` posts without anybody looking."""

    account: Account
    words: str
    clean: bool


# Every other code (J1 non-reimbursable and its many kin) is placed by a person.
PROVIDER_ADJUSTMENTS: dict[str, ProviderAdjustmentRule] = {
    "FB": ProviderAdjustmentRule(RECOUPMENT, "Balance carried forward", clean=True),
    "L6": ProviderAdjustmentRule(INTEREST, "Interest", clean=True),
    "WO": ProviderAdjustmentRule(RECOUPMENT, "Overpayment taken back", clean=False),
    "CS": ProviderAdjustmentRule(RECOUPMENT, "Adjustment by the payer", clean=False),
    "72": ProviderAdjustmentRule(REFUND, "Refund acknowledged", clean=False),
}


def provider_adjustment(found: ProviderAdjustment, *, account: Account | None = None) -> Entries:
    """Post one provider adjustment (PLB) against the payer's cash.

    A positive amount takes cash away, a negative one adds it. `account` is a person's decision;
    without it the code must be one of PROVIDER_ADJUSTMENTS, else ProviderAdjustmentUndecided.
    """
    if account is None:
        rule = PROVIDER_ADJUSTMENTS.get(found.code)
        if rule is None:
            raise ProviderAdjustmentUndecided(found.code)
        account = rule.account
    return move(account, PAYER_CASH, found.amount, Memo.PROVIDER_ADJUSTMENT)


def link_recoupment(amount: Decimal, *, order: PayerOrder) -> Entries:
    """Money taken back is found to be of this claim, which the 835 did not itself reverse.

    The payer owes the amount again, until it or a person decides what becomes of it.
    """
    return move(payer_receivable(order), RECOUPMENT, amount, Memo.RECOUPMENT_LINKED)


def undistributed(
    check_amount: Decimal,
    *,
    posted: Iterable[Decimal],
    provider_adjustments: Iterable[Decimal] = (),
    unapplied: Decimal = ZERO,
) -> Decimal:
    """What of a check (BPR02) is nowhere yet; 0.00 when the check may be closed.

    `posted` are the paid amounts posted to claims (reversals negative), `provider_adjustments`
    the PLB amounts posted (positive takes away), `unapplied` what was parked.
    """
    return check_amount - total(posted) + total(provider_adjustments) - unapplied


def park_unapplied(amount: Decimal, *, cash: Account = PAYER_CASH) -> Entries:
    """Money has come that belongs to no claim yet."""
    return move(cash, UNAPPLIED, amount, Memo.UNAPPLIED)


def apply_unapplied(amount: Decimal, *, to: Account) -> Entries:
    """Parked money is found to settle a receivable."""
    return move(UNAPPLIED, to, amount, Memo.UNAPPLIED)


def take_patient_payment(amount: Decimal) -> Entries:
    """A client pays what the client owes."""
    return move(PATIENT_CASH, PATIENT_RECEIVABLE, amount, Memo.PATIENT_PAYMENT)


def confirm_deposit(amount: Decimal, *, cash: Account = PAYER_CASH) -> Entries:
    """Cash is seen at the practice's bank."""
    return move(BANK_DEPOSIT, cash, amount, Memo.DEPOSIT)


def send_refund(amount: Decimal) -> Entries:
    """The practice gives money back; who it was owed to is settled by apply_refund or PLB 72."""
    return move(REFUND, BANK_DEPOSIT, amount, Memo.REFUND)


def apply_refund(amount: Decimal, *, to: Account) -> Entries:
    """A refund settles the credit balance it was sent for, where no PLB 72 has said so."""
    return move(to, REFUND, amount, Memo.REFUND)


def take_from_agency(collected: Decimal, *, fee: Decimal) -> Entries:
    """An agency collected from a client, kept its fee and passed on the rest."""
    return (
        *move(PATIENT_CASH, PATIENT_RECEIVABLE, collected - fee, Memo.COLLECTION),
        *move(COLLECTION_FEE, PATIENT_RECEIVABLE, fee, Memo.COLLECTION),
    )
