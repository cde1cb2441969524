"""Changes a session behind an appointment, or sets it aside from billing and takes that back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from backoffice.models.appointments import Appointment, AppointmentLine
from backoffice.models.claims import ServiceLine
from backoffice.models.practices import Clinician, Practice, ServiceFacility
from backoffice.rules.money import ZERO, total
from backoffice.rules.readiness import Disposition
from backoffice.services import audit, typed_values, unbilled
from backoffice.services.access import one, visible
from backoffice.services.practices import local_day
from backoffice.services.refusal import ChangedElsewhere, Refused
from backoffice.services.typed_values import WrongValue

MOST_LINES = 50


class OnAClaim(Refused):
    """The appointment stands on a live claim: what it says there is the claim's to change."""

    code = "on_a_claim"

    def __init__(self) -> None:
        """Say where to go."""
        super().__init__("This appointment is on a claim. Reopen the claim to change it.")


@dataclass(frozen=True)
class TypedLine:
    """One service line as typed; an empty line is no line. Pointers are typed as "1 2"."""

    procedure_code: str = ""
    modifiers: str = ""
    units: str = ""
    charge_amount: str = ""
    diagnosis_pointers: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was typed."""
        return not any((self.procedure_code, self.modifiers, self.units, self.charge_amount))


@dataclass(frozen=True)
class TypedSession:
    """A session as typed: day, place, codes and lines, clinician and location by id."""

    served_on: str
    place_of_service: str
    diagnosis_codes: str
    clinician_id: UUID | None
    facility_id: UUID | None
    note_signed: bool
    lines: Sequence[TypedLine] = field(default_factory=list)


def edit(
    session: Session,
    appointment_id: UUID,
    typed: TypedSession,
    *,
    version: int,
    now: datetime,
) -> Appointment:
    """Write a session as typed and judge it anew.

    Raises WrongValue (its `field` names the field, lines as "lines-0-units"), ChangedElsewhere
    when somebody saved since `version`, OnAClaim once it stands on a live claim.
    """
    row = _open(session, appointment_id, version=version)
    lines = _read_lines(typed.lines)
    served_on = _past_day(session, row, typed.served_on, now)
    codes = typed_values.read(
        "diagnosis_codes",
        lambda words: typed_values.diagnosis_codes(words, on=served_on),
        typed.diagnosis_codes,
    )
    place = typed_values.read(
        "place_of_service", typed_values.place_of_service, typed.place_of_service
    )
    values: dict[str, Any] = {
        "served_on": served_on,
        "place_of_service": place,
        "diagnosis_codes": codes,
        "clinician_id": _own(session, row, Clinician, typed.clinician_id),
        "facility_id": _own(session, row, ServiceFacility, typed.facility_id),
        "note_signed": typed.note_signed,
        "charge_amount": total(line["charge_amount"] or ZERO for line in lines),
    }
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if _replace_lines(session, row, lines):
        changed.append("lines")
    if not changed:
        return row
    if changed == ["lines"]:
        flag_modified(row, "charge_amount")  # lines alone are a new version of the appointment
    session.flush()
    _record(session, "edit", [row], changed)
    unbilled.appointments_changed(session, row.practice_id, [row.id], now=now)
    return row


def set_aside(
    session: Session,
    appointment_ids: Collection[UUID],
    disposition: Disposition,
    *,
    reason: str = "",
    now: datetime,
) -> list[UUID]:
    """Say that appointments are not ours to bill, or (BILL) that they are again; return which.

    Self-pay, filed elsewhere and not billable leave the queue and can be undone. Those that
    stand so already are left alone; one on a live claim raises OnAClaim and nothing is done.
    """
    query = visible(session, Appointment).where(Appointment.id.in_(appointment_ids))
    practices = set(session.scalars(query.with_only_columns(Appointment.practice_id)))
    for practice_id in sorted(practices):
        unbilled.take_turn(session, practice_id)
    rows = session.scalars(query.order_by(Appointment.id).with_for_update()).all()
    moved = [row for row in rows if row.disposition is not disposition]
    if _on_claims(session, moved):
        raise OnAClaim
    for row in moved:
        row.disposition, row.disposition_reason = disposition, reason
    session.flush()
    for practice_id in sorted(practices):
        own = [row for row in moved if row.practice_id == practice_id]
        _record(session, f"disposition_{disposition.value}", own, ["disposition"])
        unbilled.appointments_changed(session, practice_id, [row.id for row in own], now=now)
    return [row.id for row in moved]


def typed_from(appointment: Appointment) -> Mapping[str, Any]:
    """Return a session as its form shows it."""
    return {
        "served_on": appointment.served_on,
        "place_of_service": appointment.place_of_service or "",
        "diagnosis_codes": " ".join(appointment.diagnosis_codes),
        "clinician_id": str(appointment.clinician_id or ""),
        "facility_id": str(appointment.facility_id or ""),
        "note_signed": appointment.note_signed,
        "lines": [
            {
                "procedure_code": line.procedure_code,
                "modifiers": " ".join(line.modifiers),
                "units": "" if line.units is None else f"{line.units.normalize():f}",
                "charge_amount": "" if line.charge_amount is None else f"{line.charge_amount:.2f}",
                "diagnosis_pointers": " ".join(map(str, line.diagnosis_pointers)),
            }
            for line in appointment.lines
        ],
    }


def choices(session: Session, practice_id: UUID) -> Mapping[str, list[tuple[str, str]]]:
    """Return the clinicians and locations that a session of this practice may have."""
    clinicians = session.scalars(
        visible(session, Clinician)
        .where(Clinician.practice_id == practice_id, Clinician.withdrawn_at.is_(None))
        .order_by(Clinician.name_key)
    )
    facilities = session.scalars(
        visible(session, ServiceFacility)
        .where(ServiceFacility.practice_id == practice_id, ServiceFacility.withdrawn_at.is_(None))
        .order_by(ServiceFacility.name)
    )
    nobody = [("", "Not known yet")]
    return {
        "clinician_id": nobody + [(str(each.id), each.name) for each in clinicians],
        "facility_id": nobody + [(str(each.id), each.name) for each in facilities],
    }


def _open(session: Session, appointment_id: UUID, *, version: int) -> Appointment:
    """Return the appointment, held, at the version that was opened and on no live claim."""
    practice_id = one(session, Appointment, appointment_id).practice_id
    unbilled.take_turn(session, practice_id)
    row = one(session, Appointment, appointment_id, lock=True)
    session.refresh(row)
    if row.version != version:
        raise ChangedElsewhere
    if _on_claims(session, [row]):
        raise OnAClaim
    return row


def _on_claims(session: Session, rows: Sequence[Appointment]) -> bool:
    for practice_id in {row.practice_id for row in rows}:
        ids = [row.id for row in rows if row.practice_id == practice_id]
        taken = session.scalar(
            select(ServiceLine.id)
            .where(
                ServiceLine.practice_id == practice_id,
                ServiceLine.appointment_id.in_(ids),
                ServiceLine.live,
            )
            .limit(1)
        )
        if taken is not None:
            return True
    return False


def _past_day(session: Session, row: Appointment, words: str, now: datetime) -> date:
    served_on: date | None = typed_values.read("served_on", typed_values.day, words)
    if served_on is None:
        raise WrongValue("A session has a day.", field="served_on")
    today = local_day(session.get_one(Practice, row.practice_id).time_zone, now)
    if served_on > today and served_on != row.served_on:
        raise WrongValue("This day has not come yet.", field="served_on")
    return served_on


def _own(
    session: Session,
    row: Appointment,
    model: type[Clinician] | type[ServiceFacility],
    chosen: UUID | None,
) -> UUID | None:
    """Return a chosen clinician or location, which is the same practice's, or raise NotVisible."""
    if chosen is None or chosen in {row.clinician_id, row.facility_id}:
        return chosen
    found = one(session, model, chosen)
    if found.practice_id != row.practice_id:
        raise WrongValue("Choose one of the list.", field=model.__tablename__)
    return found.id


def _read_lines(lines: Sequence[TypedLine]) -> list[dict[str, Any]]:
    typed = [(at, line) for at, line in enumerate(lines) if not line.is_empty]
    if len(typed) > MOST_LINES:
        raise WrongValue(f"At most {MOST_LINES} lines.")
    return [_read_line(f"lines-{at}-", line) for at, line in typed]


def _read_line(prefix: str, line: TypedLine) -> dict[str, Any]:
    read = typed_values.read
    return {
        "procedure_code": read(
            f"{prefix}procedure_code", typed_values.procedure_code, line.procedure_code
        ),
        "modifiers": read(f"{prefix}modifiers", typed_values.modifiers, line.modifiers),
        "units": read(f"{prefix}units", typed_values.units, line.units),
        "charge_amount": read(f"{prefix}charge_amount", typed_values.charge, line.charge_amount),
        "diagnosis_pointers": read(
            f"{prefix}diagnosis_pointers", typed_values.pointers, line.diagnosis_pointers
        ),
    }


def _replace_lines(session: Session, row: Appointment, lines: list[dict[str, Any]]) -> bool:
    """Write the lines as typed; those whose place stays keep their id. Tell whether any changed."""
    query = select(AppointmentLine).where(
        AppointmentLine.practice_id == row.practice_id, AppointmentLine.appointment_id == row.id
    )
    old = session.scalars(query.order_by(AppointmentLine.position)).all()
    changed = len(old) != len(lines)
    for line, values in zip(old, lines, strict=False):
        for name, value in values.items():
            if getattr(line, name) != value:
                setattr(line, name, value)
                changed = True
    next_position = max((line.position for line in old), default=0) + 1
    for at, values in enumerate(lines[len(old) :]):
        session.add(
            AppointmentLine(
                practice_id=row.practice_id,
                appointment_id=row.id,
                position=next_position + at,
                **values,
            )
        )
    gone = [line.id for line in old[len(lines) :]]
    if gone:
        _refuse_if_once_on_a_claim(session, row.practice_id, gone)
        session.execute(
            delete(AppointmentLine).where(
                AppointmentLine.practice_id == row.practice_id, AppointmentLine.id.in_(gone)
            )
        )
    return changed


def _refuse_if_once_on_a_claim(
    session: Session, practice_id: UUID, line_ids: Sequence[UUID]
) -> None:
    """A line that an earlier claim named is history: it may be changed, not taken away."""
    named = select(ServiceLine.id).where(
        ServiceLine.practice_id == practice_id, ServiceLine.appointment_line_id.in_(line_ids)
    )
    if session.scalar(named.limit(1)) is not None:
        raise WrongValue(
            "A line that was on an earlier claim stays: change it instead.",
            field="lines-0-procedure_code",
        )


def _record(
    session: Session, action: str, rows: Sequence[Appointment], fields: Sequence[str]
) -> None:
    if rows:
        audit.record(
            session,
            action,
            subject_kind="appointment",
            subject_ids=[row.id for row in rows],
            practice_id=rows[0].practice_id,
            fields=fields,
        )
