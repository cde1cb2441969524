"""Rings the bell for errands that are due, and again for those nobody finished."""

import os
import signal
import time
from datetime import datetime, timedelta
from types import FrameType

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backoffice.config import Settings
from backoffice.gateways.queue import BellSilent, Queue, RqQueue
from backoffice.jobs import TIMEOUTS
from backoffice.models.outbox import Errand
from workers.runtime import Runtime, runtime_from

AT_ONCE = 200
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
    due = session.scalars(
        select(Errand)
        .where(
            Errand.done_at.is_(None),
            Errand.due_at <= now,
            or_(Errand.rung_at.is_(None), Errand.rung_at < now - ring_again),
        )
        .order_by(Errand.due_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for errand in due:
        queue.ring(errand.job, str(errand.id))
        errand.rung_at = now
    return len(due)


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
        if rung is None or rung < AT_ONCE:
            time.sleep(PAUSE_SECONDS if rung is not None else AWAY_SECONDS)


if __name__ == "__main__":
    main()
