"""What may not leave any more does not leave, although its file is built: the last look of all."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.clearinghouse import InMemoryClearinghouse, NotAccepted, WhyNotAccepted
from backoffice.jobs import Job
from backoffice.models.outbox import Errand
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.models.submissions import Attempt, AttemptOutcome, Submission, SubmissionState
from backoffice.rules.claim_facts import Frequency
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.part2 import ConsentKind
from backoffice.rules.scrub import ScrubCode
from backoffice.services import claims, consenting
from backoffice.services.consenting import Signed
from backoffice.services.submissions.building import build_files
from tests.builders import NOW, TODAY, a_client, a_policy
from tests.cast import a_user
from tests.databases import Database
from tests.record import on_record
from tests.services.billing import NO_DELAY, a_billing, a_queued_claim
from tests.workers.sending import Stage, a_stage
from workers import submissions
from workers.runtime import run

SIGNED = Signed(ConsentKind.TREATMENT_PAYMENT_OPERATIONS, date(2026, 3, 1))
JOBS = {
    Job.RELEASE_CLAIMS: submissions.release_claims,
    Job.TRANSMIT_SUBMISSION: submissions.transmit_submission,
}


@pytest.fixture
def clearinghouse() -> InMemoryClearinghouse:
    return InMemoryClearinghouse()


@pytest.fixture
def stage(
    fresh_database: Database,
    settings: Settings,
    keyring: Keyring,
    clearinghouse: InMemoryClearinghouse,
) -> Stage:
    return a_stage(fresh_database, settings, clearinghouse)


def test_a_consent_revoked_once_the_file_is_built_keeps_its_claim_here_and_lets_the_others_go(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    consent_id, built = a_file_of_two(stage)
    clearinghouse.will_end(NotAccepted(WhyNotAccepted.NO_CONNECTION), arrives=False)
    stage.transmit(built)
    with stage.database.work(practices=[stage.practice_id]) as session:
        consenting.revoke(session, consent_id, on=TODAY, today=TODAY, now=NOW)

    ring_all(stage)

    (receipt,) = clearinghouse.receipts
    flagged, other = stage.claims()
    (kept, kept_pcn), (left, left_pcn) = attempts_of(stage)
    assert f"CLM*{left_pcn}*".encode() in receipt.content
    assert kept_pcn.encode() not in receipt.content
    assert stage.state(built) is SubmissionState.WITHDRAWN
    assert (flagged.status, other.status) == (ClaimStatus.SCRUB, ClaimStatus.SUBMITTED)
    assert [found["code"] for found in flagged.scrub_findings] == [ScrubCode.CONSENT_MISSING]
    assert (kept.outcome, kept.submission_id) == (AttemptOutcome.WITHDRAWN, None)
    assert left.submission_id not in {None, built}
    with stage.database.work(practices=[stage.practice_id]) as session:
        (record,) = on_record(session, action="withdraw", subject_kind="submission")
        assert record.subject_ids == [built]


def test_a_claim_kept_here_goes_as_an_original_once_a_consent_holds_again(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    consent_id, _ = a_file_of_two(stage)
    with stage.database.work(practices=[stage.practice_id]) as session:
        consenting.revoke(session, consent_id, on=TODAY, today=TODAY, now=NOW)
    ring_all(stage)
    flagged, _ = stage.claims()

    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        person = a_user(session, "Ina Sample")
        signed = replace(SIGNED, signed_on=TODAY)
        consenting.sign(session, flagged.client_id, signed, by=person.id, today=TODAY, now=NOW)
        claim = session.merge(flagged)
        later = NOW + timedelta(minutes=1)
        assert claims.release(session, claim, by=None, now=later, delay=NO_DELAY) == ()
    ring_all(stage)

    assert [claim.status for claim in stage.claims()] == [ClaimStatus.SUBMITTED] * 2
    assert len(clearinghouse.receipts) == 2
    with stage.database.work(practices=[stage.practice_id]) as session:
        again = session.scalars(select(Attempt).where(Attempt.attempt_no == 2)).one()
        assert again.frequency is Frequency.ORIGINAL


def test_an_agreement_that_ended_keeps_every_claim_of_a_built_file_here(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    _, built = a_file_of_two(stage)
    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        practice = session.get_one(Practice, stage.practice_id)
        practice.agreement_ends_on = TODAY - timedelta(days=1)

    ring_all(stage)

    assert clearinghouse.receipts == []
    assert stage.state(built) is SubmissionState.WITHDRAWN
    assert [claim.status for claim in stage.claims()] == [ClaimStatus.SCRUB] * 2
    with stage.database.work(practices=[stage.practice_id]) as session:
        assert len(session.scalars(select(Submission)).all()) == 1


def a_file_of_two(stage: Stage) -> tuple[UUID, UUID]:
    """Build one file: a claim under Part 2 with a consent, and a claim of somebody else."""
    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        billing = a_billing(session, stage.practice_id)
        client = a_client(session, billing.practice, last_name="Other", name_key="other, avery")
        other = replace(billing, client=client, policy=a_policy(session, client, billing.payer))
        consenting.mark(session, billing.client.id, is_part2=True, now=NOW)
        person = a_user(session, "Ana Sample")
        consent = consenting.sign(
            session, billing.client.id, SIGNED, by=person.id, today=TODAY, now=NOW
        )
        for each in (billing, other):
            a_queued_claim(session, each)
        (built,) = build_files(session, stage.practice_id, now=NOW)
        return consent.id, built.id


def ring_all(stage: Stage) -> None:
    """Ring for what is asked for, as the relay does, until nothing is asked for any more."""
    for _ in range(10):
        with stage.database.work(house=True) as session:
            waiting = select(Errand).where(Errand.done_at.is_(None), Errand.job.in_(JOBS))
            errands = session.scalars(waiting.order_by(Errand.due_at)).all()
        if not errands:
            return
        for errand in errands:
            shell = JOBS[Job(errand.job)]
            run(shell.__wrapped__, errand.id, stage.run)  # type: ignore[attr-defined]  # wraps keeps it
    raise AssertionError("something is asked for again and again")


def attempts_of(stage: Stage) -> list[tuple[Attempt, str]]:
    """The attempts with their control numbers, in the order of the claims."""
    with stage.database.work(practices=[stage.practice_id]) as session:
        found = session.scalars(select(Attempt).order_by(Attempt.patient_control_number)).all()
        return [(attempt, attempt.patient_control_number) for attempt in found]
