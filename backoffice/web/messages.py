"""Messages: threads and their conversation, for the desk and for the phone."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.messages import Thread, ThreadState
from backoffice.rules.roles import Permission
from backoffice.services import messages
from backoffice.services.claim_pages import beside
from backoffice.services.claim_pages.record import Record, claim_for, record
from backoffice.services.messages import Box, Conversation, Cursor, Said
from backoffice.web.access import needs
from backoffice.web.extensions import clock, me, work, work_on
from backoffice.web.filters import here
from backoffice.web.frame import acting_ids
from backoffice.web.messages_forms import ReplyForm, SettleForm, StartForm

bp = Blueprint("messages", __name__, url_prefix="/messages")


@bp.record_once
def watching_is_not_working(state: BlueprintSetupState) -> None:
    """An open page that asks what is new does not keep anybody signed in."""
    state.app.config["NEVER_EXTENDS"].add("messages.fresh")


@bp.get("/")
@needs(Permission.SEE_MESSAGES)
def index() -> ResponseReturnValue:
    """List threads, the newest word first."""
    with work(practices=acting_ids()) as session:
        shown = _threads(session)
    if not me().works_for_house:
        return render_template("messages/mine.html", **shown)
    return render_template("messages/show.html", **shown, thread=None)


@bp.get("/<uuid:thread_id>")
@needs(Permission.SEE_MESSAGES)
def show(thread_id: UUID) -> ResponseReturnValue:
    """Show one thread; who takes part has now read it."""
    return _show(thread_id, ReplyForm(formdata=None))


@bp.get("/<uuid:thread_id>/fresh")
@needs(Permission.SEE_MESSAGES)
def fresh(thread_id: UUID) -> ResponseReturnValue:
    """Give an open page what changed since; nothing is marked as read by asking."""
    with work() as session:
        found = messages.conversation(session, thread_id, me())
        if found.stamp == request.args.get("stamp"):
            return "", 204
        messages.put_on_record(session, found)
        return render_template("messages/fresh.html", thread=found.thread, **_said(found))


@bp.post("/<uuid:thread_id>/read")
@needs(Permission.SEE_MESSAGES)
def read(thread_id: UUID) -> ResponseReturnValue:
    """Remember that an open page has shown its newest message."""
    with work_on(Thread, thread_id) as session:
        messages.mark_read(session, thread_id, by=me(), now=clock())
    return "", 204


@bp.post("/<uuid:thread_id>/reply")
@needs(Permission.SEND_MESSAGES)
def reply(thread_id: UUID) -> ResponseReturnValue:
    """Say something in a thread."""
    form = ReplyForm()
    if not form.validate_on_submit():
        return _show(thread_id, form), 422
    words, internal, now = form.body.data, form.is_internal, clock()
    with work_on(Thread, thread_id) as session:
        messages.reply(session, thread_id, by=me(), body=words, internal=internal, now=now)
    return redirect(url_for(".show", thread_id=thread_id))


@bp.post("/<uuid:thread_id>/settle")
@needs(Permission.SEND_MESSAGES)
def settle(thread_id: UUID) -> ResponseReturnValue:
    """Say whom a thread waits for, or that it is done."""
    form = SettleForm()
    if form.validate_on_submit():
        state = ThreadState(form.state.data)
        with work_on(Thread, thread_id) as session:
            messages.settle(session, thread_id, state, by=me())
        flash(
            "Done. A new message opens it again." if state is ThreadState.DONE else "Noted.", "done"
        )
    return redirect(url_for(".index"))


@bp.route("/about/<uuid:claim_id>", methods=["GET", "POST"])
@needs(Permission.SEND_MESSAGES)
def start(claim_id: UUID) -> ResponseReturnValue:
    """Begin a thread about a claim."""
    form = StartForm()
    with work_on(Claim, claim_id) as session:
        claim = claim_for(session, claim_id, me())
        if form.validate_on_submit():
            words = {"subject": form.subject.data, "body": form.body.data}
            thread = messages.start(session, claim, by=me(), now=clock(), **words)
            return redirect(url_for(".show", thread_id=thread.id))
        hears = messages.who_hears(session, claim, by=me())
        return render_template(
            "messages/start.html",
            claim={
                "id": claim.id,
                "our_number": claim.our_number,
                "client_name": claim.client.name,
            },
            practice=_chips()[claim.practice_id],
            form=form,
            listeners=len(hears),
            back=url_for("claims.show", claim_id=claim.id),
        )


def _chips() -> dict[UUID, Any]:
    return {practice.id: practice for practice in me().practices}


def _box() -> Box:
    asked = request.args.get("box")
    if not me().works_for_house:
        return Box.DONE if asked == Box.DONE else Box.ALL
    return Box(asked) if asked in set(Box) else Box.MINE


def _threads(session: Session) -> dict[str, Any]:
    box, chips, now = _box(), _chips(), clock()
    after = Cursor.read(request.args.get("after"))
    listing = messages.threads(session, me(), box, now=now, after=after)
    counts = messages.box_counts(session, me(), now=now)
    lines = [
        {
            "id": line.id,
            "subject": line.subject,
            "practice": chips[line.practice_id],
            "unread": line.unread,
            "last_message_at": line.last_message_at,
            "last_author": line.last_author,
            "state": line.state,
            "owner": line.owner,
            "due_at": line.due_at,
            "snoozed_until": line.snoozed_until,
        }
        for line in listing.lines
    ]
    return {
        "threads": lines,
        "box": box.value,
        "box_counts": {each.value: count for each, count in counts.items()},
        "older": here(after=str(listing.older)) if listing.older else None,
    }


def _show(thread_id: UUID, form: ReplyForm) -> str:
    """Show a thread as it stood; from then on it counts as read."""
    page = _shown(thread_id, form)
    with work_on(Thread, thread_id) as session:
        messages.mark_read(session, thread_id, by=me(), now=clock())
    return page


def _shown(thread_id: UUID, form: ReplyForm) -> str:
    with work() as session:
        found = messages.conversation(session, thread_id, me())
        messages.put_on_record(session, found)
        shown = {
            "thread": found.thread,
            "practice": _chips()[found.thread.practice_id],
            "owner": found.owner,
            "form": form,
            "may_write": me().may_in(found.thread.practice_id, Permission.SEND_MESSAGES),
            "may_note": me().may_in(found.thread.practice_id, Permission.WRITE_INTERNAL_NOTES),
            **_said(found),
            **_about(session, found),
        }
        if not me().works_for_house:
            return render_template("messages/thread.html", **shown, back=url_for(".index"))
        return render_template("messages/show.html", **_threads(session), **shown)


def _said(found: Conversation) -> dict[str, Any]:
    return {
        "days": _by_day(found.messages),
        "participants": [user.name for user in found.participants],
        "stamp": found.stamp,
        "unread_from": found.unread_from,
    }


def _by_day(said: Iterable[Said]) -> list[dict[str, Any]]:
    """Group messages by the reader's own days."""

    def day(each: Said) -> date:
        return each.sent_at.astimezone(g.zone).date()

    return [{"day": key, "messages": list(group)} for key, group in groupby(said, day)]


def _about(session: Session, found: Conversation) -> dict[str, Any]:
    if found.thread.claim_id is None:
        return {"claim": None, "documents": ()}
    about = record(session, found.thread.claim_id, person=me())
    return {"claim": _card(about), "documents": _documents(session, about)}


def _documents(session: Session, about: Record) -> Sequence[beside.DocumentBeside]:
    return beside.documents_of(session, about.claim)


def _card(about: Record) -> dict[str, Any]:
    claim = about.claim
    return {
        "id": claim.id,
        "our_number": claim.our_number,
        "client_name": claim.client.name,
        "status": claim.status.value,
        "clearinghouse_number": about.clearinghouse_number,
        "payer_number": about.payer_number,
        "first_day": claim.first_day,
        "last_day": claim.last_day,
        "charge_amount": claim.charge_amount,
        "deadline_on": claim.filing_deadline_on,
    }
