"""What follows on an intake: the record of who wrote what, and readiness judged anew."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.rules.readiness import Subject
from backoffice.services import audit, unbilled
from backoffice.services.intake.kinds import KINDS
from backoffice.services.intake.outcome import Outcome
from backoffice.services.work import act_in

FEW = 200
"""Up to so many records are judged at once; more are left to the errand that goes in steps."""


def follow(session: Session, outcome: Outcome, *, now: datetime) -> None:
    """Put on record what was written, and judge anew what rests on it: now, or by errand."""
    for (practice_id, kind), ids in outcome.touched.items():
        audit.record(
            session,
            "intake",
            subject_kind=kind,
            subject_ids=ids,
            practice_id=practice_id,
        )
    for practice_id in sorted(outcome.practices):
        act_in(session, practice_id)
        _judge(session, outcome, practice_id, now=now)


def _judge(session: Session, outcome: Outcome, practice_id: UUID, *, now: datetime) -> None:
    touched = {kind: ids for (whose, kind), ids in outcome.touched.items() if whose == practice_id}
    few = sum(map(len, touched.values())) <= FEW
    if not few or touched.keys() - KINDS.keys():
        unbilled.refresh_later(session, practice_id, now=now)
        return
    for name, kind in KINDS.items():
        if name in touched and kind.subject is not Subject.APPOINTMENT:
            unbilled.subjects_changed(session, practice_id, kind.subject, touched[name], now=now)
    unbilled.appointments_changed(session, practice_id, touched.get("appointments", []), now=now)
