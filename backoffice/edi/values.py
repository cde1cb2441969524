"""One element in or out: amounts, quantities, days, clock times; exact, never a float."""

import re
from datetime import date, time
from decimal import Decimal
from functools import lru_cache

CENT = Decimal("0.01")
_NUMBER = re.compile(r"-?(?:\d{1,15}(?:\.\d{0,9})?|\.\d{1,9})", re.ASCII)
_DOLLARS_AND_CENTS = re.compile(r"-?\d{1,15}\.\d\d", re.ASCII)
_DAY = re.compile(r"\d{8}", re.ASCII)
_CLOCK = re.compile(r"\d{4}(?:\d{2}(?:\d{1,2})?)?", re.ASCII)


class UnreadableValue(ValueError):
    """An element that is not what its type says. Carries no value: it may be personal."""


class NotWritable(ValueError):
    """A value of ours that X12 has no form for, such as a fraction of a cent."""


@lru_cache(maxsize=8192)
def quantity(text: str) -> Decimal:
    """Read a decimal number (type R): `1`, `-2.5`, `.5`; no exponent, plus sign or spaces."""
    if _NUMBER.fullmatch(text) is None:
        raise UnreadableValue("not a decimal number")
    return Decimal(text)


@lru_cache(maxsize=8192)
def amount(text: str) -> Decimal:
    """Read dollars (type R, CLM02, CLP04 ...) as a Decimal of exactly two places.

    `100`, `85.5`, `-12.250` are read; a fraction of a cent is refused, never rounded.
    """
    if _DOLLARS_AND_CENTS.fullmatch(text):
        return Decimal(text)
    number = quantity(text)
    cents = number.quantize(CENT)
    if cents != number:
        raise UnreadableValue("an amount with a fraction of a cent")
    return cents


def number_text(number: Decimal) -> str:
    """Write a decimal number the X12 way: no plus sign, exponent, thousands or trailing zeros."""
    if not number.is_finite():
        raise NotWritable("not a finite number")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def amount_text(dollars: Decimal) -> str:
    """Write dollars: `175`, `85.5`. A fraction of a cent raises NotWritable."""
    if not dollars.is_finite() or dollars != dollars.quantize(CENT):
        raise NotWritable("an amount with a fraction of a cent")
    return number_text(dollars)


@lru_cache(maxsize=4096)
def day(text: str) -> date:
    """Read a day, CCYYMMDD (type DT; D8 in DTP02)."""
    if _DAY.fullmatch(text) is None:
        raise UnreadableValue("not a day written CCYYMMDD")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise UnreadableValue("a day that the calendar does not have") from None


def day_text(value: date) -> str:
    """Write a day, CCYYMMDD."""
    return value.strftime("%Y%m%d") if value.year > 999 else f"{value.year:04}{value:%m%d}"


def days(text: str, qualifier: str = "D8") -> tuple[date, date]:
    """Read a period: one day for D8, CCYYMMDD-CCYYMMDD for RD8 (DTP02, DTP03)."""
    if qualifier == "D8":
        only = day(text)
        return only, only
    if qualifier != "RD8":
        raise UnreadableValue("a period in a format that is neither D8 nor RD8")
    first, dash, last = text.partition("-")
    if not dash:
        raise UnreadableValue("not a period written CCYYMMDD-CCYYMMDD")
    period = day(first), day(last)
    if period[1] < period[0]:
        raise UnreadableValue("a period that ends before it begins")
    return period


def days_text(first: date, last: date) -> tuple[str, str]:
    """Write a period as (DTP02, DTP03): D8 for one day, RD8 for more."""
    if last < first:
        raise NotWritable("a period that ends before it begins")
    if first == last:
        return "D8", day_text(first)
    return "RD8", f"{day_text(first)}-{day_text(last)}"


def clock(text: str) -> time:
    """Read a wall-clock time, HHMM, HHMMSS or with hundredths (type TM). X12 has no time zone."""
    if _CLOCK.fullmatch(text) is None:
        raise UnreadableValue("not a time written HHMM")
    try:
        return time(int(text[:2]), int(text[2:4]), int(text[4:6] or 0))
    except ValueError:
        raise UnreadableValue("a time that the clock does not have") from None


def clock_text(value: time) -> str:
    """Write a wall-clock time, HHMM."""
    return f"{value:%H%M}"


def short_day(text: str) -> date:
    """Read the interchange header's day, YYMMDD (ISA09), in the century that X12 5010 lives in."""
    if not (len(text) == 6 and text.isascii() and text.isdigit()):
        raise UnreadableValue("not a day written YYMMDD")
    return day(f"20{text}")
