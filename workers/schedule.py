"""The clock: what is asked for again and again, readable at a glance.

Any number of schedulers may run: each asks for a turn by its name, and a turn is one errand.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backoffice.config import Settings
from backoffice.gateways.logs import write_as
from backoffice.jobs import Job, ask_for
from backoffice.models.outbox import Errand
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.practices import Practice
from backoffice.models.users import SignIn
from backoffice.services import agreements, departures
from backoffice.services.audit.keeping import drop_old_months, keep_months
from backoffice.services.unbilled.changes import ask_for_days
from workers.runtime import Runtime, runtime_from

DONE_KEPT = timedelta(days=7)
SESSIONS_KEPT = timedelta(hours=12)
LONGEST_PAUSE = 1.0
OF_THE_HOUSE = UUID(int=0)
"""The subject of an errand that is about no row."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Entry:
    """What is done once in each stretch of time; the turn's name is the stretch's number."""

    every: timedelta
    what: Callable[[Session, datetime, str], None]

    def turn(self, now: datetime) -> str:
        """Return the name of the stretch that `now` lies in."""
        return str(int(now.timestamp() / self.every.total_seconds()))


def table(settings: Settings) -> tuple[Entry, ...]:
    """Return the whole cron table."""
    return (
        Entry(timedelta(seconds=settings.poll_seconds), poll_accounts),
        Entry(timedelta(minutes=10), sweep_practices),
        Entry(timedelta(minutes=15), begin_days),
        Entry(timedelta(minutes=15), tell_what_is_due),
        Entry(timedelta(hours=6), look_after_documents),
        Entry(timedelta(hours=6), look_after_store),
        Entry(timedelta(hours=1), forget_what_is_over),
        Entry(timedelta(hours=1), see_to_departures),
        Entry(timedelta(hours=12), watch_agreements),
        Entry(timedelta(days=1), keep_the_record),
    )


def poll_accounts(session: Session, now: datetime, turn: str) -> None:
    """Ask every clearinghouse account for answers, remittances and its mailbox.

    An account that is still being asked is let be: a slow one must not pile up polls.
    """
    idle = ClearinghouseAccount.id.not_in(_waiting(Job.POLL_CLEARINGHOUSE))
    for account_id in session.scalars(select(ClearinghouseAccount.id).where(idle)):
        ask_for(
            session,
            Job.POLL_CLEARINGHOUSE,
            subject_id=account_id,
            practice_id=None,
            due_at=now,
            turn=turn,
        )


def sweep_practices(session: Session, now: datetime, turn: str) -> None:
    """Look in every practice for what was left undone."""
    _ask_in_every_practice(session, Job.SWEEP_PRACTICE, now, turn)


def look_after_documents(session: Session, now: datetime, turn: str) -> None:
    """Have each practice's documents compared, swept and erased; see services/documents.

    A turn is a 120th of a month: services/documents/looking_after.py counts on it. What a practice
    has that left is looked after until it is removed.
    """
    kept = Practice.removed_at.is_(None)
    _ask_in_every_practice(session, Job.LOOK_AFTER_DOCUMENTS, now, turn, where=kept)


def look_after_store(session: Session, now: datetime, turn: str) -> None:
    """Have swept what lies in the store and is no practice's that stands, unless that waits."""
    if session.scalars(_waiting(Job.LOOK_AFTER_STORE)).first() is None:
        ask_for(
            session,
            Job.LOOK_AFTER_STORE,
            subject_id=OF_THE_HOUSE,
            practice_id=None,
            due_at=now,
            turn=turn,
        )


def tell_what_is_due(session: Session, now: datetime, turn: str) -> None:
    """Look in every practice for what people are to be told by the clock: digests, reminders."""
    _ask_in_every_practice(session, Job.TELL_WHAT_IS_DUE, now, turn)


def begin_days(session: Session, now: datetime, _turn: str) -> None:
    """Let each practice's new day begin in its own time zone: once a day, whoever asks."""
    ask_for_days(session, now=now)


def see_to_departures(session: Session, now: datetime, turn: str) -> None:
    """Ask for what is due of every practice that leaves."""
    for departure in departures.due(session, now=now):
        ask_for(
            session,
            Job.SEE_TO_DEPARTURE,
            subject_id=departure.id,
            practice_id=None,  # the practice's own errands are removed with it
            due_at=now,
            turn=turn,
        )


def watch_agreements(session: Session, now: datetime, turn: str) -> None:
    """Have the administrators told of agreements that end soon."""
    for practice_id in agreements.to_watch(session, now=now):
        ask_for(
            session,
            Job.WATCH_AGREEMENT,
            subject_id=practice_id,
            practice_id=practice_id,
            due_at=now,
            turn=turn,
        )


def _ask_in_every_practice(
    session: Session,
    job: Job,
    now: datetime,
    turn: str,
    *,
    where: ColumnElement[bool] | None = None,
) -> None:
    """Ask for a job in each practice that has not left and is not waiting for it already."""
    among = Practice.left_at.is_(None) if where is None else where
    here = among & Practice.id.not_in(_waiting(job))
    for practice_id in session.scalars(select(Practice.id).where(here)):
        ask_for(
            session, job, subject_id=practice_id, practice_id=practice_id, due_at=now, turn=turn
        )


def _waiting(job: Job) -> Select[UUID]:
    return select(Errand.subject_id).where(Errand.job == job.value, Errand.done_at.is_(None))


def forget_what_is_over(session: Session, now: datetime, turn: str) -> None:
    """Forget finished errands and ended sign-ins."""
    session.execute(delete(Errand).where(Errand.done_at < now - DONE_KEPT))
    session.execute(delete(SignIn).where(SignIn.created_at < now - SESSIONS_KEPT))


def keep_the_record(session: Session, _now: datetime, _turn: str) -> None:
    """Make the record's months ahead; let months older than six years go, but for legal holds."""
    keep_months(session)
    drop_old_months(session)


class Clock:
    """Does each entry once a turn; what another scheduler did for a turn is not done again."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self._entries = entries
        self._done: dict[int, str] = {}

    def tick(self, runtime: Runtime) -> None:
        """Do what is due now; a database that is away is waited for."""
        now = runtime.clock()
        for place, entry in enumerate(self._entries):
            turn = entry.turn(now)
            if self._done.get(place) == turn:
                continue
            try:
                with runtime.work(None) as session:
                    entry.what(session, now, turn)
            except DBAPIError as away:
                log.warning("schedule waits", kind=type(away).__name__)
                return
            self._done[place] = turn


def main() -> None:
    """Tick until told to stop."""
    write_as("cron")
    settings = Settings.from_environment(os.environ)
    runtime, clock = runtime_from(settings), Clock(table(settings))
    going = [True]

    def stop(_signal: int, _frame: FrameType | None) -> None:
        going[0] = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while going[0]:
        clock.tick(runtime)
        time.sleep(min(LONGEST_PAUSE, settings.poll_seconds / 2))


if __name__ == "__main__":
    main()
