"""Signing in: a password, then a second factor; nothing of a patient before both."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from backoffice.models.factors import Factor, FactorKind
from backoffice.models.people import AccountMail
from backoffice.models.users import Level, SignIn
from backoffice.web.access import HALF_SIGNED_IN, OPEN
from backoffice.web.sessions import hash_of
from tests.authenticator import Device
from tests.builders import a_practice
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import Browser
from tests.second_factors import an_app, code_of, give_password, sign_in_by_form


@pytest.fixture
def cast(fresh_database: Database) -> Cast:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        practice = a_practice(session, ids[0])
        return a_cast(session, practice, a_practice(session, ids[1], name="Juniper Row"))


def options_in(text: str) -> str:
    """What the page asks the browser's passkeys."""
    found = re.search(r'data-options="([^"]+)"', text)
    assert found
    return html.unescape(found.group(1))


def secret_in(text: str) -> str:
    """The key of the app that a page offers to set up."""
    found = re.search(r'data-copy="([A-Z2-7]{32})"', text)
    assert found
    return found.group(1)


def token_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie("sid")
    assert cookie is not None
    return cookie.value


def mails_to(database: Database, user_id: object) -> list[str]:
    with database.work() as session:
        mails = session.scalars(
            select(AccountMail)
            .where(AccountMail.user_id == user_id)
            .order_by(AccountMail.created_at, AccountMail.id)
        )
        return [mail.facts["what"] for mail in mails]


def test_a_wrong_password_says_nothing_of_which_part_was_wrong(app: Flask, cast: Cast) -> None:
    browser = Browser(app)
    browser.get("/sign-in")

    wrong = browser.post("/sign-in", email=cast.biller.email, password="not it at all")
    nobody = browser.post("/sign-in", email="nobody@example.test", password="not it at all")

    assert wrong.status == nobody.status == 401
    assert wrong.words == nobody.words.replace("nobody@example.test", cast.biller.email)


def test_nothing_opens_by_the_password_alone(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work() as session:
        an_app(session, cast.administrator.id)
    browser = Browser(app).sign_in(cast.administrator, level=Level.PASSWORD)
    beyond = [
        rule
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "permission", "")
        not in {OPEN, HALF_SIGNED_IN}
    ]
    assert len(beyond) > 50

    opened = []
    for rule in beyond:
        path = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", rule.rule)
        path = re.sub(r"<uuid:[^>]+>", str(uuid4()), re.sub(r"<int[^>]*>", "1", path))
        method = "GET" if "GET" in (rule.methods or set()) else "POST"
        answer = browser.get(path) if method == "GET" else browser.post(path)
        if answer.status != 401 and not answer.location.startswith("/sign-in/factor"):
            opened.append((rule.rule, answer.status, answer.location))

    assert opened == []
    assert browser.get("/today", **{"X-Live": "1"}).status == 401


def test_the_first_time_leads_through_setting_up_an_app_to_ten_codes_and_in(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    browser = Browser(app)
    browser.get("/sign-in")
    tokens = [token_of(browser)]

    sent = give_password(browser, cast.owner, wanted="/documents/")
    tokens.append(token_of(browser))
    led = browser.get(sent.location)
    offered = browser.get(led.location)
    picture = browser.get("/enrol/qr.svg")
    wrong = browser.post("/enrol/app", code="000000", next="/documents/")
    with fresh_database.work() as session:
        being_set_up = session.scalars(select(Factor)).one()
        code = code_of(being_set_up)
    done = browser.post("/enrol/app", code=code, next="/documents/")
    tokens.append(token_of(browser))

    assert "/enrol/" in led.location
    assert offered.words.index("Make a passkey") < offered.words.index("authenticator app")
    assert picture.response.mimetype == "image/svg+xml"
    assert "<svg" in picture.text
    assert wrong.status == 401
    codes = re.findall(r"<li class=\"id\">([^<]+)</li>", done.text)
    assert len(set(codes)) == 10
    assert 'href="/documents/"' in done.text
    assert browser.get("/documents/").status == 200
    assert len(set(tokens)) == 3
    assert mails_to(fresh_database, cast.owner.id) == ["An authenticator app was added."]
    for old in tokens[:2]:
        browser.client.set_cookie("sid", old, domain="localhost")
        assert browser.get("/documents/").status == 302
    with fresh_database.work() as session:
        kept = session.scalars(select(Factor)).one()
        assert kept.secret
        assert kept.secret.encode() not in (kept.secret_sealed or b"")
        rows = session.scalars(select(SignIn).where(SignIn.user_id == cast.owner.id)).all()
    assert {(row.level, row.ended_because) for row in rows} == {
        (Level.PASSWORD, "renewed"),
        (Level.FULL, ""),
    }
    assert {row.address for row in rows} == {"127.0.0.1"}


def test_an_app_that_another_session_began_is_never_the_one_confirmed(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    thief, owner = Browser(app), Browser(app)
    thief.get(give_password(thief, cast.owner).location)
    secrets = [secret_in(thief.get("/enrol/").text)]
    owner.get(give_password(owner, cast.owner).location)

    secrets.append(secret_in(owner.get("/enrol/").text))
    with fresh_database.work() as session:
        code = code_of(session.scalars(select(Factor)).one())
    stolen = thief.post("/enrol/app", code=code)
    secrets.append(secret_in(stolen.text))
    too_late = owner.post("/enrol/app", code=code)
    secrets.append(secret_in(too_late.text))
    with fresh_database.work() as session:
        code = code_of(session.scalars(select(Factor)).one())
    done = owner.post("/enrol/app", code=code)

    assert len(set(secrets)) == 4
    assert (stolen.status, too_late.status, done.status) == (401, 401, 200)
    assert thief.get("/enrol/").location.startswith("/sign-in")


def test_a_recovery_code_stands_in_once_and_its_owner_is_told(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    first = Browser(app).sign_in(cast.biller, level=Level.PASSWORD)
    first.get("/enrol/")
    with fresh_database.work() as session:
        code = code_of(session.scalars(select(Factor)).one())
    shown = first.post("/enrol/app", code=code)
    recovery = re.findall(r"<li class=\"id\">([^<]+)</li>", shown.text)[4]

    second = Browser(app).sign_in(cast.biller, level=Level.PASSWORD)
    third = Browser(app).sign_in(cast.biller, level=Level.PASSWORD)
    in_by_code = second.post("/sign-in/factor", factor_recovery_code=recovery.upper())
    again = third.post("/sign-in/factor", factor_recovery_code=recovery)

    assert in_by_code.location.endswith("/today")
    assert second.get("/today").status == 200
    assert again.status == 401
    assert mails_to(fresh_database, cast.biller.id)[1:] == [
        "A recovery code was used to sign in; 9 are left.",
        "Somebody signed in to your account from a new browser.",
    ]


def test_a_code_of_an_app_works_once_among_twenty_at_once(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work() as session:
        own = an_app(session, cast.biller.id)
    with time_machine.travel("2026-11-20T15:00:10Z", tick=False):
        browsers = [Browser(app).sign_in(cast.biller, level=Level.PASSWORD) for _ in range(20)]
        code = code_of(own)

        def give(browser: Browser) -> int:
            return browser.post("/sign-in/factor", factor_code=code).status

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(give, browsers))

    assert sorted(answers) == [302] + [401] * 19


def test_codes_of_the_steps_around_are_taken_forward_only(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work() as session:
        own = an_app(session, cast.biller.id)
    answers = []
    with time_machine.travel("2026-11-20T15:00:10Z", tick=False):
        for later in (2, -2, -1, 1, 0, 1):
            browser = Browser(app).sign_in(cast.biller, level=Level.PASSWORD)
            code = code_of(own, later=later)
            answers.append(browser.post("/sign-in/factor", factor_code=code).status)

    assert answers == [401, 401, 302, 302, 401, 401]


def test_the_password_alone_adds_no_factor_beside_one_that_is_there(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work() as session:
        an_app(session, cast.biller.id)
    thief = Browser(app).sign_in(cast.biller, level=Level.PASSWORD)

    page = thief.get("/enrol/")
    picture = thief.get("/enrol/qr.svg")
    posted = [thief.post("/enrol/app", code="123456"), thief.post("/enrol/passkey", passkey="{}")]

    assert {answer.location for answer in (page, picture, *posted)} == {"/sign-in/factor"}
    with fresh_database.work() as session:
        assert len(session.scalars(select(Factor)).all()) == 1


def a_passkey_of(browser: Browser, device: Device) -> None:
    """Set up as the first factor."""
    page = browser.get("/enrol/")
    done = browser.post("/enrol/passkey", passkey=device.make(options_in(page.text)))
    assert "recovery codes" in done.words


def test_a_passkey_is_set_up_and_signs_in_and_its_answers_work_once(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    device = Device()
    first = Browser(app).sign_in(cast.clinician, level=Level.PASSWORD)
    a_passkey_of(first, device)
    assert first.get("/claims/mine").status == 200
    second = Browser(app).sign_in(cast.clinician, level=Level.PASSWORD)
    third = Browser(app).sign_in(cast.clinician, level=Level.PASSWORD)

    asked = options_in(second.get("/sign-in/factor").text)
    answer = device.use(asked)
    landed = second.post("/sign-in/factor", factor_passkey=answer)
    third.get("/sign-in/factor")
    replayed = third.post("/sign-in/factor", factor_passkey=answer)

    assert '"userVerification": "required"' in asked
    assert '"rpId": "localhost"' in asked
    assert landed.status == 302
    assert replayed.status == 401
    with fresh_database.work() as session:
        assert session.scalars(select(Factor)).one().kind is FactorKind.PASSKEY


def test_a_passkeys_answer_from_elsewhere_unverified_or_copied_is_refused(
    app: Flask, cast: Cast
) -> None:
    device = Device(count=5)
    a_passkey_of(Browser(app).sign_in(cast.clinician, level=Level.PASSWORD), device)

    def answers(turned: Device | str) -> int:
        browser = Browser(app).sign_in(cast.clinician, level=Level.PASSWORD)
        asked = options_in(browser.get("/sign-in/factor").text)
        answer = turned if isinstance(turned, str) else turned.use(asked)
        return browser.post("/sign-in/factor", factor_passkey=answer).status

    for turned in (
        replace(device, origin="https://evil.example", count=99),
        replace(device, origin="http://localhost:8001", count=99),
        replace(device, rp_id="evil.example", count=99),
        replace(device, verifies=False, count=99),
        replace(device, count=3),  # a copy that was used less often than the original
        replace(device, credential_id=b"x" * 32, count=99),
        replace(device, key=Device().key, count=99),
        "garbage",
        "{}",
    ):
        assert (turned, answers(turned)) == (turned, 401)
        assert answers(device) == 302, "the right one still works, and failures are forgotten"


def test_a_page_asked_for_before_is_where_one_lands_after_and_no_other_site_is(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work() as session:
        apps = [an_app(session, user.id) for user in (cast.biller, cast.owner, cast.stranger)]
    browser = Browser(app)
    sent = browser.get("/today?practice=x")
    assert sent.location.endswith("/sign-in?next=/today?practice%3Dx")

    landed = sign_in_by_form(browser, cast.biller, apps[0], wanted="/today?practice=x")
    elsewhere = [
        sign_in_by_form(Browser(app), user, own, wanted=evil).location
        for (user, own), evil in zip(
            ((cast.owner, apps[1]), (cast.stranger, apps[2])),
            ("//evil.example", "/\t/evil.example"),
            strict=True,
        )
    ]

    assert landed.location.endswith("/today?practice=x")
    assert elsewhere == ["/today", "/today"]


def test_who_is_disabled_between_the_two_steps_does_not_get_in(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work() as session:
        own = an_app(session, cast.biller.id)
    browser = Browser(app).sign_in(cast.biller, level=Level.PASSWORD)
    with fresh_database.work() as session:
        user = session.merge(cast.biller)
        user.disabled_at = own.created_at

    refused = browser.post("/sign-in/factor", factor_code=code_of(own))

    assert (refused.status, refused.location) == (302, "/sign-in")
    assert browser.get("/today").status == 302


def test_the_token_is_stored_as_its_hash_only(
    app: Flask, cast: Cast, fresh_database: Database
) -> None:
    with fresh_database.work() as session:
        own = an_app(session, cast.biller.id)
    browser = Browser(app)
    sign_in_by_form(browser, cast.biller, own)
    token = token_of(browser)

    with fresh_database.work() as session:
        stored = session.scalars(select(SignIn)).all()

    assert len(token) >= 43
    assert hash_of(token) in {row.token_hash for row in stored}
    assert all(token.encode() not in row.token_hash for row in stored)


def test_signing_out_ends_the_session_for_good(app: Flask, cast: Cast) -> None:
    browser = Browser(app).sign_in(cast.biller)
    assert browser.get("/today").status == 200
    token = token_of(browser)

    out = browser.post("/sign-out")
    browser.client.set_cookie("sid", token, domain="localhost")

    assert out.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.get("/today").status == 302


def test_there_is_no_way_to_stay_signed_in_beyond_twelve_hours(app: Flask, cast: Cast) -> None:
    with time_machine.travel("2026-11-20T08:00:00Z", tick=False) as clock:
        browser = Browser(app).sign_in(cast.biller)
        seen = []
        for _ in range(12 * 5 - 1):
            clock.shift(timedelta(minutes=12))
            seen.append(browser.post("/account/session").status)
        clock.shift(timedelta(minutes=11, seconds=59))
        last = browser.get("/today").status
        clock.shift(timedelta(seconds=1))
        over = browser.get("/today").status

    assert set(seen) == {200}
    assert (last, over) == (200, 302)
    assert "remember_token" not in str(browser.client._cookies)
