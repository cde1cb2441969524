"""Rings the bell for errands that are due, and again for those nobody finished."""

import os
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import FrameType
from uuid import UUID

import structlog
from sqlalchemy import Select, create_engine, func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from backoffice.config import Settings, SettingsIncomplete
from backoffice.gateways.logs import write_as
from backoffice.gateways.queue import BellSilent, Queue, RqQueue
from backoffice.jobs import TIMEOUTS
from backoffice.models.outbox import Errand
from backoffice.services.work import WalledSession, sessions, unit_of_work

MOST_RINGS = 8
"""Unanswered rings of one job: whoever answers goes on with what else is due of it."""
PAUSE_SECONDS = 0.25
AWAY_SECONDS = 1.0
RING_AGAIN = timedelta(seconds=60)

log = structlog.get_logger()


def ring_due(
    session: Session, queue: Queue, *, now: datetime, ring_again: timedelta = RING_AGAIN
) -> int:
    """Ring for due errands, oldest first; returns how many. Any number of relays may run.

    One that was rung longer than `ring_again` ago and is not done is rung again: Redis may have
    lost the ring, or a worker may have ended over it.

    The ring comes before the commit: a crash between the two rings twice, which jobs bear.
    """
    rung: list[UUID] = []
    for job, waiting in _jobs_due(session, now=now, ring_again=ring_again):
        due = session.scalars(
            _due(now=now, ring_again=ring_again)
            .where(Errand.job == job)
            .order_by(Errand.due_at)
            .limit(max(MOST_RINGS - waiting, 0))
            .with_for_update(skip_locked=True)
        ).all()
        for errand_id in due:
            queue.ring(job, str(errand_id))
        rung += due
    session.execute(update(Errand).where(Errand.id.in_(rung)).values(rung_at=now))
    return len(rung)


def _due(*, now: datetime, ring_again: timedelta) -> Select[UUID]:
    return select(Errand.id).where(
        Errand.done_at.is_(None),
        Errand.due_at <= now,
        or_(Errand.rung_at.is_(None), Errand.rung_at < now - ring_again),
    )


def _jobs_due(
    session: Session, *, now: datetime, ring_again: timedelta
) -> Sequence[tuple[str, int]]:
    """Return each job with an errand to ring for, and how many of its rings are unanswered."""
    unanswered = Errand.rung_at >= now - ring_again
    waiting = func.count().filter(unanswered)
    query = (
        select(Errand.job, waiting)
        .where(Errand.done_at.is_(None), Errand.due_at <= now)
        .group_by(Errand.job)
        .having(func.count() > waiting)
        .order_by(func.min(Errand.due_at))
    )
    return session.execute(query).all()


def ring_once(
    factory: sessionmaker[WalledSession],
    queue: Queue,
    *,
    now: datetime,
    ring_again: timedelta = RING_AGAIN,
) -> int | None:
    """Ring for what is due now; returns how many, or None when it has to wait for a server.

    A silent bell rolls back: its errands are rung at a later turn.
    """
    try:
        with unit_of_work(factory) as session:
            return ring_due(session, queue, now=now, ring_again=ring_again)
    except (BellSilent, DBAPIError) as away:
        log.warning("relay waits", kind=type(away).__name__)
        return None


def relay_sessions(settings: Settings) -> sessionmaker[WalledSession]:
    """Return the factory of the relay role's sessions: it sees when which errand is due.

    Raises SettingsIncomplete without RELAY_DATABASE_URL.
    """
    if settings.relay_database_url is None:
        raise SettingsIncomplete(("RELAY_DATABASE_URL",), {})
    return sessions(create_engine(settings.relay_database_url, hide_parameters=True))


def main() -> None:
    """Ring until told to stop."""
    write_as("relay")
    settings = Settings.from_environment(os.environ)
    factory, queue = relay_sessions(settings), RqQueue(settings.redis_url, timeouts=TIMEOUTS)
    going = [True]

    def stop(_signal: int, _frame: FrameType | None) -> None:
        going[0] = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while going[0]:
        rung = ring_once(factory, queue, now=datetime.now(UTC))
        time.sleep(PAUSE_SECONDS if rung is not None else AWAY_SECONDS)


if __name__ == "__main__":
    main()
