"""The small code sets we act on: places, relationships, filing codes, states, adjustment groups.

Place of service and state codes are public (CMS, USPS); the words beside codes are our own.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Place of service (CLM05-1, SV105, Box 24B): all codes that CMS has assigned.
PLACES_OF_SERVICE: Final = _words(
    "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 31 32 "
    "33 34 41 42 49 50 51 52 53 54 55 56 57 58 60 61 62 65 66 71 72 81 99"
)
TELEHEALTH_ELSEWHERE: Final = "02"
TELEHEALTH_HOME: Final = "10"
TELEHEALTH_PLACES: Final = frozenset({TELEHEALTH_ELSEWHERE, TELEHEALTH_HOME})
# Our words for the places a mental-health practice meets; other codes stand alone.
PLACE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "02": "Telehealth, client not at home",
        "03": "School",
        "04": "Homeless shelter",
        "10": "Telehealth, client at home",
        "11": "Office",
        "12": "Client's home",
        "14": "Group home",
        "21": "Hospital, inpatient",
        "22": "Hospital, outpatient on campus",
        "31": "Skilled nursing facility",
        "32": "Nursing facility",
        "49": "Independent clinic",
        "50": "Federally qualified health center",
        "51": "Psychiatric inpatient facility",
        "52": "Psychiatric partial hospitalization",
        "53": "Community mental health center",
        "55": "Residential substance use treatment",
        "56": "Psychiatric residential treatment",
        "57": "Outpatient substance use treatment",
        "99": "Other place",
    }
)

SELF: Final = "18"
# The client's relationship to the insured (SBR02 for 18, else PAT01; Box 6).
RELATIONSHIPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "18": "Self",
        "01": "Spouse",
        "19": "Child",
        "20": "Employee",
        "21": "Unknown",
        "39": "Organ donor",
        "40": "Cadaver donor",
        "53": "Life partner",
        "G8": "Other",
    }
)

# Which kind of plan pays (SBR09).
FILING_CODES: Final = _words("11 12 13 14 15 16 17 AM BL CH CI DS FI HM LM MA MB MC OF TV VA WC ZZ")
MEDICARE_FILING_CODES: Final = frozenset({"MA", "MB"})
CHAMPUS: Final = "CH"
# Why Medicare pays second (SBR05), asked only then.
MEDICARE_SECONDARY_TYPES: Final = frozenset(["12", "13", "14", "15", "16", "41", "42", "43", "47"])
# In which turn a coverage pays (SBR01): primary, secondary, tertiary, fourth ..., unknown.
PAYER_TURNS: Final = ("P", "S", "T", "A", "B", "C", "D", "E", "F", "G", "H", "U")

STATES: Final = _words(
    "AA AE AK AL AP AR AS AZ CA CO CT DC DE FL FM GA GU HI IA ID IL IN KS KY LA MA MD ME MH "
    "MI MN MO MP MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR PW RI SC SD TN TX UT VA VI VT "
    "WA WI WV WY"
)

FREQUENCIES: Final = frozenset({"1", "7", "8"})
# Adjustment groups (CAS01). A 5010 835 knows no CR; an 837P still allows it.
REMITTANCE_ADJUSTMENT_GROUPS: Final = frozenset({"CO", "PR", "OA", "PI"})
CLAIM_ADJUSTMENT_GROUPS: Final = REMITTANCE_ADJUSTMENT_GROUPS | {"CR"}

# What a payer did with a claim (CLP02), in our words.
CLAIM_OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1": "Decided as primary",
        "2": "Decided as secondary",
        "3": "Decided as tertiary",
        "4": "Denied",
        "19": "Decided as primary, forwarded to the next payer",
        "20": "Decided as secondary, forwarded to the next payer",
        "21": "Decided as tertiary, forwarded to the next payer",
        "22": "Reversal of an earlier payment",
        "23": "Not this payer's claim, forwarded",
        "25": "Predetermination, no payment",
    }
)

ACCEPT_ASSIGNMENT: Final = frozenset({"A", "B", "C"})  # CLM07
BENEFITS_ASSIGNED: Final = frozenset({"Y", "N", "W"})  # CLM08
RELEASE_OF_INFORMATION: Final = frozenset({"Y", "I"})  # CLM09
ACCIDENT_CAUSES: Final = frozenset({"AA", "EM", "OA"})  # CLM11
AUTO_ACCIDENT: Final = "AA"

# The characters X12 may carry (basic and extended sets of 5010).
_X12_TEXT = re.compile(r"[A-Za-z0-9 !\"&'()*+,\-./:;?=%~@\[\]_{}\\|<>#$^]*")


def is_x12_text(text: str) -> bool:
    """Tell whether every character belongs to the basic or extended set of 5010."""
    return _X12_TEXT.fullmatch(text) is not None
