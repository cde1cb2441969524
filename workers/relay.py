"""Rings the bell for errands that are due, and again for those nobody finished."""

import os
import signal
import time
from datetime import datetime, timedelta
from types import FrameType

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backoffice.config import Settings
from backoffice.gateways.queue import BellSilent, Queue, RqQueue
from backoffice.jobs import TIMEOUTS
from backoffice.models.outbox import Errand
from workers.runtime import Runtime, runtime_from

AT_ONCE = 200
PAUSE_SECONDS = 0.25
RING_AGAIN = timedelta(seconds=60)

log = structlog.get_logger()


def ring_due(session: Session, queue: Queue, *, now: datetime) -> int:
    """Ring for due errands, oldest first; returns how many. Any number of relays may run.

    The ring comes before the commit: a crash between the two rings twice, which jobs bear.
    """
    due = session.scalars(
        select(Errand)
        .where(
            Errand.done_at.is_(None),
            Errand.due_at <= now,
            or_(Errand.rung_at.is_(None), Errand.rung_at < now - RING_AGAIN),
        )
        .order_by(Errand.due_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for errand in due:
        queue.ring(errand.job, str(errand.id))
        errand.rung_at = now
    return len(due)


def ring_once(runtime: Runtime, queue: Queue) -> int:
    """Ring for what is due now; a silent bell rolls back and is tried at the next turn."""
    try:
        with runtime.work(None) as session:
            return ring_due(session, queue, now=runtime.clock())
    except BellSilent:
        log.warning("bell silent")
        return 0


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
        if ring_once(runtime, queue) < AT_ONCE:
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
