"""The clock asks once a turn, however many schedulers run, and errands are run by name."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.clearinghouse import InMemoryClearinghouse
from backoffice.gateways.queue import BellSilent, InMemoryQueue
from backoffice.jobs import Job, ask_for
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from tests.builders import NOW, a_practice, an_account
from tests.databases import Database
from tests.workers.sending import Stage, a_stage
from workers import runtime
from workers.relay import MOST_RINGS, ring_once
from workers.runtime import Again, Runtime, Task
from workers.schedule import Clock, Entry, begin_days, poll_accounts, sweep_practices, table


@pytest.fixture
def stage(fresh_database: Database, settings: Settings, keyring: Keyring) -> Stage:
    return a_stage(fresh_database, settings, InMemoryClearinghouse())


def errands(stage: Stage) -> list[Errand]:
    with stage.database.work(house=True) as session:
        return list(session.scalars(select(Errand).order_by(Errand.due_at, Errand.id)))


def an_errand(stage: Stage, *, due_at: datetime = NOW, turn: str = "") -> Errand:
    with stage.database.work(house=True) as session:
        subject = uuid4()
        ask_for(
            session,
            Job.SWEEP_PRACTICE,
            subject_id=subject,
            practice_id=None,
            due_at=due_at,
            turn=turn,
        )
        return session.scalars(select(Errand).where(Errand.subject_id == subject)).one()


def test_two_schedulers_ask_for_each_turn_once(stage: Stage) -> None:
    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        a_practice(session, stage.practice_id)
        an_account(session)
    entries = (
        Entry(timedelta(hours=1), poll_accounts),
        Entry(timedelta(hours=1), sweep_practices),
    )

    for _ in range(2):
        clock = Clock(entries)
        clock.tick(stage.run)
        clock.tick(stage.run)

    jobs = [errand.job for errand in errands(stage)]
    assert sorted(jobs) == [Job.POLL_CLEARINGHOUSE, Job.SWEEP_PRACTICE]


def test_an_account_that_is_still_being_asked_is_not_asked_again(stage: Stage) -> None:
    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        an_account(session)
        poll_accounts(session, NOW, "1")
        poll_accounts(session, NOW + timedelta(seconds=2), "2")

    assert [errand.turn for errand in errands(stage)] == ["1"]


def test_a_turn_ends_with_its_stretch_of_time() -> None:
    entry = Entry(timedelta(minutes=10), poll_accounts)
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    assert entry.turn(noon) == entry.turn(noon + timedelta(minutes=9, seconds=59))
    assert entry.turn(noon) != entry.turn(noon + timedelta(minutes=10))


def test_a_practices_day_begins_once_however_often_it_is_asked_for(stage: Stage) -> None:
    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        a_practice(session, stage.practice_id)
        begin_days(session, NOW, "1")
        begin_days(session, NOW + timedelta(minutes=15), "2")
        begin_days(session, NOW + timedelta(days=1), "3")

    begun = [errand.job for errand in errands(stage)]
    assert begun == [Job.BEGIN_DAY, Job.BEGIN_DAY]


def test_every_entry_of_the_table_runs(stage: Stage, settings: Settings) -> None:
    Clock(table(settings)).tick(stage.run)

    assert len(table(settings)) == 10


def test_a_ring_comes_again_only_while_the_errand_is_undone(stage: Stage) -> None:
    first, second = an_errand(stage), an_errand(stage)
    queue = InMemoryQueue()
    ring_once(stage.relay, queue, now=stage.run.clock())
    with stage.database.work(house=True) as session:
        session.get_one(Errand, first.id).done_at = NOW

    at_once = ring_once(stage.relay, queue, now=stage.run.clock())
    after = ring_once(stage.relay, queue, ring_again=timedelta(0), now=stage.run.clock())

    assert at_once == 0
    assert after == 1
    assert [argument for _, argument in queue.rung].count(str(second.id)) == 2


def test_no_more_rings_of_a_job_wait_than_are_worth_answering(stage: Stage) -> None:
    for _ in range(MOST_RINGS + 3):
        an_errand(stage)
    queue = InMemoryQueue()

    first, second = (
        ring_once(stage.relay, queue, now=stage.run.clock()),
        ring_once(stage.relay, queue, now=stage.run.clock()),
    )

    assert (first, second) == (MOST_RINGS, 0)


def test_whoever_answers_goes_on_with_what_else_is_due_of_the_job(stage: Stage) -> None:
    for _ in range(3):
        an_errand(stage)
    an_errand(stage, due_at=datetime.now(UTC) + timedelta(hours=1))
    ran: list[UUID] = []

    def sweep_practice(task: Task, run: Runtime) -> Again | None:
        ran.append(task.errand_id)
        return None

    sweep_practice.__module__ = "workers.sweeps"
    looked_at = runtime.go_on(sweep_practice, stage.run)

    assert looked_at == len(set(ran)) == 3
    assert len([errand for errand in errands(stage) if errand.done_at]) == 3


def test_what_is_not_due_yet_is_not_rung(stage: Stage) -> None:
    an_errand(stage, due_at=datetime.now(UTC) + timedelta(hours=1))

    assert ring_once(stage.relay, InMemoryQueue(), now=stage.run.clock()) == 0


def test_a_silent_bell_loses_no_errand(stage: Stage) -> None:
    an_errand(stage)

    silent = ring_once(stage.relay, _Silent(), now=stage.run.clock())
    later = ring_once(stage.relay, InMemoryQueue(), now=stage.run.clock())

    assert (silent, later) == (None, 1)


def test_a_job_that_fails_is_kept_as_its_kind_and_rung_later(stage: Stage) -> None:
    errand = an_errand(stage)

    def fails(task: Task, run: Runtime) -> Again | None:
        raise ValueError("Jane Canary")

    runtime.run(fails, errand.id, stage.run)

    (kept,) = errands(stage)
    assert (kept.problem, kept.tries, kept.done_at, kept.rung_at) == ("ValueError", 1, None, None)
    assert kept.due_at > datetime.now(UTC)


def test_a_done_errand_is_not_run_again(stage: Stage) -> None:
    errand = an_errand(stage)
    runs: list[Task] = []

    def works(task: Task, run: Runtime) -> Again | None:
        runs.append(task)
        return None

    for _ in range(2):
        runtime.run(works, errand.id, stage.run)

    assert len(runs) == 1


def test_a_second_ring_during_a_long_job_goes_by(stage: Stage) -> None:
    errand = an_errand(stage)
    runs: list[str] = []

    def within(task: Task, run: Runtime) -> Again | None:
        runs.append("again")
        return None

    def long(task: Task, run: Runtime) -> Again | None:
        runs.append("first")
        runtime.run(within, errand.id, stage.run)
        return None

    runtime.run(long, errand.id, stage.run)

    assert runs == ["first"]


def test_a_wish_to_be_rung_again_is_no_failure(stage: Stage) -> None:
    errand = an_errand(stage)

    runtime.run(lambda task, run: Again(timedelta(minutes=3)), errand.id, stage.run)

    (kept,) = errands(stage)
    assert (kept.tries, kept.problem, kept.done_at) == (0, "", None)
    assert kept.due_at > datetime.now(UTC) + timedelta(minutes=2)


class _Silent(InMemoryQueue):
    """A bell that Redis does not carry."""

    def ring(self, job_name: str, argument: str) -> None:
        raise BellSilent("ConnectionError")
