"""Until when an answer is promised: so many business hours of the practice's own time zone.

A business hour lies between opening and closing on a business day (Monday to Friday, no federal
holiday). It opens and closes by the clocks on the wall, on either side of a change of them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from backoffice.rules.dates import DAY, NaiveMoment, is_business_day, time_zone

MOST_HOURS = 80
"""Two weeks of eight hours: what takes longer is no promise."""


class NoBusinessHours(ValueError):
    """It closes before it opens, or at once: no hour of it ever passes."""


@dataclass(frozen=True)
class BusinessHours:
    """From when to when a practice's biller answers, on the clocks of an IANA time zone."""

    zone: str = "America/New_York"
    opens_at: time = time(9)
    closes_at: time = time(17)

    def __post_init__(self) -> None:
        """Refuse hours that never pass."""
        if self.closes_at <= self.opens_at:
            raise NoBusinessHours


def answer_due(asked_at: datetime, hours: int, business: BusinessHours) -> datetime | None:
    """Return the moment (UTC) by which an answer is promised; None where nothing is promised.

    What is asked outside of business hours counts from the next opening. Raises NaiveMoment.
    """
    if asked_at.tzinfo is None:
        raise NaiveMoment
    if hours <= 0:
        return None
    zone, left = time_zone(business.zone), timedelta(hours=hours)
    asked = asked_at.astimezone(UTC)
    day = asked_at.astimezone(zone).date()
    while True:
        if is_business_day(day):
            opens = datetime.combine(day, business.opens_at, zone).astimezone(UTC)
            closes = datetime.combine(day, business.closes_at, zone).astimezone(UTC)
            begins = max(opens, asked)
            if begins + left <= closes:
                return begins + left
            left -= max(closes - begins, timedelta())
        day += DAY
