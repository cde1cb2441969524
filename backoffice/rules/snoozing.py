"""When what somebody put away comes back: in the morning of a day, on their own clocks."""

import enum
from datetime import UTC, date, datetime, time, timedelta

from backoffice.rules.dates import DAY, is_business_day, time_zone

MORNING = time(8)
A_WHILE = timedelta(hours=3)


class Sleep(enum.StrEnum):
    """For how long."""

    A_WHILE = "a_while"
    """Three hours."""
    TOMORROW = "tomorrow"
    """The next business day."""
    MONDAY = "monday"
    """The first business day of next week."""
    DAY = "day"
    """Until a day that was named."""


def wakes_at(sleep: Sleep, zone: str, *, now: datetime, day: date | None = None) -> datetime | None:
    """Return the moment (UTC) at which it comes back; None where no day was named for DAY."""
    if sleep is Sleep.A_WHILE:
        return now + A_WHILE
    today = now.astimezone(time_zone(zone)).date()
    if sleep is Sleep.TOMORROW:
        day = _business_day(today + DAY)
    elif sleep is Sleep.MONDAY:
        day = _business_day(today + (7 - today.weekday()) * DAY)
    if day is None:
        return None
    return datetime.combine(day, MORNING, time_zone(zone)).astimezone(UTC)


def _business_day(day: date) -> date:
    while not is_business_day(day):
        day += DAY
    return day
