"""Links from mails, and asking for one: open to all, each link for one use."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.routing import BaseConverter

from backoffice.models.people import LinkKind
from backoffice.services.audit import act_as
from backoffice.services.people import inviting, links, opening
from backoffice.services.people.inviting import Invited
from backoffice.services.refusal import Refused
from backoffice.services.work import unit_of_work
from backoffice.web.access import freshly_proved, public, signed_in
from backoffice.web.extensions import actor, clock, house_work, me, session_factory
from backoffice.web.fields import Form
from backoffice.web.people_forms import EmailForm, JoinForm, PasswordForm
from backoffice.web.sessions import current
from backoffice.web.slowing import slow_asking

bp = Blueprint("links", __name__)


class SecretConverter(BaseConverter):
    """The secret of a link, as services/people/tokens makes them: 43 characters, no words."""

    regex = r"[A-Za-z0-9_-]{43}"


@bp.record_once
def know_secrets(state: BlueprintSetupState) -> None:
    """Let addresses hold the secret of a link, and nothing freer than that."""
    state.app.url_map.converters["secret"] = SecretConverter


@bp.route("/forgot", methods=["GET", "POST"])
@public
@slow_asking
def forgot() -> ResponseReturnValue:
    """Mail a link for a new password; the answer is the same whoever asks for whomever."""
    form = EmailForm()
    asked = form.validate_on_submit()
    if asked:
        with house_work() as session:
            links.ask_reset(session, form.email.data, now=clock())
    return render_template("links/forgot.html", form=form, asked=asked)


@bp.route("/link/<secret:token>", methods=["GET", "POST"])
@public
def follow(token: str) -> ResponseReturnValue:
    """Do what a link from a mail is for, once the page behind it says so."""
    by = me() if current_user.is_authenticated else None
    with house_work() as session:
        found = opening.opened(session, token, by=by, now=clock())
    if isinstance(found, Invited):
        return _join(token, found)
    return _reset(token) if found is LinkKind.RESET else _confirm(token)


@bp.route("/account/email", methods=["GET", "POST"])
@signed_in
@freshly_proved
def change_email() -> ResponseReturnValue:
    """Mail a link to a new address; the old one stays until the link is opened."""
    form = EmailForm()
    asked = form.validate_on_submit()
    if asked:
        with house_work() as session:
            links.ask_email_change(session, me().id, email=form.email.data, now=clock())
    return render_template("links/change_email.html", form=form, asked=asked)


def _join(token: str, invited: Invited) -> ResponseReturnValue:
    if invited.has_account:
        return _join_as_known(token, invited)
    form = JoinForm(name=invited.name)
    if form.validate_on_submit() and _joined(token, form):
        flash("Your account is ready. Sign in and set up your second factor.", "done")
        return redirect(url_for("accounts.sign_in"))
    return _page("links/join.html", form, token=token, invited=invited)


def _join_as_known(token: str, invited: Invited) -> ResponseReturnValue:
    """Let somebody who has an account take the place once they have signed in fully."""
    form = Form()
    signed_in = current_user.is_authenticated
    if signed_in and form.validate_on_submit():
        with _joining(token) as session:
            inviting.accept(session, token, by=me(), now=clock())
        current().renew()
        flash("You have joined.", "done")
        return redirect(url_for("accounts.home"))
    return _page("links/join_known.html", form, token=token, invited=invited, here=signed_in)


def _joined(token: str, form: JoinForm) -> bool:
    try:
        with _joining(token) as session:
            inviting.accept_as_new(
                session, token, password=form.password.data, name=form.name.data, now=clock()
            )
    except Refused as refusal:
        return _said(form, refusal)
    return True


def _reset(token: str) -> ResponseReturnValue:
    form = PasswordForm()
    if form.validate_on_submit() and _was_reset(token, form):
        flash("Your password is new. Sign in with it and with your second factor.", "done")
        return redirect(url_for("accounts.sign_in"))
    return _page("links/reset.html", form, token=token)


def _was_reset(token: str, form: PasswordForm) -> bool:
    try:
        with house_work() as session:
            links.reset_password(session, token, password=form.password.data, now=clock())
    except Refused as refusal:
        return _said(form, refusal)
    return True


def _confirm(token: str) -> ResponseReturnValue:
    form = Form()
    if form.validate_on_submit():
        with house_work() as session:
            links.confirm_email(session, token, now=clock())
        flash("Your email address is changed. Sign in with it.", "done")
        return redirect(url_for("accounts.sign_in"))
    return _page("links/email.html", form, token=token)


def _said(form: PasswordForm, refusal: Refused) -> bool:
    """Put a refusal where its cause was typed; one about the link itself is a page of its own."""
    if refusal.field not in form:
        raise refusal
    form[refusal.field].errors = [refusal.words]
    return False


def _page(template: str, form: Form, **shown: object) -> ResponseReturnValue:
    return render_template(template, form=form, **shown), 422 if form.errors else 200


@contextmanager
def _joining(token: str) -> Iterator[Session]:
    """Work for the house and for the practices that an invitation names."""
    with house_work() as session:
        practices = inviting.practices_invited_to(session, token, now=clock())
    with unit_of_work(session_factory(), practices=practices, house=True) as session:
        act_as(session, actor())
        yield session
