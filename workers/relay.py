"""Rings the bell for errands that are due, and again for those nobody finished."""

import os
import signal
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import FrameType

import structlog
from sqlalchemy import Select, func, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backoffice.config import Settings
from backoffice.gateways.queue import BellSilent, Queue, RqQueue
from backoffice.jobs import TIMEOUTS
from backoffice.models.outbox import Errand
from workers.runtime import Runtime, runtime_from

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
    rung = 0
    for job, waiting in _jobs_due(session, now=now, ring_again=ring_again):
        due = session.scalars(
            _due(now=now, ring_again=ring_again)
            .where(Errand.job == job)
            .order_by(Errand.due_at)
            .limit(max(MOST_RINGS - waiting, 0))
            .with_for_update(skip_locked=True)
        ).all()
        for errand in due:
            queue.ring(errand.job, str(errand.id))
            errand.rung_at = now
        rung += len(due)
    return rung


def _due(*, now: datetime, ring_again: timedelta) -> Select[Errand]:
    return select(Errand).where(
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


def ring_once(runtime: Runtime, queue: Queue, *, ring_again: timedelta = RING_AGAIN) -> int | None:
    """Ring for what is due now; returns how many, or None when it has to wait for a server.

    A silent bell rolls back: its errands are rung at a later turn.
    """
    try:
        with runtime.work(None) as session:
            return ring_due(session, queue, now=runtime.clock(), ring_again=ring_again)
    except (BellSilent, DBAPIError) as away:
        log.warning("relay waits", kind=type(away).__name__)
        return None


def main() -> None:
    """Ring until told to stop."""
    settings = Settings.from_environment(os.environ)
    runtime, queue = runtime_from(settings), RqQueue(settings.redis_url, timeouts=TIMEOUTS)
    going = [True]

    def stop(_signal: int, _frame: FrameType | None) -> None:
        going[0] = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while going[0]:
        rung = ring_once(runtime, queue)
        time.sleep(PAUSE_SECONDS if rung is not None else AWAY_SECONDS)


if __name__ == "__main__":
    main()
