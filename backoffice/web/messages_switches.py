"""Who gets a practice's messages: its switch, and one for each of its people."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.practices import Practice
from backoffice.rules.roles import Permission
from backoffice.services.messages import switches
from backoffice.services.people import listing
from backoffice.services.refusal import NotVisible
from backoffice.web.access import needs
from backoffice.web.extensions import me, work
from backoffice.web.messages_forms import SwitchForm

bp = Blueprint("switches", __name__, url_prefix="/practices/<uuid:practice_id>/messages")


@bp.get("")
@needs(Permission.EDIT_PRACTICES)
def show(practice_id: UUID) -> ResponseReturnValue:
    """Show the switches of a practice, for the house."""
    with work(practice=practice_id) as session:
        return render_template(
            "messages/switches.html",
            practice=_chip(practice_id),
            is_on=session.get_one(Practice, practice_id).messaging_on,
            people=listing.people_of(session, practice_id),
            off=switches.switched_off(session, practice_id),
        )


@bp.post("")
@needs(Permission.EDIT_PRACTICES)
def of_practice(practice_id: UUID) -> ResponseReturnValue:
    """Let messages be written in a practice, or not."""
    set_practice(practice_id)
    return redirect(url_for(".show", practice_id=practice_id))


@bp.post("/<uuid:user_id>")
@needs(Permission.EDIT_PRACTICES)
def of_person(practice_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Let one of its people take part, or not."""
    set_person(practice_id, user_id)
    return redirect(url_for(".show", practice_id=practice_id))


def set_practice(practice_id: UUID) -> None:
    """Set a practice's switch as it was posted."""
    on = SwitchForm().is_on
    with work(practice=practice_id) as session:
        switches.switch_practice(session, practice_id, on=on, by=me())
    flash("Messages are on." if on else "Messages are off. What was said stays.", "done")


def set_person(practice_id: UUID, user_id: UUID) -> None:
    """Set one person's switch as it was posted."""
    on = SwitchForm().is_on
    with work(practice=practice_id) as session:
        switches.switch_member(session, practice_id, user_id, on=on, by=me())
    flash("On: this person takes part again." if on else "Off for this person.", "done")


def _chip(practice_id: UUID) -> object:
    """Return the practice's chip, where this person may change it, else raise NotVisible."""
    open_to_me = me().practices_where(Permission.EDIT_PRACTICES)
    for practice in me().practices:
        if practice.id == practice_id and practice_id in open_to_me:
            return practice
    raise NotVisible
