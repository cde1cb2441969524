"""Agreement and consent (42 CFR Part 2): without them no claim leaves, whatever it says."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.remittances import RemittanceState
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.part2 import ConsentKind
from backoffice.rules.scrub import ScrubCode
from backoffice.services import claims, consents
from backoffice.services.consents import ConsentWrong, Signed
from backoffice.services.submissions.building import build_files, next_release
from tests.builders import NOW, TODAY
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
    consents.mark(session, billing.client.id, is_part2=True, now=NOW)
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
    consents.sign(session, client_id, NAMED, by=person, today=TODAY)
    for_one_recipient = released(session, flagged)
    consents.sign(session, client_id, TPO, by=person, today=TODAY)
    after = released(session, flagged)

    assert before == for_one_recipient == [ScrubCode.CONSENT_MISSING]
    assert after == []
    assert flagged.status is ClaimStatus.QUEUED


def test_a_revocation_keeps_back_even_what_was_released(
    session: Session, billing: Billing, flagged: Claim, person: UUID
) -> None:
    consent = consents.sign(session, billing.client.id, TPO, by=person, today=TODAY)
    released(session, flagged)

    consents.revoke(session, consent.id, on=TODAY, today=TODAY)
    files = build_files(session, billing.practice.id, now=NOW)

    assert files == []
    assert flagged.status is ClaimStatus.SCRUB
    assert [kept["code"] for kept in flagged.scrub_findings] == [ScrubCode.CONSENT_MISSING]


def test_an_expired_consent_holds_no_more(
    session: Session, billing: Billing, flagged: Claim, person: UUID
) -> None:
    over = Signed(TPO.kind, TPO.signed_on, expires_on=YESTERDAY)
    consents.sign(session, billing.client.id, over, by=person, today=TODAY)

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
        consents.sign(session, billing.client.id, signed, by=person, today=TODAY)

    assert refused.value.field == field


def test_a_consent_is_revoked_once_and_on_a_day_between_its_signature_and_today(
    session: Session, billing: Billing, person: UUID
) -> None:
    consent = consents.sign(session, billing.client.id, TPO, by=person, today=TODAY)

    for day in (date(2026, 2, 28), TODAY + timedelta(days=1)):
        with pytest.raises(ConsentWrong):
            consents.revoke(session, consent.id, on=day, today=TODAY)
    consents.revoke(session, consent.id, on=YESTERDAY, today=TODAY)
    with pytest.raises(ConsentWrong):
        consents.revoke(session, consent.id, on=TODAY, today=TODAY)


def test_flag_and_consents_are_on_record_without_a_word_of_them(
    session: Session, billing: Billing, flagged: Claim, person: UUID
) -> None:
    consent = consents.sign(session, billing.client.id, NAMED, by=person, today=TODAY)
    consents.revoke(session, consent.id, on=TODAY, today=TODAY)
    consents.mark(session, billing.client.id, is_part2=False, now=NOW)
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
    consent = consents.sign(session, billing.client.id, TPO, by=person, today=TODAY)
    released(session, flagged)
    (file,) = build_files(session, billing.practice.id, now=NOW)
    sent(flagged)
    consents.revoke(session, consent.id, on=TODAY, today=TODAY)
    billing.practice.agreement_ends_on = YESTERDAY

    (remittance,) = posted(session, Check((paid_clean(session, flagged),)))

    assert file.claim_count == 1
    assert remittance.state is RemittanceState.POSTED
    assert flagged.status is ClaimStatus.PAID
