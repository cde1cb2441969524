"""Records as their readers see them: people by name, what it was about in kinds and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.audit import AuditRecord
from backoffice.models.users import User

OFFERED: Final = (
    "read", "open", "download", "export", "read_raw", "show_identifier", "try", "create", "edit",
    "supply", "withdraw", "release", "hold", "reopen", "post_line", "place", "intake",
    "start_thread", "write_message", "sign_in", "break_glass",
)  # fmt: skip
"""Acts that a reader of the record looks for; any other is found by its name."""

COLUMNS: Final = (
    "at", "person", "user_id", "job", "act", "outcome", "practice_id", "subject", "subject_ids",
    "client_ids", "fields", "address", "request_id", "record_id",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One record: who (a person, else a job), when, what, of whom."""

    id: UUID
    at: datetime
    user_id: UUID | None
    who: str
    """The person's name; of one who was not signed in, whose account it was about."""
    job: str
    """The job or command, where no person acted."""
    action: str
    outcome: str
    practice_id: UUID | None
    subject_kind: str
    subject_id: UUID | None
    """The one subject that it is about; None where there are several."""
    subjects: int
    clients: Sequence[UUID]
    fields: Sequence[str]
    address: str
    request_id: str


def entries(session: Session, records: Sequence[AuditRecord]) -> list[Entry]:
    """Return records as entries, in their order; people's names are looked up."""
    names = people_of(session, records)
    return [_entry(row, names) for row in records]


def people_of(session: Session, records: Sequence[AuditRecord]) -> dict[UUID, str]:
    """Return the names of those who acted, and of those whom nobody signed in acted as."""
    return people_named(session, {each for row in records if (each := _person(row))})


def people_named(session: Session, user_ids: set[UUID]) -> dict[UUID, str]:
    """Return the names of these people."""
    query = select(User.id, User.name).where(User.id.in_(user_ids))
    return dict(session.execute(query).all())


def everybody(session: Session) -> list[tuple[str, str]]:
    """Return all people who sign in, by name, as one may choose among them."""
    query = select(User.id, User.name).order_by(User.name, User.id)
    return [(str(user_id), name) for user_id, name in session.execute(query)]


def cells(row: AuditRecord, names: dict[UUID, str]) -> tuple[str | datetime | UUID | None, ...]:
    """Return a record as a row of COLUMNS."""
    return (
        row.created_at, _name(row, names), row.user_id, row.job,
        row.action, row.outcome, row.practice_id, row.subject_kind,
        " ".join(map(str, row.subject_ids)), " ".join(map(str, row.client_ids)),
        " ".join(row.fields), row.address, row.request_id, row.id,
    )  # fmt: skip


def _person(row: AuditRecord) -> UUID | None:
    """Return who acted; before a full sign-in, whose account was used: of nobody else is told."""
    if row.user_id or row.job:
        return row.user_id
    return row.subject_ids[0] if row.subject_kind == "user" and row.subject_ids else None


def _name(row: AuditRecord, names: dict[UUID, str]) -> str:
    person = _person(row)
    return names.get(person, "") if person else ""


def _entry(row: AuditRecord, names: dict[UUID, str]) -> Entry:
    shown = row.detail.get("shown", {})
    count = shown.get(row.subject_kind, len(row.subject_ids))
    return Entry(
        id=row.id,
        at=row.created_at,
        user_id=row.user_id,
        who=_name(row, names),
        job=row.job,
        action=row.action,
        outcome=row.outcome,
        practice_id=row.practice_id,
        subject_kind=row.subject_kind,
        subject_id=row.subject_ids[0] if count == 1 and row.subject_ids else None,
        subjects=count,
        clients=row.client_ids,
        fields=row.fields,
        address=row.address,
        request_id=row.request_id,
    )
