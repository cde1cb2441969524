"""What the database quotes of a row never reaches an exception's words."""

import traceback
from collections.abc import Callable

import pytest
from sqlalchemy import bindparam, create_engine, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from backoffice.gateways.logs import what_broke
from backoffice.models.base import MoneyInCents, NotWholeCents
from tests.databases import Database

CANARY = "987-65-4320"

PROVOKED: dict[str, tuple[str, str]] = {
    "a duplicate key": (
        "CREATE TEMP TABLE kept (ssn text CONSTRAINT uq_kept_ssn UNIQUE);"
        f"INSERT INTO kept VALUES ('{CANARY}')",
        "INSERT INTO kept VALUES (:canary)",
    ),
    "a check": (
        "CREATE TEMP TABLE kept (ssn text CONSTRAINT ck_kept_short CHECK (length(ssn) < 5))",
        "INSERT INTO kept VALUES (:canary)",
    ),
    "a value of another type": ("SELECT 1", "SELECT CAST(:canary AS date)"),
    "a number too large": ("SELECT 1", "SELECT CAST(:canary AS integer)"),
    "an exception raised in SQL": (
        "CREATE FUNCTION pg_temp.refuse(words text) RETURNS void LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'not %', words; END $$",
        "SELECT pg_temp.refuse(:canary)",
    ),
}


def whole_story(problem: BaseException) -> str:
    """Everything a log, a page or an operator could be shown of an exception."""
    shown = "".join(traceback.format_exception(problem))
    chain = [problem, problem.__cause__, problem.__context__, getattr(problem, "orig", None)]
    return shown + "".join(f"{each!s}{each!r}{getattr(each, 'args', '')}" for each in chain)


@pytest.mark.parametrize("how", PROVOKED)
def test_an_error_tells_its_code_and_its_constraint_only(
    fresh_database: Database, how: str
) -> None:
    before, then = PROVOKED[how]
    with fresh_database.engine.begin() as connection:
        for statement in before.split(";") if "FUNCTION" not in before else [before]:
            connection.execute(text(statement))
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(then), {"canary": CANARY})
        connection.rollback()

    assert CANARY not in whole_story(refused.value)
    assert "SQLSTATE" in str(refused.value.orig)
    assert what_broke(refused.value)["sqlstate"] in str(refused.value)


def test_the_constraint_is_named_for_those_who_ask(fresh_database: Database) -> None:
    with fresh_database.engine.begin() as connection:
        for statement in PROVOKED["a duplicate key"][0].split(";"):
            connection.execute(text(statement))
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(PROVOKED["a duplicate key"][1]), {"canary": CANARY})
        connection.rollback()

    assert what_broke(refused.value)["constraint"] == "uq_kept_ssn"
    assert "uq_kept_ssn" in str(refused.value)


def test_a_missing_right_says_on_which_table(fresh_database: Database) -> None:
    with (
        pytest.raises(DBAPIError, match="permission denied for table alembic_version"),
        fresh_database.engine.begin() as connection,
    ):
        connection.execute(text("DELETE FROM alembic_version"))


def test_a_value_that_can_not_be_bound_is_not_quoted(fresh_database: Database) -> None:
    broken: Callable[[], object] = lambda: select(bindparam("x", type_=MoneyInCents()))  # noqa: E731 - read once
    with fresh_database.engine.connect() as connection, pytest.raises(StatementError) as refused:
        connection.execute(broken(), {"x": CANARY})  # type: ignore[call-overload]  # a wrong type is the point

    assert CANARY not in whole_story(refused.value)
    assert not isinstance(refused.value.orig, NotWholeCents)


def test_an_address_that_is_wrong_tells_no_password() -> None:
    engine = create_engine("postgresql+psycopg://app:doorkey@127.0.0.1:9/none?connect_timeout=1")

    with pytest.raises(DBAPIError) as away, engine.connect():
        raise AssertionError("nobody listens there")

    assert "doorkey" not in whole_story(away.value)
