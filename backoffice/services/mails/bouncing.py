"""Addresses that take no mail: what bounced, whose task it becomes, and no further mail to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backoffice.models.notifications import BouncedAddress, Mail, MailState
from backoffice.models.people import AccountMail
from backoffice.models.tasks import TaskKind
from backoffice.models.users import User
from backoffice.services import audit, tasks
from backoffice.services.access import one, practice_of
from backoffice.services.notifications.addresses import takes_no_mail
from backoffice.services.refusal import NotVisible


def bounced(session: Session, mail_id: UUID, *, reason: str, now: datetime) -> None:
    """Write down that a practice's mail came back: the address is not written to any more.

    `reason` is a status code. One task is raised for the practice and the address, however many
    mails come back. A report that comes twice, or about a mail that never left, changes nothing.
    """
    mail = one(session, Mail, mail_id, lock=True)
    if mail.state not in {MailState.QUEUED, MailState.SENT}:
        return
    mail.state, mail.reason = MailState.BOUNCED, reason
    user = session.get_one(User, mail.user_id)
    address_id = takes_no_mail(session, user.email_key, reason=reason, now=now)
    tasks.raise_once(
        session,
        mail.practice_id,
        TaskKind.MAIL_BOUNCED,
        f"mail_bounced:{address_id}:{user.id}",
        user_id=user.id,
        now=now,
    )
    audit.record(
        session,
        "bounce",
        subject_kind="mail",
        subject_ids=[mail.id],
        practice_id=mail.practice_id,
    )


def account_mail_bounced(session: Session, mail_id: UUID, *, reason: str, now: datetime) -> None:
    """Write down that a mail about an account came back.

    Such mails are asked for by a person or about their safety, so the next one is tried all the
    same; practices' mails to the address are not.
    """
    mail = session.get_one(AccountMail, mail_id, with_for_update=True)
    if mail.state not in {MailState.QUEUED, MailState.SENT}:
        return
    mail.state, mail.reason, mail.token = MailState.BOUNCED, reason, None
    if mail.user_id is not None:
        user = session.get_one(User, mail.user_id)
        if user.email == mail.recipient:
            takes_no_mail(session, user.email_key, reason=reason, now=now)


def write_again(session: Session, user_id: UUID) -> None:
    """Let a person's address be written to again: somebody has mended their mailbox.

    Raises NotVisible.
    """
    user = session.get(User, user_id)
    if user is None:
        raise NotVisible
    session.execute(delete(BouncedAddress).where(BouncedAddress.email_key == user.email_key))
    audit.record(
        session,
        "write_again",
        subject_kind="user",
        subject_ids=[user_id],
        practice_id=None,
    )


def is_about_account(session: Session, mail_id: UUID) -> bool:
    """Whether a mail is one of the house's own, about an account."""
    return session.get(AccountMail, mail_id) is not None


def whose(session: Session, mail_id: UUID) -> UUID | None:
    """Return which of the session's practices a mail is of; None of a mail that is not known.

    Reports come days later, some weeks: a mail is found for as long as the ledger keeps it.
    """
    try:
        return practice_of(session, Mail, mail_id)
    except NotVisible:
        return None
