"""The job that cuts: new documents of pages of others, in processes of their own, under limits."""

import io
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from backoffice.gateways.documents import NoSuchDocument
from backoffice.gateways.scanner import NoVerdict, Verdict
from backoffice.services import documents
from backoffice.services.documents import cutting
from backoffice.services.documents.cutting import Lot, New, Plan, Source, SourceAltered
from backoffice.services.documents.pages import cut, digest
from backoffice.services.refusal import Refused
from workers.runtime import Again, Runtime, Task, errand_job

MOST_TRIES: Final = 5
"""With the errand's back-off more than a minute: a store that starts anew is waited for."""
WENT_WRONG: Final = "Something went wrong on our side. It may be asked for again."
At = Callable[[str], None]
"""Told where a cut has come to; tests end the process there."""

log = structlog.get_logger()


@errand_job
def cut_documents(task: Task, run: Runtime) -> Again | None:
    """Make the new documents of one wish, all or none; run twice it finds them made."""
    fulfil(task, run)
    return None


def fulfil(task: Task, run: Runtime, *, at: At = lambda _: None) -> None:
    """Fulfil one wish, or say why not; see cut_documents.

    The bytes go first, under ids of this try, and all rows in one transaction. Whoever is killed
    in between leaves bytes without a row, which are swept; the next try makes its own.
    """
    try:
        with run.work(task.practice_id) as session:
            plan = cutting.plan_of(session, task.subject_id)
        if plan is not None:
            _make(plan, run, at)
    except Refused as refused:
        _fail(task, refused.words, run)
    except Exception as problem:
        if task.tries + 1 < MOST_TRIES:
            raise
        kind = type(problem).__name__
        log.error("cutting given up", cutting=str(task.subject_id), kind=kind)
        _fail(task, WENT_WRONG, run)


def _make(plan: Plan, run: Runtime, at: At) -> None:
    contents = [_bytes_of(source, plan, run) for source in plan.sources]
    cut_of = [cut(contents, lot.pages) for lot in plan.lots]
    made = [
        (_judged(lot, new_id, content, run), content)
        for lot, new_id, content in zip(plan.lots, plan.new_ids(), cut_of, strict=True)
    ]
    at("cut")
    for new, content in made:
        run.documents.put(new.key_in(plan.practice_id), content, sha256=new.found.sha256)
    at("stored")
    with run.work(plan.practice_id) as session:
        cutting.fulfilled(session, plan, [new for new, _ in made], now=run.clock())
    at("recorded")


def _bytes_of(source: Source, plan: Plan, run: Runtime) -> bytes:
    """Fetch the bytes that came; where they are gone or others the alarm is sounded."""
    try:
        content = run.documents.get(source.key)
    except NoSuchDocument:
        content = b""
    if digest(content) != source.sha256:
        with run.work(plan.practice_id) as session:
            documents.checked(session, source.document_id, whole=False, now=run.clock())
        raise SourceAltered
    return content


def _judged(lot: Lot, new_id: UUID, content: bytes, run: Runtime) -> New:
    """Look at what was made as at any file that comes in; raises NotTaken or NewNotClean."""
    found = documents.examine(io.BytesIO(content), lot.kind)
    return New.of(lot, new_id, found, _verdict_on(content, run))


def _verdict_on(content: bytes, run: Runtime) -> Verdict | None:
    try:
        return run.scanner.scan(iter([content]))
    except NoVerdict as silent:
        log.warning("scan waits", kind=str(silent))
        return None


def _fail(task: Task, words: str, run: Runtime) -> None:
    with run.work(task.practice_id) as session:
        cutting.failed(session, task.subject_id, words, now=run.clock())
    log.warning("not cut", cutting=str(task.subject_id))
