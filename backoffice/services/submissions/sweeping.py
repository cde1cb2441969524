"""Claims and files that wait for us without an errand: none should, all are rung for again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.outbox import Errand
from backoffice.models.submissions import Submission, SubmissionState
from backoffice.services.access import held
from backoffice.services.submissions.building import next_release

OVERDUE: Final = timedelta(minutes=2)
_UNSETTLED: Final = (SubmissionState.PENDING, SubmissionState.SENDING, SubmissionState.UNKNOWN)


def ring_again(session: Session, practice_id: UUID, *, now: datetime) -> int:
    """Ask again for what waits without an errand of its own; returns how much that was."""
    waiting = [(Job.TRANSMIT_SUBMISSION, each) for each in _unsettled(session, practice_id)]
    release_at = next_release(session, practice_id)
    if release_at is not None and release_at < now - OVERDUE:
        waiting.append((Job.RELEASE_CLAIMS, practice_id))
    asked = _asked(session, (subject_id for _, subject_id in waiting))
    missing = [each for each in waiting if each not in asked]
    for job, subject_id in missing:
        ask_for(
            session,
            job,
            subject_id=subject_id,
            practice_id=practice_id,
            due_at=now,
            turn=f"swept {now.isoformat()}",
        )
    return len(missing)


def _unsettled(session: Session, practice_id: UUID) -> list[UUID]:
    query = select(Submission.id).where(
        held(session, Submission.practice_id),
        Submission.practice_id == practice_id,
        Submission.state.in_(_UNSETTLED),
    )
    return list(session.scalars(query))


def _asked(session: Session, subject_ids: Iterable[UUID]) -> set[tuple[Job, UUID]]:
    """Return which jobs are asked for already, for which subjects."""
    query = select(Errand.job, Errand.subject_id).where(
        Errand.done_at.is_(None), Errand.subject_id.in_(list(subject_ids))
    )
    return {(Job(job), subject_id) for job, subject_id in session.execute(query)}
