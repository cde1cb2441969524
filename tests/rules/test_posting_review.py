"""What may post itself, and each reason for which a person has to look first."""

from dataclasses import replace
from decimal import Decimal

import pytest

from backoffice.rules.claim_facts import AdjustmentFacts, PayerOrder
from backoffice.rules.money import dollars
from backoffice.rules.posting import (
    REVIEW_WORDS,
    ClaimOnBooks,
    LineOnBooks,
    PostingTerms,
    ReviewReason,
    is_clean,
    post_line,
    review_claim,
    review_line,
)
from backoffice.rules.remittance_facts import AdjudicatedClaim, AdjudicatedLine

Why = ReviewReason
PRIMARY = PostingTerms(PayerOrder.PRIMARY)
SECONDARY = PostingTerms(PayerOrder.SECONDARY)


def line(charge: str, paid: str, adjustments: str = "", code: str = "90837") -> AdjudicatedLine:
    parts = [part.replace("-", ":", 1).split(":") for part in adjustments.split()]
    return AdjudicatedLine(
        dollars(charge),
        dollars(paid),
        tuple(AdjustmentFacts(group, why, dollars(amount)) for group, why, amount in parts),
        procedure_code=code,
    )


def ours(charge: str, receivable: str | None = None) -> LineOnBooks:
    return LineOnBooks(
        dollars(charge), "90837", dollars(receivable or charge), modifiers=("95", "HO")
    )


def claim(*lines: AdjudicatedLine, status: str = "1") -> AdjudicatedClaim:
    return AdjudicatedClaim(
        "C1",
        status,
        sum((each.charge_amount for each in lines), Decimal("0.00")),
        sum((each.paid_amount for each in lines), Decimal("0.00")),
        lines,
    )


GOOD = line("100", "70", "CO-45:20 PR-3:10")


@pytest.mark.parametrize(
    "adjustments", ["CO-45:20", "CO-253:20", "PR-1:20", "PR-2:10 PR-3:10", "CO-45:5 PR-1:15"]
)
def test_a_line_with_listed_adjustments_only_is_clean(adjustments: str) -> None:
    assert is_clean(line("100", "80", adjustments), ours("100"), PRIMARY)


def test_nothing_paid_and_all_to_the_deductible_is_clean() -> None:
    assert is_clean(line("100", "0", "CO-45:20 PR-1:80"), ours("100"), PRIMARY)


def test_what_is_clean_posts_without_a_decision() -> None:
    assert is_clean(GOOD, ours("100"), PRIMARY)
    assert len(post_line(GOOD, PRIMARY)) == 3


@pytest.mark.parametrize(
    ("decided", "reasons"),
    [
        (line("100", "0", "CO-50:100"), (Why.DENIED_LINE,)),
        (line("100", "0", "PR-204:100"), (Why.DENIED_LINE,)),
        (line("100", "0", "OA-18:100"), (Why.DENIED_LINE,)),
        (line("100", "60", "CO-45:20 CO-151:20"), (Why.UNLISTED_ADJUSTMENT,)),
        (line("100", "80", "OA-23:20"), (Why.UNLISTED_ADJUSTMENT,)),
        (line("100", "80", "CO-45:20", code="90834"), (Why.CHANGED_PROCEDURE,)),
        (line("100", "80", "CO-45:15"), (Why.OUT_OF_BALANCE,)),
        (line("100", "120", "CO-45:-20"), (Why.OVERPAYMENT, Why.NEGATIVE_AMOUNT)),
        (line("100", "0", "CO-45:100"), (Why.NOBODY_OWES,)),
    ],
)
def test_a_line_waits_for_its_reason(
    decided: AdjudicatedLine, reasons: tuple[ReviewReason, ...]
) -> None:
    assert review_line(decided, ours("100"), PRIMARY) == reasons


def test_a_line_of_another_charge_waits() -> None:
    reasons = review_line(line("90", "80", "CO-45:10"), ours("100"), PRIMARY)

    assert reasons == (Why.CHARGE_DIFFERS, Why.RECEIVABLE_DIFFERS)


def test_a_line_without_one_of_ours_waits() -> None:
    assert review_line(GOOD, None, PRIMARY) == (Why.UNMATCHED_LINE,)


def test_a_modifier_that_the_payer_left_out_is_tolerated_and_another_is_not() -> None:
    echoed = replace(GOOD, modifiers=("HO",))
    other = replace(GOOD, modifiers=("GT",))

    assert review_line(echoed, ours("100"), PRIMARY) == ()
    assert review_line(other, ours("100"), PRIMARY) == (Why.CHANGED_PROCEDURE,)


def test_the_same_decision_twice_is_a_duplicate() -> None:
    posted = replace(ours("100", "0.00"), posted=GOOD)

    assert review_line(GOOD, posted, PRIMARY) == (Why.DUPLICATE,)


def test_more_paid_than_is_open_is_an_overpayment() -> None:
    assert review_line(line("100", "80", "CO-45:20"), ours("100", "30"), PRIMARY) == (
        Why.OVERPAYMENT,
    )


def test_a_line_paid_in_full_is_clean() -> None:
    assert is_clean(line("100", "100"), ours("100"), PRIMARY)


def test_a_primary_payment_with_nothing_open_is_an_overpayment() -> None:
    assert review_line(GOOD, ours("100", "0.00"), PRIMARY) == (Why.OVERPAYMENT,)


def test_a_secondary_is_clean_when_it_counts_what_the_primary_settled() -> None:
    decided = line("150", "15", "OA-23:130 PR-3:5")

    assert is_clean(decided, ours("150", "20"), SECONDARY)


def test_a_secondary_before_its_primary_waits() -> None:
    reasons = review_line(line("150", "15", "OA-23:130 PR-3:5"), ours("150", "0.00"), SECONDARY)

    assert reasons == (Why.EARLIER_PAYER_UNPOSTED,)


def test_a_secondary_that_counts_other_payments_than_posted_waits() -> None:
    """Its CO-45 repeats what the primary wrote off: nothing tells how much, so nobody guesses."""
    reasons = review_line(
        line("150", "15", "OA-23:80 CO-45:50 PR-3:5"), ours("150", "20"), SECONDARY
    )

    assert reasons == (Why.EARLIER_PAYER_DIFFERS,)


def test_a_claim_whose_lines_are_all_clean_is_clean() -> None:
    review = review_claim(claim(GOOD, GOOD), ClaimOnBooks((ours("100"), ours("100"))), PRIMARY)

    assert review.clean
    assert review.lines == ((), ())


def test_one_denied_line_keeps_a_claim_from_posting_itself() -> None:
    decided = claim(GOOD, line("50", "0", "CO-97:50"))

    review = review_claim(decided, ClaimOnBooks((ours("100"), ours("50"))), PRIMARY)

    assert not review.clean
    assert review.reasons == ()
    assert review.lines == ((), (Why.DENIED_LINE,))


@pytest.mark.parametrize(
    ("decided", "books", "reasons"),
    [
        (claim(GOOD), None, (Why.UNKNOWN_CLAIM,)),
        (claim(GOOD), ClaimOnBooks((ours("100"),), same_payee=False), (Why.OTHER_PRACTICE,)),
        (claim(GOOD), ClaimOnBooks((ours("100"),), closed=True), (Why.CLOSED_CLAIM,)),
        (claim(GOOD), ClaimOnBooks((ours("100"),), unanswered=1), (Why.MISSING_LINE,)),
        (claim(GOOD, status="2"), ClaimOnBooks((ours("100"),)), (Why.ORDER_DIFFERS,)),
        (claim(GOOD, status="4"), ClaimOnBooks((ours("100"),)), (Why.DENIED_CLAIM,)),
        (claim(GOOD, status="23"), ClaimOnBooks((ours("100"),)), (Why.STATUS_NEEDS_PERSON,)),
        (claim(GOOD, status="25"), ClaimOnBooks((ours("100"),)), (Why.STATUS_NEEDS_PERSON,)),
        (
            replace(claim(GOOD), charge_amount=dollars("130")),
            ClaimOnBooks((ours("100"),)),
            (Why.CLAIM_OUT_OF_BALANCE,),
        ),
        (
            replace(
                claim(GOOD),
                paid_amount=dollars("60"),
                adjustments=(AdjustmentFacts("OA", "A1", dollars("10")),),
            ),
            ClaimOnBooks((ours("100"),)),
            (Why.CLAIM_LEVEL_ADJUSTMENT,),
        ),
        (
            AdjudicatedClaim("C1", "1", dollars("0"), dollars("0")),
            ClaimOnBooks(()),
            (Why.MISSING_LINE,),
        ),
    ],
)
def test_a_claim_waits_for_its_reason(
    decided: AdjudicatedClaim, books: ClaimOnBooks | None, reasons: tuple[ReviewReason, ...]
) -> None:
    assert review_claim(decided, books, PRIMARY).reasons == reasons


def test_a_crossed_over_claim_is_clean_in_its_own_turn() -> None:
    assert review_claim(claim(GOOD, status="19"), ClaimOnBooks((ours("100"),)), PRIMARY).clean


def test_a_split_claim_posts_only_when_every_line_of_ours_is_answered() -> None:
    first_half = review_claim(claim(GOOD), ClaimOnBooks((ours("100"),), unanswered=1), PRIMARY)
    second_half = review_claim(claim(GOOD), ClaimOnBooks((ours("100"),), unanswered=0), PRIMARY)

    assert first_half.reasons == (Why.MISSING_LINE,)
    assert second_half.clean


TAKEN_BACK = line("-100", "-70", "CO-45:-20 PR-3:-10")


@pytest.mark.parametrize(
    ("books", "against"),
    [
        (replace(ours("100", "0.00"), posted=GOOD), ()),
        (ours("100"), (Why.NOTHING_TO_REVERSE,)),
        (replace(ours("100"), posted=line("100", "80", "CO-45:20")), (Why.REVERSAL_DIFFERS,)),
        (None, (Why.UNMATCHED_LINE,)),
    ],
)
def test_a_reversal_always_waits_and_says_what_stands_against_it(
    books: LineOnBooks | None, against: tuple[ReviewReason, ...]
) -> None:
    review = review_claim(claim(TAKEN_BACK, status="22"), ClaimOnBooks((books,)), PRIMARY)

    assert review.reasons == (Why.REVERSAL,)
    assert review.lines == (against,)


def test_a_take_back_on_a_closed_claim_names_both() -> None:
    books = ClaimOnBooks((replace(ours("100", "0.00"), posted=GOOD),), closed=True)

    review = review_claim(claim(TAKEN_BACK, status="22"), books, PRIMARY)

    assert review.reasons == (Why.CLOSED_CLAIM, Why.REVERSAL)


def test_every_reason_has_words_for_people() -> None:
    assert set(REVIEW_WORDS) == set(ReviewReason)
    assert len(set(REVIEW_WORDS.values())) == len(REVIEW_WORDS)
