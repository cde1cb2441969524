"""No row of patient data is written off the record: what no use case named is named here.

A use case says what it did (`record`). Whatever else its unit of work has written, a job's quiet
moves included, becomes one record of the kind "change" before the commit, in the same transaction.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, UOWTransaction

from backoffice.services.audit.patients import TABLES
from backoffice.services.audit.recording import clients_of_claims, named_in, record
from backoffice.services.audit.shown import Shown, Sight
from backoffice.services.work import WalledSession

CHANGE = "change"
_WRITTEN = "written"
_ALWAYS = frozenset({"version", "id", "practice_id", "created_at"})


def _note_written(session: Session, _flush: UOWTransaction) -> None:
    """Note what this flush writes while it still knows which columns changed."""
    for row in (*session.new, *session.dirty):
        held = TABLES.get(type(row))
        if held is None:
            continue
        fields = set(_changed(row)) if row not in session.new else {"*"}
        if fields:
            written: Shown = session.info.setdefault(_WRITTEN, Shown())
            written.row(row, held, fields=[f"{row.__tablename__}.{name}" for name in fields])


def _changed(row: Any) -> Iterator[str]:
    state = inspect(row)
    for name in set(state.mapper.columns.keys()) - _ALWAYS:
        if state.attrs[name].history.has_changes():
            yield name


def _record_written(session: Session) -> None:
    """Put on record, before the outermost commit, what was written and not named."""
    if session.in_nested_transaction():
        return
    session.flush()
    written: Shown | None = session.info.pop(_WRITTEN, None)
    if written is None:
        return
    named = named_in(session)
    for practice_id, sight in sorted(written.sights.items()):
        _record_rest(session, practice_id, sight, named)


def _record_rest(session: Session, practice_id: UUID, sight: Sight, named: set[UUID]) -> None:
    """Write one record of all kinds that are left, what there is most of first."""
    rest = {kind: ids - named for kind, ids in sight.subjects.items() if ids - named}
    if not rest:
        return
    kinds = sorted(rest, key=lambda kind: (-len(rest[kind]), kind))
    record(
        session,
        CHANGE,
        subject_kind=kinds[0],
        subject_ids=[row_id for kind in kinds for row_id in sorted(rest[kind])],
        practice_id=practice_id,
        fields=sorted(sight.fields),
        detail={"shown": {kind: len(rest[kind]) for kind in kinds}},
        client_ids=sight.clients | clients_of_claims(session, sight.claims - sight.known_claims),
    )


def _forget(session: Session) -> None:
    session.info.pop(_WRITTEN, None)


event.listen(WalledSession, "after_flush", _note_written)
event.listen(WalledSession, "before_commit", _record_written)
event.listen(WalledSession, "after_rollback", _forget)
