"""What is past due in a practice now: promised answers, and what was not filed in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session, joinedload

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.messages import Thread, ThreadState
from backoffice.models.practices import Practice
from backoffice.rules.dates import today_in
from backoffice.services.access import visible
from backoffice.services.accounts import Person
from backoffice.services.messages.reading import reach
from backoffice.services.notifications.reminding import NOT_FILED

AT_ONCE: Final = 50
"""Of each kind, so many are named: the lists behind them hold the rest."""


@dataclass(frozen=True)
class PastDue:
    """Threads by how long their answer is late; the last deadlines that passed lead the others."""

    threads: Sequence[Thread]
    appointments: Sequence[Appointment]
    claims: Sequence[Claim]


def past_due_in(
    session: Session, practice_id: UUID, person: Person, *, now: datetime
) -> PastDue | None:
    """Return what of a practice is past due; None to whoever does not work there for the house."""
    if not person.staff_in(practice_id):
        return None
    today = today_in(session.get_one(Practice, practice_id).time_zone, now)
    threads = (
        visible(session, Thread)
        .where(Thread.practice_id == practice_id, reach(session, person))
        .where(Thread.state != ThreadState.DONE, Thread.due_at <= now)
        .order_by(Thread.due_at, Thread.id)
    )
    appointments = (
        visible(session, Appointment)
        .where(Appointment.practice_id == practice_id, Appointment.unbilled)
        .where(Appointment.deadline_on < today)
        .order_by(Appointment.deadline_on.desc(), Appointment.id)
        .options(joinedload(Appointment.client))
    )
    claims = (
        visible(session, Claim)
        .where(Claim.practice_id == practice_id, Claim.status.in_(NOT_FILED))
        .where(Claim.filing_deadline_on < today)
        .order_by(Claim.filing_deadline_on.desc(), Claim.id)
        .options(joinedload(Claim.client), joinedload(Claim.payer))
    )
    return PastDue(
        threads=session.scalars(threads.limit(AT_ONCE)).all(),
        appointments=session.scalars(appointments.limit(AT_ONCE)).all(),
        claims=session.scalars(claims.limit(AT_ONCE)).all(),
    )
