"""What is dangerous asks for the second factor again, and keeps what was typed."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask, request
from sqlalchemy import select

from backoffice.models.factors import Factor
from backoffice.models.users import SignIn
from backoffice.rules.roles import STEP_UP, Permission
from backoffice.web.access import needs
from tests.builders import a_practice
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import Browser
from tests.second_factors import an_app, code_of

JUST_FRESH, STALE = timedelta(minutes=4, seconds=55), timedelta(minutes=5, seconds=1)


@pytest.fixture
def cast(fresh_database: Database) -> Cast:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        practice = a_practice(session, ids[0])
        return a_cast(session, practice, a_practice(session, ids[1], name="Juniper Row"))


@pytest.fixture
def done(app: Flask) -> list[dict[str, list[str]]]:
    """What a dangerous view was sent, each time that it ran."""
    seen: list[dict[str, list[str]]] = []

    @needs(Permission.MANAGE_USERS)
    def dangerous() -> str:
        seen.append(request.form.to_dict(flat=False))
        return "done"

    app.add_url_rule("/dangerous", "dangerous", dangerous, methods=["GET", "POST"])
    return seen


def test_a_stale_factor_is_asked_for_and_the_form_goes_on_once_with_what_was_typed(
    app: Flask, cast: Cast, fresh_database: Database, done: list[dict[str, list[str]]]
) -> None:
    with fresh_database.work() as session:
        own = an_app(session, cast.administrator.id)
    browser = Browser(app).sign_in(cast.administrator, factor_age=STALE)
    before = browser.client.get_cookie("sid")
    typed = {"name": 'Ana "Q" <b>', "role": ["biller", "auditor"], "password": "never kept"}

    asked = browser.post("/dangerous?a=1", **typed)
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    wrong = browser.post("/dangerous?a=1", **typed, factor_code="000000")
    right = browser.post("/dangerous?a=1", **typed, factor_code=code_of(own))
    again = browser.post("/dangerous", name="fresh now")

    assert (asked.status, wrong.status, right.text, again.text) == (403, 403, "done", "done")
    assert 'action="/dangerous?a=1"' in asked.text
    assert kept["name"] == "Ana &#34;Q&#34; &lt;b&gt;"
    assert asked.text.count('name="role"') == 2
    assert "never kept" not in asked.text + wrong.text
    assert len(done) == 2
    assert done[0]["role"] == ["biller", "auditor"]
    assert browser.client.get_cookie("sid") != before
    with fresh_database.work() as session:
        rows = session.scalars(select(SignIn).where(SignIn.user_id == cast.administrator.id)).all()
        used = session.scalars(select(Factor)).one()
    assert sorted(row.ended_because for row in rows) == ["", "renewed"]
    assert len({row.created_at for row in rows}) == 1
    assert used.last_used_at is not None


def test_a_page_and_a_script_are_led_to_the_question_and_back(
    app: Flask, cast: Cast, fresh_database: Database, done: list[dict[str, list[str]]]
) -> None:
    with fresh_database.work() as session:
        own = an_app(session, cast.administrator.id)
    fresh = Browser(app).sign_in(cast.administrator, factor_age=JUST_FRESH)
    stale = Browser(app).sign_in(cast.administrator, factor_age=STALE)

    led = stale.get("/dangerous?a=1")
    by_script = stale.get(
        "/dangerous", **{"HX-Request": "1", "HX-Current-URL": "http://localhost:8000/claims/"}
    )
    page = stale.get(led.location)
    back = stale.post("/step-up", factor_code=code_of(own), next="/dangerous?a=1")

    assert fresh.get("/dangerous").text == "done"
    assert led.location == "/step-up?next=/dangerous?a%3D1"
    assert by_script.response.headers["HX-Redirect"] == "/step-up?next=/claims/"
    assert "Code of your authenticator app" in page.words
    assert back.location == "/dangerous?a=1"
    assert stale.get("/dangerous").text == "done"


def test_who_may_not_at_all_is_refused_and_not_asked(
    app: Flask, cast: Cast, done: list[dict[str, list[str]]]
) -> None:
    browser = Browser(app).sign_in(cast.owner, factor_age=STALE)

    assert browser.post("/dangerous").status == 403
    assert "second factor" not in browser.post("/dangerous").words
    assert done == []
    assert Permission.MANAGE_USERS in STEP_UP


def test_ones_own_factors_are_named_removed_but_for_the_last_and_changed_only_freshly(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work() as session:
        one, two = an_app(session, cast.biller.id), an_app(session, cast.biller.id)
        other = an_app(session, cast.stranger.id)
    stale = Browser(app).sign_in(cast.biller, factor_age=STALE)
    here, there = Browser(app).sign_in(cast.biller), Browser(app).sign_in(cast.biller)

    asked = stale.post(f"/account/factors/{one.id}/remove")
    not_mine = here.post(f"/account/factors/{other.id}/remove")
    named = here.post(f"/account/factors/{one.id}/name", name="Work phone")
    shown = here.get("/account/")
    removed = here.post(f"/account/factors/{two.id}/remove")
    last = here.post(f"/account/factors/{one.id}/remove")
    codes = here.post("/account/recovery-codes")

    assert (asked.status, not_mine.status, named.status) == (403, 404, 302)
    assert "Work phone" in shown.words
    assert (removed.status, last.status) == (302, 422)
    assert "only second factor" in last.words
    assert len(re.findall(r"<li class=\"id\">", codes.text)) == 10
    assert (here.get("/today").status, there.get("/today").status) == (200, 302)
