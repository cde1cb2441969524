"""What is due and not seen to: who asked is answered, who leads is told, whoever slept is woken."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.messages import Thread, ThreadState
from backoffice.models.notifications import Mail, Notice
from backoffice.models.practices import Practice
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.dates import DAY, business_days_between, today_in
from backoffice.rules.notices import Topic
from backoffice.rules.reminders import Reminder, reminder_due
from backoffice.services.access import held
from backoffice.services.notifications.events import past_due, reminded
from backoffice.services.notifications.facts import still_missing
from backoffice.services.notifications.people import audience_of

ASKED_WITHIN: Final = timedelta(days=60)
BROKEN_WITHIN: Final = timedelta(days=3)
"""A promise or deadline that broke longer ago was told of then."""
TOLD_WITHIN: Final = timedelta(days=7)
OPENED_WITHIN: Final = 1
"""Business days within which a lead opens what is past due, or the administrators hear."""
NOT_FILED: Final = (
    ClaimStatus.PREPARED,
    ClaimStatus.SCRUB,
    ClaimStatus.QUEUED,
    ClaimStatus.REJECTED,
    ClaimStatus.REOPENED,
)


def remind(session: Session, practice_id: UUID, *, now: datetime) -> None:
    """Remind of what was asked for and not given: the one asked, and in the end the owners."""
    practice = session.get_one(Practice, practice_id)
    today = today_in(practice.time_zone, now)
    for asked in _asked(session, practice_id, now=now):
        step = reminder_due(today_in(practice.time_zone, asked.created_at), today)
        if step is None or not still_missing(session, practice_id, asked.facts["appointment_ids"]):
            continue
        owners = audience_of(session, practice_id).owners
        listeners = owners if step is Reminder.OWNER else {asked.user_id}
        reminded(session, practice_id, listeners, step, facts=asked.facts, now=now)


def tell_of_what_is_past_due(session: Session, practice_id: UUID, *, now: datetime) -> None:
    """Tell the leads of promises and filing deadlines that broke; each of them once."""
    practice = session.get_one(Practice, practice_id)
    leads = audience_of(session, practice_id).leads
    for thread_id, due_at in _late_threads(session, practice_id, now=now):
        facts = {"what": "answers", "items": 1, "thread_id": str(thread_id)}
        cause = uuid5(thread_id, f"due {due_at.isoformat()}")
        past_due(session, practice_id, cause, leads, facts=facts, now=now)
    yesterday = today_in(practice.time_zone, now) - DAY
    items = _filed_too_late(session, practice_id, yesterday)
    if items:
        facts = {"what": "filing", "items": items}
        cause = uuid5(practice_id, f"filing {yesterday.isoformat()}")
        past_due(session, practice_id, cause, leads, facts=facts, now=now)


def wake(session: Session, practice_id: UUID, *, now: datetime) -> None:
    """Tell the administrators what is past due and no lead has opened within a business day."""
    practice = session.get_one(Practice, practice_id)
    today = today_in(practice.time_zone, now)
    audience = audience_of(session, practice_id)
    for notice in _unopened(session, practice_id, now=now):
        told_on = today_in(practice.time_zone, notice.created_at)
        if business_days_between(told_on, today) < OPENED_WITHIN:
            continue
        if not _is_late_still(session, practice_id, notice.facts):
            continue
        past_due(
            session,
            practice_id,
            uuid5(UUID(notice.cause), "nobody opened it"),
            audience.administrators - audience.leads,
            facts=notice.facts | {"again": True},
            now=now,
        )


def _asked(session: Session, practice_id: UUID, *, now: datetime) -> Sequence[Notice]:
    query = select(Notice).where(
        held(session, Notice.practice_id),
        Notice.practice_id == practice_id,
        Notice.topic == Topic.INFORMATION_NEEDED,
        Notice.created_at > now - ASKED_WITHIN,
    )
    found = session.scalars(query.order_by(Notice.created_at, Notice.id))
    return [notice for notice in found if not notice.facts["step"]]


def _late_threads(
    session: Session, practice_id: UUID, *, now: datetime
) -> Sequence[tuple[UUID, datetime]]:
    query = select(Thread.id, Thread.due_at).where(
        held(session, Thread.practice_id),
        Thread.practice_id == practice_id,
        Thread.state != ThreadState.DONE,
        Thread.due_at <= now,
        Thread.due_at > now - BROKEN_WITHIN,
    )
    return [(found.id, found.due_at) for found in session.execute(query) if found.due_at]


def _filed_too_late(session: Session, practice_id: UUID, day: date) -> int:
    """Count what was to be filed by a day and was not: appointments without claim, and claims."""
    unbilled = select(func.count(Appointment.id)).where(
        held(session, Appointment.practice_id),
        Appointment.practice_id == practice_id,
        Appointment.unbilled,
        Appointment.deadline_on == day,
    )
    unsent = select(func.count(Claim.id)).where(
        held(session, Claim.practice_id),
        Claim.practice_id == practice_id,
        Claim.status.in_(NOT_FILED),
        Claim.filing_deadline_on == day,
    )
    return (session.scalar(unbilled) or 0) + (session.scalar(unsent) or 0)


def _unopened(session: Session, practice_id: UUID, *, now: datetime) -> Sequence[Notice]:
    """Return one notice of each thing past due that nobody told of it has opened."""
    notices = session.scalars(
        select(Notice)
        .where(
            held(session, Notice.practice_id),
            Notice.practice_id == practice_id,
            Notice.topic == Topic.PAST_DUE,
            Notice.created_at > now - TOLD_WITHIN,
        )
        .order_by(Notice.created_at, Notice.id)
    ).all()
    seen = _opened(session, practice_id, notices)
    opened = {each.cause for each in notices if {each.mail_id, each.digest_id} & seen}
    first = {each.cause: each for each in reversed(notices) if not each.facts.get("again")}
    return [notice for cause, notice in first.items() if cause not in opened]


def _opened(session: Session, practice_id: UUID, notices: Sequence[Notice]) -> set[UUID | None]:
    """Return which of the notices' mails and digests were opened."""
    wanted = {each.mail_id for each in notices} | {each.digest_id for each in notices}
    found = session.execute(
        select(Mail.id, Mail.subject_id).where(
            held(session, Mail.practice_id),
            Mail.practice_id == practice_id,
            Mail.opened_at.is_not(None),
            or_(Mail.id.in_(wanted - {None}), Mail.subject_id.in_(wanted - {None})),
        )
    )
    return {each for row in found for each in row} - {None}


def _is_late_still(session: Session, practice_id: UUID, facts: dict[str, Any]) -> bool:
    """Whether a thread still waits for its answer; a deadline that passed stays passed."""
    if "thread_id" not in facts:
        return True
    waiting = select(Thread.id).where(
        held(session, Thread.practice_id),
        Thread.practice_id == practice_id,
        Thread.id == UUID(facts["thread_id"]),
        Thread.state != ThreadState.DONE,
        Thread.due_at.is_not(None),
    )
    return session.scalar(waiting) is not None
