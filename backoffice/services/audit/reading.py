"""Reads the record as the role `auditor`, under the wall: newest first, page by page."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text, tuple_
from sqlalchemy.orm import Session

from backoffice.models.audit import AuditRecord

PAGE_SIZE = 50
_BECOME_AUDITOR = text("SELECT current_setting('role'), set_config('role', 'auditor', true)")
_BECOME_AGAIN = text("SELECT set_config('role', :before, true)")
_AT_ONCE = 500


class Place(NamedTuple):
    """Where a page ends: the moment and the id of its last record."""

    at: datetime
    record_id: UUID


@dataclass(frozen=True)
class Asked:
    """What somebody looks for in the record; None asks for nothing."""

    user_id: UUID | None = None
    action: str | None = None
    practice_id: UUID | None = None
    subject_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    outcome: str | None = None
    before: Place | None = None


@dataclass(frozen=True)
class Found:
    """One page of records, newest first, and where the next one begins."""

    records: Sequence[AuditRecord]
    next: Place | None


@contextmanager
def as_auditor(session: Session) -> Iterator[None]:
    """Read as the auditor within this block: the app itself may only add to the record.

    The wall stays: a unit of work for practices reads what happened in them, one for the house
    reads all.
    """
    session.flush()
    before, _ = session.execute(_BECOME_AUDITOR).one()
    yield
    session.execute(_BECOME_AGAIN, {"before": before})


def found(session: Session, asked: Asked, *, size: int = PAGE_SIZE) -> Found:
    """Return a page of what is asked for."""
    with as_auditor(session):
        if asked.subject_id is None:
            rows = list(session.scalars(_page(asked).limit(size + 1)))
        else:
            rows = _about(session, asked, asked.subject_id, size + 1)
    more = len(rows) > size
    page = rows[:size]
    return Found(page, Place(page[-1].created_at, page[-1].id) if more else None)


def about(
    session: Session, subject_id: UUID, *, before: Place | None = None, size: int = PAGE_SIZE
) -> Found:
    """Return who did or saw what of one client, claim or other subject."""
    return found(session, Asked(subject_id=subject_id, before=before), size=size)


def of_practice(session: Session, practice_id: UUID) -> Iterator[AuditRecord]:
    """Yield the whole record of one practice, newest first."""
    asked = Asked(practice_id=practice_id)
    while True:
        page = found(session, asked, size=_AT_ONCE)
        yield from page.records
        if page.next is None:
            return
        asked = replace(asked, before=page.next)


def _page(asked: Asked) -> Select[AuditRecord]:
    query = select(AuditRecord).where(*_conditions(asked))
    if asked.before is not None:
        query = query.where(tuple_(AuditRecord.created_at, AuditRecord.id) < tuple_(*asked.before))
    return query.order_by(AuditRecord.created_at.desc(), AuditRecord.id.desc())


def _conditions(asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.practice_id is not None:
        yield AuditRecord.practice_id == asked.practice_id
    if asked.user_id is not None:
        yield AuditRecord.user_id == asked.user_id
    if asked.action is not None:
        yield AuditRecord.action == asked.action
    if asked.outcome is not None:
        yield AuditRecord.outcome == asked.outcome
    if asked.since is not None:
        yield AuditRecord.created_at >= asked.since
    if asked.until is not None:
        yield AuditRecord.created_at < asked.until


def _about(session: Session, asked: Asked, subject_id: UUID, most: int) -> list[AuditRecord]:
    """Look up by subject in the database's own function, then read what it names."""
    rows: list[AuditRecord] = []
    edge = asked.before.at if asked.before else func.clock_timestamp()
    while len(rows) < most:
        named = session.execute(
            select(text("recorded_at"), text("record_id")).select_from(
                func.records_about(subject_id, edge, _AT_ONCE).alias("named")
            )
        ).all()
        if not named:
            break
        places = [tuple_(at, record_id) for at, record_id in named]
        query = _page(asked).where(tuple_(AuditRecord.created_at, AuditRecord.id).in_(places))
        known = {row.id for row in rows}
        rows += [row for row in session.scalars(query) if row.id not in known]
        if len(named) < _AT_ONCE or named[-1].recorded_at == edge:
            break
        edge = named[-1].recorded_at
    return rows[:most]
