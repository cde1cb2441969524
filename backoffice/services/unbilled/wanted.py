"""What somebody asks of the Unbilled queue, and the shapes in which it answers."""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from backoffice.models.appointments import AppointmentLine, WaitingOn
from backoffice.models.clients import Client
from backoffice.models.payers import Payer
from backoffice.models.practices import Clinician
from backoffice.rules.money import ZERO
from backoffice.rules.readiness import FindingCode, Readiness
from backoffice.services.cursors import Cursor, dollars, whole

PAGE_SIZE = 50


class Sort(enum.StrEnum):
    """What the list is ordered by: money at risk x closeness of deadline unless asked."""

    RISK = "risk"
    SERVED = "served"
    AMOUNT = "amount"
    DEADLINE = "deadline"


PARSERS: Mapping[Sort, Callable[[str], Any]] = {
    Sort.RISK: whole,
    Sort.SERVED: date.fromisoformat,
    Sort.AMOUNT: dollars,
    Sort.DEADLINE: date.fromisoformat,
}
"""How the sort value in a cursor is read."""


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to see of the queue. Empty sets and None filter nothing."""

    state: Readiness | None = None
    payer_ids: frozenset[UUID] = frozenset()
    clinician_ids: frozenset[UUID] = frozenset()
    owner_id: UUID | None = None
    without_owner: bool = False
    served_before: date | None = None  # age: older than so many days
    served_from: date | None = None
    served_to: date | None = None
    procedure_code: str = ""
    lacking: FindingCode | None = None
    sort: Sort = Sort.RISK
    down: bool = True
    after: Cursor | None = None
    before: Cursor | None = None
    exact: bool = False

    @property
    def beyond_totals(self) -> bool:
        """Whether a filter is on that the kept totals do not know."""
        return any(
            (
                self.owner_id, self.without_owner, self.served_before, self.served_from,
                self.served_to, self.procedure_code, self.lacking,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class Sum:
    """How many appointments and how much money; not `exact` where counting ended early."""

    count: int = 0
    amount: Decimal = ZERO
    exact: bool = True

    def __add__(self, other: "Sum") -> "Sum":
        """Return both together."""
        return Sum(self.count + other.count, self.amount + other.amount, self.exact and other.exact)


@dataclass(frozen=True)
class Totals:
    """The queue by readiness, over the whole result."""

    ready: Sum = Sum()
    missing: Sum = Sum()
    held: Sum = Sum()

    @property
    def all(self) -> Sum:
        """Return all three together."""
        return self.ready + self.missing + self.held

    def of(self, state: Readiness | None) -> Sum:
        """Return the sum of one tab."""
        by_state = {
            Readiness.READY: self.ready,
            Readiness.MISSING: self.missing,
            Readiness.HELD: self.held,
        }
        return by_state[state] if state else self.all


@dataclass(frozen=True)
class Entry:
    """One row of the queue: an appointment, or those of one client that stand alike."""

    id: UUID
    practice_id: UUID
    version: int
    client: Client
    clinician: Clinician | None
    payer: Payer | None
    served_on: date
    lines: Sequence[AppointmentLine]
    place_of_service: str | None
    diagnosis_count: int
    charge_amount: Decimal
    deadline_on: date | None
    readiness: Readiness
    missing_count: int
    warning_count: int
    held_for: str | None
    owner_id: UUID | None
    waiting_on: WaitingOn
    next_on: date | None
    risk_key: int
    parts: tuple["Entry", ...] = ()

    @property
    def value(self) -> str:
        """Return what the tick box sends: the ids of its appointments."""
        return ",".join(str(part.id) for part in self.parts or (self,))


@dataclass(frozen=True)
class Page:
    """One page of the queue with the addresses of its neighbours."""

    entries: Sequence[Entry]
    total: Sum
    first: int
    next: Cursor | None = None
    previous: Cursor | None = None
    size: int = PAGE_SIZE
    shown: int = field(default=0)

    @property
    def last(self) -> int:
        """Return the place of the page's last appointment in the whole result."""
        return self.first + self.shown - 1


def older_than(days: int, *, today: date) -> date:
    """Return the day before which a service is older than so many days."""
    return today - timedelta(days=days)
