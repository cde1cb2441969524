"""What the clock says of a thread: since when the practice waits, until when it is promised."""

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.messages import Thread, ThreadState
from backoffice.models.practices import Practice
from backoffice.rules.promises import MOST_HOURS, BusinessHours, answer_due
from backoffice.services import audit
from backoffice.services.access import visible
from backoffice.services.refusal import NotVisible, Refused


class PromiseWrong(Refused):
    """What was typed is no promise."""

    code = "promise_wrong"

    def __init__(self, words: str, field: str) -> None:
        """Say what is wrong, at its field."""
        super().__init__(words, field=field)


def note_said(session: Session, thread: Thread, *, ours: bool, now: datetime) -> None:
    """Start the promise when the practice writes, end it when the house answers; wake the thread.

    What the practice adds while it waits moves nothing: the promise is about its first word.
    Internal notes are no answer and are not said to this.
    """
    thread.snoozed_until = None
    if ours:
        thread.asked_at = thread.due_at = None
    elif thread.asked_at is None:
        thread.asked_at = now
        thread.due_at = _due(session.get_one(Practice, thread.practice_id), now)


def put_to_rest(thread: Thread) -> None:
    """Nobody waits in a thread that is done."""
    thread.asked_at = thread.due_at = thread.snoozed_until = None


@dataclass(frozen=True)
class Promise:
    """What a practice is promised: an answer in so many business hours (0: nothing)."""

    hours: int
    opens_at: time
    closes_at: time


def promise(session: Session, practice_id: UUID, promised: Promise) -> int:
    """Change what a practice is promised; what waits is timed anew. Returns how many threads wait.

    Raises PromiseWrong, then nothing is changed.
    """
    if not 0 <= promised.hours <= MOST_HOURS:
        raise PromiseWrong(f"Promise 1 to {MOST_HOURS} business hours, or 0 for none.", "hours")
    if promised.closes_at <= promised.opens_at:
        raise PromiseWrong("It closes before it opens.", "closes_at")
    practice = session.get(Practice, practice_id, with_for_update=True)
    if practice is None:
        raise NotVisible
    practice.response_hours = promised.hours
    practice.opens_at, practice.closes_at = promised.opens_at, promised.closes_at
    audit.record(
        session,
        "promise",
        subject_kind="practice",
        subject_ids=[practice_id],
        practice_id=practice_id,
        fields=["response_hours", "opens_at", "closes_at"],
    )
    return time_anew(session, practice_id)


def time_anew(session: Session, practice_id: UUID) -> int:
    """Time all that waits by the practice's promise as it is now; returns how many threads."""
    practice = session.get_one(Practice, practice_id)
    query = visible(session, Thread).where(
        Thread.practice_id == practice_id,
        Thread.state != ThreadState.DONE,
        Thread.asked_at.is_not(None),
    )
    waiting = session.scalars(query.with_for_update()).all()
    for thread in waiting:
        thread.due_at = _due(practice, thread.asked_at) if thread.asked_at else None
    return len(waiting)


def _due(practice: Practice, asked_at: datetime) -> datetime | None:
    business = BusinessHours(practice.time_zone, practice.opens_at, practice.closes_at)
    return answer_due(asked_at, practice.response_hours, business)
