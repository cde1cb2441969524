"""One decided line in, balanced entries out: the ledger's identities hold to the cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.claim_facts import AdjustmentFacts, PayerOrder
from backoffice.rules.money import ZERO, dollars
from backoffice.rules.posting import (
    Account,
    AccountKind,
    AdjustmentUndecided,
    Disposition,
    Entry,
    LineOutOfBalance,
    Memo,
    NotAnAccount,
    NotAnEntry,
    PostingTerms,
    WriteOffReason,
    balance_of,
    balances,
    charge_line,
    kept_as_denied,
    negates,
    payer_receivable,
    post_line,
    receivable_of,
    reverse,
    split_line,
    write_off,
)
from backoffice.rules.posting.accounts import (
    CHARGES,
    CONTRACTUAL,
    DENIED_UNDECIDED,
    PATIENT_RECEIVABLE,
    PAYER_CASH,
)
from backoffice.rules.posting.lines import (
    bill_denied_again,
    give_denied_to_patient,
    pass_on,
    release_to_patient,
    write_off_denied,
    write_off_patient,
)
from backoffice.rules.remittance_facts import AdjudicatedLine

PRIMARY, SECONDARY = PayerOrder.PRIMARY, PayerOrder.SECONDARY
OWED, OWED_NEXT = payer_receivable(PRIMARY), payer_receivable(SECONDARY)
FIRST = PostingTerms(PRIMARY)
LISTED = [("CO", "45"), ("CO", "253"), ("PR", "1"), ("PR", "2"), ("PR", "3")]
FOR_REVIEW = [("CO", "50"), ("CO", "97"), ("PR", "96"), ("OA", "18"), ("PI", "16"), ("OA", "23")]


def line(charge: str, paid: str, adjustments: str = "") -> AdjudicatedLine:
    """A decided line, its adjustments written as `CO-45:20 PR-1:80`."""
    parts = [part.replace("-", ":", 1).split(":") for part in adjustments.split()]
    return AdjudicatedLine(
        dollars(charge),
        dollars(paid),
        tuple(AdjustmentFacts(group, code, dollars(amount)) for group, code, amount in parts),
        procedure_code="90837",
    )


def negated(original: AdjudicatedLine) -> AdjudicatedLine:
    return AdjudicatedLine(
        -original.charge_amount,
        -original.paid_amount,
        tuple(AdjustmentFacts(a.group, a.reason, -a.amount) for a in original.adjustments),
        procedure_code=original.procedure_code,
    )


cents = st.integers(min_value=0, max_value=10_000_000).map(lambda n: Decimal(n) / 100 + ZERO)


@st.composite
def lines(draw: st.DrawFn, pairs: list[tuple[str, str]] = LISTED + FOR_REVIEW) -> AdjudicatedLine:
    """A line that adds up, paid anything and adjusted by any of `pairs`."""
    paid = draw(cents)
    adjustments = tuple(
        AdjustmentFacts(*draw(st.sampled_from(pairs)), draw(cents))
        for _ in range(draw(st.integers(min_value=0, max_value=5)))
    )
    charge = paid + sum((each.amount for each in adjustments), ZERO)
    return AdjudicatedLine(charge, paid, adjustments)


orders = st.sampled_from(list(PayerOrder))


def denied_kept(decided: AdjudicatedLine, order: PayerOrder) -> PostingTerms:
    return PostingTerms(order, decisions=kept_as_denied(decided, PostingTerms(order)))


# --- entries and accounts


def test_an_entry_moves_an_amount_above_zero_between_two_accounts() -> None:
    for debit, credit, amount in [
        (PAYER_CASH, OWED, "0"),
        (PAYER_CASH, OWED, "-1"),
        (PAYER_CASH, OWED, "0.001"),
        (OWED, OWED, "1"),
    ]:
        with pytest.raises(NotAnEntry):
            Entry(debit, credit, Decimal(amount), Memo.PAYMENT)


def test_every_account_is_stored_as_a_key_of_at_most_32_characters_and_comes_back() -> None:
    accounts = (
        [payer_receivable(order) for order in PayerOrder]
        + [write_off(reason) for reason in WriteOffReason]
        + [
            Account(kind)
            for kind in AccountKind
            if kind not in {AccountKind.PAYER_RECEIVABLE, AccountKind.WRITE_OFF}
        ]
    )

    keys = [account.key for account in accounts]

    assert [Account.from_key(key) for key in keys] == accounts
    assert len(set(keys)) == len(keys)
    assert max(map(len, keys)) <= 32


@pytest.mark.parametrize(
    "key", ["", "cash", "payer_receivable", "payer_receivable:X", "write_off", "charges:P"]
)
def test_a_key_that_names_no_account_is_refused(key: str) -> None:
    with pytest.raises(NotAnAccount):
        Account.from_key(key)


def test_only_a_payers_receivable_has_a_turn_and_only_a_write_off_a_reason() -> None:
    with pytest.raises(NotAnAccount):
        Account(AccountKind.PAYER_RECEIVABLE)
    with pytest.raises(NotAnAccount):
        Account(AccountKind.CONTRACTUAL, reason=WriteOffReason.OTHER)


# --- one line, by hand


def test_a_charge_makes_the_payer_owe_it() -> None:
    entries = charge_line(dollars("150"))

    assert balances(entries) == {OWED: dollars("150"), CHARGES: dollars("-150")}


def test_a_clean_line_is_paid_written_down_by_contract_and_shared_by_the_client() -> None:
    entries = charge_line(dollars("150")) + post_line(
        line("150", "80", "CO-45:50 PR-2:15 PR-3:5"), FIRST
    )

    assert balances(entries) == {
        CHARGES: dollars("-150"),
        PAYER_CASH: dollars("80"),
        CONTRACTUAL: dollars("50"),
        PATIENT_RECEIVABLE: dollars("20"),
    }


def test_nothing_paid_and_all_to_the_deductible_leaves_the_clients_share_only() -> None:
    entries = charge_line(dollars("150")) + post_line(line("150", "0", "CO-45:50 PR-1:100"), FIRST)

    assert balance_of(PAYER_CASH, entries) == 0
    assert balance_of(PATIENT_RECEIVABLE, entries) == dollars("100")
    assert balance_of(OWED, entries) == 0


def test_a_line_that_does_not_add_up_is_refused_not_repaired() -> None:
    with pytest.raises(LineOutOfBalance):
        post_line(line("100", "80", "CO-45:15"), FIRST)


def test_a_denial_is_not_posted_before_somebody_has_decided() -> None:
    with pytest.raises(AdjustmentUndecided) as undecided:
        post_line(line("100", "0", "CO-45:20 CO-50:80"), FIRST)

    assert undecided.value.index == 1


def test_a_denial_with_a_contractual_group_equal_to_the_charge_stays_receivable() -> None:
    denied = line("100", "0", "CO-50:100")

    entries = charge_line(dollars("100")) + post_line(denied, denied_kept(denied, PRIMARY))

    assert balance_of(DENIED_UNDECIDED, entries) == dollars("100")
    assert balance_of(CONTRACTUAL, entries) == 0
    assert receivable_of(entries) == dollars("100")


def test_a_persons_decision_outranks_the_codes_own_meaning() -> None:
    settled = PostingTerms(SECONDARY, decisions={1: Disposition.SETTLED_EARLIER})

    split = split_line(line("150", "20", "OA-23:80 CO-45:50"), settled)

    assert split.contractual == 0
    assert split.settled_earlier == dollars("130")
    assert split.settled_now == dollars("20")


def test_a_decision_can_make_a_refused_amount_the_clients_or_contractual() -> None:
    decided = line("100", "0", "PR-96:60 CO-59:40")
    terms = PostingTerms(PRIMARY, decisions={0: Disposition.PATIENT, 1: Disposition.CONTRACTUAL})

    split = split_line(decided, terms)

    assert (split.patient, split.contractual) == (dollars("60"), dollars("40"))


def test_the_clients_share_waits_with_the_next_payer_while_there_is_one() -> None:
    terms = PostingTerms(PRIMARY, patient_to=OWED_NEXT)

    entries = charge_line(dollars("150")) + post_line(line("150", "80", "CO-45:50 PR-2:20"), terms)

    assert balance_of(OWED_NEXT, entries) == dollars("20")
    assert balance_of(PATIENT_RECEIVABLE, entries) == 0


def test_the_earlier_payers_amount_on_a_secondary_makes_no_entry() -> None:
    """
    Primary: 150 charged, 80 paid, 50 contractual, 20 left to the secondary.
    Secondary: CLP 150, paid 15, OA-23 130, PR-3 5.
    """
    primary = post_line(
        line("150", "80", "CO-45:50 PR-2:20"), PostingTerms(PRIMARY, patient_to=OWED_NEXT)
    )
    secondary = post_line(line("150", "15", "OA-23:130 PR-3:5"), PostingTerms(SECONDARY))

    held = balances(charge_line(dollars("150")) + primary + secondary)

    assert held == {
        CHARGES: dollars("-150"),
        PAYER_CASH: dollars("95"),
        CONTRACTUAL: dollars("50"),
        PATIENT_RECEIVABLE: dollars("5"),
    }


def test_an_overpayment_that_a_person_lets_through_leaves_a_credit_balance() -> None:
    overpaid = line("100", "120", "CO-45:-20")

    entries = charge_line(dollars("100")) + post_line(overpaid, FIRST)
    twice = (*entries, *post_line(line("100", "100"), FIRST))

    assert balance_of(OWED, entries) == 0
    assert balance_of(OWED, twice) == dollars("-100")


def test_a_reversal_then_a_corrected_payment_ends_as_the_correction_says() -> None:
    first, second = line("100", "80", "CO-45:20"), line("100", "60", "CO-45:20 PR-1:20")

    entries = (
        charge_line(dollars("100"))
        + post_line(first, FIRST)
        + post_line(negated(first), FIRST)
        + post_line(second, FIRST)
    )

    assert balances(entries) == balances(charge_line(dollars("100")) + post_line(second, FIRST))


def test_a_reversal_must_negate_every_amount() -> None:
    first = line("100", "80", "CO-45:15 PR-2:5")

    assert negates(negated(first), first)
    assert negates(line("-100", "-80", "PR-2:-5 CO-45:-15"), first)
    assert not negates(line("-100", "-80", "CO-45:-20"), first)
    assert not negates(line("-100", "-70", "CO-45:-25 PR-2:-5"), first)
    assert not negates(first, first)


# --- what people decide about what is open


def test_a_write_off_of_a_denial_is_a_step_of_its_own_with_a_reason() -> None:
    denied = line("100", "0", "CO-29:100")
    posted = charge_line(dollars("100")) + post_line(denied, denied_kept(denied, PRIMARY))

    entries = posted + write_off_denied(dollars("100"), reason=WriteOffReason.TIMELY_FILING)

    assert balance_of(write_off(WriteOffReason.TIMELY_FILING), entries) == dollars("100")
    assert receivable_of(entries) == 0


def test_a_denied_amount_can_go_to_a_payer_again_or_to_the_client() -> None:
    denied = line("100", "0", "CO-22:100")
    posted = charge_line(dollars("100")) + post_line(denied, denied_kept(denied, PRIMARY))

    again = posted + bill_denied_again(dollars("100"), order=SECONDARY)
    given = posted + give_denied_to_patient(dollars("100"))

    assert balance_of(OWED_NEXT, again) == dollars("100")
    assert balance_of(PATIENT_RECEIVABLE, given) == dollars("100")
    assert receivable_of(again) == receivable_of(given) == dollars("100")


def test_what_one_payer_leaves_passes_to_the_next_and_then_to_the_client() -> None:
    charged = charge_line(dollars("100"))

    passed = charged + pass_on(dollars("30"), from_order=PRIMARY, to_order=SECONDARY)
    released = passed + release_to_patient(dollars("30"), from_order=SECONDARY)

    assert balance_of(OWED_NEXT, passed) == dollars("30")
    assert balance_of(PATIENT_RECEIVABLE, released) == dollars("30")
    assert receivable_of(released) == dollars("100")


def test_a_clients_balance_is_given_up_for_a_reason() -> None:
    entries = write_off_patient(dollars("5"), reason=WriteOffReason.SMALL_BALANCE)

    assert balances(entries) == {
        write_off(WriteOffReason.SMALL_BALANCE): dollars("5"),
        PATIENT_RECEIVABLE: dollars("-5"),
    }


# --- whatever the line


@given(lines(), orders)
def test_the_parts_of_a_line_always_make_its_charge(
    decided: AdjudicatedLine, order: PayerOrder
) -> None:
    split = split_line(decided, denied_kept(decided, order))

    parts = (split.paid, split.contractual, split.patient, split.settled_earlier, split.denied)
    assert sum(parts, ZERO) == split.charge == decided.charge_amount


@given(lines(), orders)
def test_the_ledger_always_balances(decided: AdjudicatedLine, order: PayerOrder) -> None:
    entries = charge_line(decided.charge_amount, order=order)
    entries += post_line(decided, denied_kept(decided, order))

    assert sum(balances(entries).values(), ZERO) == 0


@given(lines(), orders)
def test_posting_takes_from_the_payer_all_but_what_an_earlier_one_settled(
    decided: AdjudicatedLine, order: PayerOrder
) -> None:
    terms = denied_kept(decided, order)

    entries = post_line(decided, terms)

    split = split_line(decided, terms)
    assert balance_of(payer_receivable(order), entries) == -split.settled_now
    assert balance_of(PAYER_CASH, entries) == decided.paid_amount


@given(lines(), orders)
def test_a_denial_never_touches_a_write_off_or_the_contractual_account(
    decided: AdjudicatedLine, order: PayerOrder
) -> None:
    terms = denied_kept(decided, order)

    entries = post_line(decided, terms)

    touched = {account.kind for entry in entries for account in (entry.debit, entry.credit)}
    listed = [each for each in decided.adjustments if (each.group, each.reason) in LISTED[:2]]
    assert AccountKind.WRITE_OFF not in touched
    assert balance_of(CONTRACTUAL, entries) == sum((each.amount for each in listed), ZERO)


@given(lines(), orders)
def test_posting_and_then_reversing_returns_every_balance(
    decided: AdjudicatedLine, order: PayerOrder
) -> None:
    before = charge_line(decided.charge_amount, order=order)
    posted = post_line(decided, denied_kept(decided, order))

    after = before + posted + reverse(posted)

    assert balances(after) == balances(before)
    assert {entry.memo for entry in reverse(posted)} <= {Memo.REVERSAL}


@given(lines(), orders)
def test_a_payers_own_reversal_posts_the_exact_mirror(
    decided: AdjudicatedLine, order: PayerOrder
) -> None:
    terms = denied_kept(decided, order)

    entries = post_line(decided, terms) + post_line(negated(decided), terms)

    assert balances(entries) == {}
    assert negates(negated(decided), decided)


@given(lines(FOR_REVIEW[:5]))
def test_what_is_not_listed_is_never_posted_without_a_decision(decided: AdjudicatedLine) -> None:
    waiting = [each for each in decided.adjustments if each.amount != 0]
    if not waiting:
        return

    with pytest.raises(AdjustmentUndecided):
        post_line(decided, FIRST)
