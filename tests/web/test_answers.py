"""Every answer wears the headers, every "no" reads the same, and no fault shows anything."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask, Request, abort
from flask.sessions import SessionInterface
from werkzeug.routing import AnyConverter, IntegerConverter, Rule, UUIDConverter

from backoffice.app import DebugInTheOpen, refuse_debug
from backoffice.config import Settings
from backoffice.web.access import SAFE_METHODS, next_page
from backoffice.web.extensions import SETTINGS
from backoffice.web.links import SecretConverter
from tests.builders import a_practice
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import BASE, Browser

CANARY = "Zaphira Quillfeather 987-65-4320"
LEAST = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def cast(fresh_database: Database) -> Cast:
    with fresh_database.work(house=True) as session:
        here, there = a_practice(session), a_practice(session, name="Other", mark="OT")
        return a_cast(session, here, there)


def filled(rule: Rule) -> dict[str, object]:
    """Values for a rule's arguments; choices get their first, new ids are of nothing."""
    values: dict[str, object] = {}
    for name, converter in rule._converters.items():
        if isinstance(converter, UUIDConverter):
            values[name] = uuid4()
        elif isinstance(converter, IntegerConverter):
            values[name] = 1
        elif isinstance(converter, AnyConverter):
            values[name] = sorted(converter.items)[0]
        elif isinstance(converter, SecretConverter):
            values[name] = "A" * 43
        else:
            values[name] = "portal.css"
    return values


def calls(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Every endpoint, method and address of the url map."""
    adapter = app.url_map.bind("localhost:8000")
    for rule in app.url_map.iter_rules():
        path = adapter.build(rule.endpoint, filled(rule))
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule.endpoint, method, path


def test_every_route_wears_the_headers_whoever_asks_and_whatever_it_answers(
    app: Flask, cast: Cast
) -> None:
    seen = 0
    for browser in (Browser(app), Browser(app).sign_in(cast.biller)):
        for endpoint, method, path in calls(app):
            if endpoint == "events.stream":
                continue  # it never ends; tests/web/test_events.py reads its headers
            answer = browser.client.open(path, method=method, base_url=BASE)
            headers = answer.headers
            assert {name: headers[name] for name in LEAST} == LEAST, (method, path)
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy, (method, path)
            assert "unsafe" not in policy, (method, path)
            assert len(headers["X-Request-Id"]) == 32, (method, path)
            kept = endpoint == "static" and answer.status_code == 200
            assert kept or headers["Cache-Control"] == "no-store", (method, path)
            assert answer.status_code < 500, (method, path)
            seen += 1
            answer.close()
    assert seen > 100


def test_no_unsafe_route_takes_a_form_without_its_token_or_from_elsewhere(
    app: Flask, cast: Cast
) -> None:
    browser = Browser(app).sign_in(cast.biller)
    unsafe = [(m, path) for _, m, path in calls(app) if m not in SAFE_METHODS]
    token = {"csrf_token": browser._token}
    for method, path in unsafe:
        bare = browser.client.open(path, method=method, base_url=BASE)
        assert bare.status_code == 400, (method, path)
        for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = browser.client.open(
                path, method=method, base_url=BASE, data=token, headers=foreign
            )
            assert answer.status_code == 400, (method, path, foreign)
    assert len(unsafe) > 30


def test_a_fault_in_any_view_shows_and_opens_nothing(app: Flask, cast: Cast) -> None:
    browser = Browser(app).sign_in(cast.biller)

    def broken(**_: object) -> object:
        raise ValueError(CANARY)

    def failing(view: Callable[..., Any]) -> Callable[..., Any]:
        broken_view = lambda **values: broken(**values)  # noqa: E731 - one of its own each
        broken_view.permission = view.permission  # type: ignore[attr-defined]  # as the door reads it
        return broken_view

    for endpoint, view in list(app.view_functions.items()):
        app.view_functions[endpoint] = failing(view)
    bodies = set()
    for _endpoint, method, path in calls(app):
        data = {"csrf_token": browser._token} if method not in SAFE_METHODS else None
        answer = browser.client.open(path, method=method, base_url=BASE, data=data)
        assert answer.status_code == 500, (method, path)
        bodies.add(answer.text.replace(answer.headers["X-Request-Id"], ""))
    assert len(bodies) == 1
    page = bodies.pop()
    assert "Something broke on our side" in page
    assert not [word for word in (CANARY, "Traceback", "ValueError", ".py") if word in page]


def test_a_fault_before_any_view_is_the_same_page(app: Flask, settings: Settings) -> None:
    with app.app_context():
        from_settings = app.extensions[SETTINGS]
    app.session_interface = BrokenSessions()

    answer = app.test_client().get("/today", base_url=from_settings.portal_url)

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert CANARY not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


class BrokenSessions(SessionInterface):
    """The database is away when a session is looked for."""

    def open_session(self, app: Flask, request: Request) -> None:
        raise ConnectionError(CANARY)


@pytest.mark.parametrize("status", [404, 405, 410])
def test_what_is_not_here_says_nothing_of_who_asked_for_what(app: Flask, status: int) -> None:
    def gone() -> str:
        abort(status)

    gone.permission = "public"  # type: ignore[attr-defined]  # as the door reads it
    app.add_url_rule("/planted", "planted", gone)
    asked = [app.test_client().get("/planted", base_url=BASE) for _ in range(2)]
    nowhere = app.test_client().get(f"/{uuid4()}", base_url=BASE)

    assert [answer.status_code for answer in asked] == [status, status]
    assert {answer.data for answer in asked} == {nowhere.data}
    assert asked[0].headers["X-Request-Id"] not in asked[0].text
    assert "csrf" not in asked[0].text


def test_absent_and_anothers_are_the_same_404_byte_for_byte(app: Flask, cast: Cast) -> None:
    stranger = Browser(app).sign_in(cast.stranger)

    for path in ("/claims/{}", "/clients/{}", "/messages/{}", "/documents/{}", "/eras/{}"):
        pages = [stranger.get(path.format(each)) for each in (uuid4(), uuid4())]
        assert [page.status for page in pages] == [404, 404]
        assert pages[0].response.data == pages[1].response.data
        names = {"X-Request-Id", "Date"}
        kept = [
            {name: value for name, value in page.response.headers if name not in names}
            for page in pages
        ]
        assert kept[0] == kept[1]


def test_a_page_of_errors_names_its_request_and_nothing_else(app: Flask, cast: Cast) -> None:
    page = Browser(app).sign_in(cast.owner).get("/claims/export")

    assert page.status == 403
    assert page.response.headers["X-Request-Id"] in page.text
    assert cast.owner.name not in page.text
    assert cast.practice.name not in page.text
    assert "csrf" not in page.text


def test_a_405_says_which_methods_there_are(app: Flask) -> None:
    answer = app.test_client().delete("/sign-in", base_url=BASE, data={})

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "asked",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil",
     "/%09/x\r\nSet-Cookie: a=b", "javascript:alert(1)", "", None],
)  # fmt: skip
def test_signing_in_leads_nowhere_but_to_our_own_pages(app: Flask, asked: str | None) -> None:
    with app.test_request_context(base_url=BASE):
        assert next_page(asked) == "/today"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(app: Flask) -> None:
    claim = UUID(int=5)
    with app.test_request_context(base_url=BASE):
        assert next_page(f"/claims/{claim}?tab=status") == f"/claims/{claim}?tab=status"


def test_signing_out_clears_what_the_browser_keeps(app: Flask, cast: Cast) -> None:
    answer = Browser(app).sign_in(cast.biller).post("/sign-out").response

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_behind_tls_the_browser_is_told_to_stay_there(app: Flask, settings: Settings) -> None:
    answer = app.test_client().get("/sign-in", base_url=BASE)
    assert "Strict-Transport-Security" not in answer.headers

    app.extensions[SETTINGS] = settings.__class__(
        **{**vars(settings), "portal_url": "https://portal.example", "sandbox": False}
    )
    answer = app.test_client().get("/sign-in", base_url="https://portal.example")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_the_debugger_answers_this_machine_alone(app: Flask, settings: Settings) -> None:
    app.debug = True
    refuse_debug(app, settings)

    elsewhere = settings.__class__(**{**vars(settings), "portal_url": "https://portal.example"})
    with pytest.raises(DebugInTheOpen):
        refuse_debug(app, elsewhere)
