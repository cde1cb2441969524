"""Signing in: a password, a new token, a way back; nothing for strangers."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from backoffice.models.users import SignIn, User
from tests.builders import a_practice
from tests.cast import PASSWORD, Cast, a_cast
from tests.databases import Database
from tests.pages import BASE, Browser


@pytest.fixture
def cast(fresh_database: Database) -> Cast:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        practice = a_practice(session, ids[0])
        return a_cast(session, practice, a_practice(session, ids[1], name="Juniper Row"))


def test_a_wrong_password_says_nothing_of_which_part_was_wrong(app: Flask, cast: Cast) -> None:
    browser = Browser(app)
    browser.get("/sign-in")

    wrong = browser.post("/sign-in", email=cast.biller.email, password="not it at all")
    nobody = browser.post("/sign-in", email="nobody@example.test", password="not it at all")

    assert wrong.status == nobody.status == 401
    assert wrong.words == nobody.words.replace("nobody@example.test", cast.biller.email)


def test_the_token_changes_at_sign_in_and_only_its_hash_is_stored(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    client = app.test_client()
    client.get("/sign-in", base_url=BASE)
    before = client.get_cookie("sid")

    browser = Browser(app)
    browser.sign_in(cast.biller)

    assert before is not None
    with fresh_database.work() as session:
        stored = session.scalars(select(SignIn)).all()
    assert all(before.value.encode() not in row.token_hash for row in stored)
    assert [row.user_id for row in stored if row.user_id] == [cast.biller.id]


def test_fifteen_idle_minutes_end_a_session_and_fourteen_do_not(app: Flask, cast: Cast) -> None:
    browser = Browser(app)
    with time_machine.travel("2026-11-20T15:00:00Z", tick=False) as clock:
        browser.sign_in(cast.biller)
        clock.shift(timedelta(minutes=14))
        awake = browser.get("/today")
        clock.shift(timedelta(minutes=16))
        idle = browser.get("/today")

    assert awake.status == 200
    assert idle.status == 302
    assert "/sign-in" in idle.location


def test_twelve_hours_end_even_a_busy_session(app: Flask, cast: Cast) -> None:
    browser = Browser(app)
    with time_machine.travel("2026-11-20T08:00:00Z", tick=False) as clock:
        browser.sign_in(cast.biller)
        seen = []
        for _ in range(12 * 6):
            clock.shift(timedelta(minutes=10))
            seen.append(browser.get("/today").status)

    assert set(seen[:-1]) == {200}
    assert seen[-1] == 302


def test_signing_out_ends_the_session_for_good(app: Flask, cast: Cast) -> None:
    browser = Browser(app).sign_in(cast.biller)
    assert browser.get("/today").status == 200

    browser.post("/sign-out")

    assert browser.get("/today").status == 302


def test_a_page_asked_for_before_signing_in_is_where_one_lands_after(
    app: Flask, cast: Cast
) -> None:
    browser = Browser(app)
    sent = browser.get("/today?practice=x")
    browser.get(sent.location)

    landed = browser.post(
        "/sign-in", email=cast.biller.email, password=PASSWORD, next="/today?practice=x"
    )

    assert sent.location.endswith("/sign-in?next=/today?practice%3Dx")
    assert landed.location.endswith("/today?practice=x")


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\\\evil"])
def test_signing_in_leads_to_no_other_site(app: Flask, cast: Cast, elsewhere: str) -> None:
    browser = Browser(app)
    browser.get("/sign-in")

    landed = browser.post("/sign-in", email=cast.biller.email, password=PASSWORD, next=elsewhere)

    assert landed.location.endswith("/today")


def test_five_wrong_passwords_make_the_right_one_wait(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    browser = Browser(app)
    browser.get("/sign-in")
    for _ in range(6):
        browser.post("/sign-in", email=cast.biller.email, password="guess guess guess")

    answer = browser.post("/sign-in", email=cast.biller.email, password=PASSWORD)

    assert answer.status == 401
    with fresh_database.work() as session:
        user = session.get_one(User, cast.biller.id)
        assert user.locked_until is not None


def test_a_form_without_its_token_is_refused(app: Flask, cast: Cast) -> None:
    answer = app.test_client().post(
        "/sign-in", base_url=BASE, data={"email": cast.biller.email, "password": "x"}
    )

    assert answer.status_code == 400


def test_a_form_from_another_site_is_refused(app: Flask) -> None:
    answer = app.test_client().post(
        "/sign-in", base_url=BASE, headers={"Origin": "http://evil.example"}
    )

    assert answer.status_code == 400


def test_the_portal_has_one_address(app: Flask) -> None:
    answer = app.test_client().get("/sign-in?next=/x", base_url="http://127.0.0.1:8000")

    assert answer.status_code == 308
    assert answer.headers["Location"] == "http://localhost:8000/sign-in?next=/x"


def test_every_answer_carries_the_headers(app: Flask) -> None:
    headers = app.test_client().get("/sign-in", base_url=BASE).headers

    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
