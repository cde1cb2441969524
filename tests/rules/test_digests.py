"""Daily summaries over both changes of summer time, their order, reminders, and what is chosen."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from backoffice.rules.digests import Line, digest_day, digest_moment, in_order
from backoffice.rules.notices import (
    HEARD_BY,
    LastToHear,
    SummaryOff,
    Topic,
    Way,
    check_choice,
    topics_for,
    usual_way,
    ways_for,
)
from backoffice.rules.reminders import Reminder, reminder_due
from backoffice.rules.roles import Role

NEW_YORK, PHOENIX = "America/New_York", "America/Phoenix"
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


@pytest.mark.parametrize(
    ("day", "hour", "zone", "moment"),
    [
        (date(2026, 3, 7), 7, NEW_YORK, "2026-03-07T12:00"),
        (SPRING, 1, NEW_YORK, "2026-03-08T06:00"),
        (SPRING, 2, NEW_YORK, "2026-03-08T07:00"),  # no clock shows 2: at 3 o'clock
        (SPRING, 3, NEW_YORK, "2026-03-08T07:00"),
        (SPRING, 7, NEW_YORK, "2026-03-08T11:00"),
        (AUTUMN, 0, NEW_YORK, "2026-11-01T04:00"),
        (AUTUMN, 1, NEW_YORK, "2026-11-01T05:00"),  # clocks show 1 twice: the first time
        (AUTUMN, 2, NEW_YORK, "2026-11-01T07:00"),
        (AUTUMN, 7, NEW_YORK, "2026-11-01T12:00"),
        (SPRING, 2, PHOENIX, "2026-03-08T09:00"),  # no summer time there
        (date(2026, 12, 31), 23, "Pacific/Honolulu", "2027-01-01T09:00"),
    ],
)
def test_a_summary_is_due_when_clocks_first_show_its_hour(
    day: date, hour: int, zone: str, moment: str
) -> None:
    assert digest_moment(day, hour, zone) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("zone", [NEW_YORK, PHOENIX, "America/Adak", "Pacific/Honolulu"])
def test_every_day_of_a_year_has_one_summary_and_none_comes_early(hour: int, zone: str) -> None:
    moments = [digest_moment(date(2026, 1, 1) + timedelta(days=n), hour, zone) for n in range(365)]

    for before, after in pairwise(moments):
        assert timedelta(hours=23) <= after - before <= timedelta(hours=25)
    for n, moment in enumerate(moments):
        day = date(2026, 1, 1) + timedelta(days=n)
        assert digest_day(moment, hour, zone) == day
        assert digest_day(moment - timedelta(seconds=1), hour, zone) != day


def test_near_deadlines_come_first_then_money_and_nothing_is_not_told() -> None:
    today = date(2026, 11, 22)
    lines = [
        Line(5, "Accepted", Decimal("900.00")),
        Line(1, "Denied", Decimal("150.00"), due_on=today + timedelta(days=9)),
        Line(0, "Rejected", Decimal("0.00")),
        Line(2, "Paid", Decimal("4000.00"), due_on=today + timedelta(days=80)),
        Line(3, "Waiting for information", Decimal("10.00"), due_on=today),
        Line(1, "Unread message"),
    ]

    words = [line.words for line in in_order(lines, today=today)]

    assert words == ["Waiting for information", "Denied", "Paid", "Accepted", "Unread message"]


@pytest.mark.parametrize(
    ("today", "step"),
    [
        (date(2026, 11, 20), None),  # Friday, the day of asking
        (date(2026, 11, 22), None),  # Sunday
        (date(2026, 11, 23), Reminder.FIRST),
        (date(2026, 11, 24), Reminder.FIRST),
        (date(2026, 11, 25), Reminder.SECOND),
        (date(2026, 11, 26), Reminder.SECOND),  # Thanksgiving
        (date(2026, 11, 30), Reminder.THIRD),
        (date(2026, 12, 1), Reminder.OWNER),
        (date(2027, 1, 4), Reminder.OWNER),
        (date(2027, 3, 1), None),
    ],
)
def test_what_was_asked_for_is_reminded_of_after_business_days_then_the_owner_hears(
    today: date, step: Reminder | None
) -> None:
    assert reminder_due(date(2026, 11, 20), today) == step


def test_every_topic_reaches_somebody_and_its_usual_way_can_be_chosen() -> None:
    assert set(HEARD_BY) == set(Topic)
    assert all(usual_way(topic) in ways_for(topic) for topic in Topic)
    assert Topic.AGREEMENT_ENDING not in topics_for(Role.PRACTICE_OWNER)
    assert set(topics_for(Role.AUDITOR)) == set()
    assert {topic for role in Role for topic in topics_for(role)} == set(Topic)


def test_the_last_who_hears_of_what_is_required_may_have_it_summed_up_and_not_off() -> None:
    alone = {Topic.INFORMATION_NEEDED: False}

    check_choice({Topic.INFORMATION_NEEDED: Way.DIGEST}, others_hear=alone)
    check_choice({Topic.INFORMATION_NEEDED: Way.OFF}, others_hear=dict.fromkeys(alone, True))
    check_choice({Topic.CLAIM_STATUS: Way.OFF}, others_hear={})
    with pytest.raises(LastToHear) as refused:
        check_choice({Topic.INFORMATION_NEEDED: Way.OFF}, others_hear=alone)

    assert refused.value.topic is Topic.INFORMATION_NEEDED


def test_nothing_comes_by_a_summary_that_is_off() -> None:
    with pytest.raises(SummaryOff) as refused:
        check_choice({Topic.CLAIM_STATUS: Way.DIGEST, Topic.DAILY_DIGEST: Way.OFF}, others_hear={})

    assert refused.value.topic is Topic.CLAIM_STATUS
