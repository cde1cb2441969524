"""Jobs that find what was left undone and ring for it again."""

from backoffice.services.submissions import sweeping
from workers.runtime import Runtime, Task, errand_job


@errand_job
def sweep_practice(task: Task, run: Runtime) -> None:
    """See that every claim and file of a practice that waits for us has an errand."""
    with run.work(task.practice_id) as session:
        sweeping.ring_again(session, task.subject_id, now=run.clock())
