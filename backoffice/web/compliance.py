"""What is in place and what the operator must do; agreements, departures and holds of practices."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.contract import HoldKind, LegalHold, RemovalBasis
from backoffice.models.practices import Practice
from backoffice.rules.roles import Permission
from backoffice.services import agreements, compliance, departures, doctor, retention
from backoffice.services.access import one
from backoffice.services.agreements import AgreementWrong, Days
from backoffice.services.audit import act_as
from backoffice.services.departures import NotPossible, Plan
from backoffice.services.refusal import NotVisible, Refused
from backoffice.services.work import unit_of_work
from backoffice.web.access import needs
from backoffice.web.compliance_forms import AgreementForm, HoldForm, LeaveForm
from backoffice.web.extensions import (
    actor,
    clock,
    documents,
    house_work,
    me,
    session_factory,
    settings,
    work,
)
from backoffice.web.fields import Form

bp = Blueprint("compliance", __name__, url_prefix="/compliance")


@contextmanager
def administration(practice_id: UUID) -> Iterator[Session]:
    """Work on a practice's contract, open or closed: its pages may be shut for want of one."""
    with unit_of_work(session_factory(), practices=[practice_id], user_id=me().id) as session:
        act_as(session, actor())
        if session.get(Practice, practice_id) is None:
            raise NotVisible
        yield session


@bp.get("")
@needs(Permission.SEE_COMPLIANCE)
def show() -> ResponseReturnValue:
    """Show on one page what is in place and what is left to do."""
    with house_work() as house, work() as own:
        found = compliance.in_place(house, own, settings(), now=clock())
    unsafe = doctor.findings(settings(), session_factory(), now=clock())
    return render_template(
        "compliance/show.html", found=found, unsafe=unsafe, duties=compliance.DUTIES,
        may_manage=me().may(Permission.MANAGE_AGREEMENTS),
    )  # fmt: skip


@bp.get("/agreements")
@needs(Permission.MANAGE_AGREEMENTS)
def agreements_of() -> ResponseReturnValue:
    """List all practices by their agreement, those that need a look first."""
    with house_work() as session:
        found = agreements.standings(session, now=clock())
    return render_template("compliance/agreements.html", found=found)


@bp.get("/agreements/<uuid:practice_id>")
@needs(Permission.MANAGE_AGREEMENTS)
def agreement(practice_id: UUID) -> ResponseReturnValue:
    """Show one practice's agreement, its leaving, its holds."""
    return _page(practice_id)


@bp.post("/agreements/<uuid:practice_id>")
@needs(Permission.MANAGE_AGREEMENTS)
def agree(practice_id: UUID) -> ResponseReturnValue:
    """Write an agreement's days down; the practice's pages open and close with them."""
    form = AgreementForm()
    if not form.validate():
        return _page(practice_id, form), 422
    days = Days(form.begins_on.data, form.ends_on.data)
    try:
        with administration(practice_id) as session:
            agreements.agree(session, practice_id, days, by=me().id, note=form.note.data or "")
    except AgreementWrong as wrong:
        _say(form, wrong)
        return _page(practice_id, form), 422
    flash("Agreement saved", "done")
    return redirect(url_for(".agreement", practice_id=practice_id))


@bp.post("/agreements/<uuid:practice_id>/leave")
@needs(Permission.MANAGE_AGREEMENTS)
def leave(practice_id: UUID) -> ResponseReturnValue:
    """Set the day on which a practice leaves."""
    form = LeaveForm()
    if not form.validate() or form.leaves_on.data is None:
        return _page(practice_id, form), 422
    plan = Plan(form.leaves_on.data, RemovalBasis(form.basis.data), form.contract_on.data)
    try:
        with administration(practice_id) as session:
            departures.announce(session, practice_id, plan, by=me().id, now=clock())
    except NotPossible as wrong:
        _say(form, wrong)
        return _page(practice_id, form), 422
    flash("Its leaving is set", "done")
    return redirect(url_for(".agreement", practice_id=practice_id))


@bp.post("/agreements/<uuid:practice_id>/stay")
@needs(Permission.MANAGE_AGREEMENTS)
def stay(practice_id: UUID) -> ResponseReturnValue:
    """Let a practice stay after all."""
    with administration(practice_id) as session:
        departure = departures.departure_of(session, practice_id)
        if departure is None:
            raise NotVisible
        departures.cancel(session, departure.id, now=clock())
    flash("The practice stays", "done")
    return redirect(url_for(".agreement", practice_id=practice_id))


@bp.get("/agreements/<uuid:practice_id>/export")
@needs(Permission.MANAGE_AGREEMENTS)
def export(practice_id: UUID) -> ResponseReturnValue:
    """Hand out the archive of a practice that has left; on record before a byte leaves."""
    with administration(practice_id) as session:
        departure = departures.departure_of(session, practice_id)
        if departure is None:
            raise NotVisible
        key = departures.fetched(session, departure.id, now=clock()).export_key or ""
        size = departure.export_size
    answer = Response(documents().stream(key), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="practice-{practice_id}.zip"'
    answer.headers["Content-Length"] = str(size)
    return answer


@bp.post("/agreements/<uuid:practice_id>/hold")
@needs(Permission.MANAGE_AGREEMENTS)
def hold(practice_id: UUID) -> ResponseReturnValue:
    """Hold everything of a practice, or one client or document of it."""
    form = HoldForm()
    if not form.validate():
        return _page(practice_id, form), 422
    with administration(practice_id) as session:
        retention.place_hold(
            session,
            practice_id,
            kind=HoldKind(form.kind.data),
            subject_id=UUID(form.subject.data) if form.subject.data else None,
            reason=form.reason.data or "",
            by=me().id,
        )
    flash("Held: nothing of it is removed", "done")
    return redirect(url_for(".agreement", practice_id=practice_id))


@bp.post("/agreements/<uuid:practice_id>/holds/<uuid:hold_id>/lift")
@needs(Permission.MANAGE_AGREEMENTS)
def lift(practice_id: UUID, hold_id: UUID) -> ResponseReturnValue:
    """Lift a hold."""
    with administration(practice_id) as session:
        one(session, LegalHold, hold_id)
        retention.lift_hold(session, hold_id, by=me().id, now=clock())
    flash("Hold lifted", "done")
    return redirect(url_for(".agreement", practice_id=practice_id))


def _page(practice_id: UUID, typed: Form | None = None) -> str:
    with administration(practice_id) as session:
        practice = session.get_one(Practice, practice_id)
        words = agreements.history(session, practice_id)
        departure = departures.departure_of(session, practice_id)
        holds = retention.standing_holds(session, practice_id)
        standing = agreements.standing(practice, departure, now=clock())
    known = {"begins_on": practice.agreement_on, "ends_on": practice.agreement_ends_on}
    forms = {
        "form": AgreementForm(formdata=None, data=known),
        "leave_form": LeaveForm(formdata=None),
        "hold_form": HoldForm(formdata=None, data=_to_be_held()),
    }
    for name, form in forms.items():
        if typed is not None and type(typed) is type(form):
            forms[name] = typed
    return render_template(
        "compliance/agreement.html",
        practice=practice,
        standing=standing,
        words=words,
        departure=departure,
        holds=holds,
        **forms,
    )


def _to_be_held() -> dict[str, str]:
    """Return what the address asks to hold (?client= or ?document=); the practice where nothing."""
    for kind in (HoldKind.CLIENT, HoldKind.DOCUMENT):
        subject = request.args.get(kind.value, type=UUID)
        if subject is not None:
            return {"kind": kind.value, "subject": str(subject)}
    return {}


def _say(form: Form, wrong: Refused) -> None:
    """Put a refusal at the field it is about, else above the form."""
    bound = form[wrong.field] if wrong.field in form else next(iter(form))
    bound.errors = [*bound.errors, wrong.words]
