"""Who is before a thread: told for seconds, to whom may know it, and never kept."""

import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice.gateways.live import Change
from backoffice.gateways.presence import Doing, InMemoryPresence, Presence, RedisPresence, Turn
from backoffice.models.live import RecentChange
from backoffice.models.sealing import Keyring
from backoffice.rules.roles import Role
from backoffice.services import messages
from backoffice.web import events, presence
from tests.builders import NOW
from tests.cast import a_user
from tests.databases import Database
from tests.pages import Browser
from tests.record import on_record
from tests.talk import Talk, a_talk


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["redis", "memory"])
def kept(request: pytest.FixtureRequest, clock: Clock) -> Presence:
    if request.param == "memory":
        return InMemoryPresence(clock)
    return RedisPresence(request.getfixturevalue("redis_url"), clock)


class TestTheGateway:
    def test_a_turn_is_news_once_and_fades_by_itself(self, kept: Presence, clock: Clock) -> None:
        place, ana, bob = uuid4(), uuid4(), uuid4()

        came = kept.note(place, ana, Doing.HERE)
        stays = kept.note(place, ana, Doing.HERE)
        writes = kept.note(place, ana, Doing.WRITING)
        kept.note(place, bob, Doing.NOTING)
        kept.note(uuid4(), bob, Doing.WRITING)
        both = kept.around(place)
        clock.now += 10
        later = kept.around(place)
        kept.note(place, bob, None)
        one_left = kept.around(place)
        clock.now += 40
        nobody = kept.around(place)

        assert (came, stays, writes) == (
            Turn(None, Doing.HERE), None, Turn(Doing.HERE, Doing.WRITING),
        )  # fmt: skip
        assert both == {ana: Doing.WRITING, bob: Doing.NOTING}
        assert later == {ana: Doing.HERE, bob: Doing.HERE}
        assert one_left == {ana: Doing.HERE}
        assert nobody == {}

    def test_who_says_it_too_often_is_not_listened_to(self, kept: Presence) -> None:
        place, ana = uuid4(), uuid4()
        doings = [Doing.HERE, Doing.WRITING]

        turns = [kept.note(place, ana, doings[number % 2]) for number in range(30)]

        assert sum(turn is not None for turn in turns) == 20

    def test_without_redis_nobody_is_seen_and_nothing_fails_or_waits(self) -> None:
        away = RedisPresence("redis://127.0.0.1:9/0")
        began = time.monotonic()

        found = [away.note(uuid4(), uuid4(), Doing.HERE) for _ in range(100)]

        assert found == [None] * 100
        assert away.around(uuid4()) == {}
        assert time.monotonic() - began < 2


class Ears:
    """Keeps what is told of presence."""

    def __init__(self) -> None:
        self.told: list[Change] = []

    def tell(self, changes: list[Change]) -> None:
        self.told += [each for each in changes if each.kind == "presence"]

    def take(self) -> list[bool]:
        """Whether each was for staff only, since the last time."""
        found = [each.staff_only for each in self.told]
        self.told.clear()
        return found


class TestThePage:
    @pytest.fixture
    def talk(self, fresh_database: Database, keyring: Keyring) -> Talk:
        return a_talk(fresh_database)

    @pytest.fixture
    def thread(self, talk: Talk) -> UUID:
        with talk.work() as session:
            by = talk.person(talk.cast.biller)
            claim = talk.claim(session)
            return messages.start(session, claim, by=by, subject="Card", body="?", now=NOW).id

    @pytest.fixture
    def ears(self, app: Flask) -> Iterator[Ears]:
        live, kept = app.extensions[events.LIVE], app.extensions[presence.PRESENCE]
        ears = Ears()
        app.extensions[events.LIVE] = ears
        app.extensions[presence.PRESENCE] = InMemoryPresence()
        yield ears
        app.extensions[events.LIVE], app.extensions[presence.PRESENCE] = live, kept

    def test_each_side_sees_the_other_and_the_practice_no_note(
        self, app: Flask, talk: Talk, thread: UUID, ears: Ears, fresh_database: Database
    ) -> None:
        with fresh_database.work(house=True) as session:
            auditor = a_user(session, "Audrey Looker", house_role=Role.AUDITOR)
        passing, here = talk.cast.administrator, f"/messages/{thread}/here"
        desk, phone, other = (
            Browser(app).sign_in(user) for user in (talk.cast.biller, talk.cast.clinician, passing)
        )

        def near(browser: Browser) -> list[tuple[str, bool]]:
            found = browser.get(here).response.get_json()["near"]
            return [(each["name"], each["writes"]) for each in found]

        for browser in (desk, phone, other):
            browser.get(f"/messages/{thread}")
            assert browser.post(here, doing="here").status == 204
        came = ears.take()
        before = self.kept(talk)
        phone.post(here, doing="writing")
        clinician_writes = (near(desk), ears.take())
        desk.post(here, doing="noting")
        biller_notes = (near(phone), near(other), ears.take())
        desk.post(here, doing="writing")
        biller_writes = (near(phone), ears.take())
        desk.post(here, doing="gone")
        left = (near(phone), ears.take())

        biller, clinician = talk.cast.biller.name, talk.cast.clinician.name
        assert came == [False, False, True]
        assert clinician_writes == (sorted([(clinician, True), (passing.name, False)]), [False])
        assert biller_notes == (
            [(biller, False)], sorted([(biller, True), (clinician, True)]), [True],
        )  # fmt: skip
        assert biller_writes == ([(biller, True)], [False])
        assert left == ([], [False])
        assert self.kept(talk) == before
        looker = Browser(app).sign_in(auditor)
        assert looker.get(here).status == 200
        assert looker.post(here, doing="here").status == 403

    def test_who_may_not_come_near_the_thread_learns_and_says_nothing(
        self, app: Flask, talk: Talk, thread: UUID, ears: Ears
    ) -> None:
        here = f"/messages/{thread}/here"

        for user in (talk.cast.stranger, talk.other_clinician):
            browser = Browser(app).sign_in(user)
            browser.get("/messages/")
            assert browser.get(here).status == 404
            assert browser.post(here, doing="writing").status == 404
        own = Browser(app).sign_in(talk.cast.clinician)
        own.get(f"/messages/{thread}")
        ears.take()

        assert own.post(here, doing="noting").status == 403
        assert own.post(here, doing="dancing").status == 400
        assert ears.take() == []

    def kept(self, talk: Talk) -> tuple[int, int]:
        """How much stands on record, and among recent changes."""
        with talk.work() as session:
            changes = session.scalar(select(func.count()).select_from(RecentChange)) or 0
            return changes, len(on_record(session))
