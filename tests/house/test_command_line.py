"""The command line's promises: help everywhere, and one line and exit 2 for what is away."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from backoffice.cli import main


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, by its words."""
    yield path
    if isinstance(command, click.Group):
        for name, under in command.commands.items():
            yield from commands(under, (*path, name))


@pytest.mark.parametrize("words", list(commands(main)), ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(main, [*words, "--help"])

    assert answer.exit_code == 0
    assert "Usage:" in answer.stdout


@pytest.mark.parametrize("words", [["demo"], ["ledger", "verify"]], ids=" ".join)
def test_a_stack_that_is_away_is_one_line_and_exit_2(
    words: list[str], monkeypatch: pytest.MonkeyPatch, environment_of_a_dead_stack: dict[str, str]
) -> None:
    for name, value in environment_of_a_dead_stack.items():
        monkeypatch.setenv(name, value)

    answer = CliRunner().invoke(main, words)

    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert len(answer.stderr.strip().splitlines()) == 1


def test_a_gap_in_the_environment_is_named_and_exit_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@127.0.0.1:9/none")
    monkeypatch.delenv("SECRET_KEY", raising=False)

    answer = CliRunner().invoke(main, ["demo"])

    assert answer.exit_code == 2
    assert "SECRET_KEY" in answer.stderr


@pytest.fixture
def environment_of_a_dead_stack() -> dict[str, str]:
    """Whole settings whose servers are not there."""
    key = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="
    return {
        "DATABASE_URL": "postgresql://app@127.0.0.1:9/none",
        "INTAKE_DATABASE_URL": "postgresql://intake@127.0.0.1:9/none",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "S3_ENDPOINT_URL": "http://127.0.0.1:9",
        "S3_BUCKET": "b",
        "S3_ACCESS_KEY": "k",
        "S3_SECRET_KEY": "s",
        "SMTP_URL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "no-reply@cleanclaim.example",
        "PORTAL_URL": "http://localhost:8000",
        "SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "FIELD_KEYS": f"k1:{key}",
        "INDEX_KEY": key,
        "CLEARINGHOUSE_URL": "http://127.0.0.1:9/services",
        "CLEARINGHOUSE_KEY": "x",
    }
