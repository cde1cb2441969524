"""Every pair of status and event is decided, and answers end alike in whatever order they come."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.claim_status import (
    ANSWERS,
    DECIDED,
    EDITABLE,
    FROM_OUTSIDE,
    NEXT,
    OUT,
    RANK,
    ClaimEvent,
    ClaimStatus,
    Effect,
    EventNotPossible,
    choices,
    next_status,
    step,
)

# The whole decision, one letter a pair: M moves, = stays, . stale, ? asks a person, x refused.
# Columns in ClaimEvent's order: what we do | what is answered.
MATRIX = """
prepared              xMx=M=xxMMxM ......????
scrub                 xMx==MxxxMxM ......????
queued                xxMMMxMxxxxx MMMMMMMMM?
submitted             xxxxxx=xxxMM =MMMMMMMM?
received              xxxxxx.xxxMM .=MMMMMMM?
pending               xxxxxx.xxxMM ...=MMMMM?
more_info_required    xxxxxx.MxxMM ....=MMMM?
accepted              xxxxxx.xxxMM ..=MMMMMM?
rejected              xxxxxx.xxxMM .....=MMM?
denied                xxxxxx.xxxMM ......=MMM
deductible            xxxxxx.xxxMM ......?=MM
paid                  xxxxxx.xxxMM ......??=M
downloaded            xxxxxMxx=MMM =MMMMMMMM?
submitted_externally  xxxxxxxxxxMM =MMMMMMMM?
reopened              xMx=M=xxMMxM ......????
voided                xxxxxxxxxxxx ......???=
"""
LETTERS = {Effect.MOVES: "M", Effect.STAYS: "=", Effect.STALE: ".", Effect.ASKS: "?"}


def letter(status: ClaimStatus, event: ClaimEvent) -> str:
    try:
        return LETTERS[step(status, event).effect]
    except EventNotPossible:
        return "x"


def decided_pairs() -> dict[tuple[ClaimStatus, ClaimEvent], str]:
    rows = [line.split(maxsplit=1) for line in MATRIX.strip().splitlines()]
    return {
        (ClaimStatus(name), event): mark
        for name, marks in rows
        for event, mark in zip(ClaimEvent, marks.replace(" ", ""), strict=True)
    }


def test_every_pair_of_status_and_event_is_decided_as_the_matrix_says() -> None:
    expected = decided_pairs()

    actual = {pair: letter(*pair) for pair in itertools.product(ClaimStatus, ClaimEvent)}

    assert actual == expected


@pytest.mark.parametrize(
    ("status", "event", "following"),
    [
        ("prepared", "released", "queued"),
        ("scrub", "released", "queued"),
        ("reopened", "released", "queued"),
        ("queued", "recalled", "prepared"),
        ("queued", "held", "prepared"),
        ("queued", "scrub_failed", "scrub"),
        ("prepared", "scrub_failed", "scrub"),
        ("scrub", "corrected", "prepared"),
        ("downloaded", "corrected", "prepared"),
        ("queued", "transmitted", "submitted"),
        ("queued", "acknowledged_by_clearinghouse", "submitted"),
        ("submitted", "received_by_payer", "received"),
        ("received", "accepted", "accepted"),
        ("accepted", "pending_at_payer", "pending"),
        ("accepted", "more_info_required", "more_info_required"),
        ("more_info_required", "information_supplied", "pending"),
        ("accepted", "rejected", "rejected"),
        ("accepted", "paid", "paid"),
        ("accepted", "denied", "denied"),
        ("accepted", "applied_to_deductible", "deductible"),
        ("paid", "reversed", "accepted"),
        ("denied", "reversed", "accepted"),
        ("deductible", "reversed", "accepted"),
        ("rejected", "reopened", "reopened"),
        ("denied", "reopened", "reopened"),
        ("paid", "voided", "voided"),
        ("prepared", "downloaded", "downloaded"),
        ("downloaded", "submitted_externally", "submitted_externally"),
        ("submitted_externally", "paid", "paid"),
    ],
)
def test_a_claim_moves_where_the_table_sends_it(status: str, event: str, following: str) -> None:
    assert next_status(ClaimStatus(status), ClaimEvent(event)) == following


def test_the_clearinghouses_own_word_is_kept_but_the_claim_stays_submitted() -> None:
    told = step(ClaimStatus.SUBMITTED, ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE)

    assert told.effect is Effect.STAYS
    assert told.status is ClaimStatus.SUBMITTED


def test_an_acceptance_that_comes_after_the_payment_is_stale_not_illegal() -> None:
    late = step(ClaimStatus.PAID, ClaimEvent.ACCEPTED)

    assert late.effect is Effect.STALE
    assert late.status is ClaimStatus.PAID


def test_an_answer_that_overtakes_our_own_note_of_sending_moves_the_claim() -> None:
    answered = next_status(ClaimStatus.QUEUED, ClaimEvent.ACCEPTED)

    noted = step(answered, ClaimEvent.TRANSMITTED)

    assert answered is ClaimStatus.ACCEPTED
    assert noted.effect is Effect.STALE


def test_a_rejection_counts_even_after_an_earlier_acceptance() -> None:
    before_money = {s for s in OUT if RANK[s] < RANK[ClaimStatus.REJECTED]}

    ends = {next_status(status, ClaimEvent.REJECTED) for status in before_money}

    assert ends == {ClaimStatus.REJECTED}


def test_money_for_a_claim_in_our_own_hands_asks_for_a_person() -> None:
    for status in EDITABLE:
        told = step(status, ClaimEvent.PAID)

        assert told.effect is Effect.ASKS
        assert told.status is status


def test_a_reversal_of_what_was_never_decided_asks_for_a_person() -> None:
    for status in OUT - DECIDED:
        assert step(status, ClaimEvent.REVERSED).effect is Effect.ASKS


def test_a_fact_from_outside_is_never_refused() -> None:
    for status, event in itertools.product(ClaimStatus, sorted(FROM_OUTSIDE)):
        step(status, event)


def test_a_refused_step_names_the_status_and_the_event() -> None:
    with pytest.raises(EventNotPossible, match="queued cannot be voided") as refused:
        next_status(ClaimStatus.QUEUED, ClaimEvent.VOIDED)

    assert refused.value.status is ClaimStatus.QUEUED
    assert refused.value.event is ClaimEvent.VOIDED


def test_a_rejected_claim_offers_no_release_before_it_is_reopened() -> None:
    assert choices(ClaimStatus.REJECTED) == (ClaimEvent.REOPENED, ClaimEvent.VOIDED)


def test_choices_hold_only_what_people_may_do_and_what_will_not_be_refused() -> None:
    for status in ClaimStatus:
        for event in choices(status):
            assert event not in FROM_OUTSIDE | {ClaimEvent.TRANSMITTED, ClaimEvent.SCRUB_FAILED}
            assert step(status, event).effect in {Effect.MOVES, Effect.STAYS}


def test_every_status_but_prepared_is_reached_by_some_event_from_another() -> None:
    reached = {following for (status, _), following in NEXT.items() if status is not following}

    assert reached == set(ClaimStatus)


answers = st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=8)


@given(answers.flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))))
def test_answers_end_in_the_same_status_in_whatever_order_and_however_often_they_come(
    told: tuple[list[ClaimEvent], list[ClaimEvent]],
) -> None:
    in_one_order, in_another = told

    ends = []
    for events in (in_one_order, in_another, in_one_order + in_another):
        status = ClaimStatus.SUBMITTED
        for event in events:
            status = next_status(status, event)
        ends.append(status)

    assert len(set(ends)) == 1


@given(st.sampled_from(sorted(OUT)), st.sampled_from(sorted(ANSWERS)))
def test_an_answer_never_moves_an_attempt_back(status: ClaimStatus, event: ClaimEvent) -> None:
    assert RANK[next_status(status, event)] >= RANK[status]


def test_statuses_and_events_fit_their_columns() -> None:
    assert max(len(name) for name in [*ClaimStatus, *ClaimEvent]) <= 32
