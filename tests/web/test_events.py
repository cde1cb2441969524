"""Live pages: what is told after a commit, to whom and for how long; and without Redis."""

import json
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.live import Change, InMemoryLive, Live, LiveSilent, RedisLive
from backoffice.models.claims import Claim
from backoffice.models.messages import Message
from backoffice.models.sealing import Keyring
from backoffice.models.users import SignIn
from backoffice.services import messages
from backoffice.services.changes import (
    Missed,
    Seen,
    announce_changes,
    forget_old,
    missed_since,
)
from backoffice.services.work import unit_of_work
from backoffice.web.events import HUB
from backoffice.web.extensions import db
from backoffice.web.hub import Ears, Full, Hub, Stream
from tests.builders import NOW, a_practice
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import BASE, Browser
from tests.services import billing as ready
from tests.services.billing import Billing
from tests.talk import a_talk

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

    def test_a_talk_is_told_to_whom_it_concerns_and_a_note_to_the_house_alone(
        self, fresh_database: Database, keyring: Keyring
    ) -> None:
        talk, told, factory = a_talk(fresh_database), Told(), fresh_database.sessions
        announce_changes(factory, told)

        def work() -> AbstractContextManager[Session]:
            return unit_of_work(factory, practices=[talk.practice_id])

        def heard() -> set[tuple[str, UUID, bool]]:
            found = {(each.kind, each.id, each.staff_only) for each in told.changes}
            told.changes.clear()
            return found

        biller, clinician = talk.person(talk.cast.biller), talk.person(talk.cast.clinician)
        with work() as session:
            claim = talk.claim(session)
            begins = messages.start(session, claim, by=biller, subject="Card", body="?", now=NOW)
            thread = begins.id
            first = session.scalars(select(Message.id)).one()
        begun = heard()
        with work() as session:
            messages.mark_read(session, thread, by=clinician, now=NOW)
        read = heard()
        with work() as session:
            messages.mark_read(session, thread, by=clinician, now=NOW)
        read_again = heard()
        with work() as session:
            written = messages.reply(
                session, thread, by=biller, body="Between us.", internal=True, now=NOW
            )
            note = written.id
        noted = heard()
        with work() as session:
            messages.mark_read(session, thread, by=biller, now=NOW)
        note_read = heard()

        assert begun == {("thread", thread, False), ("message", first, False)}
        assert read == {("thread", thread, False)}
        assert read_again == set()
        assert noted == {("thread", thread, True), ("message", note, True)}
        assert note_read == {("thread", thread, True)}


class TestWhatWasNotSeen:
    def test_what_commits_after_a_look_is_missed_by_it_whatever_began_first(
        self, fresh_database: Database, billing: Billing
    ) -> None:
        """
        A slow unit writes first and commits last: a number, an id or a clock would leave it out.
        """
        practice, factory = billing.practice.id, fresh_database.sessions
        announce_changes(factory, Told())
        with fresh_database.work(practices=[practice]) as session:
            one, two = (
                ready.a_claim(session, billing, served_on=day).id
                for day in (date(2026, 11, 2), date(2026, 11, 3))
            )

        def look(since: Seen | None) -> Missed:
            with unit_of_work(factory, practices=[practice]) as session:
                return missed_since(session, since, now=datetime.now(UTC))

        began = look(None).seen
        with unit_of_work(factory, practices=[practice]) as slow:
            self.change(slow, practice, one)
            slow.flush()
            with unit_of_work(factory, practices=[practice]) as quick:
                self.change(quick, practice, two)
            early = look(began)
        late = look(early.seen)
        both = look(began)
        with unit_of_work(factory, practices=[uuid4()]) as session:
            walled = missed_since(session, began, now=datetime.now(UTC))

        assert self.ids(early) == [two]
        assert self.ids(late) == [one]
        assert sorted(self.ids(both)) == sorted([one, two])
        assert self.ids(look(late.seen)) == self.ids(walled) == []

    def test_too_much_too_long_ago_or_another_databases_means_look_at_everything(
        self, fresh_database: Database, billing: Billing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        practice, factory, now = billing.practice.id, fresh_database.sessions, datetime.now(UTC)
        announce_changes(factory, Told())

        def look(since: Seen | None, at: datetime = now) -> Missed:
            with unit_of_work(factory, practices=[practice]) as session:
                return missed_since(session, since, now=at)

        began = look(None).seen
        with unit_of_work(factory, practices=[practice]) as session:
            claim = ready.a_claim(session, billing).id
        here = self.ids(look(began))
        with unit_of_work(factory, practices=[practice]) as session:
            forget_old(session, now=now + timedelta(hours=23))
        kept = self.ids(look(began))
        with unit_of_work(factory, practices=[practice]) as session:
            forget_old(session, now=now + timedelta(hours=25))
        forgotten = self.ids(look(began))
        ahead = Seen(began.at, f"{began.floor + 10**6}:{began.ceiling + 10**6}:")

        assert (here, kept, forgotten) == ([claim], [claim], [])
        assert look(began, now + timedelta(hours=14)).changes is None
        assert look(ahead).changes is None
        monkeypatch.setattr("backoffice.services.changes.missed.MOST", -1)
        assert look(began).changes is None

    @pytest.mark.parametrize(
        ("words", "good"),
        [
            ("1763800000~5:9:5,7", True), ("1763800000~5:5:", True),
            ("", False), (None, False), ("5:9:", False), ("1~9:5:", False), ("1~5:9:9", False),
            ("1~5:9:7,6", False), ("1~5:9:4", False), ("1~0:9:", False), ("1~5:9:'", False),
            (f"1~5:{2**63}:", False), ("1~5:9:" + ",".join(["7"] * 500), False),
        ],
    )  # fmt: skip
    def test_what_a_browser_brings_back_is_read_strictly(
        self, words: str | None, *, good: bool
    ) -> None:
        found = Seen.read(words)

        assert (found is not None) is good
        assert found is None or str(found) == words

    def test_a_snapshot_with_very_many_under_way_is_put_back_and_not_cut(self) -> None:
        running = ",".join(str(number) for number in range(100_000, 101_000))

        seen = Seen.taken(f"100000:101000:{running}", NOW)

        assert (seen.floor, seen.ceiling, len(seen.snapshot)) == (100_000, 100_000, 14)

    def change(self, session: Session, practice: UUID, claim: UUID) -> None:
        row = session.get_one(Claim, (practice, claim))
        row.needs_review = not row.needs_review

    def ids(self, missed: Missed) -> list[UUID]:
        assert missed.changes is not None
        return [each.id for each in missed.changes]


@pytest.fixture(params=["redis", "memory"])
def live(request: pytest.FixtureRequest, redis_url: str) -> Live:
    return RedisLive(redis_url) if request.param == "redis" else InMemoryLive()


class TestTheCarrier:
    def test_what_is_told_is_heard_by_everybody_who_listens(self, live: Live) -> None:
        change = Change("claim", uuid4(), uuid4(), 3)
        ears = [live.listen(patience=0.05) for _ in range(2)]
        assert [next(ear) for ear in ears] == [(), ()]

        live.tell([change, replace(change, staff_only=True)])

        assert [_next_changes(ear) for ear in ears] == [
            [change, replace(change, staff_only=True)]
        ] * 2

    def test_silence_is_told_apart_from_the_end(self, live: Live) -> None:
        ear = live.listen(patience=0.01)
        assert [next(ear) for _ in range(3)] == [(), (), ()]

    def test_without_redis_telling_goes_on_and_listening_says_so(self) -> None:
        away = RedisLive("redis://127.0.0.1:9/0")

        began = time.monotonic()
        for _ in range(200):
            away.tell([Change("claim", uuid4(), uuid4(), 1)])

        assert time.monotonic() - began < 2
        with pytest.raises(LiveSilent):
            next(away.listen(patience=0.01))


def _next_changes(ear: Iterator[Sequence[Change]]) -> list[Change]:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        heard = next(ear)
        if heard:
            return list(heard)
    return []


class TestTheHub:
    def test_a_stream_hears_of_its_own_practices_alone(self) -> None:
        live, ours, theirs = InMemoryLive(), uuid4(), uuid4()
        hub = Hub(live, _nothing)
        with hub.open(_ears(ours)) as stream:
            assert until(stream.missed.is_set)
            stream.take(0)
            live.tell([Change("claim", theirs, uuid4(), 1)])
            live.tell([own := Change("claim", ours, uuid4(), 1)])

            assert stream.take(PATIENCE) == [own]
            assert stream.take(0.05) == []
        hub.stop()

    def test_a_change_told_twice_is_heard_once(self) -> None:
        stream = Stream(_ears(practice := uuid4()))
        one, two = (Change("claim", practice, uuid4(), number) for number in (1, 2))

        for change in (one, two, one):
            stream.put(change)

        assert stream.take(0) == [one, two]
        assert stream.untold([two, one, later := replace(one, version=3)]) == [later]

    def test_notes_and_silent_practices_are_kept_from_whom_they_do_not_concern(self) -> None:
        practice, silent = uuid4(), uuid4()
        theirs = Ears(frozenset({practice, silent}), talking=frozenset({practice}))
        staff = replace(theirs, staff=frozenset({practice}))
        note = Change("message", practice, uuid4(), 1, staff_only=True)
        said = replace(note, staff_only=False)

        assert [theirs.hear(note), theirs.hear(said)] == [False, True]
        assert [staff.hear(note), staff.hear(replace(note, practice_id=silent))] == [True, False]
        assert not theirs.hear(replace(said, practice_id=silent))
        assert theirs.hear(Change("claim", silent, uuid4(), 1))

    def test_one_process_listens_once_however_many_streams_are_open(self) -> None:
        live = InMemoryLive()
        hub = Hub(live, _nothing)
        with hub.open(_ears(uuid4())), hub.open(_ears(uuid4())), hub.open(_ears(uuid4())):
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
        asked: list[tuple[frozenset[UUID], Seen | None]] = []

        def look(practices: Collection[UUID], since: Seen | None) -> Missed:
            asked.append((frozenset(practices), since))
            return Missed([change] if since else (), SEEN)

        hub = Hub(live, look)
        with hub.open(_ears(ours)) as stream:
            assert until(stream.missed.is_set)
            assert until(lambda: len(asked) > 3)
            assert stream.take(PATIENCE) == [change]
            assert stream.take(0.05) == []
        hub.stop()
        assert {practices for practices, _ in asked} == {frozenset([ours])}
        assert [since for _, since in asked[:3]] == [None, SEEN, SEEN]

    def test_what_redis_loses_is_found_by_the_next_look_of_the_process(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backoffice.web.hub.LOOK_ANYWAY", 0.02)
        monkeypatch.setattr("backoffice.web.hub.PATIENCE", 0.02)
        ours = uuid4()
        lost = Change("thread", ours, uuid4(), 7)

        def look(_: Collection[UUID], since: Seen | None) -> Missed:
            return Missed([lost] if since else (), SEEN)

        hub = Hub(InMemoryLive(), look)
        with hub.open(_ears(ours)) as stream:
            heard = [change for _ in range(50) for change in stream.take(0.05)]
        hub.stop()

        assert heard == [lost]

    def test_a_page_that_takes_nothing_is_told_that_it_missed_something(self) -> None:
        stream = Stream(_ears(practice := uuid4()))

        for number in range(600):
            stream.put(Change("claim", practice, uuid4(), number))

        assert stream.missed.is_set()

    def test_too_many_streams_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("backoffice.web.hub.MOST_STREAMS", 1)
        hub = Hub(InMemoryLive(), _nothing)
        with hub.open(_ears(uuid4())), pytest.raises(Full), hub.open(_ears(uuid4())):
            pass
        with hub.open(_ears(uuid4())):
            pass
        hub.stop()


SEEN = Seen(1763800000, "5:9:7")


def _nothing(_: object, __: object) -> Missed:
    return Missed((), SEEN)


def _ears(*practices: UUID) -> Ears:
    return Ears(frozenset(practices), talking=frozenset(practices))


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
        reached = self.reached(next(lines))

        browser.post(f"/claims/{claim.id}/release")
        told = self.told(lines)

        with fresh_database.work(practices=[billing.practice.id]) as session:
            version = session.get_one(Claim, (billing.practice.id, claim.id)).version
        now = {"kind": "claim", "id": str(claim.id), "version": version}
        assert told == [now]
        again = self.lines(browser, **{"Last-Event-ID": reached})
        assert self.told(again) == [now]
        caught_up = browser.get(f"/events/since?seen={reached}").response.get_json()
        assert caught_up["changes"] == [now]
        assert caught_up["unread"] == 0
        nothing_new = browser.get(f"/events/since?seen={caught_up['seen']}")
        assert nothing_new.response.get_json()["changes"] == []
        page = browser.get(f"/claims/{claim.id}")
        assert Seen.read(re.findall(r'name="seen" content="([^"]+)"', page.text)[0])

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
        assert self.reached(next(lines))
        assert self.reached(next(lines))

        with fresh_database.work() as session:
            session.scalars(
                select(SignIn).where(SignIn.user_id.is_not(None))
            ).one().revoked_at = NOW

        assert len(list(lines)) < 20

    def lines(self, browser: Browser, **headers: str) -> Iterator[str]:
        answer = browser.client.get("/events", base_url=BASE, buffered=False, headers=headers)
        pieces = (piece.decode() for piece in answer.iter_encoded())
        assert next(pieces).startswith("retry: ")
        return pieces

    def told(self, lines: Iterator[str]) -> list[dict[str, Any]]:
        """What the next piece that tells of a change tells."""
        for piece in lines:
            data = re.findall("^data: (.+)$", piece, re.MULTILINE)
            found = [json.loads(each) for each in data]
            if changes := [each for each in found if each["kind"] != "seen"]:
                return changes
        return []

    def reached(self, piece: str) -> str:
        """Up to where one has seen with this piece, as a browser remembers it."""
        found = re.findall("^id: (.+)$", piece, re.MULTILINE)
        assert f'"{found[-1]}"' in piece
        return str(found[-1])
