"""When a daily summary is due, right across summer time, and in which order it tells."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from backoffice.rules.dates import time_zone, today_in
from backoffice.rules.money import ZERO

NEAR: Final = timedelta(days=14)
"""A deadline this near comes before money."""


@dataclass(frozen=True)
class Line:
    """One line of a summary: how many of what. Money and deadline order it and are never told."""

    count: int
    words: str
    amount: Decimal = ZERO
    due_on: date | None = None


def digest_moment(day: date, hour: int, zone: str) -> datetime:
    """Return the moment of a day at which clocks in the zone first show the hour, or more.

    An hour that the spring change leaves out is the moment after the gap; of an hour that the
    autumn change brings twice it is the first.
    """
    return datetime.combine(day, time(hour), time_zone(zone)).astimezone(UTC)


def digest_day(now: datetime, hour: int, zone: str) -> date | None:
    """Return the day whose summary is due at a moment, None before the day's hour."""
    day = today_in(zone, now)
    return day if now >= digest_moment(day, hour, zone) else None


def in_order(lines: Iterable[Line], *, today: date) -> tuple[Line, ...]:
    """Return lines that count something: near deadlines first, the nearest leading; then money."""

    def rank(line: Line) -> tuple[bool, date, Decimal, int]:
        near = line.due_on is not None and line.due_on - today <= NEAR
        due_on = line.due_on if near and line.due_on else date.max
        return not near, due_on, -line.amount, -line.count

    return tuple(sorted((line for line in lines if line.count), key=rank))
