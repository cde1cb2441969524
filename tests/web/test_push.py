"""Web push: begun by its owner, sent without a word to a push service, once until it is read."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import pytest
from flask import Flask
from py_vapid import Vapid02
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.mail import InMemoryMail
from backoffice.gateways.push import NoPushAddress, WebPush, push_from
from backoffice.jobs import Job
from backoffice.models.live import PushSubscription
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.services import messages
from tests.builders import NOW
from tests.databases import Database
from tests.pages import Browser
from tests.talk import Talk, a_talk
from workers.push import FIRST_WAIT, knock
from workers.runtime import Again, Runtime, Task


@dataclass
class Knock:
    """One request as a push service got it."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushService:
    """A push service on this machine: keeps what it gets, answers what it is told to."""

    address: str = ""
    status: int = 201
    got: list[Knock] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[PushService]:
    made = PushService()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            made.got.append(Knock(self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(made.status)
            if made.status == 307:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    made.address = f"http://127.0.0.1:{server.server_port}/send/abc"
    answering = threading.Thread(target=server.serve_forever, daemon=True)
    answering.start()
    yield made
    server.shutdown()
    answering.join()
    server.server_close()


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


@dataclass
class At:
    """A worker whose clock is set by hand."""

    runtime: Runtime
    now: datetime = NOW

    def run(self, errand: Errand) -> Again | None:
        """Let the job run for one errand, as a worker does when it is due."""
        turn = Task(errand.id, errand.practice_id, errand.subject_id, errand.turn, 0)
        return knock(turn, self.runtime)


@pytest.fixture
def worker(talk: Talk, settings: Settings) -> At:
    own = talk.database.reached_by(settings)
    return At(
        Runtime(
            settings=own,
            engine=talk.database.engine,
            factory=talk.factory,
            documents=InMemoryDocuments(),
            mail=InMemoryMail(),
            mailbox=None,
            clearinghouse_of=lambda _: pytest.fail("pushes have nothing to do with it"),
            push=push_from(own),
        )
    )


def begin(talk: Talk) -> UUID:
    with talk.work() as session:
        by = talk.person(talk.cast.biller)
        claim = talk.claim(session)
        return messages.start(session, claim, by=by, subject="Card", body="Secret?", now=NOW).id


def say(talk: Talk, thread: UUID, user: User, *, internal: bool = False) -> None:
    with talk.work() as session:
        by = talk.person(user)
        messages.reply(session, thread, by=by, body="Secret.", internal=internal, now=NOW)


def read(talk: Talk, thread: UUID, user: User) -> None:
    with talk.work() as session:
        messages.mark_read(session, thread, by=talk.person(user), now=NOW)


def errands(talk: Talk) -> list[Errand]:
    with talk.database.work(house=True) as session:
        query = select(Errand).where(Errand.job == Job.SEND_PUSH).order_by(Errand.id)
        return list(session.scalars(query))


def told(talk: Talk) -> list[PushSubscription]:
    with talk.database.work(house=True) as session:
        return list(session.scalars(select(PushSubscription).order_by(PushSubscription.id)))


def subscribed(app: Flask, user: User, address: str) -> Browser:
    browser = Browser(app).sign_in(user)
    browser.get("/account/")
    assert browser.post("/account/push", endpoint=address).status == 204
    return browser


def test_a_browser_that_asked_is_knocked_at_once_a_thread_until_it_is_read(
    app: Flask, talk: Talk, worker: At, service: PushService, settings: Settings
) -> None:
    clinician, biller = talk.cast.clinician, talk.cast.biller
    subscribed(app, clinician, service.address)
    thread = begin(talk)
    say(talk, thread, biller)
    say(talk, thread, biller, internal=True)

    first, second = errands(talk)
    done = [worker.run(errand) for errand in (first, second, first)]
    knocks = len(service.got)
    read(talk, thread, clinician)
    worker.run(first)
    say(talk, thread, biller)
    fresh = errands(talk)[-1]
    worker.run(fresh)

    assert first.due_at == NOW + timedelta(seconds=settings.unread_mail_seconds)
    assert first.practice_id == talk.practice_id
    assert done == [None, None, None]
    assert knocks == 2  # a run that is repeated knocks again, the second message does not
    assert len(service.got) == 3
    got = service.got[0]
    assert (got.path, got.body) == ("/send/abc", b"")
    assert (got.headers["TTL"], got.headers["Topic"]) == ("86400", "cleanclaim")
    assert Vapid02.verify(got.headers["Authorization"])
    assert push_key_in(got) == app.extensions["cleanclaim.push"].public_key
    assert "Secret" not in str(got)
    assert str(thread) not in str(got)
    (row,) = told(talk)
    assert row.failures == 0
    assert row.last_sent_at is not None
    assert service.address.encode() not in row.endpoint_sealed


def push_key_in(got: Knock) -> str:
    return got.headers["Authorization"].partition("k=")[2]


def test_whoever_has_left_or_may_not_see_messages_is_not_knocked_at(
    app: Flask, talk: Talk, worker: At, service: PushService
) -> None:
    clinician = talk.cast.clinician
    subscribed(app, clinician, service.address)
    begin(talk)
    (errand,) = errands(talk)
    with talk.database.work(house=True) as session:
        session.get_one(User, clinician.id).disabled_at = NOW

    assert worker.run(errand) is None
    assert service.got == []


def test_an_address_that_is_gone_goes_and_one_that_is_away_is_tried_again(
    app: Flask, talk: Talk, worker: At, service: PushService
) -> None:
    subscribed(app, talk.cast.clinician, service.address)
    begin(talk)
    (errand,) = errands(talk)

    answers = []
    for status in (503, 429, 400, 307):
        service.status = status
        answers.append(worker.run(errand))
    failures = told(talk)[0].failures
    service.status = 201
    worker.run(errand)
    mended = told(talk)[0].failures
    service.status = 410
    answers.append(worker.run(errand))

    assert answers == [Again(FIRST_WAIT), Again(2 * FIRST_WAIT), None, None, None]
    assert (failures, mended) == (4, 0)
    assert told(talk) == []
    assert worker.run(errand) is None
    assert len(service.got) == 6


def test_only_push_services_of_browsers_are_knocked_at(settings: Settings) -> None:
    assert settings.push_key is not None
    real = WebPush(settings.push_key, contact="ops@cleanclaim.example", loopback=False)
    for good in (
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://wns2-by3p.notify.windows.com/w/?token=abc",
        "https://web.push.apple.com/abc",
    ):
        real.require_address(good)
    for bad in (
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:8443/fcm/send/abc",
        "https://fcm.googleapis.com.evil.example/abc",
        "https://evilfcm.googleapis.com/abc",
        "https://notify.windows.com/abc",
        "https://x@web.push.apple.com/abc",
        "https://web.push.apple.com@evil.example/abc",
        "https://169.254.169.254/latest",
        "https://web.push.apple.com:99999/abc",
        "http://127.0.0.1:6379/",
        "http://localhost/",
        "file:///etc/passwd",
        "https://web.push.apple.com/" + "a" * 2000,
        "",
    ):
        with pytest.raises(NoPushAddress):
            real.require_address(bad)


def test_a_person_begins_and_ends_it_for_their_own_browsers_alone(
    app: Flask, talk: Talk, service: PushService
) -> None:
    biller = subscribed(app, talk.cast.biller, service.address)
    page = biller.get("/account/")
    refused = biller.post("/account/push", endpoint="https://evil.example/a")
    (own,) = told(talk)
    stranger = subscribed(app, talk.cast.stranger, f"{service.address}2")

    stranger.post("/account/push/stop", endpoint=service.address)
    others = stranger.post(f"/account/push/{own.id}/stop").status
    nobodys = stranger.post(f"/account/push/{uuid4()}/stop").status
    untouched = {row.id for row in told(talk)}
    taken_over = subscribed(app, talk.cast.owner, service.address)
    owners = {row.user_id for row in told(talk)}
    taken_over.post("/account/push/stop", endpoint=service.address)
    stranger.post(f"/account/push/{told(talk)[0].id}/stop")

    assert "No browser of yours is told." not in page.words
    assert f'data-push="{app.extensions["cleanclaim.push"].public_key}"' in page.text
    assert refused.status == 422
    assert (others, nobodys) == (404, 404)
    assert own.id in untouched
    assert owners == {talk.cast.owner.id, talk.cast.stranger.id}
    assert told(talk) == []
    script = Browser(app).get("/sw.js")
    assert script.status == 200
    assert script.response.mimetype == "text/javascript"
    script.response.close()


def test_without_a_key_there_is_no_push_and_nothing_to_begin_it_with(
    app: Flask, talk: Talk
) -> None:
    app.extensions["cleanclaim.push"] = None
    browser = Browser(app).sign_in(talk.cast.biller)

    assert "Told while you are away" not in browser.get("/account/").words
    assert browser.post("/account/push", endpoint="https://web.push.apple.com/a").status == 404
