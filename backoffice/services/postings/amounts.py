"""What claims and checks amount to, recomputed from ledger entries; claims keep it projected."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.ledger import LedgerEntry, Posting, PostingKind
from backoffice.rules.money import ZERO, total
from backoffice.rules.posting import Account, AccountKind, balance_of, balances, payer_receivable
from backoffice.rules.posting.accounts import PAYER_CASH
from backoffice.services.access import held, visible
from backoffice.services.postings.books import as_entry, entries_where, home_of

_CASH = frozenset({AccountKind.PAYER_CASH})
_OPEN_WITH_PAYERS = frozenset({AccountKind.PAYER_RECEIVABLE, AccountKind.DENIED_UNDECIDED})
_CLIENTS = frozenset({AccountKind.PATIENT_RECEIVABLE, AccountKind.PATIENT_CASH})
_GIVEN_UP = frozenset({AccountKind.CONTRACTUAL, AccountKind.WRITE_OFF})


@dataclass(frozen=True)
class Amounts:
    """A claim's money as its entries have it. Charge = paid + client share + write-off + balance.

    On a later payer's claim the rest of the charge was settled before it.
    """

    insurance_paid: Decimal = ZERO
    client_share: Decimal = ZERO
    write_off: Decimal = ZERO
    balance: Decimal = ZERO


def amounts_of(session: Session, claim: Claim) -> Amounts:
    """A claim's money, recomputed from the entries."""
    if claim.primary_claim_id is None:
        return amounts_in(balances(entries_where(session, LedgerEntry.claim_id == claim.id)))
    own = select(Posting.id).where(
        held(session, Posting.practice_id),
        Posting.claim_id == claim.id,
        Posting.kind != PostingKind.CHARGE,
    )
    answered = balances(entries_where(session, LedgerEntry.posting_id.in_(own)))
    home = home_of(session, claim)
    whole = balances(entries_where(session, LedgerEntry.claim_id == home.claim_id))
    still_open = whole.get(payer_receivable(claim.payer_order), ZERO)
    return replace(amounts_in(answered), balance=still_open)


def amounts_in(sums: Mapping[Account, Decimal]) -> Amounts:
    """What the balances (debits less credits) of a claim's accounts come to."""

    def of(kinds: frozenset[AccountKind]) -> Decimal:
        return total(amount for account, amount in sums.items() if account.kind in kinds)

    return Amounts(
        insurance_paid=of(_CASH),
        client_share=of(_CLIENTS),
        write_off=of(_GIVEN_UP),
        balance=of(_OPEN_WITH_PAYERS),
    )


def project(session: Session, claim: Claim) -> None:
    """Set a claim's projected amounts to what its entries say."""
    amounts = amounts_of(session, claim)
    claim.insurance_paid_amount = amounts.insurance_paid
    claim.client_share_amount = amounts.client_share
    claim.write_off_amount = amounts.write_off
    claim.balance_amount = amounts.balance


def cash_of(session: Session, remittance_id: UUID, *, of_claims: bool | None = None) -> Decimal:
    """A check's money in the ledger (payer cash): all of it, of claims alone, or outside them."""
    query = (
        select(LedgerEntry)
        .join(
            Posting,
            (Posting.practice_id == LedgerEntry.practice_id)
            & (Posting.id == LedgerEntry.posting_id),
        )
        .where(held(session, LedgerEntry.practice_id), Posting.remittance_id == remittance_id)
    )
    if of_claims is not None:
        query = query.where(Posting.claim_id.is_not(None) == of_claims)
    return balance_of(PAYER_CASH, (as_entry(row) for row in session.scalars(query)))


def project_family(session: Session, first_claim_id: UUID) -> None:
    """Money moved on the first claim shows on it and on the later payers' claims."""
    family = visible(session, Claim).where(
        (Claim.id == first_claim_id) | (Claim.primary_claim_id == first_claim_id)
    )
    for claim in session.scalars(family.order_by(Claim.id).with_for_update()):
        project(session, claim)
