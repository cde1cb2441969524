"""Supplies what is missing right where it is missed: which fields, by whom, written how."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.base import PracticeRow
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.payers import Enrollment, Payer
from backoffice.models.practices import BillingProfile, Clinician, Practice, ServiceFacility
from backoffice.rules.identifiers import tax_id_kind_as_printed
from backoffice.rules.readiness import (
    EnrollmentStatus,
    Shape,
    Subject,
    birth_date_shape,
    member_id_shape,
)
from backoffice.rules.roles import Permission
from backoffice.services import typed_values as typed
from backoffice.services.practices import local_day, note_payee
from backoffice.services.typed_values import Blank

Record = (
    Practice
    | BillingProfile
    | Clinician
    | ServiceFacility
    | Client
    | Policy
    | Enrollment
    | Authorization
    | Appointment
)

PERMISSIONS: Mapping[Subject, Permission] = {
    Subject.PRACTICE: Permission.EDIT_PRACTICES,
    Subject.BILLING_PROFILE: Permission.EDIT_PRACTICES,
    Subject.CLINICIAN: Permission.EDIT_PRACTICES,
    Subject.LOCATION: Permission.EDIT_PRACTICES,
    Subject.CLIENT: Permission.EDIT_CLIENTS,
    Subject.POLICY: Permission.EDIT_CLIENTS,
    Subject.ENROLLMENT: Permission.EDIT_ENROLLMENTS,
    Subject.AUTHORIZATION: Permission.EDIT_CLIENTS,
    Subject.APPOINTMENT: Permission.EDIT_APPOINTMENTS,
}
"""Who may write what hangs on each kind of subject."""

_STREET = Blank("street", "Street", typed.text)
_CITY = Blank("city", "City", typed.text)
_STATE = Blank("state", "State", typed.state, kind="id", hint="Two letters")
_ZIP = Blank("zip", "ZIP", typed.zip_code, kind="id", hint="Five or nine digits")
_ADDRESS = (_STREET, _CITY, _STATE, _ZIP)
_PHONE = (Blank("phone", "Phone", typed.phone, kind="id", type="tel"),)
_NPI = (Blank("npi", "NPI", typed.npi, kind="id", hint="Ten digits, from the NPI registry"),)
_TAXONOMY = (Blank("taxonomy", "Taxonomy", typed.taxonomy, kind="id"),)
_LAST = Blank("last_name", "Last name", typed.text)
_FIRST = Blank("first_name", "First name", typed.text)
_SEX = Blank("sex", "Sex on file with the payer", typed.sex, options=typed.SEXES)
_PLACE = Blank("place_of_service", "Place of service", typed.place_of_service, options=typed.PLACES)
_STATUSES = [
    (status.value, status.value.replace("_", " ").capitalize()) for status in EnrollmentStatus
]


def _insured(blank: Blank) -> Blank:
    return Blank(
        f"insured_{blank.name}", f"Insured: {blank.label.lower()}", blank.reader,
        blank.kind, blank.options, blank.type, blank.hint,
    )  # fmt: skip


def _born(name: str, label: str) -> Blank:
    return Blank(name, label, typed.text, type="date")  # read with the practice's own today


FIELDS: Mapping[tuple[Subject, str], Sequence[Blank]] = {
    (Subject.PRACTICE, "phone"): _PHONE,
    (Subject.PRACTICE, "name"): (Blank("name", "Name", typed.text),),
    (Subject.PRACTICE, "address"): _ADDRESS,
    (Subject.PRACTICE, "time_zone"): (Blank("time_zone", "Time zone", typed.zone),),
    (Subject.BILLING_PROFILE, "name"): (
        Blank("organization_name", "Organization name", typed.text),
        Blank("last_name", "Last name, of a person", typed.text),
    ),
    (Subject.BILLING_PROFILE, "first_name"): (_FIRST,),
    (Subject.BILLING_PROFILE, "npi"): _NPI,
    (Subject.BILLING_PROFILE, "taxonomy"): _TAXONOMY,
    (Subject.BILLING_PROFILE, "phone"): _PHONE,
    (Subject.BILLING_PROFILE, "address"): _ADDRESS,
    (Subject.BILLING_PROFILE, "tax_id"): (
        Blank("tax_id", "EIN or SSN", typed.tax_id, kind="id", hint="Nine digits"),
    ),
    (Subject.CLINICIAN, "last_name"): (_LAST,),
    (Subject.CLINICIAN, "first_name"): (_FIRST,),
    (Subject.CLINICIAN, "npi"): _NPI,
    (Subject.CLINICIAN, "taxonomy"): _TAXONOMY,
    (Subject.LOCATION, "name"): (Blank("name", "Location name", typed.text),),
    (Subject.LOCATION, "npi"): _NPI,
    (Subject.LOCATION, "place_of_service"): (_PLACE,),
    (Subject.LOCATION, "address"): _ADDRESS,
    (Subject.CLIENT, "last_name"): (_LAST,),
    (Subject.CLIENT, "first_name"): (_FIRST,),
    (Subject.CLIENT, "birth_date"): (_born("birth_date", "Birth date"),),
    (Subject.CLIENT, "sex"): (_SEX,),
    (Subject.CLIENT, "phone"): _PHONE,
    (Subject.CLIENT, "address"): _ADDRESS,
    (Subject.POLICY, "member_id"): (
        Blank(
            "member_id", "Member ID", typed.member_id, kind="id",
            hint="As on the card; spaces and dashes are taken out",
        ),
    ),
    (Subject.POLICY, "relationship"): (
        Blank(
            "relationship_code", "The client is the insured's", typed.relationship_code,
            options=typed.RELATIONS,
        ),
    ),
    (Subject.POLICY, "insured.name"): (_insured(_LAST), _insured(_FIRST)),
    (Subject.POLICY, "insured.birth_date"): (_born("insured_birth_date", "Insured: birth date"),),
    (Subject.POLICY, "insured.sex"): (_insured(_SEX),),
    (Subject.POLICY, "insured.address"): tuple(map(_insured, _ADDRESS)),
    (Subject.POLICY, "insurance_type"): (
        Blank("insurance_type", "Why Medicare pays second", typed.text, kind="id"),
    ),
    (Subject.POLICY, "last_day"): (
        Blank("effective_from", "In force from", typed.day, type="date"),
        Blank("effective_to", "In force to", typed.day, type="date"),
    ),
    (Subject.ENROLLMENT, "status"): (
        Blank("status", "Status", typed.enrollment_status, options=_STATUSES),
    ),
    (Subject.AUTHORIZATION, "number"): (
        Blank("number", "Authorization number", typed.text, kind="id"),
    ),
    (Subject.AUTHORIZATION, "uses_allowed"): (
        Blank("uses_allowed", "Sessions allowed", typed.count_of_uses, kind="num"),
    ),
    (Subject.AUTHORIZATION, "last_day"): (
        Blank("first_day", "First day", typed.day, type="date"),
        Blank("last_day", "Last day", typed.day, type="date"),
    ),
    (Subject.APPOINTMENT, "place_of_service"): (_PLACE,),
    (Subject.APPOINTMENT, "diagnoses"): (
        Blank(
            "diagnosis_codes", "Diagnosis codes", typed.text, kind="id",
            hint="ICD-10-CM, the main one first",
        ),
    ),
    (Subject.APPOINTMENT, "note_signed"): (
        Blank(
            "note_signed", "The note", typed.yes,
            options=(("no", "Not signed yet"), ("yes", "Signed")),
        ),
    ),
}  # fmt: skip
"""What may be typed in for a finding, by its subject and the root of its field."""


def blanks_for(kind: Subject, field: str) -> Sequence[Blank]:
    """Return what may be typed in for a finding's field; nothing where a screen is needed."""
    parts = field.split(".")
    roots = (field, ".".join(parts[:2]), parts[0])
    return next((FIELDS[kind, root] for root in roots if (kind, root) in FIELDS), ())


def shown(row: Record, blank: Blank) -> str:
    """Return what a field holds now, as it is typed; a tax id is never shown."""
    if blank.name == "tax_id":
        return ""
    value = getattr(row, blank.name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(getattr(value, "value", value))


def fill(
    session: Session,
    row: Record,
    blanks: Sequence[Blank],
    values: Mapping[str, str],
    *,
    now: datetime,
) -> list[str]:
    """Write typed values into a record and return the names of what changed.

    Raises WrongValues of all fields that can't be read; then nothing is written. What rests on
    the record is the caller's to judge anew.
    """
    readings = _read(row, blanks, values, today=_today_of(session, row, now))
    changed = [name for name, value in readings.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, readings[name])
    if changed:
        _keep_beside(row, _today_of(session, row, now))
        _keep_elsewhere(session, row, changed, values, now=now)
        session.flush()
    return changed


def _read(
    row: Record, blanks: Sequence[Blank], values: Mapping[str, str], *, today: date
) -> dict[str, Any]:
    readings: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for blank in (each for each in blanks if each.name in values):
        try:
            readings[blank.name] = _reader(row, blank, today)(values[blank.name])
        except typed.WrongValue as problem:
            wrong[blank.name] = problem.words
    if wrong:
        raise typed.WrongValues(wrong)
    return readings


def _keep_elsewhere(
    session: Session,
    row: Record,
    changed: Sequence[str],
    values: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Keep in step what other rows and the clock have to say."""
    if isinstance(row, Policy):
        reshape_member_id(session, row)
    if isinstance(row, BillingProfile):
        _keep_tax_id(session, row, changed, values)
    if isinstance(row, Enrollment) and "status" in changed:
        row.status_since = now


def _reader(row: Record, blank: Blank, today: date) -> typed.Reader:
    if blank.name in {"birth_date", "insured_birth_date"}:
        return partial(typed.birth_date, today=today)
    if blank.name == "diagnosis_codes" and isinstance(row, Appointment):
        return partial(typed.diagnosis_codes, on=row.served_on)
    return blank.reader


def _today_of(session: Session, row: Record, now: datetime) -> date:
    practice_id = row.id if isinstance(row, Practice) else row.practice_id
    return local_day(session.get_one(Practice, practice_id).time_zone, now)


def _keep_beside(row: Record, today: date) -> None:
    """Keep in step what stands beside a value: shapes and name keys."""
    if isinstance(row, Client | Clinician):
        row.name_key = name_key(row.last_name, row.first_name)
    if isinstance(row, Client):
        row.birth_date_shape = birth_date_shape(row.birth_date or "", today=today)
    if isinstance(row, Policy):
        row.insured_birth_date_shape = birth_date_shape(row.insured_birth_date or "", today=today)


def name_key(last_name: str, first_name: str) -> str:
    """Return what people search a person by: "last, first" in lower case."""
    return f"{last_name}, {first_name}".lower()


def reshape_member_id(session: Session, policy: Policy) -> None:
    """Judge the member id's shape by its payer's pattern; after either of the two changed."""
    payer = session.get(Payer, policy.payer_id) if policy.payer_id else None
    if policy.payer_id and payer is None:
        raise typed.WrongValues({"payer_id": "Choose one of the list."})
    pattern = (payer.member_id_pattern or "") if payer else ""
    policy.member_id_shape = member_id_shape(policy.member_id or "", pattern)


def _keep_tax_id(
    session: Session, profile: BillingProfile, changed: Sequence[str], values: Mapping[str, str]
) -> None:
    if "tax_id" in changed:
        tax_id = profile.tax_id or ""
        profile.tax_id_shape = Shape.WELL_FORMED if tax_id else Shape.ABSENT
        profile.tax_id_last4 = tax_id[-4:]
        profile.tax_id_kind = tax_id_kind_as_printed(values["tax_id"]) or profile.tax_id_kind
    if {"tax_id", "npi"} & set(changed):
        session.flush()
        note_payee(session, profile)


ROWS: Mapping[Subject, type[PracticeRow]] = {
    Subject.BILLING_PROFILE: BillingProfile,
    Subject.CLINICIAN: Clinician,
    Subject.LOCATION: ServiceFacility,
    Subject.CLIENT: Client,
    Subject.POLICY: Policy,
    Subject.ENROLLMENT: Enrollment,
    Subject.AUTHORIZATION: Authorization,
    Subject.APPOINTMENT: Appointment,
}
"""The table of each kind of subject but the practice itself."""


def record_of(
    session: Session, practice_id: UUID, kind: Subject, subject_id: UUID, *, lock: bool = False
) -> Record:
    """Return the record of a subject; `lock` holds it until the commit."""
    if kind is Subject.PRACTICE:
        return session.get_one(Practice, practice_id)
    return session.get_one(ROWS[kind], (practice_id, subject_id), with_for_update=lock or None)  # type: ignore[return-value]  # one of Record, by the table
