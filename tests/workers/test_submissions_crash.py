"""Whatever breaks at whatever moment, each file arrives exactly once (the crash table)."""

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from backoffice.config import Settings
from backoffice.gateways.clearinghouse import (
    Accepted,
    ClaimRow,
    InMemoryClearinghouse,
    NotAccepted,
    Refused,
    RowMessage,
    Sender,
    SendResult,
    ServiceError,
    Unknown,
    WhyNotAccepted,
    WhyUnknown,
)
from backoffice.gateways.documents import DocumentsUnavailable, InMemoryDocuments
from backoffice.jobs import Job
from backoffice.models.claims import StepSource
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from backoffice.models.submissions import (
    Attempt,
    AttemptOutcome,
    Submission,
    SubmissionState,
)
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.services import claims
from backoffice.services.submissions import persons
from backoffice.services.submissions.building import build_files
from tests.builders import NOW
from tests.databases import Database
from tests.services.billing import a_billing, a_queued_claim
from tests.workers.sending import BRIEF, QUICK, Died, Stage, a_stage, dies_at
from workers.runtime import Again

TIMED_OUT = Unknown(WhyUnknown.TIMED_OUT)
PATIENT = replace(QUICK, lag=timedelta(hours=1), patience=timedelta(hours=2))
AT_AN_END = replace(QUICK, lag=timedelta(hours=1), patience=timedelta(0))


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


def test_a_release_that_is_rolled_back_leaves_nothing_to_send(stage: Stage) -> None:
    with pytest.raises(Died):
        _release_and_die(stage)

    with stage.database.work(house=True) as session:
        assert session.scalars(select(Errand)).all() == []


def test_building_a_file_writes_the_wish_to_send_it_in_the_same_transaction(stage: Stage) -> None:
    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        a_queued_claim(session, a_billing(session, stage.practice_id))
    with pytest.raises(Died):
        _build_and_die(stage)

    with stage.database.work(practices=[stage.practice_id]) as session:
        (file,) = build_files(session, stage.practice_id, now=NOW)
        errands = session.scalars(select(Errand).where(Errand.job == Job.TRANSMIT_SUBMISSION)).all()

    assert [errand.subject_id for errand in errands] == [file.id]
    assert file.interchange_number == 1  # the number of the file that never was is free again


def test_two_workers_that_build_at_once_put_a_claim_into_one_file(stage: Stage) -> None:
    stage.queue()
    built: list[int] = []

    def build_too() -> None:
        with stage.database.work(practices=[stage.practice_id]) as session:
            built.append(len(build_files(session, stage.practice_id, now=NOW)))

    second = threading.Thread(target=build_too)
    with stage.database.work(practices=[stage.practice_id]) as first:
        built.append(len(build_files(first, stage.practice_id, now=NOW)))
        second.start()
        _wait_until_somebody_waits(stage)
    second.join(timeout=30)

    with stage.database.work(practices=[stage.practice_id]) as session:
        (file,) = session.scalars(select(Submission)).all()
        (attempt,) = session.scalars(select(Attempt)).all()
    assert built == [1, 0]
    assert attempt.submission_id == file.id


@pytest.mark.parametrize("place", ["locked", "kept"])
def test_a_worker_that_dies_before_its_lease_changes_nothing(
    stage: Stage, clearinghouse: InMemoryClearinghouse, place: str
) -> None:
    file = stage.file_of()
    with pytest.raises(Died):
        stage.transmit(file, at=dies_at(place))

    stage.settle(file)

    assert stage.state(file) is SubmissionState.SENT
    assert len(clearinghouse.receipts) == 1


def test_a_worker_that_dies_with_its_lease_is_waited_for_then_asked_about_then_sent(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    with pytest.raises(Died):
        stage.transmit(file, terms=BRIEF, at=dies_at("begun"))

    too_early = stage.transmit(file, terms=BRIEF)
    time.sleep(0.35)
    stage.transmit(file, terms=BRIEF)
    after = stage.state(file)
    stage.settle(file)

    assert too_early is not None
    assert too_early.after > timedelta(0)
    assert after is SubmissionState.UNKNOWN
    assert stage.state(file) is SubmissionState.SENT
    assert len(clearinghouse.receipts) == 1


def test_a_worker_that_dies_after_the_file_was_taken_is_not_repeated(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    with pytest.raises(Died):
        stage.settle(file, terms=BRIEF, at=dies_at("answered"))

    time.sleep(0.35)
    stage.settle(file)

    assert stage.state(file) is SubmissionState.SENT
    assert len(clearinghouse.receipts) == 1
    assert [claim.status for claim in stage.claims()] == [ClaimStatus.SUBMITTED]


def test_a_second_run_after_the_record_finds_the_file_sent(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    with pytest.raises(Died):
        stage.transmit(file, at=dies_at("recorded"))

    again = stage.transmit(file)

    assert again is None
    assert len(clearinghouse.receipts) == 1


def test_a_file_taken_in_silence_is_found_not_sent_again(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    clearinghouse.will_end(TIMED_OUT, arrives=True)

    stage.transmit(file)
    between = stage.state(file)
    stage.settle(file)

    assert between is SubmissionState.UNKNOWN
    assert stage.state(file) is SubmissionState.SENT
    assert len(clearinghouse.receipts) == 1


def test_a_file_lost_in_silence_goes_again_with_the_same_bytes_and_number(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    before = stage.submission(file)
    clearinghouse.will_end(TIMED_OUT, arrives=False)

    stage.settle(file)

    after = stage.submission(file)
    assert (after.state, after.tries) == (SubmissionState.SENT, 2)
    assert (after.sha256, after.interchange_number) == (before.sha256, before.interchange_number)
    (receipt,) = clearinghouse.receipts
    assert receipt.filename == before.filename


def test_not_found_is_not_believed_while_the_list_may_lag(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    clearinghouse.will_end(TIMED_OUT, arrives=True)
    clearinghouse.lags = True

    for _ in range(5):
        stage.transmit(file, terms=PATIENT)
    during = stage.state(file)
    clearinghouse.lags = False
    stage.settle(file, terms=PATIENT)

    assert during is SubmissionState.UNKNOWN
    assert stage.state(file) is SubmissionState.SENT
    assert len(clearinghouse.receipts) == 1


def test_without_a_query_a_person_is_asked_and_nothing_goes_by_itself(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    clearinghouse.will_end(TIMED_OUT, arrives=True)
    clearinghouse.has_query = False

    stage.transmit(file)
    stage.settle(file, terms=AT_AN_END)

    assert stage.state(file) is SubmissionState.NEEDS_PERSON
    assert len(clearinghouse.receipts) == 1


def test_a_person_may_say_that_the_file_arrived(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = _needing_a_person(stage, clearinghouse, arrives=True)

    with stage.database.work(practices=[stage.practice_id]) as session:
        persons.mark_sent(session, file, now=NOW)

    assert stage.state(file) is SubmissionState.SENT
    assert [claim.status for claim in stage.claims()] == [ClaimStatus.SUBMITTED]
    assert len(clearinghouse.receipts) == 1


def test_a_person_may_send_the_same_bytes_again(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = _needing_a_person(stage, clearinghouse, arrives=False)

    with stage.database.work(practices=[stage.practice_id]) as session:
        persons.send_again(session, file, now=NOW)
        turns = session.scalars(
            select(Errand.turn).where(Errand.job == Job.TRANSMIT_SUBMISSION)
        ).all()
    stage.settle(file)

    assert stage.state(file) is SubmissionState.SENT
    assert len(clearinghouse.receipts) == 1
    assert len(set(turns)) == 2


@pytest.mark.parametrize("button", [persons.mark_sent, persons.send_again])
def test_the_buttons_are_only_for_files_that_wait_for_a_person(
    stage: Stage, button: object
) -> None:
    file = stage.file_of()
    stage.settle(file)

    with (
        pytest.raises(persons.NotAwaitingPerson),
        stage.database.work(practices=[stage.practice_id]) as session,
    ):
        button(session, file, now=NOW)  # type: ignore[operator]  # either of the two functions


def test_twenty_workers_on_one_file_send_it_once(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    together = threading.Barrier(20)
    problems: list[BaseException] = []

    def work() -> None:
        together.wait()
        try:
            stage.transmit(file)
        except BaseException as problem:  # noqa: BLE001 - told to the test, whatever it is
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.settle(file)

    assert problems == []
    assert len(clearinghouse.receipts) == 1


def test_a_worker_paused_for_longer_than_its_lease_is_waited_for(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    paused, go_on = threading.Event(), threading.Event()

    def at(place: str) -> None:
        if place == "begun":
            paused.set()
            go_on.wait(10)

    sleeper = threading.Thread(
        target=stage.transmit, args=(file,), kwargs={"terms": BRIEF, "at": at}
    )
    sleeper.start()
    paused.wait(10)
    time.sleep(0.4)
    meanwhile = stage.transmit(file, terms=BRIEF)
    state = stage.state(file)
    go_on.set()
    sleeper.join()
    stage.settle(file)

    assert meanwhile == Again(BRIEF.busy)
    assert state is SubmissionState.SENDING
    assert len(clearinghouse.receipts) == 1


def test_a_worker_paused_while_the_database_forgot_its_lock_does_not_send_late(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    paused, go_on = threading.Event(), threading.Event()

    def at(place: str) -> None:
        if place == "begun":
            paused.set()
            go_on.wait(10)

    sleeper = threading.Thread(
        target=stage.transmit, args=(file,), kwargs={"terms": BRIEF, "at": at}
    )
    sleeper.start()
    paused.wait(10)
    _forget_locks(stage)
    time.sleep(0.4)
    stage.settle(file)
    go_on.set()
    sleeper.join()

    assert stage.state(file) is SubmissionState.SENT
    assert len(clearinghouse.receipts) == 1


def test_an_answer_about_a_claim_settles_a_file_nobody_knew_about(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    clearinghouse.will_end(TIMED_OUT, arrives=True)
    clearinghouse.has_query = False
    stage.transmit(file)
    (claim,) = stage.claims()
    with stage.database.work(practices=[stage.practice_id]) as session:
        (held,) = claims.locked(session, [claim.id])
        (attempt,) = claims.attempts_of(session, claim.id)
        claims.advance(
            session,
            held,
            ClaimEvent.ACCEPTED,
            now=NOW,
            source=StepSource.RESPONSE,
            attempt=attempt,
        )

    stage.settle(file)

    assert stage.state(file) is SubmissionState.SENT
    assert [each.status for each in stage.claims()] == [ClaimStatus.ACCEPTED]
    assert len(clearinghouse.receipts) == 1


@pytest.mark.parametrize("why", list(WhyNotAccepted))
def test_what_was_certainly_not_taken_goes_again_unchanged(
    stage: Stage, clearinghouse: InMemoryClearinghouse, why: WhyNotAccepted
) -> None:
    file = stage.file_of()
    clearinghouse.will_end(NotAccepted(why), arrives=False)

    stage.transmit(file, terms=replace(QUICK, first_wait=timedelta(hours=1)))
    between = stage.submission(file)

    assert (between.state, between.answer_code) == (SubmissionState.PENDING, why.value)
    assert between.next_try_at is not None


def test_a_rate_limit_is_waited_for_as_long_as_it_says(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    clearinghouse.will_end(NotAccepted(WhyNotAccepted.RATE_LIMITED, 120.0), arrives=False)

    again = stage.transmit(file)

    assert again is not None
    assert timedelta(seconds=110) < again.after <= timedelta(seconds=120)


def test_a_refused_file_rejects_its_claims_so_that_they_can_be_mended(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of(claims=2)
    clearinghouse.will_end(Refused((ServiceError("613", "Bad file."),)), arrives=False)

    stage.settle(file)

    assert stage.submission(file).state is SubmissionState.REFUSED
    assert {claim.status for claim in stage.claims()} == {ClaimStatus.REJECTED}
    assert all(claim.needs_review for claim in stage.claims())
    with stage.database.work(practices=[stage.practice_id]) as session:
        outcomes = set(session.scalars(select(Attempt.outcome)))
    assert outcomes == {AttemptOutcome.REJECTED}


def test_a_refusal_of_a_second_try_is_believed_only_when_the_file_is_not_there(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    lost_then_late: list[tuple[SendResult, bool]] = [
        (NotAccepted(WhyNotAccepted.UNAVAILABLE), True),  # it did arrive, against its word
        (Refused((ServiceError("dup", "Duplicate."),)), False),
    ]
    for ending, arrives in lost_then_late:
        clearinghouse.will_end(ending, arrives=arrives)

    stage.settle(file)

    assert stage.state(file) is SubmissionState.SENT
    assert len(clearinghouse.receipts) == 1


def test_a_wrong_key_holds_the_file_back_and_rejects_no_claim(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    clearinghouse.will_end(Refused((ServiceError("20", "Invalid AccountKey"),)), arrives=False)

    stage.transmit(file)

    held = stage.submission(file)
    assert (held.state, held.answer_code) == (SubmissionState.PENDING, "account: 20")
    assert [claim.status for claim in stage.claims()] == [ClaimStatus.QUEUED]


def test_rows_of_the_upload_are_applied_to_their_claims(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of(claims=2)
    with stage.database.work(practices=[stage.practice_id]) as session:
        good, bad = session.scalars(select(Attempt).order_by(Attempt.patient_control_number))
    clearinghouse.will_end(
        Accepted((_row(good, "A", "Accepted."), _row(bad, "R", "Bad id."))), arrives=True
    )

    stage.settle(file)

    first, second = stage.claims()
    assert (first.status, second.status) == (ClaimStatus.SUBMITTED, ClaimStatus.REJECTED)
    with stage.database.work(practices=[stage.practice_id]) as session:
        numbers = {
            attempt.claim_id: attempt.clearinghouse_number
            for attempt in session.scalars(select(Attempt))
        }
        words = [step.words for step in claims.history(session, second.id)]
    assert numbers == {
        first.id: f"MD{good.patient_control_number}",
        second.id: f"MD{bad.patient_control_number}",
    }
    assert "Bad id." in words


def test_a_claim_cannot_be_recalled_once_it_stands_in_a_file(stage: Stage) -> None:
    stage.file_of()
    (claim,) = stage.claims()

    with (
        pytest.raises(claims.LeftAlready),
        stage.database.work(practices=[stage.practice_id]) as session,
    ):
        claims.recall(session, claim, by=uuid4(), now=NOW)


def test_the_bytes_in_the_store_are_those_that_left(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()

    stage.settle(file)

    kept = stage.run.documents.get(stage.submission(file).document_key)
    assert [receipt.content for receipt in clearinghouse.receipts] == [kept]


def test_nothing_leaves_while_the_document_store_is_away(
    stage: Stage, clearinghouse: InMemoryClearinghouse
) -> None:
    file = stage.file_of()
    away = replace(stage, run=replace(stage.run, documents=_Away()))

    with pytest.raises(DocumentsUnavailable):
        away.transmit(file)
    before = len(clearinghouse.receipts)
    stage.settle(file)

    assert (before, len(clearinghouse.receipts)) == (0, 1)


def _release_and_die(stage: Stage) -> None:
    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        a_queued_claim(session, a_billing(session, stage.practice_id))
        raise Died


def _build_and_die(stage: Stage) -> None:
    with stage.database.work(practices=[stage.practice_id]) as session:
        build_files(session, stage.practice_id, now=NOW)
        raise Died


class _Away(InMemoryDocuments):
    """A document store that does not answer."""

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        sha256: str,
        keep_until: datetime | None = None,
    ) -> None:
        raise DocumentsUnavailable("away")


def _needing_a_person(stage: Stage, clearinghouse: InMemoryClearinghouse, *, arrives: bool) -> UUID:
    file = stage.file_of()
    clearinghouse.will_end(TIMED_OUT, arrives=arrives)
    clearinghouse.has_query = False
    stage.transmit(file)
    stage.settle(file, terms=AT_AN_END)
    assert stage.state(file) is SubmissionState.NEEDS_PERSON
    return file


def _wait_until_somebody_waits(stage: Stage) -> None:
    """Return as soon as another connection waits for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with stage.database.engine.connect() as connection:
            if connection.execute(waiting).scalar_one():
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def _forget_locks(stage: Stage) -> None:
    """End the connection that holds the lock, as a restart of the database would."""
    with stage.database.engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )


def _row(attempt: Attempt, status: str, words: str) -> ClaimRow:
    return ClaimRow(
        patient_control_number=attempt.patient_control_number,
        status=status,
        sender=Sender.CLEARINGHOUSE,
        sender_name="CLAIM.MD",
        clearinghouse_claim_number=f"MD{attempt.patient_control_number}",
        sender_claim_number="",
        trace=attempt.patient_control_number,
        payer_id="NSH01",
        file_id="1",
        filename="000000001.837",
        batch_id="1",
        charge_amount=None,
        said_at=None,
        messages=(RowMessage("", status, "", "", words, ""),),
        raw={},
    )
