"""The mail ledgers: what was written to whom, what became of it, and addresses that rest."""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.notifications import MailState
from backoffice.models.people import AccountTopic
from backoffice.rules.notices import Topic
from backoffice.rules.roles import Permission
from backoffice.services import mails
from backoffice.services.notifications.accounts import ACCOUNT_TOPIC_WORDS
from backoffice.services.notifications.wishes import TOPIC_WORDS
from backoffice.web.access import needs
from backoffice.web.asked import asked_as
from backoffice.web.extensions import house_work, me, work
from backoffice.web.filters import here, label
from backoffice.web.frame import acting_ids

bp = Blueprint("mails", __name__, url_prefix="/mails")

_STATES: Final[dict[str, Any]] = {
    "label": "State",
    "name": "state",
    "options": [(each, label(each)) for each in MailState],
}


@bp.get("")
@needs(Permission.SEE_MAIL_LEDGER)
def index() -> ResponseReturnValue:
    """List the mails of the practices worked with, the newest first, as they are filtered."""
    asked = _asked()
    with work(practices=acting_ids()) as session:
        page = mails.ledger(session, asked)
        people = mails.recipients(session)
    return render_template(
        "mails/index.html",
        entries=page.entries,
        older=here(after=str(page.next)) if page.next else None,
        filters_on=_filters_on(asked, dict(people)),
        filter_offers=_offers(people),
        topic_words=TOPIC_WORDS,
        practices_by_id={practice.id: practice for practice in me().practices},
        may_write_again=me().may(Permission.MANAGE_USERS),
    )


@bp.get("/house")
@needs(Permission.MANAGE_USERS)
def house() -> ResponseReturnValue:
    """List the house's own mails, about accounts, the newest first, as they are filtered."""
    asked = mails.AskedOfHouse(
        state=_given("state", MailState),
        topic=_given("topic", AccountTopic),
        before=_given("after", UUID),
    )
    with house_work() as session:
        page = mails.house_ledger(session, asked)
    words = {
        "state": label(asked.state),
        "topic": ACCOUNT_TOPIC_WORDS[asked.topic] if asked.topic else "",
    }
    return render_template(
        "mails/house.html",
        entries=page.entries,
        older=here(after=str(page.next)) if page.next else None,
        filters_on=_tokens(words),
        filter_offers=[
            _STATES,
            {"label": "About", "name": "topic", "options": list(ACCOUNT_TOPIC_WORDS.items())},
        ],
        topic_words=ACCOUNT_TOPIC_WORDS,
    )


@bp.post("/<uuid:user_id>/again")
@needs(Permission.MANAGE_USERS)
def write_again(user_id: UUID) -> ResponseReturnValue:
    """Let somebody's address be written to again, now that it takes mail."""
    with house_work() as session:
        mails.write_again(session, user_id)
    flash("The address is written to again from the next mail on", "done")
    return redirect(url_for(".house" if request.args.get("show") == "house" else ".index"))


def _asked() -> mails.Asked:
    return mails.Asked(
        state=_given("state", MailState),
        topic=_given("topic", Topic),
        user_id=_given("to", UUID),
        before=_given("after", UUID),
    )


def _given(name: str, kind: Any) -> Any:
    words = request.args.get(name, "")
    return asked_as(kind, words) if words else None


def _offers(people: Any) -> list[dict[str, Any]]:
    return [
        _STATES,
        {"label": "About", "name": "topic", "options": list(TOPIC_WORDS.items())},
        {"label": "To", "name": "to", "options": people},
    ]


def _filters_on(asked: mails.Asked, people: dict[UUID, str]) -> list[dict[str, str]]:
    """Return what narrows the list, each with the address without it."""
    words = {
        "state": label(asked.state),
        "topic": TOPIC_WORDS[asked.topic] if asked.topic else "",
        "to": people.get(asked.user_id, "Nobody known") if asked.user_id else "",
    }
    return _tokens(words)


def _tokens(words: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"label": said, "off": here(**{name: None, "after": None})}
        for name, said in words.items()
        if said
    ]
