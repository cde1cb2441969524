"""Single elements: exact in both directions, and refused where they are not what they should be."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.edi import values
from backoffice.edi.values import NotWritable, UnreadableValue


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_dollars_survive_the_way_out_and_in(dollars: Decimal) -> None:
    text = values.amount_text(dollars)

    assert values.amount(text) == dollars
    assert not text.endswith(("0", ".")) or "." not in text
    assert not text.startswith("+")
    assert text != "-0"


@pytest.mark.parametrize(
    ("text", "dollars"),
    [("175", "175.00"), ("85.5", "85.50"), (".5", "0.50"), ("-12.250", "-12.25"), ("0", "0.00")],
)
def test_dollars_are_read_with_two_places(text: str, dollars: str) -> None:
    assert str(values.amount(text)) == dollars


@pytest.mark.parametrize(
    "text", ["", " ", "1 ", "+1", "1e3", "1,000", "$1", "NaN", "Infinity", "1.005", "--1", "١", "."]
)
def test_what_is_no_amount_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UnreadableValue) as refusal:
        values.amount(text)

    assert text.strip(" .") == "" or text not in str(refusal.value)


@pytest.mark.parametrize("dollars", ["0.005", "NaN", "Infinity"])
def test_what_is_no_amount_is_not_written(dollars: str) -> None:
    with pytest.raises(NotWritable):
        values.amount_text(Decimal(dollars))


@given(st.dates(min_value=date(1, 1, 1)))
def test_days_survive_the_way_out_and_in(value: date) -> None:
    assert values.day(values.day_text(value)) == value


@pytest.mark.parametrize("text", ["", "20260230", "2026-06-10", "20260610 ", "260610", "00000101"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(UnreadableValue):
        values.day(text)


def test_a_period_is_one_day_or_two() -> None:
    first, last = date(2026, 6, 1), date(2026, 6, 3)

    assert values.days_text(first, first) == ("D8", "20260601")
    assert values.days_text(first, last) == ("RD8", "20260601-20260603")
    assert values.days("20260601-20260603", "RD8") == (first, last)
    with pytest.raises(UnreadableValue):
        values.days("20260603-20260601", "RD8")
    with pytest.raises(NotWritable):
        values.days_text(last, first)


@pytest.mark.parametrize(
    ("text", "read"),
    [("0705", time(7, 5)), ("070530", time(7, 5, 30)), ("07053099", time(7, 5, 30))],
)
def test_clock_times_are_read(text: str, read: time) -> None:
    assert values.clock(text) == read


@pytest.mark.parametrize("text", ["", "705", "2460", "0760", "07:05", "102497"])
def test_what_is_no_clock_time_is_refused(text: str) -> None:
    with pytest.raises(UnreadableValue):
        values.clock(text)
