"""Mails about somebody's safety that a page causes: a new browser, a file taken out."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.people import AccountMail, AccountTopic
from backoffice.models.users import User
from backoffice.rules.roles import Role
from backoffice.services.notifications.accounts import tell_of_security

QUIET_FOR: Final = timedelta(hours=1)
"""Several files taken out within it are told of once: a warning that comes often is not read."""


def new_sign_in(session: Session, user_id: UUID, *, device: str, now: datetime) -> None:
    """Tell somebody that they signed in from a browser that was not known as theirs.

    `device` is coarse and ours: "Firefox on Windows".
    """
    user = session.get_one(User, user_id)
    what = f"Somebody signed in to your account from a new browser: {device}."
    tell_of_security(session, recipient=user.email, user_id=user.id, what=what, now=now)


def export_made(session: Session, user_id: UUID, *, device: str, now: datetime) -> None:
    """Tell somebody, and the administrators, that a file was taken out by their account.

    Of what, and how much, stands on the record; the mail says that it happened.
    """
    user = session.get_one(User, user_id)
    own = f"Your account took a file out of Cleanclaim ({device})."
    theirs = f"{user.name} took a file out of Cleanclaim."
    administrators = session.scalars(
        select(User).where(User.house_role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
    )
    told = {each.id: (each, theirs) for each in administrators} | {user.id: (user, own)}
    for each, what in told.values():
        if not _told_lately(session, each.id, what, now=now):
            tell_of_security(session, recipient=each.email, user_id=each.id, what=what, now=now)


def _told_lately(session: Session, user_id: UUID, what: str, *, now: datetime) -> bool:
    query = select(AccountMail.id).where(
        AccountMail.user_id == user_id,
        AccountMail.topic == AccountTopic.SECURITY,
        AccountMail.created_at > now - QUIET_FOR,
        AccountMail.facts["what"].astext == what,
    )
    return session.scalars(query.limit(1)).first() is not None
