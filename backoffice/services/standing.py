"""How things stand, in the few figures that the frame of every page shows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import UnbilledTotal
from backoffice.models.messages import Message, Receipt
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.remittances import Remittance, RemittanceState
from backoffice.models.submissions import Submission, SubmissionState
from backoffice.rules.readiness import Readiness
from backoffice.services.access import held
from backoffice.services.accounts import Person
from backoffice.services.messages.sides import unread_by
from backoffice.services.tasks import mine_open

LATE_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Heard:
    """When the clearinghouse last answered, and whether that is too long ago."""

    moment: datetime
    late: bool


@dataclass(frozen=True)
class Standing:
    """Counts beside the doors of the portal."""

    unbilled: int
    missing: int
    to_review: int
    stuck_files: int
    unread: int
    tasks: int
    last_heard_at: datetime | None

    def heard(self, now: datetime) -> Heard | None:
        """Return when payers were last heard, None before the first time."""
        if self.last_heard_at is None:
            return None
        return Heard(self.last_heard_at, late=now - self.last_heard_at > LATE_AFTER)


def standing_of(session: Session, person: Person) -> Standing:
    """Count what waits, for the practices this session sees."""
    queue = session.execute(
        select(UnbilledTotal.readiness, func.sum(UnbilledTotal.appointments))
        .where(held(session, UnbilledTotal.practice_id))
        .group_by(UnbilledTotal.readiness)
    )
    totals = {readiness: int(count) for readiness, count in queue}
    to_review = session.scalar(
        select(func.count())
        .select_from(Remittance)
        .where(
            held(session, Remittance.practice_id), Remittance.state == RemittanceState.NEEDS_REVIEW
        )
    )
    stuck = session.scalar(
        select(func.count())
        .select_from(Submission)
        .where(
            held(session, Submission.practice_id),
            Submission.state.in_([SubmissionState.UNKNOWN, SubmissionState.NEEDS_PERSON]),
        )
    )
    heard = session.scalar(select(func.max(ClearinghouseAccount.last_heard_at)))
    return Standing(
        unbilled=int(sum(totals.values())),
        missing=int(totals.get(Readiness.MISSING, 0)),
        to_review=to_review or 0,
        stuck_files=stuck or 0,
        unread=unread_threads(session, person),
        tasks=mine_open(session, person),
        last_heard_at=heard,
    )


def unread_threads(session: Session, person: Person) -> int:
    """Count threads with a message that this person takes part in and has not read."""
    newer = select(Message.id).where(
        Message.practice_id == Receipt.practice_id,
        Message.thread_id == Receipt.thread_id,
        unread_by(person),
    )
    count = session.scalar(
        select(func.count())
        .select_from(Receipt)
        .where(held(session, Receipt.practice_id), Receipt.user_id == person.id, newer.exists())
    )
    return count or 0
