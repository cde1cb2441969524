"""What each kind of mail says, counted anew at the moment it leaves; or that nobody needs it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.document_work import WantedEob
from backoffice.models.documents import DocumentKind
from backoffice.models.notifications import Mail, Notice
from backoffice.models.payers import Enrollment
from backoffice.models.practices import Practice
from backoffice.rules.agreements import HOUSE_ZONE
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.dates import today_in
from backoffice.rules.notices import Topic
from backoffice.rules.readiness import EnrollmentKind, EnrollmentStatus, Readiness
from backoffice.services.access import held, one
from backoffice.services.notifications import unread
from backoffice.services.notifications.letters import Fact
from backoffice.services.notifications.summing_up import lines_of

KIND_WORDS: Final[Mapping[str, str]] = {
    DocumentKind.EOB.value: "EOB",
    DocumentKind.ERA_FILE.value: "ERA file",
    DocumentKind.W9.value: "W-9",
    DocumentKind.OTHER.value: "other document",
}
PAST_DUE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "answers": ("conversation waits for our answer", "conversations wait for our answer"),
    "filing": ("item is past its filing deadline", "items are past their filing deadline"),
}
"""What can be past due, one and several."""
NEXT_STEPS: Final[Mapping[EnrollmentStatus, str]] = {
    EnrollmentStatus.SUBMITTED: "There is nothing to do: the payer has it.",
    EnrollmentStatus.DOCUMENT_REQUIRED: "The payer wants a document: see which in the portal.",
    EnrollmentStatus.ACCEPTED: "There is nothing to do: it is in force.",
    EnrollmentStatus.REJECTED: "The payer refused it: see in the portal what to change.",
}
ENROLLMENT_KINDS: Final[Mapping[EnrollmentKind, str]] = {
    EnrollmentKind.CLAIMS: "claims",
    EnrollmentKind.REMITTANCES: "ERA",
}


class Unneeded(Exception):
    """Nobody needs this mail any more; the reason is for the mail ledger."""


def facts_of(
    session: Session, mail: Mail, notices: Sequence[Notice], *, now: datetime
) -> dict[str, Fact]:
    """Return what a mail says beside the practice's name and its link; raises Unneeded."""
    if not notices:
        raise Unneeded("nothing to tell")
    if mail.topic is Topic.DAILY_DIGEST:
        return _summary(session, mail, notices, now=now)
    return _FACTS[mail.topic](session, mail, notices)


def notices_of(session: Session, mail: Mail) -> Sequence[Notice]:
    """Return what the mail tells, in the order of happening; held until the commit."""
    own = Notice.mail_id == mail.id
    if mail.topic is Topic.DAILY_DIGEST:
        own = Notice.digest_id == mail.subject_id
    return session.scalars(
        select(Notice)
        .where(Notice.practice_id == mail.practice_id, own)
        .order_by(Notice.created_at, Notice.id)
    ).all()


def still_missing(
    session: Session, practice_id: UUID, appointment_ids: Sequence[str]
) -> tuple[UUID, ...]:
    """Return which of these appointments still wait for information."""
    query = select(Appointment.id).where(
        held(session, Appointment.practice_id),
        Appointment.practice_id == practice_id,
        Appointment.id.in_([UUID(each) for each in appointment_ids]),
        Appointment.unbilled,
        Appointment.readiness == Readiness.MISSING,
    )
    return tuple(session.scalars(query))


def _summary(
    session: Session, mail: Mail, notices: Sequence[Notice], *, now: datetime
) -> dict[str, Fact]:
    lines = lines_of(session, mail, notices, now=now)
    if not lines:
        raise Unneeded("nothing happened that still matters")
    return {"counts": tuple((line.count, line.words) for line in lines)}


def _claims(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Count claims by where each stands after its last step."""
    last = {notice.facts["claim_id"]: ClaimStatus(notice.facts["status"]) for notice in notices}
    counts = Counter(last.values())
    words = {status: status.value.replace("_", " ").capitalize() for status in counts}
    return {
        "claims": len(last),
        "counts": tuple((counts[each], words[each]) for each in ClaimStatus if each in counts),
    }


def _documents(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Count documents by kind."""
    kinds = Counter(str(notice.facts["kind"]) for notice in notices)
    words = {kind: KIND_WORDS.get(kind, kind.replace("_", " ")) for kind in kinds}
    return {
        "documents": sum(kinds.values()),
        "counts": tuple(
            (count, f"{words[kind]}s" if count > 1 else words[kind])
            for kind, count in sorted(kinds.items())
        ),
    }


def _days_left(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Count the days until the agreement ends, as the practice knows it now."""
    practice = session.get_one(Practice, mail.practice_id)
    told = {str(notice.facts["ends_on"]) for notice in notices}
    if practice.agreement_ends_on is None or practice.agreement_ends_on.isoformat() not in told:
        raise Unneeded("the agreement was renewed meanwhile")
    today = today_in(HOUSE_ZONE, max(notice.created_at for notice in notices))
    return {"days": (practice.agreement_ends_on - today).days}


def _message(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Say who wrote first of what is unread, and when; never what."""
    author = unread.first_author(session, mail)
    return {"sender": author.name, "role": author.role, "at": author.at}


def _needed(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Count the appointments that still lack something, and say until when it is wanted."""
    asked = {each for notice in notices for each in notice.facts["appointment_ids"]}
    waiting = still_missing(session, mail.practice_id, sorted(asked))
    if not waiting:
        raise Unneeded("given meanwhile")
    days = [str(notice.facts["due_on"]) for notice in notices if notice.facts["due_on"]]
    return {
        "appointments": len(waiting),
        "due": _day(date.fromisoformat(min(days))) if days else "",
        "again": "yes" if any(notice.facts["step"] for notice in notices) else "",
    }


def _answered(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    return {"requests": len({notice.facts["request_id"] for notice in notices})}


def _enrolled(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Say where an enrollment stands now: of which payer, for what, and what comes next."""
    enrollment = one(session, Enrollment, UUID(str(mail.subject_id)))
    if enrollment.status not in NEXT_STEPS:
        raise Unneeded("it has moved on meanwhile")
    return {
        "payer": enrollment.payer.name,
        "kind": ENROLLMENT_KINDS[enrollment.kind],
        "state": enrollment.status.value.replace("_", " "),
        "next_step": NEXT_STEPS[enrollment.status],
    }


def _report(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    month = date.fromisoformat(str(notices[-1].facts["month"]))
    return {"month": f"{month:%B %Y}"}


def _past_due(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Count what is past due by its kind."""
    counts = Counter[str]()
    for notice in notices:
        counts[str(notice.facts["what"])] += int(notice.facts["items"])
    return {
        "items": sum(counts.values()),
        "counts": tuple(
            (counts[what], words[counts[what] > 1])
            for what, words in PAST_DUE_WORDS.items()
            if counts[what]
        ),
    }


def _eobs(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Count the claims whose EOB has still not come."""
    asked = [UUID(str(notice.facts["claim_id"])) for notice in notices]
    query = select(func.count()).where(
        held(session, WantedEob.practice_id),
        WantedEob.practice_id == mail.practice_id,
        WantedEob.claim_id.in_(asked),
        WantedEob.done_at.is_(None),
    )
    waiting = session.scalar(query) or 0
    if not waiting:
        raise Unneeded("sent meanwhile")
    return {
        "claims": waiting,
        "again": "yes" if any(notice.facts["reminder"] for notice in notices) else "",
    }


def _day(day: date) -> str:
    return f"{day:%B} {day.day}"


_FACTS: Final[Mapping[Topic, Callable[[Session, Mail, Sequence[Notice]], dict[str, Fact]]]] = {
    Topic.CLAIM_STATUS: _claims,
    Topic.UNREAD_MESSAGE: _message,
    Topic.DOCUMENT_SHARED: _documents,
    Topic.AGREEMENT_ENDING: _days_left,
    Topic.INFORMATION_NEEDED: _needed,
    Topic.REQUEST_ANSWERED: _answered,
    Topic.ENROLLMENT: _enrolled,
    Topic.REPORT_READY: _report,
    Topic.EOB_WANTED: _eobs,
    Topic.PAST_DUE: _past_due,
}
