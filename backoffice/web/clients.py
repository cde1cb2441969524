"""Clients: found by name, shown with all we know, edited where each value stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.clients import Authorization, Client, Policy
from backoffice.rules.codes import SELF
from backoffice.rules.readiness import Subject
from backoffice.rules.roles import Identifier, Permission, Shown
from backoffice.services import clients, retention, supplying
from backoffice.services.access import one_under
from backoffice.services.identifiers import HIDDEN, as_shown
from backoffice.services.refusal import ChangedElsewhere
from backoffice.services.typed_values import WrongValue
from backoffice.services.unbilled import reach
from backoffice.services.unbilled.missing import Lack
from backoffice.web.access import needs
from backoffice.web.appointments_forms import choices_of, form_for, say_wrong
from backoffice.web.extensions import clock, me, work, work_on
from backoffice.web.fields import Form

bp = Blueprint("clients", __name__, url_prefix="/clients")

FORMS: Mapping[Subject, type[Form]] = {
    kind: form_for(f"{kind.name.title()}Form", tuple(blanks))
    for kind, blanks in clients.BLANKS.items()
}
HANGS_ON_A_CLIENT: Mapping[Subject, type[Policy | Authorization]] = {
    Subject.POLICY: Policy,
    Subject.AUTHORIZATION: Authorization,
}
SAVED = {
    Subject.CLIENT: "Client saved",
    Subject.POLICY: "Policy saved",
    Subject.AUTHORIZATION: "Authorization saved",
}


@dataclass(frozen=True)
class Typed:
    """What somebody typed into one record's form and why it was not saved."""

    kind: Subject
    row_id: UUID
    form: Form
    conflict: bool


@bp.route("", methods=["GET", "POST"])
@needs(Permission.SEE_CLIENTS)
def index() -> ResponseReturnValue:
    """Find a client by name; the name is posted, so that it stands in no address and no log."""
    words = request.form.get("q", "")
    with work() as session:
        found = reach.clients_met(session, clients.found(session, words), me())
    practices = {practice.id: practice for practice in me().practices}
    return render_template(
        "clients/index.html", found=found, words=words, practices_by_id=practices
    )


@bp.get("/<uuid:client_id>")
@needs(Permission.SEE_CLIENTS)
def show(client_id: UUID) -> ResponseReturnValue:
    """Show one client, what is missing on top."""
    return _page(client_id)


@bp.post("/<uuid:client_id>")
@needs(Permission.EDIT_CLIENTS)
def save(client_id: UUID) -> ResponseReturnValue:
    """Save the person."""
    return _save(client_id, Subject.CLIENT, client_id)


@bp.post("/<uuid:client_id>/policies/<uuid:policy_id>")
@needs(Permission.EDIT_CLIENTS)
def save_policy(client_id: UUID, policy_id: UUID) -> ResponseReturnValue:
    """Save one policy, the insured person included."""
    return _save(client_id, Subject.POLICY, policy_id)


@bp.post("/<uuid:client_id>/authorizations/<uuid:authorization_id>")
@needs(Permission.EDIT_CLIENTS)
def save_authorization(client_id: UUID, authorization_id: UUID) -> ResponseReturnValue:
    """Save one authorization."""
    return _save(client_id, Subject.AUTHORIZATION, authorization_id)


@bp.post("/<uuid:client_id>/policies")
@needs(Permission.EDIT_CLIENTS)
def add_policy(client_id: UUID) -> ResponseReturnValue:
    """Begin a policy."""
    with work_on(Client, client_id) as session:
        policy = clients.add_policy(session, client_id, now=clock())
    flash("Policy added: fill it in", "done")
    return redirect(url_for(".show", client_id=client_id, _anchor=f"policy-{policy.id}"))


@bp.post("/<uuid:client_id>/policies/<uuid:policy_id>/withdraw")
@needs(Permission.EDIT_CLIENTS)
def withdraw_policy(client_id: UUID, policy_id: UUID) -> ResponseReturnValue:
    """Take a policy out of use, with a reason."""
    reason = request.form.get("reason", "")
    with work_on(Policy, policy_id) as session:
        one_under(session, Policy, policy_id, client_id=client_id)
        clients.withdraw_policy(session, policy_id, reason=reason, now=clock())
    flash("Policy withdrawn", "done")
    return redirect(url_for(".show", client_id=client_id))


@bp.post("/<uuid:client_id>/policies/<uuid:policy_id>/authorizations")
@needs(Permission.EDIT_CLIENTS)
def add_authorization(client_id: UUID, policy_id: UUID) -> ResponseReturnValue:
    """Add an authorization to a policy; it becomes the active one."""
    with work_on(Policy, policy_id) as session:
        one_under(session, Policy, policy_id, client_id=client_id)
        made = clients.add_authorization(session, policy_id, {}, now=clock())
    flash("Authorization added: fill it in", "done")
    return redirect(url_for(".show", client_id=client_id, _anchor=f"authorization-{made.id}"))


def _save(client_id: UUID, kind: Subject, row_id: UUID) -> ResponseReturnValue:
    form = _form(kind, row_id)
    version = request.form.get("version", type=int)
    values = {name: value or "" for name, value in form.data.items() if name != "csrf_token"}
    try:
        with work_on(Client, client_id) as session:
            reach.client_for(session, client_id, me())
            if kind in HANGS_ON_A_CLIENT:
                one_under(session, HANGS_ON_A_CLIENT[kind], row_id, client_id=client_id)
            clients.save(session, kind, row_id, values, version=version, now=clock())
    except WrongValue as wrong:
        say_wrong(form, wrong)
        return _page(client_id, Typed(kind, row_id, form, conflict=False)), 422
    except ChangedElsewhere:
        return _page(client_id, Typed(kind, row_id, form, conflict=True)), 409
    flash(SAVED[kind], "done")
    return redirect(url_for(".show", client_id=client_id))


def _form(kind: Subject, row_id: UUID) -> Form:
    """Read one record's form; several stand on a page, so each has its own prefix."""
    form = FORMS[kind](prefix=f"{kind.value}-{row_id}")
    _offer_payers(form)
    return form


def _blank_form(kind: Subject, row_id: UUID, shown: Mapping[str, str]) -> Form:
    form = FORMS[kind](formdata=None, data=shown, prefix=f"{kind.value}-{row_id}")
    _offer_payers(form)
    return form


def _offer_payers(form: Form) -> None:
    if "payer_id" in form:
        with work() as session:
            form["payer_id"].choices = choices_of(clients.payers(session))


def _page(client_id: UUID, typed: Typed | None = None) -> str:
    with work() as session:
        reach.client_for(session, client_id, me())
        record = clients.record(session, client_id, person=me())
        is_held = retention.is_held(session, record.practice.id, client_id)

    def form_of(kind: Subject, row: clients.Row) -> Form:
        if typed is not None and (typed.kind, typed.row_id) == (kind, row.id):
            return typed.form
        values = clients.shown(kind, row)
        if values.get("member_id"):
            values["member_id"] = as_shown(
                values["member_id"], me(), record.practice.id, Identifier.MEMBER_ID
            )
        return _blank_form(kind, row.id, values)

    return render_template(
        "clients/show.html",
        client=record.client,
        practice=next(each for each in me().practices if each.id == record.practice.id),
        form=form_of(Subject.CLIENT, record.client),
        policies=[
            _policy(record, each, form_of(Subject.POLICY, each), form_of)
            for each in record.policies
        ],
        findings=[{"lack": lack, "anchor": _anchor(lack)} for lack in record.lacks],
        blocks=record.blocks,
        appointments=record.appointments,
        conflict=_conflict(record, typed),
        ssn=_ssn(record),
        is_held=is_held,
        may_edit=me().may_in(record.practice.id, Permission.EDIT_CLIENTS),
    )


def _ssn(record: clients.Record) -> str:
    """Return the end of the SSN for whose work it is; never more than that."""
    shown = me().shown(record.practice.id, Identifier.SSN)
    last = record.client.ssn_last4
    return f"{HIDDEN}{last}" if last and shown is not Shown.NONE else ""


def _policy(
    record: clients.Record,
    policy: Policy,
    form: Form,
    form_of: Callable[[Subject, clients.Row], Form],
) -> dict[str, Any]:
    return {
        "policy": policy,
        "payer_name": policy.payer.name if policy.payer else "",
        "form": form,
        "insured_open": policy.relationship_code != SELF,
        "authorizations": [
            {"row": each, "form": form_of(Subject.AUTHORIZATION, each)}
            for each in record.authorizations
            if each.policy_id == policy.id
        ],
    }


def _anchor(lack: Lack) -> str:
    """Return the id of the field that a finding is about, else of its record."""
    record = f"{lack.kind.value}-{lack.subject_id}"
    blanks = supplying.blanks_for(lack.kind, lack.finding.field)
    return f"{record}-{blanks[0].name}" if blanks else record


def _conflict(record: clients.Record, typed: Typed | None) -> list[dict[str, str]]:
    """Return what stands saved now where it differs from what was typed."""
    if typed is None or not typed.conflict:
        return []
    rows: list[clients.Row] = [record.client, *record.policies, *record.authorizations]
    row = next((each for each in rows if each.id == typed.row_id), None)
    saved = clients.shown(typed.kind, row) if row is not None else {}
    return [
        {"label": typed.form[name].label.text, "saved": value}
        for name, value in saved.items()
        if (typed.form[name].data or "") != value
    ]
