"""From the clearinghouse's answers to the ledger by the jobs themselves, with real commits."""

import threading
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.ack_mailbox import InMemoryMailbox
from backoffice.gateways.clearinghouse import (
    ClearinghouseAnswerUnreadable,
    ClearinghouseRefused,
    EraListing,
    InMemoryClearinghouse,
    ServiceError,
)
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.jobs import Job, ask_for
from backoffice.models.inbound import InboundFile, InboundState
from backoffice.models.ledger import Posting, PostingKind
from backoffice.models.outbox import Errand
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.practices import BillingProfile
from backoffice.models.remittances import Remittance, RemittanceState
from backoffice.models.sealing import Keyring
from backoffice.models.submissions import Acknowledgement, Attempt, Submission
from backoffice.rules.claim_status import ClaimStatus
from backoffice.services.inbound.set_aside import set_aside
from backoffice.services.practices import note_payee
from backoffice.services.receivables import verify
from backoffice.services.remittances.posting import post_remittance
from tests.builders import NOW
from tests.databases import Database
from tests.services.eras import CLEAN, Check, Line, Paid, era
from tests.services.test_inbound import a_277, said
from tests.workers.sending import Stage, a_stage
from workers import inbound, remittances
from workers.runtime import run

_JOBS: dict[Job, Any] = {
    Job.POLL_CLEARINGHOUSE: inbound.poll_clearinghouse,
    Job.READ_INBOUND_FILE: inbound.read_inbound_file,
    Job.APPLY_RESPONSES: inbound.apply_responses,
    Job.APPLY_ACKNOWLEDGEMENT: inbound.apply_acknowledgement,
    Job.READ_REMITTANCE: remittances.read_remittance,
    Job.POST_REMITTANCE: remittances.post_remittance,
}


@dataclass(frozen=True)
class Scene:
    """Two claims sent in one file; a clearinghouse and a mailbox that can be given answers."""

    stage: Stage
    clearinghouse: InMemoryClearinghouse
    mailbox: InMemoryMailbox
    numbers: tuple[str, str]
    submission: Submission

    def poll(self, turn: str, *, but: Job | None = None) -> None:
        """Ask the account once, then do whatever that has brought up, one kind of job left out."""
        with self.stage.database.work(house=True) as session:
            (account,) = session.scalars(select(ClearinghouseAccount.id))
            ask_for(
                session,
                Job.POLL_CLEARINGHOUSE,
                subject_id=account,
                practice_id=None,
                due_at=NOW,
                turn=turn,
            )
        while waiting := self._waiting(but):
            for errand in waiting:
                run(_JOBS[Job(errand.job)].__wrapped__, errand.id, self.stage.run)

    def _waiting(self, but: Job | None) -> list[Errand]:
        with self.stage.database.work(house=True) as session:
            query = select(Errand).where(
                Errand.done_at.is_(None), Errand.job.in_(list(_JOBS)), Errand.problem == ""
            )
            query = query.where(Errand.job != but) if but else query
            return list(session.scalars(query.order_by(Errand.id)))

    def problems(self) -> list[str]:
        """What jobs failed with."""
        with self.stage.database.work(house=True) as session:
            return [each for each in session.scalars(select(Errand.problem)) if each]

    def offer(self, content: bytes, era_id: str) -> None:
        """Put a remittance behind the cursor."""
        self.clearinghouse.offers(content, EraListing(era_id, "NSH01", "", "", None, None, {}))


@pytest.fixture
def scene(fresh_database: Database, settings: Settings, keyring: Keyring) -> Scene:
    clearinghouse, mailbox = InMemoryClearinghouse(), InMemoryMailbox()
    made = a_stage(fresh_database, settings, clearinghouse, InMemoryDocuments())
    stage = replace(made, run=replace(made.run, mailbox=mailbox))
    file = stage.file_of(claims=2)
    stage.settle(file)
    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        note_payee(session, session.scalars(select(BillingProfile)).one())
        first, second = session.scalars(
            select(Attempt.patient_control_number).order_by(Attempt.patient_control_number)
        )
    return Scene(stage, clearinghouse, mailbox, (first, second), stage.submission(file))


def test_answers_and_money_go_the_whole_way_and_twice_changes_nothing(scene: Scene) -> None:
    first, second = scene.numbers
    scene.clearinghouse.says(said(first, 0, "A", "A2"))
    scene.mailbox.files["ack.277"] = a_277(second, "A2", "WQ")
    content = era(
        Check(
            (
                Paid(first, (Line("155", "80", CLEAN),)),
                Paid(second, (Line("155", "0", (("CO", "197", "155"),)),), icn="ICN2"),
            )
        )
    )
    scene.offer(content, "1")
    scene.offer(content + b"\n", "2")

    scene.poll("1")
    scene.poll("2")

    assert scene.problems() == []
    assert scene.mailbox.files == {}
    paid, denied = scene.stage.claims()
    assert (paid.status, denied.status) == (ClaimStatus.PAID, ClaimStatus.DENIED)
    with scene.stage.database.work(practices=[scene.stage.practice_id], house=True) as session:
        assert session.scalars(select(Remittance)).one().state is RemittanceState.NEEDS_REVIEW
        found = verify(session)
        assert found.balanced
    with scene.stage.database.intake() as session:
        files = session.scalars(select(InboundFile)).all()
    assert [each.state for each in files].count(InboundState.DUPLICATE) == 1
    stored = [each.document_key for each in files]
    assert all(scene.stage.run.documents.exists(key) for key in stored)


def a_999(number: int, code: str) -> bytes:
    """An acknowledgement of a whole file, by its interchange number."""
    isa = (
        "ISA*00*          *00*          *ZZ*CLAIMMD        *ZZ*CLEANCLAIM     "
        "*261118*1200*^*00501*000000009*0*T*:"
    )
    body = [
        "GS*FA*CLAIMMD*CLEANCLAIM*20261118*1200*9*X*005010X231A1",
        "ST*999*0001*005010X231A1",
        f"AK1*HC*{number}*005010X222A2",
        "AK2*837*0001*005010X222A2",
        f"IK5*{code}",
        f"AK9*{code}*1*1*{int(code != 'R')}",
        "SE*6*0001",
        "GE*1*9",
        "IEA*1*000000009",
    ]
    return "".join(f"{each}~" for each in [isa, *body]).encode()


@pytest.mark.parametrize(
    ("code", "status"), [("A", ClaimStatus.SUBMITTED), ("R", ClaimStatus.REJECTED)]
)
def test_a_999_tells_every_claim_of_its_file(scene: Scene, code: str, status: ClaimStatus) -> None:
    scene.mailbox.files["ack.999"] = a_999(scene.submission.interchange_number, code)

    scene.poll("1")

    assert scene.problems() == []
    assert {claim.status for claim in scene.stage.claims()} == {status}
    with scene.stage.database.work(practices=[scene.stage.practice_id]) as session:
        assert session.scalars(select(Acknowledgement)).one().code == code


def test_an_acknowledgement_of_no_file_of_ours_is_set_aside(scene: Scene) -> None:
    scene.mailbox.files["ack.999"] = a_999(987654321, "R")

    scene.poll("1")

    assert {claim.status for claim in scene.stage.claims()} == {ClaimStatus.SUBMITTED}
    with scene.stage.database.intake() as session:
        assert session.scalars(select(InboundFile)).one().state is InboundState.QUARANTINED


def test_an_acknowledgement_says_how_many_of_its_claims_are_none_of_ours(scene: Scene) -> None:
    first, _ = scene.numbers
    scene.mailbox.files["ours.277"] = a_277(first, "A2", "WQ")
    scene.mailbox.files["theirs.277"] = a_277("NOBODYS", "A7", "U")

    scene.poll("1")

    assert scene.problems() == []
    with scene.stage.database.intake() as session:
        (file,) = set_aside(session).files
        assert (file.remote_id, file.problem) == ("theirs.277", "1 claim in it is none of ours.")
    assert ClaimStatus.ACCEPTED in {claim.status for claim in scene.stage.claims()}


def test_a_mailbox_name_used_again_brings_its_new_bytes(scene: Scene) -> None:
    scene.mailbox.files["ack.999"] = a_999(scene.submission.interchange_number, "A")
    scene.poll("1")
    assert {claim.status for claim in scene.stage.claims()} == {ClaimStatus.SUBMITTED}

    scene.mailbox.files["ack.999"] = a_999(scene.submission.interchange_number, "R")
    scene.poll("2")

    assert scene.mailbox.files == {}
    assert {claim.status for claim in scene.stage.claims()} == {ClaimStatus.REJECTED}


@pytest.mark.parametrize(
    "wrong",
    [
        ClearinghouseRefused((ServiceError("711", "Nothing found."),)),
        ClearinghouseAnswerUnreadable("the remittance has no data"),
    ],
)
def test_a_remittance_that_is_not_given_is_set_aside_and_the_next_ones_come(
    scene: Scene, wrong: Exception
) -> None:
    first, _ = scene.numbers
    scene.offer(b"", "1")
    scene.offer(b"", "2")
    scene.offer(era(Check((Paid(first, (Line("155", "80", CLEAN),)),))), "3")
    scene.clearinghouse.raises |= {"1": wrong, "2": wrong}

    scene.poll("1")

    assert scene.problems() == []
    with scene.stage.database.intake() as session:
        waiting = [(each.remote_id, each.problem != "") for each in set_aside(session).files]
        account = session.scalars(select(ClearinghouseAccount)).one()
        assert (waiting, account.era_cursor) == ([("2", True), ("1", True)], "3")
    assert ClaimStatus.PAID in {claim.status for claim in scene.stage.claims()}


def test_an_account_that_is_refused_sets_no_remittance_aside(scene: Scene) -> None:
    scene.offer(b"", "1")
    scene.clearinghouse.raises["1"] = ClearinghouseRefused((ServiceError("20", "Invalid key."),))

    scene.poll("1")

    assert scene.problems() == ["ClearinghouseRefused"]
    with scene.stage.database.intake() as session:
        assert session.scalars(select(InboundFile)).all() == []
        assert session.scalars(select(ClearinghouseAccount)).one().era_cursor == "0"


def test_an_unreadable_answer_is_told_and_holds_up_neither_money_nor_mailbox(
    scene: Scene,
) -> None:
    first, second = scene.numbers
    scene.clearinghouse.raises["responses"] = ClearinghouseAnswerUnreadable("not JSON")
    scene.offer(era(Check((Paid(first, (Line("155", "80", CLEAN),)),))), "1")
    scene.mailbox.files["ack.277"] = a_277(second, "A2", "WQ")

    scene.poll("1")

    assert scene.problems() == ["ClearinghouseAnswerUnreadable"]
    assert {each.status for each in scene.stage.claims()} == {
        ClaimStatus.PAID,
        ClaimStatus.ACCEPTED,
    }


def test_two_workers_on_one_remittance_post_it_once(scene: Scene) -> None:
    first, _ = scene.numbers
    scene.offer(era(Check((Paid(first, (Line("155", "80", CLEAN),)),))), "1")
    scene.poll("1", but=Job.POST_REMITTANCE)
    with scene.stage.database.work(practices=[scene.stage.practice_id]) as session:
        remittance = session.scalars(select(Remittance.id)).one()

    def post() -> None:
        with scene.stage.database.work(practices=[scene.stage.practice_id]) as session:
            post_remittance(session, remittance, now=NOW)

    workers = [threading.Thread(target=post) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)

    with scene.stage.database.work(practices=[scene.stage.practice_id]) as session:
        kind = Posting.kind == PostingKind.REMITTANCE_LINE
        assert len(session.scalars(select(Posting).where(kind)).all()) == 1
        assert verify(session).balanced
