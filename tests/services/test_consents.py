"""Agreement and consent (42 CFR Part 2): without them no claim leaves, whatever it says."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.appointments import ReadinessFinding
from backoffice.models.claims import Claim
from backoffice.models.remittances import RemittanceState
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.part2 import ConsentKind
from backoffice.rules.readiness import Readiness, Weight
from backoffice.rules.scrub import ScrubCode
from backoffice.services import claims, consenting, unbilled
from backoffice.services.consenting import ConsentWrong, Signed
from backoffice.services.submissions.building import build_files, next_release
from backoffice.services.unbilled.missing import said
from tests.builders import NOW, TODAY, an_appointment
from tests.cast import a_user
from tests.record import on_record
from tests.services.billing import NO_DELAY, Billing, a_billing, a_claim
from tests.services.eras import Check, known_payee, paid_clean, posted, sent

YESTERDAY = TODAY - timedelta(days=1)
TPO = Signed(ConsentKind.TREATMENT_PAYMENT_OPERATIONS, date(2026, 3, 1))
NAMED = Signed(ConsentKind.NAMED_RECIPIENT, date(2026, 3, 1), recipient="City Court")


@pytest.fixture
def billing(session: Session, practice_id: UUID) -> Billing:
    return a_billing(session, practice_id)


@pytest.fixture
def person(session: Session) -> UUID:
    return a_user(session, "Ana Sample").id


@pytest.fixture
def flagged(session: Session, billing: Billing) -> Claim:
    """A claim of a client whose records are under Part 2."""
    claim = a_claim(session, billing)
    consenting.mark(session, billing.client.id, is_part2=True, now=NOW)
    return claim


def released(session: Session, claim: Claim) -> list[str]:
    """Release a claim; returns what was found."""
    findings = claims.release(session, claim, by=None, now=NOW, delay=NO_DELAY)
    return [finding.code for finding in findings]


def test_a_flagged_clients_claim_leaves_only_under_a_consent_that_holds(
    session: Session, billing: Billing, flagged: Claim, person: UUID
) -> None:
    client_id = billing.client.id

    before = released(session, flagged)
    consenting.sign(session, client_id, NAMED, by=person, today=TODAY, now=NOW)
    for_one_recipient = released(session, flagged)
    consenting.sign(session, client_id, TPO, by=person, today=TODAY, now=NOW)
    after = released(session, flagged)

    assert before == for_one_recipient == [ScrubCode.CONSENT_MISSING]
    assert after == []
    assert flagged.status is ClaimStatus.QUEUED


def test_a_revocation_keeps_back_even_what_was_released(
    session: Session, billing: Billing, flagged: Claim, person: UUID
) -> None:
    consent = consenting.sign(session, billing.client.id, TPO, by=person, today=TODAY, now=NOW)
    released(session, flagged)

    consenting.revoke(session, consent.id, on=TODAY, today=TODAY, now=NOW)
    files = build_files(session, billing.practice.id, now=NOW)

    assert files == []
    assert flagged.status is ClaimStatus.SCRUB
    assert [kept["code"] for kept in flagged.scrub_findings] == [ScrubCode.CONSENT_MISSING]


def test_an_appointment_of_a_flagged_client_is_missing_while_no_consent_holds(
    session: Session, billing: Billing, person: UUID
) -> None:
    visit = an_appointment(session, billing.client, billing.clinician, billing.facility)
    client_id, last_day = billing.client.id, TODAY + timedelta(days=3)
    unbilled.judge_practice_anew(session, billing.practice.id, now=NOW)

    def stands(now: datetime = NOW) -> tuple[Readiness, list[str]]:
        unbilled.day_began(session, billing.practice.id, now=now)
        session.refresh(visit)
        found = session.scalars(
            select(ReadinessFinding).where(
                ReadinessFinding.subject_id == client_id,
                ReadinessFinding.weight == Weight.BLOCKS,
            )
        )
        return visit.readiness, [said(each).words for each in found]

    lacking = (Readiness.MISSING, ["No consent to tell the payer holds"])
    assert stands() == (Readiness.READY, [])
    consenting.mark(session, client_id, is_part2=True, now=NOW)
    session.refresh(visit)
    assert visit.missing_count == 1, "at once, not on the next day"
    assert stands() == lacking
    signed = Signed(TPO.kind, TPO.signed_on, expires_on=last_day)
    consent = consenting.sign(session, client_id, signed, by=person, today=TODAY, now=NOW)
    assert stands() == (Readiness.READY, [])
    assert stands(NOW + timedelta(days=3)) == (Readiness.READY, [])
    assert stands(NOW + timedelta(days=4)) == lacking, "a consent ran out by itself"
    assert stands() == (Readiness.READY, [])
    consenting.revoke(session, consent.id, on=TODAY, today=TODAY, now=NOW)
    assert stands() == lacking
    consenting.mark(session, client_id, is_part2=False, now=NOW)
    assert stands() == (Readiness.READY, [])


def test_an_expired_consent_holds_no_more(
    session: Session, billing: Billing, flagged: Claim, person: UUID
) -> None:
    over = Signed(TPO.kind, TPO.signed_on, expires_on=YESTERDAY)
    consenting.sign(session, billing.client.id, over, by=person, today=TODAY, now=NOW)

    assert released(session, flagged) == [ScrubCode.CONSENT_MISSING]


def test_an_agreement_that_ends_keeps_claims_here_and_asks_for_no_release(
    session: Session, billing: Billing
) -> None:
    claim, waiting = a_claim(session, billing), a_claim(session, billing, served_on=YESTERDAY)
    assert released(session, waiting) == []

    billing.practice.agreement_ends_on = YESTERDAY
    findings = released(session, claim)
    files = build_files(session, billing.practice.id, now=NOW)

    assert findings == [ScrubCode.AGREEMENT_MISSING]
    assert files == []
    assert waiting.status is ClaimStatus.SCRUB
    assert next_release(session, billing.practice.id) is None


@pytest.mark.parametrize(
    ("signed", "field"),
    [
        (Signed(TPO.kind, TODAY + timedelta(days=1)), "signed_on"),
        (Signed(TPO.kind, TODAY, expires_on=YESTERDAY), "expires_on"),
        (Signed(ConsentKind.NAMED_RECIPIENT, TODAY, recipient=" "), "recipient"),
    ],
    ids=["ahead", "ends before", "nobody named"],
)
def test_what_makes_no_consent_is_refused_at_its_field(
    session: Session, billing: Billing, person: UUID, signed: Signed, field: str
) -> None:
    with pytest.raises(ConsentWrong) as refused:
        consenting.sign(session, billing.client.id, signed, by=person, today=TODAY, now=NOW)

    assert refused.value.field == field


def test_a_consent_is_revoked_once_and_on_a_day_between_its_signature_and_today(
    session: Session, billing: Billing, person: UUID
) -> None:
    consent = consenting.sign(session, billing.client.id, TPO, by=person, today=TODAY, now=NOW)

    for day in (date(2026, 2, 28), TODAY + timedelta(days=1)):
        with pytest.raises(ConsentWrong):
            consenting.revoke(session, consent.id, on=day, today=TODAY, now=NOW)
    consenting.revoke(session, consent.id, on=YESTERDAY, today=TODAY, now=NOW)
    with pytest.raises(ConsentWrong):
        consenting.revoke(session, consent.id, on=TODAY, today=TODAY, now=NOW)


def test_flag_and_consents_are_on_record_without_a_word_of_them(
    session: Session, billing: Billing, flagged: Claim, person: UUID
) -> None:
    consent = consenting.sign(session, billing.client.id, NAMED, by=person, today=TODAY, now=NOW)
    consenting.revoke(session, consent.id, on=TODAY, today=TODAY, now=NOW)
    consenting.mark(session, billing.client.id, is_part2=False, now=NOW)
    session.flush()

    acts = {"flag", "consent", "revoke_consent", "unflag"}
    records = [each for each in on_record(session, subject_kind="client") if each.action in acts]
    assert {record.action for record in records} == acts
    assert all(billing.client.id in record.subject_ids for record in records)
    assert all("City Court" not in str(record.detail) for record in records)


def test_money_for_what_left_before_comes_in_after_the_agreement_and_the_consent(
    session: Session, billing: Billing, flagged: Claim, person: UUID
) -> None:
    known_payee(session, billing)
    consent = consenting.sign(session, billing.client.id, TPO, by=person, today=TODAY, now=NOW)
    released(session, flagged)
    (file,) = build_files(session, billing.practice.id, now=NOW)
    sent(flagged)
    consenting.revoke(session, consent.id, on=TODAY, today=TODAY, now=NOW)
    billing.practice.agreement_ends_on = YESTERDAY

    (remittance,) = posted(session, Check((paid_clean(session, flagged),)))

    assert file.claim_count == 1
    assert remittance.state is RemittanceState.POSTED
    assert flagged.status is ClaimStatus.PAID
