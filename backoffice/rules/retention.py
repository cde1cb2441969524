"""How long a practice's records are kept: years by state, for adults and for minors, with sources.

The custodian is the practice; we keep what we hold for it at least as long as its state asks of its
licensees. Where a state has rules for several professions the longest for outpatient mental health
is taken. VERIFIED: read in the text named. ASSUMED: not looked up, so DEFAULT applies, which is
longer than any rule found. No federal rule sets years for patient records: HIPAA's six (45 CFR
164.316(b)(2), 164.530(j)) are for its own documents, and Medicare Advantage asks ten of its
contractors (42 CFR 422.504(d)).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Standing(StrEnum):
    """How sure we are of a rule."""

    VERIFIED = "verified"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class RetentionRule:
    """Years after the last service; for who was a minor then, also at least until an age."""

    years: int
    minor_until_age: int
    source: str
    standing: Standing


DEFAULT: Final = RetentionRule(
    10,
    28,
    "No rule looked up: ten years after the last service, and ten after the eighteenth birthday.",
    Standing.ASSUMED,
)
_V = Standing.VERIFIED

RULES: Final[Mapping[str, RetentionRule]] = MappingProxyType(
    {
        "AZ": RetentionRule(6, 21, "Ariz. Rev. Stat. 12-2297: 6 years; minors also to 21.", _V),
        "CA": RetentionRule(
            7, 25, "Cal. Bus. & Prof. Code 2919, 4989.51, 4999.75: 7 years; minors 18 + 7.", _V
        ),
        "FL": RetentionRule(
            7, 25, "Fla. Admin. Code 64B4-9.001, 64B19-19.003 (3 + 4): 7 years; minors ours.", _V
        ),
        "ME": RetentionRule(
            7, 25, "02-416 C.M.R. ch. 17 s. 2: 7 years; minors 18 + 7 (02-415 ch. 9: 7).", _V
        ),
        "NY": RetentionRule(6, 22, "8 NYCRR 29.2(a)(3): 6 years; minors also to 21 + 1.", _V),
        "TX": RetentionRule(7, 23, "22 TAC 681.36(b): 7 years; minors also 18 + 5.", _V),
        "WA": RetentionRule(8, 22, "WAC 246-924-354(2): 8 years; minors also to 22.", _V),
    }
)
"""By the state where the practice stands, two letters."""

ADULT_AT: Final = 18


def rule_for(state: str) -> RetentionRule:
    """Return a state's rule, the long default where none was looked up."""
    return RULES.get(state.strip().upper(), DEFAULT)


def keep_until(state: str, *, last_service_on: date, born_on: date | None) -> date:
    """Return the last day on which a client's records must still be there.

    A client whose birth date is not known is taken for a minor born on the day of service: nothing
    goes too early for want of a date.
    """
    rule = rule_for(state)
    kept = _years_after(last_service_on, rule.years)
    born = born_on or last_service_on
    if last_service_on < _years_after(born, ADULT_AT):
        kept = max(kept, _years_after(born, rule.minor_until_age))
    return kept


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February, in a year without one
        return date(day.year + years, 3, 1)
