"""A service line's money: charged, split by what the payer decided, and posted as entries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from backoffice.rules.adjustments import Meaning, meaning_of
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.money import ZERO
from backoffice.rules.posting.accounts import (
    CHARGES,
    CONTRACTUAL,
    DENIED_UNDECIDED,
    PATIENT_RECEIVABLE,
    PAYER_CASH,
    Account,
    Entries,
    Memo,
    WriteOffReason,
    move,
    payer_receivable,
    write_off,
)
from backoffice.rules.remittance_facts import AdjudicatedLine


class Disposition(StrEnum):
    """Where one adjusted amount goes. A write-off is not among them: it is a step of its own."""

    CONTRACTUAL = "contractual"
    PATIENT = "patient"
    SETTLED_EARLIER = "settled_earlier"  # by an earlier payer: no entry
    DENIED = "denied"  # stays receivable, undecided


class LineOutOfBalance(Exception):
    """Charge less adjustments is not what was paid; the line is never repaired."""


class AdjustmentUndecided(Exception):
    """An adjustment that only a person can place has not been placed."""

    def __init__(self, index: int) -> None:
        super().__init__(f"Adjustment {index} of the line waits for a decision.")
        self.index = index


_NOTHING_DECIDED: Mapping[int, Disposition] = MappingProxyType({})

_SELF_DECIDING = {
    Meaning.CONTRACTUAL: Disposition.CONTRACTUAL,
    Meaning.PATIENT: Disposition.PATIENT,
    Meaning.NEUTRAL: Disposition.SETTLED_EARLIER,
}


@dataclass(frozen=True)
class PostingTerms:
    """Under which terms a line is posted.

    `order` is the payer's turn; `also_contractual` what its contract adds (group, CARC);
    `decisions` a person's word by the adjustment's place in the line (from 0), which outranks the
    code's own meaning; `patient_to` who owes the client's share next: the client, or the
    receivable of the next payer while there is one to bill.
    """

    order: PayerOrder
    also_contractual: Collection[tuple[str, str]] = ()
    decisions: Mapping[int, Disposition] = field(default_factory=lambda: _NOTHING_DECIDED)
    patient_to: Account = PATIENT_RECEIVABLE


@dataclass(frozen=True)
class LineSplit:
    """A line's charge by where it went; the five parts always make the charge."""

    paid: Decimal
    contractual: Decimal
    patient: Decimal
    settled_earlier: Decimal
    denied: Decimal

    @property
    def charge(self) -> Decimal:
        """The whole: paid + contractual + patient + settled earlier + denied."""
        return self.settled_now + self.settled_earlier

    @property
    def settled_now(self) -> Decimal:
        """What leaves this payer's receivable."""
        return self.paid + self.contractual + self.patient + self.denied


def charge_line(amount: Decimal, *, order: PayerOrder = PayerOrder.PRIMARY) -> Entries:
    """A line is charged, when its claim is first released: the payer owes it."""
    return move(payer_receivable(order), CHARGES, amount, Memo.CHARGE)


def split_line(line: AdjudicatedLine, terms: PostingTerms) -> LineSplit:
    """Divide a line's charge by where each part goes.

    Raises LineOutOfBalance, and AdjustmentUndecided where a decision is missing.
    """
    if not line.adds_up:
        raise LineOutOfBalance
    parts = dict.fromkeys(Disposition, ZERO)
    for index, adjustment in enumerate(line.adjustments):
        if adjustment.amount != 0:
            parts[_disposition(line, index, terms)] += adjustment.amount
    return LineSplit(
        paid=line.paid_amount,
        contractual=parts[Disposition.CONTRACTUAL],
        patient=parts[Disposition.PATIENT],
        settled_earlier=parts[Disposition.SETTLED_EARLIER],
        denied=parts[Disposition.DENIED],
    )


def post_line(line: AdjudicatedLine, terms: PostingTerms) -> Entries:
    """Post what a payer decided on one line.

    All but what an earlier payer settled leaves this payer's receivable. A line with every amount
    negated (a reversal) posts the exact mirror, given the terms of the posting it takes back.
    Raises as split_line does.
    """
    split = split_line(line, terms)
    owed = payer_receivable(terms.order)
    return (
        *move(PAYER_CASH, owed, split.paid, Memo.PAYMENT),
        *move(CONTRACTUAL, owed, split.contractual, Memo.CONTRACTUAL),
        *move(terms.patient_to, owed, split.patient, Memo.PATIENT_SHARE),
        *move(DENIED_UNDECIDED, owed, split.denied, Memo.DENIAL),
    )


def kept_as_denied(line: AdjudicatedLine, terms: PostingTerms) -> dict[int, Disposition]:
    """The decisions of `terms`, with every adjustment left undecided kept receivable as denied."""
    decided = dict(terms.decisions)
    for index, adjustment in enumerate(line.adjustments):
        meaning = meaning_of(
            adjustment.group,
            adjustment.reason,
            order=terms.order,
            also_contractual=terms.also_contractual,
        )
        if meaning is Meaning.REVIEW:
            decided.setdefault(index, Disposition.DENIED)
    return decided


def negates(reversal: AdjudicatedLine, original: AdjudicatedLine) -> bool:
    """Whether a reversal takes back exactly what was decided: each amount, negated."""

    def key(line: AdjudicatedLine, sign: int) -> list[tuple[str, str, Decimal]]:
        return sorted(
            (each.group, each.reason, sign * each.amount)
            for each in line.adjustments
            if each.amount != 0
        )

    return (
        reversal.charge_amount == -original.charge_amount
        and reversal.paid_amount == -original.paid_amount
        and key(reversal, -1) == key(original, 1)
    )


def write_off_denied(amount: Decimal, *, reason: WriteOffReason) -> Entries:
    """A person gives a denied amount up: the only way from a denial to a write-off."""
    return move(write_off(reason), DENIED_UNDECIDED, amount, Memo.DENIAL_DECIDED)


def bill_denied_again(amount: Decimal, *, order: PayerOrder) -> Entries:
    """A denied amount is with a payer again: corrected, appealed, or the next payer's turn."""
    return move(payer_receivable(order), DENIED_UNDECIDED, amount, Memo.DENIAL_DECIDED)


def give_denied_to_patient(amount: Decimal) -> Entries:
    """A person finds that a denied amount is the client's to pay."""
    return move(PATIENT_RECEIVABLE, DENIED_UNDECIDED, amount, Memo.DENIAL_DECIDED)


def write_off_patient(amount: Decimal, *, reason: WriteOffReason) -> Entries:
    """A person gives up what a client owes, for a reason."""
    return move(write_off(reason), PATIENT_RECEIVABLE, amount, Memo.WRITE_OFF)


def pass_on(amount: Decimal, *, from_order: PayerOrder, to_order: PayerOrder) -> Entries:
    """What one payer leaves open becomes the next payer's to answer."""
    return move(payer_receivable(to_order), payer_receivable(from_order), amount, Memo.NEXT_PAYER)


def release_to_patient(amount: Decimal, *, from_order: PayerOrder) -> Entries:
    """No further payer will be billed: what waited for one becomes the client's."""
    return move(PATIENT_RECEIVABLE, payer_receivable(from_order), amount, Memo.PATIENT_SHARE)


def _disposition(line: AdjudicatedLine, index: int, terms: PostingTerms) -> Disposition:
    if index in terms.decisions:
        return terms.decisions[index]
    adjustment = line.adjustments[index]
    meaning = meaning_of(
        adjustment.group,
        adjustment.reason,
        order=terms.order,
        also_contractual=terms.also_contractual,
    )
    if meaning is Meaning.REVIEW:
        raise AdjustmentUndecided(index)
    return _SELF_DECIDING[meaning]
