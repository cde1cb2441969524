"""What an exception of the database may say: its code and names of our schema, never a value.

PostgreSQL quotes what somebody typed: `DETAIL: Key (ssn_index)=(...) already exists`, `invalid
input syntax for type date: "..."`. So every engine of ours takes these words away before anybody
can log them. Importing this module is enough; backoffice.models does.
"""

import re
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

_OUR_OWN_WORDS: Final = "42"
"""Syntax errors and missing rights (class 42) quote a statement of ours: it holds no values."""
_GONE: Final = ("08", "53300", "57P")
"""Lost connections (class 08), too many of them, a server that stops or starts (57P01 to 57P03)."""
_QUOTED: Final = re.compile(r"'[^']*'")


def told_of(problem: BaseException) -> str:
    """Return what may be told: SQLSTATE, constraint, table and column, or the kind alone."""
    sqlstate: str | None = getattr(problem, "sqlstate", None)
    diag: Any = getattr(problem, "diag", None)
    if not sqlstate or diag is None:
        return type(problem).__name__
    told = [f"SQLSTATE {sqlstate}"]
    told += filter(None, (diag.constraint_name, diag.table_name, diag.column_name))
    if sqlstate.startswith(_OUR_OWN_WORDS):
        told.append(_QUOTED.sub("'...'", diag.message_primary or ""))
    return " ".join(told)


def is_away(problem: BaseException | None) -> bool:
    """Whether the database could not be reached, or no connection to it was free."""
    if isinstance(problem, NoConnectionFree):
        return True
    if not isinstance(problem, OperationalError):
        return False
    # no SQLSTATE: no server answered, or the connection broke
    sqlstate: str | None = getattr(problem.orig, "sqlstate", None)
    return sqlstate is None or sqlstate.startswith(_GONE)


def _keep_the_code_only(context: ExceptionContext) -> None:
    """Rewrite both exceptions in place: the driver's, and SQLAlchemy's round it."""
    words = told_of(context.original_exception)
    if getattr(context.original_exception, "sqlstate", None) is not None or isinstance(
        context.sqlalchemy_exception, StatementError
    ):
        context.original_exception.args = (words,)
        context.original_exception.__context__ = None
    wrapped = context.sqlalchemy_exception
    if wrapped is not None:
        wrapped.args = (words,)
        wrapped.params = None


event.listen(Engine, "handle_error", _keep_the_code_only)
