"""One mail's way out: is it due, what does it say now, and what became of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.gateways.mail import OutgoingMail
from backoffice.models.documents import DocumentKind
from backoffice.models.notifications import Mail, MailState, Notice
from backoffice.models.practices import Practice
from backoffice.models.users import Membership, User
from backoffice.rules.agreements import HOUSE_ZONE
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.dates import today_in
from backoffice.rules.notices import Topic
from backoffice.services.access import held, one
from backoffice.services.notifications import unread
from backoffice.services.notifications.letters import Fact, Sender, Told, write
from backoffice.services.notifications.telling import bundle
from backoffice.services.notifications.waiting import next_wait
from backoffice.services.work import at_the_end

KIND_WORDS: Final[Mapping[str, str]] = {
    DocumentKind.EOB.value: "EOB",
    DocumentKind.ERA_FILE.value: "ERA file",
    DocumentKind.W9.value: "W-9",
}


@dataclass(frozen=True)
class Letter:
    """A mail as it leaves, the notices that it tells, and up to which message of a thread."""

    mail_id: UUID
    mail: OutgoingMail
    told: frozenset[UUID]
    through: UUID | None


@dataclass(frozen=True)
class NotYet:
    """The mail is not due before `until`."""

    until: datetime


class _Unneeded(Exception):
    """Nobody needs this mail any more; the reason is for the mail ledger."""


def to_send(
    session: Session, mail_id: UUID, *, sender: Sender, now: datetime
) -> Letter | NotYet | None:
    """Return the mail as it is to leave now; None when there is nothing (more) to send.

    What the recipient has read meanwhile is not announced; a recipient who left is not written to.
    """
    mail = one(session, Mail, mail_id, lock=True)
    if mail.state is not MailState.QUEUED:
        return None
    if mail.due_at > now:
        return NotYet(mail.due_at)
    try:
        recipient = _recipient(session, mail)
        if mail.topic is Topic.UNREAD_MESSAGE:
            _still_unread(session, mail, now=now)
        notices = _notices(session, mail)
        facts = _FACTS[mail.topic](session, mail, notices)
    except _Unneeded as unneeded:
        mail.state, mail.reason = MailState.SUPPRESSED, str(unneeded)
        return None
    except unread.TooEarly as early:
        mail.due_at = early.until
        return NotYet(early.until)
    practice = session.get_one(Practice, mail.practice_id)
    told = Told(mail.topic, practice=practice.name, link=sender.link(mail.id), **facts)
    written = write(
        mail.topic,
        told,
        recipient=recipient.email,
        message_id=sender.message_id(mail.id),
        now=now,
    )
    through = unread.newest(session, mail) if mail.topic is Topic.UNREAD_MESSAGE else None
    return Letter(mail.id, written, frozenset(notice.id for notice in notices), through)


def sent(session: Session, letter: Letter, *, now: datetime) -> None:
    """Write down that a mail has left; what joined it meanwhile goes into the next one."""
    mail = one(session, Mail, letter.mail_id, lock=True)
    if mail.state is not MailState.QUEUED:
        return
    mail.state, mail.sent_at, mail.reason = MailState.SENT, now, ""
    if letter.through is not None:
        unread.announced(session, mail, letter.through)
    for notice in _notices(session, mail):
        if notice.id not in letter.told:
            notice.mail_id = None
            at_the_end(session, bundle)


def refused(session: Session, mail_id: UUID, *, reason: str) -> None:
    """Write down that this mail will never be taken; `reason` is a status code."""
    mail = one(session, Mail, mail_id, lock=True)
    mail.state, mail.reason = MailState.FAILED, reason


def put_off(session: Session, mail_id: UUID, *, now: datetime) -> timedelta | None:
    """Count a try that met no server; returns how long to wait, None when it is given up."""
    mail = one(session, Mail, mail_id, lock=True)
    mail.tries += 1
    wait = next_wait(mail.tries, since=mail.created_at, now=now)
    if wait is None:
        mail.state, mail.reason = MailState.FAILED, "no mail server for too long"
    else:
        mail.reason = "mail server away"
    return wait


def _recipient(session: Session, mail: Mail) -> User:
    user = session.get_one(User, mail.user_id)
    belongs = session.scalar(
        select(Membership.id).where(
            held(session, Membership.practice_id),
            Membership.practice_id == mail.practice_id,
            Membership.user_id == user.id,
            Membership.ended_at.is_(None),
        )
    )
    if user.disabled_at is not None or (belongs is None and user.house_role is None):
        raise _Unneeded("the recipient has left")
    return user


def _still_unread(session: Session, mail: Mail, *, now: datetime) -> None:
    if not unread.is_waiting(session, mail, now=now):
        raise _Unneeded("read meanwhile")
    if mail.subject_id and mail.user_id in unread.told_already(
        session, mail.practice_id, mail.subject_id
    ):
        raise _Unneeded("mailed already, not read since")


def _notices(session: Session, mail: Mail) -> Sequence[Notice]:
    """Return what the mail tells, in the order of happening; held until the commit."""
    return session.scalars(
        select(Notice)
        .where(Notice.practice_id == mail.practice_id, Notice.mail_id == mail.id)
        .order_by(Notice.created_at, Notice.id)
    ).all()


def _claims(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Count claims by where each stands after its last step."""
    last = {notice.facts["claim_id"]: ClaimStatus(notice.facts["status"]) for notice in notices}
    if not last:
        raise _Unneeded("nothing to tell")
    counts = Counter(last.values())
    words = {status: status.value.replace("_", " ").capitalize() for status in counts}
    return {
        "claims": len(last),
        "counts": tuple((counts[each], words[each]) for each in ClaimStatus if each in counts),
    }


def _documents(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Count documents by kind."""
    kinds = Counter(str(notice.facts["kind"]) for notice in notices)
    if not kinds:
        raise _Unneeded("nothing to tell")
    words = {kind: KIND_WORDS.get(kind, kind.replace("_", " ").capitalize()) for kind in kinds}
    return {
        "documents": sum(kinds.values()),
        "counts": tuple((kinds[kind], words[kind]) for kind in sorted(kinds)),
    }


def _days_left(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Count the days until the agreement ends, as the practice knows it now."""
    practice = session.get_one(Practice, mail.practice_id)
    told = {str(notice.facts["ends_on"]) for notice in notices}
    if practice.agreement_ends_on is None or practice.agreement_ends_on.isoformat() not in told:
        raise _Unneeded("the agreement was renewed meanwhile")
    today = today_in(HOUSE_ZONE, max(notice.created_at for notice in notices))
    return {"days": (practice.agreement_ends_on - today).days}


def _message(session: Session, mail: Mail, notices: Sequence[Notice]) -> dict[str, Fact]:
    """Say who wrote first of what is unread, and when; never what."""
    author = unread.first_author(session, mail)
    return {"sender": author.name, "role": author.role, "at": author.at}


_FACTS: Final[Mapping[Topic, Callable[[Session, Mail, Sequence[Notice]], dict[str, Fact]]]] = {
    Topic.CLAIM_STATUS: _claims,
    Topic.UNREAD_MESSAGE: _message,
    Topic.DOCUMENT_SHARED: _documents,
    Topic.AGREEMENT_ENDING: _days_left,
}
