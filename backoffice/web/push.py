"""Browsers that their owner has told by push: begun and ended on the account page."""

from typing import cast
from uuid import UUID

from flask import Blueprint, Flask, Response, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.gateways.push import NoPushAddress, Push
from backoffice.services import push
from backoffice.web.access import public, signed_in
from backoffice.web.agents import browser_in_words
from backoffice.web.extensions import clock, house_work, me

bp = Blueprint("push", __name__)

PUSH = "cleanclaim.push"


@bp.get("/sw.js")
@public
def worker() -> Response:
    """Give the script that shows a push; from the root, for it answers for the whole portal."""
    return current_app.send_static_file("sw.js")


@bp.post("/account/push")
@signed_in
def start() -> ResponseReturnValue:
    """Tell the browser at this address from now on."""
    gateway, endpoint = _push(), request.form.get("endpoint", "")
    if gateway is None:
        abort(404)
    try:
        gateway.require_address(endpoint)
    except NoPushAddress:
        return {"problem": "This browser's push service is not one that we know."}, 422
    browser = browser_in_words(request.headers.get("User-Agent", ""))
    with house_work() as unit:
        push.subscribe(unit, me().id, endpoint, browser=browser, now=clock())
    flash("This browser is told from now on", "done")
    return "", 204


@bp.post("/account/push/stop")
@signed_in
def stop() -> ResponseReturnValue:
    """Tell the browser at this address no longer."""
    with house_work() as unit:
        push.stop(unit, me().id, request.form.get("endpoint", ""))
    flash("This browser is told no longer", "done")
    return "", 204


@bp.post("/account/push/<uuid:subscription_id>/stop")
@signed_in
def stop_one(subscription_id: UUID) -> ResponseReturnValue:
    """Tell one of one's browsers no longer."""
    with house_work() as unit:
        push.stop_one(unit, me().id, subscription_id)
    flash("That browser is told no longer", "done")
    return redirect(url_for("account.show"))


def push_key() -> str | None:
    """Return what a browser needs to take our knocks alone; None where there is no push."""
    gateway = _push()
    return gateway.public_key if gateway else None


def _push() -> Push | None:
    return cast("Push | None", current_app.extensions[PUSH])


def register(app: Flask, gateway: Push | None) -> None:
    """Give the app what knows push addresses; None where no key is given."""
    app.extensions[PUSH] = gateway
