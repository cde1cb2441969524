"""A thread as work of the house: whose it is, until when it sleeps, what is to be done about it."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.messages import Thread
from backoffice.models.tasks import Task, TaskKind
from backoffice.rules.roles import Permission
from backoffice.services import tasks
from backoffice.services.accounts import Person
from backoffice.services.assignments import require_giving
from backoffice.services.messages.reading import thread_for
from backoffice.services.messages.saying import join, record
from backoffice.services.refusal import NotVisible, Refused

LONGEST_SLEEP = timedelta(days=366)


class NoTimeToSleep(Refused):
    """A thread was to sleep until a moment that is over, or too far."""

    code = "no_time_to_sleep"

    def __init__(self) -> None:
        """Say what is possible."""
        super().__init__("Choose a day after today, within a year.", field="until")


class NothingToDo(Refused):
    """A task without words."""

    code = "nothing_to_do"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("Say what is to be done.", field="title")


def give(session: Session, thread_id: UUID, to: UUID | None, *, by: Person) -> Thread:
    """Give a thread to somebody of the house (oneself: take it), or leave it to nobody.

    Whoever has it hears of what is said in it. Raises NotYoursToGive or NotVisible.
    """
    thread = thread_for(session, thread_id, by, lock=True)
    require_giving(session, thread.practice_id, to, by=by)
    thread.owner_id = to
    if to is not None:
        join(session, thread, {to})
    record(session, "give_thread", thread)
    return thread


def snooze(
    session: Session, thread_id: UUID, until: datetime, *, by: Person, now: datetime
) -> Thread:
    """Put a thread away until a moment; it comes back by itself then, or when somebody answers.

    What is promised runs on: a late thread is late asleep or awake. Raises NoTimeToSleep.
    """
    if not now < until <= now + LONGEST_SLEEP:
        raise NoTimeToSleep
    thread = _ours(session, thread_id, by)
    thread.snoozed_until = until
    record(session, "snooze_thread", thread)
    return thread


def wake(session: Session, thread_id: UUID, *, by: Person) -> Thread:
    """Take a sleeping thread back to work now."""
    thread = _ours(session, thread_id, by)
    thread.snoozed_until = None
    record(session, "wake_thread", thread)
    return thread


def follow_up(  # noqa: PLR0913 - a task's parts, all named
    session: Session,
    thread_id: UUID,
    *,
    once: UUID,
    title: str,
    due_on: date | None,
    by: Person,
    now: datetime,
) -> Task:
    """Turn what a thread asks for into a task of one's own; `once` names the form that was sent."""
    words = " ".join(title.split())
    if not words:
        raise NothingToDo
    thread = _ours(session, thread_id, by)
    return tasks.raise_once(
        session,
        thread.practice_id,
        TaskKind.FOLLOW_UP,
        f"follow_up:{thread.id}:{once}",
        now=now,
        title=words,
        thread_id=thread.id,
        claim_id=thread.claim_id,
        client_id=thread.client_id,
        owner_id=by.id,
        due_on=due_on,
    )


def _ours(session: Session, thread_id: UUID, by: Person) -> Thread:
    thread = thread_for(session, thread_id, by, lock=True)
    if not by.may_in(thread.practice_id, Permission.DO_TASKS):
        raise NotVisible
    return thread
