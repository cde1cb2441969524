"""One mail's way out: is it due, what does it say now, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.gateways.mail import OutgoingMail
from backoffice.models.notifications import Mail, MailState
from backoffice.models.practices import Practice
from backoffice.models.users import Membership, User
from backoffice.rules.notices import Topic, Way
from backoffice.services.access import held, one
from backoffice.services.notifications import unread
from backoffice.services.notifications.addresses import has_bounced
from backoffice.services.notifications.facts import Unneeded, facts_of, notices_of
from backoffice.services.notifications.letters import Sender, Told, write
from backoffice.services.notifications.telling import bundle
from backoffice.services.notifications.waiting import next_wait
from backoffice.services.notifications.wishes import wishes_of
from backoffice.services.work import at_the_end


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
        _still_wanted(session, mail, recipient)
        if mail.topic is Topic.UNREAD_MESSAGE:
            _still_unread(session, mail, now=now)
        notices = notices_of(session, mail)
        facts = facts_of(session, mail, notices, now=now)
    except Unneeded as unneeded:
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
    for notice in notices_of(session, mail):
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
        raise Unneeded("the recipient has left")
    return user


def _still_wanted(session: Session, mail: Mail, recipient: User) -> None:
    if has_bounced(session, recipient.email_key):
        raise Unneeded("the address takes no mail")
    if wishes_of(session, mail.practice_id).way(mail.user_id, mail.topic) is Way.OFF:
        raise Unneeded("turned off meanwhile")


def _still_unread(session: Session, mail: Mail, *, now: datetime) -> None:
    if not unread.is_waiting(session, mail, now=now):
        raise Unneeded("read meanwhile")
    if mail.subject_id and mail.user_id in unread.told_already(
        session, mail.practice_id, mail.subject_id
    ):
        raise Unneeded("mailed already, not read since")
