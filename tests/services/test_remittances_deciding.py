"""What people decide about remittances: posted, parked, matched, taken back; never edited."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.remittances import ProviderAdjustment, RemittanceState
from backoffice.models.sealing import Keyring
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.posting import WriteOffReason
from backoffice.services.receivables import verify
from backoffice.services.remittances import deciding, posting
from backoffice.services.remittances.matching import candidates_for
from tests import builders
from tests.cast import a_user
from tests.services import billing as ready
from tests.services.eras import (
    CLEAN,
    Check,
    Line,
    Paid,
    decided_claims,
    decided_lines,
    known_payee,
    number_of,
    paid_clean,
    posted,
    sent,
    strip,
)


@pytest.fixture
def claim(session: Session, practice_id: UUID, keyring: Keyring) -> Claim:
    """A released claim of one line at 155.00, out with the payer."""
    billing = ready.a_billing(session, practice_id)
    known_payee(session, billing)
    return sent(ready.a_queued_claim(session, billing))


@pytest.fixture
def by(session: Session) -> deciding.By:
    """A lead."""
    return deciding.By(a_user(session, "Lena Lead").id, builders.NOW, may_write_off=True)


def test_a_person_matches_a_lost_claim_by_likeness(
    session: Session, claim: Claim, by: deciding.By
) -> None:
    lost = Paid("0", (Line("155", "80", CLEAN),))
    (remittance,) = posted(session, Check((lost,)))
    (row,) = decided_claims(session, remittance)

    (candidate,) = candidates_for(session, row, decided_lines(session, remittance))
    deciding.match(session, row.id, candidate.claim.id, by=by)

    assert candidate.claim.id == claim.id
    assert {words for good, words in candidate.reasons if good} >= {"Date", "CPT", "Member ID"}
    assert strip(claim) == ("80.00", "20.00", "55.00", "0.00")
    assert remittance.state is RemittanceState.POSTED


def test_an_unposted_line_waits_until_somebody_decides(
    session: Session, claim: Claim, by: deciding.By
) -> None:
    (remittance,) = posted(session, Check((paid_clean(session, claim),)))
    (line,) = decided_lines(session, remittance)

    deciding.unpost(session, line.id, by=by)
    posting.post_remittance(session, remittance.id, now=builders.NOW)

    assert claim.insurance_paid_amount == 0
    assert line.reasons == ["unposted"]
    deciding.accept(session, line.id, outcome=deciding.Outcome.KEEP, by=by)
    assert claim.insurance_paid_amount == 80
    assert remittance.state is RemittanceState.POSTED


def test_a_written_off_denial_is_taken_back_whole_by_a_reversal(
    session: Session, claim: Claim, by: deciding.By
) -> None:
    number = number_of(session, claim)
    denied = Line("155", "0", (("CO", "197", "155"),))
    (remittance,) = posted(session, Check((Paid(number, (denied,)),)))
    (line,) = decided_lines(session, remittance)
    deciding.accept(
        session,
        line.id,
        outcome=deciding.Outcome.WRITE_OFF,
        reason=WriteOffReason.NO_AUTHORIZATION,
        by=by,
    )
    assert strip(claim) == ("0.00", "0.00", "155.00", "0.00")
    assert (claim.needs_review, claim.review_reason) == (False, "")
    back = Paid(number, (Line("-155", "0", (("CO", "197", "-155"),)),), outcome="22")
    again = Paid(number, (Line("155", "100", (("CO", "45", "55"),)),), icn="ICN2")

    posted(session, Check((back, again), trace="EFT2"), isa="000000002")

    assert strip(claim) == ("100.00", "0.00", "55.00", "0.00")
    assert claim.status is ClaimStatus.PAID


def test_a_payment_after_a_denial_that_was_never_reversed_waits_and_then_replaces_it(
    session: Session, claim: Claim, by: deciding.By
) -> None:
    number = number_of(session, claim)
    posted(session, Check((Paid(number, (Line("155", "0", (("CO", "197", "155"),)),)),)))
    paid = Check((Paid(number, (Line("155", "80", CLEAN),), icn="ICN2"),), trace="EFT2")

    (remittance,) = posted(session, paid, isa="000000002")
    (line,) = decided_lines(session, remittance)
    assert line.reasons == ["duplicate"]
    deciding.accept(session, line.id, outcome=deciding.Outcome.KEEP, by=by)

    assert strip(claim) == ("80.00", "20.00", "55.00", "0.00")
    assert verify(session).balanced


def test_a_decision_locks_the_remittance_first_as_posting_does(
    session: Session, claim: Claim, by: deciding.By
) -> None:
    lost = Paid("NOBODYS", (Line("155", "80", CLEAN),))
    (remittance,) = posted(session, Check((lost,), plb=(("WO", "REF", "10"),)))
    (row,) = decided_claims(session, remittance)
    adjustment = session.scalars(select(ProviderAdjustment)).one()
    locks: list[str] = []

    def note(_1: object, _2: object, statement: str, *_rest: object) -> None:
        if "FOR UPDATE" in statement:
            locks.append(statement.partition("FROM ")[2].split()[0])

    firsts: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", note)
    decisions: list[Callable[[], None]] = [
        lambda: deciding.park(session, row.id, by=by),
        lambda: deciding.place(session, adjustment.id, deciding.PlacedAt.RECOUPMENT, by=by),
        lambda: deciding.match(session, row.id, claim.id, by=by),
    ]
    for decide in decisions:
        locks.clear()
        decide()
        firsts.append(locks[0])

    assert firsts == ["remittances"] * 3
