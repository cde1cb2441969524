"""Which lines make one claim, and why others stand apart."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.grouping import (
    APART_WORDS,
    Apart,
    BillableLine,
    ClaimGroup,
    PayerGroupingRules,
    group_lines,
)

FIRST = BillableLine(
    line_id=UUID(int=1),
    appointment_id=UUID(int=1),
    client_id=UUID(int=1),
    policy_id=UUID(int=1),
    payer_order=PayerOrder.PRIMARY,
    billing_profile_id=UUID(int=1),
    clinician_id=UUID(int=1),
    place_of_service="11",
    facility_id=None,
    authorization_id=None,
    day=date(2026, 5, 4),
    diagnoses=("F411",),
    charge_amount=Decimal("175.00"),
)


def another(number: int = 2, **changes: Any) -> BillableLine:
    """Return a line of the same client a week later, changed."""
    later = replace(
        FIRST,
        line_id=UUID(int=number),
        appointment_id=UUID(int=number),
        day=FIRST.day + timedelta(7 * (number - 1)),
    )
    return replace(later, **changes)


def weeks(count: int) -> list[BillableLine]:
    return [another(number) for number in range(1, count + 1)]


def sizes(groups: tuple[ClaimGroup, ...]) -> list[int]:
    return [len(group.lines) for group in groups]


def test_lines_that_are_alike_make_one_claim_by_date() -> None:
    (group,) = group_lines([another(3), FIRST, another(2)])
    assert [line.line_id.int for line in group.lines] == [1, 2, 3]
    assert group.charge_amount == Decimal("525.00")
    assert group.apart is None


@pytest.mark.parametrize(
    ("apart", "change"),
    [
        (Apart.POLICY, {"policy_id": UUID(int=9)}),
        (Apart.PAYER_ORDER, {"payer_order": PayerOrder.SECONDARY}),
        (Apart.BILLING_PROFILE, {"billing_profile_id": UUID(int=9)}),
        (Apart.CLINICIAN, {"clinician_id": UUID(int=9)}),
        (Apart.PLACE, {"place_of_service": "10"}),
        (Apart.FACILITY, {"facility_id": UUID(int=9)}),
        (Apart.AUTHORIZATION, {"authorization_id": UUID(int=9)}),
        (Apart.YEAR, {"day": date(2027, 1, 4)}),
    ],
)
def test_whatever_differs_makes_another_claim_and_is_its_reason(
    apart: Apart, change: dict[str, Any]
) -> None:
    first, second = group_lines([FIRST, another(**change)])
    assert (first.apart, second.apart) == (None, apart)


def test_another_client_is_another_claim_without_a_reason() -> None:
    groups = group_lines([FIRST, another(client_id=UUID(int=9))])
    assert [group.apart for group in groups] == [None, None]


@pytest.mark.parametrize(
    ("limit", "expected"), [(6, [6, 6, 1]), (50, [13]), (99, [13]), (1, [1] * 13), (0, [1] * 13)]
)
def test_a_payer_takes_so_many_lines_on_a_claim(limit: int, expected: list[int]) -> None:
    groups = group_lines(weeks(13), PayerGroupingRules(lines_per_claim=limit))
    assert sizes(groups) == expected
    assert {group.apart for group in groups[1:]} <= {Apart.LINES}


def test_no_payer_takes_more_lines_than_a_claim_can_carry() -> None:
    many = [replace(line, day=FIRST.day) for line in weeks(60)]
    assert sizes(group_lines(many, PayerGroupingRules(lines_per_claim=999))) == [50, 10]


def test_six_lines_make_a_claim_by_default() -> None:
    assert sizes(group_lines(weeks(7))) == [6, 1]


def test_a_payer_may_want_one_date_a_claim() -> None:
    same_day = another(number=3, day=FIRST.day)
    groups = group_lines([FIRST, another(2), same_day], PayerGroupingRules(several_dates=False))
    assert sizes(groups) == [2, 1]
    assert groups[1].apart is Apart.DATE


def test_the_lines_of_one_appointment_stay_on_one_claim() -> None:
    visits = weeks(5)
    base = another(6)
    add_on = replace(base, line_id=UUID(int=7))
    groups = group_lines([*visits, base, add_on])
    assert sizes(groups) == [5, 2]
    assert groups[1].apart is Apart.LINES


def test_an_appointment_larger_than_a_claim_is_cut() -> None:
    visit = [replace(FIRST, line_id=UUID(int=number)) for number in range(1, 9)]
    assert sizes(group_lines(visit)) == [6, 2]


def test_a_claim_carries_twelve_diagnoses_together() -> None:
    seven = tuple(f"F10{number}" for number in range(7))
    six_others = tuple(f"F12{number}" for number in range(6))
    first, second = group_lines([replace(FIRST, diagnoses=seven), another(diagnoses=six_others)])
    assert second.apart is Apart.DIAGNOSES
    assert len(first.diagnoses) == 7
    (together,) = group_lines([replace(FIRST, diagnoses=seven), another(diagnoses=seven[:6])])
    assert together.diagnoses == seven


def test_pointers_name_a_lines_own_diagnoses_on_the_claim() -> None:
    second = another(diagnoses=("F329", "F411", "F329"))
    (group,) = group_lines([FIRST, second])
    assert group.diagnoses == ("F411", "F329")
    assert group.pointers(FIRST) == (1,)
    assert group.pointers(second) == (2, 1)
    five = replace(FIRST, diagnoses=("F411", "F329", "F4010", "F4011", "F4021"))
    (alone,) = group_lines([five])
    assert alone.pointers(five) == (1, 2, 3, 4)


LINES = st.lists(
    st.builds(
        lambda number, **changes: another(number, **changes),
        st.integers(1, 40),
        client_id=st.sampled_from([UUID(int=1), UUID(int=2)]),
        place_of_service=st.sampled_from(["11", "10"]),
        day=st.dates(date(2026, 12, 20), date(2027, 1, 10)),
        diagnoses=st.lists(st.sampled_from([f"F{n}" for n in range(20)]), max_size=8).map(tuple),
    ),
    unique_by=lambda line: line.line_id,
)
RULES = st.builds(PayerGroupingRules, st.integers(1, 60), st.booleans())


@given(LINES, RULES, st.randoms())
def test_every_line_is_on_exactly_one_claim_whatever_their_order(
    lines: list[BillableLine], rules: PayerGroupingRules, shuffled: Any
) -> None:
    groups = group_lines(lines, rules)
    placed = [line for group in groups for line in group.lines]
    assert sorted(placed, key=lambda line: line.line_id) == sorted(
        lines, key=lambda line: line.line_id
    )
    mixed = list(lines)
    shuffled.shuffle(mixed)
    assert group_lines(mixed, rules) == groups


@given(LINES, RULES)
def test_every_claim_keeps_every_rule(lines: list[BillableLine], rules: PayerGroupingRules) -> None:
    for group in group_lines(lines, rules):
        assert 1 <= len(group.lines) <= rules.most_lines
        assert len(group.diagnoses) <= 12
        assert rules.several_dates or len({line.day for line in group.lines}) == 1
        for before, after in pairwise(group.lines):
            assert before.day <= after.day
            assert before.day.year == after.day.year
            assert before.client_id == after.client_id
            assert before.place_of_service == after.place_of_service


def test_every_reason_has_its_words() -> None:
    assert set(APART_WORDS) == set(Apart)
