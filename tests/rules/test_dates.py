"""Days, clocks and business days."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.dates import (
    EndsBeforeItBegins,
    NaiveMoment,
    NoDays,
    ServiceDates,
    UnknownTimeZone,
    add_business_days,
    birth_date_is_possible,
    business_days_between,
    days_left,
    deadline_after_remittance,
    federal_holidays,
    filing_deadline,
    is_business_day,
    is_covered,
    service_dates,
    today_in,
)

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@given(st.lists(DAYS, min_size=1))
def test_a_range_holds_all_its_days_and_begins_and_ends_on_one(days: list[date]) -> None:
    together = service_dates(days)
    assert all(map(together.holds, days))
    assert {together.first, together.last} <= set(days)
    assert together.is_one_day is (len(set(days)) == 1)


def test_both_ends_of_a_range_count() -> None:
    assert ServiceDates(date(2026, 5, 4), date(2026, 5, 6)).days == 3


def test_a_range_never_ends_before_it_begins() -> None:
    with pytest.raises(EndsBeforeItBegins):
        ServiceDates(date(2026, 5, 4), date(2026, 5, 3))


def test_a_range_of_no_days_is_refused() -> None:
    with pytest.raises(NoDays):
        service_dates([])


def test_the_filing_clock_runs_from_the_last_day_of_service() -> None:
    assert filing_deadline(date(2026, 5, 4), 90) == date(2026, 8, 2)


def test_the_clock_of_a_secondary_runs_from_the_primarys_remittance() -> None:
    deadline = filing_deadline(date(2026, 5, 4), 90, primary_remitted_on=date(2026, 7, 1))
    assert deadline == date(2026, 9, 29)


def test_corrected_claims_and_appeals_are_counted_from_the_remittance() -> None:
    assert deadline_after_remittance(date(2026, 7, 1), 180) == date(2026, 12, 28)


def test_the_day_of_the_deadline_has_no_days_left_and_the_next_is_late() -> None:
    assert days_left(date(2026, 8, 2), date(2026, 8, 2)) == 0
    assert days_left(date(2026, 8, 2), date(2026, 8, 3)) == -1


@pytest.mark.parametrize(
    ("first", "last", "covered"),
    [
        (None, None, True),
        (date(2026, 5, 4), date(2026, 5, 4), True),
        (date(2026, 5, 5), None, False),
        (None, date(2026, 5, 3), False),
    ],
)
def test_coverage_holds_its_first_and_last_day_and_may_be_open(
    first: date | None, last: date | None, covered: bool
) -> None:
    assert is_covered(date(2026, 5, 4), first, last) is covered


def test_today_is_the_practices_day_not_the_servers() -> None:
    moment = datetime(2026, 5, 5, 3, 30, tzinfo=UTC)
    assert today_in("America/New_York", moment) == date(2026, 5, 4)
    assert today_in("UTC", moment) == date(2026, 5, 5)
    assert today_in("UTC", moment.astimezone(timezone(timedelta(hours=-9)))) == date(2026, 5, 5)


def test_a_moment_without_a_zone_has_no_day() -> None:
    with pytest.raises(NaiveMoment):
        today_in("UTC", datetime(2026, 5, 5, 3, 30))  # noqa: DTZ001  # the very thing refused


@pytest.mark.parametrize("zone", ["", "America/Atlantis", "../etc/passwd", "\0"])
def test_a_zone_that_does_not_exist_is_refused_by_name(zone: str) -> None:
    with pytest.raises(UnknownTimeZone):
        today_in(zone, datetime(2026, 5, 5, tzinfo=UTC))


def test_the_federal_holidays_of_2026_are_these() -> None:
    days = "0101 0119 0216 0525 0619 0703 0907 1012 1111 1126 1225"
    assert sorted(federal_holidays(2026)) == [
        date.fromisoformat(f"2026{day}") for day in days.split()
    ]


def test_a_new_years_day_on_saturday_closes_the_last_day_of_the_old_year() -> None:
    assert date(2021, 12, 31) in federal_holidays(2021)
    assert date(2022, 1, 1) not in federal_holidays(2022)


def test_weekends_and_holidays_are_no_business_days() -> None:
    friday, saturday, holiday = date(2026, 5, 22), date(2026, 5, 23), date(2026, 5, 25)
    assert is_business_day(friday)
    assert not is_business_day(saturday)
    assert not is_business_day(holiday)
    assert add_business_days(friday, 1) == date(2026, 5, 26)
    assert add_business_days(saturday, 0) == date(2026, 5, 26)


@given(DAYS.filter(is_business_day), st.integers(0, 60))
def test_adding_business_days_and_counting_them_agree(day: date, count: int) -> None:
    assert business_days_between(day, add_business_days(day, count)) == count


@pytest.mark.parametrize(
    ("born", "possible"),
    [(date(2026, 6, 15), True), (date(2026, 6, 16), False), (date(1895, 1, 1), False)],
)
def test_nobody_is_born_tomorrow_or_older_than_130(born: date, possible: bool) -> None:
    assert birth_date_is_possible(born, date(2026, 6, 15)) is possible
