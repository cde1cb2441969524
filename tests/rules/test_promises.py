"""An answer in so many business hours: nights, weekends, holidays and both changes of clocks."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from backoffice.rules.dates import NaiveMoment
from backoffice.rules.promises import BusinessHours, NoBusinessHours, answer_due

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = BusinessHours()


def at(*parts: int) -> datetime:
    """A moment on New York's clocks."""
    return datetime(*parts, tzinfo=NEW_YORK)  # type: ignore[arg-type, misc]  # parts are ints


def due(asked: datetime, hours: int, business: BusinessHours = OFFICE) -> datetime:
    found = answer_due(asked, hours, business)
    assert found is not None
    assert found.tzinfo is UTC
    return found.astimezone(NEW_YORK)


@pytest.mark.parametrize(
    ("asked", "hours", "by"),
    [
        (at(2026, 11, 17, 10, 30), 4, at(2026, 11, 17, 14, 30)),
        (at(2026, 11, 17, 15), 4, at(2026, 11, 18, 11)),  # over night
        (at(2026, 11, 17, 3), 2, at(2026, 11, 17, 11)),  # before it opens
        (at(2026, 11, 17, 22), 8, at(2026, 11, 18, 17)),  # after it closed: the whole next day
        (at(2026, 11, 20, 16), 2, at(2026, 11, 23, 10)),  # over a weekend
        (at(2026, 11, 25, 16), 2, at(2026, 11, 27, 10)),  # over Thanksgiving
        (at(2026, 7, 2, 16), 2, at(2026, 7, 6, 10)),  # July 4 is a Saturday, kept on Friday
        (at(2026, 11, 17, 9), 8, at(2026, 11, 17, 17)),  # just the day
        (at(2026, 11, 17, 17), 8, at(2026, 11, 18, 17)),
        (at(2026, 3, 6, 16), 2, at(2026, 3, 9, 10)),  # clocks go forward on Sunday
        (at(2026, 10, 30, 16), 2, at(2026, 11, 2, 10)),  # clocks go back on Sunday
        (at(2026, 12, 31, 16), 2, at(2027, 1, 4, 10)),  # over New Year and the weekend
        (at(2026, 11, 16, 9), 80, at(2026, 11, 30, 17)),  # ten business days, one holiday
    ],
)
def test_an_answer_is_promised_in_business_hours(asked: datetime, hours: int, by: datetime) -> None:
    assert due(asked, hours) == by
    assert due(asked.astimezone(UTC), hours) == by


def test_the_practices_own_zone_counts() -> None:
    honolulu = BusinessHours(zone="Pacific/Honolulu")

    found = answer_due(datetime(2026, 11, 17, 18, tzinfo=UTC), 1, honolulu)

    assert found == datetime(2026, 11, 17, 20, tzinfo=UTC)  # opens at 09:00, 19:00 UTC


def test_no_hours_promise_nothing() -> None:
    assert answer_due(at(2026, 11, 17, 10), 0, OFFICE) is None


def test_hours_that_never_pass_and_moments_of_no_zone_are_refused() -> None:
    with pytest.raises(NoBusinessHours):
        BusinessHours(opens_at=time(17), closes_at=time(9))
    with pytest.raises(NaiveMoment):
        answer_due(datetime(2026, 11, 17, 10), 1, OFFICE)  # noqa: DTZ001 - what is refused
