"""The keys of sealed fields: refuses to start without one that is needed, and seals anew.

Keys change in four steps, and nobody waits for any of them: the new key stands first in FIELD_KEYS
everywhere, the old ones behind it; `reseal_some` runs until nothing is left; `retire` forgets the
old key; then it may leave FIELD_KEYS.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    Table,
    bindparam,
    false,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.base import Base
from backoffice.models.field_keys import FieldKey
from backoffice.models.sealing import Place, key_id_of, keyring

_SEALED = "_sealed"
AT_ONCE = 100
"""Rows that one transaction seals anew: whoever wants one of them waits for milliseconds."""


class KeysMissing(Exception):
    """Sealed values need keys that FIELD_KEYS does not give; carries their ids."""

    def __init__(self, key_ids: frozenset[str]) -> None:
        self.key_ids = key_ids
        super().__init__(f"FIELD_KEYS lacks {', '.join(sorted(key_ids))}")


class KeyStillNeeded(Exception):
    """The key is the current one, or values sealed with it are left."""


@dataclass(frozen=True)
class SealedColumn:
    """One column of sealed values, in a table with an id and perhaps a practice."""

    table: Table
    column: Column[bytes]

    @property
    def attribute(self) -> str:
        """Return the name that a value's place carries: the column's without its ending."""
        return self.column.name.removesuffix(_SEALED)

    @property
    def plain(self) -> Column[str] | None:
        """Return the column of what an earlier release kept in the clear, where there is one."""
        return self.table.columns.get(self.attribute)

    @property
    def stands_plain(self) -> ColumnElement[bool]:
        """Return the condition of a value in the clear that waits to be sealed."""
        return false() if self.plain is None else self.column.is_(None) & (self.plain != "")


def stand_ready(session: Session, *, now: datetime) -> None:
    """Note that this process seals with its first key; raises KeysMissing. Reads one small table.

    `session` works for the house. To be asked at every start, before anything is sealed.
    """
    given = keyring().field_keys
    needed = frozenset(session.scalars(select(FieldKey.key_id)))
    if missing := needed - given.keys():
        raise KeysMissing(missing)
    current = next(iter(given))
    if current not in needed:
        new = insert(FieldKey).values(key_id=current, first_used_at=now)
        session.execute(new.on_conflict_do_nothing())


def sealed_columns() -> Iterator[SealedColumn]:
    """Yield every column of ours that holds sealed values."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith(_SEALED) and isinstance(column.type, LargeBinary):
                yield SealedColumn(table, column)


def left(session: Session) -> Counter[str]:
    """Count the values that this session may see, by the id of their key."""
    counted: Counter[str] = Counter()
    for each in sealed_columns():
        key_id = func.substring(each.column, 2, func.get_byte(each.column, 0))
        query = select(key_id, func.count()).where(func.length(each.column) > 1).group_by(key_id)
        for name, count in session.execute(query):
            counted[bytes(name).decode()] += count
    return counted


def in_the_clear(session: Session) -> int:
    """Count the values that this session may see and that an earlier release kept unsealed."""
    return sum(
        session.scalars(select(func.count()).select_from(each.table).where(each.stands_plain)).one()
        for each in sealed_columns()
        if each.plain is not None
    )


def reseal_some(
    session: Session, each: SealedColumn, *, after: UUID | None = None, most: int = AT_ONCE
) -> list[UUID]:
    """Seal up to `most` values in the clear or of other keys with the current one, by their ids.

    Returns the ids of their rows; begin after the last one for more. Rows that somebody is
    changing are left out, so this waits for nobody.
    """
    table = each.table.columns
    practice = table.get("practice_id")
    wanted = [table.id, each.column, *([] if practice is None else [practice])]
    query = select(*wanted).where(_of_another_key(each.column) | each.stands_plain)
    if after is not None:
        query = query.where(table.id > after)
    if each.plain is not None:
        query = query.add_columns(each.plain)
    rows = session.execute(
        query.order_by(table.id).limit(most).with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return []
    anew = update(each.table).where(table.id == bindparam("of_row"))
    if practice is not None and practice.primary_key:
        anew = anew.where(practice == bindparam("of_practice"))
    values = [_sealed_anew(each, row._asdict()) for row in rows]
    changed: dict[str, Any] = {each.column.name: bindparam("sealed")}
    if each.plain is not None:
        changed[each.attribute] = bindparam("emptied")
    session.connection().execute(anew.values(changed), values)
    return [value["of_row"] for value in values]


def _of_another_key(column: Column[bytes]) -> ColumnElement[bool]:
    current = key_id_of(keyring())
    head = bytes([len(current)]) + current.encode()
    return (func.length(column) > 1) & (func.substring(column, 1, len(head)) != head)


def _sealed_anew(each: SealedColumn, row: Mapping[str, Any]) -> dict[str, Any]:
    practice_id, sealed = row.get("practice_id"), row[each.column.name]
    place = Place(each.table.name, each.attribute, practice_id, row["id"])
    plain = keyring().open(place, sealed) if sealed else row[each.attribute].encode()
    anew = {"of_row": row["id"], "of_practice": practice_id, "sealed": keyring().seal(place, plain)}
    return anew if each.plain is None else anew | {"emptied": ""}


def retire(session: Session, key_id: str) -> None:
    """Forget a key that nothing is sealed with; the caller has counted what is left everywhere.

    Raises KeyStillNeeded for the current key: every process would note it again.
    """
    if key_id == key_id_of(keyring()):
        raise KeyStillNeeded
    known = session.get(FieldKey, key_id)
    if known is not None:
        session.delete(known)


def keys_in_use(session: Session) -> dict[str, datetime]:
    """Return when each key that values may need was first sealed with."""
    return {key.key_id: key.first_used_at for key in session.scalars(select(FieldKey))}
