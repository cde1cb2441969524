"""Every "no" and every fault as a page with a request id and nothing else."""

from typing import Final

from flask import Flask, Response, current_app, make_response, request
from flask_wtf.csrf import CSRFError
from structlog import get_logger
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from backoffice.gateways.logs import what_broke
from backoffice.models.database_errors import is_away
from backoffice.services.refusal import ChangedElsewhere, NotVisible, Refused
from backoffice.web.extensions import READING, settings
from backoffice.web.told import request_id

log = get_logger()

PAGES: Final = frozenset({403, 404, 429, 500, 503})
AGAIN_AFTER: Final = "30"
"""Seconds until it is worth asking again (Retry-After), while the database is away."""
NOT_HERE: Final = frozenset({404, 405, 410})
"""Whoever asks must not learn which of these it is: one page, the same byte for byte."""


def page(status: int) -> Response:
    """Return the page of an HTTP status; unknown ones read like a fault.

    The pages of NOT_HERE name no request: two of them can't be told apart.
    """
    if status in NOT_HERE:
        return _answer("404", status)
    return _answer(str(status if status in PAGES else 500), status, request_id=request_id())


def refused(problem: Refused) -> Response:
    """Show why the use case said no; absent and another practice's read the same."""
    if isinstance(problem, NotVisible):
        return page(404)
    return _no(problem.words, 409 if isinstance(problem, ChangedElsewhere) else 422)


def http_problem(problem: HTTPException) -> Response | AnyResponse | HTTPException:
    """Dress an HTTP error in our own page; redirects pass."""
    cause = getattr(problem, "original_exception", None)
    if cause is not None:  # it broke before a view was found: where the session is opened
        return fault(cause)
    status = problem.code or 500
    if status < 400 or problem.response is not None:
        return problem
    if status in PAGES | NOT_HERE or status >= 500:
        return _with_methods(page(status), problem)
    if isinstance(problem, CSRFError):
        return _no("This page was open for too long.", status)
    return _no(problem.name, status)


def fault(problem: Exception) -> Response:
    """Log the kind and the place of a fault, never its words; show a plain page.

    While the database is away it is nobody's fault, and worth trying again.
    """
    log.error("fault", endpoint=request.endpoint, request_id=request_id(), **what_broke(problem))
    if not is_away(problem):
        return page(500)
    answer = page(503)
    answer.headers["Retry-After"] = AGAIN_AFTER
    return answer


def register(app: Flask) -> None:
    """Hand all errors to this module."""
    app.register_error_handler(Refused, refused)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(Exception, fault)


def _no(words: str, status: int) -> Response:
    return _answer(
        "refused",
        status,
        words=words,
        back=_way_back(),
        was_to_change=request.method not in READING,
        request_id=request_id(),
    )


def _answer(name: str, status: int, **values: str | bool) -> Response:
    """Render without the frame and its database: an error's page must not fail in its turn."""
    template = current_app.jinja_env.get_template(f"errors/{name}.html")
    return make_response(template.render(theme=request.cookies.get("theme", ""), **values), status)


def _with_methods(answer: Response, problem: HTTPException) -> Response:
    """A 405 says which methods there are (RFC 9110, 15.5.6)."""
    methods = getattr(problem, "valid_methods", None)
    if methods:
        answer.headers["Allow"] = ", ".join(sorted(methods))
    return answer


def _way_back() -> str:
    """Return the page of ours the person came from, else the first page."""
    came_from = request.referrer or ""
    ours = settings().portal_url
    return came_from.removeprefix(ours) if came_from.startswith(f"{ours}/") else "/"
