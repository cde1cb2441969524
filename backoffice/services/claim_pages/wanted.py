"""What somebody asks of the claim list, and the shapes in which it answers."""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from backoffice.models.claims import Claim
from backoffice.rules.claim_status import ClaimStatus
from backoffice.services.cursors import Cursor, dollars

PAGE_SIZE = 50
COUNTED_TO = 10_000


class Sort(enum.StrEnum):
    """What the list is ordered by; the newest claims first unless asked."""

    MADE = "made"
    SERVED = "served"
    AMOUNT = "amount"
    SINCE = "since"


def _moment(words: str) -> datetime:
    """Read an aware moment; ValueError for a time of no zone or of no year of ours."""
    moment = datetime.fromisoformat(words)
    if moment.tzinfo is None or not 1900 <= moment.year <= 2200:
        raise ValueError
    return moment


PARSERS: Mapping[Sort, Callable[[str], Any]] = {
    Sort.MADE: UUID,
    Sort.SERVED: date.fromisoformat,
    Sort.AMOUNT: dollars,
    Sort.SINCE: _moment,
}
"""How the sort value in a cursor is read."""


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to see of the claims. Empty sets and None filter nothing."""

    statuses: frozenset[ClaimStatus] = frozenset()
    payer_ids: frozenset[UUID] = frozenset()
    clinician_ids: frozenset[UUID] = frozenset()
    client_id: UUID | None = None
    owner_id: UUID | None = None
    without_owner: bool = False
    needs_review: bool = False
    silent_since: datetime | None = None  # with others, and not moved since
    moved_from: datetime | None = None
    served_from: date | None = None
    served_to: date | None = None
    sort: Sort = Sort.MADE
    down: bool = True
    after: Cursor | None = None
    before: Cursor | None = None
    exact: bool = False


@dataclass(frozen=True)
class Sum:
    """How many claims and how much was billed; no amount where counting ended early."""

    count: int
    amount: Decimal | None
    exact: bool = True


@dataclass(frozen=True)
class Page:
    """One page of the list with the edges of its neighbours."""

    claims: Sequence[Claim]
    first: int
    next: Cursor | None = None
    previous: Cursor | None = None
    size: int = PAGE_SIZE

    @property
    def last(self) -> int:
        """Return the place of the page's last claim in the whole result."""
        return self.first + len(self.claims) - 1
