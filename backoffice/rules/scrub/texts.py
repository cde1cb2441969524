"""Lengths and characters: what a claim file can carry of words for people and of codes."""

import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from backoffice.rules.codes import is_x12_text
from backoffice.rules.money import ZERO, is_whole_cents
from backoffice.rules.scrub.codes import ScrubCode
from backoffice.rules.scrub.findings import Place, ScrubFinding, found

Findings = Iterator[ScrubFinding]

# Longest values of 005010X222A1, by element.
LONGEST_NAME = 60
LONGEST_FIRST_NAME = 35
LONGEST_MIDDLE_NAME = 25
LONGEST_SUFFIX = 10
LONGEST_STREET = 55
LONGEST_CITY = 30
LONGEST_REFERENCE = 50
LONGEST_ID = 80
LONGEST_NOTE = 80
# Letters without a decomposition for which plain spellings are settled.
_SPELLED_OUT = frozenset("ßØøÆæŒœŁłĐđÐðÞþ")
_DELIMITERS = frozenset("*~:^")


def words_findings(value: str, place: Place, longest: int) -> Findings:
    """Judge words for people: accents are spelled plainly on the way, lost letters are not."""
    if len(value) > longest:
        yield found(ScrubCode.TOO_LONG, place, longest)
    if loses_letters(value):
        yield found(ScrubCode.NOT_WRITABLE, place)


def code_findings(value: str, place: Place, longest: int = LONGEST_REFERENCE) -> Findings:
    """Judge a code or number, which is written as it is or not at all."""
    if len(value) > longest:
        yield found(ScrubCode.TOO_LONG, place, longest)
    if not is_x12_text(value) or not _DELIMITERS.isdisjoint(value):
        yield found(ScrubCode.NOT_WRITABLE, place)


def amount_findings(amount: Decimal, place: Place) -> Findings:
    """Judge an amount that may be zero."""
    if not is_whole_cents(amount):
        yield found(ScrubCode.AMOUNT_MALFORMED, place)
    elif amount < ZERO:
        yield found(ScrubCode.AMOUNT_NEGATIVE, place)


def loses_letters(text: str) -> bool:
    """Tell whether a letter of the text has no spelling in A to Z."""
    if text.isascii():
        return False
    spread = unicodedata.normalize("NFKD", text)
    return any(
        each.isalpha() and not each.isascii() and each not in _SPELLED_OUT for each in spread
    )
