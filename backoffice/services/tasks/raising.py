"""Raises a task once for its cause, gives it to somebody, and has it done."""

from datetime import date, datetime
from typing import Any, TypedDict, Unpack, cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.tasks import Task, TaskKind, TaskState
from backoffice.services import audit
from backoffice.services.access import one, visible
from backoffice.services.accounts import Person
from backoffice.services.assignments import require_giving

_TASKS = cast(Table, Task.__table__)


class About(TypedDict, total=False):
    """What a task is about, who does it and until when; `title` is typed by staff."""

    title: str
    claim_id: UUID | None
    client_id: UUID | None
    thread_id: UUID | None
    document_id: UUID | None
    user_id: UUID | None
    owner_id: UUID | None
    due_on: date | None


def raise_once(
    session: Session,
    practice_id: UUID,
    kind: TaskKind,
    cause: str,
    *,
    now: datetime,
    **about: Unpack[About],
) -> Task:
    """Return the task of this cause, new or as it stands: asked for twice, it is one task.

    `cause` is a word of ours and ids (`"mail_bounced:<user id>"`), never words of a person. A task
    that was done stays done: what comes up anew has a cause of its own.
    """
    values: dict[str, Any] = {
        "practice_id": practice_id,
        "id": new_id(),
        "created_at": now,
        "kind": kind,
        "cause": cause,
        "title": "",
        "state": TaskState.OPEN,
    }
    values.update(about)
    added = session.execute(
        insert(_TASKS).values(values).on_conflict_do_nothing().returning(_TASKS.c.id)
    ).one_or_none()
    query = visible(session, Task).where(Task.practice_id == practice_id, Task.cause == cause)
    task = session.scalars(query).one()
    if added is not None:
        _record(session, "raise_task", task)
    return task


def give(session: Session, task_id: UUID, to: UUID | None, *, by: Person) -> Task:
    """Give a task to somebody of the house (oneself: take it), or lay it down for anybody.

    Raises NotYoursToGive or NotVisible.
    """
    task = one(session, Task, task_id, lock=True)
    require_giving(session, task.practice_id, to, by=by)
    task.owner_id = to
    _record(session, "give_task", task)
    return task


def done(session: Session, task_id: UUID, *, by: UUID | None, now: datetime) -> Task:
    """Have a task done; `by` nobody where it was done by itself. Twice is once."""
    task = one(session, Task, task_id, lock=True)
    if task.state is TaskState.OPEN:
        task.state, task.done_at, task.done_by_id = TaskState.DONE, now, by
        _record(session, "do_task", task)
    return task


def reopen(session: Session, task_id: UUID) -> Task:
    """Put a task that was done back among those to do."""
    task = one(session, Task, task_id, lock=True)
    if task.state is TaskState.DONE:
        task.state, task.done_at, task.done_by_id = TaskState.OPEN, None, None
        _record(session, "reopen_task", task)
    return task


def _record(session: Session, action: str, task: Task) -> None:
    audit.record(
        session,
        action,
        subject_kind="task",
        subject_ids=[task.id],
        practice_id=task.practice_id,
        client_ids=[task.client_id] if task.client_id else [],
    )
