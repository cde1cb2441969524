"""What one daily summary tells: counted from what happened, ordered by deadline and money."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.notifications import Mail, Notice
from backoffice.models.practices import Practice
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.dates import today_in
from backoffice.rules.digests import Line, in_order
from backoffice.rules.money import ZERO, total
from backoffice.rules.notices import Topic
from backoffice.rules.readiness import Readiness
from backoffice.services.access import held
from backoffice.services.notifications import unread

LOST_IN_TIME: Final = frozenset({ClaimStatus.REJECTED, ClaimStatus.DENIED})
"""Claims that are lost if nobody acts in time."""
_COUNTED: Final[Mapping[Topic, tuple[str, str]]] = {
    Topic.DOCUMENT_SHARED: ("new document", "new documents"),
    Topic.REQUEST_ANSWERED: ("request answered", "requests answered"),
    Topic.ENROLLMENT: ("enrollment changed", "enrollments changed"),
    Topic.REPORT_READY: ("report ready", "reports ready"),
    Topic.EOB_WANTED: ("EOB wanted", "EOBs wanted"),
    Topic.PAST_DUE: ("notice of something past due", "notices of something past due"),
    Topic.AGREEMENT_ENDING: ("agreement that ends soon", "agreements that end soon"),
}


def lines_of(
    session: Session, mail: Mail, notices: Sequence[Notice], *, now: datetime
) -> tuple[Line, ...]:
    """Return the lines of a summary; empty where nothing that happened still matters."""
    by_topic: dict[Topic, list[Notice]] = defaultdict(list)
    for notice in notices:
        by_topic[notice.topic].append(notice)
    practice = session.get_one(Practice, mail.practice_id)
    today = today_in(practice.time_zone, now)
    lines = [
        line
        for topic, own in by_topic.items()
        for line in _LINES.get(topic, _counted)(session, mail, own, today)
    ]
    return in_order(lines, today=today)


def _claims(session: Session, mail: Mail, notices: Sequence[Notice], today: date) -> list[Line]:
    """One line for each status that claims came to rest in."""
    last = {UUID(each.facts["claim_id"]): ClaimStatus(each.facts["status"]) for each in notices}
    found = session.execute(
        select(
            Claim.id,
            Claim.charge_amount,
            func.least(
                Claim.filing_deadline_on, Claim.corrected_deadline_on, Claim.appeal_deadline_on
            ).label("due_on"),
        ).where(
            held(session, Claim.practice_id),
            Claim.practice_id == mail.practice_id,
            Claim.id.in_(last),
        )
    ).all()
    lines = []
    for status in ClaimStatus:
        own = [claim for claim in found if last[claim.id] is status]
        word = status.value.replace("_", " ")
        days = [claim.due_on for claim in own if claim.due_on and status in LOST_IN_TIME]
        lines.append(
            Line(
                len(own),
                f"{'claim' if len(own) == 1 else 'claims'} {word}",
                total(claim.charge_amount for claim in own),
                min(days, default=None),
            )
        )
    return lines


def _needed(session: Session, mail: Mail, notices: Sequence[Notice], today: date) -> list[Line]:
    asked = {UUID(each) for notice in notices for each in notice.facts["appointment_ids"]}
    found = session.execute(
        select(Appointment.charge_amount, Appointment.deadline_on).where(
            held(session, Appointment.practice_id),
            Appointment.practice_id == mail.practice_id,
            Appointment.id.in_(asked),
            Appointment.unbilled,
            Appointment.readiness == Readiness.MISSING,
        )
    ).all()
    words = "appointment waits" if len(found) == 1 else "appointments wait"
    return [
        Line(
            len(found),
            f"{words} for information",
            total(each.charge_amount for each in found),
            min((each.deadline_on for each in found if each.deadline_on), default=None),
        )
    ]


def _messages(session: Session, mail: Mail, notices: Sequence[Notice], today: date) -> list[Line]:
    """Count the conversations that are still unread."""
    threads = {notice.subject_id for notice in notices if notice.subject_id}
    waiting = sum(
        unread.has_waiting(session, mail.practice_id, thread_id, mail.user_id)
        for thread_id in threads
    )
    return [Line(waiting, "unread conversation" if waiting == 1 else "unread conversations")]


def _counted(session: Session, mail: Mail, notices: Sequence[Notice], today: date) -> list[Line]:
    kinds = Counter(notice.topic for notice in notices)
    return [
        Line(count, _COUNTED[topic][count > 1], ZERO, today if topic is Topic.PAST_DUE else None)
        for topic, count in kinds.items()
        if topic in _COUNTED
    ]


_LINES: Final[Mapping[Topic, Callable[[Session, Mail, Sequence[Notice], date], list[Line]]]] = {
    Topic.CLAIM_STATUS: _claims,
    Topic.INFORMATION_NEEDED: _needed,
    Topic.UNREAD_MESSAGE: _messages,
}
