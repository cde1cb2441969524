"""Where the link in a mail leads: to what it is about, for its signed-in reader only."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.notifications import Mail
from backoffice.rules.notices import Topic
from backoffice.services.news import news_of, note_refused
from backoffice.services.notifications.wishes import TOPIC_WORDS
from backoffice.services.refusal import NotVisible
from backoffice.web.access import signed_in
from backoffice.web.extensions import clock, house_work, me, work_on
from backoffice.web.frame import way

bp = Blueprint("news", __name__, url_prefix="/news")


WHERE: Final[Mapping[Topic, str]] = {
    Topic.UNREAD_MESSAGE: "messages.index",
    Topic.DOCUMENT_SHARED: "documents.index",
    Topic.AGREEMENT_ENDING: "compliance.agreements_of",
    Topic.INFORMATION_NEEDED: "appointments.unbilled",
    Topic.REQUEST_ANSWERED: "appointments.unbilled",
    Topic.PAST_DUE: "today.show",
}
"""Where the things of a topic are seen; of any other on one's first page."""
BY_CLAIM: Final = frozenset({Topic.CLAIM_STATUS, Topic.DAILY_DIGEST})


@bp.get("/<uuid:mail_id>")
@signed_in
def show(mail_id: UUID) -> ResponseReturnValue:
    """Show the claims of a mail and what else it told, or go to what it is about."""
    try:
        with work_on(Mail, mail_id) as session:
            found = news_of(session, mail_id, me(), now=clock())
            if found.topic in BY_CLAIM:
                return render_template(
                    "news/claims.html",
                    moved=found.moved,
                    practice=next(each for each in me().practices if each.id == found.practice_id),
                    others=[
                        (TOPIC_WORDS[topic], _address(topic, found.practice_id))
                        for topic in Topic
                        if topic in found.others
                    ],
                )
    except NotVisible:
        with house_work() as session:
            note_refused(session, mail_id)
        raise
    if found.thread_id is not None:
        return redirect(url_for("messages.show", thread_id=found.thread_id))
    return redirect(_address(found.topic, found.practice_id))


def _address(topic: Topic, practice_id: UUID) -> str:
    return way(WHERE.get(topic, ""), practice=practice_id) or url_for("accounts.home")
