"""Every "no" and every fault as a page with a request id and nothing else."""

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from backoffice.services.refusal import ChangedElsewhere, NotVisible, Refused
from backoffice.web.extensions import settings

log = get_logger()

PAGES = {403, 404, 429, 500}


def page(status: int) -> ResponseReturnValue:
    """Return the page of an HTTP status; unknown ones read like a refusal."""
    name = f"errors/{status if status in PAGES else 500}.html"
    return render_template(name, request_id=g.get("request_id", "")), status


def refused(problem: Refused) -> ResponseReturnValue:
    """Show why the use case said no; absent and another practice's read the same."""
    if isinstance(problem, NotVisible):
        return page(404)
    status = 409 if isinstance(problem, ChangedElsewhere) else 422
    return render_template("errors/refused.html", refusal=problem, back=_way_back()), status


def http_problem(problem: HTTPException) -> ResponseReturnValue:
    """Dress an HTTP error in our own page; redirects pass."""
    status = problem.code or 500
    if status < 400 or problem.response is not None:
        return problem
    if status in PAGES:
        return page(status)
    words = "This page was open for too long." if isinstance(problem, CSRFError) else problem.name
    shown = render_template("errors/refused.html", refusal=Refused(words), back=_way_back())
    return shown, status


def _way_back() -> str:
    """Return the page of ours the person came from, else the first page."""
    came_from = request.referrer or ""
    ours = settings().portal_url
    return came_from.removeprefix(ours) if came_from.startswith(f"{ours}/") else "/"


def fault(problem: Exception) -> ResponseReturnValue:
    """Log the kind and the place of a fault, never its words; show a plain page."""
    where = problem.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else ""
    log.error(
        "fault",
        kind=type(problem).__name__,
        place=place,
        endpoint=request.endpoint,
        request_id=g.get("request_id", ""),
    )
    return page(500)


def register(app: Flask) -> None:
    """Hand all errors to this module."""
    app.register_error_handler(Refused, refused)
    app.register_error_handler(HTTPException, http_problem)
    if not app.config.get("TESTING"):
        app.register_error_handler(Exception, fault)
