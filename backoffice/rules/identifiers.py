"""Identifiers: their form, their check digits, how they are cleaned and how they are masked."""

import re
from enum import Enum, auto

from backoffice.rules.claim_facts import TaxIdKind

PCN_LONGEST = 17
PCN_LONGEST_ON_THE_WIRE = 20
_NPI = re.compile(r"[12][0-9]{9}")
_TAXONOMY = re.compile(r"[A-Z0-9]{9}X")
_EIN_AS_PRINTED = re.compile(r"\d{2}-\d{7}")
_SSN_AS_PRINTED = re.compile(r"\d{3}[- ]\d{2}[- ]\d{4}")
_SEPARATORS = re.compile(r"[\s.\-()/–]+")
_PCN = re.compile(r"C[0-9A-Z]{10,16}")
# Crockford's digits: no I, L, O, U, so that a number survives being read over the phone.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECKED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CLAIM_DIGITS = 7
_ATTEMPT_DIGITS = 2


class MalformedIdentifier(ValueError):
    """The text can't be this kind of identifier. The message never repeats it."""


class MalformedTaxId(MalformedIdentifier):
    """Not nine digits."""


class MalformedZip(MalformedIdentifier):
    """Neither five nor nine digits."""


class MalformedPhone(MalformedIdentifier):
    """Not ten digits of the North American plan."""


class MalformedMemberId(MalformedIdentifier):
    """Something other than letters and digits, or fewer than two of them."""


class NumberOutOfRange(ValueError):
    """A sequence or attempt number that a patient control number can't carry."""


class NpiFault(Enum):
    """Why an NPI is no NPI."""

    MISSING = auto()
    FORM = auto()
    CHECK_DIGIT = auto()


def npi_fault(npi: str) -> NpiFault | None:
    """Return what is wrong with an NPI: ten digits, first 1 or 2, Luhn over 80840 + NPI."""
    if not npi:
        return NpiFault.MISSING
    if not _NPI.fullmatch(npi):
        return NpiFault.FORM
    # The prefix 80840 always adds 24 to the Luhn sum.
    doubled = (int(digit) * 2 for digit in npi[-2::-2])
    plain = (int(digit) for digit in npi[-1::-2])
    luhn = 24 + sum(plain) + sum(value // 10 + value % 10 for value in doubled)
    return NpiFault.CHECK_DIGIT if luhn % 10 else None


def npi_is_valid(npi: str) -> bool:
    """Tell whether the text is a well-formed NPI with the right check digit."""
    return npi_fault(npi) is None


def taxonomy_is_well_formed(taxonomy: str) -> bool:
    """Tell whether the text has the form of a provider taxonomy code (PRV03)."""
    return bool(_TAXONOMY.fullmatch(taxonomy))


def clean_tax_id(text: str) -> str:
    """Return the nine digits of an EIN or SSN in any punctuation; else raise MalformedTaxId."""
    digits = _SEPARATORS.sub("", text)
    if not _is_digits(digits, 9) or digits == "000000000":
        raise MalformedTaxId
    return digits


def tax_id_kind_as_printed(text: str) -> TaxIdKind | None:
    """Return which kind its punctuation shows: 12-3456789 an EIN, 123-45-6789 an SSN."""
    text = text.strip()
    if _EIN_AS_PRINTED.fullmatch(text):
        return TaxIdKind.EIN
    return TaxIdKind.SSN if _SSN_AS_PRINTED.fullmatch(text) else None


def masked_tax_id(last_four: str, kind: TaxIdKind | None) -> str:
    """Return a tax id for a page, all but its last four digits hidden; empty stays empty."""
    if not last_four:
        return ""
    hidden = "•••-••-" if kind is TaxIdKind.SSN else "••-•••"
    return hidden + last_four[-4:]


def masked_ssn(ssn: str) -> str:
    """Return a client's SSN for a page: its last four digits only."""
    return masked_tax_id(ssn[-4:], TaxIdKind.SSN)


def clean_zip(text: str) -> str:
    """Return a US ZIP as five or nine digits; else raise MalformedZip."""
    digits = re.sub(r"[\s\-]", "", text)
    if not _is_digits(digits, 5) and not _is_digits(digits, 9):
        raise MalformedZip
    return digits


def clean_phone(text: str) -> str:
    """Return ten digits; a leading 1 or +1 goes. Area and exchange never start with 0 or 1."""
    digits = _SEPARATORS.sub("", text.strip().removeprefix("+"))
    if len(digits) == 11:
        digits = digits.removeprefix("1")
    if not phone_is_valid(digits):
        raise MalformedPhone
    return digits


def phone_is_valid(digits: str) -> bool:
    """Tell whether ten digits can be a US phone number (PER04 with TE)."""
    return _is_digits(digits, 10) and digits[0] > "1" and digits[3] > "1"


def clean_member_id(text: str) -> str:
    """Return a member id as payers match it: upper case, no spaces or dashes (NM109 with MI)."""
    cleaned = re.sub(r"[\s\-–]", "", text).upper()
    if not 2 <= len(cleaned) <= 80 or not cleaned.isascii() or not cleaned.isalnum():
        raise MalformedMemberId
    return cleaned


def fits_pattern(value: str, pattern: str) -> bool:
    """Tell whether the whole value fits a payer's pattern; no or a broken pattern fits all."""
    try:
        return not pattern or re.fullmatch(pattern, value) is not None
    except re.error:
        return True


def patient_control_number(sequence: int, attempt: int) -> str:
    """Return our number for one attempt at one claim (CLM01, back in CLP01).

    C, the claim's sequence number, two digits of attempt, and a check character (ISO 7064,
    mod 37,36) over all of it, so that a slip of the pen is no other claim's number. At least
    eleven, at most 17 of [A-Z0-9]; looked up afterwards, never parsed.
    """
    if sequence < 1 or not 1 <= attempt < len(_DIGITS) ** _ATTEMPT_DIGITS:
        raise NumberOutOfRange
    body = "C" + _in_digits(sequence, _CLAIM_DIGITS) + _in_digits(attempt, _ATTEMPT_DIGITS)
    if len(body) >= PCN_LONGEST:
        raise NumberOutOfRange
    return body + _check_character(body)


def is_patient_control_number(text: str) -> bool:
    """Tell whether the text is a control number of our making, its check character right."""
    return bool(_PCN.fullmatch(text)) and _check_character(text[:-1]) == text[-1]


def _in_digits(number: int, width: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, len(_DIGITS))
        digits = _DIGITS[rest] + digits
    return digits.rjust(width, "0")


def _check_character(body: str) -> str:
    product = 36
    for character in body:
        product = (product + _CHECKED.index(character)) % 36 or 36
        product = product * 2 % 37
    return _CHECKED[(37 - product) % 36]


def _is_digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()
