"""Files that nobody but a person can tell about: what waits, and the two buttons."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.submissions import Submission, SubmissionState
from backoffice.services import audit
from backoffice.services.access import one, visible
from backoffice.services.refusal import Refused
from backoffice.services.submissions.answers import arrived

_TROUBLED: Final = (SubmissionState.NEEDS_PERSON, SubmissionState.UNKNOWN, SubmissionState.REFUSED)


class NotAwaitingPerson(Refused):
    """The file is not, or no longer, waiting for a person's word."""

    code = "not_awaiting_person"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("This file is not waiting for a decision any more.")


def troubled(session: Session, *, limit: int = 200) -> Sequence[Submission]:
    """Return files that need a look, a person's first, then the oldest.

    Needing a person, unknown, refused as a whole, or pending after a try that failed.
    """
    waits = (Submission.state == SubmissionState.PENDING) & (Submission.answer_code != "")
    query = (
        visible(session, Submission)
        .where(or_(Submission.state.in_(_TROUBLED), waits))
        .order_by(Submission.state != SubmissionState.NEEDS_PERSON, Submission.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def mark_sent(session: Session, submission_id: UUID, *, now: datetime) -> Submission:
    """Take a person's word that the clearinghouse has the file. Raises NotAwaitingPerson."""
    submission = _awaiting(session, submission_id)
    arrived(session, submission, (), now=now)
    session.flush()
    _record(session, "mark_sent", submission)
    return submission


def send_again(session: Session, submission_id: UUID, *, now: datetime) -> Submission:
    """Send the same bytes again, on a person's word that they never arrived.

    Raises NotAwaitingPerson.
    """
    submission = _awaiting(session, submission_id)
    submission.state, submission.unknown_since = SubmissionState.PENDING, None
    submission.next_try_at, submission.answer_code = None, ""
    session.flush()
    ask_for(
        session,
        Job.TRANSMIT_SUBMISSION,
        subject_id=submission.id,
        practice_id=submission.practice_id,
        due_at=now,
        turn=f"again {submission.version}",
    )
    _record(session, "send_again", submission)
    return submission


def _awaiting(session: Session, submission_id: UUID) -> Submission:
    submission = one(session, Submission, submission_id, lock=True)
    if submission.state is not SubmissionState.NEEDS_PERSON:
        raise NotAwaitingPerson
    return submission


def _record(session: Session, action: str, submission: Submission) -> None:
    audit.record(
        session,
        action,
        subject_kind="submission",
        subject_ids=[submission.id],
        practice_id=submission.practice_id,
    )
