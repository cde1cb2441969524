"""A practice's own claims in plain words: what is in progress, what was paid, who must act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from backoffice.models.base import MoneyInCents
from backoffice.models.claims import Claim
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.dates import time_zone
from backoffice.rules.money import ZERO
from backoffice.services.access import held
from backoffice.services.accounts import Person
from backoffice.services.claim_pages.lists import conditions, counts, page, together
from backoffice.services.claim_pages.wanted import Page, Sort, Wanted
from backoffice.services.unbilled.reach import own_clinicians

SETTLED: Final = frozenset({ClaimStatus.PAID, ClaimStatus.VOIDED})
IN_PROGRESS: Final = frozenset(ClaimStatus) - SETTLED
SHOWN: Final = 10
"""How many of each a phone shows before one asks for all."""

_REACHED: Mapping[ClaimStatus, int] = {
    ClaimStatus.SUBMITTED: 1,
    ClaimStatus.RECEIVED: 1,
    ClaimStatus.REJECTED: 1,
    ClaimStatus.DOWNLOADED: 1,
    ClaimStatus.SUBMITTED_EXTERNALLY: 1,
    ClaimStatus.ACCEPTED: 2,
    ClaimStatus.PENDING: 2,
    ClaimStatus.MORE_INFO_REQUIRED: 2,
    ClaimStatus.DENIED: 3,
    ClaimStatus.DEDUCTIBLE: 4,
    ClaimStatus.PAID: 4,
    ClaimStatus.VOIDED: 4,
}

_SENTENCES: Mapping[ClaimStatus, str] = {
    ClaimStatus.PREPARED: "Made and not sent yet. You need not act.",
    ClaimStatus.SCRUB: "Our own check stopped it. We are correcting it; you need not act.",
    ClaimStatus.QUEUED: "It goes out in a moment. You need not act.",
    ClaimStatus.SUBMITTED: "Sent to {payer}. You need not act.",
    ClaimStatus.RECEIVED: "{payer} has it. You need not act.",
    ClaimStatus.PENDING: "{payer} is looking into it. You need not act.",
    ClaimStatus.MORE_INFO_REQUIRED: "{payer} asks for more. We ask you if we cannot answer.",
    ClaimStatus.ACCEPTED: "{payer} is deciding. You need not act.",
    ClaimStatus.REJECTED: "It came back unread. We are correcting it; you need not act.",
    ClaimStatus.DENIED: "{payer} refused it. We are working on it; you need not act.",
    ClaimStatus.DEDUCTIBLE: "{payer} left {share} for your client to pay.",
    ClaimStatus.PAID: "",
    ClaimStatus.DOWNLOADED: "Left as a file. You need not act.",
    ClaimStatus.SUBMITTED_EXTERNALLY: "Sent outside this portal. You need not act.",
    ClaimStatus.REOPENED: "We are correcting it; you need not act.",
    ClaimStatus.VOIDED: "Withdrawn.",
}


@dataclass(frozen=True)
class Mine:
    """A practice's claims in progress and those paid this month: a page of each, with totals."""

    in_progress: Page
    in_progress_total: int
    paid: Page
    paid_total: int
    paid_amount: Decimal
    month: date


def mine(session: Session, *, person: Person, today: date) -> Mine:
    """Return a practice's claims; a clinician's are those of their own clients."""
    going, paid = going_on(session, person), paid_in(session, person, today)
    by_status = counts(session, going)
    total, amount = _paid(session, paid)
    return Mine(
        in_progress=page(session, going),
        in_progress_total=together(by_status[status] for status in IN_PROGRESS).count,
        paid=page(session, paid),
        paid_total=total,
        paid_amount=amount,
        month=today.replace(day=1),
    )


def going_on(session: Session, person: Person) -> Wanted:
    """Ask for claims in progress, the latest moved first."""
    own = own_clinicians(session, person)
    return Wanted(statuses=IN_PROGRESS, clinician_ids=own, sort=Sort.SINCE)


def paid_in(session: Session, person: Person, today: date) -> Wanted:
    """Ask for claims that came to Paid since the first of this month, where the reader lives."""
    zone = time_zone(person.time_zone)
    return Wanted(
        statuses=frozenset({ClaimStatus.PAID}),
        clinician_ids=own_clinicians(session, person),
        moved_from=datetime.combine(today.replace(day=1), time.min, tzinfo=zone),
        sort=Sort.SINCE,
    )


def _paid(session: Session, wanted: Wanted) -> tuple[int, Decimal]:
    paid = func.coalesce(
        func.sum(Claim.insurance_paid_amount), literal(ZERO, MoneyInCents()), type_=MoneyInCents()
    )
    query = select(func.count(), paid).where(held(session, Claim.practice_id), *conditions(wanted))
    count, amount = session.execute(query).one()
    return count, amount


def reached(status: ClaimStatus) -> int:
    """Return how far a claim has come: 1 sent, 2 accepted, 3 decided, 4 settled; 0 not sent."""
    return _REACHED.get(status, 0)


def sentence(claim: Claim) -> str:
    """Say in one plain sentence where a claim stands and whether the practice must act."""
    share = f"${claim.client_share_amount:,.2f}"
    return _SENTENCES[claim.status].format(payer=claim.payer.short_name, share=share)
