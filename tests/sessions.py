"""A signed-in session straight in the table: what a test has whose matter is not signing in."""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from backoffice.models.users import Level, SignIn, User
from backoffice.services.work import sessions, unit_of_work
from backoffice.web.extensions import clock
from backoffice.web.sessions import hash_of


def a_session(
    session: Session,
    user_id: UUID,
    *,
    level: Level = Level.FULL,
    factor_age: timedelta = timedelta(0),
    form_secret: str = "",
) -> str:
    """Begin a session for somebody, its second factor given so long ago; returns its token."""
    token, now = secrets.token_urlsafe(32), clock()
    session.add(
        SignIn(
            token_hash=hash_of(token),
            user_id=user_id,
            level=level,
            factor_at=now - factor_age if level is Level.FULL else None,
            data={"csrf_token": form_secret} if form_secret else {},
            created_at=now,
            last_seen_at=now,
        )
    )
    return token


def signed_in_session(database_url: str, email: str) -> str:
    """Begin a session for somebody by email, in a running stack's database; returns its token."""
    engine = create_engine(database_url, poolclass=NullPool)
    with unit_of_work(sessions(engine), house=True) as session:
        user = session.scalars(select(User).where(User.email_key == email)).one()
        return a_session(session, user.id)


def name_of(database_url: str, email: str) -> str:
    """Return somebody's name by email, from a running stack's database."""
    engine = create_engine(database_url, poolclass=NullPool)
    with unit_of_work(sessions(engine), house=True) as session:
        return session.scalars(select(User.name).where(User.email_key == email)).one()
