"""Postings: once for each cause, balanced, taken back by their mirror, never changed."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.ledger import LedgerEntry, Posting
from backoffice.models.practices import Practice
from backoffice.rules.claim_facts import AdjustmentFacts, PayerOrder
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.posting import PostingTerms
from backoffice.rules.remittance_facts import AdjudicatedLine
from backoffice.services import postings
from tests import builders
from tests.builders import NOW

PRIMARY = PostingTerms(order=PayerOrder.PRIMARY)


@pytest.fixture
def claim(session: Session, practice_id: UUID) -> Claim:
    """A prepared claim of one line at 155.00."""
    practice = builders.a_practice(session, practice_id)
    payer = builders.a_payer(session)
    clinician = builders.a_clinician(session, practice)
    client = builders.a_client(session, practice)
    policy = builders.a_policy(session, client, payer)
    appointment = builders.an_appointment(session, client, clinician, None)
    profile = builders.a_profile(session, practice)
    return builders.a_claim(session, policy, appointment, profile_id=profile.id)


def line_of(session: Session, claim: Claim) -> ServiceLine:
    return session.scalars(select(ServiceLine).where(ServiceLine.claim_id == claim.id)).one()


def decided(
    paid: str, *adjustments: tuple[str, str, str], charge: str = "155.00"
) -> AdjudicatedLine:
    return AdjudicatedLine(
        charge_amount=Decimal(charge),
        paid_amount=Decimal(paid),
        adjustments=tuple(
            AdjustmentFacts(group, reason, Decimal(amount)) for group, reason, amount in adjustments
        ),
        procedure_code="90837",
    )


def strip(claim: Claim) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    return (
        claim.insurance_paid_amount,
        claim.client_share_amount,
        claim.write_off_amount,
        claim.balance_amount,
    )


def money(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(each) for each in amounts)


def test_a_release_charges_the_payer_and_a_second_release_nothing(
    session: Session, claim: Claim
) -> None:
    first = postings.charge(session, claim, now=NOW)
    second = postings.charge(session, claim, now=NOW)

    assert first is not None
    assert second is None
    assert strip(claim) == money("0.00", "0.00", "0.00", "155.00")


def test_a_corrected_charge_posts_only_the_difference(session: Session, claim: Claim) -> None:
    postings.charge(session, claim, now=NOW)
    line_of(session, claim).charge_amount = Decimal("140.00")

    postings.charge(session, claim, now=NOW)

    amounts = session.scalars(select(LedgerEntry.amount).order_by(LedgerEntry.id)).all()
    assert amounts == [Decimal("155.00"), Decimal("15.00")]
    assert claim.balance_amount == Decimal("140.00")


def test_a_voided_claim_gives_its_charge_back(session: Session, claim: Claim) -> None:
    postings.charge(session, claim, now=NOW)
    claim.status = ClaimStatus.VOIDED

    postings.charge(session, claim, now=NOW)

    assert claim.balance_amount == Decimal("0.00")


def test_a_paid_line_divides_the_charge_and_is_posted_once(session: Session, claim: Claim) -> None:
    postings.charge(session, claim, now=NOW)
    occasion = postings.Occasion(NOW, remittance_line_id=uuid4())
    line = decided("80.00", ("CO", "45", "55.00"), ("PR", "3", "20.00"))

    first = postings.post_line(session, claim, line_of(session, claim).id, line, PRIMARY, occasion)
    again = postings.post_line(session, claim, line_of(session, claim).id, line, PRIMARY, occasion)

    assert again.id == first.id
    assert strip(claim) == money("80.00", "20.00", "55.00", "0.00")


def test_a_reversal_brings_every_balance_back_and_happens_once(
    session: Session, claim: Claim
) -> None:
    postings.charge(session, claim, now=NOW)
    occasion = postings.Occasion(NOW, remittance_line_id=uuid4())
    line = decided("80.00", ("CO", "45", "75.00"))
    made = postings.post_line(session, claim, line_of(session, claim).id, line, PRIMARY, occasion)

    postings.reverse(session, made, occasion)

    assert strip(claim) == money("0.00", "0.00", "0.00", "155.00")
    with pytest.raises(postings.AlreadyReversed):
        postings.reverse(session, made, occasion)
    reposted = postings.post_line(
        session, claim, line_of(session, claim).id, line, PRIMARY, occasion
    )
    assert reposted.id != made.id
    assert claim.insurance_paid_amount == Decimal("80.00")


def test_nothing_is_posted_into_a_closed_month(session: Session, claim: Claim) -> None:
    practice = session.get_one(Practice, claim.practice_id)
    practice.closed_through = builders.TODAY

    with pytest.raises(postings.MonthClosed):
        postings.charge(session, claim, now=NOW)

    assert session.scalars(select(Posting)).all() == []


@pytest.mark.parametrize("table", ["ledger_entries", "postings"])
@pytest.mark.parametrize("act", ["UPDATE {} SET posted_on = posted_on", "DELETE FROM {}"])
def test_the_app_can_neither_change_nor_delete_what_is_posted(
    session: Session, claim: Claim, table: str, act: str
) -> None:
    postings.charge(session, claim, now=NOW)

    with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(text(act.format(table)))
