"""The clock: what is asked for again and again, readable at a glance."""

import os
import signal
import time
from datetime import datetime, timedelta
from types import FrameType
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backoffice.config import Settings
from backoffice.jobs import Job, ask_for
from backoffice.models.outbox import Errand
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.users import SignIn
from backoffice.services import unbilled
from workers.runtime import runtime_from

DONE_KEPT = timedelta(days=7)
SESSIONS_KEPT = timedelta(hours=12)
SWEEP_EVERY = timedelta(hours=1)


def poll_accounts(session: Session, *, now: datetime, every_seconds: int) -> None:
    """Ask for a poll of every clearinghouse account, once in each stretch of time."""
    turn = str(int(now.timestamp()) // every_seconds)
    for account_id in session.scalars(select(ClearinghouseAccount.id)):
        _ask(session, Job.POLL_CLEARINGHOUSE, account_id, now=now, turn=turn)


def sweep(session: Session, *, now: datetime) -> None:
    """Forget what is over: finished errands and ended sign-ins."""
    session.execute(delete(Errand).where(Errand.done_at < now - DONE_KEPT))
    session.execute(delete(SignIn).where(SignIn.created_at < now - SESSIONS_KEPT))


def _ask(session: Session, job: Job, subject_id: UUID, *, now: datetime, turn: str) -> None:
    ask_for(session, job, subject_id=subject_id, practice_id=None, due_at=now, turn=turn)


def main() -> None:
    """Tick until told to stop."""
    settings = Settings.from_environment(os.environ)
    runtime = runtime_from(settings)
    going, swept = [True], datetime.min.replace(tzinfo=runtime.clock().tzinfo)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        going[0] = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while going[0]:
        now = runtime.clock()
        with runtime.work(None) as session:
            poll_accounts(session, now=now, every_seconds=settings.poll_seconds)
            if now - swept > SWEEP_EVERY:
                unbilled.ask_for_days(session, now=now)
                sweep(session, now=now)
                swept = now
        time.sleep(min(1.0, settings.poll_seconds / 2))


if __name__ == "__main__":
    main()
