"""Today: the queues with count, money and age, one ranked list, and what has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.rules.dates import today_in
from backoffice.rules.roles import Permission
from backoffice.services import agreements, mails, messages
from backoffice.services.messages import Promised
from backoffice.services.today import (
    LOOK_BACK,
    Change,
    Heap,
    ToDecide,
    Waiting,
    changes,
    heaps,
    to_decide,
    waiting_on,
    with_me,
)
from backoffice.web.access import needs
from backoffice.web.extensions import clock, house_work, me, work
from backoffice.web.filters import age, label, plural
from backoffice.web.frame import acting_ids, way
from backoffice.web.looks import STATUS_LOOKS

bp = Blueprint("today", __name__, url_prefix="/today")


@dataclass(frozen=True)
class Tile:
    """How one queue looks on the page, and where its link leads."""

    label: str
    glyph: str
    tone: str
    endpoint: str
    query: Mapping[str, Any]
    about: str = "oldest"


TILES: Mapping[Waiting, Tile] = {
    Waiting.ERAS: Tile(
        "ERAs to review", "remittance", "mute", "remittances.index",
        {"state": "needs_review"},
    ),
    Waiting.UNDISTRIBUTED: Tile(
        "Undistributed cash", "equal", "mute", "remittances.index",
        {"state": "undistributed"},
    ),
    Waiting.REJECTED: Tile(
        "Rejected", "status-rejected", "bad", "claims.index",
        {"status": "rejected"},
    ),
    Waiting.DENIED: Tile(
        "Denied", "status-denied", "bad", "claims.index",
        {"status": "denied"},
    ),
    Waiting.SCRUB: Tile(
        "Stopped by our check", "status-scrub", "warn", "claims.index",
        {"status": "scrub"},
    ),
    Waiting.NEEDS_REVIEW: Tile(
        "Claims to review", "flag", "warn", "claims.index",
        {"review": "yes"},
    ),
    Waiting.READY: Tile(
        "Unbilled, ready", "unbilled", "mute", "appointments.unbilled",
        {"state": "ready"},
    ),
    Waiting.MISSING: Tile(
        "Unbilled, missing", "alert", "warn", "appointments.unbilled",
        {"state": "missing"},
    ),
    Waiting.HELD: Tile(
        "Unbilled, held", "lock", "mute", "appointments.unbilled",
        {"state": "held"},
    ),
    Waiting.FILING_SOON: Tile(
        "Timely filing, 0\u20137 d", "flag", "bad", "appointments.unbilled",
        {"sort": "deadline"}, "first",
    ),
    Waiting.NO_ANSWER: Tile(
        "No response", "clock", "mute", "claims.index",
        {"silent": "30", "sort": "since"},
    ),
    Waiting.PREPARED: Tile(
        "Prepared, not sent", "status-prepared", "mute", "claims.index",
        {"status": "prepared"},
    ),
}  # fmt: skip

ACTS: Mapping[Waiting, str] = {
    Waiting.ERAS: "Review",
    Waiting.REJECTED: "Fix",
    Waiting.SCRUB: "Fix",
    Waiting.DENIED: "Correct",
    Waiting.NEEDS_REVIEW: "Review",
    Waiting.READY: "Submit",
}
WORDS: Mapping[Waiting, str] = {
    Waiting.ERAS: "ERA to review",
    Waiting.NEEDS_REVIEW: "Needs review",
    Waiting.READY: "Ready to submit",
    Waiting.SCRUB: "Stopped by our check",
}


@bp.get("")
@needs(Permission.SEE_TODAY)
def show() -> ResponseReturnValue:
    """Show the day; a practice's people begin with their claims."""
    if not me().works_for_house:
        return redirect(url_for("claims.index"))
    now = clock()
    today = today_in(me().time_zone, now)
    with work(practices=acting_ids()) as session:
        waiting = heaps(session, today=today, now=now)
        queue = to_decide(session, today=today)
        changed = changes(session, now=now)
        promised = messages.promised(session, now=now)
    marks = {practice.id: practice for practice in me().practices}
    return render_template(
        "today.html",
        today=today,
        with_me=with_me(waiting),
        tiles=[
            _answers(promised),
            *(tile for kind in TILES if (tile := _tile(TILES[kind], waiting[kind], today))),
        ],
        queue=[_row(row, marks) for row in queue],
        since=now - LOOK_BACK,
        ending=_agreements_ending(),
        came_back=_mails_that_came_back(),
        changes=[{"title": None, "items": [_change(each) for each in changed]}] if changed else [],
    )


def _agreements_ending() -> list[dict[str, Any]]:
    """Return the agreements that end soon, for those who can renew them."""
    if not me().may(Permission.MANAGE_AGREEMENTS):
        return []
    with house_work() as session:
        near = agreements.ending(session, now=clock())
    return [
        {
            "practice": each.practice,
            "days": each.days_left,
            "href": url_for("compliance.agreement", practice_id=each.practice.id),
        }
        for each in near
    ]


def _mails_that_came_back() -> int:
    """Return how many addresses of accounts took no mail, for those who look after accounts."""
    if not me().may(Permission.MANAGE_USERS):
        return 0
    with house_work() as session:
        return mails.came_back(session, now=clock())


def _answers(promised: Promised) -> dict[str, Any]:
    """Return the promised answers that are late or due within the hour as a tile."""
    return {
        "label": "Answers due in 1 h",
        "href": url_for("messages.index", box="late" if promised.late else "all"),
        "count": promised.late + promised.nearly,
        "amount": None,
        "note": f"{promised.late:,} late" if promised.late else "",
        "glyph": "message",
        "tone": "bad" if promised.late else "warn",
    }


def _tile(tile: Tile, heap: Heap, today: date) -> dict[str, Any] | None:
    """Return one queue as a tile; None of one that the reader may not open."""
    href = way(tile.endpoint, **tile.query)
    if href is None:
        return None
    return {
        "label": tile.label,
        "href": href,
        "count": heap.count,
        "amount": heap.amount if heap.count else None,
        "note": _note(tile, heap.oldest, today),
        "glyph": tile.glyph,
        "tone": tile.tone,
    }


def _note(tile: Tile, oldest: date | datetime | None, today: date) -> str:
    if oldest is None:
        return ""
    if tile.about == "first" and not isinstance(oldest, datetime):
        return f"first in {(oldest - today).days} d"
    return f"{age(oldest)} old"


def _row(row: ToDecide, marks: Mapping[Any, Any]) -> dict[str, Any]:
    look = TILES[row.kind]
    return {
        "id": row.id,
        "practice": marks[row.practice_id],
        "glyph": look.glyph,
        "tone": look.tone,
        "words": WORDS.get(row.kind) or label(row.kind),
        "more": row.reason or _how_many(row),
        "client_name": row.client_name,
        "payer_name": row.payer_name,
        "amount": row.amount,
        "due": row.due_on,
        "waiting_on": waiting_on(row.kind).value,
        "act": ACTS[row.kind],
        "href": _way_to(row),
    }


def _how_many(row: ToDecide) -> str:
    if row.kind is Waiting.READY:
        return plural(row.count, "appointment")
    return plural(row.count, "claim") if row.kind is Waiting.ERAS else ""


def _way_to(row: ToDecide) -> str:
    if row.kind is Waiting.READY:
        return url_for("appointments.unbilled", state="ready", practice=row.practice_id)
    if row.kind is Waiting.ERAS:
        return url_for("remittances.show", remittance_id=row.id)
    return url_for("claims.show", claim_id=row.id)


def _change(change: Change) -> dict[str, Any]:
    look = STATUS_LOOKS[change.status]
    words = f"{plural(change.count, 'claim')} {label(change.status).lower()}"
    return {"glyph": look.glyph, "tone": look.tone, "words": words, "at": change.at}
