"""What left the house about a client, and what the client consented to (42 CFR Part 2)."""

from collections.abc import Iterator
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.clients import Client
from backoffice.models.contract import Consent, Disclosure, DisclosureBasis
from backoffice.rules.dates import today_in
from backoffice.rules.part2 import NOTICE, SHORT_NOTICE, ConsentKind
from backoffice.rules.roles import Permission
from backoffice.services import audit, consenting, consents, disclosures
from backoffice.services.access import one
from backoffice.services.consenting import ConsentWrong, Signed
from backoffice.services.disclosures import Accounting, DisclosureWrong, Line, Told
from backoffice.services.exporting import Cell
from backoffice.services.refusal import NotVisible, Refused
from backoffice.services.unbilled import reach
from backoffice.web.access import freshly_proved, needs
from backoffice.web.disclosures_forms import (
    BASES,
    KINDS,
    ConsentForm,
    DisclosureForm,
    FlagForm,
    RevokeForm,
    WithdrawForm,
)
from backoffice.web.downloads import asked_form, table
from backoffice.web.extensions import clock, me, work, work_on
from backoffice.web.fields import Form

bp = Blueprint("disclosures", __name__, url_prefix="/clients/<uuid:client_id>")

HEAD = ("listed", "day", "recipient", "address", "what", "purpose")


@bp.get("/disclosures")
@needs(Permission.SEE_DISCLOSURES)
def index(client_id: UUID) -> ResponseReturnValue:
    """Show a client's accounting, made to be printed."""
    return _accounting_page(client_id, DisclosureForm(formdata=None))


@bp.get("/disclosures/file")
@needs(Permission.SEE_DISCLOSURES)
@freshly_proved
def download(client_id: UUID) -> ResponseReturnValue:
    """Give a client's accounting as a file."""
    form = asked_form()
    with work() as session:
        reach.client_for(session, client_id, me())
        found = disclosures.accounting(session, client_id, now=clock())
    return table(f"disclosures-{client_id}", HEAD, _rows(found), form=form)


@bp.post("/disclosures")
@needs(Permission.RECORD_DISCLOSURES)
def add(client_id: UUID) -> ResponseReturnValue:
    """Write a disclosure down."""
    form = DisclosureForm()
    if not form.validate() or form.disclosed_on.data is None:
        return _accounting_page(client_id, form), 422
    told = Told(
        disclosed_on=form.disclosed_on.data,
        recipient=form.recipient.data,
        what=form.what.data,
        purpose=form.purpose.data,
        basis=DisclosureBasis(form.basis.data),
        recipient_address=form.recipient_address.data or "",
        silent_until=form.silent_until.data,
    )
    try:
        with work_on(Client, client_id) as session:
            reach.client_for(session, client_id, me())
            disclosures.write_down(session, client_id, told, by=me().id, now=clock())
    except DisclosureWrong as wrong:
        _say(form, wrong)
        return _accounting_page(client_id, form), 422
    flash("Disclosure written down", "done")
    return redirect(url_for(".index", client_id=client_id))


@bp.post("/disclosures/<uuid:disclosure_id>/withdraw")
@needs(Permission.RECORD_DISCLOSURES)
def withdraw(client_id: UUID, disclosure_id: UUID) -> ResponseReturnValue:
    """Take out what was written down by mistake."""
    form = WithdrawForm()
    with work_on(Disclosure, disclosure_id) as session:
        if one(session, Disclosure, disclosure_id).client_id != client_id:
            raise NotVisible
        reason = form.reason.data or ""
        disclosures.withdraw(session, disclosure_id, reason=reason, now=clock())
    flash("Disclosure withdrawn", "done")
    return redirect(url_for(".index", client_id=client_id))


@bp.get("/consents")
@needs(Permission.SEE_CLIENTS)
def consents_of(client_id: UUID) -> ResponseReturnValue:
    """Show whether a client's records are under Part 2, and the consents."""
    return _consents_page(client_id, ConsentForm(formdata=None))


@bp.post("/part2")
@needs(Permission.EDIT_CLIENTS)
def flag(client_id: UUID) -> ResponseReturnValue:
    """Flag a client's records, or take the flag off."""
    form = FlagForm()
    with work_on(Client, client_id) as session:
        reach.client_for(session, client_id, me())
        consenting.mark(session, client_id, is_part2=form.is_part2.data, now=clock())
    flash("Saved", "done")
    return redirect(url_for(".consents_of", client_id=client_id))


@bp.post("/consents")
@needs(Permission.EDIT_CLIENTS)
def sign(client_id: UUID) -> ResponseReturnValue:
    """Write down a signed consent."""
    form = ConsentForm()
    if not form.validate() or form.signed_on.data is None:
        return _consents_page(client_id, form), 422
    signed = Signed(
        ConsentKind(form.kind.data),
        form.signed_on.data,
        expires_on=form.expires_on.data,
        recipient=form.recipient.data or "",
    )
    today = today_in(me().time_zone, clock())
    try:
        with work_on(Client, client_id) as session:
            reach.client_for(session, client_id, me())
            consenting.sign(session, client_id, signed, by=me().id, today=today, now=clock())
    except ConsentWrong as wrong:
        _say(form, wrong)
        return _consents_page(client_id, form), 422
    flash("Consent written down", "done")
    return redirect(url_for(".consents_of", client_id=client_id))


@bp.post("/consents/<uuid:consent_id>/revoke")
@needs(Permission.EDIT_CLIENTS)
def revoke(client_id: UUID, consent_id: UUID) -> ResponseReturnValue:
    """End a consent by the client's written word."""
    form = RevokeForm()
    if not form.validate() or form.revoked_on.data is None:
        raise ConsentWrong("Give the day on which the client revoked it in writing.")
    today = today_in(me().time_zone, clock())
    with work_on(Consent, consent_id) as session:
        if one(session, Consent, consent_id).client_id != client_id:
            raise NotVisible
        consenting.revoke(session, consent_id, on=form.revoked_on.data, today=today, now=clock())
    flash("Consent revoked: nothing leaves under it any more", "done")
    return redirect(url_for(".consents_of", client_id=client_id))


def _accounting_page(client_id: UUID, form: DisclosureForm) -> str:
    with work() as session:
        reach.client_for(session, client_id, me())
        found = disclosures.accounting(session, client_id, now=clock())
    practice_id = found.practice.id
    return render_template(
        "disclosures/index.html",
        found=found,
        form=form,
        bases=BASES,
        notice=NOTICE if found.client.part2_since else "",
        may_write=me().may_in(practice_id, Permission.RECORD_DISCLOSURES),
        is_staff=me().staff_in(practice_id),
        made_on=today_in(found.practice.time_zone, clock()),
    )


def _consents_page(client_id: UUID, form: ConsentForm) -> str:
    with work() as session:
        client = reach.client_for(session, client_id, me())
        found = consents.consents_of(session, client_id)
        audit.read(
            session, "client", [client_id], practice_id=client.practice_id, fields=["consents"]
        )
        today = today_in(me().time_zone, clock())
        holds = consents.lets_bill(session, client, on=today)
    return render_template(
        "disclosures/consents.html",
        client=client,
        consents=[(each, each.facts.holds_on(today)) for each in found],
        holds=holds,
        form=form,
        flag_form=FlagForm(formdata=None, data={"is_part2": client.part2_since is not None}),
        kinds=KINDS,
        notice=NOTICE,
        may_edit=me().may_in(client.practice_id, Permission.EDIT_CLIENTS),
    )


def _rows(found: Accounting) -> Iterator[tuple[Cell, ...]]:
    for listed, lines in (("owed", found.owed), ("beside", found.beside)):
        for line in lines:
            yield _row(listed, line)
    if found.client.part2_since is not None:
        yield ("notice", None, None, None, SHORT_NOTICE, None)


def _row(listed: str, line: Line) -> tuple[Cell, ...]:
    return (listed, line.on, line.recipient, line.address, line.what, line.purpose)


def _say(form: Form, wrong: Refused) -> None:
    """Put a refusal at the field it is about, else above the form."""
    bound = form[wrong.field] if wrong.field in form else next(iter(form))
    bound.errors = [*bound.errors, wrong.words]
