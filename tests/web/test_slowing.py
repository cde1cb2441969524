"""An address with too many failed proofs is told to wait, with Redis there to count or without."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from uuid import uuid4

import pytest
from flask import Flask

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.models.sealing import Keyring
from backoffice.web.extensions import db
from tests.databases import Database
from tests.pages import Browser, Page

MOST = 100


@pytest.fixture(params=["redis", "no redis"])
def app(
    request: pytest.FixtureRequest,
    settings: Settings,
    fresh_database: Database,
    keyring: Keyring,
    closed_port: int,
) -> Iterator[Flask]:
    """A portal that counts in Redis, or one whose Redis is away."""
    own = fresh_database.reached_by(settings)
    if request.param == "no redis":
        own = replace(own, redis_url=f"redis://127.0.0.1:{closed_port}/0")
    made = create_app(own, documents=InMemoryDocuments())
    yield made
    with made.app_context():
        db.engine.dispose()


def test_the_hundred_and_first_failed_proof_of_an_address_gets_a_page_that_says_wait(
    app: Flask,
) -> None:
    guesser, neighbour = browser_elsewhere(app), browser_elsewhere(app)

    tries = [a_guess(guesser) for _ in range(MOST)]
    one_more = a_guess(guesser)

    assert {page.status for page in tries} == {401}
    assert one_more.status == 429
    assert "Too many tries" in one_more.words
    assert guesser.get("/sign-in").status == 200, "only proofs are counted"
    assert a_guess(neighbour).status == 401


def test_an_address_asks_for_twenty_links_in_a_quarter_of_an_hour_and_no_more(app: Flask) -> None:
    stranger, neighbour = browser_elsewhere(app), browser_elsewhere(app)

    tries = [asks_for_a_link(stranger, f"somebody{number}@example.test") for number in range(20)]
    one_more = asks_for_a_link(stranger, "one-more@example.test")

    assert {page.status for page in tries} == {200}
    assert one_more.status == 429
    assert "Too many tries" in one_more.words
    assert stranger.get("/forgot").status == 200, "only asking is counted"
    assert a_guess(stranger).status == 401, "signing in has a count of its own"
    assert asks_for_a_link(neighbour, "somebody@example.test").status == 200


def asks_for_a_link(browser: Browser, email: str) -> Page:
    return browser.post("/forgot", email=email)


def browser_elsewhere(app: Flask) -> Browser:
    """A browser at an address of its own, which no other test counts for."""
    browser = Browser(app)
    browser.client.environ_base["REMOTE_ADDR"] = str(IPv4Address(uuid4().int % 2**32))
    browser.get("/sign-in")
    return browser


def a_guess(browser: Browser) -> Page:
    return browser.post("/sign-in", email="nobody@example.test", password="not it at all")
