"""The first of two steps in: the password, looked at while no transaction is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.users import User
from backoffice.services import audit
from backoffice.services.accounts.passwords import (
    Checked,
    PasswordRefused,
    hashing,
    require_good_password,
)
from backoffice.services.accounts.people import email_key
from backoffice.services.accounts.sessions import end_sessions
from backoffice.services.accounts.throttles import (
    door_of_password,
    door_of_sign_in,
    knock,
    let_in,
)
from backoffice.services.notifications import tell_of_security

TELL_AT: Final = 10
"""Failures in a row of which the owner of an account is told."""


@dataclass(frozen=True)
class KnownBrowser:
    """A browser somebody fully signed in with before; what its cookie says."""

    user_id: UUID
    browser_id: str


@dataclass(frozen=True)
class Attempt:
    """One try to sign in that was let through to the door; unknown emails make one too."""

    door: bytes
    failures: int
    user_id: UUID | None
    epoch: int
    password_hash: str | None

    def check(self, password: str) -> Checked:
        """Compare the password; takes as long where there is no account."""
        return hashing.check(self.password_hash, password)


def begin_sign_in(
    session: Session, *, email: str, browser: KnownBrowser | None, now: datetime
) -> Attempt | None:
    """Count a try, so commit; None while the door is shut: then nothing is to be looked at."""
    key = email_key(email)
    user = session.scalars(select(User).where(User.email_key == key)).one_or_none()
    own = browser is not None and user is not None and browser.user_id == user.id
    door = door_of_sign_in(key, browser.browser_id if browser and own else "")
    failures = knock(session, door, now=now)
    if failures is None:
        return None
    if user is None:
        return Attempt(door, failures, None, 0, None)
    return Attempt(door, failures, user.id, user.session_epoch, user.password_hash)


def finish_sign_in(
    session: Session, attempt: Attempt, checked: Checked, *, now: datetime
) -> User | None:
    """Return who gave the right password, None for everybody else: commit in both cases."""
    user = session.get(User, attempt.user_id) if attempt.user_id else None
    if user is None:
        return None
    if not checked.fits or user.disabled_at is not None:
        _fail(session, user, attempt, now=now)
        return None
    let_in(session, attempt.door)
    if checked.renewed_hash is not None:
        user.password_hash = checked.renewed_hash
    _record(session, "give_password", user.id)
    return user


def _fail(session: Session, user: User, attempt: Attempt, *, now: datetime) -> None:
    _record(session, "fail_password", user.id)
    if attempt.failures == TELL_AT and user.disabled_at is None:
        what = "Somebody tried many times to sign in to your account, and did not get in."
        tell_of_security(session, recipient=user.email, user_id=user.id, what=what, now=now)


def change_password(  # noqa: PLR0913 - all named, all needed
    session: Session,
    user_id: UUID,
    *,
    old: str,
    new: str,
    about: Iterable[str],
    keep: bytes,
    now: datetime,
) -> None:
    """Change one's own password: the old one is asked for, all other sessions end.

    `keep` is the token hash of the session that asks. A wrong old password raises PasswordRefused
    with the field "old", so commit then too: it counts.
    """
    user = session.get_one(User, user_id)
    door = door_of_password(user_id)
    if knock(session, door, now=now) is None or not hashing.check(user.password_hash, old).fits:
        raise OldPasswordWrong
    let_in(session, door)
    set_password(session, user, new, about=about, keep=keep, now=now)


class OldPasswordWrong(PasswordRefused):
    """The old password is wrong, or was so too often."""

    def __init__(self) -> None:
        """Say the same for both."""
        super().__init__("This is not your password, or there were too many tries: wait a little.")
        self.field = "old"


def set_password(
    session: Session,
    user: User,
    new: str,
    *,
    about: Iterable[str],
    now: datetime,
    keep: bytes | None = None,
) -> None:
    """Give somebody a password and end all their sessions (but `keep`); they are told by mail.

    `about` are names the password must not be made of, beside the person's own. Raises
    PasswordRefused.
    """
    require_good_password(new, about=(user.name, user.email, *about))
    user.password_hash = hashing.hash(new)
    end_sessions(session, user.id, reason="password_changed", now=now, except_token_hash=keep)
    _record(session, "change_password", user.id)
    what = "Your password was changed."
    tell_of_security(session, recipient=user.email, user_id=user.id, what=what, now=now)


def _record(session: Session, action: str, user_id: UUID) -> None:
    audit.record(session, action, subject_kind="user", subject_ids=[user_id], practice_id=None)
