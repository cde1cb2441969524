"""In by a passkey, by an app's code, by a recovery code; and out when nobody uses the page."""

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from backoffice.models.users import SignIn, User
from tests.builders import a_practice
from tests.cast import PASSWORD, Cast, a_cast
from tests.databases import Database
from tests.pages import Browser as Client
from tests.web.browser.seats import Visit

pytestmark = pytest.mark.browser

IDLE_WARNING = "Are you still there?"


@pytest.fixture
def cast(served: Flask, fresh_database: Database) -> Cast:
    with fresh_database.work(house=True) as session:
        practice, elsewhere = (
            a_practice(session),
            a_practice(session, name="Juniper Row", short_name="Juniper Row", mark="JR"),
        )
    with fresh_database.work(practices=[practice.id, elsewhere.id], house=True) as session:
        return a_cast(session, practice, elsewhere)


def give_password(page: Page, user: User) -> None:
    page.goto("/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def an_authenticator(page: Page) -> None:
    """Plug in a virtual passkey that has seen its owner's finger."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def sign_out(page: Page) -> None:
    page.context.clear_cookies()


def test_a_passkey_is_made_after_the_password_and_opens_the_portal_from_then_on(
    cast: Cast, visit: Callable[..., Visit]
) -> None:
    seat = visit()
    page = seat.page
    an_authenticator(page)

    give_password(page, cast.biller)
    page.goto("/claims")
    before = page.get_by_role("heading", level=1).inner_text()
    assert seat.faults() == []
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    sign_out(page)
    give_password(page, cast.biller)
    assert seat.faults() == []
    page.get_by_role("button", name="Use your passkey").click()

    expect(page.get_by_role("navigation").first).to_be_visible()
    assert before == "Set up your second factor"


def test_an_app_is_set_up_by_picture_and_key_and_a_recovery_code_stands_in_once(
    cast: Cast, visit: Callable[..., Visit]
) -> None:
    seat = visit(phone=True)
    page = seat.page

    give_password(page, cast.clinician)
    page.get_by_text("Use an authenticator app instead").click()
    picture = page.get_by_role("img", name=re.compile("^The key below"))
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth > 100")
    assert seat.faults() == []
    app = pyotp.TOTP(page.locator("details .id span").first.inner_text().replace(" ", ""))
    page.get_by_label("Code that the app shows").fill(app.now())
    page.get_by_role("button", name="Use this app").click()
    codes = page.locator("ol li").all_inner_texts()
    assert seat.faults() == []
    said = [recovered(page, cast.clinician, code) for code in (codes[0], codes[0], codes[1])]

    assert len(set(codes)) == 10
    assert said == [True, False, True]
    page.goto("/account/")
    expect(page.get_by_text("8 of 10 are left")).to_be_visible()
    assert seat.faults() == []
    seat.picture("clinician-account")


def recovered(page: Page, user: User, code: str) -> bool:
    """Sign in with a recovery code; whether it was taken."""
    sign_out(page)
    give_password(page, user)
    page.get_by_text("not at hand").click()
    page.get_by_label("Recovery code").fill(code)
    with page.expect_navigation():
        page.get_by_role("button", name="Go on with this recovery code").click()
    return page.get_by_role("navigation").count() > 0


def test_two_minutes_before_the_end_a_page_asks_and_leaves_if_nobody_answers(
    served: Flask, cast: Cast, fresh_database: Database, visit: Callable[..., Visit]
) -> None:
    at_the_desk = Client(served).sign_in(cast.biller).client.get_cookie("sid", "localhost")
    assert at_the_desk
    seat = visit(token=at_the_desk.value)
    page = seat.page
    page.clock.install()

    page.goto("/claims")
    warning = page.get_by_role("dialog", name=IDLE_WARNING)
    let_pass(page, fresh_database, minutes=12)
    early = warning.is_visible()
    let_pass(page, fresh_database, minutes=1, seconds=1)
    expect(warning).to_be_visible()
    assert seat.faults() == []
    seat.picture("idle-warning")
    page.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    stayed = idle_seconds(fresh_database)
    let_pass(page, fresh_database, minutes=16)
    page.wait_for_url(re.compile("/sign-in"))

    assert not early
    assert stayed < 60
    expect(page.get_by_text("nobody used the page for 15 minutes")).to_be_visible()


def let_pass(page: Page, database: Database, *, minutes: int, seconds: int = 0) -> None:
    """Let time go by, for the server (its sessions were last used longer ago) and the page."""
    gone = timedelta(minutes=minutes, seconds=seconds)
    with database.work(house=True) as session:
        session.execute(update(SignIn).values(last_seen_at=SignIn.last_seen_at - gone))
    page.clock.fast_forward(int(gone.total_seconds() * 1000))


def idle_seconds(database: Database) -> float:
    """How long ago the newest session was used."""
    with database.work(house=True) as session:
        gone = session.scalar(select(func.now() - func.max(SignIn.last_seen_at)))
    assert gone is not None
    return float(gone.total_seconds())
