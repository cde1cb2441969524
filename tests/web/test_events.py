"""Live pages: what is told after a commit, to whom and for how long; and without Redis."""

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.live import Change, InMemoryLive, Live, LiveSilent, RedisLive
from backoffice.models.claims import Claim
from backoffice.models.sealing import Keyring
from backoffice.models.users import SignIn
from backoffice.services.changes import announce_changes, moved_since
from backoffice.services.work import unit_of_work
from backoffice.web.events import HUB
from backoffice.web.extensions import db
from backoffice.web.hub import Full, Hub, Stream
from tests.builders import NOW, a_practice
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import BASE, Browser
from tests.services import billing as ready
from tests.services.billing import Billing

PATIENCE = 10.0


class Told:
    """Keeps what was announced."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def __call__(self, changes: Sequence[Change]) -> None:
        self.changes += changes


def until(true: Callable[[], bool]) -> bool:
    """Wait for something that another thread does; False when it does not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def billing(fresh_database: Database, keyring: Keyring) -> Billing:
    practice = uuid4()
    with fresh_database.work(practices=[practice], house=True) as session:
        return ready.a_billing(session, practice)


class TestAfterTheCommit:
    def test_a_changed_claim_is_announced_with_the_version_it_has_now(
        self, fresh_database: Database, billing: Billing
    ) -> None:
        told, factory = Told(), fresh_database.sessions
        announce_changes(factory, told)
        practice = billing.practice.id

        with fresh_database.work(practices=[practice]) as session:
            claim = ready.a_claim(session, billing)
        with unit_of_work(factory, practices=[practice]) as session:
            row = session.get_one(Claim, (practice, claim.id))
            row.needs_review = True
            session.flush()
            row.review_reason = "Look."
            seen_before = list(told.changes)

        assert seen_before == []
        with fresh_database.work(practices=[practice]) as session:
            version = session.get_one(Claim, (practice, claim.id)).version
        assert told.changes == [Change("claim", practice, claim.id, version)]

    def test_nothing_is_announced_of_what_was_rolled_back_or_only_read(
        self, fresh_database: Database, billing: Billing
    ) -> None:
        told, factory = Told(), fresh_database.sessions
        practice = billing.practice.id
        with fresh_database.work(practices=[practice]) as session:
            claim = ready.a_claim(session, billing)
        announce_changes(factory, told)

        def change_and_fail() -> None:
            with unit_of_work(factory, practices=[practice]) as session:
                session.get_one(Claim, (practice, claim.id)).needs_review = True
                session.flush()
                raise LookupError

        with pytest.raises(LookupError):
            change_and_fail()
        with unit_of_work(factory, practices=[practice]) as session:
            session.get_one(Claim, (practice, claim.id))

        assert told.changes == []

    def test_a_savepoint_announces_nothing_before_the_commit_does(
        self, fresh_database: Database, billing: Billing
    ) -> None:
        told, factory = Told(), fresh_database.sessions
        practice = billing.practice.id
        with fresh_database.work(practices=[practice]) as session:
            claim = ready.a_claim(session, billing)
        announce_changes(factory, told)

        with unit_of_work(factory, practices=[practice]) as session:
            with session.begin_nested():
                session.get_one(Claim, (practice, claim.id)).needs_review = True
            inside = list(told.changes)

        assert inside == []
        assert [each.id for each in told.changes] == [claim.id]

    def test_who_cannot_hear_finds_the_same_in_the_database(
        self, fresh_database: Database, billing: Billing
    ) -> None:
        practice = billing.practice.id
        began = datetime.now(UTC)
        with fresh_database.work(practices=[practice]) as session:
            claim = ready.a_queued_claim(session, billing)
            version = claim.version

        with fresh_database.work(practices=[practice]) as session:
            found = moved_since(session, [practice], began - timedelta(seconds=1))
            later = moved_since(session, [practice], datetime.now(UTC) + timedelta(seconds=1))
        with fresh_database.work(practices=[uuid4()]) as session:
            walled = moved_since(session, [practice], began - timedelta(seconds=1))

        assert found == [Change("claim", practice, claim.id, version)]
        assert later == walled == []


@pytest.fixture(params=["redis", "memory"])
def live(request: pytest.FixtureRequest, redis_url: str) -> Live:
    return RedisLive(redis_url) if request.param == "redis" else InMemoryLive()


class TestTheCarrier:
    def test_what_is_told_is_heard_by_everybody_who_listens(self, live: Live) -> None:
        change = Change("claim", uuid4(), uuid4(), 3)
        ears = [live.listen(patience=0.05) for _ in range(2)]
        assert [next(ear) for ear in ears] == [None, None]

        live.tell([change])

        assert [_next_change(ear) for ear in ears] == [change, change]

    def test_silence_is_told_apart_from_the_end(self, live: Live) -> None:
        ear = live.listen(patience=0.01)
        assert [next(ear) for _ in range(3)] == [None, None, None]

    def test_without_redis_telling_goes_on_and_listening_says_so(self) -> None:
        away = RedisLive("redis://127.0.0.1:9/0")

        began = time.monotonic()
        for _ in range(200):
            away.tell([Change("claim", uuid4(), uuid4(), 1)])

        assert time.monotonic() - began < 2
        with pytest.raises(LiveSilent):
            next(away.listen(patience=0.01))


def _next_change(ear: Iterator[Change | None]) -> Change | None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        heard = next(ear)
        if heard is not None:
            return heard
    return None


class TestTheHub:
    def test_a_stream_hears_of_its_own_practices_alone(self) -> None:
        live, ours, theirs = InMemoryLive(), uuid4(), uuid4()
        hub = Hub(live, _nothing, _now)
        with hub.open([ours]) as stream:
            assert until(stream.missed.is_set)
            live.tell([Change("claim", theirs, uuid4(), 1)])
            live.tell([own := Change("claim", ours, uuid4(), 1)])

            assert stream.take(PATIENCE) == own
            assert stream.take(0.05) is None
        hub.stop()

    def test_one_process_listens_once_however_many_streams_are_open(self) -> None:
        live = InMemoryLive()
        hub = Hub(live, _nothing, _now)
        with hub.open([uuid4()]), hub.open([uuid4()]), hub.open([uuid4()]):
            assert until(lambda: bool(live._listeners))
            assert len(live._listeners) == 1
        hub.stop()

    def test_while_redis_is_away_it_looks_at_the_database_and_tells_each_change_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backoffice.web.hub.LOOK_EVERY", 0.05)
        monkeypatch.setattr("backoffice.web.hub.TRY_AGAIN_AFTER", 60)
        live, ours = InMemoryLive(), uuid4()
        live.silent = True
        change = Change("claim", ours, uuid4(), 7)
        asked: list[frozenset[UUID]] = []

        def look(practices: Collection[UUID], _: datetime) -> Sequence[Change]:
            asked.append(frozenset(practices))
            return [change]

        hub = Hub(live, look, _now)
        with hub.open([ours]) as stream:
            assert stream.take(PATIENCE) == change
            assert until(lambda: len(asked) > 3)
            assert stream.take(0.05) is None
        hub.stop()
        assert set(asked) == {frozenset([ours])}

    def test_a_page_that_takes_nothing_is_told_that_it_missed_something(self) -> None:
        stream = Stream([practice := uuid4()])

        for number in range(600):
            stream.put(Change("claim", practice, uuid4(), number))

        assert stream.missed.is_set()

    def test_too_many_streams_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("backoffice.web.hub.MOST_STREAMS", 1)
        hub = Hub(InMemoryLive(), _nothing, _now)
        with hub.open([uuid4()]), pytest.raises(Full), hub.open([uuid4()]):
            pass
        with hub.open([uuid4()]):
            pass
        hub.stop()


def _nothing(_: object, __: datetime) -> Sequence[Change]:
    return ()


def _now() -> datetime:
    return datetime.now(UTC)


class TestTheStream:
    @pytest.fixture
    def scene(self, billing: Billing, fresh_database: Database) -> Cast:
        other = uuid4()
        with fresh_database.work(practices=[billing.practice.id, other], house=True) as session:
            elsewhere = a_practice(session, other, name="Juniper Row")
            return a_cast(session, billing.practice, elsewhere)

    @pytest.fixture
    def live_app(
        self, settings: Settings, fresh_database: Database, keyring: Keyring
    ) -> Iterator[Flask]:
        own = replace(fresh_database.reached_by(settings), events_url="http://localhost:8001")
        made = create_app(own, documents=InMemoryDocuments(), live=InMemoryLive())
        yield made
        made.extensions[HUB].stop()
        with made.app_context():
            db.engine.dispose()

    def test_a_released_claim_is_told_by_id_and_version_and_nothing_else(
        self, live_app: Flask, scene: Cast, billing: Billing, fresh_database: Database
    ) -> None:
        with fresh_database.work(practices=[billing.practice.id]) as session:
            claim = ready.a_claim(session, billing)
        browser = Browser(live_app).sign_in(scene.biller)
        browser.get(f"/claims/{claim.id}")
        lines = self.lines(browser)
        assert next(lines) == "retry: 3000\n\n"

        browser.post(f"/claims/{claim.id}/release")
        told = [json.loads(next(lines).removeprefix("data: ")) for _ in range(2)]

        with fresh_database.work(practices=[billing.practice.id]) as session:
            version = session.get_one(Claim, (billing.practice.id, claim.id)).version
        assert told == [
            {"kind": "list", "id": "all", "version": 0},
            {"kind": "claim", "id": str(claim.id), "version": version},
        ]

    def test_strangers_to_the_page_are_kept_out(self, live_app: Flask, scene: Cast) -> None:
        nobody = live_app.test_client().get("/events", base_url=BASE)
        browser = Browser(live_app).sign_in(scene.biller)

        assert nobody.status_code == 401
        assert browser.get("/events", Origin="http://evil.example").status == 403

    def test_only_the_portal_may_read_it_from_the_events_address(
        self, live_app: Flask, scene: Cast
    ) -> None:
        browser = Browser(live_app).sign_in(scene.biller)
        answer = browser.client.get(
            "/events", base_url="http://localhost:8001", headers={"Origin": BASE}, buffered=False
        )
        page = browser.get("/claims")

        assert answer.headers["Access-Control-Allow-Origin"] == BASE
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.mimetype == "text/event-stream"
        answer.close()
        elsewhere = browser.client.get("/claims", base_url="http://localhost:8001")
        assert elsewhere.status_code == 308
        policy = page.response.headers["Content-Security-Policy"]
        assert "connect-src 'self' http://localhost:8001;" in policy
        assert 'data-events="http://localhost:8001/events"' in page.text

    def test_watching_never_extends_a_session(
        self, live_app: Flask, scene: Cast, fresh_database: Database
    ) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            browser = Browser(live_app).sign_in(scene.biller)
            browser.get("/claims")
            clock.shift(timedelta(minutes=10))
            browser.client.get("/events", base_url=BASE, buffered=False).close()
            browser.get("/claims", **{"X-Live": "1"})
            clock.shift(timedelta(minutes=6))

            assert browser.get("/claims").status == 302

    def test_a_stream_ends_with_its_session(
        self,
        live_app: Flask,
        scene: Cast,
        fresh_database: Database,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("backoffice.web.events.BEAT", 0.1)
        browser = Browser(live_app).sign_in(scene.biller)
        lines = self.lines(browser)
        assert next(lines) == "retry: 3000\n\n"
        assert ":\n\n" in {next(lines), next(lines)}

        with fresh_database.work() as session:
            session.scalars(
                select(SignIn).where(SignIn.user_id.is_not(None))
            ).one().revoked_at = NOW

        assert len(list(lines)) < 20

    def lines(self, browser: Browser) -> Iterator[str]:
        answer = browser.client.get("/events", base_url=BASE, buffered=False)
        return (piece.decode() for piece in answer.iter_encoded())
