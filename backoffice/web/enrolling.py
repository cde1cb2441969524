"""Setting up a second factor: the first one right after the password, further ones later on."""

import io
from textwrap import wrap
from uuid import UUID

import segno
from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.factors import Factor
from backoffice.models.users import Level, User
from backoffice.services import accounts
from backoffice.services.accounts import Added
from backoffice.web import proving, step_up
from backoffice.web.access import half_signed_in, next_page
from backoffice.web.extensions import clock, house_work
from backoffice.web.known_browsers import remember
from backoffice.web.sessions import current
from backoffice.web.slowing import slow_failures

bp = Blueprint("enrolling", __name__, url_prefix="/enrol")

_APP = "app_being_set_up"
WRONG_PASSKEY = "Your browser's answer did not hold. Nothing was kept; try again."
WRONG_CODE = "That is not the code the app shows now. Check the phone's clock and try again."


@bp.get("/")
@half_signed_in
def choose() -> ResponseReturnValue:
    """Offer a passkey first, an authenticator app second."""
    if (asked := _ask_the_known()) is not None:
        return asked
    return _offer()


@bp.get("/qr.svg")
@half_signed_in
def code_to_scan() -> ResponseReturnValue:
    """Return the picture that an authenticator app is set up by; it holds the secret."""
    if (asked := _ask_the_known()) is not None:
        return asked
    with house_work() as unit:
        address = accounts.setup_address(_app(unit), account=_whose(unit).email)
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        picture, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False
    )
    return Response(picture.getvalue(), mimetype="image/svg+xml")


@bp.post("/passkey")
@half_signed_in
@slow_failures
def add_passkey() -> ResponseReturnValue:
    """Keep the passkey that the browser made."""
    if (asked := _ask_the_known()) is not None:
        return asked
    with house_work() as unit:
        _first_or_fresh(unit)
        added = accounts.add_made_passkey(
            unit,
            _user_id(),
            request.form.get("passkey", ""),
            token_hash=current().token_hash,
            site=proving.site(),
            now=clock(),
        )
    return _go_on(added, WRONG_PASSKEY)


@bp.post("/app")
@half_signed_in
@slow_failures
def add_app() -> ResponseReturnValue:
    """Keep the app once it gives the right code."""
    if (asked := _ask_the_known()) is not None:
        return asked
    with house_work() as unit:
        _first_or_fresh(unit)
        added = accounts.add_confirmed_app(
            unit,
            _user_id(),
            request.form.get("code", ""),
            begun=_begun(),
            token_hash=current().token_hash,
            now=clock(),
        )
    return _go_on(added, WRONG_CODE)


def _ask_the_known() -> ResponseReturnValue | None:
    """Whoever has a second factor proves it before another is added; None where nothing lacks."""
    if not current().is_half:
        return step_up.ask_unless_fresh()
    with house_work() as unit:
        has_one = bool(accounts.factors_of(unit, _user_id()))
    return redirect(url_for("accounts.factor")) if has_one else None


def _first_or_fresh(unit: Session) -> None:
    """Refuse a second first factor: with the password alone one is set up once."""
    if current().is_half:
        accounts.require_no_factor(unit, _user_id())


def _user_id() -> UUID:
    user_id = current().user_id
    if user_id is None:
        abort(401)
    return user_id


def _whose(unit: Session) -> User:
    return unit.get_one(User, _user_id())


def _begun() -> UUID | None:
    """Return the app that this very session began to set up."""
    begun = current().get(_APP)
    return UUID(begun) if begun else None


def _app(unit: Session) -> Factor:
    app = accounts.begin_app(unit, _user_id(), begun=_begun(), now=clock())
    if app.id != _begun():
        current()[_APP] = str(app.id)
    return app


def _offer(problem: str = "") -> str:
    with house_work() as unit:
        user, app = _whose(unit), _app(unit)
        passkey = accounts.offer_new(
            unit, user, token_hash=current().token_hash, site=proving.site(), now=clock()
        )
    return render_template(
        "accounts/enrol.html",
        passkey=passkey or "",
        secret=accounts.secret_of(app),
        in_fours=" ".join(wrap(accounts.secret_of(app), 4)),
        problem=problem,
        is_first=current().is_half,
        next=request.values.get("next", ""),
    )


def _go_on(added: Added | None, wrong: str) -> ResponseReturnValue:
    """Show the recovery codes with a first factor; it signs in fully. Else back to the account."""
    if added is None:
        return _offer(wrong), 401
    wanted = next_page(request.form.get("next")) if current().is_half else url_for("account.show")
    current().pop(_APP, None)
    current().rise_to(Level.FULL, _user_id(), factor_at=clock())
    if not added.recovery_codes:
        return redirect(wanted)
    page = render_template("accounts/recovery_codes.html", codes=added.recovery_codes, on=wanted)
    answer = Response(page)
    remember(answer, _user_id())
    return answer
