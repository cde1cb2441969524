"""One thing that was said: changed by its author, withdrawn, and what it said before."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.messages import Thread
from backoffice.rules.roles import Permission
from backoffice.services import messages
from backoffice.services.messages.refusals import ReasonNeeded
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
    if form.validate_on_submit():
        try:
            _save(form, thread_id, message_id)
        except Refused as refusal:
            if refusal.field not in form:
                raise
            form[refusal.field].errors = [refusal.words]
        else:
            flash("Saved. What it said before can still be read.", "done")
            return _back(thread_id, message_id)
    with work_on(Thread, thread_id) as session:
        message = messages.own_message(session, thread_id, message_id, by=me())
        if not form.is_submitted():
            form.body.data = message.body
        form.version.data = message.version
        page = render_template(
            "messages/edit.html",
            form=form,
            thread_id=thread_id,
            message=message,
            back=url_for("messages.show", thread_id=thread_id),
        )
    return page, 422 if form.is_submitted() else 200


@bp.route("/withdraw", methods=["GET", "POST"])
@needs(Permission.SEND_MESSAGES)
def withdraw(thread_id: UUID, message_id: UUID) -> ResponseReturnValue:
    """Take words back: one's own, or with a reason what somebody else wrote."""
    form = TakeBackForm()
    if form.validate_on_submit():
        try:
            with work_on(Thread, thread_id) as session:
                messages.withdraw(
                    session, thread_id, message_id, by=me(), reason=form.reason.data or "",
                    now=clock(),
                )  # fmt: skip
        except ReasonNeeded as refusal:
            form.reason.errors = [refusal.words]
        else:
            flash("Withdrawn. That it was there stays.", "done")
            return _back(thread_id, message_id)
    with work_on(Thread, thread_id) as session:
        message = messages.withdrawable(session, thread_id, message_id, by=me())
        page = render_template(
            "messages/withdraw.html",
            form=form,
            thread_id=thread_id,
            message=message,
            author=None if message.author_id == me().id else message.author,
            back=url_for("messages.show", thread_id=thread_id),
        )
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


def _save(form: EditForm, thread_id: UUID, message_id: UUID) -> None:
    with work_on(Thread, thread_id) as session:
        messages.edit(
            session,
            thread_id,
            message_id,
            by=me(),
            body=form.body.data,
            version=form.version.data,
            now=clock(),
        )


def _back(thread_id: UUID, message_id: UUID) -> ResponseReturnValue:
    there = url_for("messages.show", thread_id=thread_id, _anchor=f"message-{message_id}")
    return redirect(there)
