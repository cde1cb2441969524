"""One thing the scrub found, and how it is put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from backoffice.rules.scrub.codes import Advice, ScrubCode, Severity
from backoffice.rules.scrub.words_on_parties import WORDS_ON_PARTIES
from backoffice.rules.scrub.words_on_services import WORDS_ON_SERVICES

ADVICE: Final[Mapping[ScrubCode, Advice]] = MappingProxyType(
    {**WORDS_ON_PARTIES, **WORDS_ON_SERVICES}
)


@dataclass(frozen=True)
class ScrubFinding:
    """What is wrong, where, and how to put it right; it never repeats the value.

    `field` is the value's name as on the screen, then its place on paper and in X12:
    "Billing provider NPI (Box 33a, 2010AA NM109)".
    """

    code: ScrubCode
    severity: Severity
    field: str
    words: str
    fix: str


class Place(NamedTuple):
    """A value's name, and where it stands on the CMS-1500 and in X12."""

    name: str
    where: str

    def of(self, part: str, where: str) -> "Place":
        """Return the place of a part: "Line 2" of "units" is "Line 2 units"."""
        return Place(f"{self.name} {part}", where)


def found(code: ScrubCode, place: Place, limit: object = "") -> ScrubFinding:
    """Return the finding for a code at a place; `limit` is the bound that was broken."""
    advice = ADVICE[code]
    return ScrubFinding(
        code=code,
        severity=advice.severity,
        field=f"{place.name} ({place.where})",
        words=advice.words.format(it=place.name, limit=limit),
        fix=advice.fix,
    )
