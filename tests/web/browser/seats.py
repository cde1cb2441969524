"""The portal on a port of its own, and a browser that notes what it complains of.

A plugin like tests/portal.py (see tests/conftest.py), so its fixtures have names of their own.
"""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page
from werkzeug.serving import make_server

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.models.sealing import Keyring
from backoffice.web.events import HUB
from backoffice.web.extensions import db
from tests.chromium import DESK, PATIENCE_MS, PHONE, a_chromium, faults_of, take_picture
from tests.databases import Database


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
        """What is wrong with the page as it stands."""
        return faults_of(self.page)

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page, if pictures are asked for."""
        take_picture(self.page, name, whole=True)


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
    made.extensions[HUB].stop()
    server.server_close()
    for ear in threading.enumerate():
        if ear.name == "changes":
            ear.join(5)
    with made.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for a module; each visit gets an empty profile of it."""
    with a_chromium() as opened:
        yield opened


@pytest.fixture
def visit(chromium: Browser, served: Flask, address: str) -> Iterator[Callable[..., Visit]]:
    """Opens an empty browser: `visit(phone=True)`, `visit(token=...)` for somebody signed in.

    What any of its pages complains of fails the test.
    """
    made: list[Visit] = []

    def come(*, phone: bool = False, token: str = "") -> Visit:
        context = chromium.new_context(base_url=address, viewport=PHONE if phone else DESK)
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
