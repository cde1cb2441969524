"""Files that nobody but a person can tell about: what waits, and the two buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from backoffice.jobs import Job, ask_for
from backoffice.models.submissions import Submission, SubmissionState
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.refusal import Refused
from backoffice.services.submissions.answers import arrived
from backoffice.services.submissions.opinions import TAKEN

_TROUBLED: Final = (SubmissionState.NEEDS_PERSON, SubmissionState.UNKNOWN, SubmissionState.REFUSED)


class NotAwaitingPerson(Refused):
    """The file is not, or no longer, waiting for a person's word."""

    code = "not_awaiting_person"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("This file is not waiting for a decision any more.")


@dataclass(frozen=True)
class FilePage:
    """Files to show, and how many there are in all and in trouble."""

    files: Sequence[Submission]
    next_before: UUID | None
    total: int
    troubled: int

    @property
    def awaits_person(self) -> bool:
        """Whether any file on the page waits for a person's word."""
        return any(file.state is SubmissionState.NEEDS_PERSON for file in self.files)


def files(
    session: Session, *, only_troubled: bool, before: UUID | None = None, size: int = 50
) -> FilePage:
    """Return files of the session's practices, newest first, those older than `before`.

    Of those in trouble the ones that need a person come first, then the oldest, as many as fit.

    In trouble: needing a person, unknown, refused as a whole, pending after a try that failed, or
    objected to by the second validator.
    """
    query = visible(session, Submission).options(joinedload(Submission.payer))
    if only_troubled:
        needs_no_person = Submission.state != SubmissionState.NEEDS_PERSON
        query = query.where(_in_trouble()).order_by(needs_no_person, Submission.id)
    elif before is not None:
        query = query.where(Submission.id < before)
    found = session.scalars(query.order_by(Submission.id.desc()).limit(size + 1)).all()
    counts = select(func.count(), func.count().filter(_in_trouble())).where(
        held(session, Submission.practice_id)
    )
    total, troubled = session.execute(counts).one()
    shown = found[:size]
    return FilePage(
        shown, shown[-1].id if len(found) > size and not only_troubled else None, total, troubled
    )


def _in_trouble() -> ColumnElement[bool]:
    waits = (Submission.state == SubmissionState.PENDING) & (Submission.answer_code != "")
    objected = Submission.second_opinion.not_in(["", TAKEN])
    return or_(Submission.state.in_(_TROUBLED), waits, objected)


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
