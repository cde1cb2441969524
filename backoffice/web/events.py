"""The stream of changes that open pages listen to: ids and versions, never a word about anyone.

Streams hold a thread each, so they have processes of their own (`events` in the Procfile), one
stream per browser. They never extend a session, and end with it. Whoever was away asks what they
have not seen: nothing is missed, whatever was lost on the way.
"""

import json
import random
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import FrameType
from typing import Any, cast
from uuid import UUID

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker

from backoffice.gateways.live import Change, Live
from backoffice.rules.roles import Permission
from backoffice.services.changes import Missed, Seen, announce_changes, missed_since
from backoffice.services.standing import unread_threads
from backoffice.services.work import WalledSession, unit_of_work
from backoffice.web.access import needs
from backoffice.web.extensions import SETTINGS, clock, me, session_factory, settings, work
from backoffice.web.hub import Ears, Full, Hub, Stream
from backoffice.web.sessions import is_signed_in, token_of

bp = Blueprint("events", __name__)

HUB, LIVE = "cleanclaim.hub", "cleanclaim.live"
BEAT = 15.0
"""Seconds after which a stream says that it lives, looks whether its session does, and whether
anything was lost on the way here."""
LONGEST = 600.0
"""Seconds after which a stream ends: the browser asks again, and its rights are looked at anew."""
COME_BACK_MS = (500, 1500)
"""A browser whose stream broke comes back within this; all of them at once would be a storm."""
EVERYTHING: dict[str, Any] = {"kind": "list", "id": "all", "version": 0}
"""Said instead of changes: look at all that you show."""


@bp.get("/events")
@needs(Permission.SEE_CLAIMS)
def stream() -> ResponseReturnValue:
    """Tell one browser of changes for as long as it listens."""
    origin = request.headers.get("Origin")
    if origin not in {None, settings().portal_url}:
        abort(403)
    hub = cast(Hub, current_app.extensions[HUB])
    token, factory = token_of(request), session_factory()
    seen = Seen.read(request.headers.get("Last-Event-ID") or request.args.get("seen"))
    with ExitStack() as opened:
        try:
            joined = opened.enter_context(hub.open(_ears()))
        except Full:
            abort(503)
        telling = _Telling(hub, joined, lambda: is_signed_in(factory, token, clock()), seen)
        answer = Response(telling.told(), mimetype="text/event-stream")
        answer.call_on_close(opened.pop_all().close)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.headers["Access-Control-Allow-Origin"] = settings().portal_url
    answer.headers["Access-Control-Allow-Credentials"] = "true"
    answer.headers["Vary"] = "Origin, Cookie"
    return answer


@bp.get("/events/since")
@needs(Permission.SEE_CLAIMS)
def since() -> ResponseReturnValue:
    """Say once what a page has not seen, and how much its reader has not read.

    For a page beside the one that holds the browser's stream, and where no stream comes through.
    """
    with work() as session:
        missed = missed_since(session, Seen.read(request.args.get("seen")), now=clock())
        may_talk = me().may(Permission.SEE_MESSAGES)
        unread = unread_threads(session, me()) if may_talk else 0
    changes = None if missed.changes is None else Stream(_ears()).untold(missed.changes)
    told = [EVERYTHING] if changes is None else [_as_json(change) for change in changes]
    return {"seen": str(missed.seen), "changes": told, "unread": unread}


def _ears() -> Ears:
    """Return what the person signed in may hear of."""
    talking = me().practices_where(Permission.SEE_MESSAGES)
    return Ears(me().practice_ids, talking, me().staff_practices)


@dataclass
class _Telling:
    """One stream's way: what was missed first, then what comes, until its session ends."""

    hub: Hub
    joined: Stream
    alive: Callable[[], bool]
    seen: Seen | None

    def told(self) -> Iterator[str]:
        """Yield what is to be told; the id of an event is up to where its reader has then seen."""
        began = beaten = time.monotonic()
        yield f"retry: {random.randint(*COME_BACK_MS)}\n\n"  # noqa: S311 - spreads, hides nothing
        yield self._look()
        while not self.hub.stopped.is_set() and time.monotonic() - began < LONGEST:
            changes = self.joined.take(patience=BEAT)
            if changes:
                yield "".join(_event(_as_json(change)) for change in changes)
            if self.joined.missed.is_set():
                self.joined.missed.clear()
                yield self._look()
            if time.monotonic() - beaten >= BEAT:
                beaten = time.monotonic()
                if not self.alive():
                    return
                yield self._look()

    def _look(self) -> str:
        """Ask the database what was not told; where it is away, the next look asks for it too."""
        missed = self.hub.look(self.joined.ears.practices, self.seen)
        if missed is None:
            return ":\n\n"
        self.seen = missed.seen
        if missed.changes is None:
            told = [EVERYTHING]
        else:
            told = [_as_json(change) for change in self.joined.untold(missed.changes)]
        reached = {"kind": "seen", "id": str(missed.seen), "version": 0}
        return "".join(map(_event, told)) + f"id: {missed.seen}\n{_event(reached)}"


def _as_json(change: Change) -> dict[str, Any]:
    return {"kind": change.kind, "id": str(change.id), "version": change.version}


def _event(told: dict[str, Any]) -> str:
    return f"data: {json.dumps(told, separators=(',', ':'))}\n\n"


def register(app: Flask, live: Live, factory: sessionmaker[WalledSession]) -> None:
    """Tell what this app's requests change, and let its streams hear of everybody's changes."""

    def look(practices: Collection[UUID], seen: Seen | None) -> Missed | None:
        try:
            with unit_of_work(factory, practices=practices, reads=True) as session:
                return missed_since(session, seen, now=clock())
        except DBAPIError:
            return None

    hub = Hub(live, look)
    app.extensions[HUB], app.extensions[LIVE] = hub, live
    app.config["NEVER_EXTENDS"] |= {"events.stream", "events.since"}
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
