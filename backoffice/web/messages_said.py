"""One thing that was said: changed or withdrawn by its author, and what it said before."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.messages import Message, Thread
from backoffice.rules.roles import Permission
from backoffice.services import messages
from backoffice.services.refusal import Refused
from backoffice.web.access import needs
from backoffice.web.extensions import clock, me, work, work_on
from backoffice.web.messages_forms import EditForm, TakeBackForm

bp = Blueprint("said", __name__, url_prefix="/messages/<uuid:thread_id>/said/<uuid:message_id>")


@bp.route("/edit", methods=["GET", "POST"])
@needs(Permission.SEND_MESSAGES)
def edit(thread_id: UUID, message_id: UUID) -> ResponseReturnValue:
    """Change one's own words; what stood there before stays readable."""
    form = EditForm()
    try:
        with work_on(Thread, thread_id) as session:
            message = _own(session, thread_id, message_id)
            if form.validate_on_submit():
                messages.edit(
                    session,
                    thread_id,
                    message_id,
                    by=me(),
                    body=form.body.data,
                    version=form.version.data,
                    now=clock(),
                )
                flash("Saved. What it said before can still be read.", "done")
                return _back(thread_id, message_id)
    except Refused as refusal:
        if refusal.field not in form:
            raise
        form[refusal.field].errors = [refusal.words]
    if not form.is_submitted():
        form.body.data = message.body
    form.version.data = message.version
    status = 422 if form.is_submitted() else 200
    return render_template(
        "messages/edit.html", form=form, thread_id=thread_id, message=message,
        back=url_for("messages.show", thread_id=thread_id),
    ), status  # fmt: skip


@bp.route("/withdraw", methods=["GET", "POST"])
@needs(Permission.SEND_MESSAGES)
def withdraw(thread_id: UUID, message_id: UUID) -> ResponseReturnValue:
    """Take one's own words back, with the reason if there is one to give."""
    form = TakeBackForm()
    with work_on(Thread, thread_id) as session:
        message = _own(session, thread_id, message_id)
        if form.validate_on_submit():
            reason = form.reason.data or ""
            messages.withdraw(session, thread_id, message_id, by=me(), reason=reason, now=clock())
            flash("Withdrawn. That it was there stays.", "done")
            return _back(thread_id, message_id)
        page = render_template(
            "messages/withdraw.html", form=form, thread_id=thread_id, message=message,
            back=url_for("messages.show", thread_id=thread_id),
        )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@bp.get("/versions")
@needs(Permission.SEE_MESSAGES)
def trace(thread_id: UUID, message_id: UUID) -> ResponseReturnValue:
    """Show all that a message ever said; withdrawn words to those who may see the record."""
    with work() as session:
        found = messages.trace(session, thread_id, message_id, me())
        return render_template(
            "messages/versions.html", found=found,
            back=url_for("messages.show", thread_id=thread_id),
        )  # fmt: skip


def _own(session: Session, thread_id: UUID, message_id: UUID) -> Message:
    """Return a message that this person wrote and that is not withdrawn."""
    return messages.own_message(session, thread_id, message_id, by=me())


def _back(thread_id: UUID, message_id: UUID) -> ResponseReturnValue:
    there = url_for("messages.show", thread_id=thread_id, _anchor=f"message-{message_id}")
    return redirect(there)
