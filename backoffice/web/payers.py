"""Payers as all practices share them: which send payment reports, and so whose EOBs we ask for."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.rules.roles import Permission
from backoffice.services import eobs
from backoffice.services.refusal import Refused
from backoffice.web.access import needs
from backoffice.web.extensions import house_work

bp = Blueprint("payers", __name__, url_prefix="/payers")


@bp.get("/")
@needs(Permission.EDIT_PAYERS)
def index() -> ResponseReturnValue:
    """List the payers with what is asked of practices because of them."""
    with house_work() as session:
        return render_template("payers/index.html", payers=eobs.payers(session))


@bp.post("/reports")
@needs(Permission.EDIT_PAYERS)
def reports() -> ResponseReturnValue:
    """Say whether a payer sends payment reports."""
    payer_id = request.form.get("payer", type=UUID)
    if payer_id is None:
        raise Refused("Choose a payer.")
    with house_work() as session:
        payer = eobs.set_payment_reports(
            session, payer_id, sends=request.form.get("sends") == "yes"
        )
        words = "sends payment reports" if payer.era_supported else "sends none: EOBs are asked for"
        flash(f"{payer.short_name} {words}.", "done")
    return redirect(url_for(".index"))
