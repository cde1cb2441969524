"""The portal on a port of its own, and a browser that notes what it complains of.

A plugin like tests/portal.py (see tests/conftest.py), so its fixtures have names of their own.
"""

import logging
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from werkzeug.serving import make_server

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.models.sealing import Keyring
from backoffice.web.extensions import db
from tests.databases import Database

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
PATIENCE_MS = 30_000
DESK, PHONE = (1440, 900), (390, 844)
SERIOUS = {"serious", "critical"}


@dataclass(frozen=True)
class Visit:
    """One empty browser profile with one page, and what it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self, said: ConsoleMessage) -> None:
        """Keep a script's error or a breach of the content policy; refused pages are expected."""
        if said.type == "error" and "the server responded with a status of" not in said.text:
            self.complaints.append(f"{self.page.url}: {said.text}")

    def faults(self) -> list[str]:
        """What is wrong with the page as it stands: accessibility, and what does not fit."""
        found = Axe().run(self.page).response["violations"]
        said = [
            f"{self.page.url}: {fault['id']} at {[node['target'] for node in fault['nodes']][:3]}"
            for fault in found
            if fault["impact"] in SERIOUS
        ]
        if not self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            said.append(f"{self.page.url}: scrolls sideways")
        return said

    def picture(self, name: str) -> None:
        """Take a picture of the page into the folder JOURNEY_PICTURES, if one is asked for."""
        if folder := os.environ.get("JOURNEY_PICTURES"):
            self.page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """The port of the portal, held before the portal is made: it must know its own address."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held


@pytest.fixture
def address(listener: socket.socket) -> str:
    """Where the portal stands."""
    return f"http://localhost:{listener.getsockname()[1]}"


@pytest.fixture
def served(
    settings: Settings,
    fresh_database: Database,
    keyring: Keyring,
    listener: socket.socket,
    address: str,
) -> Iterator[Flask]:
    """A portal over a database of this test's alone, answering at `address`."""
    own = replace(fresh_database.reached_by(settings), portal_url=address)
    made = create_app(own, documents=InMemoryDocuments())
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = listener.getsockname()[1]
    server = make_server("127.0.0.1", port, made, threaded=True, fd=listener.fileno())
    answering = threading.Thread(target=server.serve_forever, daemon=True)
    answering.start()
    yield made
    server.shutdown()
    answering.join()
    server.server_close()
    with made.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for a module; each visit gets an empty profile of it."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def visit(chromium: Browser, served: Flask, address: str) -> Iterator[Callable[..., Visit]]:
    """Opens an empty browser: `visit(phone=True)`, `visit(token=...)` for somebody signed in.

    What any of its pages complains of fails the test.
    """
    made: list[Visit] = []

    def come(*, phone: bool = False, token: str = "") -> Visit:
        width, height = PHONE if phone else DESK
        context = chromium.new_context(
            base_url=address, viewport={"width": width, "height": height}
        )
        context.set_default_timeout(PATIENCE_MS)
        if token:
            context.add_cookies([{"name": "sid", "value": token, "url": address}])
        one = Visit(context.new_page())
        one.page.on("console", lambda said: one.listen(said))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        made.append(one)
        return one

    yield come
    for one in made:
        one.page.context.close()
    assert [said for one in made for said in one.complaints] == []
