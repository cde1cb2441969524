"""What is written of a patient is on record in the same transaction, whoever writes it."""

import pytest

from backoffice.models.clients import Client
from backoffice.models.sealing import Keyring
from backoffice.rules.claim_status import ClaimEvent
from backoffice.services import audit, claims
from backoffice.services.audit import Actor
from backoffice.services.inbound import payments
from backoffice.services.remittances import storing
from tests.builders import NOW
from tests.databases import Database
from tests.record import on_record
from tests.services.billing import NO_DELAY
from tests.services.eras import (
    CLEAN,
    Check,
    Line,
    Paid,
    era,
    known_payee,
    number_of,
    sent,
    taken_in,
)
from tests.talk import Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def changes(talk: Talk) -> list[tuple[str, str, list[str]]]:
    with talk.work() as session:
        return [
            (each.job, each.subject_kind, each.fields)
            for each in on_record(session, action="change")
            if each.job
        ]


def test_a_jobs_quiet_move_is_on_record_under_its_name_with_the_client(talk: Talk) -> None:
    with audit.acting(Actor(job="read_remittance", request_id="errand")):
        talk.move(ClaimEvent.RELEASED)

    with talk.work() as session:
        claim = talk.claim(session)
        (record,) = [each for each in on_record(session, action="change") if each.job]
    assert (record.job, record.request_id) == ("read_remittance", "errand")
    assert (record.subject_kind, record.subject_ids) == ("claim", [claim.id])
    assert record.client_ids == [claim.client_id]
    assert {"claims.status", "claim_steps.*"} <= set(record.fields)


def test_what_a_job_writes_of_a_payment_names_the_claims_client(talk: Talk) -> None:
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        known_payee(session, talk.billing)
        claim = talk.claim(session)
        claims.release(session, claim, by=None, now=NOW, delay=NO_DELAY)
        number = number_of(session, sent(claim))
    content = era(Check((Paid(number, (Line("155", "80", CLEAN),)),)))
    with talk.database.intake() as session:
        transaction_id = taken_in(session, content)[0].id
    (read,) = payments.read_payments(content).payments
    with (
        audit.acting(Actor(job="read_remittance")),
        talk.database.work(practices=[talk.practice_id], house=True) as session,
    ):
        assert storing.store(session, transaction_id, read.remittance, now=NOW)

    with talk.work() as session:
        client_id = talk.claim(session).client_id
        (record,) = on_record(session, action="change", job="read_remittance")
    assert (record.subject_kind, record.client_ids) == ("remittance", [client_id])


def test_a_field_written_past_every_use_case_is_still_named_and_never_its_value(
    talk: Talk,
) -> None:
    with audit.acting(Actor(job="somebody")), talk.work() as session:
        client = session.get_one(Client, (talk.practice_id, talk.claim(session).client_id))
        client.phone = "2075550199"

    assert changes(talk) == [("somebody", "client", ["clients.phone"])]


def test_what_a_use_case_named_is_not_told_twice(talk: Talk) -> None:
    with audit.acting(Actor(job="somebody")), talk.work() as session:
        client = session.get_one(Client, (talk.practice_id, talk.claim(session).client_id))
        client.phone = "2075550199"
        audit.record(
            session,
            "edit",
            subject_kind="client",
            subject_ids=[client.id],
            practice_id=talk.practice_id,
            fields=["phone"],
        )

    assert changes(talk) == []


def test_what_is_rolled_back_leaves_no_record(talk: Talk) -> None:
    def fails_midway() -> None:
        with audit.acting(Actor(job="somebody")), talk.work() as session:
            session.get_one(Client, (talk.practice_id, talk.claim(session).client_id)).phone = "1"
            audit.record(
                session, "edit", subject_kind="user", subject_ids=[], practice_id=talk.practice_id
            )
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_midway()

    assert changes(talk) == []
    with talk.work() as session:
        assert on_record(session, action="edit") == []
