"""Signed-in sessions in PostgreSQL: a random token in the cookie, only its hash in the table."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.datastructures import CallbackDict
from werkzeug.exceptions import HTTPException

from backoffice.models.users import SignIn
from backoffice.services.work import WalledSession, unit_of_work
from backoffice.web.extensions import clock, session_factory, settings

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)


class StoredSession(CallbackDict[str, Any], SessionMixin):
    """What a request remembers; saved only when it changed."""

    def __init__(self, values: dict[str, Any] | None = None, *, token: str = "") -> None:
        """Hold the values of one token; an empty token is a session not stored yet."""

        def changed(_: Any) -> None:
            self.modified = True

        super().__init__(values, changed)
        self.token = token
        self.modified = False
        self.renew = False

    @property
    def user_id(self) -> UUID | None:
        """Who is signed in."""
        user_id = self.get("user_id")
        return UUID(user_id) if user_id else None


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
    """Whether a token's session is still open; asking does not extend it."""
    with unit_of_work(factory) as session:
        row = session.get(SignIn, hash_of(token))
        return row is not None and row.user_id is not None and _is_open(row, now)


def _endpoint(app: Flask, request: Request) -> str | None:
    """Return which view is asked for: Flask itself looks only after it has opened the session."""
    adapter = app.create_url_adapter(request)
    try:
        return adapter.match()[0] if adapter else None
    except HTTPException:
        return None


def _is_open(row: SignIn, now: datetime) -> bool:
    if row.revoked_at is not None:
        return False
    return now - row.last_seen_at <= IDLE and now - row.created_at <= ABSOLUTE


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
            if row is None or not _is_open(row, now):
                return StoredSession()
            watches = _endpoint(app, request) in app.config["NEVER_EXTENDS"]
            watches = watches or "X-Live" in request.headers
            if not watches and now - row.last_seen_at > SEEN_EVERY:
                row.last_seen_at = now
            return StoredSession(row.data, token=token)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write a changed session; a renewed one gets a new token and the old one ends."""
        if not isinstance(session, StoredSession) or not session.modified:
            return
        with unit_of_work(session_factory()) as unit:
            if session.renew and session.token:
                unit.execute(delete(SignIn).where(SignIn.token_hash == hash_of(session.token)))
                session.token = ""
            self._write(unit, session)
        response.set_cookie(
            cookie_name(),
            session.token,
            secure=settings().is_https,
            httponly=True,
            samesite="Lax",
            path="/",
        )

    def _write(self, unit: Session, session: StoredSession) -> None:
        now = clock()
        row = unit.get(SignIn, hash_of(session.token)) if session.token else None
        if row is None:
            session.token = secrets.token_urlsafe(32)
            row = SignIn(token_hash=hash_of(session.token), created_at=now, last_seen_at=now)
            unit.add(row)
        elif row.revoked_at is not None:
            return
        row.data, row.user_id = dict(session), session.user_id
