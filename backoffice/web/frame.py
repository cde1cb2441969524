"""What the frame of every page shows: who, which practices, where one can go."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask, current_app, g, request, url_for
from flask_login import current_user

from backoffice.rules.dates import time_zone
from backoffice.rules.roles import Permission
from backoffice.services.accounts import Chip
from backoffice.services.changes import Seen
from backoffice.services.standing import Standing, standing_of
from backoffice.services.work import SNAPSHOT
from backoffice.web.extensions import FIRST_READ, clock, me, open_practices, work


@dataclass(frozen=True)
class Door:
    """One place in the sidebar or the phone's tabs."""

    endpoint: str
    label: str
    icon: str
    permission: Permission
    key: str | None = None
    count: str = ""  # a field of Standing
    urgent: bool = False


DESK: tuple[tuple[str | None, tuple[Door, ...]], ...] = (
    (
        None,
        (
            Door("today.show", "Today", "today", Permission.SEE_TODAY, "t"),
            Door("messages.index", "Messages", "message", Permission.SEE_MESSAGES, "m", "unread"),
            Door("tasks.index", "Tasks", "follow-up", Permission.SEE_TASKS, "k", "tasks"),
        ),
    ),
    (
        "Claims",
        (
            Door(
                "appointments.unbilled", "Unbilled", "unbilled", Permission.SEE_APPOINTMENTS,
                "u", "unbilled",
            ),
            Door("claims.index", "All claims", "claim", Permission.SEE_CLAIMS, "c"),
            Door(
                "submissions.index", "Sending", "send", Permission.SEE_SUBMISSIONS,
                None, "stuck_files", urgent=True,
            ),
        ),
    ),
    (
        "Money",
        (
            Door(
                "remittances.index", "ERAs", "remittance", Permission.SEE_REMITTANCES,
                "e", "to_review",
            ),
            Door("documents.index", "Documents", "folder", Permission.SEE_DOCUMENTS),
        ),
    ),
    (
        "Practices",
        (
            Door("intake.index", "Intake", "download", Permission.IMPORT_FILES),
            Door("payers.index", "Payers", "card", Permission.EDIT_PAYERS),
        ),
    ),
    (
        "House",
        (
            Door("people.index", "People", "people", Permission.MANAGE_USERS),
            Door("glass.review", "Emergency access", "lock", Permission.REVIEW_BREAK_GLASS),
            Door("mails.index", "Mails", "mail", Permission.SEE_MAIL_LEDGER),
            Door("record.index", "Record", "history", Permission.SEE_AUDIT),
            Door("compliance.show", "Compliance", "check", Permission.SEE_COMPLIANCE),
        ),
    ),
)  # fmt: skip

PHONE: tuple[Door, ...] = (
    Door(
        "appointments.unbilled", "Missing", "alert", Permission.SEE_APPOINTMENTS,
        None, "missing",
    ),
    Door("claims.index", "Claims", "claim", Permission.SEE_CLAIMS),
    Door("messages.index", "Messages", "message", Permission.SEE_MESSAGES, None, "unread"),
    Door("documents.index", "Documents", "folder", Permission.SEE_DOCUMENTS),
)  # fmt: skip


def acting_practices() -> tuple[Chip, ...]:
    """Return the practices the page is narrowed to (?practice=<id>); empty means all."""
    asked = {part for value in request.args.getlist("practice") for part in value.split(",")}
    return tuple(practice for practice in me().practices if str(practice.id) in asked)


def acting_ids() -> frozenset[UUID]:
    """Return the ids of the practices the page works with: the narrowed ones, else all open."""
    chosen = acting_practices() or me().practices
    return frozenset(practice.id for practice in chosen) & open_practices()


def _item(door: Door, standing: Standing) -> dict[str, Any]:
    return {
        "endpoint": door.endpoint,
        "args": {"practice": request.args["practice"]} if "practice" in request.args else None,
        "label": door.label,
        "icon": door.icon,
        "key": door.key,
        "count": getattr(standing, door.count) if door.count else None,
        "urgent": door.urgent,
        "unread": door.count == "unread",
        "current": request.endpoint == door.endpoint
        or (request.blueprint is not None and request.blueprint == door.endpoint.split(".")[0]),
    }


def _open(door: Door) -> bool:
    return door.endpoint in current_app.view_functions and me().may(door.permission)


def way(endpoint: str, **values: Any) -> str | None:
    """Return the address of a view that the person signed in may open, None of any other."""
    view = current_app.view_functions.get(endpoint)
    permission = getattr(view, "permission", None)
    if permission not in set(Permission) or not me().may(Permission(permission)):
        return None
    return url_for(endpoint, **values)


def _seen_through() -> Seen | None:
    """Return up to where this page has seen: as its first look at the practices' rows did."""
    first = g.get(FIRST_READ)
    snapshot = first.info.get(SNAPSHOT) if first is not None else None
    return Seen.taken(snapshot, clock()) if snapshot else None


def frame() -> dict[str, Any]:
    """Give every page of a signed-in person its frame; fragments and open pages get none."""
    if not current_user.is_authenticated or request.headers.get("HX-Request"):
        return {"me": current_user if current_user.is_authenticated else None}
    with work(practices=acting_ids()) as session:
        standing = standing_of(session, me())
    groups = DESK if me().works_for_house else ((None, PHONE),)
    nav = [
        {"label": label, "items": [_item(door, standing) for door in doors if _open(door)]}
        for label, doors in groups
    ]
    return {
        "me": me(),
        "practices": me().practices,
        "acting_practices": acting_practices(),
        "owned": [
            practice
            for practice in me().practices
            if me().may_in(practice.id, Permission.MANAGE_OWN_PEOPLE)
        ],
        "nav": [group for group in nav if group["items"]],
        "heard": standing.heard(clock()) if me().works_for_house else None,
        "find_url": None,
        "events_url": current_app.config["EVENTS_URL"],
        "seen_through": _seen_through(),
    }


def register(app: Flask) -> None:
    """Give templates the frame, and `way` for links that not everybody may follow."""
    app.context_processor(frame)
    app.jinja_env.globals["way"] = way

    @app.before_request
    def one_time() -> None:
        """One page tells one time, in its reader's zone."""
        g.now = clock()
        if request.endpoint != "static" and current_user.is_authenticated:
            g.zone = time_zone(me().time_zone)
