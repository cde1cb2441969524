"""Messages: threads and their conversation, for the desk and for the phone."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.messages import Thread, ThreadState
from backoffice.rules.roles import Permission
from backoffice.services import messages
from backoffice.services.accounts import Person
from backoffice.services.messages import Box, Cursor, MessagingOffForYou
from backoffice.services.messages.refusals import SaidOtherwise
from backoffice.services.refusal import NotVisible, Refused
from backoffice.web import messages_shapes as shapes
from backoffice.web import uploads
from backoffice.web.access import needs
from backoffice.web.extensions import clock, me, work, work_on
from backoffice.web.filters import here
from backoffice.web.frame import acting_ids
from backoffice.web.messages_about import practice_at, row_at
from backoffice.web.messages_forms import DraftForm, ReplyForm, Said, SettleForm, StartForm
from backoffice.web.sessions import LIVE
from backoffice.web.thread_work_shapes import work_of

bp = Blueprint("messages", __name__, url_prefix="/messages")


@bp.record_once
def watching_is_not_working(state: BlueprintSetupState) -> None:
    """An open page that asks what is new does not keep anybody signed in."""
    state.app.config["NEVER_EXTENDS"].add("messages.fresh")
    state.app.jinja_env.filters["with_names"] = shapes.with_names


@bp.before_request
def say_that_it_is_off() -> None:
    """Whoever has messages switched off everywhere is told so, whatever they open."""
    person = me()
    if person.is_authenticated and person.silent and not _open_to(person):
        raise MessagingOffForYou


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
        return render_template("messages/fresh.html", thread=found.thread, **shapes.said(found))


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
    """Say something in a thread; what is refused stands in the form with all that was typed."""
    form = ReplyForm()
    if not form.validate_on_submit():
        return _show(thread_id, form), 422
    try:
        _bring(form, thread_id)
        with work_on(Thread, thread_id) as session:
            messages.reply(
                session,
                thread_id,
                by=me(),
                body=form.body.data,
                internal=form.is_internal,
                now=clock(),
                attached=form.attached_ids,
                once=form.once.data or "",
            )
    except Refused as refusal:
        _put(refusal, form)
        return _show(thread_id, form), 422
    return redirect(url_for(".show", thread_id=thread_id))


@bp.post("/<uuid:thread_id>/draft")
@needs(Permission.SEND_MESSAGES)
def draft(thread_id: UUID) -> ResponseReturnValue:
    """Keep what is being typed, so that nothing is lost by whatever happens to the page."""
    form, now = DraftForm(), clock()
    with work_on(Thread, thread_id) as session:
        messages.keep_draft(
            session,
            thread_id,
            by=me(),
            body=form.body.data or "",
            internal=form.internal.data == "1",
            now=now,
        )
    return "", 204


@bp.get("/<uuid:thread_id>/documents")
@needs(Permission.SEE_DOCUMENTS)
def offered(thread_id: UUID) -> ResponseReturnValue:
    """Give the newest documents of the practice to choose from, once somebody asks for them."""
    with work() as session:
        practice_id = messages.conversation(session, thread_id, me()).thread.practice_id
        found = messages.offered(session, practice_id, me())
        return render_template("messages/offered.html", offered=found)


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
@bp.route("/about/client/<uuid:client_id>", methods=["GET", "POST"])
@bp.route("/about/appointment/<uuid:appointment_id>", methods=["GET", "POST"])
@bp.route("/about/document/<uuid:document_id>", methods=["GET", "POST"])
@bp.route("/about/practice/<uuid:practice_id>", methods=["GET", "POST"])
@needs(Permission.SEND_MESSAGES)
def start(**about: UUID) -> ResponseReturnValue:
    """Begin a thread about a claim, a client, an appointment, a document or the practice."""
    ((name, row_id),) = about.items()
    form = StartForm()
    practice_id = practice_at(name, row_id)
    if not form.validate_on_submit():
        return _starting(form, practice_id, name, row_id)
    try:
        form.keep(_take(form, practice_id))
        with work(practice=practice_id) as session:
            thread = messages.start(
                session,
                row_at(session, name, row_id),
                by=me(),
                subject=form.subject.data,
                body=form.body.data,
                now=clock(),
                to=form.to,
                attached=form.attached_ids,
                once=form.once.data or "",
            )
    except Refused as refusal:
        _put(refusal, form)
        return _starting(form, practice_id, name, row_id)
    return redirect(url_for(".show", thread_id=thread.id))


def _open_to(person: Person) -> frozenset[UUID]:
    return person.practices_where(Permission.SEE_MESSAGES)


def _starting(form: StartForm, practice_id: UUID, name: str, row_id: UUID) -> ResponseReturnValue:
    """Show the form of a new thread, with all that was typed in it."""
    with work(practice=practice_id) as session:
        row = row_at(session, name, row_id)
        begun = None if form.is_submitted() else messages.first_words_of(session, row, me())
        if begun is not None:
            form.fill(begun)
        if not form.is_submitted() and isinstance(row, Claim):
            form.kind.data = messages.usual_kind(session, row, me()).value
        circle = messages.circle_of(session, practice_id)
        page = render_template(
            "messages/start.html",
            about=shapes.in_words(row),
            address=request.path,
            stands_for={"about": name, "row": row_id},
            draft_at=begun.saved_at if begun else None,
            back=shapes.where_it_stands(row),
            practice=_chips()[practice_id],
            form=form,
            usual=[
                each.name
                for each in circle.named(messages.who_hears(session, row, by=me()))
                if not each.is_staff or me().staff_in(practice_id)
            ],
            listeners=len(messages.who_hears(session, row, by=me())),
            may_upload=me().may_in(practice_id, Permission.ADD_DOCUMENTS),
            **shapes.correspondents(circle, practice_id),
        )
    return page, 422 if form.is_submitted() else 200


def _bring(form: ReplyForm, thread_id: UUID) -> None:
    """Take in the files that came with a reply; they are ticked should the form come back."""
    if not form.uploads:
        return
    with work_on(Thread, thread_id) as session:
        practice_id = messages.conversation(session, thread_id, me()).thread.practice_id
    form.keep(_take(form, practice_id))


def _take(form: Said, practice_id: UUID) -> list[UUID]:
    """Take in the files of a form, each as a document of its own; the message links them."""
    if form.uploads and not me().may_in(practice_id, Permission.ADD_DOCUMENTS):
        raise NotVisible
    return [
        uploads.take(
            upload,
            practice_id=practice_id,
            kind=form.kind_of_files,
            upload_id=form.upload_id(number),
        ).id
        for number, upload in enumerate(form.uploads)
    ]


def _put(refusal: Refused, form: Said) -> None:
    """Say at its field what was refused; at the words themselves where it is about no field."""
    if isinstance(refusal, SaidOtherwise):
        form.renew()  # or this form could never be sent
    at = "files" if refusal.field == "file" else refusal.field
    field = form[at] if at in form else form.body  # noqa: SIM401 - a form has no get
    field.errors = [*field.errors, refusal.words]


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
    lines = [shapes.in_list(line, chips[line.practice_id], now=now) for line in listing.lines]
    return {
        "threads": lines,
        "box": box.value,
        "box_counts": {each.value: count for each, count in counts.items()},
        "older": here(after=str(listing.older)) if listing.older else None,
    }


def _show(thread_id: UUID, form: ReplyForm) -> str:
    """Show a thread as it stood; from then on it counts as read."""
    page = _shown(thread_id, form)
    if LIVE in request.headers:  # a page that asks itself anew has not been read
        return page
    with work_on(Thread, thread_id) as session:
        messages.mark_read(session, thread_id, by=me(), now=clock())
    return page


def _shown(thread_id: UUID, form: ReplyForm) -> str:
    with work() as session:
        found = messages.conversation(session, thread_id, me())
        messages.put_on_record(session, found)
        begun = None if form.is_submitted() else messages.draft_of(session, found.thread, me())
        if begun is not None:
            form.body.data, form.internal.data = begun.body, "1" if begun.internal else ""
        about = shapes.about(session, found.thread)
        if not form.is_submitted() and about["claim"]:
            form.kind.data = about["claim"]["usual_kind"].value
        shown = {
            "thread": found.thread,
            "practice": _chips()[found.thread.practice_id],
            "owner": found.owner,
            "form": form,
            "draft_at": begun.saved_at if begun else None,
            **shapes.composing(session, found),
            **shapes.said(found),
            **about,
        }
        if not me().works_for_house:
            return render_template("messages/thread.html", **shown, back=url_for(".index"))
        of_work = work_of(session, found.thread)
        return render_template("messages/show.html", **_threads(session), **shown, work=of_work)
