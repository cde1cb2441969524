"""Rows on their way, and what the database knows of them: asked for many at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from json import dumps
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Text, any_, literal, select
from sqlalchemy.orm import Session

from backoffice.models.base import PracticeRow
from backoffice.models.sealing import keyring
from backoffice.services.intake.kinds import KINDS, Kind
from backoffice.services.typed_values import WrongValue

Found = Mapping[tuple[str, UUID, str], UUID]


@dataclass
class Reading:
    """One row: its line, its practice, the texts of its fields, their values, what is kept."""

    line: int
    practice_id: UUID
    given: Mapping[str, str]
    values: Mapping[str, Any]
    kept: Any = None
    last_try: bool = False

    @property
    def source_id(self) -> str:
        """Return the source's own id."""
        return str(self.values["id"])

    @cached_property
    def digest(self) -> bytes:
        """Return the keyed hash of all that the row says: the same row is never taken in twice."""
        text = dumps(sorted(self.given.items()), ensure_ascii=False, separators=(",", ":"))
        return keyring().blind_index(self.practice_id, "intake_row", text)


def look_up(session: Session, kind: Kind, rows: Sequence[Reading]) -> list[Reading]:
    """Tell each row what is kept of it; return those that say something new."""
    kept = _kept(session, kind, rows)
    for row in rows:
        row.kept = kept.get((row.practice_id, row.source_id))
    return [row for row in rows if row.kept is None or row.kept.source_digest != row.digest]


def references_of(session: Session, kind: Kind, rows: Sequence[Reading]) -> Found:
    """Return the ids of the records that these rows refer to and that stand."""
    found: dict[tuple[str, UUID, str], UUID] = {}
    for name, _, other in kind.references:
        pairs = ((row.practice_id, row.values[name]) for row in rows if row.values[name])
        for practice_id, ids in _by_practice(pairs):
            for source_id, row_id in _ids(session, KINDS[other].model, practice_id, ids):
                found[other, practice_id, source_id] = row_id
    return found


def referring(kind: Kind, row: Reading, found: Found) -> tuple[dict[str, UUID | None], bool]:
    """Return the ids that a row refers to, and whether one may still come further down the file.

    Raises WrongValue for an id that nobody has.
    """
    columns: dict[str, UUID | None] = {}
    for name, column, other in kind.references:
        source_id = row.values[name]
        columns[column] = found.get((other, row.practice_id, source_id)) if source_id else None
        if source_id and columns[column] is None:
            if other == kind.name and not row.last_try:
                return columns, True
            raise WrongValue(f"No {other[:-1]} of this practice has this id.", field=name)
    return columns, False


def _kept(
    session: Session, kind: Kind, rows: Sequence[Reading]
) -> dict[tuple[UUID, str], Row[Any]]:
    table = kind.model.__table__.columns
    columns = [table[name] for name in ("id", "source_id", "source_digest", *kind.kept)]
    return {
        (practice_id, row.source_id): row
        for practice_id, ids in _by_practice((row.practice_id, row.source_id) for row in rows)
        for row in session.execute(
            select(*columns).where(table.practice_id == practice_id, table.source_id == _any(ids))
        )
    }


def _ids(
    session: Session, model: type[PracticeRow], practice_id: UUID, source_ids: Sequence[str]
) -> Iterable[tuple[str, UUID]]:
    table = model.__table__.columns
    query = select(table.source_id, table.id).where(
        table.practice_id == practice_id, table.source_id == _any(source_ids)
    )
    return [(source_id, row_id) for source_id, row_id in session.execute(query)]


def _any(source_ids: Sequence[str]) -> Any:
    return any_(literal(source_ids, ARRAY(Text)))


def _by_practice(pairs: Iterable[tuple[UUID, str]]) -> Iterable[tuple[UUID, list[str]]]:
    grouped: dict[UUID, set[str]] = defaultdict(set)
    for practice_id, source_id in pairs:
        grouped[practice_id].add(source_id)
    return [(practice_id, sorted(ids)) for practice_id, ids in grouped.items()]
