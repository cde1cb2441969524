"""While the database is away every page says so, plainly, and asks to be tried again."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.models.database_errors import is_away
from backoffice.models.sealing import Keyring
from backoffice.sandbox.stack.parts import free_port
from backoffice.web.extensions import db
from tests.pages import BASE

TOKEN = "not-a-real-token"


class _Told(Exception):
    """What a driver raises, with PostgreSQL's code."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate
        super().__init__()


@pytest.fixture
def stranded(settings: Settings, keyring: Keyring) -> Iterator[Flask]:
    """The portal while nobody listens where its database was."""
    host = urlsplit(settings.database_url).netloc
    nobody = f"{host.rpartition(':')[0]}:{free_port()}"
    away = replace(settings, database_url=settings.database_url.replace(host, nobody))
    made = create_app(away, documents=InMemoryDocuments())
    yield made
    with made.app_context():
        db.engine.dispose()


def test_a_page_while_the_database_is_away_is_a_bare_503_that_says_when_to_come_again(
    stranded: Flask,
) -> None:
    client = stranded.test_client()
    client.set_cookie("sid", TOKEN)

    for path in ("/claims", "/claims/export", "/today"):
        answer = client.get(path, base_url=BASE)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Content-Security-Policy" in answer.headers
        assert answer.headers["X-Request-Id"] in answer.text
        assert "Set-Cookie" not in answer.headers, "whoever is signed in stays so"
        assert "Not just now" in answer.text
        assert "psycopg" not in answer.text
        assert "Operational" not in answer.text


@pytest.mark.parametrize(
    ("sqlstate", "away"),
    [
        (None, True),
        ("08006", True),
        ("53300", True),
        ("57P01", True),
        ("57P03", True),
        ("57014", False),
        ("55P03", False),
        ("40P01", False),
    ],
)
def test_a_lost_connection_is_away_and_a_slow_or_locked_statement_is_not(
    sqlstate: str | None, *, away: bool
) -> None:
    assert is_away(OperationalError("", {}, _Told(sqlstate))) is away


def test_a_pool_without_a_free_connection_is_away_and_other_faults_are_not() -> None:
    assert is_away(NoConnectionFree())
    assert not is_away(ValueError())
    assert not is_away(None)
