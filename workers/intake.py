"""The job that reads brought files: first only to say what they would do, then to save them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from backoffice.services import intake
from backoffice.services.intake import batches
from backoffice.services.intake.batches import Plan
from backoffice.services.intake.export import Export
from backoffice.services.refusal import Refused
from workers.runtime import Again, Runtime, Task, errand_job

MOST_TRIES = 3
WENT_WRONG = "Something went wrong on our side while reading the files."

log = structlog.get_logger()


@errand_job
def run_intake(task: Task, run: Runtime) -> Again | None:
    """Check or save one batch; run twice it finds it checked or saved, and does nothing."""
    with run.work(None) as session:
        plan = batches.plan_of(session, task.subject_id, task.turn)
    if plan is None:
        return None
    try:
        with TemporaryDirectory(prefix="intake-") as folder:
            _take_in(plan, intake.opened(*_fetched(plan, run, Path(folder))), run)
    except Refused as refused:
        _fail(plan, refused.words, run)
    except Exception as problem:
        if task.tries + 1 < MOST_TRIES:
            raise
        log.error("intake given up", batch=str(plan.batch_id), kind=type(problem).__name__)
        _fail(plan, WENT_WRONG, run)
    return None


def _fetched(
    plan: Plan, run: Runtime, folder: Path
) -> tuple[intake.IntakeMapping, dict[str, Path]]:
    """Fetch the files piece by piece under names of ours; theirs stay words."""
    files: dict[str, Path] = {}
    for number, file in enumerate(plan.files):
        path = folder / f"{number}.csv"
        with path.open("wb") as written:
            for piece in run.documents.stream(file.key):
                written.write(piece)
        files[file.name] = path
    return intake.named(plan.mapping), files


def _take_in(plan: Plan, export: Export, run: Runtime) -> None:
    def tell(rows_done: int) -> None:
        with run.work(None) as session:
            batches.progressed(session, plan.batch_id, rows_done=rows_done)

    with run.work(None) as session:
        batches.begun(session, plan.batch_id, rows_total=export.about_rows)
    outcome = intake.take_in(
        run.factory,
        export,
        plan.scope,
        now=run.clock(),
        dry_run=plan.dry_run,
        watch=intake.Watch(
            progress=tell,
            finish=lambda session, done: batches.committed(
                session, plan.batch_id, done, now=run.clock()
            ),
        ),
    )
    if plan.dry_run:
        with run.work(None) as session:
            batches.checked(session, plan.batch_id, outcome)


def _fail(plan: Plan, words: str, run: Runtime) -> None:
    with run.work(None) as session:
        batches.failed(session, plan.batch_id, words, now=run.clock())
