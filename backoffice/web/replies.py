"""Canned replies: what somebody finds after a slash, and the pages where they are edited."""

from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField, TextAreaField

from backoffice.models.replies import CannedReply, HouseReply
from backoffice.rules.canned import Canned, MergeField
from backoffice.rules.roles import Permission
from backoffice.services.messages import canned
from backoffice.services.messages.canned import ReplyWrong
from backoffice.web.access import needs
from backoffice.web.extensions import clock, house_work, me, open_practices, work, work_on
from backoffice.web.fields import Form

bp = Blueprint("replies", __name__, url_prefix="/messages")


class ReplyForm(Form):
    """A reply's name and words; for which practice is chosen once."""

    practice = SelectField("For", validate_choice=False, choices=[])
    name = StringField("Name")
    body = TextAreaField("Reply")

    @property
    def reply(self) -> Canned:
        """Return what was typed."""
        return Canned(self.name.data or "", self.body.data or "")


class ShippedForm(Form):
    """The name of a shipped reply, as what is to become of it."""

    hide = StringField("Hide")
    bring_back = StringField("Bring back")


@bp.get("/<uuid:thread_id>/replies")
@needs(Permission.DO_TASKS)
def offer(thread_id: UUID) -> ResponseReturnValue:
    """Give the page of a thread its replies, filled in for it."""
    with work() as session:
        found = canned.offered(session, thread_id, me())
    return jsonify([{"name": each.name, "body": each.body} for each in found])


@bp.get("/replies")
@needs(Permission.EDIT_CANNED_REPLIES)
def index() -> ResponseReturnValue:
    """List all replies."""
    with work() as session:
        kept = canned.kept(session)
    return render_template(
        "messages/canned.html",
        kept=kept,
        practices_by_id={practice.id: practice for practice in me().practices},
    )


@bp.route("/replies/add", methods=["GET", "POST"])
@needs(Permission.EDIT_CANNED_REPLIES)
def add() -> ResponseReturnValue:
    """Keep a new reply, for all practices or for one."""
    form = ReplyForm()
    form.practice.choices = [("", "All practices")] + [
        (str(each.id), each.name) for each in me().practices if each.id in open_practices()
    ]
    if not form.is_submitted():
        return _page(form, url_for(".add"))
    practice_id = UUID(form.practice.data) if form.practice.data else None
    if form.practice.data not in {value for value, _ in form.practice.choices}:
        form.practice.errors = ["Choose one of these."]
        return _page(form, url_for(".add")), 422
    try:
        with house_work() if practice_id is None else work(practice=practice_id) as session:
            canned.add(session, practice_id, form.reply)
    except ReplyWrong as wrong:
        return _wrong(form, wrong, url_for(".add"))
    return _saved()


@bp.post("/replies/shipped")
@needs(Permission.EDIT_CANNED_REPLIES)
def shipped() -> ResponseReturnValue:
    """Put a reply that came with the house away, or offer it again."""
    form = ShippedForm()
    with house_work() as session:
        if form.hide.data:
            canned.hide(session, form.hide.data, now=clock())
        else:
            canned.bring_back(session, form.bring_back.data or "", now=clock())
    return _saved("Hidden" if form.hide.data else "Offered again")


@bp.route("/replies/<uuid:reply_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_CANNED_REPLIES)
def edit(reply_id: UUID) -> ResponseReturnValue:
    """Change a practice's reply."""
    address = url_for(".edit", reply_id=reply_id)
    withdraw_url = url_for(".withdraw", reply_id=reply_id)
    with work_on(CannedReply, reply_id) as session:
        row = canned.reply_of(session, reply_id)
        form = ReplyForm(data={"name": row.name, "body": row.body})
        if not form.is_submitted():
            return _page(form, address, row, withdraw_url)
        try:
            canned.change(session, row, form.reply)
        except ReplyWrong as wrong:
            return _wrong(form, wrong, address, row, withdraw_url)
    return _saved()


@bp.post("/replies/<uuid:reply_id>/withdraw")
@needs(Permission.EDIT_CANNED_REPLIES)
def withdraw(reply_id: UUID) -> ResponseReturnValue:
    """Take a practice's reply out of use."""
    with work_on(CannedReply, reply_id) as session:
        row = canned.reply_of(session, reply_id, out_of_use=True)
        canned.withdraw(session, row, now=clock())
    return _saved("Out of use")


@bp.route("/replies/house/<uuid:house_reply_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_CANNED_REPLIES)
def edit_house(house_reply_id: UUID) -> ResponseReturnValue:
    """Change a reply of the house."""
    address = url_for(".edit_house", house_reply_id=house_reply_id)
    withdraw_url = url_for(".withdraw_house", house_reply_id=house_reply_id)
    with house_work() as session:
        row = canned.house_reply_of(session, house_reply_id)
        form = ReplyForm(data={"name": row.name, "body": row.body})
        if not form.is_submitted():
            return _page(form, address, row, withdraw_url)
        try:
            canned.change(session, row, form.reply)
        except ReplyWrong as wrong:
            return _wrong(form, wrong, address, row, withdraw_url)
    return _saved()


@bp.post("/replies/house/<uuid:house_reply_id>/withdraw")
@needs(Permission.EDIT_CANNED_REPLIES)
def withdraw_house(house_reply_id: UUID) -> ResponseReturnValue:
    """Take a reply of the house out of use."""
    with house_work() as session:
        row = canned.house_reply_of(session, house_reply_id, out_of_use=True)
        canned.withdraw(session, row, now=clock())
    return _saved("Out of use")


def _page(
    form: ReplyForm,
    address: str,
    row: HouseReply | CannedReply | None = None,
    withdraw_url: str = "",
) -> str:
    return render_template(
        "messages/canned_edit.html",
        form=form,
        address=address,
        is_new=row is None,
        withdraw_url=withdraw_url,
        fields=[field.value for field in MergeField],
    )


def _wrong(
    form: ReplyForm,
    wrong: ReplyWrong,
    address: str,
    row: HouseReply | CannedReply | None = None,
    withdraw_url: str = "",
) -> ResponseReturnValue:
    form[wrong.field].errors = [wrong.words]
    return _page(form, address, row, withdraw_url), 422


def _saved(words: str = "Reply saved") -> ResponseReturnValue:
    flash(words, "done")
    return redirect(url_for(".index"))
