"""From the values of a row to the columns of a record: one function for each kind of record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from backoffice.models.appointments import Appointment
from backoffice.models.base import PracticeRow
from backoffice.models.clients import Client, Policy
from backoffice.models.practices import Clinician, ServiceFacility
from backoffice.models.sealing import Place, keyring
from backoffice.rules.money import ZERO, total
from backoffice.rules.readiness import Shape, Subject, birth_date_shape, member_id_shape
from backoffice.services.intake.fields import MOST_LINES
from backoffice.services.supplying import name_key
from backoffice.services.typed_values import WrongValue

Values = Mapping[str, Any]
Columns = dict[str, Any]


@dataclass(frozen=True)
class KnownPayer:
    """A payer as a practice's files name it: whose it is, and the pattern of its member ids."""

    id: UUID
    member_id_pattern: str = ""


@dataclass
class Home:
    """What rows of one practice are read with."""

    practice_id: UUID
    zone: ZoneInfo
    today: date
    payers: dict[str, KnownPayer] = field(default_factory=dict)
    is_open: bool = True  # its agreement is in force


@dataclass(frozen=True)
class Seat:
    """Where a record will stand: its practice, its id, and what is kept there now (or nothing)."""

    home: Home
    id: UUID
    kept: Any = None


Shaping = Callable[[Values, Seat], Columns]


@dataclass(frozen=True)
class Kind:
    """One kind of record behind the wall: its table, and how a row becomes its columns.

    `references` are (field, column, kind referred to); `kept` are columns that shaping compares.
    """

    name: str
    model: type[PracticeRow]
    subject: Subject
    shape: Shaping
    columns: Sequence[str]
    references: Sequence[tuple[str, str, str]] = ()
    kept: Sequence[str] = ()

    @property
    def versioned(self) -> bool:
        """Whether a change raises the record's version."""
        return "version" in self.model.__table__.columns


_ADDRESS = ("street", "street2", "city", "state", "zip")
_INSURED_ADDRESS = tuple(f"insured_{name}" for name in _ADDRESS)


def _taken(values: Values, names: Sequence[str]) -> Columns:
    return {name: values[name] for name in names}


_LOCATION = ("name", "place_of_service", "npi", "phone", *_ADDRESS)


def _location(values: Values, seat: Seat) -> Columns:
    return _taken(values, _LOCATION)


_CLINICIAN = ("last_name", "first_name", "middle_name", "credentials", "npi", "taxonomy")


def _clinician(values: Values, seat: Seat) -> Columns:
    return _taken(values, _CLINICIAN) | {"name_key": _name_key(values, seat)}


_CLIENT = (
    "last_name", "first_name", "middle_name", "suffix", "sex", "gender_identity", "phone",
    *_ADDRESS, "billing_type",
)  # fmt: skip
_CLIENT_BESIDE = (
    "name_key", "birth_date_sealed", "birth_date_index", "birth_date_shape",
    "ssn_sealed", "ssn_index", "ssn_last4",
)  # fmt: skip


def _client(values: Values, seat: Seat) -> Columns:
    born, ssn = values["birth_date"], values["ssn"]
    return (
        _taken(values, _CLIENT)
        | _sealed("clients", "birth_date", born, seat)
        | _sealed("clients", "ssn", ssn, seat)
        | {
            "name_key": _name_key(values, seat),
            "birth_date_shape": _birth_shape("birth_date", born, seat),
            "ssn_last4": ssn[-4:] if ssn else None,
        }
    )


_POLICY = (
    "payer_order", "group_number", "group_name", "effective_from", "effective_to",
    "insurance_type", "insured_last_name", "insured_first_name", "insured_sex", *_INSURED_ADDRESS,
)  # fmt: skip
_POLICY_BESIDE = (
    "payer_id", "relationship_code", "member_id_sealed", "member_id_index", "member_id_shape",
    "insured_birth_date_sealed", "insured_birth_date_shape",
)  # fmt: skip


def _policy(values: Values, seat: Seat) -> Columns:
    payer = _payer(values["payer_id"], seat.home)
    member_id, born = values["member_id"], values["insured_birth_date"]
    pattern = payer.member_id_pattern if payer else ""
    return (
        _taken(values, _POLICY)
        | _sealed("policies", "member_id", member_id, seat)
        | {
            "payer_id": payer.id if payer else None,
            # what is not said is missing, not "self"
            "relationship_code": values["relationship"] or (None if seat.kept else ""),
            "member_id_shape": member_id_shape(member_id, pattern) if member_id else None,
            "insured_birth_date_sealed": _sealed_unless_same(born, seat),
            "insured_birth_date_shape": _birth_shape("insured_birth_date", born, seat),
        }
    )


_APPOINTMENT = ("starts_at", "status", "note_signed", "place_of_service", "diagnosis_codes")


def _appointment(values: Values, seat: Seat) -> Columns:
    served_on = values["served_on"]
    if served_on is None and values["starts_at"] is not None:
        served_on = values["starts_at"].astimezone(seat.home.zone).date()
    if served_on is None:
        raise WrongValue("A session has a day: served_on or starts_at.", field="served_on")
    charges = [values[f"charge_{at}"] or ZERO for at in range(1, MOST_LINES + 1)]
    # of a kept appointment the lines are added up after they are merged
    charge = None if seat.kept else total(charges)
    return _taken(values, _APPOINTMENT) | {"served_on": served_on, "charge_amount": charge}


KINDS: Mapping[str, Kind] = {
    each.name: each
    for each in (
        Kind("locations", ServiceFacility, Subject.LOCATION, _location, _LOCATION),
        Kind(
            "clinicians", Clinician, Subject.CLINICIAN, _clinician,
            (*_CLINICIAN, "name_key"),
            references=[("supervisor_id", "supervisor_id", "clinicians")],
            kept=("last_name", "first_name"),
        ),
        Kind(
            "clients", Client, Subject.CLIENT, _client,
            (*_CLIENT, *_CLIENT_BESIDE),
            kept=("last_name", "first_name", "birth_date_index", "ssn_index"),
        ),
        Kind(
            "policies", Policy, Subject.POLICY, _policy,
            (*_POLICY, *_POLICY_BESIDE),
            references=[("client_id", "client_id", "clients")],
            kept=("member_id_index", "insured_birth_date_sealed"),
        ),
        Kind(
            "appointments", Appointment, Subject.APPOINTMENT, _appointment,
            (*_APPOINTMENT, "served_on", "charge_amount"),
            references=[
                ("client_id", "client_id", "clients"),
                ("clinician_id", "clinician_id", "clinicians"),
                ("location_id", "facility_id", "locations"),
            ],
        ),
    )
}  # fmt: skip
"""The kinds that are taken in set by set, in order; practices and payers have their own modules."""

OF_PATIENTS = frozenset({"clients", "policies", "appointments"})
"""The kinds that wait for the practice's agreement."""


def _name_key(values: Values, seat: Seat) -> str | None:
    """Return the name to search by, of what the file says over what is kept; None: as it was."""
    last, first = values["last_name"], values["first_name"]
    if seat.kept is not None and last is None and first is None:
        return None
    kept_last = seat.kept.last_name if seat.kept else ""
    kept_first = seat.kept.first_name if seat.kept else ""
    return name_key(last or kept_last, first or kept_first)


def _sealed(table: str, name: str, value: str | None, seat: Seat) -> Columns:
    """Return a value sealed and its blind index; both empty when it is absent or kept already."""
    practice_id = seat.home.practice_id
    index = keyring().blind_index(practice_id, name, value) if value else None
    if value is None or (seat.kept and getattr(seat.kept, f"{name}_index") == index):
        return {f"{name}_sealed": None, f"{name}_index": None}
    place = Place(table, name, practice_id, seat.id)
    return {f"{name}_sealed": keyring().seal(place, value.encode()), f"{name}_index": index}


def _sealed_unless_same(born: str | None, seat: Seat) -> bytes | None:
    """Return the insured's birth date sealed; it has no index, so one kept is opened to compare."""
    if born is None:
        return None
    place = Place("policies", "insured_birth_date", seat.home.practice_id, seat.id)
    kept = seat.kept.insured_birth_date_sealed if seat.kept else None
    if kept and keyring().open(place, kept).decode() == born:
        return None
    return keyring().seal(place, born.encode())


def _birth_shape(name: str, born: str | None, seat: Seat) -> Shape | None:
    if born is None:
        return None
    shape = birth_date_shape(born, today=seat.home.today)
    if shape is not Shape.WELL_FORMED:
        raise WrongValue("This can't be a birth date.", field=name)
    return shape


def _payer(source_id: str | None, home: Home) -> KnownPayer | None:
    if source_id is None:
        return None
    payer = home.payers.get(source_id)
    if payer is None:
        raise WrongValue("No payer of this practice has this id.", field="payer_id")
    return payer
