"""One side of a practice: a row of each kind, its words, and who else must not meet them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from backoffice.models.users import User
from tests.databases import Database
from tests.hostile_files import a_pdf

SHARED = (
    "practice_id", "clinician_id", "facility_id", "user_id", "invitation_id", "glass_id", "hold_id",
)  # fmt: skip
"""Rows that everybody in a practice may come near, whose clients they may or not."""
BYTES = a_pdf(2)
"""What every document of the world holds."""


@dataclass(frozen=True)
class Side:
    """One clinician's side of a practice: a row of each kind by the argument that names it."""

    name: str
    practice_id: UUID
    practice_name: str
    token: str
    ids: Mapping[str, UUID]
    words: Mapping[str, str]
    """What forms carry beside ids: a claim's number."""

    @property
    def canaries(self) -> frozenset[str]:
        """What nobody may meet who may not come near this side's clients."""
        own = (str(each) for name, each in self.ids.items() if name not in SHARED)
        return frozenset({self.token, *own})

    @property
    def practice_canaries(self) -> frozenset[str]:
        """What nobody may meet who may not come near this side's practice."""
        own = (str(self.ids[name]) for name in SHARED)
        return frozenset({*own, self.practice_name.lower()})


@dataclass(frozen=True)
class World:
    """The home practice with the two sides of two clinicians, and two practices elsewhere.

    `house` are rows that belong to no practice; `practices` names each practice's own canary.
    """

    database: Database
    own: Side
    colleague: Side
    away: Side
    third: Side
    house: Mapping[str, UUID]
    clinicians: Mapping[str, User]

    @property
    def sides(self) -> Sequence[Side]:
        """All four."""
        return self.own, self.colleague, self.away, self.third

    @property
    def practice_ids(self) -> list[UUID]:
        """The three practices."""
        return [self.own.practice_id, self.away.practice_id, self.third.practice_id]


TOKENS = {
    "own": "aldermoor",
    "colleague": "brackenfell",
    "away": "cinderwick",
    "third": "dunmarrow",
}
INTERNAL = "amongourselves"
"""Stands in the internal notes: for the house's own people."""
