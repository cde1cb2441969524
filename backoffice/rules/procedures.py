"""Procedure codes: their form, and which psychotherapy codes stand on or exclude each other.

Codes only: CPT is the AMA's, so no description is shipped. The sets are from our own design page;
what is marked [K] is common knowledge not yet checked against the CPT book.
"""

import re
from collections.abc import Collection
from typing import Final

_CPT = re.compile(r"[0-9]{4}[0-9A-Z]")  # category I, II (F), III (T), and PLA codes
_HCPCS = re.compile(r"[A-Z][0-9]{4}")
_MODIFIER = re.compile(r"[A-Z0-9]{2}")

MOST_MODIFIERS: Final = 4
PSYCHOTHERAPY: Final = frozenset({"90832", "90834", "90837"})  # exclude each other per session
DIAGNOSTIC_EVALUATIONS: Final = frozenset({"90791", "90792"})
PSYCHOTHERAPY_WITH_EVALUATION: Final = frozenset({"90833", "90836", "90838"})
CRISIS: Final = "90839"
CRISIS_ADD_ON: Final = "90840"
COMPLEXITY_ADD_ON: Final = "90785"
ADD_ONS: Final = PSYCHOTHERAPY_WITH_EVALUATION | {COMPLEXITY_ADD_ON, CRISIS_ADD_ON}
GROUP_PSYCHOTHERAPY: Final = "90853"
# [K] what the complexity add-on may stand on.
COMPLEXITY_BASES: Final = (
    PSYCHOTHERAPY
    | DIAGNOSTIC_EVALUATIONS
    | PSYCHOTHERAPY_WITH_EVALUATION
    | frozenset({GROUP_PSYCHOTHERAPY})
)
ONE_PER_SESSION: Final = (
    PSYCHOTHERAPY
    | DIAGNOSTIC_EVALUATIONS
    | PSYCHOTHERAPY_WITH_EVALUATION
    | frozenset({CRISIS, COMPLEXITY_ADD_ON})
)

AUDIO_VIDEO_MODIFIERS: Final = frozenset({"95", "GT"})
AUDIO_ONLY_MODIFIERS: Final = frozenset({"93", "FQ"})
TELEHEALTH_MODIFIERS: Final = AUDIO_VIDEO_MODIFIERS | AUDIO_ONLY_MODIFIERS
# [K] they say that two services were separate or repeated.
DISTINCT_SERVICE_MODIFIERS: Final = frozenset({"59", "76", "77", "XE", "XP", "XS", "XU"})


def procedure_code_is_well_formed(code: str) -> bool:
    """Tell whether a code has the form of CPT or HCPCS II (SV101-2, Box 24D)."""
    return bool(_CPT.fullmatch(code) or _HCPCS.fullmatch(code))


def modifier_is_well_formed(modifier: str) -> bool:
    """Tell whether a modifier is two of [A-Z0-9] (SV101-3 to 6)."""
    return bool(_MODIFIER.fullmatch(modifier))


def is_evaluation_and_management(code: str) -> bool:
    """Tell whether a code lies in CPT's evaluation and management range [K: 99202 to 99499]."""
    return len(code) == 5 and code.isascii() and code.isdigit() and 99202 <= int(code) <= 99499


def add_ons_without_base(codes: Collection[str]) -> tuple[str, ...]:
    """Return the add-on codes of one day whose base code isn't there, in order."""
    return tuple(sorted(code for code in set(codes) & ADD_ONS if not _has_base(code, codes)))


def exclusive_codes(codes: Collection[str]) -> tuple[str, ...]:
    """Return the psychotherapy codes of one day that exclude each other, in order; mostly none."""
    together = sorted(set(codes) & PSYCHOTHERAPY)
    return tuple(together) if len(together) > 1 else ()


def _has_base(add_on: str, codes: Collection[str]) -> bool:
    if add_on == CRISIS_ADD_ON:
        return CRISIS in codes
    if add_on == COMPLEXITY_ADD_ON:
        return not COMPLEXITY_BASES.isdisjoint(codes)
    return any(map(is_evaluation_and_management, codes))
