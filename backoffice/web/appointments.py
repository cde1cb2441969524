"""The Unbilled queue: what can be billed, what is missing, and the way from one to the other."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.rules.readiness import Disposition, Screen, Subject
from backoffice.rules.roles import Permission
from backoffice.services import appointments
from backoffice.services.refusal import ChangedElsewhere, Refused
from backoffice.services.typed_values import WrongValue
from backoffice.services.unbilled import billing, exporting, missing, queue, reach, undoing
from backoffice.services.unbilled.wanted import Page, Wanted
from backoffice.web.access import needs
from backoffice.web.appointments_filters import offers, read_wanted, sorted_by, tokens
from backoffice.web.appointments_forms import SessionForm, choices_of, say_wrong
from backoffice.web.asked import asked_as
from backoffice.web.downloads import asked_form, table
from backoffice.web.extensions import clock, me, settings, work, work_on
from backoffice.web.frame import acting_ids

bp = Blueprint("appointments", __name__, url_prefix="/unbilled")

DISPOSITION_WORDS: Mapping[Disposition, str] = {
    Disposition.SELF_PAY: "marked self-pay",
    Disposition.FILED_ELSEWHERE: "marked filed elsewhere",
    Disposition.NOT_BILLABLE: "marked not billable",
    Disposition.BILL: "back in the queue",
}


@bp.get("")
@needs(Permission.SEE_APPOINTMENTS)
def unbilled() -> ResponseReturnValue:
    """Show the queue; a practice's people see what they can supply."""
    with work(practices=acting_ids()) as session:
        if not me().works_for_house:
            return render_template("appointments/needed.html", **_needed(session))
        drawer = _drawer(session, _asked_id()) if _asked_id() else {}
        return render_template("appointments/unbilled.html", **_list(session), **drawer)


@bp.get("/<uuid:appointment_id>/missing", endpoint="missing")
@needs(Permission.SEE_APPOINTMENTS)
def missing_of(appointment_id: UUID) -> ResponseReturnValue:
    """Show what one appointment lacks: the drawer, or the list with it open."""
    with work() as session:
        if not _wants_fragment():
            reach.appointment_for(session, appointment_id, me())
            return redirect(url_for(".unbilled", open=appointment_id))
        return render_template("appointments/missing.html", **_drawer(session, appointment_id))


@bp.post("/<uuid:appointment_id>/supply")
@needs(Permission.SEE_APPOINTMENTS)
def supply(appointment_id: UUID) -> ResponseReturnValue:
    """Fill in one missing thing; the drawer and the row come back judged anew."""
    finding_id = asked_as(UUID, request.form["finding"])
    values = request.form.to_dict()
    try:
        with work_on(Appointment, appointment_id) as session:
            reach.appointment_for(session, appointment_id, me())
            said = missing.supply(session, appointment_id, finding_id, values, by=me(), now=clock())
    except WrongValue as wrong:
        return _again(appointment_id, values, wrong)
    return _settled(appointment_id, said)


@bp.route("/<uuid:appointment_id>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_APPOINTMENTS)
def edit(appointment_id: UUID) -> ResponseReturnValue:
    """Change the session behind an appointment."""
    with work() as session:
        row = reach.appointment_for(session, appointment_id, me())
        form = _session_form(session, row)
        if request.method == "GET":
            return render_template("appointments/edit.html", **_editing(session, row, form))
    try:
        with work_on(Appointment, appointment_id) as session:
            appointments.edit(
                session, appointment_id, form.typed(),
                version=asked_as(int, request.form["version"]), now=clock(),
            )  # fmt: skip
    except (WrongValue, ChangedElsewhere) as problem:
        return _edit_again(appointment_id, form, problem)
    return _settled(appointment_id, "Appointment")


@bp.post("/set-aside")
@needs(Permission.EDIT_APPOINTMENTS)
def set_aside() -> ResponseReturnValue:
    """Take appointments out of billing, with undo; one transaction for each practice.

    Where one practice's cannot be moved, nothing of that practice is; what was moved in others
    stays moved, and the answer says both.
    """
    disposition = asked_as(Disposition, request.form["disposition"])
    moved = _move(_selection(), disposition)
    with work() as session:
        key = undoing.keep(session, moved, by=me().id, now=clock())
    words = f"{len(moved)} {DISPOSITION_WORDS[disposition]}"
    undo_url = url_for(".undo", key=key, **_query())
    flash({"words": words, "undo": undo_url}, "done")  # type: ignore[arg-type]  # the toast takes a mapping
    return _back()


@bp.post("/undo/<uuid:key>")
@needs(Permission.EDIT_APPOINTMENTS)
def undo(key: UUID) -> ResponseReturnValue:
    """Take back what was set aside."""
    with work() as session:
        ids = undoing.take_back(session, key, by=me().id)
    moved = _move(ids, Disposition.BILL)
    flash(f"{len(moved)} {DISPOSITION_WORDS[Disposition.BILL]}", "done")
    return _back()


@bp.post("/dry-run")
@needs(Permission.SUBMIT_CLAIMS)
def dry_run() -> ResponseReturnValue:
    """Say what a selection would make, and what would not go, and why."""
    with work() as session:
        run = billing.dry_run(session, _selection(), key=str(uuid4()))
        return render_template("appointments/dry_run.html", run=run, **_practices())


@bp.post("/bill")
@needs(Permission.SUBMIT_CLAIMS)
def bill() -> ResponseReturnValue:
    """Make claims of a selection, and submit them if asked; one transaction per practice."""
    asked = billing.Bill(
        appointment_ids=frozenset(_selection()),
        submit=request.form.get("act") == "submit",
        by=me().id,
        now=clock(),
        delay=timedelta(seconds=settings().submit_delay_seconds),
    )
    with work(practices=acting_ids()) as session:
        practices = billing.practices_of_selection(session, asked.appointment_ids)
    key = request.form.get("key") or str(uuid4())
    answer = billing.bill(_one_practice, practices, asked, key=key)
    for words, kind in _told(answer["practices"], submitted=asked.submit):
        flash(words, kind)
    return redirect(url_for(".unbilled", **_query()))


@bp.get("/export")
@needs(Permission.EXPORT)
def export() -> ResponseReturnValue:
    """Give the whole result as CSV or XLSX."""
    form = asked_form()
    with work(practices=acting_ids()) as session:
        wanted = read_wanted(session, me(), clock())
        exporting.note_export(session, wanted)
        rows = exporting.export_rows(session, wanted)
        name = f"unbilled-{clock():%Y%m%d}"
        notice = exporting.notice_with(session, wanted)
        return table(name, exporting.EXPORT_HEAD, rows, form=form, notice=notice)


def _move(ids: Sequence[UUID], disposition: Disposition) -> list[UUID]:
    """Move appointments, practice by practice; returns which. Raises what refused them all."""
    with work() as session:
        practices = billing.practices_of_selection(session, ids)
    moved: list[UUID] = []
    refused: dict[UUID, Refused] = {}
    for practice_id in sorted(practices):
        try:
            with work(practice=practice_id) as session:
                moved += appointments.set_aside(session, ids, disposition, now=clock())
        except Refused as refusal:
            refused[practice_id] = refusal
    if refused and not moved:
        raise next(iter(refused.values()))
    names = {practice.id: practice.short_name for practice in me().practices}
    for practice_id, why in refused.items():
        flash(f"{names[practice_id]}: {why.words}", "wrong")
    return moved


@contextmanager
def _one_practice(practice_id: UUID) -> Iterator[Session]:
    with work(practice=practice_id) as session:
        yield session


def _query() -> dict[str, Any]:
    """Return the list's own query: filters and order, without the page and the open drawer."""
    apart = {"after", "before", "open", "appointment_id"}
    return {name: value for name, value in request.args.items() if name not in apart}


def _wants_fragment() -> bool:
    return "HX-Request" in request.headers


def _asked_id() -> UUID | None:
    try:
        return UUID(request.args["open"]) if "open" in request.args else None
    except ValueError:
        return None


def _selection() -> list[UUID]:
    """Read the ticked rows; a group's box carries the ids of all its appointments."""
    boxes = [*request.form.getlist("appointment"), request.args.get("appointment_id", "")]
    return [asked_as(UUID, part) for box in boxes for part in box.split(",") if part]


def _practices() -> dict[str, Any]:
    return {"practices_by_id": {practice.id: practice for practice in me().practices}}


def _list(session: Session) -> dict[str, Any]:
    wanted: Wanted = read_wanted(session, me(), clock())
    totals = queue.totals(session, wanted)
    grouped = request.args.get("group", "client") == "client"
    page = queue.page(session, wanted, total_of_tab=totals.of(wanted.state), grouped=grouped)
    on = tokens(session, wanted)
    return {
        "totals": totals,
        "state": wanted.state.value if wanted.state else None,
        "practice_count": len(acting_ids()),
        "entries": page.entries,
        "people_by_id": exporting.people(session, page.entries),
        "page": _paged(page),
        "sorted": sorted_by(wanted),
        "filters_on": on,
        "filter_offers": offers(session, wanted),
        "filtered": {"filters": len(on), "hidden": queue.totals(session, Wanted()).all.count,
                     "what": "appointment"} if on else None,
        "open_id": _asked_id(),
        "may_bill": me().may(Permission.SUBMIT_CLAIMS),
        "intake_url": url_for("intake.index")
        if "intake.index" in current_app.view_functions else "",
        **_practices(),
    }  # fmt: skip


def _paged(page: Page) -> dict[str, Any]:
    return {
        "first": page.first,
        "last": page.last,
        "total": page.total.count,
        "exact": page.total.exact,
        "size": page.size,
        "next": page.next and url_for(".unbilled", **_query() | {"after": str(page.next)}),
        "previous": page.previous
        and url_for(".unbilled", **_query() | {"before": str(page.previous)}),
    }


def _drawer(
    session: Session,
    appointment_id: UUID | None,
    typed: Mapping[str, str] | None = None,
    wrong: WrongValue | None = None,
) -> dict[str, Any]:
    row = reach.appointment_for(session, appointment_id or UUID(int=0), me())
    lacks = missing.lacks_of(session, row, me(), typed, wrong)
    missing.note_reading(session, row)
    return {
        "appointment": row,
        "practice": next(each for each in me().practices if each.id == row.practice_id),
        "blocks": missing.blocked_by(session, row.practice_id, lacks),
        "findings": lacks,
        "hrefs": {lack.row_id: _screen_of(row, lack) for lack in lacks},
        "supplied": (),
        "position": "", "previous": "", "next": "",
        "close_url": url_for(".unbilled"),
        "may_edit": me().may(Permission.EDIT_APPOINTMENTS),
    }  # fmt: skip


def _screen_of(row: Appointment, lack: missing.Lack) -> str:
    """Return the page where a finding's value is entered; "" for screens still to come."""
    kind = lack.kind
    if lack.finding.where.screen is Screen.CONSENTS:
        return url_for("disclosures.consents_of", client_id=row.client_id)
    if kind in {Subject.CLIENT, Subject.POLICY, Subject.AUTHORIZATION}:
        return url_for("clients.show", client_id=row.client_id)
    if kind is Subject.APPOINTMENT and me().may(Permission.EDIT_APPOINTMENTS):
        return url_for(".edit", appointment_id=row.id)
    return ""


def _settled(appointment_id: UUID, said: str) -> ResponseReturnValue:
    """Answer a change: the drawer judged anew and a word to the list, or the whole page."""
    if not _wants_fragment():
        flash(f"{said} saved", "done")
        return redirect(url_for(".unbilled", open=appointment_id))
    with work() as session:
        drawer = _drawer(session, appointment_id)
        drawer["supplied"] = ({"words": said, "by": me().name, "at": clock(), "undo_url": ""},)
        shown = render_template("appointments/missing.html", **drawer)
    return Response(shown, headers={"HX-Trigger": "rows-changed"})


def _again(
    appointment_id: UUID, typed: Mapping[str, str], wrong: WrongValue
) -> ResponseReturnValue:
    """Show the drawer again with what was typed and what is wrong with it."""
    with work() as session:
        drawer = _drawer(session, appointment_id, typed, wrong)
        if _wants_fragment():
            return render_template("appointments/missing.html", **drawer)
        listed = _list(session) | {"open_id": appointment_id}
        return render_template("appointments/unbilled.html", **listed, **drawer), 422


def _session_form(session: Session, row: Appointment) -> SessionForm:
    shown = appointments.typed_from(row)
    form = SessionForm(data=None if request.method == "POST" else shown)
    for name, options in appointments.choices(session, row.practice_id).items():
        form[name].choices = choices_of(options)
    if request.method == "GET":
        form.lines.append_entry()  # one empty line to add
    return form


def _editing(session: Session, row: Appointment, form: SessionForm) -> dict[str, Any]:
    return {
        "appointment": row,
        "form": form,
        "close_url": url_for(".unbilled"),
        "whole_page": not _wants_fragment(),
        "conflict": False,
    }


def _edit_again(
    appointment_id: UUID, form: SessionForm, problem: WrongValue | ChangedElsewhere
) -> ResponseReturnValue:
    """Show the form again: what was typed stays; after a conflict it is saved over the newer."""
    if isinstance(problem, WrongValue):
        say_wrong(form, problem)
    with work() as session:
        row = reach.appointment_for(session, appointment_id, me())
        told = _editing(session, row, form) | {"conflict": isinstance(problem, ChangedElsewhere)}
        page = render_template("appointments/edit.html", **told)
    if _wants_fragment():
        return page
    return page, 409 if isinstance(problem, ChangedElsewhere) else 422


def _needed(session: Session) -> dict[str, Any]:
    return {"items": reach.needed(session, me()), "release": reach.waiting(session, me())}


def _told(parts: Mapping[str, Any], *, submitted: bool) -> Iterator[tuple[str, str]]:
    """Yield what happened, the practices' problems apart."""
    names = {str(practice.id): practice.short_name for practice in me().practices}
    made = sum(part["claims"] for part in parts.values())
    held_back = sum(part["held_back"] for part in parts.values())
    if made:
        verb = "created and submitted" if submitted else "created"
        count = made - held_back if submitted else made
        yield f"{count} {'claim' if count == 1 else 'claims'} {verb}", "done"
    if held_back:
        yield f"{held_back} stopped at Scrub: open the claims list to see what to fix.", "wrong"
    for practice_id, part in parts.items():
        if part["problem"]:
            yield f"{names.get(practice_id, '')}: {part['problem']}", "wrong"
    if not made and not any(part["problem"] for part in parts.values()):
        yield "Nothing of the selection can be billed yet.", "wrong"


def _back() -> ResponseReturnValue:
    target = url_for(".unbilled", **_query())
    if _wants_fragment():
        return Response(headers={"HX-Redirect": target})
    return redirect(target)
