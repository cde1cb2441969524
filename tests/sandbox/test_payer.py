"""The sandbox's payers: every story comes about, balances, and ends as was written down."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.answers import Speaker, Unclear, decision_of, event_of_response
from backoffice.rules.claim_facts import AdjustmentFacts, PayerOrder
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus, step
from backoffice.rules.remittance_facts import AdjudicatedClaim, AdjudicatedLine
from backoffice.sandbox.payer import (
    DEFAULT_MIX,
    ClaimPayment,
    ClaimSeen,
    Earlier,
    LineSeen,
    PartySeen,
    PayeeSeen,
    Scenario,
    StepKind,
    Story,
    story_of,
)

ADA = PartySeen("SAMPLE", "ADA")
PAYEE = PayeeSeen("HARBOR COUNSELING", "1234567893", "123456789")
ENDS = {"paid", "denied", "deductible", "rejected", "more_info_required", "voided"}


def a_line(place: int = 1, *, charge: str = "150.00", settled: str = "0.00") -> LineSeen:
    return LineSeen(
        line_control_number=f"L{place}",
        procedure_code="90837",
        modifiers=("95",),
        charge_amount=Decimal(charge),
        units=Decimal(1),
        day=date(2026, 11, 2),
        settled_before=Decimal(settled),
    )


def a_claim(pcn: str = "PCN1", *lines: LineSeen) -> ClaimSeen:
    return ClaimSeen(
        patient_control_number=pcn,
        frequency="1",
        payer_order="P",
        payer_id="60054",
        payer_name="AETNA",
        filing_code="CI",
        member_id="W123456789",
        patient=ADA,
        subscriber=ADA,
        payee=PAYEE,
        lines=lines or (a_line(1), a_line(2, charge="85.50")),
    )


def told(scenario: Scenario, claim: ClaimSeen | None = None, *, seed: int = 1) -> Story:
    return story_of(claim or a_claim(), seed=seed, forced=scenario)


def as_facts(payment: ClaimPayment) -> AdjudicatedClaim:
    """The payment as the billing rules see it, once it has come in."""
    lines = tuple(
        AdjudicatedLine(
            charge_amount=line.charge_amount,
            paid_amount=line.paid_amount,
            adjustments=tuple(
                AdjustmentFacts(made.group, made.reason, made.amount) for made in line.adjustments
            ),
        )
        for line in payment.lines
    )
    return AdjudicatedClaim(
        patient_control_number=payment.patient_control_number,
        status_code=payment.outcome,
        charge_amount=payment.charge_amount,
        paid_amount=payment.paid_amount,
        lines=lines,
    )


def test_a_thousand_claims_meet_every_story_and_most_are_paid() -> None:
    stories = [story_of(a_claim(f"PCN{i:05}"), seed=7) for i in range(1000)]

    met = Counter(story.scenario for story in stories)
    ends = Counter(story.end for story in stories)

    assert met.keys() == set(Scenario)
    assert ends["paid"] >= 600
    assert ends.keys() <= ENDS
    assert sum(ends.values()) == 1000


def test_the_default_mix_weighs_a_hundred_and_sends_74_to_paid() -> None:
    ends = {scenario: told(scenario).end for scenario in Scenario}

    paid = sum(weight for scenario, weight in DEFAULT_MIX.items() if ends[scenario] == "paid")

    assert sum(DEFAULT_MIX.values()) == 100
    assert paid == 74


def test_a_story_depends_on_the_seed_and_the_claim_alone() -> None:
    claims = [a_claim(f"PCN{i}") for i in range(50)]

    once = [story_of(claim, seed=3) for claim in claims]
    again = [story_of(claim, seed=3) for claim in reversed(claims)][::-1]
    other = [story_of(claim, seed=4) for claim in claims]

    assert once == again
    assert once != other


def test_a_story_told_again_by_its_name_is_the_same_story() -> None:
    for place in range(200):
        claim = a_claim(f"PCN{place}")
        story = story_of(claim, seed=3)

        assert story_of(claim, seed=3, forced=story.scenario) == story


@given(
    charges=st.lists(st.integers(1, 500_000), min_size=1, max_size=6),
    settled=st.integers(0, 100),
    scenario=st.sampled_from(Scenario),
    seed=st.integers(0, 10_000),
)
def test_every_payment_balances_to_the_cent(
    charges: list[int], settled: int, scenario: Scenario, seed: int
) -> None:
    lines = tuple(
        replace(
            a_line(place, charge=str(Decimal(cents) / 100)),
            settled_before=Decimal(cents * settled // 100) / 100,
        )
        for place, cents in enumerate(charges)
    )

    story = story_of(a_claim("PCN1", *lines), seed=seed, forced=scenario)

    for payment in story.payments:
        assert as_facts(payment).adds_up
        assert payment.outcome == "22" or payment.paid_amount >= 0
        assert all(
            amount == amount.quantize(Decimal("0.01"))
            for line in payment.lines
            for amount in (line.paid_amount, *(made.amount for made in line.adjustments))
        )


@given(scenario=st.sampled_from(Scenario), seed=st.integers(0, 5_000))
def test_the_billing_rules_read_the_end_that_was_written_down(
    scenario: Scenario, seed: int
) -> None:
    story = story_of(a_claim(), seed=seed, forced=scenario)
    decided = [payment for payment in story.payments if payment.outcome != "22"]

    if decided:
        decision = decision_of(as_facts(decided[-1]), order=PayerOrder.PRIMARY)
        assert decision.outcome == story.end


@pytest.mark.parametrize(
    ("member_id", "end"), [("WREJECT1", "rejected"), ("wdeny2", "denied"), ("REJECT", "rejected")]
)
def test_the_member_id_forces_a_rejection_or_a_denial(member_id: str, end: str) -> None:
    for seed in range(20):
        story = story_of(replace(a_claim(), member_id=member_id), seed=seed)

        assert story.end == end


def test_a_partial_denial_pays_one_line_and_not_another() -> None:
    payment = told(Scenario.PARTLY_DENIED).payments[0]

    assert sorted(line.paid_amount > 0 for line in payment.lines) == [False, True]


def test_a_single_line_cannot_be_partly_denied_and_is_paid_plainly() -> None:
    story = told(Scenario.PARTLY_DENIED, a_claim("PCN1", a_line()))

    assert story.scenario is Scenario.PAID


def test_a_reversal_takes_the_first_payment_back_whole() -> None:
    first, reversal, second = told(Scenario.REVERSED_AND_CORRECTED).payments

    assert reversal.outcome == "22"
    assert reversal.paid_amount == -first.paid_amount
    assert reversal.charge_amount == -first.charge_amount
    assert 0 < second.paid_amount < first.paid_amount


def test_interest_is_a_provider_adjustment_that_adds_money() -> None:
    step = told(Scenario.PAID_INTEREST).steps[-1]

    (interest,) = step.provider_adjustments
    assert interest.reason == "L6"
    assert interest.amount == -step.payments[0].interest_amount < 0


def test_what_is_kept_back_is_a_positive_provider_adjustment_after_the_payment() -> None:
    reasons = set()
    for seed in range(30):
        paid, kept = told(Scenario.RECOUPED, seed=seed).steps[-2:]
        (taking,) = kept.provider_adjustments
        reasons.add(taking.reason)
        assert kept.days > paid.days
        assert 0 < taking.amount < paid.payments[0].paid_amount
    assert reasons == {"WO", "72"}


def test_out_of_order_the_money_comes_before_the_acceptance() -> None:
    kinds = [step.kind for step in sorted(told(Scenario.OUT_OF_ORDER).steps, key=lambda s: s.days)]

    assert kinds == [StepKind.PAYS, StepKind.SAYS, StepKind.SAYS]


def test_a_later_payer_leaves_what_earlier_ones_settled_as_oa_23() -> None:
    line = a_line(charge="150.00", settled="110.00")
    claim = replace(a_claim("PCN1", line), payer_order="S")

    (payment,) = told(Scenario.PAID, claim).payments

    assert payment.outcome == "2"
    assert payment.paid_amount == Decimal("40.00")
    assert [(made.group, made.reason) for made in payment.lines[0].adjustments] == [("OA", "23")]


def test_a_replacement_takes_back_what_it_replaces_before_it_pays() -> None:
    original = told(Scenario.PAID)
    claim = replace(a_claim("PCN2"), frequency="7", original_reference="E1")
    earlier = Earlier("E1", original.payments)

    story = story_of(claim, seed=1, forced=Scenario.PAID, earlier=earlier)

    assert [payment.outcome for payment in story.payments] == ["22", "1"]
    assert story.payments[0].patient_control_number == "PCN1"
    assert story.payments[1].patient_control_number == "PCN2"


def test_a_void_only_takes_back() -> None:
    claim = replace(a_claim("PCN2"), frequency="8", original_reference="E1")
    earlier = Earlier("E1", told(Scenario.PAID).payments)

    story = story_of(claim, seed=1, earlier=earlier)

    assert story.end == "voided"
    assert [payment.outcome for payment in story.payments] == ["22"]


@pytest.mark.parametrize("frequency", ["7", "8"])
def test_a_replacement_of_a_claim_the_payer_does_not_know_is_rejected(frequency: str) -> None:
    claim = replace(a_claim("PCN2"), frequency=frequency, original_reference="E404")

    story = story_of(claim, seed=1, forced=Scenario.PAID)

    assert story.end == "rejected"
    assert story.payments == ()


def heard(story: Story) -> ClaimStatus:
    """Where our claim stands once every step of a story has been heard, in its order."""
    if story.clearinghouse_refuses:
        category = story.clearinghouse_refuses.split(":")[0]
        event = event_of_response("R", category=category, speaker=Speaker.CLEARINGHOUSE)
        assert isinstance(event, ClaimEvent)
        return step(ClaimStatus.SUBMITTED, event).status
    status = ClaimStatus.SUBMITTED
    for each in sorted(story.steps, key=lambda each: each.days):
        events: list[ClaimEvent | Unclear] = [
            decision_of(as_facts(payment), order=PayerOrder.PRIMARY).event
            for payment in each.payments
        ]
        if each.kind is StepKind.SAYS:
            letter, category = ("A" if each.accepts else "R"), each.stc.split(":")[0]
            events = [event_of_response(letter, category=category, speaker=Speaker.PAYER)]
        for event in events:
            assert isinstance(event, ClaimEvent)
            status = step(status, event).status
    return status


@given(scenario=st.sampled_from(Scenario), seed=st.integers(0, 5_000))
def test_a_claim_that_hears_its_story_stands_where_it_was_written_down(
    scenario: Scenario, seed: int
) -> None:
    story = story_of(a_claim(), seed=seed, forced=scenario)

    assert heard(story) == story.end
