"""Signing in, in two steps, and out; proving oneself again."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from werkzeug.wrappers import Response

from backoffice.models.users import Level, User
from backoffice.services import accounts, notifications
from backoffice.web import proving, step_up
from backoffice.web.access import half_signed_in, next_page, public, signed_in
from backoffice.web.accounts_forms import SignInForm
from backoffice.web.extensions import clock, house_work
from backoffice.web.known_browsers import known_browser, remember
from backoffice.web.sessions import current
from backoffice.web.slowing import slow_failures

bp = Blueprint("accounts", __name__)

WRONG = "Email or password is wrong, or there were too many tries. Wait a little, then try again."


@bp.get("/")
@signed_in
def home() -> ResponseReturnValue:
    """Go to the first page."""
    return redirect(next_page(None))


@bp.route("/sign-in", methods=["GET", "POST"])
@public
@slow_failures
def sign_in() -> ResponseReturnValue:
    """Ask for the password: the first of two steps."""
    form, wanted = SignInForm(), request.values.get("next", "")
    if not form.validate_on_submit():
        return _asked_for_password(form, wanted)
    if _gave_password(form) is None:
        return _asked_for_password(form, wanted, problem=WRONG), 401
    return redirect(url_for(".factor", next=wanted or None))


def _asked_for_password(form: SignInForm, wanted: str, *, problem: str = "") -> str:
    ended = request.args.get("ended") == "idle"
    return render_template(
        "accounts/sign_in.html", form=form, problem=problem, next=wanted, ended=ended
    )


def _gave_password(form: SignInForm) -> User | None:
    """Look at a password while no transaction is open: it takes a tenth of a second."""
    email = form.email.data or ""
    with house_work() as unit:
        attempt = accounts.begin_sign_in(unit, email=email, browser=known_browser(), now=clock())
    if attempt is None:
        return None
    checked = attempt.check(form.password.data or "")
    with house_work() as unit:
        user = accounts.finish_sign_in(unit, attempt, checked, now=clock())
    if user is not None:
        current().rise_to(Level.PASSWORD, user.id, epoch=attempt.epoch)
    return user


@bp.route("/sign-in/factor", methods=["GET", "POST"])
@half_signed_in
@slow_failures
def factor() -> ResponseReturnValue:
    """Ask for the second factor; who has none sets one up."""
    stored, wanted = current(), request.values.get("next", "")
    if stored.user_id is None or not stored.is_half:
        return redirect(next_page(wanted))
    if request.method == "POST" and proving.holds(stored.user_id):
        stored.rise_to(Level.FULL, stored.user_id, factor_at=clock())
        _tell_of_new_browser(stored.user_id)
        answer: Response = redirect(next_page(wanted))
        remember(answer, stored.user_id)
        return answer
    ways = proving.ways(stored.user_id)
    if ways is None:
        return redirect(url_for("enrolling.choose", next=wanted or None))
    problem = proving.WRONG if request.method == "POST" else ""
    page = render_template("accounts/factor.html", ways=ways, problem=problem, next=wanted)
    return page, 401 if problem else 200


def _tell_of_new_browser(user_id: UUID) -> None:
    """Tell somebody by mail, where this browser was not known as theirs."""
    known = known_browser()
    if known is None or known.user_id != user_id:
        with house_work() as unit:
            notifications.new_sign_in(unit, user_id, now=clock())


@bp.route("/step-up", methods=["GET", "POST"], endpoint="step_up")
@signed_in
@slow_failures
def prove_again() -> ResponseReturnValue:
    """Ask for the second factor again, then go on to where one was going."""
    wanted = request.values.get("next", "")
    kept = [("next", wanted)]
    if request.method == "GET":
        return step_up.asking_page(url_for(".step_up"), typed=kept)
    if not step_up.prove_again():
        return step_up.asking_page(url_for(".step_up"), typed=kept, problem=proving.WRONG), 403
    return redirect(next_page(wanted))


@bp.post("/sign-out")
@half_signed_in
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
