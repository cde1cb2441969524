"""Tasks: what the house's people have to do, taken, given and done."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.tasks import Task
from backoffice.models.users import User
from backoffice.rules.dates import today_in
from backoffice.rules.roles import Permission
from backoffice.services import assignments, tasks
from backoffice.services.cursors import Cursor
from backoffice.services.tasks import Line, Pile
from backoffice.services.tasks.listing import day_of
from backoffice.web.access import needs
from backoffice.web.extensions import clock, me, work, work_on
from backoffice.web.filters import here
from backoffice.web.frame import acting_ids
from backoffice.web.thread_work_forms import GiveForm

bp = Blueprint("tasks", __name__, url_prefix="/tasks")


@bp.get("")
@needs(Permission.SEE_TASKS)
def index() -> ResponseReturnValue:
    """List tasks, those due first: one's own, nobody's, all, or what is done."""
    asked = request.args.get("box")
    pile = Pile(asked) if asked in set(Pile) else Pile.MINE
    after = Cursor.read(request.args.get("after"), day_of)
    with work(practices=acting_ids()) as session:
        listing = tasks.tasks(session, me(), pile, after=after)
        counts = tasks.counts(session, me())
        givable = _givable(session, listing.lines)
        return render_template(
            "tasks/index.html",
            lines=listing.lines,
            older=here(after=str(listing.older)) if listing.older else None,
            shown=(after.position if after else 0) + len(listing.lines),
            pile=pile.value,
            counts={each.value: count for each, count in counts.items()},
            practices_by_id={practice.id: practice for practice in me().practices},
            givable=givable,
            may_do=me().may(Permission.DO_TASKS),
            today=today_in(me().time_zone, clock()),
        )


@bp.post("/<uuid:task_id>/give")
@needs(Permission.DO_TASKS)
def give(task_id: UUID) -> ResponseReturnValue:
    """Take a task, lay it down, or give it to somebody."""
    to = GiveForm().person
    with work_on(Task, task_id) as session:
        tasks.give(session, task_id, to, by=me())
    flash("It is yours" if to == me().id else "Given" if to else "Laid down for anybody", "done")
    return _back()


@bp.post("/<uuid:task_id>/done")
@needs(Permission.DO_TASKS)
def done(task_id: UUID) -> ResponseReturnValue:
    """Have it done."""
    with work_on(Task, task_id) as session:
        tasks.done(session, task_id, by=me().id, now=clock())
    flash("Done", "done")
    return _back()


@bp.post("/<uuid:task_id>/reopen")
@needs(Permission.DO_TASKS)
def reopen(task_id: UUID) -> ResponseReturnValue:
    """Put it back among those to do."""
    with work_on(Task, task_id) as session:
        tasks.reopen(session, task_id)
    flash("Open again", "done")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for(".index", box=request.args.get("box")))


def _givable(session: Session, lines: Sequence[Line]) -> dict[UUID, list[User]]:
    """Return to whom the tasks of each practice may be given by this reader."""
    practices = {line.task.practice_id for line in lines}
    return {
        practice_id: list(assignments.doers(session, practice_id))
        for practice_id in practices
        if me().may_in(practice_id, Permission.ASSIGN_WORK)
    }
