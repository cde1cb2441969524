"""One's own account: second factors, password, open sessions; and how long this one lasts."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.services import accounts, push
from backoffice.services.accounts import PasswordRefused
from backoffice.web.access import freshly_proved, signed_in
from backoffice.web.accounts_forms import FactorNameForm, NewPasswordForm
from backoffice.web.extensions import clock, house_work, me
from backoffice.web.push import push_key
from backoffice.web.sessions import current

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("/")
@signed_in
def show() -> ResponseReturnValue:
    """Show factors, password and sessions."""
    return _page(NewPasswordForm(formdata=None))


def _page(form: NewPasswordForm) -> str:
    person, token_hash = me(), current().token_hash
    with house_work() as unit:
        return render_template(
            "accounts/account.html",
            factors=accounts.factors_of(unit, person.id),
            codes_left=accounts.codes_left(unit, person.id),
            sessions=accounts.open_sessions(unit, person.id, token_hash=token_hash, now=clock()),
            form=form,
            pushed=push.subscriptions_of(unit, person.id),
            push_key=push_key(),
        )


@bp.post("/factors/<uuid:factor_id>/name")
@signed_in
def rename(factor_id: UUID) -> ResponseReturnValue:
    """Give a factor another name."""
    form = FactorNameForm()
    if form.validate():
        with house_work() as unit:
            accounts.rename_factor(unit, me().id, factor_id, form.name.data)
        flash("Name saved", "done")
    return redirect(url_for(".show"))


@bp.post("/factors/<uuid:factor_id>/remove")
@signed_in
@freshly_proved
def remove(factor_id: UUID) -> ResponseReturnValue:
    """Remove a factor, but not the last; all other sessions end."""
    with house_work() as unit:
        accounts.remove_factor(
            unit, me().id, factor_id, token_hash=current().token_hash, now=clock()
        )
    flash("Removed; your other sessions have ended", "done")
    return redirect(url_for(".show"))


@bp.post("/recovery-codes")
@signed_in
@freshly_proved
def renew_codes() -> ResponseReturnValue:
    """Make ten new recovery codes and show them once."""
    with house_work() as unit:
        codes: Sequence[str] = accounts.renew_recovery_codes(unit, me().id, now=clock())
    return render_template("accounts/recovery_codes.html", codes=codes, on=url_for(".show"))


@bp.post("/password")
@signed_in
@freshly_proved
def change_password() -> ResponseReturnValue:
    """Change the password; all other sessions end."""
    form = NewPasswordForm()
    if not form.validate():
        return _page(form), 422
    refused = None
    with house_work() as unit:
        try:
            accounts.change_password(
                unit,
                me().id,
                old=form.old_password.data,
                new=form.new_password.data,
                about=[practice.name for practice in me().practices],
                keep=current().token_hash,
                now=clock(),
            )
        except PasswordRefused as problem:
            refused = problem  # a wrong old password counts, so this unit commits
    if refused is not None:
        form.refuse(refused)
        return _page(form), 422
    current().renew()
    flash("Password changed; your other sessions have ended", "done")
    return redirect(url_for(".show"))


@bp.post("/sessions/<uuid:sign_in_id>/end")
@signed_in
def end_one(sign_in_id: UUID) -> ResponseReturnValue:
    """End one of one's own sessions."""
    with house_work() as unit:
        accounts.end_one_session(unit, me().id, sign_in_id, now=clock())
    flash("That session has ended", "done")
    return redirect(url_for(".show"))


@bp.post("/sessions/end-others")
@signed_in
def end_others() -> ResponseReturnValue:
    """End all of one's sessions but this one."""
    with house_work() as unit:
        accounts.end_sessions(
            unit,
            me().id,
            reason="ended_by_owner",
            now=clock(),
            except_token_hash=current().token_hash,
        )
    flash("Your other sessions have ended", "done")
    return redirect(url_for(".show"))


@bp.get("/session")
@signed_in
def time_left() -> ResponseReturnValue:
    """Say how many seconds this session has left; asking does not extend it."""
    return {"left": current().seconds_left(clock())}


@bp.post("/session")
@signed_in
def stay() -> ResponseReturnValue:
    """Stay signed in: this request is activity, so the session has its 15 minutes again."""
    return {"left": current().seconds_left(clock())}
