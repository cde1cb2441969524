"""Files on their way to the clearinghouse: where each stands, and a person's word on some."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.submissions import Submission
from backoffice.rules.roles import Permission
from backoffice.services.submissions import persons
from backoffice.web.access import needs
from backoffice.web.extensions import clock, me, work, work_on
from backoffice.web.frame import acting_ids

bp = Blueprint("submissions", __name__, url_prefix="/submissions")


@bp.get("/")
@needs(Permission.SEE_SUBMISSIONS)
def index() -> ResponseReturnValue:
    """List files, newest first: all of them, or those that need a look."""
    state = "all" if request.args.get("state") == "all" else "look"
    before = request.args.get("before", type=UUID)
    with work(practices=acting_ids()) as session:
        page = persons.files(session, only_troubled=state == "look", before=before)
        return render_template(
            "submissions/index.html",
            page=page,
            state=state,
            practices_by_id={practice.id: practice for practice in me().practices},
            may_resolve=me().may(Permission.RESOLVE_SUBMISSIONS),
        )


@bp.post("/<uuid:submission_id>/mark-sent")
@needs(Permission.RESOLVE_SUBMISSIONS)
def mark_sent(submission_id: UUID) -> ResponseReturnValue:
    """Take a person's word that the clearinghouse has the file."""
    with work_on(Submission, submission_id) as session:
        persons.mark_sent(session, submission_id, now=clock())
    flash("The file counts as sent. Its claims are submitted.")
    return redirect(url_for(".index"))


@bp.post("/<uuid:submission_id>/send-again")
@needs(Permission.RESOLVE_SUBMISSIONS)
def send_again(submission_id: UUID) -> ResponseReturnValue:
    """Send the same bytes again, on a person's word that they never arrived."""
    with work_on(Submission, submission_id) as session:
        persons.send_again(session, submission_id, now=clock())
    flash("The same file goes again, under the same number.")
    return redirect(url_for(".index"))
