"""A unit of work: one transaction, for named practices only; commit at the end or nothing."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Connection,
    Engine,
    Executable,
    Table,
    Uuid,
    any_,
    bindparam,
    event,
    text,
)
from sqlalchemy.orm import (
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
    sessionmaker,
    with_loader_criteria,
)
from sqlalchemy.sql.cache_key import HasCacheKey

from backoffice.models.base import Base, PracticeRow
from backoffice.services.refusal import NotVisible

TENANCY = "tenancy"
BEGAN_FOR = "began_for"
LAST_ACTS = "last_acts"
OWN = "own_practices"
"""The name of the parameter by which a statement names the session's practices itself."""
WRITTEN_BY_THE_HOUSE = frozenset({"memberships"})
"""Tables whose rows the house writes for any practice: who may go where is its own business."""
SNAPSHOT = "snapshot"
"""What the session's first transaction could see: PostgreSQL's pg_snapshot, as text."""
ANYWHERE = "anywhere"
"""Acting everywhere: sets a stage for tests as the superuser; the app role is refused by it."""

_PRACTICES, _ACTING, _HOUSE = "app.practice_ids", "app.acting_practice", "app.house"
_SET_ALL = text(
    "SELECT set_config('app.practice_ids', :practice_ids, true),"
    " set_config('app.acting_practice', :acting_practice, true),"
    " set_config('app.user_id', :user_id, true), set_config('app.house', :house, true),"
    " pg_current_snapshot()::text"
)
"""One round trip: it stands at the head of every transaction."""
_SET_ACTING = text("SELECT set_config('app.acting_practice', :acting_practice, true)")


class TenancyChanged(RuntimeError):
    """A session was asked to work for other practices than it began with."""


class ActsElsewhere(RuntimeError):
    """A unit of work was about to write in a practice that it does not act in."""


def tenancy_of(
    *,
    practices: Iterable[UUID],
    user_id: UUID | None,
    house: bool,
    acting: UUID | None = None,
) -> dict[str, str]:
    """Return the settings that the wall's policies read, for one transaction."""
    return {
        _PRACTICES: ",".join(sorted(str(practice) for practice in practices)),
        _ACTING: str(acting) if acting else "",
        "app.user_id": str(user_id) if user_id else "",
        _HOUSE: "on" if house else "",
    }


def _set_tenancy(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Set who this transaction works for; without it the wall shows nothing.

    What a session has loaded it hands out again without asking the database: so it works for the
    same practices as long as it lives, or raises TenancyChanged.
    """
    tenancy = session.info.get(TENANCY)
    if not tenancy:
        return
    whose = (tenancy[_PRACTICES], tenancy["app.user_id"], tenancy[_HOUSE])
    if session.info.setdefault(BEGAN_FOR, whose) != whose:
        raise TenancyChanged
    settings = {name[len("app.") :]: tenancy[name] for name in tenancy}
    *_, snapshot = connection.execute(_SET_ALL, settings).one()
    session.info.setdefault(SNAPSHOT, snapshot)


def _stay_inside(state: ORMExecuteState) -> None:
    """Put the fence before the wall: practices in every statement, writes in one practice only.

    A statement that names the session's practices itself (services/access) is left as it is: the
    same condition twice would mislead the planner. The house is left to the wall, which shows it
    whose members people are and nothing of a patient.
    """
    tenancy = state.session.info.get(TENANCY)
    if not tenancy or state.is_column_load or state.is_relationship_load:
        return
    if not tenancy[_ACTING] and _writes_or_locks_a_practices_rows(state):
        raise ActsElsewhere(f"nowhere: {state.statement}")
    if state.is_insert or tenancy[_HOUSE] or not state.is_orm_statement:
        return
    if _names_own_practices(state.statement):
        return
    own = own_practices(state.session)
    state.statement = state.statement.options(
        with_loader_criteria(
            PracticeRow, lambda row: row.practice_id == any_(own), include_aliases=True
        )
    )


def _writes_or_locks_a_practices_rows(state: ORMExecuteState) -> bool:
    # A lock is a right to write: the wall would answer it with no row, which reads like "absent".
    if state.is_insert or state.is_update or state.is_delete:
        return getattr(state.statement, "table", None) in walled_tables()
    if (
        getattr(state.statement, "_for_update_arg", None) is None
        or state.session.info[TENANCY][_HOUSE]
    ):
        return False
    return any(issubclass(mapper.class_, PracticeRow) for mapper in state.all_mappers)


def _names_own_practices(statement: Executable) -> bool:
    # The key that the statement's SQL is cached under lists its parameters: a walk through a
    # statement of the lists costs a hundred times as much.
    key = statement._generate_cache_key() if isinstance(statement, HasCacheKey) else None
    return key is not None and any(each.key == OWN for each in key.bindparams)


def _act_in_one(session: Session, _flush: UOWTransaction, _instances: object) -> None:
    """Refuse to write a row of a practice that the unit does not act in, before SQL is made."""
    tenancy = session.info.get(TENANCY)
    if not tenancy or tenancy[_ACTING] == ANYWHERE:
        return
    changed = (row for row in session.dirty if session.is_modified(row))
    for row in (*session.new, *changed, *session.deleted):
        if not isinstance(row, PracticeRow) or str(row.practice_id) == tenancy[_ACTING]:
            continue
        if not (tenancy[_HOUSE] and row.__tablename__ in WRITTEN_BY_THE_HOUSE):
            raise ActsElsewhere(f"{tenancy[_ACTING] or 'nowhere'}: {row.__tablename__}")


@cache
def walled_tables() -> frozenset[Table]:
    """Return the tables whose every row is one practice's."""
    return frozenset(
        table
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, PracticeRow) and isinstance(table := mapper.local_table, Table)
    )


class WalledSession(Session):
    """A session for one tenancy, set on every transaction that it begins."""


event.listen(WalledSession, "after_begin", _set_tenancy)
event.listen(WalledSession, "do_orm_execute", _stay_inside)
event.listen(WalledSession, "before_flush", _act_in_one)


def sessions(engine: Engine, **options: Any) -> sessionmaker[WalledSession]:
    """Return the factory of walled sessions over an engine."""
    return sessionmaker(engine, class_=WalledSession, expire_on_commit=False, **options)


@contextmanager
def unit_of_work(
    factory: sessionmaker[WalledSession],
    *,
    practices: Iterable[UUID] = (),
    acting: UUID | None = None,
    user_id: UUID | None = None,
    house: bool = False,
    reads: bool = False,
) -> Iterator[Session]:
    """Work for these practices (or the house) and commit; an exception rolls all of it back.

    All of them are read; written is the acting one: by default the only one there is, and none
    with `reads`.
    """
    own = sorted(set(practices))
    if acting is None and len(own) == 1 and not reads:
        acting = own[0]
    session = factory()
    session.info[TENANCY] = tenancy_of(practices=own, user_id=user_id, house=house, acting=acting)
    try:
        yield session
        do_last_acts(session)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


def act_in(session: Session, practice_id: UUID) -> None:
    """Turn to another of the session's practices for what is written from here on.

    For what is one whole for several practices: all of it is committed, or nothing. Raises
    NotVisible for a practice that the session does not work for.
    """
    if practice_id not in practices_of(session):
        raise NotVisible
    tenancy = session.info[TENANCY]
    if tenancy[_ACTING] == str(practice_id):
        return
    session.flush()
    tenancy[_ACTING] = str(practice_id)
    session.execute(_SET_ACTING, {"acting_practice": tenancy[_ACTING]})


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


def own_practices(session: Session) -> BindParameter[Any]:
    """Return the parameter that holds the session's practices."""
    return bindparam(OWN, sorted(practices_of(session)), type_=ARRAY(Uuid()))


def practices_of(session: Session) -> frozenset[UUID]:
    """Return the practices that this session may see."""
    listed = session.info.get(TENANCY, {}).get(_PRACTICES, "")
    return frozenset(UUID(part) for part in listed.split(",") if part)
