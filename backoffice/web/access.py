"""Who gets through: deny by default, a permission on every view, 404 for strangers."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.models.users import User
from backoffice.rules.roles import STEP_UP, Permission
from backoffice.web.asked import refuse_nul
from backoffice.web.extensions import house_work, settings
from backoffice.web.sessions import LIVE, current
from backoffice.web.step_up import ask_unless_fresh

View = TypeVar("View", bound=Callable[..., Any])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN, SIGNED_IN, HALF_SIGNED_IN = "public", "signed_in", "half_signed_in"
STREAM = "events.stream"

_OUR_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
"""A path of ours: browsers read a backslash as a slash, and skip tabs and line ends."""


class ViewWithoutPermission(RuntimeError):
    """A view was registered without saying who may see it; the app does not start."""


def needs(permission: Permission) -> Callable[[View], View]:
    """Let only people through whose role grants `permission`, to the practices where it does.

    What is dangerous (`STEP_UP`) also asks for a second factor that is at most five minutes old.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **values: Any) -> Any:
            if not current_user.is_authenticated:
                return ask_to_sign_in()
            if not current_user.may(permission):
                abort(403)
            g.permission = permission
            if permission in STEP_UP and (asked := ask_unless_fresh()) is not None:
                return asked
            return view(*args, **values)

        guarded.permission = permission.value  # type: ignore[attr-defined]  # read by the door
        return cast(View, guarded)

    return wrap


def public(view: View) -> View:
    """Mark one of the few views that need nobody signed in."""
    view.permission = OPEN  # type: ignore[attr-defined]  # read by the door
    return view


def signed_in(view: View) -> View:
    """Let everybody through who is signed in (one's own account, signing out)."""

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> Any:
        return view(*args, **values) if current_user.is_authenticated else ask_to_sign_in()

    guarded.permission = SIGNED_IN  # type: ignore[attr-defined]  # read by the door
    return cast(View, guarded)


def half_signed_in(view: View) -> View:
    """Let everybody through who gave a password: on their way to the second factor, or past it.

    Nobody is `current_user` on that way; the view takes the person from the session.
    """

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> Any:
        if not current().user_id:
            return ask_to_sign_in()
        if not _account_is_open():
            return redirect(url_for("accounts.sign_in"))
        return view(*args, **values)

    guarded.permission = HALF_SIGNED_IN  # type: ignore[attr-defined]  # read by the door
    return cast(View, guarded)


def _account_is_open() -> bool:
    """Whether the session's holder may still come in; nobody is `current_user` on the way there."""
    with house_work() as unit:
        user = unit.get(User, current().user_id)
        return user is not None and user.disabled_at is None


def freshly_proved(view: View) -> View:
    """Ask for the second factor again unless it was given just now; stands below `signed_in`."""

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> Any:
        asked = ask_unless_fresh()
        return view(*args, **values) if asked is None else asked

    return cast(View, guarded)


def ask_to_sign_in() -> Response:
    """Send the person to sign in and back; a script's request gets 401.

    Whoever has given the password goes on to the second factor.
    """
    by_script = "HX-Request" in request.headers or LIVE in request.headers
    if by_script or request.endpoint == STREAM:
        abort(401)
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    step = "accounts.factor" if current().is_half else "accounts.sign_in"
    return redirect(url_for(step, next=back))


def refuse_views_without_permission(app: Flask) -> None:
    """Stop the start when a view does not say who may see it."""
    bare = [
        name for name, view in app.view_functions.items() if not getattr(view, "permission", None)
    ]
    if bare:
        raise ViewWithoutPermission(", ".join(sorted(bare)))


def stand_at_the_door() -> Response | None:
    """Before every request: the portal's own address, the portal's own forms, a known view."""
    if not _is_our_address():
        if request.method not in SAFE_METHODS:
            abort(400)
        return redirect(settings().portal_url + request.full_path.rstrip("?"), code=308)
    if request.method not in SAFE_METHODS:
        _refuse_foreign_origin()
    refuse_nul()
    if request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    if not getattr(view, "permission", None):
        abort(404)
    return None


def _is_our_address() -> bool:
    """Whether a request came to the portal's one address; streams have one of their own."""
    if request.endpoint == "accounts.health" or request.host == _host(settings().portal_url):
        return True
    streams = settings().events_url
    return request.endpoint == STREAM and streams is not None and request.host == _host(streams)


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _refuse_foreign_origin() -> None:
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", settings().portal_url)
    if site not in {"same-origin", "none"} or origin != settings().portal_url:
        abort(400)


def next_page(asked: str | None) -> str:
    """Return where to go after signing in: a path of ours, else the first page."""
    if asked and _OUR_PATH.fullmatch(asked):
        return asked
    return url_for("today.show")
