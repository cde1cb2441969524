"""How long a session lasts, to the second; how it ends before; and that what ended stays ended."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from flask import Flask, session
from sqlalchemy import select

from backoffice.models.users import SignIn
from backoffice.services import accounts
from backoffice.web.access import signed_in
from backoffice.web.extensions import clock
from tests.builders import a_practice
from tests.cast import PASSWORD, Cast, a_cast
from tests.databases import Database
from tests.pages import Browser
from tests.second_factors import an_app, code_of, give_password, sign_in_by_form

NEW = "quiet anvil tundra pilgrim"


@pytest.fixture
def cast(fresh_database: Database) -> Cast:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as unit:
        practice = a_practice(unit, ids[0])
        return a_cast(unit, practice, a_practice(unit, ids[1], name="Juniper Row"))


def test_fifteen_idle_minutes_end_a_session_to_the_second(app: Flask, cast: Cast) -> None:
    with time_machine.travel("2026-11-20T15:00:00Z", tick=False) as travelled:
        awake, idle = Browser(app).sign_in(cast.biller), Browser(app).sign_in(cast.owner)
        travelled.shift(timedelta(minutes=14, seconds=59))
        last = awake.get("/today")
        travelled.shift(timedelta(seconds=1))
        over = idle.get("/claims/mine")
        travelled.shift(timedelta(minutes=14, seconds=58))
        still = awake.get("/today")
        travelled.shift(timedelta(minutes=15))
        end = awake.get("/today")

    assert (last.status, over.status, still.status, end.status) == (200, 302, 200, 302)
    assert "/sign-in" in over.location


def test_what_a_page_asks_by_itself_never_extends_and_staying_does(app: Flask, cast: Cast) -> None:
    with time_machine.travel("2026-11-20T15:00:00Z", tick=False) as travelled:
        watching, staying = Browser(app).sign_in(cast.biller), Browser(app).sign_in(cast.biller)
        lefts = []
        for browser in (watching, staying):
            assert 'data-session-left="900"' in browser.get("/today").text
        travelled.shift(timedelta(minutes=13))
        watching.get("/today", **{"X-Live": "1"})
        lefts.append(watching.get("/account/session").response.json)
        stays = staying.post("/account/session").response.json
        travelled.shift(timedelta(minutes=2))
        gone = [watching.get("/account/session", **{"X-Live": "1"}), watching.get("/today")]
        there = staying.get("/today")

    assert lefts == [{"left": 120}]
    assert stays == {"left": 900}
    assert [answer.status for answer in gone] == [401, 302]
    assert there.status == 200


def test_a_request_under_way_revives_no_session_that_was_ended_meanwhile(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    """Two real requests: the first stands still in its view while the second ends all sessions."""
    came, may_go_on = threading.Event(), threading.Event()

    @signed_in
    def slow() -> str:
        came.set()
        assert may_go_on.wait(20)
        session["written"] = "late"
        return "done"

    app.add_url_rule("/slow", "slow", slow, methods=["POST"])
    first, second = Browser(app).sign_in(cast.biller), Browser(app).sign_in(cast.biller)
    answers = []
    under_way = threading.Thread(target=lambda: answers.append(first.post("/slow")))
    under_way.start()
    assert came.wait(20)
    ended = second.post("/account/sessions/end-others")
    may_go_on.set()
    under_way.join()

    assert ended.status == 302
    assert answers[0].status == 200
    with fresh_database.work() as unit:
        rows = unit.scalars(select(SignIn).where(SignIn.user_id == cast.biller.id)).all()
    assert sorted(row.ended_because for row in rows) == ["", "ended_by_owner"]
    assert all("written" not in row.data for row in rows)
    assert (first.get("/today").status, second.get("/today").status) == (302, 200)


def test_a_sign_in_that_began_before_all_sessions_ended_does_not_finish(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work(house=True) as unit:
        attempt = accounts.begin_sign_in(unit, email=cast.biller.email, browser=None, now=clock())
        own = an_app(unit, cast.biller.id)
    assert attempt is not None
    half = Browser(app)
    half.get(give_password(half, cast.biller).location)
    with fresh_database.work(house=True) as unit:
        accounts.end_sessions(unit, cast.biller.id, reason="disabled", now=clock())

    refused = half.post("/sign-in/factor", factor_code=code_of(own))

    assert refused.status in {302, 400}
    assert half.get("/today").status == 302
    with fresh_database.work() as unit:
        user = unit.merge(cast.biller)
        unit.refresh(user)
        assert user.session_epoch == attempt.epoch + 1


def test_a_new_password_ends_all_other_sessions_and_gives_this_one_a_new_token(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work() as unit:
        own = an_app(unit, cast.biller.id)
    here, there = Browser(app), Browser(app).sign_in(cast.biller)
    sign_in_by_form(here, cast.biller, own)
    before = here.client.get_cookie("sid")
    here.get("/account/")

    wrong = here.post("/account/password", old_password="not this one", new_password=NEW)
    breached = here.post("/account/password", old_password=PASSWORD, new_password="dragon123456!")
    changed = here.post("/account/password", old_password=PASSWORD, new_password=NEW)

    assert (wrong.status, breached.status) == (422, 422)
    assert "This is not your password" in wrong.words
    assert "known from breaches" in breached.words
    assert changed.status == 302
    assert here.client.get_cookie("sid") != before
    assert (here.get("/today").status, there.get("/today").status) == (200, 302)
    again = Browser(app)
    assert give_password(again, cast.biller).status == 401
    new = again.post("/sign-in", email=cast.biller.email, password=NEW)
    assert new.location.startswith("/sign-in/factor")


def test_ones_sessions_are_listed_and_end_one_by_one_but_nobody_elses(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    here, there = Browser(app).sign_in(cast.biller), Browser(app).sign_in(cast.biller)
    stranger = Browser(app).sign_in(cast.stranger)
    with fresh_database.work() as unit:
        rows = unit.scalars(select(SignIn).order_by(SignIn.created_at)).all()
        ids = [row.id for row in rows]
    listed = here.get("/account/")

    not_mine = here.post(f"/account/sessions/{ids[2]}/end")
    mine = here.post(f"/account/sessions/{ids[1]}/end")

    assert listed.words.count("last seen") == 2
    assert listed.words.count("this one") == 1
    assert (not_mine.status, mine.status) == (404, 302)
    assert [browser.get("/today").status for browser in (here, there, stranger)] == [200, 302, 200]
