"""The books behind postings: where a claim's money lies, its entries, and what stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.ledger import LedgerEntry, Posting
from backoffice.rules.posting import Account, Entries, Entry, Memo, balance_of
from backoffice.services.access import held, one, visible


@dataclass(frozen=True)
class Home:
    """Where a claim's money lies: the claim that charged it, and our line ids to that one's."""

    practice_id: UUID
    claim_id: UUID | None
    lines: Mapping[UUID, UUID]


def home_of(session: Session, claim: Claim) -> Home:
    """Where a claim's money lies: at itself, or at the first claim of its services."""
    first, seen = claim, {claim.id}
    while first.primary_claim_id is not None and first.primary_claim_id not in seen:
        seen.add(first.primary_claim_id)
        first = one(session, Claim, first.primary_claim_id)
    own = lines_of(session, claim.id)
    if first.id == claim.id:
        return Home(claim.practice_id, claim.id, {line.id: line.id for line in own})
    charged = {line.appointment_line_id: line.id for line in lines_of(session, first.id)}
    return Home(
        claim.practice_id,
        first.id,
        {line.id: charged.get(line.appointment_line_id, line.id) for line in own},
    )


def lines_of(session: Session, claim_id: UUID) -> list[ServiceLine]:
    """A claim's lines in their order."""
    query = visible(session, ServiceLine).where(ServiceLine.claim_id == claim_id)
    return list(session.scalars(query.order_by(ServiceLine.position)))


def as_entry(row: LedgerEntry) -> Entry:
    """A stored entry as the rules know it."""
    return Entry(row.debit, row.credit, row.amount, Memo(row.memo))


def entries_where(session: Session, condition: ColumnElement[bool]) -> Entries:
    """The visible entries that meet a condition."""
    return tuple(
        as_entry(row) for row in session.scalars(visible(session, LedgerEntry).where(condition))
    )


def entries_by_line(session: Session, posting: Posting) -> dict[UUID | None, Entries]:
    """A posting's entries by service line, in the order they were made."""
    found: dict[UUID | None, Entries] = {}
    query = visible(session, LedgerEntry).where(LedgerEntry.posting_id == posting.id)
    for row in session.scalars(query.order_by(LedgerEntry.id)):
        found[row.service_line_id] = (*found.get(row.service_line_id, ()), as_entry(row))
    return found


def balances_by_line(
    session: Session, claim_id: UUID | None, account: Account
) -> dict[UUID, Decimal]:
    """What an account holds of each line of a claim, by the charged line's id."""
    by_line: dict[UUID, list[Entry]] = {}
    query = visible(session, LedgerEntry).where(
        LedgerEntry.claim_id == claim_id, LedgerEntry.service_line_id.is_not(None)
    )
    for row in session.scalars(query):
        if row.service_line_id is not None:
            by_line.setdefault(row.service_line_id, []).append(as_entry(row))
    return {line_id: balance_of(account, entries) for line_id, entries in by_line.items()}


def count_of(session: Session, condition: ColumnElement[bool]) -> int:
    """How many postings there are, taken back or not: the number of the next."""
    query = select(func.count()).select_from(Posting).where(held(session, Posting.practice_id))
    return session.scalar(query.where(condition)) or 0


def standing_where(session: Session, *conditions: ColumnElement[bool]) -> list[Posting]:
    """The postings that meet the conditions and were not taken back."""
    taken_back = aliased(Posting)
    query = visible(session, Posting).where(
        *conditions,
        ~select(taken_back.id)
        .where(taken_back.practice_id == Posting.practice_id, taken_back.reverses_id == Posting.id)
        .exists(),
    )
    return list(session.scalars(query))
