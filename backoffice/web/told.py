"""Names every request, and tells of its answer in one line: which view, how it ended, how long."""

import time
import uuid

from flask import Flask, Response, g, request
from flask_login import current_user
from structlog import get_logger

log = get_logger()

_SILENT = frozenset({"static", "accounts.health"})


def request_id() -> str:
    """Return this request's name, made when first asked for; on every answer as X-Request-Id."""
    name: str = g.setdefault("request_id", uuid.uuid4().hex)
    return name


def tell_of_requests(app: Flask) -> None:
    """Have each answer told of, the address only as its view's name."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        if request.endpoint not in _SILENT:
            began = g.get("began")
            log.info(
                "answered",
                endpoint=request.endpoint,
                method=request.method,
                status=response.status_code,
                milliseconds=round((time.monotonic() - began) * 1000) if began else None,
                request_id=request_id(),
                user=current_user.id if current_user.is_authenticated else None,
            )
        return response
