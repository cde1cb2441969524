"""Days: ranges of service, the clocks a payer sets, the practice's own today, business days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = timedelta(days=1)
LONGEST_LIFE_IN_YEARS = 130


class EndsBeforeItBegins(ValueError):
    """A range of days whose last day is before its first."""


class NaiveMoment(ValueError):
    """A moment without a time zone: nobody can say which day it is."""


class UnknownTimeZone(ValueError):
    """A time zone that the zone database doesn't know."""


class NoDays(ValueError):
    """A range was asked of no days at all."""


@dataclass(frozen=True)
class ServiceDates:
    """First and last day of service, both included (DTP*472 D8 or RD8, Box 24A)."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        if self.last < self.first:
            raise EndsBeforeItBegins

    @property
    def days(self) -> int:
        """How many days the range holds; one day holds one."""
        return (self.last - self.first).days + 1

    @property
    def is_one_day(self) -> bool:
        """Whether DTP*472 is a D8, not an RD8."""
        return self.first == self.last

    def holds(self, day: date) -> bool:
        """Tell whether the day lies in the range."""
        return self.first <= day <= self.last


def service_dates(days: Iterable[date]) -> ServiceDates:
    """Return the range that just holds all the days; raises NoDays for none."""
    ordered = sorted(days)
    if not ordered:
        raise NoDays
    return ServiceDates(ordered[0], ordered[-1])


def filing_deadline(
    last_service_day: date, filing_days: int, *, primary_remitted_on: date | None = None
) -> date:
    """Return the last day on which a payer takes the claim.

    The clock runs from the last day of service; for a secondary claim from the day of the
    primary's remittance. A rejection does not stop it.
    """
    return (primary_remitted_on or last_service_day) + filing_days * DAY


def deadline_after_remittance(remitted_on: date, days: int) -> date:
    """Return the last day for a corrected claim or an appeal, counted from the remittance."""
    return remitted_on + days * DAY


def days_left(deadline: date, today: date) -> int:
    """Return whole days until the deadline; 0 on the day itself, negative after it."""
    return (deadline - today).days


def is_covered(day: date, first: date | None, last: date | None) -> bool:
    """Tell whether a day lies between two days either of which may be open."""
    return (first is None or first <= day) and (last is None or day <= last)


def birth_date_is_possible(born: date, today: date) -> bool:
    """Tell whether somebody born on the day can be a client today (DMG02, Box 3)."""
    return born <= today and today.year - born.year <= LONGEST_LIFE_IN_YEARS


def today_in(zone: str, now: datetime) -> date:
    """Return the day it is in the practice's time zone at an aware moment."""
    if now.tzinfo is None or now.utcoffset() is None:
        raise NaiveMoment
    return now.astimezone(time_zone(zone)).date()


def time_zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name; raises UnknownTimeZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise UnknownTimeZone from unknown


def is_business_day(day: date) -> bool:
    """Tell whether payers work on the day: Monday to Friday, no US federal holiday."""
    return day.weekday() < 5 and day not in federal_holidays(day.year)


def add_business_days(day: date, count: int) -> date:
    """Return the business day `count` business days after the day (0: the day or the next)."""
    while not is_business_day(day):
        day += DAY
    for _ in range(count):
        day += DAY
        while not is_business_day(day):
            day += DAY
    return day


def business_days_between(first: date, last: date) -> int:
    """Count the business days after the first day up to and including the last."""
    return sum(is_business_day(first + step * DAY) for step in range(1, (last - first).days + 1))


def federal_holidays(year: int) -> frozenset[date]:
    """Return the days federal offices close in a year (5 U.S.C. 6103, observed days)."""
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11)]
    fixed += [date(year, 12, 25)]
    if year < date.max.year:
        fixed.append(date(year + 1, 1, 1))  # observed in this year when it is a Saturday
    moving = [
        _nth_weekday(year, 1, 0, 3),
        _nth_weekday(year, 2, 0, 3),
        _nth_weekday(year, 6, 0, 1) - 7 * DAY,  # the last Monday of May
        _nth_weekday(year, 9, 0, 1),
        _nth_weekday(year, 10, 0, 2),
        _nth_weekday(year, 11, 3, 4),
    ]
    observed = (_observed(day) for day in fixed)
    return frozenset([*moving, *(day for day in observed if day.year == year)])


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (nth - 1)) * DAY


def _observed(day: date) -> date:
    return day + {5: -DAY, 6: DAY}.get(day.weekday(), timedelta())
