"""The door itself: one address, our own forms only, headers on every answer."""

import pytest
from flask import Flask
from werkzeug.datastructures import ImmutableDict

from backoffice.app import SignInSwitchedOff, create_app
from backoffice.config import Settings
from tests.pages import BASE


def test_a_form_without_its_token_is_refused(app: Flask) -> None:
    answer = app.test_client().post(
        "/sign-in", base_url=BASE, data={"email": "ana@example.test", "password": "x"}
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


def test_flask_logins_own_switch_stops_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched = ImmutableDict({**Flask.default_config, "LOGIN_DISABLED": True})
    monkeypatch.setattr(Flask, "default_config", switched)

    with pytest.raises(SignInSwitchedOff):
        create_app(settings)
