"""What each practice is promised: an answer in so many business hours."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from wtforms import IntegerField, TimeField
from wtforms.validators import InputRequired, NumberRange

from backoffice.models.practices import Practice
from backoffice.rules.promises import MOST_HOURS
from backoffice.rules.roles import Permission
from backoffice.services.messages.timing import Promise, PromiseWrong, promise
from backoffice.services.refusal import NotVisible
from backoffice.web.access import needs
from backoffice.web.extensions import open_practices, work
from backoffice.web.fields import Form

bp = Blueprint("promises", __name__, url_prefix="/practices")


class PromiseForm(Form):
    """So many business hours, and when they are."""

    hours = IntegerField(
        "Business hours until an answer", [InputRequired(), NumberRange(0, MOST_HOURS)]
    )
    opens_at = TimeField("Opens", [InputRequired("Type a time like 09:00.")])
    closes_at = TimeField("Closes", [InputRequired("Type a time like 17:00.")])


@bp.get("/promises")
@needs(Permission.EDIT_PRACTICES)
def index() -> ResponseReturnValue:
    """List what each practice is promised."""
    with work() as session:
        query = select(Practice).where(Practice.id.in_(open_practices()))
        practices = session.scalars(query.order_by(Practice.short_name)).all()
        return render_template("messages/promises.html", practices=practices)


@bp.route("/<uuid:practice_id>/promise", methods=["GET", "POST"])
@needs(Permission.EDIT_PRACTICES)
def edit(practice_id: UUID) -> ResponseReturnValue:
    """Change what one practice is promised."""
    with work(practice=practice_id) as session:
        practice = session.get(Practice, practice_id)
        if practice is None:
            raise NotVisible
        known = {"hours": practice.response_hours} | {
            name: getattr(practice, name) for name in ("opens_at", "closes_at")
        }
        form = PromiseForm(data=known)
        if not form.validate_on_submit():
            return _page(practice, form), 422 if form.is_submitted() else 200
        typed = Promise(form.hours.data, form.opens_at.data, form.closes_at.data)
        try:
            waiting = promise(session, practice_id, typed)
        except PromiseWrong as wrong:
            form[wrong.field].errors = [wrong.words]
            return _page(practice, form), 422
    flash(f"Promised. Timed anew: {waiting:,} that wait", "done")
    return redirect(url_for(".index"))


def _page(practice: Practice, form: PromiseForm) -> str:
    return render_template("messages/promise.html", practice=practice, form=form)
