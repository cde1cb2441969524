"""One thing that is missing or wrong, put together from its code and the case at hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backoffice.rules.readiness.codes import FindingCode
from backoffice.rules.readiness.kinds import FindingKind
from backoffice.rules.readiness.vocabulary import Supplier, Weight, Where
from backoffice.rules.readiness.words_on_appointments import WORDS_ON_APPOINTMENTS
from backoffice.rules.readiness.words_on_clients import WORDS_ON_CLIENTS
from backoffice.rules.readiness.words_on_practices import WORDS_ON_PRACTICES

FINDING_KINDS: Final[Mapping[FindingCode, FindingKind]] = MappingProxyType(
    {**WORDS_ON_PRACTICES, **WORDS_ON_CLIENTS, **WORDS_ON_APPOINTMENTS}
)


@dataclass(frozen=True)
class Finding:
    """What a subject lacks. It never repeats a value, so it may stand beside any list.

    `field` is the machine name of the value, unique together with the code on one subject:
    "birth_date", "address.zip", "lines.2.units", "diagnoses.1" (1-based).
    """

    code: FindingCode
    field: str
    words: str
    supplier: Supplier
    where: Where
    weight: Weight

    @property
    def why(self) -> str:
        """Why the payer needs it."""
        return FINDING_KINDS[self.code].why

    @property
    def fix(self) -> str:
        """How it is put right."""
        return FINDING_KINDS[self.code].fix


def finding(code: FindingCode) -> Finding:
    """Return the finding for a code."""
    return _put_together(code, FINDING_KINDS[code].field, FINDING_KINDS[code].label)


def finding_on_line(code: FindingCode, line: int) -> Finding:
    """Return the finding for a code on a service line (1-based)."""
    kind = FINDING_KINDS[code]
    return _put_together(code, f"lines.{line}.{kind.field}", f"Line {line}: {_inside(kind.label)}")


def finding_on_diagnosis(code: FindingCode, position: int) -> Finding:
    """Return the finding for a code on a diagnosis (1-based)."""
    label = _inside(FINDING_KINDS[code].label)
    return _put_together(code, f"diagnoses.{position}", f"Diagnosis {position}: {label}")


def _put_together(code: FindingCode, field: str, words: str) -> Finding:
    kind = FINDING_KINDS[code]
    return Finding(code, field, words, kind.supplier, kind.where, kind.weight)


def _inside(label: str) -> str:
    return label[0].lower() + label[1:]
