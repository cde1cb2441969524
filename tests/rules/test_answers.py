"""Each answer from outside says one thing, or needs a person; an 835 is read as edi.md has it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from backoffice.rules.answers import (
    NEEDS_PERSON,
    Decision,
    RemittanceOutcome,
    Speaker,
    Unclear,
    decision_of,
    event_of_277,
    event_of_999,
    event_of_category,
    event_of_ledger,
    event_of_response,
)
from backoffice.rules.claim_facts import AdjustmentFacts, PayerOrder
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.remittance_facts import AdjudicatedClaim, AdjudicatedLine

PAYER, HOUSE, UNSAID = Speaker.PAYER, Speaker.CLEARINGHOUSE, Speaker.UNSAID
Outcome = RemittanceOutcome


def cas(text: str) -> tuple[AdjustmentFacts, ...]:
    """Adjustments written as `CO-45:20 PR-1:80`."""
    parts = [part.replace("-", ":", 1).split(":") for part in text.split()]
    return tuple(AdjustmentFacts(group, code, Decimal(amount)) for group, code, amount in parts)


def line(charge: str, paid: str, adjustments: str = "") -> AdjudicatedLine:
    return AdjudicatedLine(Decimal(charge), Decimal(paid), cas(adjustments))


def claim(status: str, *lines: AdjudicatedLine, claim_level: str = "") -> AdjudicatedClaim:
    level = cas(claim_level)
    return AdjudicatedClaim(
        patient_control_number="C1",
        status_code=status,
        charge_amount=sum((each.charge_amount for each in lines), Decimal("0.00")),
        paid_amount=sum((each.paid_amount for each in lines), Decimal("0.00"))
        - sum((each.amount for each in level), Decimal("0.00")),
        lines=lines,
        adjustments=level,
    )


def outcome(decided: AdjudicatedClaim, order: PayerOrder = PayerOrder.PRIMARY) -> Outcome:
    return decision_of(decided, order=order).outcome


@pytest.mark.parametrize(
    ("category", "event"),
    [
        ("A0", ClaimEvent.RECEIVED_BY_PAYER),
        ("A1", ClaimEvent.RECEIVED_BY_PAYER),
        ("A2", ClaimEvent.ACCEPTED),
        ("A5", ClaimEvent.ACCEPTED),
        ("A3", ClaimEvent.REJECTED),
        ("A6", ClaimEvent.REJECTED),
        ("A7", ClaimEvent.REJECTED),
        ("A8", ClaimEvent.REJECTED),
        ("P0", ClaimEvent.PENDING_AT_PAYER),
        ("P4", ClaimEvent.PENDING_AT_PAYER),
        ("R3", ClaimEvent.MORE_INFO_REQUIRED),
        ("R16", ClaimEvent.MORE_INFO_REQUIRED),
        ("A4", NEEDS_PERSON),
        ("F1", NEEDS_PERSON),
        ("E1", NEEDS_PERSON),
        ("D0", NEEDS_PERSON),
        ("", NEEDS_PERSON),
        ("P", NEEDS_PERSON),
        ("A22", NEEDS_PERSON),
    ],
)
def test_a_payers_category_says_what_the_design_says(
    category: str, event: ClaimEvent | Unclear
) -> None:
    assert event_of_category(category, speaker=PAYER) is event


@pytest.mark.parametrize("category", ["A0", "A1", "A2", "A5"])
@pytest.mark.parametrize("speaker", [HOUSE, UNSAID])
def test_an_acceptance_by_anybody_but_the_payer_is_only_the_clearinghouses_word(
    category: str, speaker: Speaker
) -> None:
    event = event_of_category(category, speaker=speaker)

    assert event is ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE


@pytest.mark.parametrize(
    ("status", "category", "speaker", "event"),
    [
        ("A", "", HOUSE, ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE),
        ("A", "", UNSAID, ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE),
        ("A", "", PAYER, ClaimEvent.RECEIVED_BY_PAYER),
        ("A", "A2", PAYER, ClaimEvent.ACCEPTED),
        ("A", "A2", HOUSE, ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE),
        ("A", "P1", PAYER, ClaimEvent.PENDING_AT_PAYER),
        ("A", "R3", PAYER, ClaimEvent.MORE_INFO_REQUIRED),
        ("R", "", HOUSE, ClaimEvent.REJECTED),
        ("R", "", PAYER, ClaimEvent.REJECTED),
        ("R", "A7", PAYER, ClaimEvent.REJECTED),
        ("R", "A2", PAYER, NEEDS_PERSON),
        ("A", "A7", PAYER, NEEDS_PERSON),
        ("A", "A4", PAYER, NEEDS_PERSON),
        ("D", "", PAYER, NEEDS_PERSON),
        ("4", "", HOUSE, NEEDS_PERSON),
        ("22", "", HOUSE, NEEDS_PERSON),
        ("", "", UNSAID, NEEDS_PERSON),
        ("D", "A2", PAYER, ClaimEvent.ACCEPTED),
    ],
)
def test_a_response_row_is_read_by_its_category_first_and_its_letter_else(
    status: str, category: str, speaker: Speaker, event: ClaimEvent | Unclear
) -> None:
    assert event_of_response(status, category=category, speaker=speaker) is event


def test_several_codes_of_one_claim_must_say_the_same() -> None:
    assert event_of_277(["A3", "A7"], action="U", speaker=PAYER) is ClaimEvent.REJECTED
    assert event_of_277(["A2", "A7"], speaker=PAYER) is NEEDS_PERSON
    assert event_of_277([], speaker=PAYER) is NEEDS_PERSON


def test_an_action_that_denies_its_codes_needs_a_person() -> None:
    assert event_of_277(["A2"], action="WQ", speaker=PAYER) is ClaimEvent.ACCEPTED
    assert event_of_277(["A2"], action="U", speaker=PAYER) is NEEDS_PERSON
    assert event_of_277(["A7"], action="WQ", speaker=PAYER) is NEEDS_PERSON


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("A", ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE),
        ("E", ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE),
        ("R", ClaimEvent.REJECTED),
        ("M", ClaimEvent.REJECTED),
        ("W", ClaimEvent.REJECTED),
        ("X", ClaimEvent.REJECTED),
        ("P", NEEDS_PERSON),
        ("", NEEDS_PERSON),
    ],
)
def test_a_999_takes_or_refuses_a_transaction_set(code: str, event: ClaimEvent | Unclear) -> None:
    assert event_of_999(code) is event


@pytest.mark.parametrize("status", ["1", "2", "3", "19", "20", "21"])
def test_money_paid_means_paid_in_every_turn_and_after_a_crossover(status: str) -> None:
    decided = claim(status, line("100", "80", "CO-45:20"))

    assert outcome(decided) is Outcome.PAID


def test_all_to_the_deductible_is_deductible_and_not_denied() -> None:
    decided = claim("1", line("150", "0", "CO-45:50 PR-1:100"))

    assert outcome(decided) is Outcome.DEDUCTIBLE
    assert decision_of(decided, order=PayerOrder.PRIMARY).denied_lines == ()


def test_a_copay_that_takes_it_all_is_the_clients_share_and_not_a_denial() -> None:
    assert outcome(claim("1", line("100", "0", "CO-45:60 PR-3:40"))) is Outcome.DEDUCTIBLE


@pytest.mark.parametrize(
    "adjustments", ["CO-50:100", "CO-45:40 CO-97:60", "PR-96:100", "OA-18:100", "PR-1:40 CO-16:60"]
)
def test_nothing_paid_and_an_adjustment_that_is_not_contractual_is_a_denial(
    adjustments: str,
) -> None:
    decided = claim("1", line("100", "0", adjustments))

    assert decision_of(decided, order=PayerOrder.PRIMARY) == Decision(Outcome.DENIED, (0,))


def test_an_outright_denial_is_told_by_its_code() -> None:
    assert outcome(claim("4", line("100", "0", "CO-31:100"))) is Outcome.DENIED


def test_a_denial_that_pays_contradicts_itself() -> None:
    assert outcome(claim("4", line("100", "80", "CO-45:20"))) is Outcome.NEEDS_PERSON


def test_a_claim_paid_in_part_names_its_denied_lines() -> None:
    decided = claim(
        "1",
        line("100", "80", "CO-45:20"),
        line("50", "0", "CO-97:50"),
        line("60", "0", "PR-1:60"),
        line("70", "60", "CO-151:10"),
    )

    assert decision_of(decided, order=PayerOrder.PRIMARY) == Decision(Outcome.PAID, (1,))


def test_a_denial_of_the_claim_as_a_whole_without_lines_is_a_denial() -> None:
    decided = AdjudicatedClaim("C1", "1", Decimal("90"), Decimal("0"), (), cas("CO-29:90"))

    assert outcome(decided) is Outcome.DENIED


def test_a_reversal_is_reversed_and_one_with_the_wrong_signs_needs_a_person() -> None:
    taken_back = claim("22", line("-100", "-80", "CO-45:-20"))
    not_negated = claim("22", line("100", "80", "CO-45:20"))

    assert outcome(taken_back) is Outcome.REVERSED
    assert outcome(not_negated) is Outcome.NEEDS_PERSON


def test_a_claim_passed_on_unread_is_not_ours_and_moves_nothing() -> None:
    decided = decision_of(claim("23", line("100", "0", "OA-B11:100")), order=PayerOrder.PRIMARY)

    assert decided.outcome is Outcome.FORWARDED_NOT_OURS
    assert decided.event is NEEDS_PERSON


@pytest.mark.parametrize("status", ["25", "5", "10", "", "99"])
def test_a_predetermination_and_unknown_codes_need_a_person(status: str) -> None:
    assert outcome(claim(status, line("100", "80", "CO-45:20"))) is Outcome.NEEDS_PERSON


def test_sums_that_do_not_add_up_need_a_person() -> None:
    assert outcome(claim("1", line("100", "80", "CO-45:15"))) is Outcome.NEEDS_PERSON


@pytest.mark.parametrize("adjustment", ["CO-45:-20", "CO-50:-20", "PR-1:-20"])
def test_money_taken_without_a_reversal_code_needs_a_person(adjustment: str) -> None:
    assert outcome(claim("1", line("-100", "-80", adjustment))) is Outcome.NEEDS_PERSON


def test_lines_whose_errors_cancel_out_do_not_add_up() -> None:
    decided = claim("1", line("100", "80", "CO-45:15"), line("100", "80", "CO-45:25"))

    assert decided.charge_amount - Decimal("40") == decided.paid_amount
    assert not decided.adds_up
    assert outcome(decided) is Outcome.NEEDS_PERSON


def test_lines_that_do_not_make_the_claims_charge_do_not_add_up() -> None:
    decided = replace(
        claim("1", line("100", "80", "CO-45:20")),
        charge_amount=Decimal("150"),
        paid_amount=Decimal("130"),
    )

    assert not decided.adds_up
    assert outcome(decided) is Outcome.NEEDS_PERSON


def test_everything_given_up_and_nobody_to_pay_needs_a_person() -> None:
    assert outcome(claim("1", line("100", "0", "CO-45:100"))) is Outcome.NEEDS_PERSON


def test_a_later_payer_that_owes_nothing_more_leaves_the_claim_settled() -> None:
    decided = claim("2", line("150", "0", "OA-23:130 CO-45:20"))

    assert outcome(decided, PayerOrder.SECONDARY) is Outcome.PAID
    assert outcome(decided, PayerOrder.PRIMARY) is Outcome.DENIED


def test_a_payers_own_contract_keeps_its_reduction_from_looking_like_a_denial() -> None:
    decided = claim("1", line("100", "0", "CO-59:20 PR-1:80"))

    told = decision_of(decided, order=PayerOrder.PRIMARY, also_contractual={("CO", "59")})

    assert told.outcome is Outcome.DEDUCTIBLE


@pytest.mark.parametrize(
    ("paid", "patient", "denied", "event"),
    [
        ("80", "20", "0", ClaimEvent.PAID),
        ("0", "20", "10", ClaimEvent.APPLIED_TO_DEDUCTIBLE),
        ("0", "0", "10", ClaimEvent.DENIED),
        ("0", "0", "0", None),
    ],
)
def test_after_a_reversal_the_claim_goes_back_to_what_the_ledger_says(
    paid: str, patient: str, denied: str, event: ClaimEvent | None
) -> None:
    told = event_of_ledger(paid=Decimal(paid), patient=Decimal(patient), denied=Decimal(denied))

    assert told is event


def test_a_crossover_is_seen() -> None:
    assert claim("19", line("100", "80", "CO-45:20")).crossed_over
    assert not claim("1", line("100", "80", "CO-45:20")).crossed_over
