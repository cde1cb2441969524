"""Links to one's own account: a forgotten password, a new email address; once, thirty minutes."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backoffice.models.people import AccountLink, AccountTopic, LinkKind
from backoffice.models.users import User
from backoffice.services import accounts, audit
from backoffice.services.accounts import email_key
from backoffice.services.notifications import tell_about_account, tell_of_security
from backoffice.services.people.inviting import void_for_email
from backoffice.services.people.refusals import EmailTaken, LinkRefused
from backoffice.services.people.tokens import Token, hash_of, new_token

WORKS_FOR: Final = timedelta(minutes=30)
MOST_OPEN: Final = 3
"""Mails a stranger can have us send to one address within the time that a link works."""

_MINUTES: Final = str(int(WORKS_FOR.total_seconds()) // 60)


def ask_reset(session: Session, email: str, *, now: datetime) -> None:
    """Mail a link for a new password, if that is somebody's email.

    A known and an unknown email cost the same: the same rows are written, the same job is asked
    for; only the job finds out that there is nobody to write to.
    """
    user = session.scalars(
        select(User).where(User.email_key == email_key(email), User.disabled_at.is_(None))
    ).one_or_none()
    user_id = user.id if user else None
    recent = session.scalar(
        select(func.count())
        .select_from(AccountLink)
        .where(AccountLink.user_id == user_id, AccountLink.created_at > now - WORKS_FOR)
    )
    reaches = user is not None and (recent or 0) < MOST_OPEN
    token = _new_link(session, LinkKind.RESET, user_id if reaches else None, now=now)
    tell_about_account(
        session,
        AccountTopic.PASSWORD_RESET,
        recipient=user.email if user is not None and reaches else "",
        user_id=user_id,
        now=now,
        token=token.secret,
        minutes=_MINUTES,
    )


def kind_of(session: Session, secret: str, *, now: datetime) -> LinkKind:
    """Return what an open link does; raises LinkRefused, the same for every cause."""
    return _open_link(session, secret, now=now)[0].kind


def reset_password(session: Session, secret: str, *, password: str, now: datetime) -> None:
    """Set a new password by a mailed link; signs nobody in, and everybody out.

    The second factor stays as it is: the password alone opens nothing. Raises LinkRefused, or what
    accounts.set_password raises for a password that will not do.
    """
    link, user = _open_link(session, secret, now=now, kind=LinkKind.RESET, lock=True)
    accounts.set_password(session, user, password, about=(), now=now)
    link.used_at = now
    _void_others(session, user.id, LinkKind.RESET, now=now)
    _record(session, "reset_password", user)


def ask_email_change(session: Session, user_id: UUID, *, email: str, now: datetime) -> None:
    """Mail a link to a new address; nothing changes before it is opened.

    A taken address gets no mail and the same answer: who has an account is nobody's to find out.
    """
    user = session.get_one(User, user_id, with_for_update=True)
    _void_others(session, user.id, LinkKind.EMAIL_CHANGE, now=now)
    token = _new_link(session, LinkKind.EMAIL_CHANGE, user.id, now=now, new_email=email.strip())
    tell_about_account(
        session,
        AccountTopic.EMAIL_CONFIRMATION,
        recipient="" if _is_taken(session, email) else email.strip(),
        user_id=user.id,
        now=now,
        token=token.secret,
        minutes=_MINUTES,
    )
    _record(session, "ask_email_change", user)


def confirm_email(session: Session, secret: str, *, now: datetime) -> None:
    """Sign in with the new address from now on; the old one is told, all sessions end.

    Resets and invitations on their way to the old address work no more.
    """
    link, user = _open_link(session, secret, now=now, kind=LinkKind.EMAIL_CHANGE, lock=True)
    if _is_taken(session, link.new_email):
        raise EmailTaken
    before, user.email, user.email_key = user.email, link.new_email, email_key(link.new_email)
    link.used_at = now
    for kind in LinkKind:
        _void_others(session, user.id, kind, now=now)
    void_for_email(session, email_key(before), now=now)
    tell_of_security(
        session,
        recipient=before,
        user_id=user.id,
        what="The email address of your account was changed.",
        now=now,
    )
    accounts.end_sessions(session, user.id, reason="email_changed", now=now)
    _record(session, "change_email", user)


def _new_link(
    session: Session, kind: LinkKind, user_id: UUID | None, *, now: datetime, new_email: str = ""
) -> Token:
    token = new_token()
    session.add(
        AccountLink(
            created_at=now,
            kind=kind,
            user_id=user_id,
            token_hash=token.hash,
            new_email=new_email,
            expires_at=now + WORKS_FOR,
        )
    )
    session.flush()
    return token


def _open_link(
    session: Session,
    secret: str,
    *,
    now: datetime,
    kind: LinkKind | None = None,
    lock: bool = False,
) -> tuple[AccountLink, User]:
    query = select(AccountLink).where(AccountLink.token_hash == hash_of(secret))
    link = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if link is None or not link.is_open(now) or link.user_id is None:
        raise LinkRefused
    user = session.get_one(User, link.user_id, with_for_update=lock or None)
    if user.disabled_at is not None or (kind is not None and link.kind is not kind):
        raise LinkRefused
    return link, user


def _void_others(session: Session, user_id: UUID, kind: LinkKind, *, now: datetime) -> None:
    session.flush()
    session.execute(
        update(AccountLink)
        .where(
            AccountLink.user_id == user_id,
            AccountLink.kind == kind,
            AccountLink.used_at.is_(None),
            AccountLink.voided_at.is_(None),
        )
        .values(voided_at=now)
    )


def _is_taken(session: Session, email: str) -> bool:
    query = select(User.id).where(User.email_key == email_key(email))
    return session.scalar(query) is not None


def _record(session: Session, action: str, user: User) -> None:
    audit.record(session, action, subject_kind="user", subject_ids=[user.id], practice_id=None)
