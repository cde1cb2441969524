"""Mails about somebody's safety that a page causes: a new browser, a file taken out."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.people import AccountMail, AccountTopic
from backoffice.models.users import User
from backoffice.rules.roles import Role
from backoffice.services.notifications.accounts import (
    moment_of,
    tell_about_account,
    tell_of_security,
)

QUIET_FOR: Final = timedelta(hours=1)
"""Several files taken out within it are told of once: a warning that comes often is not read."""


def new_sign_in(session: Session, user_id: UUID, *, now: datetime) -> None:
    """Tell somebody that they signed in from a browser that was not known as theirs."""
    user = session.get_one(User, user_id)
    what = "Somebody signed in to your account from a new browser."
    tell_of_security(session, recipient=user.email, user_id=user.id, what=what, now=now)


def export_made(session: Session, user_id: UUID, *, now: datetime) -> None:
    """Tell somebody, and the administrators, that a file was taken out by their account.

    Of what, and how much, stands on the record; the mail says that it happened.
    """
    user = session.get_one(User, user_id)
    own = "Your account took a file out of Cleanclaim."
    if not _told_lately(session, user.id, AccountTopic.SECURITY, ("what", own), now=now):
        tell_of_security(session, recipient=user.email, user_id=user.id, what=own, now=now)
    administrators = session.scalars(
        select(User).where(User.house_role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
    )
    topic, who = AccountTopic.FILE_TAKEN_OUT, ("who", user.name)
    for each in administrators:
        if each.id != user.id and not _told_lately(session, each.id, topic, who, now=now):
            tell_about_account(
                session,
                topic,
                recipient=each.email,
                user_id=each.id,
                now=now,
                who=user.name,
                at=moment_of(session, now),
            )


def _told_lately(
    session: Session, user_id: UUID, topic: AccountTopic, fact: tuple[str, str], *, now: datetime
) -> bool:
    name, words = fact
    query = select(AccountMail.id).where(
        AccountMail.user_id == user_id,
        AccountMail.topic == topic,
        AccountMail.created_at > now - QUIET_FOR,
        AccountMail.facts[name].astext == words,
    )
    return session.scalars(query.limit(1)).first() is not None
