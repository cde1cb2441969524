"""Reads what people type into the form the records keep it in, by the rules, or says what is wrong.

Every reader takes the text of one field; an empty text is an empty value, never a refusal: what is
missing is a finding, not an error.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from backoffice.rules.claim_facts import PayerOrder, Sex
from backoffice.rules.codes import PLACE_WORDS, PLACES_OF_SERVICE, RELATIONSHIPS, STATES
from backoffice.rules.dates import UnknownTimeZone, time_zone
from backoffice.rules.icd10 import DiagnosisFault, diagnosis_fault, without_dot
from backoffice.rules.identifiers import (
    MalformedMemberId,
    MalformedPhone,
    MalformedTaxId,
    MalformedZip,
    clean_member_id,
    clean_phone,
    clean_tax_id,
    clean_zip,
    npi_is_valid,
    taxonomy_is_well_formed,
)
from backoffice.rules.money import NotMoney, dollars
from backoffice.rules.procedures import modifier_is_well_formed, procedure_code_is_well_formed
from backoffice.rules.readiness import BillingType, EnrollmentStatus, Shape, birth_date_shape
from backoffice.services.refusal import Refused

Code = TypeVar("Code", bound=StrEnum)
Reader = Callable[[str], Any]
Options = Sequence[tuple[str, str]]
_DAY_FORMS = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y")
_LONGEST_TEXT = 120

SEXES: Options = (("", "Not known yet"), ("F", "Female"), ("M", "Male"), ("U", "Unknown"))
BILLING_TYPES: Options = ((BillingType.INSURANCE, "Insurance"), (BillingType.SELF_PAY, "Self-pay"))
RELATIONS: Options = (("", "Not known yet"), *RELATIONSHIPS.items())
PAYER_ORDERS: Options = (("P", "Primary"), ("S", "Secondary"), ("T", "Tertiary"))
PLACES: Options = (
    ("", "Not known yet"),
    *(
        (code, f"{code} {PLACE_WORDS[code]}" if code in PLACE_WORDS else code)
        for code in sorted(PLACES_OF_SERVICE, key=lambda code: (code not in PLACE_WORDS, code))
    ),
)


class WrongValue(Refused):
    """What was typed into one field can't be kept. The words never repeat it."""

    code = "wrong_value"

    @property
    def problems(self) -> Mapping[str, str]:
        """Return what is wrong, by field."""
        return {self.field: self.words}


class WrongValues(WrongValue):
    """What was typed into several fields can't be kept."""

    code = "wrong_values"

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Keep what is wrong by field; the words are those of the first."""
        field, words = next(iter(problems.items()))
        super().__init__(words, field=field)
        self._problems = dict(problems)

    @property
    def problems(self) -> Mapping[str, str]:
        """Return what is wrong, by field."""
        return self._problems


def text(typed: str) -> str:
    """Return a text with its white space folded, at most 120 characters."""
    folded = re.sub(r"\s+", " ", typed).strip()
    if len(folded) > _LONGEST_TEXT:
        raise WrongValue(f"At most {_LONGEST_TEXT} characters.")
    return folded


def day(typed: str) -> date | None:
    """Return a day typed as 2026-11-22 or 11/22/2026."""
    if not typed.strip():
        return None
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(typed.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise WrongValue("Type a day like 11/22/2026.")


def birth_date(typed: str, *, today: date) -> str | None:
    """Return a birth date as ISO text; nobody is born tomorrow or 130 years ago."""
    born = day(typed)
    if born is None:
        return None
    written = born.isoformat()
    if birth_date_shape(written, today=today) is not Shape.WELL_FORMED:
        raise WrongValue("This can't be a birth date.")
    return written


def sex(typed: str) -> Sex | None:
    """Return the sex the payer has on file."""
    return _of(Sex, typed)


def npi(typed: str) -> str | None:
    """Return an NPI whose digits check."""
    digits = re.sub(r"\s", "", typed)
    if digits and not npi_is_valid(digits):
        raise WrongValue("This is no NPI: ten digits, the last of which checks the others.")
    return digits or None


def taxonomy(typed: str) -> str | None:
    """Return a taxonomy code, ten characters ending in X."""
    code = typed.strip().upper()
    if code and not taxonomy_is_well_formed(code):
        raise WrongValue("A taxonomy code has ten characters and ends in X, as 1041C0700X.")
    return code or None


def phone(typed: str) -> str:
    """Return a phone as ten digits."""
    if not typed.strip():
        return ""
    try:
        return clean_phone(typed)
    except MalformedPhone as wrong:
        raise WrongValue("Type area code and number, ten digits.") from wrong


def zip_code(typed: str) -> str:
    """Return a ZIP as five or nine digits."""
    if not typed.strip():
        return ""
    try:
        return clean_zip(typed)
    except MalformedZip as wrong:
        raise WrongValue("A ZIP has five or nine digits.") from wrong


def state(typed: str) -> str:
    """Return a state's two letters."""
    letters = typed.strip().upper()
    if letters and letters not in STATES:
        raise WrongValue("Type the two letters of the state, as ME.")
    return letters


def member_id(typed: str) -> str | None:
    """Return a member id in upper case without spaces or dashes."""
    if not typed.strip():
        return None
    try:
        return clean_member_id(typed)
    except MalformedMemberId as wrong:
        raise WrongValue("A member ID has letters and digits only, at least two.") from wrong


def tax_id(typed: str) -> str | None:
    """Return an EIN or SSN as nine digits."""
    if not typed.strip():
        return None
    try:
        return clean_tax_id(typed)
    except MalformedTaxId as wrong:
        raise WrongValue("A tax ID has nine digits.") from wrong


def place_of_service(typed: str) -> str | None:
    """Return a place of service code (CLM05-1, Box 24B)."""
    code = typed.strip()
    if code and code not in PLACES_OF_SERVICE:
        raise WrongValue("This is no place of service code.")
    return code or None


def diagnosis_codes(typed: str, *, on: date) -> list[str]:
    """Return ICD-10-CM codes in order, without dots; what surely is no billable code is refused."""
    codes = [without_dot(code) for code in re.split(r"[\s,;]+", typed) if code]
    words = {
        DiagnosisFault.FORM: "has not the form of an ICD-10 code",
        DiagnosisFault.DOTTED: "has not the form of an ICD-10 code",
        DiagnosisFault.UNKNOWN: "is no ICD-10-CM code on that day",
        DiagnosisFault.CATEGORY: "is a category: a more exact code is needed",
    }
    for position, code in enumerate(codes, start=1):
        if (fault := diagnosis_fault(code, on)) in words:
            raise WrongValue(f"Diagnosis {position} {words[fault]}.")
    return codes


def procedure_code(typed: str) -> str:
    """Return a CPT or HCPCS code in upper case."""
    code = typed.strip().upper()
    if code and not procedure_code_is_well_formed(code):
        raise WrongValue("A procedure code has five characters, as 90837.")
    return code


def modifiers(typed: str) -> list[str]:
    """Return modifiers in order; four at most is the scrub's to say."""
    codes = [code for code in re.split(r"[\s,;]+", typed.upper()) if code]
    if not all(map(modifier_is_well_formed, codes)):
        raise WrongValue("A modifier has two characters, as 95.")
    return codes


def units(typed: str) -> Decimal | None:
    """Return units above zero, at most three decimals (SV104)."""
    if not typed.strip():
        return None
    try:
        count = Decimal(typed.strip())
    except InvalidOperation as wrong:
        raise WrongValue("Type a number of units, as 1.") from wrong
    if not count.is_finite() or not 0 < count < 1000 or count != round(count, 3):
        raise WrongValue("Units are above zero, with three decimals at most.")
    return count


def pointers(typed: str) -> list[int]:
    """Return which diagnoses a line points to, from 1; none means all, to four (SV107)."""
    parts = [part for part in re.split(r"[\s,;]+", typed) if part]
    if not all(part.isdecimal() and 1 <= int(part) <= 12 for part in parts):
        raise WrongValue("Type the places of diagnoses, as 1 2.")
    return [int(part) for part in parts]


def charge(typed: str) -> Decimal | None:
    """Return dollars and cents, not below zero."""
    if not typed.strip():
        return None
    try:
        amount = dollars(typed)
    except NotMoney as wrong:
        raise WrongValue("Type an amount like 125.00.") from wrong
    if amount < 0:
        raise WrongValue("A charge is not below zero.")
    return amount


def relationship_code(typed: str) -> str:
    """Return the client's relationship to the insured (SBR02, PAT01)."""
    code = typed.strip().upper()
    if code and code not in RELATIONSHIPS:
        raise WrongValue("Choose one of the relationships.")
    return code


def payer_order(typed: str) -> PayerOrder:
    """Return in which turn a policy pays (SBR01)."""
    return _of(PayerOrder, typed) or PayerOrder.PRIMARY


def billing_type(typed: str) -> BillingType:
    """Return who pays for a client's sessions."""
    return _of(BillingType, typed) or BillingType.INSURANCE


def enrollment_status(typed: str) -> EnrollmentStatus:
    """Return how far an enrollment has come."""
    status = _of(EnrollmentStatus, typed)
    if status is None:
        raise WrongValue("Choose a status.")
    return status


def count_of_uses(typed: str) -> int | None:
    """Return how many sessions a payer allowed, above zero."""
    if not typed.strip():
        return None
    if not typed.strip().isdecimal() or int(typed) < 1:
        raise WrongValue("Type how many sessions were allowed, as 12.")
    return int(typed)


def zone(typed: str) -> str:
    """Return a time zone's name."""
    try:
        time_zone(typed.strip())
    except UnknownTimeZone as wrong:
        raise WrongValue("This time zone is not known.") from wrong
    return typed.strip()


def row_id(typed: str) -> UUID | None:
    """Return the id of a chosen row."""
    try:
        return UUID(typed.strip()) if typed.strip() else None
    except ValueError as wrong:
        raise WrongValue("Choose one of the list.") from wrong


def yes(typed: str) -> bool:
    """Return whether a box was ticked."""
    return typed.strip().lower() in {"y", "yes", "1", "on", "true"}


def read(field: str, reader: Reader, typed: str, label: str = "") -> Any:
    """Read one field; what is wrong is said of that field."""
    try:
        return reader(typed)
    except WrongValue as wrong:
        raise WrongValue(wrong.words, field=label or field) from wrong


@dataclass(frozen=True)
class Blank:
    """One value that may be typed: its column, what the field is called and how it is read."""

    name: str
    label: str
    reader: Reader
    kind: str = ""  # how it looks: "id" for what is read aloud, "num" for figures
    options: Options = ()
    type: str = "text"
    hint: str = ""


def _of(kind: type[Code], typed: str) -> Code | None:
    if not typed.strip():
        return None
    try:
        return kind(typed.strip())
    except ValueError as wrong:
        raise WrongValue("Choose one of the list.") from wrong
