"""What the app is joined from: the database engine, current_user, form tokens, units of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from flask import current_app, g, request
from flask_login import LoginManager, current_user
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session, sessionmaker

from backoffice.config import Settings
from backoffice.gateways.documents import Documents
from backoffice.gateways.scanner import Scanner
from backoffice.models.base import Base, PracticeRow
from backoffice.services.access import practice_of
from backoffice.services.accounts import Person
from backoffice.services.audit import Actor, act_as
from backoffice.services.refusal import NotVisible
from backoffice.services.work import WalledSession, unit_of_work
from backoffice.web.agents import browser_in_words
from backoffice.web.told import request_id

db = SQLAlchemy(metadata=Base.metadata)
login = LoginManager()
csrf = CSRFProtect()

SETTINGS, SESSIONS, DOCUMENTS = "cleanclaim.settings", "cleanclaim.sessions", "cleanclaim.documents"
INTAKE_SESSIONS, SCANNER = "cleanclaim.intake", "cleanclaim.scanner"
READING = frozenset({"GET", "HEAD"})
FIRST_READ = "first_read"
"""In g: the first session that this request read a practice's rows with."""


def settings() -> Settings:
    """Return the settings this app was made with."""
    return cast(Settings, current_app.extensions[SETTINGS])


def documents() -> Documents:
    """Return the app's document store."""
    return cast(Documents, current_app.extensions[DOCUMENTS])


def scanner() -> Scanner:
    """Return the virus scanner that uploads are shown to at once."""
    return cast(Scanner, current_app.extensions[SCANNER])


def clock() -> datetime:
    """Return this moment, aware; one place for tests to travel in."""
    return datetime.now(UTC)


def me() -> Person:
    """Return the person signed in; only for views that need a permission."""
    return cast(Person, current_user._get_current_object())


def actor() -> Actor:
    """Return who acts in this request, for the record."""
    user_id = current_user.id if current_user.is_authenticated else None
    return Actor(
        user_id=user_id,
        request_id=request_id(),
        address=request.remote_addr or "",
        device=browser_in_words(request.user_agent.string),
    )


def session_factory() -> sessionmaker[WalledSession]:
    """Return the app's factory of walled sessions."""
    return cast(sessionmaker[WalledSession], current_app.extensions[SESSIONS])


def open_practices() -> frozenset[UUID]:
    """Return the practices where the person's own role grants what the view needs.

    One that is open by broken glass is read, never written: no request that may change anything
    comes near it.
    """
    permission = g.get("permission")
    found = me().practice_ids if permission is None else me().practices_where(permission)
    return found if request.method in READING else found - frozenset(me().glass)


@contextmanager
def work(
    *, practices: frozenset[UUID] | None = None, practice: UUID | None = None
) -> Iterator[Session]:
    """Work as the person signed in, and commit.

    Reads all practices open to them here, or fewer, and writes in none. With `practice` the unit
    is for that one alone and writes in it; one that is not open raises NotVisible.
    """
    if practice is not None:
        practices = frozenset({practice})
    own = open_practices() if practices is None else open_practices() & practices
    if practice is not None and not own:
        raise NotVisible
    with unit_of_work(
        session_factory(), practices=own, acting=practice, user_id=me().id, reads=practice is None
    ) as session:
        act_as(session, actor())
        g.setdefault(FIRST_READ, session)
        yield session


@contextmanager
def work_on(model: type[PracticeRow], row_id: UUID) -> Iterator[Session]:
    """Work in the practice of one row, to change it or what hangs on it, and commit.

    A row that is not there for this person raises NotVisible; what they may do with one that is,
    the service says.
    """
    own = open_practices()
    if len(own) == 1:
        (practice,) = own
    else:
        with work() as session:
            practice = practice_of(session, model, row_id)
    with work(practice=practice) as session:
        yield session


@contextmanager
def intake_work() -> Iterator[Session]:
    """Work for the house with what came in before its practice is known, as the intake role."""
    factory = cast(sessionmaker[WalledSession], current_app.extensions[INTAKE_SESSIONS])
    with unit_of_work(factory, house=True) as session:
        act_as(session, actor())
        yield session


@contextmanager
def house_work() -> Iterator[Session]:
    """Work for the house itself (sign-in, the list of practices); sees no patient."""
    with unit_of_work(session_factory(), house=True) as session:
        act_as(session, actor())
        yield session
