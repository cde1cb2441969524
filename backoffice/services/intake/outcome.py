"""What became of the rows of a set of files: counted by file, each refused row with its reason."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

WANTED: Mapping[str, Mapping[str, str]] = {
    "practices": {
        "phone": "Practices without a phone",
        "npi": "Practices without an NPI",
        "tax_id": "Practices without a tax ID",
        "taxonomy": "Practices without a taxonomy code",
    },
    "locations": {
        "street": "Locations without an address",
        "place_of_service": "Locations without a place of service",
    },
    "clinicians": {
        "npi": "Clinicians without an NPI",
        "taxonomy": "Clinicians without a taxonomy code",
    },
    "payers": {"electronic_id": "Payers without a payer ID in the file"},
    "clients": {
        "birth_date": "Clients without a birth date",
        "sex": "Clients without a sex on file",
        "street": "Clients without an address",
        "phone": "Clients without a phone",
    },
    "policies": {
        "payer_id": "Policies without a payer",
        "member_id": "Policies without a member ID",
        "relationship": "Policies without a relationship to the insured",
    },
    "appointments": {
        "clinician_id": "Appointments without a clinician",
        "location_id": "Appointments without a location",
        "diagnosis_codes": "Appointments without a diagnosis",
        "procedure_code_1": "Appointments without a procedure code",
        "charge_1": "Appointments without a charge",
    },
}
"""What claims need most, by column: counted in the report. Readiness judges the whole of it."""


@dataclass(frozen=True)
class Problem:
    """Why a row was refused: the file, its line (the header is 1), the column, never the value."""

    file: str
    line: int
    field: str
    words: str
    practice_id: UUID | None = None


@dataclass
class FileReport:
    """One file and the kind of record made of it.

    Its rows are the sum of new, changed, unchanged, refused and skipped.
    """

    file: str
    kind: str
    title: str
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    skipped: int = 0
    skipped_for: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self) | {"skipped_for": dict(self.skipped_for)}


@dataclass
class Outcome:
    """All files of one run."""

    files: list[FileReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    practices: set[UUID] = field(default_factory=set)
    missing: Counter[str] = field(default_factory=Counter)
    touched: dict[tuple[UUID, str], list[UUID]] = field(default_factory=dict)

    def total(self, name: str) -> int:
        """Return a count over all files: rows, new, changed, unchanged, refused or skipped."""
        return sum(getattr(report, name) for report in self.files)

    def plain(self) -> Mapping[str, Any]:
        """Return the counts as JSON can hold them."""
        return {
            "files": [report.plain() for report in self.files],
            "notes": self.notes,
            "missing": dict(self.missing),
        }

    def note_missing(self, kind: str, values: Mapping[str, Any]) -> None:
        """Count the facts that claims need and this row lacks: it is taken in all the same."""
        for name, words in WANTED.get(kind, {}).items():
            if values[name] is None:
                self.missing[words] += 1

    def touch(self, practice_id: UUID, kind: str, ids: list[UUID]) -> None:
        """Remember which records of a practice came or changed."""
        if ids:
            self.practices.add(practice_id)
            self.touched.setdefault((practice_id, kind), []).extend(ids)
