"""People, for administrators: who is there, invite, change, let go."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectChoice

from backoffice.models.people import Invitation
from backoffice.rules.roles import PRACTICE_ROLES, Permission, Role
from backoffice.services.people import changing, inviting, listing
from backoffice.services.refusal import Refused
from backoffice.web.access import needs
from backoffice.web.extensions import clock, me, work
from backoffice.web.people_forms import AssignForm, EmailForm, InviteForm, RoleForm

bp = Blueprint("people", __name__, url_prefix="/people")


@bp.get("")
@needs(Permission.MANAGE_USERS)
def index() -> ResponseReturnValue:
    """List everybody, or those with some words in name or email; and who is invited."""
    words = request.args.get("q", "")
    with work() as session:
        found = listing.everybody(session, words=words)
        invited = inviting.open_invitations(session)
        return render_template(
            "people/index.html", people=found, words=words, invited=invited_shown(invited)
        )


@bp.route("/invite", methods=["GET", "POST"])
@needs(Permission.MANAGE_USERS)
def invite() -> ResponseReturnValue:
    """Invite somebody to practices, or to the house."""
    form = InviteForm().offer(Role, me().practices)
    with work() as session:
        asks = _asks_clinician(session, form)
        if form.validate_on_submit() and not asks and invited_by(session, form, inviting_to=None):
            flash("Invited. The link works once, for 72 hours.", "done")
            return redirect(url_for(".index"))
    if asks:
        form.clinician.errors = ["Choose which clinician this is, or leave it at nobody."]
    shown = render_template("people/invite.html", form=form, practice=None, asks_clinician=asks)
    return shown, 422 if form.errors else 200


@bp.get("/<uuid:user_id>")
@needs(Permission.MANAGE_USERS)
def show(user_id: UUID) -> ResponseReturnValue:
    """Show one person with all that can be changed."""
    with work() as session:
        member = listing.somebody(session, user_id)
    staff = [seat for seat in member.seats if seat.role not in PRACTICE_ROLES]
    assigned = AssignForm.among(
        me().practices,
        formdata=None,
        data={
            "practices": [str(seat.practice_id) for seat in staff],
            "role": staff[0].role.value if staff else Role.BILLER.value,
        },
    )
    return render_template(
        "people/show.html",
        member=member,
        own_seats=[seat for seat in member.seats if seat.role in PRACTICE_ROLES],
        assign=assigned,
        house=RoleForm.of_the_house(),
        seat=RoleForm.of_the_practice(),
        is_me=user_id == me().id,
    )


@bp.post("/<uuid:user_id>/disable")
@needs(Permission.MANAGE_USERS)
def disable(user_id: UUID) -> ResponseReturnValue:
    """Close an account at once."""
    with work() as session:
        changing.disable(session, user_id, by=me(), now=clock())
    return _done(user_id, "Closed. All sessions have ended.")


@bp.post("/<uuid:user_id>/enable")
@needs(Permission.MANAGE_USERS)
def enable(user_id: UUID) -> ResponseReturnValue:
    """Open an account again."""
    with work() as session:
        changing.enable(session, user_id, by=me(), now=clock())
    return _done(user_id, "Open again, with the roles it had.")


@bp.post("/<uuid:user_id>/sessions/end")
@needs(Permission.MANAGE_USERS)
def end_sessions(user_id: UUID) -> ResponseReturnValue:
    """Sign somebody out everywhere."""
    with work() as session:
        changing.end_all_sessions(session, user_id, by=me(), now=clock())
    return _done(user_id, "All sessions have ended.")


@bp.post("/<uuid:user_id>/factors/remove")
@needs(Permission.MANAGE_USERS)
def remove_factors(user_id: UUID) -> ResponseReturnValue:
    """Take away a lost second factor; a new one is asked for at the next sign-in."""
    with work() as session:
        changing.remove_factors(session, user_id, by=me(), now=clock())
    return _done(user_id, "Removed. The next sign-in asks to set up a new one.")


@bp.post("/<uuid:user_id>/house-role")
@needs(Permission.MANAGE_USERS)
def house_role(user_id: UUID) -> ResponseReturnValue:
    """Give a role of the house, or take it away."""
    form = RoleForm.of_the_house()
    if not form.validate_on_submit():
        raise Refused("Choose a role.")
    role = Role(form.role.data) if form.role.data else None
    with work() as session:
        changing.change_house_role(session, user_id, role, by=me(), now=clock())
    return _done(user_id, "Saved. All sessions have ended.")


@bp.post("/<uuid:user_id>/practices")
@needs(Permission.ASSIGN_PRACTICES)
def assign(user_id: UUID) -> ResponseReturnValue:
    """Make a biller's practices exactly those that are ticked."""
    form = AssignForm.among(me().practices)
    if not form.validate_on_submit():
        raise Refused("Choose practices that are open to you.")
    chosen = [UUID(each) for each in form.practices.data or ()]
    with work() as session:
        changing.assign(session, user_id, chosen, Role(form.role.data), by=me(), now=clock())
    return _done(user_id, "Assigned. All sessions have ended.")


@bp.post("/<uuid:user_id>/practices/<uuid:practice_id>/role")
@needs(Permission.MANAGE_USERS)
def seat(user_id: UUID, practice_id: UUID) -> ResponseReturnValue:
    """Change what one of a practice's people is there, or end it."""
    change_seat(user_id, practice_id)
    return _done(user_id, "Saved. All sessions have ended.")


@bp.post("/invitations/<uuid:invitation_id>/resend")
@needs(Permission.MANAGE_USERS)
def resend(invitation_id: UUID) -> ResponseReturnValue:
    """Send a new link; the old one works no more."""
    with work() as session:
        invitation = inviting.invitation_for(session, invitation_id)
        inviting.resend(session, invitation, by=me(), now=clock())
    flash("Sent again. The link before works no more.", "done")
    return redirect(url_for(".index"))


@bp.post("/invitations/<uuid:invitation_id>/revoke")
@needs(Permission.MANAGE_USERS)
def revoke(invitation_id: UUID) -> ResponseReturnValue:
    """Take an invitation back."""
    with work() as session:
        inviting.revoke(session, inviting.invitation_for(session, invitation_id), now=clock())
    flash("Taken back. Its link works no more.", "done")
    return redirect(url_for(".index"))


@bp.post("/invitations/<uuid:invitation_id>/email")
@needs(Permission.MANAGE_USERS)
def readdress(invitation_id: UUID) -> ResponseReturnValue:
    """Send an invitation to another address."""
    form = EmailForm()
    if not form.validate_on_submit():
        raise Refused("Type one email address.")
    with work() as session:
        invitation = inviting.invitation_for(session, invitation_id)
        inviting.readdress(session, invitation, email=form.email.data, by=me(), now=clock())
    flash("Sent to the new address. The link before works no more.", "done")
    return redirect(url_for(".index"))


def change_seat(user_id: UUID, practice_id: UUID) -> None:
    """Give one of a practice's people the role that was posted, or end the membership."""
    form = RoleForm.of_the_practice()
    wanted = request.form.get("role")
    if wanted and not form.validate_on_submit():
        raise Refused("Choose a role.")
    with work(practice=practice_id) as session:
        if wanted:
            role = Role(form.role.data)
            changing.change_role(session, user_id, practice_id, role, by=me(), now=clock())
        else:
            changing.end_membership(session, user_id, practice_id, by=me(), now=clock())


def invited_by(session: Session, form: InviteForm, *, inviting_to: UUID | None) -> bool:
    """Invite as the form says; what is refused stands at its field."""
    place = form.place
    if inviting_to is not None:
        place = inviting.Place(place.role, (inviting_to,), place.clinician_id)
    try:
        inviting.invite(
            session, place, email=form.email.data, name=form.name.data, by=me(), now=clock()
        )
    except Refused as refusal:
        if refusal.field not in form:
            raise
        form[refusal.field].errors = [refusal.words]
        return False
    return True


def invited_shown(invitations: Iterable[Invitation]) -> list[dict[str, Any]]:
    """Return open invitations as lists show them."""
    names = {practice.id: practice.short_name for practice in me().practices}
    now = clock()
    return [
        {
            "id": each.id,
            "name": each.name,
            "email": each.email,
            "role": each.role,
            "where": ", ".join(names.get(one, "") for one in each.practice_ids) or "All practices",
            "sent_at": each.created_at,
            "expires_at": each.expires_at,
            "expired": each.expires_at <= now,
        }
        for each in invitations
    ]


def _asks_clinician(session: Session, form: InviteForm) -> str:
    """Offer a chosen practice's clinicians; return it where one is still to be chosen."""
    chosen = list(form.practices.data or [])
    if form.role.data != Role.CLINICIAN.value or len(chosen) != 1:
        return ""
    offer_clinicians(session, form, UUID(chosen[0]))
    asked = bool(form.clinician.data) or request.form.get("clinician_of") == chosen[0]
    return "" if asked or len(form.clinician.choices) == 1 else str(chosen[0])


def offer_clinicians(session: Session, form: InviteForm, practice_id: UUID) -> None:
    """Offer those clinicians of a practice whom nobody signs in as."""
    offered = [SelectChoice("", "Nobody yet")]
    for each in listing.clinicians_without_account(session, practice_id):
        offered.append(SelectChoice(str(each.id), each.name))
    form.clinician.choices = offered


def _done(user_id: UUID, words: str) -> ResponseReturnValue:
    flash(words, "done")
    return redirect(url_for(".show", user_id=user_id))
