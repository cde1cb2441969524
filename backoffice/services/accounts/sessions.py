"""How long a session lasts, whose are open, and their end before time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from backoffice.models.people import AccountLink, LinkKind
from backoffice.models.users import Level, SignIn, User
from backoffice.services import audit
from backoffice.services.refusal import NotVisible

IDLE: Final = timedelta(minutes=15)
ABSOLUTE: Final = timedelta(hours=12)


@dataclass(frozen=True)
class OpenSession:
    """One open session as its owner sees it; `is_this` is the one that looks."""

    id: UUID
    began_at: datetime
    last_seen_at: datetime
    address: str
    browser: str
    is_this: bool


def is_open(row: SignIn, now: datetime) -> bool:
    """Whether a session still counts: not ended, used within 15 minutes, begun within 12 hours.

    Exact to the second by what the row says. A row notes at most once a minute that it was used,
    so an idle session may end up to a minute early; it never ends late.
    """
    return row.revoked_at is None and now < ends_at(row)


def ends_at(row: SignIn) -> datetime:
    """Return when a session ends if nobody uses it any more."""
    return min(row.last_seen_at + IDLE, row.created_at + ABSOLUTE)


def open_sessions(
    session: Session, user_id: UUID, *, token_hash: bytes, now: datetime
) -> Sequence[OpenSession]:
    """Return somebody's open sessions, the one asking first, then the last used first."""
    rows = session.scalars(
        select(SignIn)
        .where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None), SignIn.level == Level.FULL)
        .order_by(SignIn.last_seen_at.desc())
    )
    found = [
        OpenSession(
            id=row.id,
            began_at=row.created_at,
            last_seen_at=row.last_seen_at,
            address=row.address,
            browser=row.browser,
            is_this=row.token_hash == token_hash,
        )
        for row in rows
        if is_open(row, now)
    ]
    return sorted(found, key=lambda each: not each.is_this)


def end_sessions(
    session: Session,
    user_id: UUID,
    *,
    reason: str,
    now: datetime,
    except_token_hash: bytes | None = None,
) -> int:
    """End all sessions of somebody, half-made ones too; returns how many there were.

    `reason` is a word of ours for the record ("password_changed"). A request that is under way
    with one of them writes nothing back, and a sign-in that began before does not finish. A change
    of email that one of them asked for does not happen any more.
    """
    session.execute(
        update(User).where(User.id == user_id).values(session_epoch=User.session_epoch + 1)
    )
    query = (
        update(SignIn)
        .where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
        .values(revoked_at=now, ended_because=reason)
        .execution_options(synchronize_session=False)
    )
    if except_token_hash is not None:
        query = query.where(SignIn.token_hash != except_token_hash)
    ended = _rows(session.execute(query))
    session.execute(
        update(AccountLink)
        .where(
            AccountLink.user_id == user_id,
            AccountLink.kind == LinkKind.EMAIL_CHANGE,
            AccountLink.used_at.is_(None),
            AccountLink.voided_at.is_(None),
        )
        .values(voided_at=now)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        session,
        "end_sessions",
        subject_kind="user",
        subject_ids=[user_id],
        practice_id=None,
        detail={"reason": reason, "sessions": ended},
    )
    return ended


def end_one_session(session: Session, user_id: UUID, sign_in_id: UUID, *, now: datetime) -> None:
    """End one of somebody's own sessions; another's, or none, raises NotVisible."""
    ended = session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
        .values(revoked_at=now, ended_because="ended_by_owner")
        .execution_options(synchronize_session=False)
    )
    if _rows(ended) == 0:
        raise NotVisible
    audit.record(
        session, "end_session", subject_kind="user", subject_ids=[user_id], practice_id=None
    )


def _rows(result: object) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
