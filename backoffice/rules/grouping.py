"""Which service lines make one claim: groups, each with the reason it stands apart."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from typing import Final
from uuid import UUID

from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.icd10 import MOST_DIAGNOSES
from backoffice.rules.money import total
from backoffice.rules.payer_rules import PAPER_LINES_PER_CLAIM, X12_LINES_PER_CLAIM


@dataclass(frozen=True)
class BillableLine:
    """One service line that waits for a claim, with all that must be alike on one claim.

    `diagnoses` are ICD-10-CM codes in the appointment's order. `facility_id` and
    `authorization_id` are None where there is none.
    """

    line_id: UUID
    appointment_id: UUID
    client_id: UUID
    policy_id: UUID
    payer_order: PayerOrder
    billing_profile_id: UUID
    clinician_id: UUID
    place_of_service: str
    facility_id: UUID | None
    authorization_id: UUID | None
    day: date
    diagnoses: tuple[str, ...]
    charge_amount: Decimal


@dataclass(frozen=True)
class PayerGroupingRules:
    """What a payer takes on one claim: lines (6 by default, at most 50) and several dates."""

    lines_per_claim: int = PAPER_LINES_PER_CLAIM
    several_dates: bool = True

    @property
    def most_lines(self) -> int:
        """The limit that holds: never below one line, never above what X12 carries."""
        return max(1, min(self.lines_per_claim, X12_LINES_PER_CLAIM))


class Apart(StrEnum):
    """Why a group is a claim of its own although an earlier one has the same client."""

    POLICY = "policy"
    PAYER_ORDER = "payer_order"
    BILLING_PROFILE = "billing_profile"
    CLINICIAN = "clinician"
    PLACE = "place"
    FACILITY = "facility"
    AUTHORIZATION = "authorization"
    YEAR = "year"
    DATE = "date"
    DIAGNOSES = "diagnoses"
    LINES = "lines"


APART_WORDS: Final[Mapping[Apart, str]] = MappingProxyType(
    {
        Apart.POLICY: "Another policy",
        Apart.PAYER_ORDER: "Another payer order",
        Apart.BILLING_PROFILE: "Another billing profile",
        Apart.CLINICIAN: "Another clinician",
        Apart.PLACE: "Another place of service",
        Apart.FACILITY: "Another location",
        Apart.AUTHORIZATION: "Another authorization",
        Apart.YEAR: "Another calendar year",
        Apart.DATE: "This payer takes one date a claim",
        Apart.DIAGNOSES: "More than twelve diagnoses together",
        Apart.LINES: "More lines than this payer takes on a claim",
    }
)


@dataclass(frozen=True)
class ClaimGroup:
    """The lines of one claim, by date. `apart` is None for a client's first claim."""

    lines: tuple[BillableLine, ...]
    apart: Apart | None

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """The claim's diagnoses in order of first mention (HI, Box 21)."""
        return _joined(self.lines)

    @property
    def charge_amount(self) -> Decimal:
        """The claim's total charge (CLM02, Box 28)."""
        return total(line.charge_amount for line in self.lines)

    def pointers(self, line: BillableLine, most: int = 4) -> tuple[int, ...]:
        """Return where a line's diagnoses stand on this claim, 1-based, its first four (SV107)."""
        codes = self.diagnoses
        return tuple(codes.index(code) + 1 for code in dict.fromkeys(line.diagnoses))[:most]


def group_lines(
    lines: Iterable[BillableLine], rules: PayerGroupingRules | None = None
) -> tuple[ClaimGroup, ...]:
    """Return the claims that lines of one payer make, the same for any order of the lines.

    Lines join when client, policy, payer order, billing profile, clinician, place, facility,
    authorization and calendar year are alike, until the payer's lines, its one date or twelve
    diagnoses end the claim. The lines of one appointment stay together wherever they fit on one
    claim: an add-on code is paid beside its base only. An appointment of more than twelve
    diagnoses stays alone; the scrub says so.
    """
    rules = rules or PayerGroupingRules()
    alike: dict[tuple[object, ...], list[BillableLine]] = {}
    for line in sorted(lines, key=_order):
        alike.setdefault(_likeness(line), []).append(line)
    groups: list[ClaimGroup] = []
    seen: dict[UUID, tuple[object, ...]] = {}
    for likeness, members in alike.items():
        client = members[0].client_id
        apart = _difference(seen[client], likeness) if client in seen else None
        groups += _filled(members, apart, rules)
        seen[client] = likeness
    return tuple(groups)


def _filled(
    members: list[BillableLine], apart: Apart | None, rules: PayerGroupingRules
) -> list[ClaimGroup]:
    """Fill one claim after another with lines that are alike, in their order."""
    groups: list[ClaimGroup] = []
    current: list[BillableLine] = []
    for together in _kept_together(members, rules.most_lines):
        full = _reason_to_close(current, together, rules) if current else None
        if full is not None:
            groups.append(ClaimGroup(tuple(current), apart))
            current, apart = [], full
        current += together
    return [*groups, ClaimGroup(tuple(current), apart)]


def _kept_together(members: list[BillableLine], most: int) -> Iterator[list[BillableLine]]:
    """Yield each appointment's lines, in pieces where they are more than a claim takes."""
    for _, lines in groupby(members, key=lambda line: line.appointment_id):
        session = list(lines)
        yield from (session[start : start + most] for start in range(0, len(session), most))


def _reason_to_close(
    current: list[BillableLine], together: list[BillableLine], rules: PayerGroupingRules
) -> Apart | None:
    if not rules.several_dates and together[0].day != current[0].day:
        return Apart.DATE
    if len(current) + len(together) > rules.most_lines:
        return Apart.LINES
    if len(_joined((*current, *together))) > MOST_DIAGNOSES:
        return Apart.DIAGNOSES
    return None


def _joined(lines: Iterable[BillableLine]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for line in lines for code in line.diagnoses))


# In the order in which a difference is told.
_LIKENESS = (
    Apart.POLICY,
    Apart.PAYER_ORDER,
    Apart.BILLING_PROFILE,
    Apart.CLINICIAN,
    Apart.PLACE,
    Apart.FACILITY,
    Apart.AUTHORIZATION,
    Apart.YEAR,
)


def _likeness(line: BillableLine) -> tuple[object, ...]:
    return (
        line.client_id,
        line.policy_id,
        line.payer_order,
        line.billing_profile_id,
        line.clinician_id,
        line.place_of_service,
        line.facility_id,
        line.authorization_id,
        line.day.year,
    )


def _difference(one: tuple[object, ...], other: tuple[object, ...]) -> Apart:
    """Name the first thing in which two claims of one client differ."""
    pairs = zip(_LIKENESS, one[1:], other[1:], strict=True)
    return next(reason for reason, before, after in pairs if before != after)


def _order(line: BillableLine) -> tuple[UUID, date, UUID, UUID]:
    return line.client_id, line.day, line.appointment_id, line.line_id
