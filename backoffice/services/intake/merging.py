"""Merges staged rows into a table, set by set: COPY into a temporary table, then under the wall.

An empty value of a file never erases what is kept. COPY itself can't write to a walled table.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    MetaData,
    Table,
    Text,
    Uuid,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from backoffice.models.base import MoneyInCents
from backoffice.services.intake import lines
from backoffice.services.intake.kinds import KINDS, Columns, Kind

ON_A_CLAIM = "It stands on a live claim: correct the claim, or reopen it and bring the file again."
CLAIMED_LINE = "A line that was on an earlier claim stays: change it instead of leaving it out."


@dataclass(frozen=True)
class Staged:
    """One row on its way: its columns, whether the record is new, and an appointment's lines."""

    line: int
    new: bool
    columns: Columns
    lines: Sequence[Columns] = ()

    @property
    def id(self) -> UUID:
        """Return the record's id."""
        found: UUID = self.columns["id"]
        return found


@dataclass
class Merged:
    """What became of staged rows."""

    new: list[UUID] = field(default_factory=list)
    changed: list[UUID] = field(default_factory=list)
    unchanged: int = 0
    refused: dict[UUID, str] = field(default_factory=dict)


def prepare(session: Session) -> None:
    """Make the temporary tables of this transaction; its end drops them."""
    connection = session.connection()
    for kind in KINDS.values():
        connection.execute(CreateTable(staged_table(kind.name)))
    connection.execute(CreateTable(lines.STAGED))


@cache
def staged_table(name: str) -> Table:
    """Return the temporary table of a kind: the columns that its files give, all may be empty."""
    kind = KINDS[name]
    kept = kind.model.__table__.columns
    given = [*kind.columns, *(column for _, column, _ in kind.references)]
    return Table(
        f"staged_{name}",
        MetaData(),
        Column("new", Boolean),
        Column("practice_id", Uuid),
        Column("id", Uuid),
        Column("source_id", Text),
        Column("source_digest", kept["source_digest"].type),
        *[Column(column, kept[column].type) for column in given],
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )


def merge(session: Session, kind: Kind, rows: Sequence[Staged], *, now: datetime) -> Merged:
    """Write the rows; say which records are new, which changed, and which were refused why."""
    table = staged_table(kind.name)
    copy_in(session, table, (row.columns | {"new": row.new} for row in rows))
    has_lines = kind.name == "appointments"
    if has_lines:
        copy_in(session, lines.STAGED, (line for row in rows for line in row.lines))
    merged = Merged(new=[row.id for row in rows if row.new])
    known = [row for row in rows if not row.new]
    if known:
        changed = set(session.scalars(_differing(kind, table)))
        if has_lines:
            changed |= lines.changed(session) - set(merged.new)
            _refuse_claimed(session, table, changed, known, merged)
        merged.changed = sorted(changed - merged.refused.keys())
        _update(session, kind, table, merged.changed)
    if merged.new:
        _insert(session, kind, table, now=now)
    if has_lines:
        lines.write(session, now=now)
        session.execute(delete(lines.STAGED))
    session.execute(delete(table))
    merged.unchanged = len(known) - len(merged.changed) - len(merged.refused)
    return merged


def copy_in(session: Session, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """COPY rows into a temporary table."""
    names = [column.name for column in table.columns]
    plain = {column.name: _plainer(column.type) for column in table.columns}
    listed = ", ".join(f'"{name}"' for name in names)
    driver = session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection in use has its driver's
    with (
        driver.cursor() as cursor,
        cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row([plain[name](row.get(name)) for name in names])
    session.connection().exec_driver_sql(f'ANALYZE "{table.name}"')  # nobody else looks at it


def _plainer(kind: Any) -> Any:
    """Return how Python's value is written for a column in COPY's text form."""
    if isinstance(kind, MoneyInCents):
        return _cents
    if isinstance(kind, EnumType):
        return _word
    if isinstance(kind, ARRAY):
        return _array
    return _as_is


def _as_is(value: Any) -> Any:
    return value


def _cents(value: Decimal | None) -> int | None:
    return None if value is None else int(value * 100)


def _word(value: Enum | str | None) -> str | None:
    return None if value is None else str(value.value if isinstance(value, Enum) else value)


def _array(value: list[Any] | None) -> list[Any] | None:
    return value or None


def _same(kind: Kind, table: Table) -> ColumnElement[bool]:
    kept = kind.model.__table__.columns
    return and_(kept.practice_id == table.c.practice_id, kept.id == table.c.id)


def _given(kind: Kind) -> list[str]:
    return [*kind.columns, *(column for _, column, _ in kind.references)]


def _differing(kind: Kind, table: Table) -> Any:
    """Select the ids of known records of which a given value is not what is kept."""
    kept = kind.model.__table__.columns
    differ = or_(
        *(
            and_(table.c[name].is_not(None), table.c[name].is_distinct_from(kept[name]))
            for name in _given(kind)
        )
    )
    return (
        select(table.c.id)
        .join_from(table, kind.model.__table__, _same(kind, table))
        .where(~table.c.new, differ)
    )


def _refuse_claimed(
    session: Session, table: Table, changed: set[UUID], known: Sequence[Staged], merged: Merged
) -> None:
    """Take back changes to what a live claim says, or that would lose a line a claim named."""
    practices = sorted({row.columns["practice_id"] for row in known})
    for each in lines.losing_claimed_lines(session):
        merged.refused[each] = CLAIMED_LINE
    for each in lines.on_live_claims(session, practices, changed) if changed else ():
        merged.refused[each] = ON_A_CLAIM
    if merged.refused:
        gone = literal(list(merged.refused), ARRAY(Uuid))
        session.execute(delete(table).where(table.c.id == func.any(gone)))
        lines.forget(session, merged.refused)


def _update(session: Session, kind: Kind, table: Table, ids: Collection[UUID]) -> None:
    if not ids:
        return
    kept = kind.model.__table__
    values: dict[str, Any] = {
        name: func.coalesce(table.c[name], kept.c[name]) for name in _given(kind)
    }
    values["source_digest"] = table.c.source_digest
    if kind.versioned:
        values["version"] = kept.c.version + 1
    which = literal(list(ids), ARRAY(Uuid))
    session.execute(
        update(kept).values(values).where(_same(kind, table), table.c.id == func.any(which))  # type: ignore[arg-type]  # a Table, typed as FromClause
    )


def _insert(session: Session, kind: Kind, table: Table, *, now: datetime) -> None:
    """Insert the new records; what a file leaves empty takes the model's default."""
    model = kind.model.__table__
    own = ["practice_id", "id", "source_id", "source_digest"]
    chosen: dict[str, Any] = {name: table.c[name] for name in own}
    chosen["created_at"] = literal(now, model.columns.created_at.type)
    for name in _given(kind):
        column = model.columns[name]
        chosen[name] = table.c[name]
        if not column.nullable:
            chosen[name] = func.coalesce(table.c[name], literal(_default(column), column.type))
    session.execute(
        insert(model).from_select(  # type: ignore[arg-type]  # a Table, typed as FromClause
            list(chosen), select(*chosen.values()).where(table.c.new == true())
        )
    )


def _default(column: Any) -> Any:
    if column.default is None:
        return "" if isinstance(column.type, Text) else None
    made = column.default.arg
    return made(None) if callable(made) else made
