"""Mails about somebody's own account: invitations, links, what changed; of the house."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.gateways.mail import OutgoingMail
from backoffice.jobs import Job, ask_for
from backoffice.models.notifications import MailState
from backoffice.models.people import AccountMail, AccountTopic
from backoffice.services.audit import actor_of
from backoffice.services.notifications.letters import Sender, Told, write
from backoffice.services.notifications.waiting import next_wait

PAGES: Final[Mapping[AccountTopic, str]] = {
    AccountTopic.INVITATION: "/link/{token}",
    AccountTopic.PASSWORD_RESET: "/link/{token}",
    AccountTopic.EMAIL_CONFIRMATION: "/link/{token}",
    AccountTopic.SECURITY: "/account",
    AccountTopic.GLASS_BROKEN: "/break-glass/review",
    AccountTopic.FILE_TAKEN_OUT: "/record",
}
"""Where the one link of a mail leads."""
ACCOUNT_TOPIC_WORDS: Final[Mapping[AccountTopic, str]] = {
    AccountTopic.INVITATION: "An invitation",
    AccountTopic.PASSWORD_RESET: "A link to set a password",
    AccountTopic.EMAIL_CONFIRMATION: "A link to confirm an address",
    AccountTopic.SECURITY: "A notice about an account",
    AccountTopic.GLASS_BROKEN: "Emergency access was used",
    AccountTopic.FILE_TAKEN_OUT: "Somebody took a file out",
}
"""What each is called in the mail ledger."""


def tell_about_account(
    session: Session,
    topic: AccountTopic,
    *,
    recipient: str,
    user_id: UUID | None,
    now: datetime,
    token: str = "",
    **facts: str,
) -> None:
    """Have one mail leave once this unit of work has committed.

    `facts` are exactly those of the topic's whitelist. `token` is the secret of its link. An empty
    recipient writes everything and sends nothing: an unknown email costs the same.
    """
    Told(topic, link="", **facts)
    mail = AccountMail(
        created_at=now, topic=topic, user_id=user_id, recipient=recipient, facts=facts
    )
    mail.token = token
    session.add(mail)
    session.flush()
    ask_for(session, Job.SEND_ACCOUNT_MAIL, subject_id=mail.id, practice_id=None, due_at=now)


def tell_of_security(
    session: Session, *, recipient: str, user_id: UUID, what: str, now: datetime
) -> None:
    """Tell somebody what changed in their account: `what` is a sentence of ours, no value."""
    tell_about_account(
        session,
        AccountTopic.SECURITY,
        recipient=recipient,
        user_id=user_id,
        now=now,
        what=what,
        at=moment_of(session, now),
    )


def moment_of(session: Session, now: datetime) -> str:
    """Return when, and from which browser if it was one, in words for a mail about safety."""
    device = actor_of(session).device
    words = f"{now:%B} {now.day}, {now:%Y}, {now:%H:%M} UTC"
    return f"{words}, {device}" if device else words


def account_mail_to_send(
    session: Session, mail_id: UUID, *, sender: Sender, now: datetime
) -> OutgoingMail | None:
    """Return a mail as it is to leave, None when there is nothing (more) to send."""
    mail = _queued(session, mail_id)
    if mail is None:
        return None
    if not mail.recipient:
        mail.state, mail.reason, mail.token = MailState.SUPPRESSED, "nobody by that email", None
        return None
    page = PAGES[mail.topic].format(token=mail.token)
    return write(
        mail.topic,
        Told(mail.topic, link=f"{sender.portal_url}{page}", **mail.facts),
        recipient=mail.recipient,
        message_id=sender.message_id(mail.id),
        now=now,
    )


def account_mail_sent(session: Session, mail_id: UUID, *, now: datetime) -> None:
    """Write down that a mail has left; the secret it carried is kept no longer."""
    mail = _queued(session, mail_id)
    if mail is not None:
        mail.state, mail.sent_at, mail.reason, mail.token = MailState.SENT, now, "", None


def account_mail_refused(session: Session, mail_id: UUID, *, reason: str) -> None:
    """Write down that this mail will never be taken; `reason` is a status code."""
    mail = _queued(session, mail_id)
    if mail is not None:
        mail.state, mail.reason, mail.token = MailState.FAILED, reason, None


def put_account_mail_off(session: Session, mail_id: UUID, *, now: datetime) -> timedelta | None:
    """Count a try that met no server; returns how long to wait, None when it is given up."""
    mail = _queued(session, mail_id)
    if mail is None:
        return None
    mail.tries += 1
    wait = next_wait(mail.tries, since=mail.created_at, now=now)
    if wait is None:
        mail.state, mail.reason, mail.token = MailState.FAILED, "no mail server for too long", None
    else:
        mail.reason = "mail server away"
    return wait


def _queued(session: Session, mail_id: UUID) -> AccountMail | None:
    mail = session.get_one(AccountMail, mail_id, with_for_update=True)
    return mail if mail.state is MailState.QUEUED else None
