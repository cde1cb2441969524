"""Who has a thread open and who is writing in it, told between its readers for seconds."""

import time
from typing import cast
from uuid import UUID

from flask import Blueprint, Flask, abort, current_app, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from backoffice.gateways.live import Change, Live
from backoffice.gateways.presence import Doing, Presence
from backoffice.rules.roles import Permission
from backoffice.services.messages import around
from backoffice.web.access import needs
from backoffice.web.events import LIVE
from backoffice.web.extensions import me, work

bp = Blueprint("presence", __name__, url_prefix="/messages")

PRESENCE = "cleanclaim.presence"
GONE = "gone"


@bp.record_once
def being_there_is_not_working(state: BlueprintSetupState) -> None:
    """An open page that says so does not keep anybody signed in."""
    state.app.config["NEVER_EXTENDS"] |= {"presence.show", "presence.say"}


@bp.get("/<uuid:thread_id>/here")
@needs(Permission.SEE_MESSAGES)
def show(thread_id: UUID) -> ResponseReturnValue:
    """Say who else is before a thread, and who of them is writing."""
    with work() as session:
        found = around.who_is_near(session, thread_id, me(), _presence().around(thread_id))
    return {"near": [{"name": each.name, "writes": each.writes} for each in found]}


@bp.post("/<uuid:thread_id>/here")
@needs(Permission.SEND_MESSAGES)
def say(thread_id: UUID) -> ResponseReturnValue:
    """Say that one is before a thread, writing in it, or gone; the others' pages hear that."""
    told = request.form.get("doing", "")
    if told != GONE and told not in set(Doing):
        abort(400)
    doing = None if told == GONE else Doing(told)
    with work() as session:
        practice_id = around.practice_near(session, thread_id, me())
        if doing is Doing.NOTING and not me().may_in(practice_id, Permission.WRITE_INTERNAL_NOTES):
            abort(403)
        turn = _presence().note(thread_id, me().id, doing)
        if turn is not None:
            staff = me().staff_in(practice_id)
            ours = staff and around.is_for_staff_only(session, thread_id, me(), turn)
            moment = time.time_ns() // 1_000_000
            change = Change("presence", practice_id, thread_id, moment, staff_only=ours)
            cast(Live, current_app.extensions[LIVE]).tell([change])
    return "", 204


def _presence() -> Presence:
    return cast(Presence, current_app.extensions[PRESENCE])


def register(app: Flask, presence: Presence) -> None:
    """Give the app whoever remembers who is where."""
    app.extensions[PRESENCE] = presence
