"""Mails on their way out: a server that goes and comes, every mail once, no word of a client."""

import contextlib
import email
import email.policy
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from smtplib import SMTP
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text

from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.mail import InMemoryMail, OutgoingMail, SmtpMail
from backoffice.gateways.mail import compose as as_it_travels
from backoffice.gateways.queue import InMemoryQueue
from backoffice.models.clients import Client
from backoffice.models.documents import DocumentKind
from backoffice.models.notifications import Mail, MailState
from backoffice.models.outbox import Errand
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.notices import Topic
from backoffice.sandbox.mail_catcher import CaughtMail, Maildir
from backoffice.sandbox.stack.parts import free_port
from backoffice.services import agreements, documents, messages
from backoffice.services.access import one
from backoffice.services.documents import Arrival, Examined
from backoffice.services.notifications import MailTerms
from tests.builders import NOW
from tests.clean import found_clean
from tests.databases import Database
from tests.talk import Talk, a_talk
from workers.notifications import deliver
from workers.relay import ring_due
from workers.runtime import Again, Runtime, Task, run

AT_ONCE = MailTerms(bundle=timedelta(0), unread=timedelta(0))


@dataclass
class Catcher:
    """A real mail server that can be stopped and started again on its port."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            [
                sys.executable, "-m", "backoffice.sandbox.mail_catcher",
                str(self.folder), str(self.port), str(free_port()),
            ],
        )  # fmt: skip
        for _ in range(200):
            with contextlib.suppress(OSError), SMTP("127.0.0.1", self.port, timeout=1):
                return
            time.sleep(0.05)
        raise AssertionError("the mail catcher did not start")

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    @property
    def caught(self) -> list[CaughtMail]:
        """What arrived."""
        return Maildir(self.folder).all()


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[Catcher]:
    made = Catcher(tmp_path / "mail", free_port())
    yield made
    made.stop()


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database, AT_ONCE)


def a_runtime(talk: Talk, settings: Settings, url: str = "") -> Runtime:
    mail = SmtpMail(url=url, sender="no-reply@cleanclaim.example") if url else InMemoryMail()
    return Runtime(
        settings=talk.database.reached_by(settings),
        engine=talk.database.engine,
        factory=talk.factory,
        documents=InMemoryDocuments(),
        mail=mail,
        mailbox=None,
        clearinghouse_of=lambda _: pytest.fail("mails have nothing to do with it"),
    )


def task_of(mail: Mail) -> Task:
    return Task(uuid4(), mail.practice_id, mail.id, "", 0)


def test_a_server_that_is_down_loses_nothing_and_back_up_gets_each_mail_once(
    talk: Talk, settings: Settings, catcher: Catcher
) -> None:
    runtime = a_runtime(talk, settings, f"smtp://127.0.0.1:{catcher.port}")
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)

    down = deliver(task_of(mail), runtime)
    waiting = talk.mails(talk.cast.owner)[0]
    catcher.start()
    up = deliver(task_of(mail), runtime)
    again = deliver(task_of(mail), runtime)

    assert down == Again(timedelta(seconds=5))
    assert (waiting.state, waiting.tries) == (MailState.QUEUED, 1)
    assert up is None
    assert again is None
    (caught,) = catcher.caught
    assert caught.recipients == talk.cast.owner.email
    assert caught.message_id == f"<{mail.id}@cleanclaim.example>"
    assert talk.mails(talk.cast.owner)[0].state is MailState.SENT


def test_while_the_server_is_down_further_steps_join_the_mail_that_waits(
    talk: Talk, settings: Settings, catcher: Catcher
) -> None:
    runtime = a_runtime(talk, settings, f"smtp://127.0.0.1:{catcher.port}")
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)
    deliver(task_of(mail), runtime)

    talk.move(ClaimEvent.RELEASED, claim_id=talk.other_claim_id)
    catcher.start()
    deliver(task_of(mail), runtime)

    assert len(talk.mails(talk.cast.owner)) == 1
    (caught,) = catcher.caught
    assert "2 claims of" in caught.text


def test_a_worker_that_dies_between_sending_and_writing_it_down_sends_the_same_mail_again(
    talk: Talk, settings: Settings, catcher: Catcher
) -> None:
    catcher.start()
    runtime = a_runtime(talk, settings, f"smtp://127.0.0.1:{catcher.port}")
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)

    class DiesAfterSending:
        """Hands the mail over and is gone."""

        def send(self, outgoing: OutgoingMail) -> None:
            """Send, then end."""
            runtime.mail.send(outgoing)
            raise SystemExit

    with pytest.raises(SystemExit):
        deliver(task_of(mail), replace(runtime, mail=DiesAfterSending()))
    deliver(task_of(mail), runtime)

    assert len(catcher.caught) == 2
    assert len({caught.message_id for caught in catcher.caught}) == 1
    assert talk.mails(talk.cast.owner)[0].state is MailState.SENT


def test_an_address_that_the_server_will_never_take_ends_in_the_ledger_with_its_code(
    talk: Talk, settings: Settings
) -> None:
    class Refuses:
        """Takes nobody's mail."""

        async def handle_RCPT(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
            """Refuse every recipient."""
            return "550 no such mailbox"

    port = free_port()
    server = Controller(Refuses(), hostname="127.0.0.1", port=port)
    server.start()
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)

    ended = deliver(task_of(mail), a_runtime(talk, settings, f"smtp://127.0.0.1:{port}"))
    server.stop()

    (mail,) = talk.mails(talk.cast.owner)
    assert ended is None
    assert (mail.state, mail.reason) == (MailState.BOUNCED, "SMTP 550")


def test_the_bell_is_rung_with_the_errands_id_and_nothing_else(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)
    queue = InMemoryQueue()

    with talk.database.work(house=True) as session:
        ring_due(session, queue, now=NOW + timedelta(minutes=1))
        rung = [(job, UUID(argument)) for job, argument in queue.rung]
        errands = {each.id for each in session.scalars(select(Errand))}

    assert {job for job, _ in rung} == {"workers.notifications.send_mail"}
    assert {argument for _, argument in rung} <= errands


def test_an_errand_is_done_once_its_mail_has_left(talk: Talk, settings: Settings) -> None:
    runtime = a_runtime(talk, settings)
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)
    with talk.database.work(house=True) as session:
        errand = session.scalars(select(Errand).where(Errand.subject_id == mail.id)).one()

    for _ in range(2):
        run(deliver, errand.id, runtime)

    assert isinstance(runtime.mail, InMemoryMail)
    assert len(runtime.mail.sent) == 1
    with talk.database.work(house=True) as session:
        assert session.get_one(Errand, errand.id).done_at is not None


MARKS = {
    "last_name": "Qmarklast",
    "first_name": "Qmarkfirst",
    "middle_name": "Qmarkmiddle",
    "street": "Qmarkstreet 9",
    "city": "Qmarkcity",
    "phone": "2075559637",
}
BIRTH_DATE = "1971-08-23"
MEMBER_ID = "QMARKMEMBER77"
PAYER = "Qmarkpayer Health"
BODY = "Qmarkbody: seen on the twelfth"
SUBJECT = "Qmarksubject"
FILE_NAME = "Qmarkfile.pdf"
NUMBER = 7391846
AMOUNT = Decimal("8137.29")
NEVER = [
    *MARKS.values(), BIRTH_DATE, "08/23/1971", "08/23/71", MEMBER_ID, PAYER, "Qmarkpayer", BODY,
    "Qmarkbody", SUBJECT, FILE_NAME, "Qmarkfile", str(NUMBER), f"C-{NUMBER}", "8137.29",
    "8,137.29", "2026-11-12", "11/12/26", "11/12/2026", "Nov 12", "F411", "F41.1", "90837",
    "Fictiona",
]  # fmt: skip
"""Everything a mail must never hold: clients, numbers, days, amounts, payers, words, file names."""


def mark_everything(talk: Talk) -> None:
    """Give every field that could identify somebody's care a word of its own."""
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        client = one(session, Client, talk.billing.client.id)
        for name, value in MARKS.items():
            setattr(client, name, value)
        client.birth_date = BIRTH_DATE
        session.flush()
        for statement, values in (
            ("UPDATE payers SET name = :v, short_name = :v", {"v": PAYER}),
            (
                "UPDATE claims SET number = :n, charge_amount = 813729 WHERE id = :id",
                {"n": NUMBER, "id": talk.claim_id},
            ),
        ):
            session.execute(text(statement), values)
        policy = talk.billing.policy
        policy = session.merge(policy)
        policy.member_id = MEMBER_ID


def test_no_mail_of_any_kind_holds_a_word_of_a_client_anywhere(
    talk: Talk, settings: Settings
) -> None:
    mark_everything(talk)
    runtime = a_runtime(talk, settings)
    biller = talk.person(talk.cast.biller)
    talk.move(ClaimEvent.RELEASED)
    with talk.work() as session:
        claim = talk.claim(session)
        thread = messages.start(session, claim, by=biller, subject=SUBJECT, body=BODY, now=NOW)
        found = Examined("application/pdf", 10, "0" * 64)
        arrival = Arrival(talk.practice_id, DocumentKind.EOB, FILE_NAME, found, claim)
        document = documents.begin(session, arrival, by=biller, now=NOW)
        found_clean(session, document.id, now=NOW)
        practice = session.get_one(Practice, talk.practice_id)
        practice.agreement_ends_on = NOW.date() + timedelta(days=7)
        agreements.watch(session, practice.id, now=NOW)

    for mail in talk.mails():
        deliver(task_of(mail), runtime)

    assert isinstance(runtime.mail, InMemoryMail)
    sent = runtime.mail.sent
    assert {mail.topic for mail in talk.mails()} == {
        Topic.CLAIM_STATUS, Topic.UNREAD_MESSAGE, Topic.DOCUMENT_SHARED, Topic.AGREEMENT_ENDING,
    }  # fmt: skip
    assert {mail.state for mail in talk.mails()} == {MailState.SENT}
    assert len(sent) == 10
    for outgoing in sent:
        raw = as_it_travels(outgoing, sender="no-reply@cleanclaim.example").as_bytes()
        everything = raw.decode("ascii") + decoded(raw)
        assert [mark for mark in NEVER if mark.lower() in everything.lower()] == []
        assert str(thread.id) not in everything
        assert str(talk.claim_id) not in everything


def decoded(raw: bytes) -> str:
    """All of a mail as its reader sees it: headers and parts, with their encodings undone."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    headers = " ".join(f"{name}: {value}" for name, value in message.items())
    parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
    return " ".join([headers, *parts])


def test_what_waits_to_be_told_holds_status_words_and_ids_alone(talk: Talk) -> None:
    mark_everything(talk)

    talk.move(ClaimEvent.RELEASED)

    kept = json.dumps([notice.facts for notice in talk.notices()])
    assert [mark for mark in NEVER if mark.lower() in kept.lower()] == []
    assert {tuple(sorted(notice.facts)) for notice in talk.notices()} == {("claim_id", "status")}
