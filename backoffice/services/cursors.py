"""The parts of a page's cursor, read strictly: what the database can't hold raises ValueError."""

from decimal import Decimal, InvalidOperation

from backoffice.rules.money import is_whole_cents

_MOST_ROWS = 10**9
_MOST_WHOLE = 2**31 - 1  # an integer column


def whole(words: str) -> int:
    """Read a whole number that an integer column holds."""
    number = int(words)
    if abs(number) > _MOST_WHOLE:
        raise ValueError
    return number


def place(words: str) -> int:
    """Read how many rows stand before."""
    number = int(words)
    if not 0 <= number <= _MOST_ROWS:
        raise ValueError
    return number


def dollars(words: str) -> Decimal:
    """Read an amount in whole cents; NaN and the infinite are none."""
    try:
        amount = Decimal(words)
    except InvalidOperation:
        raise ValueError from None
    if not is_whole_cents(amount):
        raise ValueError
    return amount
