"""Where the link in a mail leads: to what it is about, for its signed-in reader only."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.rules.notices import Topic
from backoffice.services.news import news_of, note_refused
from backoffice.services.refusal import NotVisible
from backoffice.web.access import signed_in
from backoffice.web.extensions import house_work, me, work

bp = Blueprint("news", __name__, url_prefix="/news")


@bp.get("/<uuid:mail_id>")
@signed_in
def show(mail_id: UUID) -> ResponseReturnValue:
    """Show the claims of a mail, or go to its thread, documents or agreements."""
    try:
        with work() as session:
            found = news_of(session, mail_id, me())
            if found.topic is Topic.CLAIM_STATUS:
                practice = next(each for each in me().practices if each.id == found.practice_id)
                return render_template("news/claims.html", moved=found.moved, practice=practice)
    except NotVisible:
        with house_work() as session:
            note_refused(session, mail_id)
        raise
    if found.topic is Topic.AGREEMENT_ENDING:
        return redirect(url_for("compliance.agreements_of"))
    if found.thread_id is not None:
        return redirect(url_for("messages.show", thread_id=found.thread_id))
    return redirect(url_for("documents.index", practice=found.practice_id))
