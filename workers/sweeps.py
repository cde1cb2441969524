"""Jobs that find what was left undone and ring for it again."""

from backoffice.services import eobs
from backoffice.services.changes import forget_old
from backoffice.services.documents import showing
from backoffice.services.submissions import sweeping
from workers.documents import refuse_overdue
from workers.runtime import Runtime, Task, errand_job


@errand_job
def sweep_practice(task: Task, run: Runtime) -> None:
    """See that what a practice's claims and files wait for is asked for, and uploads ended."""
    with run.work(task.practice_id) as session:
        sweeping.ring_again(session, task.subject_id, now=run.clock())
        forget_old(session, now=run.clock())
        showing.ring_for_unread(session, task.subject_id, now=run.clock())
        eobs.look_after(session, now=run.clock())
    refuse_overdue(task, run)
