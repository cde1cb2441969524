"""The queue taken out as a file, and the people named in it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.users import User
from backoffice.services.access import held
from backoffice.services.unbilled.queue import conditions, read_entries
from backoffice.services.unbilled.wanted import Entry, Wanted

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


def export_rows(session: Session, wanted: Wanted) -> Iterable[tuple[str, ...]]:
    """Yield the whole result as rows of text, in order of day; no cell begins as a formula."""
    plain = replace(wanted, after=None, before=None)
    query = select(Appointment.id).where(
        held(session, Appointment.practice_id), Appointment.unbilled, *conditions(plain)
    )
    if wanted.state:
        query = query.where(Appointment.readiness == wanted.state)
    ids = session.scalars(query.order_by(Appointment.served_on, Appointment.id)).all()
    for start in range(0, len(ids), _AT_ONCE):
        for each in read_entries(session, ids[start : start + _AT_ONCE]):
            yield tuple(map(_harmless, _exported(each)))
        session.expunge_all()


def _exported(row: Entry) -> tuple[object, ...]:
    return (
        row.practice_id, row.id, row.client.name, row.served_on,
        " ".join(line.procedure_code for line in row.lines),
        row.payer.name if row.payer else "", row.charge_amount, row.deadline_on or "",
        row.readiness.value, row.missing_count, row.held_for or "",
    )  # fmt: skip


def _harmless(cell: object) -> str:
    words = str(cell)
    return f"'{words}" if words[:1] in {"=", "+", "-", "@", "\t", "\r"} else words
