"""Is this an ICD-10-CM diagnosis one may bill on this day? Answered from a shipped list of codes.

The list is public domain data of the CDC, written to `data/` by `backoffice.sandbox.icd10_data`:
a line of JSON (release and its span of days), then the billable codes, then the categories.
"""

import gzip
import json
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final

MOST_DIAGNOSES: Final = 12
ICD10_BEGAN: Final = date(2015, 10, 1)
RELEASE_FILE: Final = "icd10cm.txt.gz"
# The second character is a digit, or an A since QA0 (2025); the list itself decides the rest.
_FORM = re.compile(r"[A-Z][0-9A][0-9A-Z](?:[0-9A-Z]{1,4})?")
_WITH_DOT = re.compile(r"[A-Z][0-9A][0-9A-Z]\.[0-9A-Z]{1,4}")
# Chapter 20, causes from outside (V00 to Y99), never listed first.
_EXTERNAL_CAUSE = frozenset("VWXY")


class DiagnosisFault(StrEnum):
    """Why a diagnosis code can't stand on a claim (HI, Box 21)."""

    DOTTED = "dotted"
    FORM = "form"
    UNKNOWN = "unknown"
    CATEGORY = "category"
    MAYBE_UNKNOWN = "maybe_unknown"
    MAYBE_CATEGORY = "maybe_category"


# Outside the days of the release we can't be sure, so these warn and the others block.
UNSURE: Final = frozenset({DiagnosisFault.MAYBE_UNKNOWN, DiagnosisFault.MAYBE_CATEGORY})


@dataclass(frozen=True)
class Icd10Release:
    """One release of ICD-10-CM: codes without dots, and the days for which it is complete."""

    name: str
    first_day: date
    last_day: date
    billable: frozenset[str]
    categories: frozenset[str]

    def is_complete_on(self, day: date) -> bool:
        """Tell whether a code that isn't in the release did not exist on the day."""
        return self.first_day <= day <= self.last_day


class MalformedRelease(ValueError):
    """The bytes are no release of ICD-10-CM as we write it."""


def read_release(compressed: bytes) -> Icd10Release:
    """Return the release held in a data file's bytes; raises MalformedRelease."""
    try:
        head, billable, categories = gzip.decompress(compressed).decode("ascii").split("\n")
        about = json.loads(head)
        return Icd10Release(
            name=about["release"],
            first_day=date.fromisoformat(about["first_day"]),
            last_day=date.fromisoformat(about["last_day"]),
            billable=frozenset(billable.split(" ")),
            categories=frozenset(categories.split(" ")),
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError) as unreadable:
        raise MalformedRelease from unreadable


def write_release(release: Icd10Release) -> bytes:
    """Return the bytes of a release's data file, the same bytes for the same release."""
    about = {
        "release": release.name,
        "first_day": release.first_day.isoformat(),
        "last_day": release.last_day.isoformat(),
    }
    lines = (
        json.dumps(about),
        " ".join(sorted(release.billable)),
        " ".join(sorted(release.categories)),
    )
    return gzip.compress("\n".join(lines).encode("ascii"), compresslevel=9, mtime=0)


@cache
def shipped_release() -> Icd10Release:
    """Return the release that came with this version; read once, at the first question."""
    return read_release((resources.files("backoffice.rules") / "data" / RELEASE_FILE).read_bytes())


def diagnosis_fault(
    code: str, day: date, release: Icd10Release | None = None
) -> DiagnosisFault | None:
    """Return what is wrong with a diagnosis code on a day of service; None when it is billable.

    A leaf is billable, a category isn't. Inside the release's span an unknown code or a category
    is certain (UNKNOWN, CATEGORY); outside it may have changed since (MAYBE_...).
    """
    if not _FORM.fullmatch(code):
        return DiagnosisFault.DOTTED if _WITH_DOT.fullmatch(code) else DiagnosisFault.FORM
    release = release or shipped_release()
    if code in release.billable:
        return None
    sure = release.is_complete_on(day)
    if code in release.categories:
        return DiagnosisFault.CATEGORY if sure else DiagnosisFault.MAYBE_CATEGORY
    return DiagnosisFault.UNKNOWN if sure else DiagnosisFault.MAYBE_UNKNOWN


def is_external_cause(code: str) -> bool:
    """Tell whether a code names a cause from outside, which is never listed first."""
    return code[:1] in _EXTERNAL_CAUSE


def without_dot(code: str) -> str:
    """Return a code as typed or printed in the form claims carry: upper case, no dot."""
    return code.strip().upper().replace(".", "", 1)


def with_dot(code: str) -> str:
    """Return a code as people read it: F411 is F41.1."""
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code
