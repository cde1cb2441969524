"""Money outside claims: take-backs, interest, parked cash, and a check that must come to zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.claim_facts import AdjustmentFacts, PayerOrder
from backoffice.rules.money import ZERO, dollars
from backoffice.rules.posting import (
    Memo,
    PostingTerms,
    ReviewReason,
    balance_of,
    balances,
    charge_line,
    payer_receivable,
    post_line,
    review_provider_adjustment,
)
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
)
from backoffice.rules.posting.checks import (
    PROVIDER_ADJUSTMENTS,
    ProviderAdjustmentUndecided,
    apply_refund,
    apply_unapplied,
    confirm_deposit,
    link_recoupment,
    park_unapplied,
    provider_adjustment,
    send_refund,
    take_from_agency,
    take_patient_payment,
    undistributed,
)
from backoffice.rules.remittance_facts import AdjudicatedLine, ProviderAdjustment

OWED = payer_receivable(PayerOrder.PRIMARY)
TERMS = PostingTerms(PayerOrder.PRIMARY)


def plb(code: str, amount: str) -> ProviderAdjustment:
    return ProviderAdjustment(code, dollars(amount))


def test_a_positive_provider_adjustment_takes_cash_away() -> None:
    entries = provider_adjustment(plb("WO", "100"))

    assert balances(entries) == {RECOUPMENT: dollars("100"), PAYER_CASH: dollars("-100")}


def test_interest_comes_as_a_negative_adjustment_and_is_income() -> None:
    entries = provider_adjustment(plb("L6", "-3.17"))

    assert balances(entries) == {PAYER_CASH: dollars("3.17"), INTEREST: dollars("-3.17")}


def test_a_balance_carried_forward_is_owed_until_a_later_check_takes_it() -> None:
    """First 835: reversal -100, correction 80, PLB FB -20, check 0. Second: PLB FB 20."""
    reversal = AdjudicatedLine(dollars("-100"), dollars("-100"))
    correction = AdjudicatedLine(
        dollars("100"), dollars("80"), (AdjustmentFacts("CO", "45", dollars("20")),)
    )
    first = (
        post_line(reversal, TERMS)
        + post_line(correction, TERMS)
        + provider_adjustment(plb("FB", "-20"))
    )
    second = provider_adjustment(plb("FB", "20"))

    assert balance_of(PAYER_CASH, first) == 0
    assert balance_of(RECOUPMENT, first) == dollars("-20")
    assert balance_of(RECOUPMENT, first + second) == 0
    assert balance_of(PAYER_CASH, first + second) == dollars("-20")


def test_a_take_back_is_linked_to_the_old_claim_which_is_open_again() -> None:
    taken = provider_adjustment(plb("WO", "80"))

    entries = taken + link_recoupment(dollars("80"), order=PayerOrder.PRIMARY)

    assert balance_of(RECOUPMENT, entries) == 0
    assert balance_of(OWED, entries) == dollars("80")


def test_a_refund_that_we_sent_is_settled_by_its_acknowledgement() -> None:
    """The practice repays 100; the 835 reverses the claim and offsets it with PLB 72 -100."""
    paid = AdjudicatedLine(dollars("100"), dollars("100"))
    reversal = AdjudicatedLine(dollars("-100"), dollars("-100"))
    sent = charge_line(dollars("100")) + post_line(paid, TERMS) + send_refund(dollars("100"))

    entries = sent + post_line(reversal, TERMS) + provider_adjustment(plb("72", "-100"))

    assert balance_of(REFUND, sent) == dollars("100")
    assert balance_of(REFUND, entries) == 0
    assert balance_of(PAYER_CASH, entries) == dollars("100")
    assert balance_of(BANK_DEPOSIT, entries) == dollars("-100")


def test_a_refund_that_no_remittance_acknowledges_settles_the_credit_balance() -> None:
    twice = AdjudicatedLine(dollars("100"), dollars("100"))
    overpaid = charge_line(dollars("100")) + post_line(twice, TERMS) + post_line(twice, TERMS)

    entries = overpaid + send_refund(dollars("100")) + apply_refund(dollars("100"), to=OWED)

    assert balance_of(OWED, overpaid) == dollars("-100")
    assert balance_of(OWED, entries) == balance_of(REFUND, entries) == 0


@pytest.mark.parametrize("code", ["J1", "50", "AP", "IR", "", "ZZ"])
def test_a_code_that_does_not_say_whose_money_it_is_waits_for_a_person(code: str) -> None:
    with pytest.raises(ProviderAdjustmentUndecided):
        provider_adjustment(plb(code, "10"))

    assert review_provider_adjustment(plb(code, "10")) == (
        ReviewReason.UNKNOWN_PROVIDER_ADJUSTMENT,
    )
    assert balances(provider_adjustment(plb(code, "10"), account=UNAPPLIED)) == {
        UNAPPLIED: dollars("10"),
        PAYER_CASH: dollars("-10"),
    }


def test_take_backs_ask_to_be_linked_and_interest_does_not() -> None:
    for code in ("WO", "72", "CS"):
        assert review_provider_adjustment(plb(code, "10")) == (ReviewReason.UNLINKED_TAKE_BACK,)
    for code in ("L6", "FB"):
        assert review_provider_adjustment(plb(code, "10")) == ()


def test_a_check_comes_to_zero_when_claims_and_adjustments_make_its_total() -> None:
    """BPR02 = sum of CLP04 - sum of PLB: 180 - (100 - 3) = 83."""
    left = undistributed(
        dollars("83"),
        posted=[dollars("80"), dollars("120"), dollars("-20")],
        provider_adjustments=[dollars("100"), dollars("-3")],
    )

    assert left == 0


def test_what_is_not_posted_yet_stays_undistributed_and_is_never_spread() -> None:
    assert undistributed(dollars("200"), posted=[dollars("80")]) == dollars("120")
    assert undistributed(
        dollars("200"), posted=[dollars("80")], unapplied=dollars("120")
    ) == dollars("0")


def test_parked_cash_waits_and_then_settles_a_receivable() -> None:
    parked = park_unapplied(dollars("50"))

    entries = parked + apply_unapplied(dollars("50"), to=OWED)

    assert balances(parked) == {PAYER_CASH: dollars("50"), UNAPPLIED: dollars("-50")}
    assert balances(entries) == {PAYER_CASH: dollars("50"), OWED: dollars("-50")}


def test_a_client_pays_the_clients_share() -> None:
    assert balances(take_patient_payment(dollars("25"))) == {
        PATIENT_CASH: dollars("25"),
        PATIENT_RECEIVABLE: dollars("-25"),
    }


def test_a_deposit_moves_cash_to_the_bank() -> None:
    entries = park_unapplied(dollars("80")) + confirm_deposit(dollars("80"))

    assert balance_of(PAYER_CASH, entries) == 0
    assert balance_of(BANK_DEPOSIT, entries) == dollars("80")


def test_an_agency_keeps_its_fee_and_the_client_owes_nothing_more() -> None:
    entries = take_from_agency(dollars("100"), fee=dollars("30"))

    assert balances(entries) == {
        PATIENT_CASH: dollars("70"),
        COLLECTION_FEE: dollars("30"),
        PATIENT_RECEIVABLE: dollars("-100"),
    }


amounts = st.integers(min_value=-1_000_000, max_value=1_000_000).map(lambda n: dollars(n) / 100)


@given(
    st.lists(st.integers(1, 1_000_000), max_size=6),
    st.lists(st.tuples(st.sampled_from(sorted(PROVIDER_ADJUSTMENTS)), amounts), max_size=4),
)
def test_payer_cash_of_a_fully_posted_check_is_the_check(
    paid_cents: list[int], moved: list[tuple[str, object]]
) -> None:
    paid = [dollars(each) / 100 for each in paid_cents]
    outside = [ProviderAdjustment(code, dollars(str(amount))) for code, amount in moved]
    check = sum(paid, ZERO) - sum((each.amount for each in outside), ZERO)

    entries = [
        *(entry for each in paid for entry in post_line(AdjudicatedLine(each, each), TERMS)),
        *(entry for each in outside for entry in provider_adjustment(each)),
    ]

    left = undistributed(check, posted=paid, provider_adjustments=[e.amount for e in outside])
    assert left == 0
    assert balance_of(PAYER_CASH, entries) == check
    assert sum(balances(entries).values(), ZERO) == 0
    assert {entry.memo for entry in entries} <= {Memo.PAYMENT, Memo.PROVIDER_ADJUSTMENT}
