"""Asking again for the second factor before what is dangerous, and going on where one was."""

from datetime import timedelta
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.users import Level
from backoffice.web import proving
from backoffice.web.extensions import clock
from backoffice.web.sessions import current
from backoffice.web.slowing import slow_failures

FRESH: Final = timedelta(minutes=5)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_REPEATED: Final = proving.FIELDS | {"csrf_token"}


def is_fresh() -> bool:
    """Whether the second factor was given at most five minutes ago."""
    given_at = current().factor_at
    return given_at is not None and clock() - given_at <= FRESH


def ask_unless_fresh() -> ResponseReturnValue | None:
    """Return the page that asks for the second factor again, None when that isn't needed.

    A form that was sent is sent again with the answer, everything typed in it but passwords and
    files; so the view sees it once, after the proof. A script's request is led to the page.
    """
    if is_fresh():
        return None
    if request.headers.get("HX-Request"):
        here = request.headers.get("HX-Current-URL", "")
        return "", 403, {"HX-Redirect": url_for("accounts.step_up", next=_path_of(here))}
    if request.method in _SAFE:
        return redirect(url_for("accounts.step_up", next=request.full_path.rstrip("?")))
    return _ask_again()


@slow_failures
def _ask_again() -> ResponseReturnValue | None:
    problem = ""
    if proving.given() is not None:
        if prove_again():
            return None
        problem = proving.WRONG
    typed = [
        (name, value)
        for name, values in request.form.lists()
        for value in values
        if name not in _NOT_REPEATED and "password" not in name
    ]
    return asking_page(request.full_path.rstrip("?"), typed=typed, problem=problem), 403


def prove_again() -> bool:
    """Whether the form's proof is good; the session gets a new token and is fresh again."""
    stored = current()
    user_id = stored.full_user_id
    if user_id is None or not proving.holds(user_id):
        return False
    stored.factor_at = clock()
    stored.rise_to(Level.FULL, user_id, factor_at=stored.factor_at)
    return True


def asking_page(action: str, *, typed: list[tuple[str, str]], problem: str = "") -> str:
    """Return the page that asks; its form goes to `action` with what was typed before."""
    user_id = current().full_user_id
    return render_template(
        "accounts/step_up.html",
        action=action,
        typed=typed,
        problem=problem,
        loses_files=any(file.filename for file in request.files.values()),
        ways=proving.ways(user_id) if user_id else None,
    )


def _path_of(url: str) -> str:
    """Return the part of one of our own addresses after the host."""
    return url.removeprefix(proving.site().origin) if url else ""
