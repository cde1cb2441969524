"""Where the link in a mail leads: to what it is about, for its signed-in reader only."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.notifications import Mail
from backoffice.rules.notices import Topic
from backoffice.services.news import News, news_of, note_refused
from backoffice.services.notifications.wishes import TOPIC_WORDS
from backoffice.services.refusal import NotVisible
from backoffice.web.access import signed_in
from backoffice.web.extensions import clock, house_work, me, work_on
from backoffice.web.frame import way

bp = Blueprint("news", __name__, url_prefix="/news")


WHERE: Final[Mapping[Topic, tuple[str, Mapping[str, str]]]] = {
    Topic.UNREAD_MESSAGE: ("messages.index", {}),
    Topic.DOCUMENT_SHARED: ("documents.index", {}),
    Topic.AGREEMENT_ENDING: ("compliance.agreements_of", {}),
    Topic.INFORMATION_NEEDED: ("appointments.unbilled", {"state": "missing"}),
    Topic.REQUEST_ANSWERED: ("appointments.unbilled", {}),
    Topic.EOB_WANTED: ("documents.index", {}),
}
"""Where the things of a topic are listed; of any other on one's first page."""
TITLES: Final[Mapping[Topic, str]] = {
    Topic.CLAIM_STATUS: "Claims that changed",
    Topic.DAILY_DIGEST: "Your daily summary",
    Topic.PAST_DUE: "What is past due",
}
"""Mails whose link opens a page of their own: it lists each thing that they counted."""


@bp.get("/<uuid:mail_id>")
@signed_in
def show(mail_id: UUID) -> ResponseReturnValue:
    """Show what a mail counted, one by one, or go to the one thing that it is about."""
    try:
        with work_on(Mail, mail_id) as session:
            found = news_of(session, mail_id, me(), now=clock())
            if found.topic in TITLES:
                return _page(found)
    except NotVisible:
        with house_work() as session:
            note_refused(session, mail_id)
        raise
    return redirect(_thing(found) or _address(found.topic, found.practice_id))


def _page(found: News) -> str:
    return render_template(
        "news/show.html",
        title=TITLES[found.topic],
        moved=found.moved,
        late=found.late,
        practice=next(each for each in me().practices if each.id == found.practice_id),
        others=[
            (TOPIC_WORDS[topic], _address(topic, found.practice_id))
            for topic in Topic
            if topic in found.others
        ],
    )


def _thing(found: News) -> str | None:
    """Return the page of the one thread, document or agreement that a mail is about."""
    if found.thread_id is not None:
        return url_for("messages.show", thread_id=found.thread_id)
    if found.document_id is not None:
        return way("viewer.show", document_id=found.document_id)
    if found.topic is Topic.AGREEMENT_ENDING:
        return way("compliance.agreement", practice_id=found.practice_id)
    return None


def _address(topic: Topic, practice_id: UUID) -> str:
    endpoint, query = WHERE.get(topic, ("", {}))
    return way(endpoint, practice=practice_id, **query) or url_for("accounts.home")
