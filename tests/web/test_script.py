"""The portal's script and sheet of states in a real browser, under the strict content policy."""

import logging
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, Response, flash, render_template, render_template_string, request
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import make_server

from backoffice.web import assets, filters

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LIST = """
{% extends "layout.html" %}
{% from "macros/tables.html" import rows, row %}
{% from "macros/layers.html" import dry_run_place, copy %}
{% block title %}A list{% endblock %}
{% block content %}<div class="cols"><div class="col">
<form id="bill" method="post"></form>
{% call(item) rows(items, ["Client"], "A list", select="one", tr=False) %}
{% call row(item, select="one", form="bill", named=item.client) %}<td><a data-open href="/opened">
{{ item.client }}</a> <a href="/drawer" hx-get="/drawer" hx-target="#drawer" data-drawer
data-key="e">Missing</a></td>{% endcall %}{% endcall %}
{{ dry_run_place("/dry-run", "bill") }}{{ copy("C-10423", "our number") }}</div>
<aside class="drawer" id="drawer" aria-label="Missing"></aside></div>{% endblock %}
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@dataclass
class Line:
    """A row of the sheet and of the list."""

    id: str
    client: str = ""
    version: int = 1
    state: str = ""
    ticked: bool = False
    closed: str = ""
    words: str = ""
    billed: Decimal = Decimal("155.00")
    case: str = ""
    value: Decimal | None = None
    rule: str = ""


@dataclass
class Practice:
    id: str
    name: str
    short_name: str
    mark: str
    hue: int


@dataclass
class Person:
    id: str
    name: str
    keys_on: bool


PRACTICES = [Practice(f"p{hue}", f"Practice {hue}", f"Pr {hue}", "PR", hue) for hue in range(1, 9)]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A bare application with our templates, static files and policy, and nothing else."""
    bare = Flask(
        __name__,
        template_folder=str(Path(__file__).parents[2] / "templates"),
        static_folder=str(assets.STATIC),
        static_url_path="/static",
    )
    bare.secret_key = "only for this test"
    filters.register(bare)
    assets.register(bare)
    bare.jinja_env.globals["csrf_token"] = lambda: "a token"
    bare.jinja_env.globals["way"] = lambda *_words, **_values: None  # nothing else may be opened
    _give_pages(bare)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, bare, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _give_pages(bare: Flask) -> None:
    nav = [
        {
            "label": None,
            "items": [
                {"endpoint": endpoint, "args": None, "label": label, "icon": "claim",
                 "count": 3, "urgent": False, "current": False, "key": key}
                for endpoint, label, key in (("states", "States", "u"), ("a_list", "List", "c"))
            ],
        }
    ]  # fmt: skip
    bare.context_processor(
        lambda: {
            "me": Person("u1", "Ana Sample", keys_on=True),
            "practices": PRACTICES,
            "acting_practices": [],
            "nav": nav,
            "find_url": "/opened",
            "session_left": 900,
        }
    )

    def strict(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    bare.after_request(strict)

    def a_list() -> str:
        if "done" in request.args:
            flash("10 claims queued", "done")
        lines = [Line(str(at), client=f"Client {at}") for at in range(6)]
        return render_template_string(LIST, items=lines)

    def states() -> str:
        return render_template(
            "states.html",
            sample_practices=PRACTICES,
            row_states=[
                Line("1", "Avery Sample", state="is-open", words="focused"),
                Line("2", "Riley Specimen", ticked=True, words="selected"),
                Line("3", "Quinn Pretend", state="is-elsewhere", closed="Ben is here"),
                Line("4", "Finley Imagined", state="is-stale", words="changed since loaded"),
            ],
            amounts=[Line("5", case="Negative", value=Decimal("-118.40")), Line("6", case="None")],
            sum=(("Billed", Decimal("10.00")), [("Paid", Decimal("8.00")), ("Left", Decimal(2))]),
        )

    bare.add_url_rule("/list", "a_list", a_list)
    bare.add_url_rule("/states", "states", states)
    bare.add_url_rule("/opened", "opened", lambda: "opened")
    bare.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))  # asked for by a bare page
    bare.add_url_rule("/drawer", "drawer", lambda: "<h2 tabindex=-1>What is missing</h2>")
    bare.add_url_rule("/sign-out", "accounts.sign_out", lambda: "", methods=["POST"])
    bare.add_url_rule("/sign-in", "accounts.sign_in", lambda: "")
    bare.add_url_rule("/account", "account.show", lambda: "")
    bare.add_url_rule("/account/session", "account.time_left", lambda: {"left": 900})

    def dry_run() -> str:
        token = request.headers.get("X-CSRFToken")
        return f"{len(request.form.getlist('one'))} would go, {token}"

    bare.add_url_rule("/dry-run", "dry_run", dry_run, methods=["POST"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A new page; what it complains of (the content policy included) fails the test."""
    context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)  # the machine may be busy
    opened = context.new_page()
    complaints: list[str] = []

    def listen(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(said.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def focused(page: Page) -> str:
    identity: str = page.evaluate("document.activeElement.id")
    return identity


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1280, 390])
def test_the_sheet_of_states_is_accessible_and_fits(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": width, "height": 900})

    page.goto("/states")

    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_keys_move_through_a_list_that_is_one_tab_stop(page: Page) -> None:
    page.goto("/list")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")

    assert focused(page) == "row-1"
    assert page.locator("tr[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/opened")


def test_a_range_is_selected_and_the_dry_run_asked_with_our_token(page: Page) -> None:
    page.goto("/list")
    page.keyboard.press("j")

    page.keyboard.press("x")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Shift+X")

    page.get_by_text("4 would go, a token").wait_for()
    assert page.locator("#spoken").inner_text() == "4 selected"


def test_keys_are_left_alone_while_somebody_types(page: Page) -> None:
    page.goto("/list")

    page.keyboard.press("/")
    page.keyboard.type("jx?")

    assert page.locator("#find").input_value() == "jx?"
    assert page.locator("tbody :checked").count() == 0


def test_a_drawer_opens_from_its_row_follows_and_gives_the_focus_back(page: Page) -> None:
    page.goto("/list")
    page.keyboard.press("j")

    page.keyboard.press("e")
    page.get_by_text("What is missing").wait_for()
    page.keyboard.press("j")

    page.locator("#drawer[data-row='row-1']").wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#drawer > *").count() == 0
    assert focused(page) == "row-1"


def test_g_then_a_letter_goes_to_a_page(page: Page) -> None:
    page.goto("/list")

    page.keyboard.press("g")
    page.keyboard.press("u")

    page.wait_for_url("**/states")


def test_a_chosen_theme_is_kept_for_the_next_page(page: Page) -> None:
    page.goto("/list")

    page.locator(".foot summary").click()
    page.get_by_role("button", name="Dark").click()
    page.goto("/states")

    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_number_is_copied_and_said(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page.goto("/list")

    page.get_by_role("button", name="Copy our number").click()

    page.locator("#spoken", has_text="Copied our number").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == "C-10423"


def test_a_toast_waits_while_somebody_looks_and_goes_by_itself(page: Page) -> None:
    page.clock.install()
    page.goto("/list?done=1")
    toast = page.get_by_text("10 claims queued")

    toast.hover()
    page.clock.run_for(20_000)
    assert toast.is_visible()

    page.mouse.move(700, 100)
    page.clock.run_for(9_000)
    assert toast.count() == 0
