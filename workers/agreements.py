"""The job that says in time that an agreement ends."""

from backoffice.services import agreements
from workers.runtime import Runtime, Task, errand_job


@errand_job
def watch_agreement(task: Task, run: Runtime) -> None:
    """Tell the administrators of one practice's agreement; run twice it tells once."""
    with run.work(task.practice_id) as session:
        agreements.watch(session, task.subject_id, now=run.clock())
