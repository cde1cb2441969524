"""Jobs that keep readiness true: after a payer or practice changed, and when a day begins."""

from uuid import UUID

from backoffice.services import unbilled
from workers.runtime import Again, Runtime, Task, errand_job


@errand_job
def refresh_readiness(task: Task, run: Runtime) -> Again | None:
    """Judge a practice anew, or only what rests on one payer in it: some clients a transaction.

    Run twice it finds nothing to change.
    """
    practice_id = task.practice_id
    if practice_id is None:
        return None
    payer_id = task.subject_id if task.subject_id != practice_id else None
    if payer_id is None:
        with run.work(practice_id) as session:
            unbilled.judge_subjects(session, practice_id, now=run.clock())
    after: UUID | None = None
    while True:
        with run.work(practice_id) as session:
            clients = unbilled.next_clients(session, practice_id, after=after, payer_id=payer_id)
            if not clients:
                return None
            judge = unbilled.clients_changed_by_payer if payer_id else unbilled.clients_changed
            judge(session, practice_id, clients, now=run.clock())
            after = clients[-1]


@errand_job
def begin_day(task: Task, run: Runtime) -> Again | None:
    """Judge anew what a new day changes by itself in one practice; safe at any time of day."""
    if task.practice_id is not None:
        with run.work(task.practice_id) as session:
            unbilled.day_began(session, task.practice_id, now=run.clock())
    return None
