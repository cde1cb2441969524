"""Until when records are kept, by state, for adults and for minors."""

from datetime import date

import pytest

from backoffice.rules.retention import DEFAULT, RULES, Standing, keep_until, rule_for

SERVED = date(2026, 11, 20)
GROWN = date(1980, 5, 5)


@pytest.mark.parametrize(
    ("state", "born", "until"),
    [
        ("WA", GROWN, date(2034, 11, 20)),
        ("wa ", date(2020, 1, 2), date(2042, 1, 2)),
        ("ME", GROWN, date(2033, 11, 20)),
        ("ME", date(2010, 6, 1), date(2035, 6, 1)),
        ("NY", date(2009, 6, 1), date(2032, 11, 20)),
        ("OH", GROWN, date(2036, 11, 20)),
        ("OH", date(2016, 11, 20), date(2044, 11, 20)),
    ],
    ids=["adult", "child", "adult Maine", "minor Maine", "years win", "default", "default child"],
)
def test_records_are_kept_for_the_years_of_the_state_and_past_childhood(
    state: str, born: date, until: date
) -> None:
    assert keep_until(state, last_service_on=SERVED, born_on=born) == until


def test_whose_birth_date_is_not_known_is_kept_as_the_youngest() -> None:
    assert keep_until("CA", last_service_on=SERVED, born_on=None) == date(2051, 11, 20)


def test_a_leap_day_ends_on_the_first_of_march() -> None:
    assert keep_until("CA", last_service_on=date(2024, 2, 29), born_on=GROWN) == date(2031, 3, 1)


def test_every_rule_says_where_it_stands_and_the_default_is_longer_than_any() -> None:
    for rule in RULES.values():
        assert rule.source
        assert rule.standing is Standing.VERIFIED
        assert rule.years <= DEFAULT.years
        assert rule.minor_until_age <= DEFAULT.minor_until_age
    assert rule_for("OH") is DEFAULT
    assert DEFAULT.standing is Standing.ASSUMED
