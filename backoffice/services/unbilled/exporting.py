"""The queue taken out as a file, and the people named in it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.clients import Client
from backoffice.models.users import User
from backoffice.rules.part2 import NOTICE
from backoffice.services import audit
from backoffice.services.access import held
from backoffice.services.exporting import Cell
from backoffice.services.unbilled.queue import conditions, read_entries
from backoffice.services.unbilled.wanted import Entry, Wanted
from backoffice.services.work import practices_of

EXPORT_HEAD = (
    "practice_id", "appointment_id", "client", "served_on", "procedure_codes", "payer", "billed",
    "deadline_on", "readiness", "missing", "held_for",
)  # fmt: skip
_AT_ONCE = 500


def people(session: Session, entries: Sequence[Entry]) -> dict[UUID, User]:
    """Return the owners of rows, by id."""
    owners = {each.owner_id for each in entries if each.owner_id}
    if not owners:
        return {}
    return {user.id: user for user in session.scalars(select(User).where(User.id.in_(owners)))}


def note_export(session: Session, wanted: Wanted) -> None:
    """Put on record, for each practice in it, that its queue was taken out and how many rows."""
    counted = select(Appointment.practice_id, func.count()).where(*_chosen(session, wanted))
    taken = dict(session.execute(counted.group_by(Appointment.practice_id)).all())
    for practice_id in sorted(practices_of(session)):
        audit.took(
            session,
            "export",
            subject_kind="appointment",
            subject_ids=[],
            practice_id=practice_id,
            fields=EXPORT_HEAD,
            detail={"rows": taken.get(practice_id, 0)},
        )


def notice_with(session: Session, wanted: Wanted) -> str:
    """Return the notice of 42 CFR 2.32 where a client in the result is under Part 2; else none."""
    found = (
        select(Appointment.id)
        .join(Appointment.client)
        .where(*_chosen(session, wanted), Client.part2_since.is_not(None))
    )
    return NOTICE if session.scalar(found.limit(1)) else ""


def export_rows(session: Session, wanted: Wanted) -> Iterable[tuple[Cell, ...]]:
    """Yield the whole result as rows, in order of day."""
    query = select(Appointment.id).where(*_chosen(session, wanted))
    ids = session.scalars(query.order_by(Appointment.served_on, Appointment.id)).all()
    for start in range(0, len(ids), _AT_ONCE):
        for each in read_entries(session, ids[start : start + _AT_ONCE]):
            yield _exported(each)
        session.expunge_all()


def _chosen(session: Session, wanted: Wanted) -> list[SQLColumnExpression[bool]]:
    plain = replace(wanted, after=None, before=None)
    chosen = [held(session, Appointment.practice_id), Appointment.unbilled, *conditions(plain)]
    return [*chosen, Appointment.readiness == wanted.state] if wanted.state else chosen


def _exported(row: Entry) -> tuple[Cell, ...]:
    return (
        row.practice_id, row.id, row.client.name, row.served_on,
        " ".join(line.procedure_code for line in row.lines),
        row.payer.name if row.payer else "", row.charge_amount, row.deadline_on or "",
        row.readiness, row.missing_count, row.held_for or "",
    )  # fmt: skip
