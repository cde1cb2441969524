"""What can happen that people are told of: one function each; who hears is decided here.

Facts of a notice are status words, counts, days and ids: no client, and nothing of a claim beside
where it stands.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from backoffice.models.claims import Claim, ClaimStep
from backoffice.models.documents import Document
from backoffice.models.messages import Message
from backoffice.models.payers import Enrollment
from backoffice.rules.notices import Topic
from backoffice.rules.readiness import EnrollmentStatus
from backoffice.rules.reminders import Reminder
from backoffice.services.notifications import unread
from backoffice.services.notifications.knocking import knock_when_unread
from backoffice.services.notifications.people import audience_of
from backoffice.services.notifications.telling import known, tell

WORTH_TELLING: Final = frozenset(
    {
        EnrollmentStatus.SUBMITTED,
        EnrollmentStatus.DOCUMENT_REQUIRED,
        EnrollmentStatus.ACCEPTED,
        EnrollmentStatus.REJECTED,
    }
)


def claim_moved(session: Session, claim: Claim, step: ClaimStep) -> None:
    """Tell the practice's owners and billing people and the claim's clinician of a moved step.

    Whoever moved the claim by hand is not told of it.
    """
    if not step.moved:
        return
    listeners = audience_of(session, claim.practice_id).about(claim.clinician_id) - {step.by_id}
    facts = {"claim_id": str(claim.id), "status": step.to_status.value}
    tell(
        session, claim.practice_id, listeners, Topic.CLAIM_STATUS, step.id, at=step.at, facts=facts
    )


def message_posted(session: Session, message: Message, listeners: Iterable[UUID]) -> None:
    """Announce a message to these people, should they not have read it by then.

    Whoever was mailed about the thread and has not read it since is not mailed again.
    """
    listeners = set(listeners)
    knock_when_unread(session, message, listeners)
    told = unread.told_already(session, message.practice_id, message.thread_id)
    tell(
        session,
        message.practice_id,
        listeners - told,
        Topic.UNREAD_MESSAGE,
        message.id,
        at=message.sent_at,
        subject_id=message.thread_id,
    )


def document_shared(
    session: Session, document: Document, listeners: Iterable[UUID], *, now: datetime
) -> None:
    """Tell these people that a document is there; its kind, never its name."""
    facts = {"document_id": str(document.id), "kind": document.kind.value}
    topic = Topic.DOCUMENT_SHARED
    tell(session, document.practice_id, listeners, topic, document.id, at=now, facts=facts)


def agreement_ending(
    session: Session,
    practice_id: UUID,
    listeners: Iterable[UUID],
    *,
    ends_on: date,
    alarm: int,
    now: datetime,
) -> None:
    """Tell these people that a practice's agreement ends within `alarm` days; once each alarm."""
    cause = uuid5(practice_id, f"{ends_on.isoformat()} {alarm}")
    fresh = set(listeners) - known(session, practice_id, Topic.AGREEMENT_ENDING, cause)
    facts = {"ends_on": ends_on.isoformat()}
    tell(session, practice_id, fresh, Topic.AGREEMENT_ENDING, cause, at=now, facts=facts)


def information_needed(  # noqa: PLR0913 - a request has many parts, all named
    session: Session,
    practice_id: UUID,
    appointment_ids: Sequence[UUID],
    *,
    clinician_id: UUID | None,
    request_id: UUID,
    due_on: date | None,
    now: datetime,
) -> None:
    """Ask the appointments' clinician for what they lack; the owners, where nobody signs in as one.

    The request is told once, however often it is called, and reminded of by itself until the
    appointments lack nothing more, or somebody has opened the mail (see reminding).
    """
    audience = audience_of(session, practice_id)
    own = audience.clinicians.get(clinician_id) if clinician_id else None
    listeners = frozenset({own}) if own else audience.owners
    fresh = listeners - known(session, practice_id, Topic.INFORMATION_NEEDED, request_id)
    facts = {
        "request_id": str(request_id),
        "appointment_ids": [str(each) for each in appointment_ids],
        "due_on": due_on.isoformat() if due_on else "",
        "step": 0,
    }
    tell(session, practice_id, fresh, Topic.INFORMATION_NEEDED, request_id, at=now, facts=facts)


def reminded(
    session: Session,
    practice_id: UUID,
    listeners: Iterable[UUID],
    step: Reminder,
    *,
    facts: dict[str, Any],
    now: datetime,
) -> None:
    """Tell these people again what was asked for; each step of a request once."""
    cause = uuid5(UUID(str(facts["request_id"])), f"step {step.value}")
    fresh = set(listeners) - known(session, practice_id, Topic.INFORMATION_NEEDED, cause)
    told = facts | {"step": step.value}
    tell(session, practice_id, fresh, Topic.INFORMATION_NEEDED, cause, at=now, facts=told)


def request_answered(
    session: Session,
    practice_id: UUID,
    *,
    request_id: UUID,
    owner_id: UUID | None,
    now: datetime,
) -> None:
    """Tell the biller who owns a request, or all who bill, that the practice has answered it."""
    audience = audience_of(session, practice_id)
    listeners = frozenset({owner_id}) if owner_id else audience.staff
    fresh = listeners - known(session, practice_id, Topic.REQUEST_ANSWERED, request_id)
    facts = {"request_id": str(request_id)}
    tell(session, practice_id, fresh, Topic.REQUEST_ANSWERED, request_id, at=now, facts=facts)


def enrollment_changed(
    session: Session, enrollment: Enrollment, *, by: UUID | None = None, now: datetime
) -> None:
    """Tell the practice's owners and who bills for it where an enrollment stands now.

    Only of steps that are news: submitted, a document required, accepted, rejected.
    """
    if enrollment.status not in WORTH_TELLING:
        return
    audience = audience_of(session, enrollment.practice_id)
    listeners = (audience.owners | audience.staff) - {by}
    cause = uuid5(enrollment.id, f"{enrollment.status} {enrollment.status_since.isoformat()}")
    fresh = listeners - known(session, enrollment.practice_id, Topic.ENROLLMENT, cause)
    tell(
        session,
        enrollment.practice_id,
        fresh,
        Topic.ENROLLMENT,
        cause,
        at=now,
        subject_id=enrollment.id,
        facts={"status": enrollment.status.value},
    )


def report_ready(
    session: Session, practice_id: UUID, *, report_id: UUID, month: date, now: datetime
) -> None:
    """Tell the practice's owners that a month's report or statement is there; no amount of it."""
    owners = audience_of(session, practice_id).owners
    fresh = owners - known(session, practice_id, Topic.REPORT_READY, report_id)
    facts = {"month": month.replace(day=1).isoformat()}
    tell(
        session,
        practice_id,
        fresh,
        Topic.REPORT_READY,
        report_id,
        at=now,
        subject_id=report_id,
        facts=facts,
    )


def eob_wanted(session: Session, claim: Claim, *, reminder: int, now: datetime) -> None:
    """Ask the practice's owners, billing people and the claim's clinician for a claim's EOB.

    `reminder` is 0 for asking, then 1, 2: each is told once.
    """
    listeners = audience_of(session, claim.practice_id).about(claim.clinician_id)
    cause = uuid5(claim.id, f"eob {reminder}")
    fresh = listeners - known(session, claim.practice_id, Topic.EOB_WANTED, cause)
    facts = {"claim_id": str(claim.id), "reminder": reminder}
    tell(session, claim.practice_id, fresh, Topic.EOB_WANTED, cause, at=now, facts=facts)


def past_due(
    session: Session,
    practice_id: UUID,
    cause: UUID,
    listeners: Iterable[UUID],
    *,
    facts: dict[str, Any],
    now: datetime,
) -> None:
    """Tell these people that something is past due; once each cause.

    `facts` are `what` (a kind that facts.PAST_DUE_WORDS knows), how many `items`, and ids.
    """
    fresh = set(listeners) - known(session, practice_id, Topic.PAST_DUE, cause)
    tell(session, practice_id, fresh, Topic.PAST_DUE, cause, at=now, facts=facts)
