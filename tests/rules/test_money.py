"""Dollars are exact: two places, no float, no rounding, no repair."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.money import (
    LARGEST,
    FractionOfACent,
    NotAnAmount,
    NotMoney,
    dollars,
    is_whole_cents,
    total,
)

CENTS = st.integers(min_value=-(10**10), max_value=10**10)


@given(CENTS)
def test_every_number_of_cents_survives_being_printed_and_read(cents: int) -> None:
    amount = Decimal(cents) / 100
    assert dollars(f"{amount:,.2f}") == dollars(amount) == amount
    assert dollars(amount).as_tuple().exponent == -2


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_whole_dollars_get_two_places(count: int) -> None:
    assert str(dollars(count)) == f"{count}.00"


@given(CENTS, st.integers(min_value=1, max_value=9))
def test_a_fraction_of_a_cent_is_refused_not_rounded(cents: int, tenth: int) -> None:
    with pytest.raises(FractionOfACent):
        dollars(Decimal(cents) / 100 + Decimal(tenth) / 1000)


@given(st.text())
def test_any_text_is_an_amount_or_refused_by_name(text: str) -> None:
    try:
        amount = dollars(text)
    except NotMoney:
        return
    assert amount.is_finite()


def test_a_refusal_never_repeats_what_was_typed() -> None:
    with pytest.raises(NotMoney) as refused:
        dollars("Ana Rivera 175.00")
    assert not str(refused.value)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("$1,250.5", "1250.50"), (" 175 ", "175.00"), (".5", "0.50"), ("-$3.10", "-3.10")],
)
def test_amounts_are_read_as_people_type_them(typed: str, meant: str) -> None:
    assert str(dollars(typed)) == meant


@pytest.mark.parametrize(
    "typed", ["", "abc", "1,25.00", "1,2500", "1e5", "NaN", "Infinity", "٣", "--5", "1.2.3", "5-"]
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(NotAnAmount):
        dollars(typed)


@pytest.mark.parametrize("value", [0.1, True, Decimal("NaN"), Decimal("Infinity"), Decimal("9E99")])
def test_floats_truths_and_endless_numbers_are_no_amounts(value: Any) -> None:
    with pytest.raises(NotAnAmount):
        dollars(value)


def test_minus_nothing_is_nothing() -> None:
    assert str(dollars("-0.00")) == "0.00"


def test_the_sum_of_no_amounts_is_nothing_with_two_places() -> None:
    assert str(total([])) == "0.00"
    assert total([Decimal("0.10")] * 3) == Decimal("0.30")


@pytest.mark.parametrize(
    ("amount", "fits"),
    [
        (LARGEST, True),
        (-LARGEST, True),
        (LARGEST + Decimal("0.01"), False),
        (Decimal("1.005"), False),
        (Decimal("NaN"), False),
        (Decimal("9E+999999"), False),
        (Decimal("1E-999999"), False),
    ],
)
def test_a_claim_carries_whole_cents_up_to_eight_digits_of_dollars(
    amount: Decimal, fits: bool
) -> None:
    assert is_whole_cents(amount) is fits
