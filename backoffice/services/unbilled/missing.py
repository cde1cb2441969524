"""What one appointment lacks over all it rests on, in words, with the field to fill in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment, ReadinessFinding
from backoffice.rules.money import ZERO
from backoffice.rules.readiness import (
    Finding,
    FindingCode,
    Subject,
    Supplier,
    Weight,
    finding,
)
from backoffice.rules.readiness.findings import finding_on_diagnosis, finding_on_line
from backoffice.rules.roles import Identifier, Shown
from backoffice.services import audit, supplying
from backoffice.services.access import one
from backoffice.services.accounts import Person
from backoffice.services.refusal import ChangedElsewhere, Refused
from backoffice.services.typed_values import Blank, WrongValue
from backoffice.services.unbilled.changes import subjects_changed
from backoffice.services.unbilled.findings import RESTS_ON
from backoffice.services.unbilled.surroundings import take_turn

_WEIGHTS = {Weight.BLOCKS: 0, Weight.HOLDS: 1, Weight.WARNS: 2}


@dataclass(frozen=True)
class Input:
    """One field as it stands in the drawer: what it holds now, and what was wrong with it."""

    blank: Blank
    value: str
    errors: Sequence[str] = ()


@dataclass(frozen=True)
class Lack:
    """One finding of an appointment: in words, on its subject, with fields where one may fill."""

    row_id: UUID
    kind: Subject
    subject_id: UUID
    finding: Finding
    inputs: Sequence[Input]

    @property
    def words(self) -> str:
        """Return what is missing or wrong."""
        return self.finding.words

    @property
    def why(self) -> str:
        """Return why the payer needs it, and how it is put right."""
        return f"{self.finding.why}. {self.finding.fix}."

    @property
    def supplier(self) -> Supplier:
        """Return who can supply it."""
        return self.finding.supplier


@dataclass(frozen=True)
class Blocks:
    """What findings hold back: appointments, money, the nearest deadline."""

    count: int = 0
    amount: Decimal = ZERO
    first_deadline_on: date | None = None


class NotYours(Refused):
    """Somebody else may write this field."""

    code = "not_yours"

    def __init__(self) -> None:
        """Say who to turn to."""
        super().__init__("This field is for others to fill. Ask for it instead.")


def lacks_of(
    session: Session,
    appointment: Appointment,
    person: Person,
    typed: Mapping[str, str] | None = None,
    wrong: WrongValue | None = None,
) -> list[Lack]:
    """Return what an appointment lacks, blocking first; fields only where the person may fill.

    `typed` and `wrong` bring back what was typed and what was wrong with it.
    """
    subjects = _subjects_of(appointment)
    rows = session.scalars(
        select(ReadinessFinding).where(
            ReadinessFinding.practice_id == appointment.practice_id,
            ReadinessFinding.subject_id.in_(subjects),
        )
    )
    lacks = [_lack(session, row, person, typed or {}, wrong) for row in rows]
    order = list(subjects.values())
    return sorted(
        lacks,
        key=lambda lack: (
            _WEIGHTS[lack.finding.weight],
            order.index(lack.kind),
            lack.finding.field,
        ),
    )


def lacks_on(
    session: Session, practice_id: UUID, subject_ids: Sequence[UUID], person: Person
) -> list[Lack]:
    """Return what some subjects lack, blocking first; for the head of a record's page."""
    rows = session.scalars(
        select(ReadinessFinding).where(
            ReadinessFinding.practice_id == practice_id,
            ReadinessFinding.subject_id.in_(subject_ids),
        )
    )
    lacks = [_lack(session, row, person, {}, None) for row in rows]
    return sorted(lacks, key=lambda lack: (_WEIGHTS[lack.finding.weight], lack.finding.field))


def blocked_by(session: Session, practice_id: UUID, lacks: Sequence[Lack]) -> Blocks:
    """Return what is held back by these findings (warnings hold nothing back)."""
    stopping = [lack for lack in lacks if lack.finding.weight is not Weight.WARNS]
    if not stopping:
        return Blocks()
    columns = Appointment.__table__.c
    resting = or_(*(columns[RESTS_ON[lack.kind]] == lack.subject_id for lack in stopping))
    count, amount, deadline = session.execute(
        select(
            func.count(),
            func.sum(Appointment.charge_amount, type_=Appointment.charge_amount.type),
            func.min(Appointment.deadline_on),
        ).where(Appointment.practice_id == practice_id, Appointment.unbilled, resting)
    ).one()
    return Blocks(count, amount or ZERO, deadline)


def supply(
    session: Session,
    appointment_id: UUID,
    row_id: UUID,
    values: Mapping[str, str],
    *,
    by: Person,
    now: datetime,
) -> str:
    """Write what was typed for one finding of an appointment, judge anew; return the field's name.

    Raises ChangedElsewhere when the finding was settled meanwhile or is not this appointment's,
    NotYours or WrongValue.
    """
    appointment = one(session, Appointment, appointment_id)
    take_turn(session, appointment.practice_id)
    row = session.get(ReadinessFinding, (appointment.practice_id, row_id))
    if row is None or row.subject_id not in _subjects_of(appointment):
        raise ChangedElsewhere  # the same for both: whose finding it is, is not told
    if not by.may_in(row.practice_id, supplying.PERMISSIONS[row.subject_kind]):
        raise NotYours
    label = said(row).where.label
    record = supplying.record_of(
        session, row.practice_id, row.subject_kind, row.subject_id, lock=True
    )
    blanks = supplying.blanks_for(row.subject_kind, row.field)
    changed = supplying.fill(session, record, blanks, values, now=now)
    if changed:
        audit.record(
            session,
            "supply",
            subject_kind=row.subject_kind.value,
            subject_ids=[row.subject_id],
            practice_id=row.practice_id,
            fields=changed,
        )
        subjects_changed(session, row.practice_id, row.subject_kind, [row.subject_id], now=now)
    return label


def said(row: ReadinessFinding) -> Finding:
    """Return the finding that a row keeps, in words."""
    code = FindingCode(row.code)
    parts = row.field.split(".")
    if parts[0] == "lines" and len(parts) > 2:
        return finding_on_line(code, int(parts[1]))
    if parts[0] == "diagnoses" and len(parts) > 1:
        return finding_on_diagnosis(code, int(parts[1]))
    return finding(code)


def _subjects_of(appointment: Appointment) -> dict[UUID, Subject]:
    """Return the ids an appointment rests on, its own first."""
    ids = {
        appointment.id: Subject.APPOINTMENT,
        appointment.client_id: Subject.CLIENT,
        appointment.policy_id: Subject.POLICY,
        appointment.enrollment_id: Subject.ENROLLMENT,
        appointment.authorization_id: Subject.AUTHORIZATION,
        appointment.clinician_id: Subject.CLINICIAN,
        appointment.facility_id: Subject.LOCATION,
        appointment.profile_id: Subject.BILLING_PROFILE,
        appointment.practice_id: Subject.PRACTICE,
    }
    return {each: kind for each, kind in ids.items() if each is not None}


def _lack(
    session: Session,
    row: ReadinessFinding,
    person: Person,
    typed: Mapping[str, str],
    wrong: WrongValue | None,
) -> Lack:
    may = person.may_in(row.practice_id, supplying.PERMISSIONS[row.subject_kind])
    blanks = supplying.blanks_for(row.subject_kind, row.field) if may else ()
    shown = person.shown(row.practice_id, Identifier.MEMBER_ID)
    inputs: list[Input] = []
    if blanks:
        record = supplying.record_of(session, row.practice_id, row.subject_kind, row.subject_id)
        mine = typed.get("finding") == str(row.id)
        for blank in blanks:
            kept = typed.get(blank.name) if mine else None
            problem = wrong.problems.get(blank.name) if mine and wrong else None
            value = _prefilled(record, blank, shown) if kept is None else kept
            inputs.append(Input(blank, value, [problem] if problem else []))
    return Lack(row.id, row.subject_kind, row.subject_id, said(row), inputs)


def _prefilled(record: supplying.Record, blank: Blank, member_id: Shown) -> str:
    """Return what stands there now; a member ID that isn't shown is typed anew and whole."""
    if blank.name == "member_id" and member_id is not Shown.FULL:
        return ""
    return supplying.shown(record, blank)


def note_reading(session: Session, appointment: Appointment) -> None:
    """Put on record that somebody read what this appointment lacks."""
    audit.read(session, "appointment", [appointment.id], practice_id=appointment.practice_id)
