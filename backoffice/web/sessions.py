"""Signed-in sessions in PostgreSQL: a random token in the cookie, only its hash in the table."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from flask import Flask, Request, Response, request
from flask import session as flask_session
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.datastructures import CallbackDict
from werkzeug.exceptions import HTTPException

from backoffice.models.users import Level, SignIn, User
from backoffice.services.accounts import ends_at, is_open
from backoffice.services.work import WalledSession, unit_of_work
from backoffice.web.agents import browser_in_words
from backoffice.web.extensions import clock, session_factory, settings

SEEN_EVERY = timedelta(minutes=1)
LIVE = "X-Live"
"""The header of requests that a page makes by itself: they never extend a session."""


@dataclass(frozen=True)
class Rise:
    """New rights that a session is to get when the request ends, with a new token.

    `epoch` is the person's as it was when the proof was looked at; None where the session is
    theirs already, which ends with the others.
    """

    user_id: UUID
    level: Level
    factor_at: datetime | None
    epoch: int | None


class StoredSession(CallbackDict[str, Any], SessionMixin):
    """What a request remembers, and who it is; values are saved only when they changed."""

    def __init__(self, row: SignIn | None = None, *, token: str = "") -> None:
        """Hold one row's values; without one, a session that is not stored yet."""

        def changed(_: Any) -> None:
            self.modified = True

        super().__init__(row.data if row else {}, changed)
        self.token = token
        self.modified = False
        self.user_id = row.user_id if row else None
        self.level = row.level if row else Level.PASSWORD
        self.factor_at = row.factor_at if row else None
        self.began_at = row.created_at if row else None
        self.ends_at = ends_at(row) if row else None
        self.rise: Rise | None = None
        self.ending = False

    @property
    def full_user_id(self) -> UUID | None:
        """Who is signed in with both factors; nobody else is anybody to the views."""
        return self.user_id if self.level is Level.FULL else None

    @property
    def is_half(self) -> bool:
        """Whether the password was given and the second factor is still to come."""
        return self.user_id is not None and self.level is Level.PASSWORD

    @property
    def token_hash(self) -> bytes:
        """Return what the table knows of this session."""
        return hash_of(self.token)

    def rise_to(
        self,
        level: Level,
        user_id: UUID,
        *,
        factor_at: datetime | None = None,
        epoch: int | None = None,
    ) -> None:
        """Give this session new rights, and so a new token, when the request ends."""
        if user_id != self.user_id:
            self.clear()
        self.rise = Rise(user_id, level, factor_at, epoch)
        self.modified = True

    def renew(self) -> None:
        """Give this session a new token when the request ends, and no new rights."""
        if self.user_id is not None:
            self.rise_to(self.level, self.user_id, factor_at=self.factor_at)

    def seconds_left(self, now: datetime) -> int:
        """Return how long this session lasts if nobody uses it any more."""
        return max(0, int((self.ends_at - now).total_seconds())) if self.ends_at else 0

    def end(self) -> None:
        """End this session when the request ends."""
        self.clear()
        self.ending = self.modified = True


def current() -> StoredSession:
    """Return the session of this request."""
    return cast(StoredSession, flask_session._get_current_object())  # type: ignore[attr-defined]  # a proxy


def hash_of(token: str) -> bytes:
    """Return what the table knows of a token."""
    return hashlib.sha256(token.encode()).digest()


def cookie_name() -> str:
    """Return the cookie's name: bound to the host where TLS allows it."""
    return "__Host-sid" if settings().is_https else "sid"


def token_of(request: Request) -> str:
    """Return the token that a browser sent, or nothing."""
    return request.cookies.get(cookie_name(), "")


def is_signed_in(factory: sessionmaker[WalledSession], token: str, now: datetime) -> bool:
    """Whether a token's session is still open and full; asking does not extend it."""
    with unit_of_work(factory) as session:
        row = session.get(SignIn, hash_of(token))
        return (
            row is not None
            and row.user_id is not None
            and row.level is Level.FULL
            and is_open(row, now)
        )


def _endpoint(app: Flask, request: Request) -> str | None:
    """Return which view is asked for: Flask itself looks only after it has opened the session."""
    adapter = app.create_url_adapter(request)
    try:
        return adapter.match()[0] if adapter else None
    except HTTPException:
        return None


def keep_sessions(app: Flask) -> None:
    """Keep sessions in PostgreSQL, and tell every page how long its own lasts."""
    app.session_interface = PostgresSessions()
    app.config["NEVER_EXTENDS"].add("account.time_left")
    app.context_processor(lambda: {"session_left": current().seconds_left(clock())})


class PostgresSessions(SessionInterface):
    """Flask's session, kept in `sign_ins`: idle 15 minutes, 12 hours at most, revocable."""

    def open_session(self, app: Flask, request: Request) -> StoredSession:
        """Find the session of the request's cookie, or begin an empty one."""
        token = token_of(request)
        if not token:
            return StoredSession()
        now = clock()
        with unit_of_work(session_factory()) as session:
            row = session.get(SignIn, hash_of(token))
            if row is None or not is_open(row, now):
                return StoredSession()
            watches = _endpoint(app, request) in app.config["NEVER_EXTENDS"]
            watches = watches or LIVE in request.headers
            if not watches and now - row.last_seen_at > SEEN_EVERY:
                row.last_seen_at = now
            return StoredSession(row, token=token)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write a changed session; one that has risen gets a new token and the old one ends.

        A session that was ended while the request was under way stays ended: nothing is written.
        """
        if not isinstance(session, StoredSession) or not session.modified:
            return
        with unit_of_work(session_factory()) as unit:
            token = _save(unit, session, now=clock())
        if token is None:
            response.delete_cookie(cookie_name(), path="/", secure=settings().is_https)
        elif token != session.token:
            response.set_cookie(
                cookie_name(),
                token,
                secure=settings().is_https,
                httponly=True,
                samesite="Lax",
                path="/",
            )


def _save(unit: Session, session: StoredSession, *, now: datetime) -> str | None:
    """Write a session; returns its token from now on, None when it has ended."""
    if session.ending:
        _change_open(unit, session, revoked_at=now, ended_because="signed_out")
        return None
    if session.rise is not None:
        return _renewed(unit, session, session.rise, now=now)
    if session.token:
        return session.token if _change_open(unit, session, data=dict(session)) else None
    return _stored(unit, SignIn(data=dict(session), created_at=now), now=now)


def _renewed(unit: Session, session: StoredSession, rise: Rise, *, now: datetime) -> str | None:
    """Put a risen session in the place of the old one; None where the old one has ended.

    Locks the person first, as whoever ends all their sessions does: one of the two comes later
    and sees what the other did.
    """
    epoch = unit.scalar(
        select(User.session_epoch)
        .where(User.id == rise.user_id, User.disabled_at.is_(None))
        .with_for_update(read=True)
    )
    if epoch is None or rise.epoch not in {None, epoch}:
        return None
    if session.token and not _change_open(unit, session, revoked_at=now, ended_because="renewed"):
        return None
    own = session.user_id == rise.user_id and session.began_at is not None
    row = SignIn(
        user_id=rise.user_id,
        level=rise.level,
        factor_at=rise.factor_at,
        data=dict(session),
        created_at=session.began_at if own else now,
    )
    return _stored(unit, row, now=now)


def _change_open(unit: Session, session: StoredSession, **values: Any) -> bool:
    """Change a session's row unless it has ended meanwhile; says whether it could."""
    query: Update = (
        update(SignIn)
        .where(SignIn.token_hash == session.token_hash, SignIn.revoked_at.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], unit.execute(query)).rowcount == 1


def _stored(unit: Session, row: SignIn, *, now: datetime) -> str:
    """Store a new session under a new token, with where it was begun."""
    token = secrets.token_urlsafe(32)
    agent = request.user_agent.string
    row.token_hash, row.last_seen_at = hash_of(token), now
    row.address = request.remote_addr or ""
    row.browser = browser_in_words(agent)
    row.agent_hash = hashlib.sha256(agent.encode()).digest() if agent else None
    unit.add(row)
    return token
