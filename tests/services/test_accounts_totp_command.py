"""`backoffice totp`: a code for the demo's people on one's own machine, and nowhere else."""

import base64

import pytest
from click.testing import CliRunner, Result

from backoffice.cli import main
from backoffice.cli.totp import is_loopback
from backoffice.models.sealing import Keyring
from backoffice.services import accounts
from tests.cast import a_user
from tests.databases import Database
from tests.house.test_config import WHOLE
from tests.second_factors import an_app, code_of


def asked(
    monkeypatch: pytest.MonkeyPatch, keyring: Keyring, email: str, **environment: str
) -> Result:
    keys = {
        "FIELD_KEYS": f"k1:{base64.b64encode(keyring.field_keys['k1']).decode()}",
        "INDEX_KEY": base64.b64encode(keyring.index_key).decode(),
    }
    for name, value in (WHOLE | keys | {"SANDBOX": "1"} | environment).items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(main, ["totp", email])


def test_it_prints_a_code_that_signs_in_and_after_that_the_next(
    fresh_database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fresh_database.work() as session:
        user = a_user(session, "Ana Sample")
        app = an_app(session, user.id)
    here = {"PORTAL_URL": "http://localhost:8000", "DATABASE_URL": fresh_database.url}
    expected = {code_of(app), code_of(app, later=1)}

    first = asked(monkeypatch, keyring, "Ana.Sample@example.test", **here)
    with fresh_database.work() as session:
        session.merge(app).last_timecode = accounts.step_of(app.created_at) + 10**7
    later = asked(monkeypatch, keyring, user.email, **here)
    nobody = asked(monkeypatch, keyring, "nobody@example.test", **here)

    assert first.exit_code == 0, first.output
    assert first.stdout.strip() in expected
    assert later.stdout.strip() == accounts.code_at(
        app, accounts.step_of(app.created_at) + 10**7 + 1
    )
    assert (nobody.exit_code, nobody.stdout) == (1, "")


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"PORTAL_URL": "http://localhost:8000", "SANDBOX": "0"},
        {"PORTAL_URL": "https://portal.example", "SANDBOX": "0"},
    ],
    ids=str,
)
def test_it_is_refused_outside_the_sandbox_and_off_this_machine(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, elsewhere: dict[str, str]
) -> None:
    answer = asked(monkeypatch, keyring, "ana@example.test", **elsewhere)

    assert answer.exit_code != 0
    assert answer.stdout == ""


def test_only_an_address_of_this_machine_is_loopback() -> None:
    assert is_loopback("http://localhost:8000")
    assert is_loopback("http://127.0.0.2:8000")
    assert is_loopback("http://[::1]:8000")
    assert not is_loopback("https://portal.example")
    assert not is_loopback("http://10.0.0.1:8000")
    assert not is_loopback("http://localhost.evil.example")
