"""When a business associate agreement holds, and when its end is announced."""

from datetime import date, timedelta

import pytest

from backoffice.rules.agreements import AgreementStanding, alarm_on, in_force_on, standing_on

BEGINS, ENDS = date(2026, 1, 1), date(2026, 12, 31)


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        (date(2025, 12, 31), AgreementStanding.NOT_YET),
        (BEGINS, AgreementStanding.IN_FORCE),
        (ENDS, AgreementStanding.IN_FORCE),
        (date(2027, 1, 1), AgreementStanding.ENDED),
    ],
)
def test_an_agreement_holds_from_its_first_to_its_last_day(
    day: date, standing: AgreementStanding
) -> None:
    assert standing_on(day, begins_on=BEGINS, ends_on=ENDS) is standing


def test_without_a_first_day_there_is_none_and_without_a_last_it_runs_on() -> None:
    assert not in_force_on(BEGINS, begins_on=None, ends_on=ENDS)
    assert in_force_on(date(2099, 1, 1), begins_on=BEGINS, ends_on=None)


@pytest.mark.parametrize(
    ("left", "alarm"),
    [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)],
)
def test_the_nearest_alarm_that_has_come_is_due(left: int, alarm: int | None) -> None:
    assert alarm_on(ENDS - timedelta(days=left), ENDS) == alarm


def test_an_agreement_without_end_raises_no_alarm() -> None:
    assert alarm_on(ENDS, None) is None
