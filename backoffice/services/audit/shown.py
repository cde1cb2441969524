"""What an answer shows, gathered while it is made: one record a practice, before it leaves."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from backoffice.services.audit.patients import TABLES, Held
from backoffice.services.work import WalledSession

READ = "read"
MOST_SUBJECTS = 10_000
"""Subjects in one record; an export of more is several records of one request."""


@dataclass
class Sight:
    """What of one practice is shown."""

    action: str = READ
    subjects: dict[str, set[UUID]] = field(default_factory=dict)
    clients: set[UUID] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    detail: dict[str, Any] = field(default_factory=dict)
    claims: set[UUID] = field(default_factory=set)
    """Claims that something shown belongs to, and whose client is to be looked up."""
    known_claims: set[UUID] = field(default_factory=set)
    """Claims whose client stands in `clients` already."""

    def note(self, kind: str, subject_ids: Iterable[UUID]) -> None:
        """Add subjects of a kind."""
        ids = set(subject_ids)
        self.subjects.setdefault(kind, set()).update(ids)
        if kind == "client":
            self.clients |= ids
        elif kind == "claim":
            self.claims |= ids

    def main_kind(self, among: Iterable[str]) -> str:
        """Return what the answer is about: what its address names, else what there is most of."""
        named = [kind for kind in among if kind in self.subjects]
        if named:
            return named[0]
        counted = sorted(
            (kind == "client", -len(ids), kind) for kind, ids in self.subjects.items() if ids
        )
        return counted[0][2] if counted else ""


@dataclass
class Shown:
    """Everything that one answer shows, by practice."""

    sights: dict[UUID, Sight] = field(default_factory=dict)

    def of(self, practice_id: UUID) -> Sight:
        """Return what is shown of a practice."""
        sight = self.sights.get(practice_id)
        if sight is None:
            sight = self.sights[practice_id] = Sight()
        return sight

    def row(self, row: Any, held: Held, *, fields: Collection[str] = ()) -> None:
        """Note a row as it is at hand, some fields of it or all; asks the database for nothing."""
        values = row.__dict__
        practice_id, row_id = values.get("practice_id"), values.get(held.id_column)
        if practice_id is None or row_id is None:
            return
        sight = self.of(practice_id)
        sight.subjects.setdefault(held.kind, set()).add(row_id)
        sight.fields.update(fields or (row.__tablename__,))
        client_id = values.get(held.client_column) if held.client_column else None
        if client_id is not None:
            sight.clients.add(client_id)
        claim_id = row_id if held.kind == "claim" else values.get("claim_id")
        if claim_id is not None:
            (sight.known_claims if client_id else sight.claims).add(claim_id)

    def note(
        self, practice_id: UUID, kind: str, subject_ids: Iterable[UUID], *, fields: Iterable[str]
    ) -> None:
        """Note what is shown without a row having been loaded."""
        sight = self.of(practice_id)
        sight.note(kind, subject_ids)
        sight.fields.update(fields)

    def forget(self) -> None:
        """Begin anew: what was gathered is not shown after all."""
        self.sights.clear()


_gathered: ContextVar[Shown | None] = ContextVar("gathered", default=None)


def gathered() -> Shown | None:
    """Return where this request gathers what it shows; None outside of one."""
    return _gathered.get()


@contextmanager
def gather_into(shown: Shown | None) -> Iterator[None]:
    """Gather what sessions load in this block; None: gather nothing (the record's own pages)."""
    before = _gathered.set(shown)
    try:
        yield
    finally:
        _gathered.reset(before)


def begin_gathering() -> None:
    """Begin with an empty slate: a request begins."""
    _gathered.set(Shown())


def end_gathering() -> None:
    """Gather no more: the request is over."""
    _gathered.set(None)


def _note_loaded(_session: Session, row: object) -> None:
    held = TABLES.get(type(row))
    shown = _gathered.get() if held is not None else None
    if held is not None and shown is not None:
        shown.row(row, held)


event.listen(WalledSession, "loaded_as_persistent", _note_loaded)
