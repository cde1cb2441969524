"""The job that knocks at one browser: looked at again when due, sent between two units."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from backoffice.gateways.push import NoPushAddress, PushGone, PushRefused, PushUnavailable
from backoffice.services import push
from backoffice.services.accounts import person
from workers.runtime import Again, Runtime, Task, errand_job

STALE_AFTER: Final = 8
"""Tries at one knock; then its message is old, and the mail has long gone."""
FIRST_WAIT: Final = timedelta(seconds=30)


@errand_job
def send_push(task: Task, run: Runtime) -> Again | None:
    """Knock at one browser for one message, if that still waits and is the first that does.

    A run that dies between the knock and writing it down knocks again: no harm, there is no word
    in it and the browser shows one notice for all.
    """
    return knock(task, run)


def knock(task: Task, run: Runtime) -> Again | None:
    """Knock once; see send_push."""
    if run.push is None or task.practice_id is None:
        return None
    with run.work(None) as session:
        found = push.address_for(session, task.subject_id)
        reader = person(session, found[1]) if found else None
    if found is None or reader is None:
        return None
    with run.work(task.practice_id) as session:
        if not push.still_first(session, UUID(task.turn), reader):
            return None
    try:
        run.push.knock(found[0], now=run.clock())
    except (PushGone, NoPushAddress):
        with run.work(None) as session:
            push.gone(session, task.subject_id)
        return None
    except (PushRefused, PushUnavailable) as problem:
        return _not_taken(task, run, again=isinstance(problem, PushUnavailable))
    with run.work(None) as session:
        push.knocked(session, task.subject_id, now=run.clock())
    return None


def _not_taken(task: Task, run: Runtime, *, again: bool) -> Again | None:
    with run.work(None) as session:
        failures = push.failed(session, task.subject_id)
    if not again or not 0 < failures < STALE_AFTER:
        return None
    return Again(FIRST_WAIT * (1 << (failures - 1)))
