"""Posting remittances: the cases that broke other systems, each on real rows."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.inbound import TransactionState
from backoffice.models.ledger import LedgerEntry, Posting
from backoffice.models.outbox import Errand
from backoffice.models.remittances import MatchState, RemittanceState
from backoffice.models.sealing import Keyring
from backoffice.models.submissions import Attempt, AttemptOutcome
from backoffice.rules.claim_facts import Frequency, PayerOrder
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.grouping import group_lines
from backoffice.rules.posting import AccountKind
from backoffice.services import postings
from backoffice.services.claims import create_claims, release
from backoffice.services.receivables import verify
from backoffice.services.remittances import posting
from tests import builders
from tests.services import billing as ready
from tests.services.billing import Billing
from tests.services.eras import (
    CLEAN,
    Check,
    Line,
    Paid,
    an_attempt,
    decided_claims,
    decided_lines,
    era,
    known_payee,
    number_of,
    paid_clean,
    posted,
    sent,
    service_lines,
    strip,
    taken_in,
)


@pytest.fixture
def billing(session: Session, practice_id: UUID, keyring: Keyring) -> Billing:
    """A practice that is known as a payee."""
    made = ready.a_billing(session, practice_id)
    known_payee(session, made)
    return made


def a_claim_of_two_lines(session: Session, billing: Billing) -> Claim:
    """Two sessions on one claim, 155.00 each, on November 12 and 13."""
    days = (date(2026, 11, 12), date(2026, 11, 13))
    made = [
        builders.an_appointment(
            session, billing.client, billing.clinician, billing.facility, served_on=day
        )
        for day in days
    ]
    lines = [line for each in made for line in ready.lines_of(session, billing, each)]
    (claim,) = create_claims(session, group_lines(lines), by=None, now=builders.NOW)
    release(session, claim, by=None, now=builders.NOW, delay=ready.NO_DELAY)
    return sent(claim)


@pytest.fixture
def claim(session: Session, billing: Billing) -> Claim:
    """A released claim of one line at 155.00, out with the payer."""
    return sent(ready.a_queued_claim(session, billing))


def test_a_clean_line_posts_itself_and_the_claim_is_paid(session: Session, claim: Claim) -> None:
    (remittance,) = posted(session, Check((paid_clean(session, claim),)))

    assert strip(claim) == ("80.00", "20.00", "55.00", "0.00")
    assert claim.status is ClaimStatus.PAID
    assert not claim.needs_review
    assert remittance.state is RemittanceState.POSTED
    assert (remittance.posted_amount, remittance.undistributed_amount) == (Decimal(80), Decimal(0))
    attempt = an_attempt(session, claim)
    assert attempt.outcome is AttemptOutcome.ADJUDICATED
    assert attempt.payer_number == "ICN1"


def test_the_same_check_in_two_files_is_posted_once(session: Session, claim: Claim) -> None:
    check = Check((paid_clean(session, claim),))
    posted(session, check)

    (again,) = taken_in(session, era(check, isa="000000002"))

    assert again.state is TransactionState.DUPLICATE
    assert claim.insurance_paid_amount == 80


def test_the_same_check_with_other_claims_is_set_aside(session: Session, claim: Claim) -> None:
    one = paid_clean(session, claim)
    posted(session, Check((one,)))
    other = Paid("NOTOURS", (Line("10", "0", (("PR", "1", "10"),)),))

    (again,) = taken_in(session, era(Check((one, other)), isa="000000002"))

    assert again.state is TransactionState.QUARANTINED


def test_a_denial_is_kept_receivable_and_never_written_off(session: Session, claim: Claim) -> None:
    denied = Paid(number_of(session, claim), (Line("155", "0", (("CO", "197", "155"),)),))

    (remittance,) = posted(session, Check((denied,)))

    assert claim.status is ClaimStatus.DENIED
    assert strip(claim) == ("0.00", "0.00", "0.00", "155.00")
    assert claim.appeal_deadline_on is not None
    (line,) = decided_lines(session, remittance)
    assert (line.state, line.reasons) == (MatchState.REVIEW, ["denied_line"])
    kinds = {entry.debit.kind for entry in session.scalars(select(LedgerEntry))}
    assert AccountKind.DENIED_UNDECIDED in kinds
    assert AccountKind.WRITE_OFF not in kinds


def test_one_denied_line_of_two_leaves_the_claim_paid_with_one_denied(
    session: Session, billing: Billing
) -> None:
    claim = a_claim_of_two_lines(session, billing)
    denied = Line("155", "0", (("CO", "16", "155"),), day="20261113")
    both = Paid(number_of(session, claim), (Line("155", "80", CLEAN), denied))

    (remittance,) = posted(session, Check((both,)))

    assert (claim.status, claim.denied_lines, claim.needs_review) == (ClaimStatus.PAID, 1, True)
    assert strip(claim) == ("80.00", "20.00", "55.00", "155.00")
    states = [line.state for line in decided_lines(session, remittance)]
    assert states == [MatchState.POSTED, MatchState.REVIEW]


def test_a_claim_split_in_two_parts_of_one_file_is_whole(
    session: Session, billing: Billing
) -> None:
    claim = a_claim_of_two_lines(session, billing)
    number = number_of(session, claim)
    first = Paid(number, (Line("155", "80", CLEAN),), icn="ICN1")
    second = Paid(number, (Line("155", "80", CLEAN, day="20261113"),), icn="ICN2")

    (remittance,) = posted(session, Check((first, second)))

    assert strip(claim) == ("160.00", "40.00", "110.00", "0.00")
    assert remittance.state is RemittanceState.POSTED


def test_a_claim_answered_in_part_waits_for_the_rest(session: Session, billing: Billing) -> None:
    claim = a_claim_of_two_lines(session, billing)

    (remittance,) = posted(session, Check((paid_clean(session, claim),)))

    assert decided_claims(session, remittance)[0].reasons == ["missing_line"]
    assert claim.insurance_paid_amount == 0


def test_all_to_the_deductible_is_the_clients_and_no_denial(session: Session, claim: Claim) -> None:
    paid = Paid(
        number_of(session, claim), (Line("155", "0", (("CO", "45", "35"), ("PR", "1", "120"))),)
    )

    (remittance,) = posted(session, Check((paid,)))

    assert claim.status is ClaimStatus.DEDUCTIBLE
    assert strip(claim) == ("0.00", "120.00", "35.00", "0.00")
    assert remittance.state is RemittanceState.POSTED


def test_a_missing_modifier_and_line_number_do_not_part_a_line(
    session: Session, billing: Billing
) -> None:
    claim = sent(ready.a_queued_claim(session, billing, modifiers=["HO"]))

    (remittance,) = posted(session, Check((paid_clean(session, claim),)))

    assert remittance.state is RemittanceState.POSTED
    assert claim.insurance_paid_amount == 80


def test_a_changed_code_waits_but_is_matched(session: Session, claim: Claim) -> None:
    changed = Paid(
        number_of(session, claim), (Line("155", "80", CLEAN, code="90834", sent="90837"),)
    )

    (remittance,) = posted(session, Check((changed,)))

    (line,) = decided_lines(session, remittance)
    assert line.service_line_id == service_lines(session, claim)[0].id
    assert line.reasons == ["changed_procedure"]
    assert (claim.status, claim.needs_review) == (ClaimStatus.PAID, True)
    assert strip(claim) == ("0.00", "0.00", "0.00", "155.00")
    assert remittance.undistributed_amount == 80


def test_a_reversal_and_a_corrected_payment_in_one_file_end_as_the_correction(
    session: Session, claim: Claim
) -> None:
    posted(session, Check((paid_clean(session, claim),)))
    number = number_of(session, claim)
    back = Paid(
        number, (Line("-155", "-80", (("CO", "45", "-55"), ("PR", "3", "-20"))),), outcome="22"
    )
    again = Paid(number, (Line("155", "90", (("CO", "45", "55"), ("PR", "3", "10"))),), icn="ICN2")

    (remittance,) = posted(session, Check((back, again), trace="EFT2"), isa="000000002")

    assert strip(claim) == ("90.00", "10.00", "55.00", "0.00")
    assert claim.status is ClaimStatus.PAID
    assert remittance.state is RemittanceState.POSTED
    assert (remittance.check_amount, remittance.posted_amount) == (Decimal(10), Decimal(10))


def test_a_reversal_alone_gives_the_claim_back_to_the_payer(session: Session, claim: Claim) -> None:
    posted(session, Check((paid_clean(session, claim),)))
    back = Paid(
        number_of(session, claim),
        (Line("-155", "-80", (("CO", "45", "-55"), ("PR", "3", "-20"))),),
        outcome="22",
    )

    posted(session, Check((back,), trace="EFT2", plb=(("FB", "EFT2", "-80"),)), isa="000000002")

    assert strip(claim) == ("0.00", "0.00", "0.00", "155.00")
    assert claim.status is ClaimStatus.ACCEPTED


def test_a_reversal_of_other_amounts_waits(session: Session, claim: Claim) -> None:
    posted(session, Check((paid_clean(session, claim),)))
    back = Paid(
        number_of(session, claim), (Line("-155", "-70", (("CO", "45", "-85"),)),), outcome="22"
    )

    (remittance,) = posted(
        session, Check((back,), trace="EFT2", plb=(("FB", "EFT2", "-70"),)), isa="000000002"
    )

    (line,) = decided_lines(session, remittance)
    assert line.reasons == ["reversal_differs"]
    assert claim.insurance_paid_amount == 80


def test_a_recoupment_waits_for_its_claim_and_interest_posts_itself(
    session: Session, claim: Claim
) -> None:
    plb = (("WO", "ICN0", "30"), ("L6", "", "-2.50"))

    (remittance,) = posted(session, Check((paid_clean(session, claim),), plb=plb))

    assert remittance.check_amount == Decimal("52.50")
    assert remittance.posted_amount == 80
    assert remittance.undistributed_amount == -30
    assert remittance.state is RemittanceState.NEEDS_REVIEW


def test_a_check_that_is_not_its_claims_is_set_aside_whole(session: Session, claim: Claim) -> None:
    (transaction,) = taken_in(session, era(Check((paid_clean(session, claim),), amount="81")))

    assert transaction.state is TransactionState.QUARANTINED
    assert "BPR02" in transaction.problem


def test_a_claim_that_nobody_knows_stays_undistributed(session: Session, billing: Billing) -> None:
    unknown = Paid("NOTOURS", (Line("155", "80", CLEAN),))

    (remittance,) = posted(session, Check((unknown,)))

    (row,) = decided_claims(session, remittance)
    assert (row.state, row.reasons) == (MatchState.UNMATCHED, ["unknown_claim"])
    assert (remittance.state, remittance.undistributed_amount) == (
        RemittanceState.NEEDS_REVIEW,
        Decimal(80),
    )


def test_the_payers_own_number_finds_a_claim_whose_number_was_lost(
    session: Session, claim: Claim
) -> None:
    an_attempt(session, claim).payer_number = "ICN9"
    lost = Paid("0", (Line("155", "80", CLEAN),), icn="ICN9")

    posted(session, Check((lost,)))

    assert claim.insurance_paid_amount == 80


def test_more_paid_than_is_owed_waits(session: Session, claim: Claim) -> None:
    over = Paid(number_of(session, claim), (Line("155", "200", (("CO", "45", "-45"),)),))

    (remittance,) = posted(session, Check((over,)))

    assert "overpayment" in decided_lines(session, remittance)[0].reasons
    assert claim.insurance_paid_amount == 0


def test_a_voided_claim_gets_no_posting(session: Session, claim: Claim) -> None:
    claim.status = ClaimStatus.VOIDED

    (remittance,) = posted(session, Check((paid_clean(session, claim),)))

    assert decided_claims(session, remittance)[0].reasons == ["closed_claim"]
    assert claim.insurance_paid_amount == 0
    assert claim.needs_review


def test_a_second_run_changes_nothing(session: Session, claim: Claim) -> None:
    (remittance,) = posted(session, Check((paid_clean(session, claim),)))
    before = len(session.scalars(select(Posting)).all())

    from_again = taken_in(session, era(Check((paid_clean(session, claim),))) + b"\n")

    assert from_again[0].state is TransactionState.DUPLICATE
    assert len(session.scalars(select(Posting)).all()) == before
    assert remittance.state is RemittanceState.POSTED


def test_an_adjustment_of_the_claim_as_a_whole_waits(session: Session, claim: Claim) -> None:
    whole = Paid(number_of(session, claim), (Line("155", "155"),), cas=(("CO", "45", "55"),))

    (remittance,) = posted(session, Check((whole,)))

    assert "claim_level_adjustment" in decided_claims(session, remittance)[0].reasons
    assert claim.insurance_paid_amount == 0


def test_a_file_cut_short_is_set_aside_and_posts_nothing(session: Session, claim: Claim) -> None:
    whole = era(Check((paid_clean(session, claim),)))

    for cut in range(200, len(whole) - 1, 60):
        for transaction in taken_in(session, whole[:cut]):
            assert transaction.state is TransactionState.QUARANTINED
            assert transaction.problem

    assert claim.insurance_paid_amount == 0


def a_secondary_of(session: Session, billing: Billing, primary: Claim) -> Claim:
    """The same session billed to the client's second payer, released."""
    payer = builders.a_payer(
        session, name="Second Health", name_key="second health", electronic_id="SEC01"
    )
    builders.a_practice_payer(session, billing.practice, payer, billing.account)
    policy = builders.a_policy(
        session, billing.client, payer, payer_order=PayerOrder.SECONDARY, member_id="SEC1"
    )
    first = service_lines(session, primary)[0]
    appointment = session.get_one(Appointment, (primary.practice_id, first.appointment_id))
    claim = builders.a_claim(
        session,
        policy,
        appointment,
        profile_id=billing.profile.id,
        primary_claim_id=primary.id,
        status=ClaimStatus.SUBMITTED,
    )
    number = f"S{claim.number}"
    attempt = Attempt(
        practice_id=claim.practice_id,
        claim_id=claim.id,
        attempt_no=1,
        frequency=Frequency.ORIGINAL,
        payer_order=PayerOrder.SECONDARY,
        patient_control_number=number,
        opened_at=builders.NOW,
    )
    session.add(attempt)
    session.flush()
    postings.charge(session, claim, now=builders.NOW)
    return claim


def test_a_secondarys_remittance_that_comes_first_waits_for_the_primarys(
    session: Session, billing: Billing, claim: Claim
) -> None:
    second = a_secondary_of(session, billing, claim)
    answer = Paid(
        number_of(session, second),
        (Line("155", "15", (("OA", "23", "135"), ("PR", "3", "5"))),),
        outcome="2",
        icn="SEC",
    )

    (early,) = posted(session, Check((answer,), trace="S1"))
    waited = decided_lines(session, early)[0].reasons
    posted(session, Check((paid_clean(session, claim),)), isa="000000002")
    posting.post_remittance(session, early.id, now=builders.NOW)

    assert waited == ["earlier_payer_unposted"]
    assert early.state is RemittanceState.POSTED
    assert strip(claim) == ("95.00", "5.00", "55.00", "0.00")
    assert (str(second.insurance_paid_amount), str(second.client_share_amount)) == ("15.00", "5.00")
    assert second.balance_amount == 0
    errands = session.scalars(select(Errand.turn).where(Errand.subject_id == early.id)).all()
    assert len(errands) == 2  # asked for when it came, and again when the primary's was posted
    assert verify(session).balanced


def test_what_is_kept_is_what_the_entries_say_and_a_lie_is_found(
    session: Session, claim: Claim
) -> None:
    posted(session, Check((paid_clean(session, claim),), plb=(("L6", "", "-1.50"),)))

    honest = verify(session)
    claim.write_off_amount = Decimal("54.00")
    session.flush()
    lying = verify(session)

    assert honest.balanced
    assert (honest.claims, honest.remittances) == (1, 1)
    assert honest.debits == honest.credits
    assert {each.field for each in lying.differences} == {"charge", "write_off"}
