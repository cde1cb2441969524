"""Where a page of a list ends, as it stands in an address; read strictly.

What the database can't hold raises ValueError.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from uuid import UUID

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


class Cursor(NamedTuple):
    """Where a page ends: the row's sort value and id, and how many rows stand before."""

    value: str
    row_id: UUID
    position: int

    def __str__(self) -> str:
        """Return it as it stands in an address: no name, no client."""
        return f"{self.position}~{self.value}~{self.row_id}"

    @classmethod
    def read(cls, words: str | None, value: Callable[[str], Any]) -> "Cursor | None":
        """Read a cursor whose sort value `value` reads; None for what is no such cursor."""
        parts = (words or "").split("~")
        if len(parts) != 3:
            return None
        try:
            value(parts[1])
            return cls(parts[1], UUID(parts[2]), place(parts[0]))
        except ValueError:
            return None
