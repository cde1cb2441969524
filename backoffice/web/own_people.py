"""A practice's own people, for its owner: who is there, invite, change, let go."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.practices import Practice
from backoffice.rules.roles import PRACTICE_ROLES, Permission
from backoffice.services.messages import switches
from backoffice.services.people import inviting, listing
from backoffice.services.refusal import NotVisible
from backoffice.web.access import needs
from backoffice.web.extensions import clock, me, work
from backoffice.web.messages_switches import set_person, set_practice
from backoffice.web.people import change_seat, invited_by, invited_shown, offer_clinicians
from backoffice.web.people_forms import InviteForm, RoleForm

bp = Blueprint("own_people", __name__, url_prefix="/practices/<uuid:practice_id>/people")


@bp.get("")
@needs(Permission.MANAGE_OWN_PEOPLE)
def index(practice_id: UUID) -> ResponseReturnValue:
    """List the practice's people and whom it has invited."""
    with work(practice=practice_id) as session:
        return render_template(
            "people/own.html",
            practice=_practice(practice_id),
            people=listing.people_of(session, practice_id),
            invited=invited_shown(inviting.open_invitations(session, practice_id)),
            seat=RoleForm.of_the_practice(),
            is_on=session.get_one(Practice, practice_id).messaging_on,
            off=switches.switched_off(session, practice_id),
        )


@bp.route("/invite", methods=["GET", "POST"])
@needs(Permission.MANAGE_OWN_PEOPLE)
def invite(practice_id: UUID) -> ResponseReturnValue:
    """Invite somebody to the practice."""
    practice = _practice(practice_id)
    form = InviteForm().offer(PRACTICE_ROLES, [])
    with work(practice=practice_id) as session:
        offer_clinicians(session, form, practice_id)
        if form.validate_on_submit() and invited_by(session, form, inviting_to=practice_id):
            flash("Invited. The link works once, for 72 hours.", "done")
            return redirect(url_for(".index", practice_id=practice_id))
    status = 422 if form.errors else 200
    return render_template(
        "people/invite.html", form=form, practice=practice, asks_clinician=""
    ), status


@bp.post("/<uuid:user_id>/role")
@needs(Permission.MANAGE_OWN_PEOPLE)
def seat(practice_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Change what somebody is in the practice, or end it."""
    change_seat(user_id, practice_id)
    flash("Saved. All sessions of this person have ended.", "done")
    return redirect(url_for(".index", practice_id=practice_id))


@bp.post("/messages")
@needs(Permission.MANAGE_OWN_PEOPLE)
def messages(practice_id: UUID) -> ResponseReturnValue:
    """Let messages be written in the practice, or not."""
    set_practice(practice_id)
    return redirect(url_for(".index", practice_id=practice_id))


@bp.post("/<uuid:user_id>/messages")
@needs(Permission.MANAGE_OWN_PEOPLE)
def messages_of(practice_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Let one of its people take part in messages, or not."""
    set_person(practice_id, user_id)
    return redirect(url_for(".index", practice_id=practice_id))


@bp.post("/invitations/<uuid:invitation_id>/resend")
@needs(Permission.MANAGE_OWN_PEOPLE)
def resend(practice_id: UUID, invitation_id: UUID) -> ResponseReturnValue:
    """Send a new link; the old one works no more."""
    with work(practice=practice_id) as session:
        invitation = inviting.invitation_for(session, invitation_id, practice_id)
        inviting.resend(session, invitation, by=me(), now=clock())
    flash("Sent again. The link before works no more.", "done")
    return redirect(url_for(".index", practice_id=practice_id))


@bp.post("/invitations/<uuid:invitation_id>/revoke")
@needs(Permission.MANAGE_OWN_PEOPLE)
def revoke(practice_id: UUID, invitation_id: UUID) -> ResponseReturnValue:
    """Take an invitation back."""
    with work(practice=practice_id) as session:
        invitation = inviting.invitation_for(session, invitation_id, practice_id)
        inviting.revoke(session, invitation, now=clock())
    flash("Taken back. Its link works no more.", "done")
    return redirect(url_for(".index", practice_id=practice_id))


def _practice(practice_id: UUID) -> object:
    """Return the practice's chip, where the person owns it, else raise NotVisible."""
    owned = me().practices_where(Permission.MANAGE_OWN_PEOPLE)
    for practice in me().practices:
        if practice.id == practice_id and practice_id in owned:
            return practice
    raise NotVisible
