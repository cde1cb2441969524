"""What an address or a form gives as words, read as what it must be, or refused with a 400."""

from collections.abc import Callable
from typing import TypeVar

from flask import abort, request

Value = TypeVar("Value")


def asked_as(kind: Callable[[str], Value], words: str) -> Value:
    """Read words that only our own pages write (an id, a version, a choice); 400 for any other."""
    try:
        return kind(words)
    except ValueError:
        abort(400)


def refuse_nul() -> None:
    """Refuse a request with a NUL in it: no reader types one, and no text column takes one."""
    given = [
        *request.args.items(multi=True),
        *request.form.items(multi=True),
        *((name, file.filename or "") for name, file in request.files.items(multi=True)),
    ]
    if any("\0" in part for pair in given for part in pair):
        abort(400)
