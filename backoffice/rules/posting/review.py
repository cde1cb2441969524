"""Which decided lines and claims may post themselves, and why the others wait for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from backoffice.rules.adjustments import Meaning, meaning_of
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.money import total
from backoffice.rules.posting.checks import PROVIDER_ADJUSTMENTS
from backoffice.rules.posting.lines import PostingTerms, negates
from backoffice.rules.remittance_facts import (
    DECIDED_AS,
    DENIED_OUTRIGHT,
    AdjudicatedClaim,
    AdjudicatedLine,
    ProviderAdjustment,
)


class ReviewReason(StrEnum):
    """Why a person has to look before anything is posted. Words are in REVIEW_WORDS."""

    # of a line
    OUT_OF_BALANCE = "out_of_balance"
    UNMATCHED_LINE = "unmatched_line"
    DENIED_LINE = "denied_line"
    UNLISTED_ADJUSTMENT = "unlisted_adjustment"
    CHANGED_PROCEDURE = "changed_procedure"
    CHARGE_DIFFERS = "charge_differs"
    OVERPAYMENT = "overpayment"
    RECEIVABLE_DIFFERS = "receivable_differs"
    EARLIER_PAYER_UNPOSTED = "earlier_payer_unposted"
    EARLIER_PAYER_DIFFERS = "earlier_payer_differs"
    NEGATIVE_AMOUNT = "negative_amount"
    NOBODY_OWES = "nobody_owes"
    DUPLICATE = "duplicate"
    NOTHING_TO_REVERSE = "nothing_to_reverse"
    REVERSAL_DIFFERS = "reversal_differs"
    # of a claim
    UNKNOWN_CLAIM = "unknown_claim"
    OTHER_PRACTICE = "other_practice"
    CLOSED_CLAIM = "closed_claim"
    REVERSAL = "reversal"
    DENIED_CLAIM = "denied_claim"
    STATUS_NEEDS_PERSON = "status_needs_person"
    ORDER_DIFFERS = "order_differs"
    CLAIM_OUT_OF_BALANCE = "claim_out_of_balance"
    CLAIM_LEVEL_ADJUSTMENT = "claim_level_adjustment"
    MISSING_LINE = "missing_line"
    # of a check
    UNLINKED_TAKE_BACK = "unlinked_take_back"
    UNKNOWN_PROVIDER_ADJUSTMENT = "unknown_provider_adjustment"


REVIEW_WORDS: dict[ReviewReason, str] = {
    ReviewReason.OUT_OF_BALANCE: "Charge less adjustments is not what was paid",
    ReviewReason.UNMATCHED_LINE: "No line of this claim matches",
    ReviewReason.DENIED_LINE: "Denied: decide what comes next",
    ReviewReason.UNLISTED_ADJUSTMENT: "An adjustment that is not contractual and not the client's",
    ReviewReason.CHANGED_PROCEDURE: "Decided under another code or modifier than we billed",
    ReviewReason.CHARGE_DIFFERS: "The charge is not what we billed",
    ReviewReason.OVERPAYMENT: "More paid than is owed",
    ReviewReason.RECEIVABLE_DIFFERS: "What is settled is not what is open",
    ReviewReason.EARLIER_PAYER_UNPOSTED: "The earlier payer's remittance is not posted yet",
    ReviewReason.EARLIER_PAYER_DIFFERS: "Counts on other payments by the earlier payer than posted",
    ReviewReason.NEGATIVE_AMOUNT: "A negative amount outside a reversal",
    ReviewReason.NOBODY_OWES: "Nothing paid, and nobody left to pay",
    ReviewReason.DUPLICATE: "This payer's decision on this line is posted already",
    ReviewReason.NOTHING_TO_REVERSE: "Takes back a decision that was never posted",
    ReviewReason.REVERSAL_DIFFERS: "Takes back other amounts than were posted",
    ReviewReason.UNKNOWN_CLAIM: "No claim of ours has this number",
    ReviewReason.OTHER_PRACTICE: "Paid to another practice than the claim's",
    ReviewReason.CLOSED_CLAIM: "The claim is closed",
    ReviewReason.REVERSAL: "Takes back an earlier payment",
    ReviewReason.DENIED_CLAIM: "Denied as a whole",
    ReviewReason.STATUS_NEEDS_PERSON: "The payer's status of this claim is no plain decision",
    ReviewReason.ORDER_DIFFERS: "Decided in another turn than we billed",
    ReviewReason.CLAIM_OUT_OF_BALANCE: "The claim does not add up",
    ReviewReason.CLAIM_LEVEL_ADJUSTMENT: "Adjusted as a whole, not line by line",
    ReviewReason.MISSING_LINE: "A line that we billed is not answered",
    ReviewReason.UNLINKED_TAKE_BACK: "Money moved for an earlier claim: link it",
    ReviewReason.UNKNOWN_PROVIDER_ADJUSTMENT: "An adjustment outside claims of an unknown kind",
}

Reasons = tuple[ReviewReason, ...]


@dataclass(frozen=True)
class LineOnBooks:
    """Our line that a decided line was matched to, as the ledger has it.

    `receivable` is open with the payer of this turn; `posted` is this payer's decision on the
    line that stands in the ledger, if any (posted, and not reversed).
    """

    charge_amount: Decimal
    procedure_code: str
    receivable: Decimal
    modifiers: tuple[str, ...] = ()
    posted: AdjudicatedLine | None = None


@dataclass(frozen=True)
class ClaimOnBooks:
    """Our claim that a decided claim was matched to.

    `lines` has one place per decided line, in their order: ours, or None where none matches;
    `unanswered` counts lines of ours without an answer here or in an earlier posting.
    `same_payee` says that the remittance's payee (N1*PE) is the claim's billing provider.
    `closed`: voided, or closed by us.
    """

    lines: tuple[LineOnBooks | None, ...]
    unanswered: int = 0
    same_payee: bool = True
    closed: bool = False


@dataclass(frozen=True)
class ClaimReview:
    """Why a decided claim waits: reasons of its own, and those of each line in order."""

    reasons: Reasons
    lines: tuple[Reasons, ...]

    @property
    def clean(self) -> bool:
        """Whether the claim may post itself, all of it."""
        return not self.reasons and not any(self.lines)


def review_line(line: AdjudicatedLine, books: LineOnBooks | None, terms: PostingTerms) -> Reasons:
    """Why a decided line may not post itself; empty when it is clean.

    Modifiers that the payer left out are tolerated; other ones, or another code, are not.
    """
    reasons = [*_form_reasons(line), *_adjustment_reasons(line, terms)]
    if books is None:
        reasons.append(ReviewReason.UNMATCHED_LINE)
    else:
        reasons += [*_identity_reasons(line, books), *_receivable_reasons(line, books, terms)]
    return _in_order(reasons)


def review_reversed_line(line: AdjudicatedLine, books: LineOnBooks | None) -> Reasons:
    """What stands against taking a line back; empty when it negates exactly what is posted."""
    if books is None:
        return (ReviewReason.UNMATCHED_LINE,)
    if books.posted is None:
        return (ReviewReason.NOTHING_TO_REVERSE,)
    return () if negates(line, books.posted) else (ReviewReason.REVERSAL_DIFFERS,)


def is_clean(line: AdjudicatedLine, books: LineOnBooks | None, terms: PostingTerms) -> bool:
    """Whether a decided line may post itself."""
    return not review_line(line, books, terms)


def review_claim(
    claim: AdjudicatedClaim, books: ClaimOnBooks | None, terms: PostingTerms
) -> ClaimReview:
    """Why a decided claim may not post itself; clean when nothing is found on it or its lines.

    A reversal always waits for a person; its lines then say only what stands against it.
    """
    reasons = [*_decision_reasons(claim, terms), *_match_reasons(claim, books)]
    ours = books.lines if books else (None,) * len(claim.lines)
    pairs = zip(claim.lines, ours, strict=True)
    if claim.is_reversal:
        lines = tuple(review_reversed_line(line, our) for line, our in pairs)
    else:
        lines = tuple(review_line(line, our, terms) for line, our in pairs)
    return ClaimReview(_in_order(reasons), lines)


def review_provider_adjustment(found: ProviderAdjustment) -> Reasons:
    """Why a provider adjustment (PLB) needs a person; empty when it posts itself."""
    rule = PROVIDER_ADJUSTMENTS.get(found.code)
    if rule is None:
        return (ReviewReason.UNKNOWN_PROVIDER_ADJUSTMENT,)
    return () if rule.clean else (ReviewReason.UNLINKED_TAKE_BACK,)


def _decision_reasons(claim: AdjudicatedClaim, terms: PostingTerms) -> list[ReviewReason]:
    reasons = []
    if claim.is_reversal:
        reasons.append(ReviewReason.REVERSAL)
    elif claim.status_code == DENIED_OUTRIGHT:
        reasons.append(ReviewReason.DENIED_CLAIM)
    elif claim.status_code not in DECIDED_AS:
        reasons.append(ReviewReason.STATUS_NEEDS_PERSON)
    elif DECIDED_AS[claim.status_code] is not terms.order:
        reasons.append(ReviewReason.ORDER_DIFFERS)
    if not claim.adds_up:
        reasons.append(ReviewReason.CLAIM_OUT_OF_BALANCE)
    if any(each.amount != 0 for each in claim.adjustments):
        reasons.append(ReviewReason.CLAIM_LEVEL_ADJUSTMENT)
    return reasons


def _match_reasons(claim: AdjudicatedClaim, books: ClaimOnBooks | None) -> list[ReviewReason]:
    if books is None:
        return [ReviewReason.UNKNOWN_CLAIM]
    reasons = []
    if not books.same_payee:
        reasons.append(ReviewReason.OTHER_PRACTICE)
    if books.closed:
        reasons.append(ReviewReason.CLOSED_CLAIM)
    if books.unanswered or not claim.lines:
        reasons.append(ReviewReason.MISSING_LINE)
    return reasons


def _form_reasons(line: AdjudicatedLine) -> list[ReviewReason]:
    reasons = []
    if not line.adds_up:
        reasons.append(ReviewReason.OUT_OF_BALANCE)
    amounts = [line.charge_amount, line.paid_amount, *(each.amount for each in line.adjustments)]
    if min(amounts) < 0:
        reasons.append(ReviewReason.NEGATIVE_AMOUNT)
    if line.paid_amount > line.charge_amount:
        reasons.append(ReviewReason.OVERPAYMENT)
    return reasons


def _adjustment_reasons(line: AdjudicatedLine, terms: PostingTerms) -> list[ReviewReason]:
    meanings = {meaning for meaning, amount in _meant(line, terms) if amount != 0}
    if Meaning.REVIEW in meanings:
        paid_nothing = line.paid_amount == 0
        return [ReviewReason.DENIED_LINE if paid_nothing else ReviewReason.UNLISTED_ADJUSTMENT]
    somebody = line.paid_amount != 0 or meanings & {Meaning.PATIENT, Meaning.NEUTRAL}
    return [] if somebody else [ReviewReason.NOBODY_OWES]


def _identity_reasons(line: AdjudicatedLine, books: LineOnBooks) -> list[ReviewReason]:
    reasons = []
    echoed = set(line.modifiers) <= set(books.modifiers)
    if line.procedure_code != books.procedure_code or not echoed:
        reasons.append(ReviewReason.CHANGED_PROCEDURE)
    if line.charge_amount != books.charge_amount:
        reasons.append(ReviewReason.CHARGE_DIFFERS)
    return reasons


def _receivable_reasons(
    line: AdjudicatedLine, books: LineOnBooks, terms: PostingTerms
) -> list[ReviewReason]:
    """What is settled now must be what is open now; on a later payer, in its own words."""
    if books.posted is not None:
        return [ReviewReason.DUPLICATE]
    later = terms.order is not PayerOrder.PRIMARY
    if later and books.receivable == 0:
        return [ReviewReason.EARLIER_PAYER_UNPOSTED]
    if line.paid_amount > books.receivable:
        return [ReviewReason.OVERPAYMENT]
    neutral = total(amount for meaning, amount in _meant(line, terms) if meaning is Meaning.NEUTRAL)
    if line.charge_amount - neutral == books.receivable:
        return []
    return [ReviewReason.EARLIER_PAYER_DIFFERS if later else ReviewReason.RECEIVABLE_DIFFERS]


def _meant(line: AdjudicatedLine, terms: PostingTerms) -> list[tuple[Meaning, Decimal]]:
    return [
        (
            meaning_of(
                each.group,
                each.reason,
                order=terms.order,
                also_contractual=terms.also_contractual,
            ),
            each.amount,
        )
        for each in line.adjustments
    ]


def _in_order(reasons: Sequence[ReviewReason]) -> Reasons:
    return tuple(reason for reason in ReviewReason if reason in reasons)
