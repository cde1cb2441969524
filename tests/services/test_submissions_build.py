"""Claims past their undo window leave in files: one for each billing provider and payer route."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.jobs import Job
from backoffice.models.ledger import Posting
from backoffice.models.outbox import Errand
from backoffice.models.payers import PracticePayer
from backoffice.models.submissions import AttemptOutcome, Submission, SubmissionState
from backoffice.rules.claim_status import ClaimStatus
from backoffice.services import claims
from backoffice.services.submissions import opinions, persons, sweeping
from backoffice.services.submissions.building import build_files, next_release
from backoffice.services.submissions.exporting import sent_files
from backoffice.services.submissions.routing import NoAccount, account_for
from backoffice.services.submissions.sending import body_of
from tests.builders import NOW, a_payer, a_policy, a_practice, a_profile, an_account
from tests.services.billing import Billing, a_billing, a_claim, a_queued_claim

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def billing(session: Session, practice_id: UUID) -> Billing:
    return a_billing(session, practice_id)


def errands(session: Session, job: Job) -> list[UUID]:
    return list(session.scalars(select(Errand.subject_id).where(Errand.job == job)))


def sent_numbers(files: Iterable[Submission]) -> list[int]:
    return [file.interchange_number for file in files]


def test_claims_of_one_route_share_a_file_frozen_with_its_hash(
    session: Session, billing: Billing
) -> None:
    for _ in range(3):
        a_queued_claim(session, billing)

    (file,) = build_files(session, billing.practice.id, now=NOW)

    body = body_of(file)
    assert (file.claim_count, file.state) == (3, SubmissionState.PENDING)
    assert hashlib.sha256(body).hexdigest() == file.sha256
    assert body.count(b"~CLM*") == 3
    assert file.filename == "000000001.837"
    assert file.document_key == f"t/{billing.practice.id}/{file.id}"
    assert errands(session, Job.TRANSMIT_SUBMISSION) == [file.id]


def test_the_numbers_in_the_envelope_are_the_files_own(session: Session, billing: Billing) -> None:
    billing.account.next_interchange = 4711
    a_queued_claim(session, billing)

    (file,) = build_files(session, billing.practice.id, now=NOW)

    text = body_of(file).decode()
    assert file.interchange_number == 4711
    assert "*000004711*" in text.split("~")[0]
    assert "GS*HC*" in text
    assert "*4711*X*005010X222A1" in text
    assert "ST*837*4711*" in text
    assert "BHT*0019*00*000004711*" in text
    assert billing.account.next_interchange == 4712


def test_a_claim_within_its_undo_window_stays(session: Session, billing: Billing) -> None:
    claim = a_claim(session, billing)
    claims.release(session, claim, by=None, now=NOW, delay=timedelta(minutes=5))

    early = build_files(session, billing.practice.id, now=NOW)
    waits = next_release(session, billing.practice.id)
    due = build_files(session, billing.practice.id, now=LATER)

    assert early == []
    assert waits == LATER
    assert len(due) == 1
    assert next_release(session, billing.practice.id) is None


def test_one_run_takes_so_many_claims_and_leaves_the_others_due(
    session: Session, billing: Billing
) -> None:
    for _ in range(3):
        a_queued_claim(session, billing)

    (first,) = build_files(session, billing.practice.id, now=NOW, most=2)
    waits = next_release(session, billing.practice.id)
    (second,) = build_files(session, billing.practice.id, now=NOW, most=2)

    assert (first.claim_count, second.claim_count) == (2, 1)
    assert waits == NOW
    assert next_release(session, billing.practice.id) is None


def test_a_claim_goes_into_one_file_only(session: Session, billing: Billing) -> None:
    a_queued_claim(session, billing)

    first = build_files(session, billing.practice.id, now=NOW)
    second = build_files(session, billing.practice.id, now=NOW)

    assert (len(first), second) == (1, [])


def test_another_payer_and_another_profile_have_files_of_their_own(
    session: Session, billing: Billing
) -> None:
    a_queued_claim(session, billing)
    other_payer = a_payer(session, name="Other", name_key="other", electronic_id="OTH02")
    policy = a_policy(session, billing.client, other_payer)
    a_queued_claim(session, _with(billing, policy=policy))
    profile = a_profile(session, billing.practice, name="Second", npi="1245319599")
    a_queued_claim(session, _with(billing, profile=profile))

    files = build_files(session, billing.practice.id, now=NOW)

    assert sent_numbers(files) == [1, 2, 3]
    assert [file.claim_count for file in files] == [1, 1, 1]


def test_a_profile_edited_between_two_releases_splits_the_file(
    session: Session, billing: Billing
) -> None:
    a_queued_claim(session, billing)
    billing.profile.phone = "2075550999"
    session.flush()
    a_queued_claim(session, billing)

    files = build_files(session, billing.practice.id, now=NOW)

    assert [file.claim_count for file in files] == [1, 1]


def test_a_file_holds_no_more_claims_than_the_account_takes(
    session: Session, billing: Billing
) -> None:
    billing.account.claims_per_file = 2
    for _ in range(5):
        a_queued_claim(session, billing)

    files = build_files(session, billing.practice.id, now=NOW)

    assert [file.claim_count for file in files] == [2, 2, 1]


def test_a_practice_reaches_a_payer_through_its_own_account_else_the_houses_first(
    session: Session, billing: Billing
) -> None:
    own = an_account(session, name="Own", next_interchange=500)
    session.scalars(select(PracticePayer)).one().account_id = own.id
    a_queued_claim(session, billing)
    (through_own,) = build_files(session, billing.practice.id, now=NOW)

    session.scalars(select(PracticePayer)).one().account_id = None
    a_queued_claim(session, billing)
    (through_first,) = build_files(session, billing.practice.id, now=NOW)

    assert (through_own.account_id, through_own.interchange_number) == (own.id, 500)
    assert (through_first.account_id, through_first.interchange_number) == (billing.account.id, 1)


def test_without_any_account_there_is_no_way_to_a_payer(
    session: Session, practice_id: UUID
) -> None:
    a_practice(session, practice_id)
    payer = a_payer(session)

    with pytest.raises(NoAccount):
        account_for(session, practice_id=practice_id, payer_id=payer.id)


def test_the_charge_is_posted_when_the_file_is_built_and_not_before(
    session: Session, billing: Billing
) -> None:
    claim = a_queued_claim(session, billing)
    before = session.scalar(select(func.count()).select_from(Posting))

    build_files(session, billing.practice.id, now=NOW)

    after = session.scalar(select(func.count()).select_from(Posting))
    assert (before, after) == (0, 1)
    assert claim.balance_amount == claim.charge_amount


def test_a_claim_that_does_not_pass_any_more_is_shown_and_the_others_leave(
    session: Session, billing: Billing
) -> None:
    late = a_queued_claim(session, billing)
    fine = a_queued_claim(session, billing)
    (attempt,) = claims.attempts_of(session, late.id)
    frozen = claims.thaw(attempt.content or "")
    assert frozen.rendering is not None
    spoiled = replace(frozen, rendering=replace(frozen.rendering, npi="1518990012"))
    attempt.content = claims.freeze(spoiled)

    (file,) = build_files(session, billing.practice.id, now=NOW)

    assert file.claim_count == 1
    assert (late.status, fine.status) == (ClaimStatus.SCRUB, ClaimStatus.QUEUED)
    assert late.scrub_findings != []
    assert attempt.outcome is AttemptOutcome.WITHDRAWN


def test_the_first_file_of_a_route_is_shown_to_a_second_validator(
    session: Session, billing: Billing
) -> None:
    a_queued_claim(session, billing)
    (first,) = build_files(session, billing.practice.id, now=NOW)
    a_queued_claim(session, billing)
    build_files(session, billing.practice.id, now=NOW)

    assert errands(session, Job.SECOND_OPINION) == [first.id]


def test_an_objection_puts_the_files_claims_up_for_review_and_stops_nothing(
    session: Session, billing: Billing
) -> None:
    claim = a_queued_claim(session, billing)
    (file,) = build_files(session, billing.practice.id, now=NOW)

    opinions.keep_opinion(session, file.id, ["8", "7"])

    page = persons.files(session, only_troubled=True)
    assert (file.second_opinion, file.state) == ("8 7", SubmissionState.PENDING)
    assert claim.needs_review
    assert [each.id for each in page.files] == [file.id]


def test_what_waits_without_an_errand_is_rung_for_again_once(
    session: Session, billing: Billing
) -> None:
    a_queued_claim(session, billing)
    build_files(session, billing.practice.id, now=NOW)
    a_queued_claim(session, billing)
    for errand in session.scalars(select(Errand)):
        errand.done_at = NOW
    session.flush()

    first = sweeping.ring_again(session, billing.practice.id, now=LATER)
    second = sweeping.ring_again(session, billing.practice.id, now=LATER + timedelta(minutes=1))

    assert (first, second) == (2, 0)


@pytest.mark.parametrize(
    ("state", "has_left"),
    [
        (SubmissionState.PENDING, False),  # tried, and certainly not taken
        (SubmissionState.SENDING, True),
        (SubmissionState.UNKNOWN, True),
        (SubmissionState.SENT, True),
        (SubmissionState.REFUSED, True),
        (SubmissionState.NEEDS_PERSON, True),
        (SubmissionState.WITHDRAWN, False),
    ],
)
def test_only_files_that_left_are_exported_byte_for_byte(
    session: Session, billing: Billing, state: SubmissionState, *, has_left: bool
) -> None:
    a_queued_claim(session, billing)
    (tried,) = build_files(session, billing.practice.id, now=NOW)
    tried.tries, tried.state = 1, state
    a_queued_claim(session, billing)
    build_files(session, billing.practice.id, now=NOW)

    exported = list(sent_files(session))

    assert exported == ([("000000001.837", body_of(tried))] if has_left else [])


def _with(billing: Billing, **changes: object) -> Billing:
    return replace(billing, **changes)  # type: ignore[arg-type]  # names checked by replace
