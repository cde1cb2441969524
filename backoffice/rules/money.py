"""Dollars: an exact Decimal with two places, or a named refusal; never a float, never rounding."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
# The widest amount a claim may carry: S9(8)V99 in the HIPAA guides.
LARGEST = Decimal("99999999.99")


class NotMoney(ValueError):
    """The value is no amount of dollars and cents. The message never repeats it."""


class NotAnAmount(NotMoney):
    """The value is no finite number of dollars."""


class FractionOfACent(NotMoney):
    """The value has more than two decimal places that matter; it is refused, never rounded."""


def dollars(value: str | Decimal | int) -> Decimal:
    """Return the value as dollars with exactly two places.

    Text may carry a currency sign, thousands commas in their right places and a sign:
    "$1,250.5" is 1250.50. Raises NotAnAmount or FractionOfACent, without the value in the
    message: amounts of one claim are not for logs.
    """
    amount = _number(value)
    if not amount.is_finite():
        raise NotAnAmount
    try:
        exact = amount.quantize(CENT)
    except InvalidOperation as wider_than_the_context:
        raise NotAnAmount from wider_than_the_context
    if exact != amount:
        raise FractionOfACent
    return exact + ZERO  # -0.00 becomes 0.00


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum, 0.00 for none."""
    return sum(amounts, ZERO)


def is_whole_cents(amount: Decimal) -> bool:
    """Tell whether an amount is finite, has no fraction of a cent and fits on a claim."""
    return amount.is_finite() and abs(amount) <= LARGEST and amount == amount.quantize(CENT)


def _number(value: str | Decimal | int) -> Decimal:
    if isinstance(value, bool | float):
        raise NotAnAmount
    if isinstance(value, Decimal | int):
        return Decimal(value)
    try:
        return Decimal(_plain(value))
    except InvalidOperation as not_a_number:
        raise NotAnAmount from not_a_number


def _plain(text: str) -> str:
    text = text.strip()
    sign = "-" if text.startswith("-") else ""
    digits = text.removeprefix("-").removeprefix("$")
    whole, point, cents = digits.partition(".")
    if "," in whole:
        first, *groups = whole.split(",")
        if not 1 <= len(first) <= 3 or any(len(group) != 3 for group in groups):
            raise NotAnAmount
        whole = "".join((first, *groups))
    if not (whole + cents).isascii() or not (whole + cents).isdigit():
        raise NotAnAmount
    return f"{sign}{whole or '0'}{point}{cents}"
