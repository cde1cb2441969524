"""Threads as work: boxes, owners, sleep, the promise and who may do what."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from backoffice.models.messages import Thread, ThreadState
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.models.tasks import TaskKind
from backoffice.models.users import User
from backoffice.rules.snoozing import Sleep, wakes_at
from backoffice.services import messages, tasks
from backoffice.services.access import one
from backoffice.services.assignments import NotYoursToGive
from backoffice.services.messages import Box, work
from backoffice.services.messages.boxes import PAGE_SIZE
from backoffice.services.messages.timing import time_anew
from backoffice.services.messages.work import NothingToDo, NoTimeToSleep
from backoffice.services.refusal import NotVisible
from backoffice.services.tasks import Pile
from tests.builders import NOW
from tests.databases import Database
from tests.talk import Talk, a_talk

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# NOW is a Friday, 10:00 in New York: eight business hours later it is Monday, 10:00.
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def begun(talk: Talk, user: User, *, now: datetime = NOW) -> UUID:
    with talk.work() as session:
        thread = messages.start(
            session, talk.claim(session), by=talk.person(user), subject="New plan", body="Hello",
            now=now,
        )  # fmt: skip
        return thread.id


def say(talk: Talk, thread: UUID, user: User, *, now: datetime, internal: bool = False) -> None:
    with talk.work() as session:
        messages.reply(
            session, thread, by=talk.person(user), body="Word", internal=internal, now=now
        )


def row(talk: Talk, thread: UUID) -> Thread:
    with talk.work() as session:
        return one(session, Thread, thread)


def boxes_of(talk: Talk, thread: UUID, user: User, *, now: datetime) -> set[Box]:
    """The boxes in which this thread stands, seen by their lists and by their counts."""
    person, found = talk.person(user), set()
    with talk.work() as session:
        counts = messages.box_counts(session, person, now=now)
        for box in Box:
            ids = [line.id for line in messages.threads(session, person, box, now=now).lines]
            assert len(ids) == counts[box], box
            found |= {box} if thread in ids else set()
    return found


def test_a_thread_stands_in_the_boxes_whose_turn_it_is(talk: Talk) -> None:
    biller, owner = talk.cast.biller, talk.cast.owner
    me = talk.person(biller)
    thread = begun(talk, owner)

    assert boxes_of(talk, thread, biller, now=NOW) == {Box.UNASSIGNED, Box.ALL}
    with talk.work() as session:
        work.give(session, thread, me.id, by=me)
    assert boxes_of(talk, thread, biller, now=NOW) == {Box.MINE, Box.ALL}
    assert boxes_of(talk, thread, biller, now=MONDAY) == {Box.MINE, Box.ALL, Box.LATE}
    with talk.work() as session:
        work.snooze(session, thread, NOW + DAY, by=me, now=NOW)
    assert boxes_of(talk, thread, biller, now=NOW) == {Box.SNOOZED, Box.ALL}
    assert boxes_of(talk, thread, biller, now=NOW + DAY) == {Box.MINE, Box.ALL}  # by itself
    say(talk, thread, owner, now=NOW + MINUTE)
    assert boxes_of(talk, thread, biller, now=NOW + MINUTE) == {Box.MINE, Box.ALL}  # by an answer
    say(talk, thread, biller, now=NOW + HOUR)
    assert Box.PRACTICE in boxes_of(talk, thread, biller, now=MONDAY)
    with talk.work() as session:
        messages.settle(session, thread, ThreadState.WAITING_ON_PAYER, by=me)
    assert boxes_of(talk, thread, biller, now=MONDAY) == {Box.MINE, Box.ALL, Box.PAYER}
    with talk.work() as session:
        messages.settle(session, thread, ThreadState.DONE, by=me)
    assert boxes_of(talk, thread, biller, now=MONDAY) == {Box.DONE}
    assert boxes_of(talk, thread, owner, now=MONDAY) == {Box.DONE}


def test_the_promise_runs_from_the_practices_first_word_to_the_houses_answer(talk: Talk) -> None:
    biller, owner = talk.cast.biller, talk.cast.owner
    ours = begun(talk, biller)
    thread = begun(talk, owner)

    assert row(talk, ours).due_at is None
    assert (row(talk, thread).asked_at, row(talk, thread).due_at) == (NOW, MONDAY)
    say(talk, thread, owner, now=NOW + HOUR)
    say(talk, thread, biller, now=NOW + HOUR, internal=True)  # a note is no answer
    assert row(talk, thread).due_at == MONDAY
    with talk.work() as session:
        nearly = messages.promised(session, now=MONDAY - HOUR)
        broken = messages.promised(session, now=MONDAY)
        early = messages.promised(session, now=MONDAY - HOUR - MINUTE)
    assert [(each.late, each.nearly) for each in (early, nearly, broken)] == [
        (0, 0),
        (0, 1),
        (1, 0),
    ]
    say(talk, thread, biller, now=MONDAY)
    assert (row(talk, thread).asked_at, row(talk, thread).due_at) == (None, None)
    say(talk, thread, owner, now=MONDAY)
    with talk.work() as session:
        messages.settle(session, thread, ThreadState.DONE, by=talk.person(biller))
    assert row(talk, thread).due_at is None  # what is done needs no answer
    say(talk, thread, owner, now=MONDAY)
    with talk.work() as session:
        practice = session.get_one(Practice, talk.practice_id)
        practice.response_hours, practice.closes_at = 2, time(12)
        assert time_anew(session, talk.practice_id) == 1
    assert row(talk, thread).due_at == MONDAY + 2 * HOUR
    with talk.work() as session:
        session.get_one(Practice, talk.practice_id).response_hours = 0
        time_anew(session, talk.practice_id)
    assert row(talk, thread).due_at is None


def test_a_thread_is_given_by_a_lead_taken_by_a_biller_and_never_by_the_practice(
    talk: Talk,
) -> None:
    biller, owner = talk.person(talk.cast.biller), talk.person(talk.cast.owner)
    boss = talk.person(talk.cast.administrator)
    thread = begun(talk, talk.cast.owner)
    until = NOW + DAY

    with talk.work() as session:
        with pytest.raises(NotVisible):
            work.give(session, thread, owner.id, by=owner)
        with pytest.raises(NotVisible):
            work.snooze(session, thread, until, by=owner, now=NOW)
        with pytest.raises(NotYoursToGive):
            work.give(session, thread, boss.id, by=biller)
        with pytest.raises(NotVisible):
            work.give(session, thread, talk.cast.stranger.id, by=boss)
        for wrong in (NOW, NOW - DAY, NOW + timedelta(days=400)):
            with pytest.raises(NoTimeToSleep):
                work.snooze(session, thread, wrong, by=biller, now=NOW)
        work.give(session, thread, boss.id, by=boss)
        work.snooze(session, thread, until, by=biller, now=NOW)
        work.wake(session, thread, by=biller)

    found = row(talk, thread)
    assert (found.owner_id, found.snoozed_until) == (boss.id, None)
    with talk.work() as session:  # whoever has it hears of it
        assert boss.id in {user.id for user in _staff_of(talk, thread)}
        with pytest.raises(NotVisible):
            work.give(session, uuid4(), biller.id, by=biller)


def _staff_of(talk: Talk, thread: UUID) -> list[User]:
    with talk.work() as session:
        found = messages.conversation(session, thread, talk.person(talk.cast.owner))
        return list(found.participants)


def test_a_thread_turned_into_a_task_twice_by_one_form_is_one_task(talk: Talk) -> None:
    biller = talk.person(talk.cast.biller)
    thread, form = begun(talk, talk.cast.owner), uuid4()
    asked: dict[str, Any] = {
        "title": " Call  the payer ",
        "due_on": date(2026, 11, 24),
        "by": biller,
        "now": NOW,
    }

    with talk.work() as session:
        first = work.follow_up(session, thread, once=form, **asked)
        again = work.follow_up(session, thread, once=form, **asked)
        other = work.follow_up(session, thread, once=uuid4(), **asked)
        with pytest.raises(NothingToDo):
            work.follow_up(session, thread, once=uuid4(), **(asked | {"title": " "}))
        listed = tasks.tasks(session, biller, Pile.MINE).lines

    assert first.id == again.id != other.id
    assert (first.title, first.kind, first.claim_id) == (
        "Call the payer", TaskKind.FOLLOW_UP, talk.claim_id,
    )  # fmt: skip
    assert [line.thread for line in listed] == ["New plan", "New plan"]


def test_pages_of_a_box_follow_each_other_and_each_practice_sees_its_own(talk: Talk) -> None:
    biller = talk.person(talk.cast.biller)
    with talk.work() as session:
        for number in range(PAGE_SIZE + 3):
            session.add(
                Thread(
                    practice_id=talk.practice_id,
                    subject=f"Thread {number}",
                    last_message_at=NOW + (number // 2) * MINUTE,
                )
            )
    with talk.work() as session:
        first = messages.threads(session, biller, Box.UNASSIGNED, now=NOW)
        second = messages.threads(session, biller, Box.UNASSIGNED, now=NOW, after=first.older)
    elsewhere = [talk.cast.elsewhere.id]
    with talk.database.work(practices=elsewhere) as session:
        stranger = talk.person(talk.cast.stranger)
        none = messages.box_counts(session, stranger, now=NOW)

    seen = [line.id for line in (*first.lines, *second.lines)]
    assert len(first.lines) == PAGE_SIZE
    assert len(seen) == len(set(seen)) == PAGE_SIZE + 3
    assert second.older is None
    assert set(none.values()) == {0}


def test_what_is_put_away_comes_back_in_the_morning_of_a_business_day() -> None:
    friday, zone = NOW, "America/New_York"

    assert wakes_at(Sleep.A_WHILE, zone, now=friday) == NOW + timedelta(hours=3)
    assert wakes_at(Sleep.TOMORROW, zone, now=friday) == MONDAY - timedelta(hours=2)
    assert wakes_at(Sleep.MONDAY, zone, now=friday) == MONDAY - timedelta(hours=2)
    assert wakes_at(Sleep.DAY, zone, now=friday) is None
    spring = wakes_at(Sleep.DAY, zone, now=friday, day=date(2027, 3, 15))
    assert spring == datetime(2027, 3, 15, 12, tzinfo=UTC)  # summer time by then
    wednesday = datetime(2026, 11, 25, 18, tzinfo=UTC)
    thanksgiving = wakes_at(Sleep.TOMORROW, zone, now=wednesday)
    assert thanksgiving == datetime(2026, 11, 27, 13, tzinfo=UTC)
