"""One identifier whole, for a reason: asked for by POST, shown once, kept by nobody."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectChoice

from backoffice.models.base import PracticeRow
from backoffice.models.claims import Claim
from backoffice.models.clients import Client, Policy
from backoffice.models.remittances import Remittance
from backoffice.rules.roles import Identifier, Permission
from backoffice.services import identifiers
from backoffice.services.identifiers import Kept, Why
from backoffice.web.access import needs
from backoffice.web.extensions import me, work, work_on
from backoffice.web.people_forms import RevealForm

bp = Blueprint("identifiers", __name__, url_prefix="/identifiers")


@bp.app_template_filter("identifier")
def as_shown(value: str | None, kind: str, practice_id: UUID) -> str:
    """Word an identifier of a practice's row as far as its reader's role there sees it unasked."""
    return identifiers.as_shown(value, me(), practice_id, Identifier(kind))


REASONS = {
    Why.PAYER_ASKS: "A payer asks for it",
    Why.COMPARE_CARD: "To compare it with a card or letter",
    Why.CORRECT_RECORD: "To correct what we have",
    Why.MATCH_DEPOSIT: "To find a deposit at the bank",
    Why.PRACTICE_ASKS: "The practice asks for it",
}


@bp.route("/clients/<uuid:client_id>/ssn", methods=["GET", "POST"])
@needs(Permission.SEE_FULL_IDENTIFIERS)
def ssn(client_id: UUID) -> ResponseReturnValue:
    """Show a client's Social Security number."""
    back = url_for("clients.show", client_id=client_id)
    return _ask(Client, client_id, lambda unit: identifiers.ssn_of(unit, client_id, me()), back)


@bp.route("/policies/<uuid:policy_id>/member-id", methods=["GET", "POST"])
@needs(Permission.SEE_FULL_IDENTIFIERS)
def member_id(policy_id: UUID) -> ResponseReturnValue:
    """Show a policy's member ID."""
    back = url_for("clients.index")
    return _ask(
        Policy, policy_id, lambda unit: identifiers.member_id_of(unit, policy_id, me()), back
    )


@bp.route("/claims/<uuid:claim_id>/tax-id", methods=["GET", "POST"])
@needs(Permission.SEE_FULL_IDENTIFIERS)
def tax_id(claim_id: UUID) -> ResponseReturnValue:
    """Show the tax ID that a claim is billed under."""
    back = url_for("claims.show", claim_id=claim_id, tab="details")
    return _ask(Claim, claim_id, lambda unit: identifiers.tax_id_of(unit, claim_id, me()), back)


@bp.route("/remittances/<uuid:remittance_id>/trace", methods=["GET", "POST"])
@needs(Permission.SEE_BANK_DATA)
def trace_number(remittance_id: UUID) -> ResponseReturnValue:
    """Show the bank's trace number of a payment."""
    back = url_for("remittances.show", remittance_id=remittance_id)
    return _ask(
        Remittance,
        remittance_id,
        lambda unit: identifiers.trace_number_of(unit, remittance_id),
        back,
    )


def _ask(
    model: type[PracticeRow], row_id: UUID, find: Callable[[Session], Kept], back: str
) -> ResponseReturnValue:
    """Ask why; with a reason, show the value once. The record is part of the same transaction."""
    form = RevealForm()
    form.reason.choices = [SelectChoice(why.value, words) for why, words in REASONS.items()]
    whole = ""
    if form.validate_on_submit():
        with work_on(model, row_id) as session:
            kept = find(session)
            whole = identifiers.reveal(session, kept, by=me(), reason=form.reason.data)
    else:
        with work() as session:
            kept = find(session)
    return render_template("identifiers/show.html", kept=kept, form=form, whole=whole, back=back)
