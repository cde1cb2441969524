"""What an answer from outside says has happened: responses, 999, 277CA and 835, as ClaimEvents.

What an answer does to a claim is claim_status.step's to say. An answer that is unknown, or that
contradicts itself, is NEEDS_PERSON: kept, shown raw, and never guessed.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Final

from backoffice.rules.adjustments import Meaning, meaning_of
from backoffice.rules.claim_facts import AdjustmentFacts, PayerOrder
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.remittance_facts import (
    DECIDED_AS,
    DENIED_OUTRIGHT,
    REVERSAL,
    AdjudicatedClaim,
    AdjudicatedLine,
)


class Unclear(Enum):
    """The one member says that no event can be told from an answer."""

    NEEDS_PERSON = "needs_person"


NEEDS_PERSON: Final = Unclear.NEEDS_PERSON


class Speaker(StrEnum):
    """Who gave an answer. UNSAID counts as the clearinghouse: no acceptance is assumed."""

    CLEARINGHOUSE = "clearinghouse"
    PAYER = "payer"
    UNSAID = "unsaid"


_ACK = ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE

# STC01-1 of a 277CA. A4 (not found) and whatever isn't here needs a person.
_CATEGORIES: dict[str, ClaimEvent] = {
    "A0": ClaimEvent.RECEIVED_BY_PAYER,
    "A1": ClaimEvent.RECEIVED_BY_PAYER,
    "A2": ClaimEvent.ACCEPTED,
    "A5": ClaimEvent.ACCEPTED,  # split on acceptance: several payer numbers follow
    "A3": ClaimEvent.REJECTED,  # returned unprocessable; pages that call it accepted are wrong
    "A6": ClaimEvent.REJECTED,
    "A7": ClaimEvent.REJECTED,
    "A8": ClaimEvent.REJECTED,
}
_PENDING = re.compile(r"P\d{1,2}")
_REQUEST = re.compile(r"R\d{1,2}")
_TAKEN = frozenset({ClaimEvent.RECEIVED_BY_PAYER, ClaimEvent.ACCEPTED})

# IK5 (and AK9) of a 999; M, W and X are failures of security checks: refused as well.
_SETS_TAKEN = frozenset({"A", "E"})
_SETS_REFUSED = frozenset({"R", "M", "W", "X"})


def event_of_category(category: str, *, speaker: Speaker) -> ClaimEvent | Unclear:
    """What a claim status category (STC01-1 of a 277CA or 277) says.

    An acceptance by anybody but the payer means only that the clearinghouse has the claim.
    """
    if _PENDING.fullmatch(category):
        return ClaimEvent.PENDING_AT_PAYER
    if _REQUEST.fullmatch(category):
        return ClaimEvent.MORE_INFO_REQUIRED
    event = _CATEGORIES.get(category)
    if event is None:
        return NEEDS_PERSON
    return _ACK if event in _TAKEN and speaker is not Speaker.PAYER else event


def event_of_277(
    categories: Collection[str], *, action: str = "", speaker: Speaker
) -> ClaimEvent | Unclear:
    """What one claim's STC says: its categories (STC01, 10 and 11) and its action (STC03).

    `action` is WQ (accepted) or U (rejected), or empty. Codes that lead to different events, and
    an action that denies its codes, need a person.
    """
    events = {event_of_category(category, speaker=speaker) for category in categories}
    if len(events) != 1:
        return NEEDS_PERSON
    event = events.pop()
    rejects = event is ClaimEvent.REJECTED
    if (action == "U" and not rejects) or (action == "WQ" and rejects):
        return NEEDS_PERSON
    return event


def event_of_response(status: str, *, category: str = "", speaker: Speaker) -> ClaimEvent | Unclear:
    """What one message of a clearinghouse's response row says.

    `status` is the vendor's letter: A accepted so far, R rejected [verified]; `category` is the
    X12 category where the message carries one, and then says more than the letter. A payer's A
    without a category is no more than its receipt. Letter and category at odds need a person.
    """
    if not category:
        if status == "R":
            return ClaimEvent.REJECTED
        if status != "A":
            return NEEDS_PERSON
        return ClaimEvent.RECEIVED_BY_PAYER if speaker is Speaker.PAYER else _ACK
    event = event_of_category(category, speaker=speaker)
    rejects = event is ClaimEvent.REJECTED
    if (status == "R" and not rejects) or (status == "A" and rejects):
        return NEEDS_PERSON
    return event


def event_of_999(code: str) -> ClaimEvent | Unclear:
    """What a transaction set's acknowledgement (IK501, or AK901 for a whole group) says.

    Taken, with errors noted or not (A, E): the claims stay submitted. Refused (R, M, W, X): none
    of its claims was read. P (partial) is said of groups only: look at each set.
    """
    if code in _SETS_TAKEN:
        return _ACK
    if code in _SETS_REFUSED:
        return ClaimEvent.REJECTED
    return NEEDS_PERSON


class RemittanceOutcome(StrEnum):
    """What a payer's decision on a claim comes to (CLP with its CAS)."""

    PAID = "paid"
    DEDUCTIBLE = "deductible"
    DENIED = "denied"
    REVERSED = "reversed"
    FORWARDED_NOT_OURS = "forwarded_not_ours"
    NEEDS_PERSON = "needs_person"


_EVENT_OF_OUTCOME: dict[RemittanceOutcome, ClaimEvent] = {
    RemittanceOutcome.PAID: ClaimEvent.PAID,
    RemittanceOutcome.DEDUCTIBLE: ClaimEvent.APPLIED_TO_DEDUCTIBLE,
    RemittanceOutcome.DENIED: ClaimEvent.DENIED,
    RemittanceOutcome.REVERSED: ClaimEvent.REVERSED,
}


@dataclass(frozen=True)
class Decision:
    """A payer's decision: the outcome of the claim, and which of its lines (from 0) were denied.

    A paid claim with denied lines is Paid, "1 of 3 lines"; its denied lines wait for a person.
    """

    outcome: RemittanceOutcome
    denied_lines: tuple[int, ...] = ()

    @property
    def event(self) -> ClaimEvent | Unclear:
        """What the decision does to the claim; a claim passed on unread needs a person."""
        return _EVENT_OF_OUTCOME.get(self.outcome, NEEDS_PERSON)


def decision_of(
    claim: AdjudicatedClaim,
    *,
    order: PayerOrder,
    also_contractual: Collection[tuple[str, str]] = (),
) -> Decision:
    """What the payer, asked in turn `order`, decided on `claim`.

    Denied is CLP02 4, or 1-3 and 19-21 with nothing paid and an adjustment that is neither
    contractual, nor the client's share, nor an earlier payer's. Nothing paid and all of it the
    client's is Deductible. On a later payer, nothing paid because an earlier one had settled it
    (OA-23) is Paid: nobody owes more. 25 (predetermination), other codes, sums that do not add
    up and signs that do not fit need a person.
    """
    outcome = _outcome(claim, _meanings(claim, order, also_contractual))
    if outcome in {RemittanceOutcome.PAID, RemittanceOutcome.DENIED}:
        return Decision(
            outcome, denied_lines(claim, order=order, also_contractual=also_contractual)
        )
    return Decision(outcome)


def denied_lines(
    claim: AdjudicatedClaim,
    *,
    order: PayerOrder,
    also_contractual: Collection[tuple[str, str]] = (),
) -> tuple[int, ...]:
    """Which lines (from 0) got nothing for a reason that a person has to look at."""

    def is_denied(line: AdjudicatedLine) -> bool:
        return line.paid_amount == 0 and any(
            meaning is Meaning.REVIEW
            for meaning in _meanings_of(line.adjustments, order, also_contractual)
        )

    return tuple(index for index, line in enumerate(claim.lines) if is_denied(line))


def event_of_ledger(*, paid: Decimal, patient: Decimal, denied: Decimal) -> ClaimEvent | None:
    """What the ledger still holds of a claim after a reversal, or None: with the payer again.

    The amounts are what remains posted of this attempt: payer's cash, client's share, denied.
    """
    if paid > 0:
        return ClaimEvent.PAID
    if patient > 0:
        return ClaimEvent.APPLIED_TO_DEDUCTIBLE
    return ClaimEvent.DENIED if denied > 0 else None


def _outcome(claim: AdjudicatedClaim, meanings: set[Meaning]) -> RemittanceOutcome:
    if claim.status_code == REVERSAL:
        taken_back = claim.charge_amount <= 0 and claim.paid_amount <= 0 and claim.adds_up
        return RemittanceOutcome.REVERSED if taken_back else RemittanceOutcome.NEEDS_PERSON
    if claim.status_code == "23":
        return RemittanceOutcome.FORWARDED_NOT_OURS
    if claim.status_code == DENIED_OUTRIGHT:
        nothing_paid = claim.paid_amount == 0
        return RemittanceOutcome.DENIED if nothing_paid else RemittanceOutcome.NEEDS_PERSON
    if claim.status_code in DECIDED_AS and claim.adds_up and claim.paid_amount >= 0:
        return RemittanceOutcome.PAID if claim.paid_amount > 0 else _unpaid(meanings)
    return RemittanceOutcome.NEEDS_PERSON


def _unpaid(meanings: set[Meaning]) -> RemittanceOutcome:
    if Meaning.REVIEW in meanings:
        return RemittanceOutcome.DENIED
    if Meaning.PATIENT in meanings:
        return RemittanceOutcome.DEDUCTIBLE
    if Meaning.NEUTRAL in meanings:
        return RemittanceOutcome.PAID
    # Everything given up by contract and nobody to pay: no contract says that.
    return RemittanceOutcome.NEEDS_PERSON


def _meanings(
    claim: AdjudicatedClaim, order: PayerOrder, also: Collection[tuple[str, str]]
) -> set[Meaning]:
    return _meanings_of(tuple(claim.every_adjustment()), order, also)


def _meanings_of(
    adjustments: tuple[AdjustmentFacts, ...], order: PayerOrder, also: Collection[tuple[str, str]]
) -> set[Meaning]:
    return {
        meaning_of(each.group, each.reason, order=order, also_contractual=also)
        for each in adjustments
        if each.amount != 0
    }
