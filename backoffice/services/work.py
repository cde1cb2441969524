"""A unit of work: one transaction, for named practices only; commit at the end or nothing."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

TENANCY = "tenancy"

_SET_ALL = text(
    "SELECT set_config('app.practice_ids', :practice_ids, true),"
    " set_config('app.user_id', :user_id, true), set_config('app.house', :house, true)"
)
"""One round trip: it stands at the head of every transaction."""
LAST_ACTS = "last_acts"


class TenancyChanged(RuntimeError):
    """A session was asked to work for other practices than it began with."""


def tenancy_of(*, practices: Iterable[UUID], user_id: UUID | None, house: bool) -> dict[str, str]:
    """Return the settings that the wall's policies read, for one transaction."""
    return {
        "app.practice_ids": ",".join(sorted(str(practice) for practice in practices)),
        "app.user_id": str(user_id) if user_id else "",
        "app.house": "on" if house else "",
    }


def _set_tenancy(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Set who this transaction works for; without it the wall shows nothing."""
    tenancy = session.info.get(TENANCY)
    if tenancy:
        connection.execute(_SET_ALL, {name[len("app.") :]: tenancy[name] for name in tenancy})


class WalledSession(Session):
    """A session for one tenancy, set on every transaction that it begins."""


event.listen(WalledSession, "after_begin", _set_tenancy)


def sessions(engine: Engine, **options: Any) -> sessionmaker[WalledSession]:
    """Return the factory of walled sessions over an engine."""
    return sessionmaker(engine, class_=WalledSession, expire_on_commit=False, **options)


@contextmanager
def unit_of_work(
    factory: sessionmaker[WalledSession],
    *,
    practices: Iterable[UUID] = (),
    user_id: UUID | None = None,
    house: bool = False,
) -> Iterator[Session]:
    """Work for these practices (or the house) and commit; an exception rolls all of it back."""
    session = factory()
    session.info[TENANCY] = tenancy_of(practices=practices, user_id=user_id, house=house)
    try:
        yield session
        do_last_acts(session)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


def at_the_end(session: Session, act: Callable[[Session], None]) -> None:
    """Have `act` done once, as the last thing before this unit of work commits.

    For rows that many units share: taken last, they are held for a moment only, and nobody who
    holds one waits for anything else.
    """
    acts = session.info.setdefault(LAST_ACTS, [])
    if act not in acts:
        acts.append(act)


def do_last_acts(session: Session) -> None:
    """Do what was put off to the end; each once."""
    for act in session.info.pop(LAST_ACTS, ()):
        act(session)


def practices_of(session: Session) -> frozenset[UUID]:
    """Return the practices that this session may see."""
    listed = session.info.get(TENANCY, {}).get("app.practice_ids", "")
    return frozenset(UUID(part) for part in listed.split(",") if part)
