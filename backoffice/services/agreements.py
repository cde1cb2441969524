"""Business associate agreements: their days, their papers, and the word before they end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from backoffice.models.contract import Agreement, Departure, DepartureState
from backoffice.models.documents import Document
from backoffice.models.practices import Practice
from backoffice.models.users import User
from backoffice.rules.agreements import (
    HOUSE_ZONE,
    AgreementStanding,
    alarm_on,
    standing_on,
)
from backoffice.rules.dates import today_in
from backoffice.rules.roles import Permission, Role, may
from backoffice.services import audit, notifications
from backoffice.services.access import one, visible
from backoffice.services.refusal import Refused


class AgreementWrong(Refused):
    """What was typed makes no agreement."""

    code = "agreement_wrong"


@dataclass(frozen=True)
class Days:
    """An agreement's first and last day; without a last it runs on, without a first is none."""

    begins_on: date | None
    ends_on: date | None = None


@dataclass(frozen=True)
class Standing:
    """A practice as the list of agreements shows it; `days_left` only where an end is near."""

    practice: Practice
    standing: AgreementStanding
    days_left: int | None
    departure: Departure | None


def agree(
    session: Session,
    practice_id: UUID,
    days: Days,
    *,
    by: UUID,
    document_id: UUID | None = None,
    note: str = "",
) -> Practice:
    """Write down a practice's agreement; earlier words stay. Raises AgreementWrong or NotVisible.

    The pages of the practice open and close with its days, from the next request on.
    """
    if days.ends_on is not None and (days.begins_on is None or days.ends_on < days.begins_on):
        raise AgreementWrong("It would end before it begins.", field="ends_on")
    if document_id is not None:
        one(session, Document, document_id)
    practice = session.get_one(Practice, practice_id, with_for_update=True)
    practice.agreement_on, practice.agreement_ends_on = days.begins_on, days.ends_on
    session.add(
        Agreement(
            practice_id=practice_id,
            begins_on=days.begins_on,
            ends_on=days.ends_on,
            document_id=document_id,
            note=note.strip(),
            by_id=by,
        )
    )
    session.flush()
    audit.record(
        session,
        "agree",
        subject_kind="practice",
        subject_ids=[practice_id],
        practice_id=practice_id,
        fields=["agreement_on", "agreement_ends_on"],
    )
    return practice


def history(session: Session, practice_id: UUID) -> Sequence[Agreement]:
    """Return every word about a practice's agreement, the newest first."""
    query = visible(session, Agreement).where(Agreement.practice_id == practice_id)
    query = query.options(joinedload(Agreement.by))
    return session.scalars(query.order_by(Agreement.id.desc())).all()


def standings(session: Session, *, now: datetime) -> Sequence[Standing]:
    """Return all practices, those that need a look first; the session is the house's."""
    leaving = {
        departure.practice_id: departure
        for departure in session.scalars(
            select(Departure).where(Departure.state != DepartureState.CANCELLED)
        )
    }
    found = [
        standing(practice, leaving.get(practice.id), now=now)
        for practice in session.scalars(select(Practice).order_by(Practice.name))
    ]
    return sorted(found, key=_urgency)


def standing(practice: Practice, departure: Departure | None, *, now: datetime) -> Standing:
    """Return how a practice's agreement stands today."""
    today = today_in(HOUSE_ZONE, now)
    begins_on, ends_on = practice.agreement_on, practice.agreement_ends_on
    near = alarm_on(today, ends_on) is not None
    return Standing(
        practice,
        standing_on(today, begins_on=begins_on, ends_on=ends_on),
        (ends_on - today).days if ends_on is not None and near else None,
        departure,
    )


def _urgency(found: Standing) -> tuple[bool, bool, int]:
    gone = found.practice.removed_at is not None
    calm = found.standing is AgreementStanding.IN_FORCE and found.days_left is None
    return gone, calm, found.days_left if found.days_left is not None else -1


def ending(session: Session, *, now: datetime) -> Sequence[Standing]:
    """Return the practices whose agreement ends within sixty days, the first to end first."""
    near = [
        found
        for found in standings(session, now=now)
        if found.days_left is not None and found.practice.left_at is None
    ]
    return sorted(near, key=lambda found: found.days_left or 0)


def watch(session: Session, practice_id: UUID, *, now: datetime) -> None:
    """Tell the administrators that a practice's agreement ends, once for each of ALARM_DAYS."""
    practice = session.get_one(Practice, practice_id)
    ends_on = practice.agreement_ends_on
    alarm = alarm_on(today_in(HOUSE_ZONE, now), ends_on)
    if ends_on is None or alarm is None or practice.left_at is not None:
        return
    roles = [role for role in Role if may(role, Permission.MANAGE_AGREEMENTS)]
    query = select(User.id).where(User.house_role.in_(roles), User.disabled_at.is_(None))
    notifications.agreement_ending(
        session, practice_id, session.scalars(query), ends_on=ends_on, alarm=alarm, now=now
    )


def to_watch(session: Session, *, now: datetime) -> Sequence[UUID]:
    """Return the practices whose agreement ends soon enough for an alarm."""
    return [found.practice.id for found in ending(session, now=now)]
