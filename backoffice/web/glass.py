"""Breaking the glass, and the list in which others look at why."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectChoice

from backoffice.models.people import BrokenGlass
from backoffice.rules.roles import Permission
from backoffice.services.audit import act_as
from backoffice.services.people import glass
from backoffice.services.refusal import Refused
from backoffice.services.work import unit_of_work
from backoffice.web.access import needs
from backoffice.web.extensions import actor, clock, house_work, me, session_factory, work, work_on
from backoffice.web.people_forms import BreakForm, ReviewForm

bp = Blueprint("glass", __name__, url_prefix="/break-glass")


@bp.route("", methods=["GET", "POST"])
@needs(Permission.BREAK_GLASS)
def break_it() -> ResponseReturnValue:
    """Open a practice that is not assigned to one, for sixty minutes of reading."""
    form = BreakForm()
    with house_work() as session:
        closed = glass.closed_to(session, me())
    form.practice.choices = [SelectChoice(str(each.id), each.name) for each in closed]
    if form.validate_on_submit() and _broken(form):
        flash("Open to your reading for 60 minutes. Its owner and ours have been told.", "done")
        return redirect(url_for("today.show", practice=form.practice.data))
    status = 422 if form.errors else 200
    return render_template("glass/break.html", form=form, closed=closed), status


@bp.post("/<uuid:practice_id>/end")
@needs(Permission.BREAK_GLASS)
def end(practice_id: UUID) -> ResponseReturnValue:
    """Close what one has opened before its hour is over."""
    with unit_of_work(session_factory(), practices=[practice_id], user_id=me().id) as session:
        act_as(session, actor())
        glass.end(session, practice_id, by=me(), now=clock())
    flash("Closed.", "done")
    return redirect(url_for("today.show"))


@bp.get("/review")
@needs(Permission.REVIEW_BREAK_GLASS)
def review() -> ResponseReturnValue:
    """List when the glass was broken, what nobody has looked at first."""
    with work() as session:
        found = glass.breakings(session)
    return render_template(
        "glass/review.html",
        breakings=found,
        practices_by_id={practice.id: practice for practice in me().practices},
        form=ReviewForm(formdata=None),
        now=clock(),
        may_review=me().may(Permission.REVIEW_BREAK_GLASS),
    )


@bp.post("/<uuid:glass_id>/review")
@needs(Permission.REVIEW_BREAK_GLASS)
def reviewed(glass_id: UUID) -> ResponseReturnValue:
    """Note that somebody looked at it, and what they found."""
    form = ReviewForm()
    if not form.validate_on_submit():
        raise Refused("Say what you found.")
    with work_on(BrokenGlass, glass_id) as session:
        glass.review(session, glass_id, by=me(), words=form.words.data, now=clock())
    flash("Reviewed.", "done")
    return redirect(url_for(".review"))


def _broken(form: BreakForm) -> bool:
    """Break the glass of the one practice; what is refused stands at its field."""
    practice_id = UUID(form.practice.data)
    try:
        with unit_of_work(session_factory(), practices=[practice_id], user_id=me().id) as session:
            act_as(session, actor())
            glass.break_glass(session, practice_id, by=me(), reason=form.reason.data, now=clock())
    except Refused as refusal:
        if refusal.field not in form:
            raise
        form[refusal.field].errors = [refusal.words]
        return False
    return True
