"""A claim is frozen as it is released, under numbers of its own, and can be taken back in time."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.jobs import Job
from backoffice.models.claims import Claim, StepSource
from backoffice.models.outbox import Errand
from backoffice.models.submissions import Attempt, AttemptOutcome, ControlNumber
from backoffice.rules.claim_facts import Frequency
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.rules.identifiers import is_patient_control_number
from backoffice.services import claims
from backoffice.services.submissions.building import build_files
from tests.builders import NOW
from tests.cast import a_user
from tests.services.billing import NO_DELAY, a_billing, a_claim, a_queued_claim

WINDOW = timedelta(minutes=5)


@pytest.fixture
def person(session: Session) -> UUID:
    return a_user(session, "Ana Sample").id


def test_a_released_claim_is_queued_until_its_undo_window_is_over(
    session: Session, practice_id: UUID
) -> None:
    claim = a_claim(session, a_billing(session, practice_id))

    findings = claims.release(session, claim, by=None, now=NOW, delay=WINDOW)

    errand = session.scalars(select(Errand).where(Errand.job == Job.RELEASE_CLAIMS)).one()
    assert findings == ()
    assert claim.status is ClaimStatus.QUEUED
    assert claim.release_at == errand.due_at == NOW + WINDOW
    assert (errand.practice_id, errand.subject_id) == (practice_id, practice_id)


def test_a_claim_that_does_not_pass_the_scrub_keeps_what_was_found_and_stays_here(
    session: Session, practice_id: UUID
) -> None:
    billing = a_billing(session, practice_id)
    claim = a_claim(session, billing)
    billing.client.birth_date = None
    billing.client.birth_date_shape = billing.policy.insured_birth_date_shape

    findings = claims.release(session, claim, by=None, now=NOW, delay=WINDOW)

    assert claim.status is ClaimStatus.SCRUB
    assert [kept["code"] for kept in claim.scrub_findings] == [each.code for each in findings]
    assert session.scalars(select(Attempt)).all() == []
    assert session.scalars(select(Errand)).all() == []


def test_an_attempt_has_a_control_number_that_leads_back_to_it(
    session: Session, practice_id: UUID
) -> None:
    a_queued_claim(session, a_billing(session, practice_id))

    attempt = session.scalars(select(Attempt)).one()
    known = session.get_one(ControlNumber, attempt.patient_control_number)
    assert is_patient_control_number(attempt.patient_control_number)
    assert (known.practice_id, known.attempt_id) == (practice_id, attempt.id)


def test_later_edits_do_not_change_what_was_released(session: Session, practice_id: UUID) -> None:
    billing = a_billing(session, practice_id)
    a_queued_claim(session, billing)

    billing.client.last_name = "Renamed"
    billing.profile.organization_name = "Another Company"
    session.flush()

    frozen = claims.thaw(session.scalars(select(Attempt)).one().content or "")
    assert frozen.patient.last_name == "Sample"
    assert frozen.billing.last_or_organization_name == billing.practice.name


def test_a_recalled_claim_is_prepared_again_and_its_number_is_not_used_twice(
    session: Session, practice_id: UUID, person: UUID
) -> None:
    claim = a_claim(session, a_billing(session, practice_id))
    claims.release(session, claim, by=person, now=NOW, delay=WINDOW)

    claims.recall(session, claim, by=person, now=NOW)
    after_recall = claim.status
    claims.release(session, claim, by=person, now=NOW, delay=WINDOW)

    first, second = claims.attempts_of(session, claim.id)
    assert after_recall is ClaimStatus.PREPARED
    assert (first.outcome, second.outcome) == (AttemptOutcome.WITHDRAWN, AttemptOutcome.OPEN)
    assert first.patient_control_number != second.patient_control_number


def test_a_held_claim_says_in_its_history_why_and_by_whom(
    session: Session, practice_id: UUID, person: UUID
) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))

    claims.hold(session, claim, by=person, now=NOW, words="Waiting for the new card.")

    last = claims.history(session, claim.id)[-1]
    assert (claim.status, claim.release_at) == (ClaimStatus.PREPARED, None)
    assert (last.event, last.by_id) == (ClaimEvent.HELD, person)
    assert last.words == "Waiting for the new card."


def test_a_claim_under_way_cannot_be_released_again(session: Session, practice_id: UUID) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))

    with pytest.raises(claims.NotReleasable):
        claims.release(session, claim, by=None, now=NOW, delay=NO_DELAY)


def test_a_rejected_claim_goes_again_as_an_original(
    session: Session, practice_id: UUID, person: UUID
) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))
    (attempt,) = claims.attempts_of(session, claim.id)
    _answered(session, claim, ClaimEvent.REJECTED, attempt)

    claims.reopen(session, claim, by=person, now=NOW)
    claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)

    *_, newest = claims.attempts_of(session, claim.id)
    assert (newest.attempt_no, newest.frequency) == (2, Frequency.ORIGINAL)
    assert claim.status is ClaimStatus.QUEUED


def test_a_decided_claim_goes_again_as_a_replacement_under_the_payers_number(
    session: Session, practice_id: UUID, person: UUID
) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))
    (attempt,) = claims.attempts_of(session, claim.id)
    attempt.payer_number = "NS26000117"
    _answered(session, claim, ClaimEvent.DENIED, attempt)

    claims.reopen(session, claim, by=person, now=NOW)
    claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)

    *_, newest = claims.attempts_of(session, claim.id)
    frozen = claims.thaw(newest.content or "")
    assert newest.frequency is Frequency.REPLACEMENT
    assert frozen.payer_claim_control_number == "NS26000117"


def test_a_decided_claim_without_the_payers_number_does_not_go(
    session: Session, practice_id: UUID, person: UUID
) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))
    (attempt,) = claims.attempts_of(session, claim.id)
    _answered(session, claim, ClaimEvent.DENIED, attempt)
    claims.reopen(session, claim, by=person, now=NOW)

    with pytest.raises(claims.PayerNumberMissing):
        claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)


@pytest.mark.parametrize(
    "heard",
    [
        ClaimEvent.TRANSMITTED,
        ClaimEvent.RECEIVED_BY_PAYER,
        ClaimEvent.ACCEPTED,
        ClaimEvent.PENDING_AT_PAYER,
        ClaimEvent.MORE_INFO_REQUIRED,
    ],
)
def test_a_claim_reopened_before_its_answer_never_goes_again_as_an_original(
    session: Session, practice_id: UUID, person: UUID, heard: ClaimEvent
) -> None:
    billing = a_billing(session, practice_id)
    claim = a_queued_claim(session, billing)
    build_files(session, practice_id, now=NOW)
    (attempt,) = claims.attempts_of(session, claim.id)
    _answered(session, claim, heard, attempt)
    claims.reopen(session, claim, by=person, now=NOW)

    with pytest.raises(claims.PayerNumberMissing):
        claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)
    attempt.payer_number = "NS26000117"
    claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)

    *_, newest = claims.attempts_of(session, claim.id)
    frozen = claims.thaw(newest.content or "")
    assert (attempt.outcome, newest.attempt_no) == (AttemptOutcome.WITHDRAWN, 2)
    assert newest.frequency is Frequency.REPLACEMENT
    assert frozen.payer_claim_control_number == "NS26000117"


def test_one_undecided_attempt_makes_a_replacement_whatever_a_later_one_ended_in(
    session: Session, practice_id: UUID, person: UUID
) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))
    build_files(session, practice_id, now=NOW)
    (first,) = claims.attempts_of(session, claim.id)
    _answered(session, claim, ClaimEvent.ACCEPTED, first)
    first.payer_number = "NS26000117"
    claims.reopen(session, claim, by=person, now=NOW)
    claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)
    _, second = claims.attempts_of(session, claim.id)
    _answered(session, claim, ClaimEvent.REJECTED, second)

    claims.reopen(session, claim, by=person, now=NOW)
    claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)

    *_, newest = claims.attempts_of(session, claim.id)
    assert (newest.attempt_no, newest.frequency) == (3, Frequency.REPLACEMENT)


def test_a_claim_reopened_before_its_rejection_came_goes_again_as_an_original(
    session: Session, practice_id: UUID, person: UUID
) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))
    build_files(session, practice_id, now=NOW)
    (attempt,) = claims.attempts_of(session, claim.id)
    _answered(session, claim, ClaimEvent.TRANSMITTED, attempt)
    claims.reopen(session, claim, by=person, now=NOW)
    _answered(session, claim, ClaimEvent.REJECTED, attempt)

    claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)

    *_, newest = claims.attempts_of(session, claim.id)
    assert (newest.attempt_no, newest.frequency) == (2, Frequency.ORIGINAL)


def test_money_after_a_late_rejection_makes_a_replacement_all_the_same(
    session: Session, practice_id: UUID, person: UUID
) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))
    build_files(session, practice_id, now=NOW)
    (attempt,) = claims.attempts_of(session, claim.id)
    _answered(session, claim, ClaimEvent.TRANSMITTED, attempt)
    claims.reopen(session, claim, by=person, now=NOW)
    _answered(session, claim, ClaimEvent.REJECTED, attempt)
    _answered(session, claim, ClaimEvent.PAID, attempt)

    with pytest.raises(claims.PayerNumberMissing):
        claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)


def test_a_claim_recalled_before_it_stood_in_a_file_goes_as_an_original(
    session: Session, practice_id: UUID, person: UUID
) -> None:
    claim = a_claim(session, a_billing(session, practice_id))
    claims.release(session, claim, by=person, now=NOW, delay=WINDOW)
    claims.recall(session, claim, by=person, now=NOW)

    claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)

    *_, newest = claims.attempts_of(session, claim.id)
    assert (newest.attempt_no, newest.frequency) == (2, Frequency.ORIGINAL)


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (ClaimStatus.PREPARED, ["release"]),
        (ClaimStatus.SCRUB, ["release"]),
        (ClaimStatus.QUEUED, ["recall", "hold"]),
        (ClaimStatus.SUBMITTED, ["reopen"]),
        (ClaimStatus.DENIED, ["reopen"]),
        (ClaimStatus.VOIDED, []),
    ],
)
def test_a_page_offers_the_legal_steps_only(
    session: Session, practice_id: UUID, status: ClaimStatus, offered: list[str]
) -> None:
    claim = a_claim(session, a_billing(session, practice_id))
    claim.status, claim.release_at = status, NOW + WINDOW  # only this test jumps

    choices = claims.actions_for(claim, now=NOW)

    assert [choice.action.value for choice in choices] == offered


def test_a_recall_is_not_offered_once_the_window_is_over(
    session: Session, practice_id: UUID
) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))

    assert claims.actions_for(claim, now=NOW) == ()


def _answered(session: Session, claim: Claim, event: ClaimEvent, attempt: Attempt) -> None:
    claims.advance(session, claim, event, now=NOW, source=StepSource.RESPONSE, attempt=attempt)
