"""Shapes of encrypted values, judged in the moment a value is written."""

from datetime import date

from backoffice.rules.dates import birth_date_is_possible
from backoffice.rules.identifiers import (
    MalformedMemberId,
    MalformedTaxId,
    clean_member_id,
    clean_tax_id,
    fits_pattern,
)
from backoffice.rules.readiness.vocabulary import Shape


def tax_id_shape(text: str) -> Shape:
    """Return the shape of an EIN or SSN in any punctuation."""
    if not text.strip():
        return Shape.ABSENT
    try:
        clean_tax_id(text)
    except MalformedTaxId:
        return Shape.MALFORMED
    return Shape.WELL_FORMED


def member_id_shape(text: str, pattern: str = "") -> Shape:
    """Return the shape of a member id; `pattern` is the payer's own, for the cleaned id."""
    if not text.strip():
        return Shape.ABSENT
    try:
        cleaned = clean_member_id(text)
    except MalformedMemberId:
        return Shape.MALFORMED
    return Shape.WELL_FORMED if fits_pattern(cleaned, pattern) else Shape.MALFORMED


def birth_date_shape(text: str, *, today: date) -> Shape:
    """Return the shape of a birth date in ISO text: no day ahead, nobody older than 130."""
    if not text.strip():
        return Shape.ABSENT
    try:
        born = date.fromisoformat(text.strip())
    except ValueError:
        return Shape.MALFORMED
    return Shape.WELL_FORMED if birth_date_is_possible(born, today) else Shape.MALFORMED
