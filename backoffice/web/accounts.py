"""Signing in and out."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from backoffice.models.users import Level
from backoffice.services import accounts
from backoffice.web.access import next_page, public, signed_in
from backoffice.web.accounts_forms import SignInForm
from backoffice.web.extensions import clock, house_work
from backoffice.web.sessions import current

bp = Blueprint("accounts", __name__)

WRONG = "Email or password is wrong, or there were too many tries. Wait a little, then try again."


@bp.get("/")
@signed_in
def home() -> ResponseReturnValue:
    """Go to the first page."""
    return redirect(next_page(None))


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Ask who it is; a new token at success."""
    form = SignInForm()
    wanted = request.values.get("next", "")
    if not form.validate_on_submit():
        return render_template("accounts/sign_in.html", form=form, problem="", next=wanted)
    with house_work() as unit:
        user = accounts.sign_in(
            unit, email=form.email.data, password=form.password.data, now=clock()
        )
    if user is None:
        page = render_template("accounts/sign_in.html", form=form, problem=WRONG, next=wanted)
        return page, 401
    current().rise_to(Level.FULL, user.id, factor_at=clock(), epoch=user.session_epoch)
    return redirect(next_page(wanted))


@bp.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End this session."""
    current().end()
    answer = redirect(url_for(".sign_in"))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@bp.get("/health")
@public
def health() -> ResponseReturnValue:
    """Say that the portal answers and its database does."""
    with house_work() as unit:
        unit.execute(text("SELECT 1"))
    return {"ok": True}
