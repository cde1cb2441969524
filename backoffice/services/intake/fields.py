"""The columns of our own CSV formats: what each means, and how its text is read.

What the rules of readiness judge (an NPI, a ZIP, a diagnosis code ...) is kept as it was given and
shows up as missing information; what a column can't hold (no day, no amount) refuses the row.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from backoffice.rules.claim_facts import Sex
from backoffice.rules.codes import RELATIONSHIPS
from backoffice.rules.icd10 import without_dot
from backoffice.rules.identifiers import (
    MalformedMemberId,
    MalformedPhone,
    MalformedZip,
    clean_member_id,
    clean_phone,
    clean_zip,
)
from backoffice.rules.money import LARGEST
from backoffice.rules.readiness import AppointmentStatus, BillingType
from backoffice.services import typed_values as typed
from backoffice.services.typed_values import Reader, WrongValue

MOST_LINES = 12
_EARLIEST_DAY = date(1875, 1, 1)
_ID_LENGTH = 120
_YES = {"y", "yes", "1", "true", "t", "signed"}
_NO = {"n", "no", "0", "false", "f", "unsigned"}


@dataclass(frozen=True)
class Field:
    """One column: its name, how it is read, what it means, whether a row must have it.

    `refers` names the kind whose id it holds.
    """

    name: str
    read: Reader
    words: str
    needed: bool = False
    refers: str = ""


def source_id(text: str) -> str | None:
    """Return an id of the source's own, as it stands."""
    cleaned = text.strip()
    if len(cleaned) > _ID_LENGTH:
        raise WrongValue(f"An id has at most {_ID_LENGTH} characters.")
    return cleaned or None


def words(text: str) -> str | None:
    """Return a text with its white space folded; empty is nothing."""
    return typed.text(text) or None


def day(text: str) -> date | None:
    """Return a day between 1875 and 2199."""
    found = typed.day(text)
    if found is not None and not _EARLIEST_DAY <= found < date(2200, 1, 1):
        raise WrongValue("This day can't be right.")
    return found


def moment(text: str) -> datetime | None:
    """Return a moment with its offset: 2026-11-22T15:00:00Z."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as wrong:
        raise WrongValue("Write a moment like 2026-11-22T15:00:00Z.") from wrong
    if found.tzinfo is None:
        raise WrongValue("A moment needs its offset, as 2026-11-22T15:00:00-05:00.")
    day(found.date().isoformat())
    return found.astimezone(UTC)


def birth_date(text: str) -> str | None:
    """Return a day of birth in ISO text, not ahead and not before 1875."""
    found = day(text)
    return found.isoformat() if found else None


def kept_phone(text: str) -> str | None:
    """Return ten digits; what is no phone is kept and found by readiness."""
    try:
        return clean_phone(text) if text.strip() else None
    except MalformedPhone:
        return words(text)


def kept_zip(text: str) -> str | None:
    """Return five or nine digits; anything else is kept and found by readiness."""
    try:
        return clean_zip(text) if text.strip() else None
    except MalformedZip:
        return words(text)


def kept_member_id(text: str) -> str | None:
    """Return a member id as payers match it; a malformed one is kept and found by readiness."""
    try:
        return clean_member_id(text) if text.strip() else None
    except MalformedMemberId:
        return words(text)


def kept_code(text: str) -> str | None:
    """Return a code in capitals without spaces; readiness says whether it is one."""
    return words(re.sub(r"\s", "", text).upper())


def codes(text: str) -> list[str] | None:
    """Return codes in order, parted by spaces, commas or semicolons."""
    return [code for code in re.split(r"[\s,;|]+", text.upper()) if code] or None


def diagnoses(text: str) -> list[str] | None:
    """Return ICD-10-CM codes in order, without dots."""
    return [without_dot(code) for code in codes(text) or ()] or None


def digits_of_ssn(text: str) -> str | None:
    """Return nine digits of an SSN in any punctuation."""
    if not text.strip():
        return None
    digits = re.sub(r"[\s\-]", "", text)
    if not (digits.isascii() and digits.isdigit() and len(digits) == 9):
        raise WrongValue("An SSN has nine digits.")
    return digits


def charge(text: str) -> Decimal | None:
    """Return dollars and cents, not below zero, at most 99,999,999.99."""
    amount = typed.charge(text)
    if amount is not None and amount > LARGEST:
        raise WrongValue("No claim can carry this amount.")
    return amount


def yes_or_no(text: str) -> bool | None:
    """Return yes or no; empty is neither."""
    answer = text.strip().casefold()
    if answer and answer not in _YES | _NO:
        raise WrongValue("Write yes or no.")
    return answer in _YES if answer else None


def relationship(text: str) -> str | None:
    """Return the client's relationship to the insured: its code or its word."""
    given = text.strip()
    by_word = {word.casefold(): code for code, word in RELATIONSHIPS.items()}
    code = by_word.get(given.casefold(), given.upper())
    if code and code not in RELATIONSHIPS:
        raise WrongValue("Write one of " + ", ".join(RELATIONSHIPS.values()) + ".")
    return code or None


def one_of(kind: Callable[[str], Any], options: Mapping[str, str], text: str) -> Any:
    """Return a choice by its word or its short form."""
    given = text.strip().casefold().replace("-", "_").replace(" ", "_")
    if not given:
        return None
    chosen = options.get(given, text.strip())
    try:
        return kind(chosen)
    except ValueError as wrong:
        raise WrongValue("Write one of " + ", ".join(sorted(set(options))) + ".") from wrong


_SEXES = {"f": "F", "m": "M", "u": "U", "female": "F", "male": "M", "unknown": "U"}
_ORDERS = {"p": "P", "s": "S", "t": "T", "primary": "P", "secondary": "S", "tertiary": "T"}
_sex = partial(one_of, Sex, _SEXES)
_order = partial(one_of, typed.payer_order, _ORDERS)
_status = partial(one_of, AppointmentStatus, {each.value: each.value for each in AppointmentStatus})
_billing_type = partial(one_of, BillingType, {each.value: each.value for each in BillingType})
_SOLO_OR_GROUP = partial(one_of, str, {"solo": "solo", "group": "group"})

_PRACTICE = Field("practice_id", source_id, "the practice's id; where one export holds several")
_ID = Field("id", source_id, "the source's own id, the same in every export", needed=True)


def _address(of: str = "", prefix: str = "") -> tuple[Field, ...]:
    return (
        Field(f"{prefix}street", words, f"{of}first line of the street address"),
        Field(f"{prefix}street2", words, f"{of}second line"),
        Field(f"{prefix}city", words, f"{of}city"),
        Field(f"{prefix}state", kept_code, f"{of}state, two letters"),
        Field(f"{prefix}zip", kept_zip, f"{of}ZIP, five or nine digits"),
    )


def _lines() -> tuple[Field, ...]:
    made: list[Field] = []
    for at in range(1, MOST_LINES + 1):
        made += [
            Field(f"procedure_code_{at}", kept_code, f"line {at}: CPT or HCPCS code"),
            Field(f"modifiers_{at}", codes, f"line {at}: modifiers in order"),
            Field(f"units_{at}", typed.units, f"line {at}: units"),
            Field(f"charge_{at}", charge, f"line {at}: charge in dollars"),
            Field(f"pointers_{at}", typed.pointers, f"line {at}: which diagnoses, as 1 2"),
        ]
    return tuple(made)


PRACTICES = (
    _ID,
    Field("name", words, "the practice's name", needed=True),
    Field("kind", _SOLO_OR_GROUP, "solo or group"),
    Field("time_zone", words, "as America/New_York, which it is where empty"),
    Field("phone", kept_phone, "phone"),
    *_address(),
    Field("npi", kept_code, "billing provider: NPI (Box 33a)"),
    Field("tax_id", words, "billing provider: EIN or SSN (Box 25)"),
    Field("taxonomy", kept_code, "billing provider: taxonomy code"),
)
LOCATIONS = (
    _PRACTICE,
    _ID,
    Field("name", words, "the location's name (Box 32)", needed=True),
    Field("place_of_service", kept_code, "place of service code (Box 24B)"),
    Field("npi", kept_code, "the location's own NPI"),
    Field("phone", kept_phone, "phone"),
    *_address(),
)
CLINICIANS = (
    _PRACTICE,
    _ID,
    Field("last_name", words, "last name", needed=True),
    Field("first_name", words, "first name"),
    Field("middle_name", words, "middle name"),
    Field("credentials", words, "as LCSW"),
    Field("npi", kept_code, "NPI of the person (Box 24J)"),
    Field("taxonomy", kept_code, "taxonomy code"),
    Field("supervisor_id", source_id, "id of the supervising clinician", refers="clinicians"),
)
PAYERS = (
    _PRACTICE,
    _ID,
    Field("name", words, "the payer's name", needed=True),
    Field("electronic_id", kept_code, "payer id for electronic claims"),
    Field(
        "filing_code", kept_code, "claim filing indicator (SBR09); used for a payer not known yet"
    ),
)
CLIENTS = (
    _PRACTICE,
    _ID,
    Field("last_name", words, "last name, as on the member card"),
    Field("first_name", words, "first name, as on the member card"),
    Field("middle_name", words, "middle name"),
    Field("suffix", words, "as Jr"),
    Field("birth_date", birth_date, "birth date"),
    Field("ssn", digits_of_ssn, "social security number"),
    Field("sex", _sex, "F, M or U, as the payer has it on file"),
    Field("gender_identity", words, "gender identity, in the client's words"),
    Field("phone", kept_phone, "phone"),
    *_address(),
    Field("billing_type", _billing_type, "insurance or self_pay"),
)
POLICIES = (
    _PRACTICE,
    _ID,
    Field("client_id", source_id, "id of the client", needed=True, refers="clients"),
    Field("payer_id", source_id, "id of the payer", refers="payers"),
    Field("payer_order", _order, "P, S or T: in which turn it pays"),
    Field("member_id", kept_member_id, "member id"),
    Field("group_number", words, "group number"),
    Field("group_name", words, "group name"),
    Field("relationship", relationship, "the client is the insured's: self, spouse, child ..."),
    Field("effective_from", day, "first day covered"),
    Field("effective_to", day, "last day covered"),
    Field("insurance_type", kept_code, "why Medicare pays second (SBR05)"),
    Field("insured_last_name", words, "the insured, when not the client: last name"),
    Field("insured_first_name", words, "the insured: first name"),
    Field("insured_birth_date", birth_date, "the insured: birth date"),
    Field("insured_sex", _sex, "the insured: F, M or U"),
    *_address("the insured: ", "insured_"),
)
APPOINTMENTS = (
    _PRACTICE,
    _ID,
    Field("client_id", source_id, "id of the client", needed=True, refers="clients"),
    Field("clinician_id", source_id, "id of the clinician", refers="clinicians"),
    Field("location_id", source_id, "id of the location", refers="locations"),
    Field("served_on", day, "the day, where the practice is; else the day of starts_at"),
    Field("starts_at", moment, "the moment it began, with its offset"),
    Field(
        "status", _status, "scheduled, completed, no_show, cancelled or late_cancelled", needed=True
    ),
    Field("note_signed", yes_or_no, "whether the note is signed; yes where empty"),
    Field("place_of_service", kept_code, "where it differs from the location's"),
    Field("diagnosis_codes", diagnoses, "ICD-10-CM codes in order, the main one first"),
    *_lines(),
)

FIELDS: Mapping[str, Sequence[Field]] = {
    "practices": PRACTICES,
    "payers": PAYERS,
    "locations": LOCATIONS,
    "clinicians": CLINICIANS,
    "clients": CLIENTS,
    "policies": POLICIES,
    "appointments": APPOINTMENTS,
}
"""Every kind of file in the order in which they are taken in, with its columns."""


def read_all(kind: str, given: Mapping[str, str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the values of one row, and (field, words) for each that can't be read."""
    values: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for each in FIELDS[kind]:
        text = given.get(each.name, "")
        try:
            values[each.name] = each.read(text) if text else None
        except WrongValue as refused:
            wrong.append((each.name, refused.words))
            continue
        if each.needed and values[each.name] is None:
            wrong.append((each.name, "This is needed and empty."))
    return values, wrong
