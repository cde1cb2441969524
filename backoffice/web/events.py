"""The stream of changes that open pages listen to: ids and versions, never a word about anyone.

Streams hold a thread each, so they have processes of their own (`events` in the Procfile), one
stream per browser. They never extend a session, and end with it.
"""

import json
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from types import FrameType
from typing import cast
from uuid import UUID

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker

from backoffice.gateways.live import Change, Live
from backoffice.rules.roles import Permission
from backoffice.services.changes import announce_changes, moved_since
from backoffice.services.work import WalledSession, unit_of_work
from backoffice.web.access import needs
from backoffice.web.extensions import SETTINGS, clock, me, session_factory, settings
from backoffice.web.hub import Full, Hub, Stream
from backoffice.web.sessions import is_signed_in, token_of

bp = Blueprint("events", __name__)

HUB = "cleanclaim.hub"
BEAT = 15.0
"""Seconds after which a quiet stream says that it lives, and looks whether its session does."""
LONGEST = 600.0
"""Seconds after which a stream ends: the browser asks again, and its rights are looked at anew."""


@bp.get("/events")
@needs(Permission.SEE_CLAIMS)
def stream() -> ResponseReturnValue:
    """Tell one browser of changes for as long as it listens."""
    origin = request.headers.get("Origin")
    if origin not in {None, settings().portal_url}:
        abort(403)
    hub = cast(Hub, current_app.extensions[HUB])
    token, factory = token_of(request), session_factory()
    with ExitStack() as opened:
        try:
            joined = opened.enter_context(hub.open(me().practice_ids))
        except Full:
            abort(503)
        told = _told(hub, joined, alive=lambda: is_signed_in(factory, token, clock()))
        answer = Response(told, mimetype="text/event-stream")
        answer.call_on_close(opened.pop_all().close)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.headers["Access-Control-Allow-Origin"] = settings().portal_url
    answer.headers["Access-Control-Allow-Credentials"] = "true"
    answer.headers["Vary"] = "Origin, Cookie"
    return answer


def _told(hub: Hub, joined: Stream, *, alive: Callable[[], bool]) -> Iterator[str]:
    """Yield what is to be told; a missed change asks the page to look at all of its rows."""
    began = beaten = time.monotonic()
    yield "retry: 3000\n\n"
    while not hub.stopped.is_set() and time.monotonic() - began < LONGEST:
        if joined.missed.is_set():
            joined.missed.clear()
            yield _event("list", "all", 0)
        change = joined.take(patience=0.5)
        if change is not None:
            yield _event(change.kind, str(change.id), change.version)
        if time.monotonic() - beaten > BEAT:
            beaten = time.monotonic()
            if not alive():
                return
            yield ":\n\n"


def _event(kind: str, row_id: str, version: int) -> str:
    told = json.dumps({"kind": kind, "id": row_id, "version": version}, separators=(",", ":"))
    return f"data: {told}\n\n"


def register(app: Flask, live: Live, factory: sessionmaker[WalledSession]) -> None:
    """Tell what this app's requests change, and let its streams hear of everybody's changes."""

    def look(practices: Collection[UUID], since: datetime) -> Sequence[Change]:
        try:
            with unit_of_work(factory, practices=practices) as session:
                return moved_since(session, practices, since)
        except DBAPIError:
            return ()  # the database is away too: the next look tells

    hub = Hub(live, look, clock)
    app.extensions[HUB] = hub
    app.config["NEVER_EXTENDS"].add("events.stream")
    app.config["EVENTS_URL"] = f"{app.extensions[SETTINGS].events_url or ''}/events"
    announce_changes(factory, live.tell)
    _end_with_the_process(hub)


def _end_with_the_process(hub: Hub) -> None:
    """Let streams go when the server that runs us is told to end: they'd keep it waiting."""
    ends = signal.getsignal(signal.SIGTERM)
    if not callable(ends) or threading.current_thread() is not threading.main_thread():
        return

    def end(number: int, frame: FrameType | None) -> None:
        hub.stop()
        ends(number, frame)

    signal.signal(signal.SIGTERM, end)
