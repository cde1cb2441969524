"""Threads as work: given, put away, turned into tasks."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.messages import Thread
from backoffice.rules.roles import Permission
from backoffice.rules.snoozing import Sleep, wakes_at
from backoffice.services.messages import finding
from backoffice.services.messages import work as thread_work
from backoffice.services.messages.on_paper import thread_on_paper
from backoffice.services.messages.work import NoTimeToSleep
from backoffice.web.access import needs
from backoffice.web.extensions import clock, me, work, work_on
from backoffice.web.frame import acting_ids
from backoffice.web.thread_work_forms import (
    LONGEST_SEARCH,
    FindForm,
    FollowUpForm,
    GiveForm,
    SnoozeForm,
)

bp = Blueprint("thread_work", __name__, url_prefix="/messages")


@bp.post("/find")
@needs(Permission.SEE_MESSAGES)
def find() -> ResponseReturnValue:
    """Find messages by their words; posted, so that names stay out of addresses."""
    form = FindForm()
    words = (form.q.data or "")[:LONGEST_SEARCH]
    with work(practices=acting_ids()) as session:
        findings = finding.find(session, words, me(), before=form.older_than)
        return render_template(
            "messages/found.html",
            words=words,
            findings=findings,
            practices_by_id={practice.id: practice for practice in me().practices},
            back=url_for("messages.index"),
        )


@bp.get("/<uuid:thread_id>/pdf")
@needs(Permission.EXPORT)
def on_paper(thread_id: UUID) -> ResponseReturnValue:
    """Take a thread out as a PDF; internal notes only where they are asked for (?show=notes)."""
    with work() as session:
        notes = request.args.get("show") == "notes"
        body = thread_on_paper(session, thread_id, me(), notes=notes, now=clock())
    answer = Response(body, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="thread-{thread_id}.pdf"'
    return answer


@bp.post("/<uuid:thread_id>/give")
@needs(Permission.DO_TASKS)
def give(thread_id: UUID) -> ResponseReturnValue:
    """Take a thread, leave it to nobody, or give it to somebody."""
    to = GiveForm().person
    with work_on(Thread, thread_id) as session:
        thread_work.give(session, thread_id, to, by=me())
    flash("It is yours" if to == me().id else "Given" if to else "Left to anybody", "done")
    return _back(thread_id)


@bp.post("/<uuid:thread_id>/snooze")
@needs(Permission.DO_TASKS)
def snooze(thread_id: UUID) -> ResponseReturnValue:
    """Put a thread away until later; it comes back by itself."""
    form, now = SnoozeForm(), clock()
    sleep = Sleep(form.sleep.data) if form.sleep.data in set(Sleep) else Sleep.DAY
    until = wakes_at(sleep, me().time_zone, now=now, day=form.until.data)
    if until is None:
        raise NoTimeToSleep
    with work_on(Thread, thread_id) as session:
        thread_work.snooze(session, thread_id, until, by=me(), now=now)
    flash("Put away. It comes back by itself, or at an answer", "done")
    return redirect(url_for("messages.index", box=request.args.get("box")))


@bp.post("/<uuid:thread_id>/wake")
@needs(Permission.DO_TASKS)
def wake(thread_id: UUID) -> ResponseReturnValue:
    """Take a thread back to work."""
    with work_on(Thread, thread_id) as session:
        thread_work.wake(session, thread_id, by=me())
    return _back(thread_id)


@bp.post("/<uuid:thread_id>/task")
@needs(Permission.DO_TASKS)
def follow_up(thread_id: UUID) -> ResponseReturnValue:
    """Turn it into a task of one's own."""
    form = FollowUpForm()
    with work_on(Thread, thread_id) as session:
        thread_work.follow_up(
            session,
            thread_id,
            once=form.key,
            title=form.title.data or "",
            due_on=form.due_on.data,
            by=me(),
            now=clock(),
        )
    flash("A task of yours", "done")
    return _back(thread_id)


def _back(thread_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("messages.show", thread_id=thread_id, box=request.args.get("box")))
