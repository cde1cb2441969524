"""Read-only questions to the ledger: is what claims and remittances show what the entries say?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backoffice.models.claims import Claim
from backoffice.models.ledger import LedgerEntry, Posting
from backoffice.models.remittances import Remittance
from backoffice.rules.money import ZERO
from backoffice.rules.posting import Account, AccountKind
from backoffice.rules.posting.accounts import CHARGES
from backoffice.services import postings
from backoffice.services.access import held, visible

_AT_ONCE = 1000


@dataclass(frozen=True)
class Difference:
    """A kept amount that the entries contradict. Ids and amounts only."""

    subject: str  # claim or remittance
    id: UUID
    field: str
    kept: Decimal
    recomputed: Decimal


@dataclass(frozen=True)
class Verification:
    """What was recomputed, and every difference. `debits` and `credits` are sums by account."""

    claims: int
    remittances: int
    entries: int
    debits: Decimal
    credits: Decimal
    differences: tuple[Difference, ...]

    @property
    def balanced(self) -> bool:
        """Whether nothing differs and debits are credits."""
        return not self.differences and self.debits == self.credits


def verify(session: Session) -> Verification:
    """Recompute the projections of all visible claims and remittances from the entries."""
    own = held(session, LedgerEntry.practice_id)
    entries = session.scalar(select(func.count()).select_from(LedgerEntry).where(own)) or 0
    claims, of_claims = _verify_claims(session)
    remittances, of_remittances = _verify_remittances(session)
    return Verification(
        claims=claims,
        remittances=remittances,
        entries=entries,
        debits=_side(session, LedgerEntry.debit),
        credits=_side(session, LedgerEntry.credit),
        differences=(*of_claims, *of_remittances),
    )


def _side(session: Session, side: InstrumentedAttribute[Account]) -> Decimal:
    """One side of the trial balance, summed account by account."""
    query = (
        select(side, func.sum(LedgerEntry.amount))
        .where(held(session, LedgerEntry.practice_id))
        .group_by(side)
    )
    return sum((amount for _, amount in session.execute(query)), ZERO)


def _verify_claims(session: Session) -> tuple[int, list[Difference]]:
    counted = 0
    found: list[Difference] = []
    query = visible(session, Claim).order_by(Claim.id).execution_options(yield_per=_AT_ONCE)
    for part in session.scalars(query).partitions(_AT_ONCE):
        counted += len(part)
        sums = _sums_by_claim(session, [claim.id for claim in part])
        for claim in part:
            found += _differences_of(session, claim, sums.get(claim.id, {}))
    return counted, found


def _differences_of(
    session: Session, claim: Claim, sums: dict[Account, Decimal]
) -> Iterator[Difference]:
    if claim.primary_claim_id is None:
        amounts = postings.amounts_in(sums)
        charged = -sums.get(CHARGES, ZERO)
        kept = (
            claim.insurance_paid_amount
            + claim.client_share_amount
            + claim.write_off_amount
            + claim.balance_amount
        )
        if charged != kept:
            yield Difference("claim", claim.id, "charge", kept, charged)
    else:
        amounts = postings.amounts_of(session, claim)
    for field, shown, recomputed in (
        ("insurance_paid", claim.insurance_paid_amount, amounts.insurance_paid),
        ("client_share", claim.client_share_amount, amounts.client_share),
        ("write_off", claim.write_off_amount, amounts.write_off),
        ("balance", claim.balance_amount, amounts.balance),
    ):
        if shown != recomputed:
            yield Difference("claim", claim.id, field, shown, recomputed)


def _sums_by_claim(
    session: Session, claim_ids: Iterable[UUID]
) -> dict[UUID, dict[Account, Decimal]]:
    """Each account's balance (debits less credits) on each of these claims."""
    query = (
        select(
            LedgerEntry.claim_id,
            LedgerEntry.debit,
            LedgerEntry.credit,
            func.sum(LedgerEntry.amount),
        )
        .where(held(session, LedgerEntry.practice_id), LedgerEntry.claim_id.in_(list(claim_ids)))
        .group_by(LedgerEntry.claim_id, LedgerEntry.debit, LedgerEntry.credit)
    )
    found: dict[UUID, dict[Account, Decimal]] = {}
    for claim_id, debit, credit, amount in session.execute(query):
        if claim_id is None:
            continue
        sums = found.setdefault(claim_id, {})
        sums[debit] = sums.get(debit, ZERO) + amount
        sums[credit] = sums.get(credit, ZERO) - amount
    return found


def _verify_remittances(session: Session) -> tuple[int, list[Difference]]:
    cash = _cash_by_remittance(session)
    counted = 0
    found: list[Difference] = []
    for row in session.scalars(visible(session, Remittance).order_by(Remittance.id)):
        counted += 1
        of_claims, outside = cash.get(row.id, (ZERO, ZERO))
        left = row.check_amount - of_claims - outside
        if row.posted_amount != of_claims:
            found.append(Difference("remittance", row.id, "posted", row.posted_amount, of_claims))
        if row.undistributed_amount != left:
            found.append(
                Difference("remittance", row.id, "undistributed", row.undistributed_amount, left)
            )
    return counted, found


def _cash_by_remittance(session: Session) -> dict[UUID, tuple[Decimal, Decimal]]:
    """Payer cash of each check: posted to claims, and posted outside them."""
    of_claims = Posting.claim_id.is_not(None)
    query = (
        select(
            Posting.remittance_id,
            of_claims,
            LedgerEntry.debit,
            LedgerEntry.credit,
            func.sum(LedgerEntry.amount),
        )
        .join(
            Posting,
            (Posting.practice_id == LedgerEntry.practice_id)
            & (Posting.id == LedgerEntry.posting_id),
        )
        .where(held(session, LedgerEntry.practice_id), Posting.remittance_id.is_not(None))
        .group_by(Posting.remittance_id, of_claims, LedgerEntry.debit, LedgerEntry.credit)
    )
    found: dict[UUID, tuple[Decimal, Decimal]] = {}
    for remittance_id, is_of_claim, debit, credit, amount in session.execute(query):
        if remittance_id is None:
            continue
        signed = ZERO
        signed += amount if debit.kind is AccountKind.PAYER_CASH else ZERO
        signed -= amount if credit.kind is AccountKind.PAYER_CASH else ZERO
        claims, outside = found.get(remittance_id, (ZERO, ZERO))
        found[remittance_id] = (
            (claims + signed, outside) if is_of_claim else (claims, outside + signed)
        )
    return found
