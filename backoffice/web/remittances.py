"""Remittances ("ERAs" on pages): the list, one check, decisions, and what is set aside."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.inbound import InboundFile, InboundTransaction
from backoffice.models.remittances import (
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
    RemittanceState,
)
from backoffice.rules.roles import Permission
from backoffice.services.access import one, one_under
from backoffice.services.inbound import payments
from backoffice.services.inbound.set_aside import raw_file, set_aside
from backoffice.services.remittances import deciding, lists, posting
from backoffice.services.remittances import page as pages
from backoffice.services.remittances.deciding import By, Outcome, PlacedAt
from backoffice.web.access import needs
from backoffice.web.extensions import (
    clock,
    documents,
    intake_work,
    me,
    open_practices,
    work,
    work_on,
)
from backoffice.web.filters import here
from backoffice.web.frame import acting_ids
from backoffice.web.remittances_forms import AttributeForm, DecideForm, MatchForm, PlaceForm
from backoffice.web.remittances_shapes import bar_of, entry_rows, unmatched_part

bp = Blueprint("remittances", __name__, url_prefix="/eras")


def _by(*, may_write_off: bool = False) -> By:
    return By(me().id, clock(), may_write_off=may_write_off)


def _chips() -> dict[UUID, Any]:
    return {practice.id: practice for practice in me().practices}


def _wanted() -> lists.Wanted:
    state = request.args.get("state")
    return lists.Wanted(
        state=RemittanceState(state) if state in set(RemittanceState) else None,
        payer_id=request.args.get("payer", type=UUID),
        oldest_first=request.args.get("sort") == "arrived",
        after=request.args.get("after", type=UUID),
        before=request.args.get("before", type=UUID),
    )


@bp.get("/")
@needs(Permission.SEE_REMITTANCES)
def index() -> ResponseReturnValue:
    """List ERAs, newest first."""
    wanted = _wanted()
    with work(practices=acting_ids()) as session:
        listing, totals = lists.page_of(session, wanted), lists.totals(session)
        payers = lists.payers_in(session)
    waiting = _waiting() if me().may(Permission.ATTRIBUTE_FILES) else None
    named = dict(payers)
    return render_template(
        "remittances/index.html",
        remittances=listing.rows,
        totals=totals,
        state=wanted.state.value if wanted.state else None,
        sorted={"by": "arrived", "down": not wanted.oldest_first},
        filters_on=[{"label": named[wanted.payer_id], "off": here(payer=None)}]
        if wanted.payer_id in named
        else [],
        filter_offers=[{"label": "Payer", "name": "payer", "options": payers}] if payers else [],
        filtered={"filters": 1, "hidden": totals["all"].count, "what": "ERA"}
        if wanted.payer_id or wanted.state
        else None,
        practices_by_id=_chips(),
        waiting=waiting,
        page={
            "first": listing.first,
            "last": listing.first + len(listing.rows) - 1,
            "total": listing.total,
            "exact": True,
            "size": lists.PAGE_SIZE,
            "next": here(after=str(listing.next)) if listing.next else None,
            "previous": here(before=str(listing.previous)) if listing.previous else None,
        },
    )


def _waiting() -> int:
    with intake_work() as session:
        found = set_aside(session)
    return len(found.files) + len(found.quarantined) + len(found.unattributed)


@bp.get("/<uuid:remittance_id>")
@needs(Permission.SEE_REMITTANCES)
def show(remittance_id: UUID) -> ResponseReturnValue:
    """Show one check as a sum that closes, with what waits."""
    place = request.args.get("unmatched", default=1, type=int)
    may_post = me().may(Permission.POST_PAYMENTS)
    with work() as session:
        found = pages.show(session, remittance_id, unmatched_place=place)
        return render_template(
            "remittances/show.html",
            page=found,
            remittance=found.remittance,
            practice=_chips().get(found.remittance.practice_id),
            bar=bar_of(found),
            clean=entry_rows(found.clean, may_reverse=me().may(Permission.REVERSE_POSTINGS)),
            review=entry_rows(found.review, may_reverse=me().may(Permission.REVERSE_POSTINGS)),
            unmatched=unmatched_part(found.unmatched),
            places=[(each.value, each.value.capitalize()) for each in PlacedAt],
            may_post=may_post,
        )


@bp.post("/<uuid:remittance_id>/post")
@needs(Permission.POST_PAYMENTS)
def post(remittance_id: UUID) -> ResponseReturnValue:
    """Judge everything that waits once more and post what has become clean."""
    with work_on(Remittance, remittance_id) as session:
        posting.post_remittance(session, remittance_id, now=clock())
    flash("Judged again. What has become clean is posted.", "done")
    return redirect(url_for(".show", remittance_id=remittance_id))


@bp.route("/lines/<uuid:line_id>", methods=["GET", "POST"])
@needs(Permission.POST_PAYMENTS)
def decide(line_id: UUID) -> ResponseReturnValue:
    """Decide on one line: accept it, and say what becomes of what it leaves denied."""
    form = DecideForm(outcome=Outcome.KEEP.value)
    with work_on(RemittanceLine, line_id) as session:
        entry = pages.entry_of(session, line_id)
        may_write_off = me().may_in(entry.row.practice_id, Permission.WRITE_OFF)
        if not form.validate_on_submit():
            return render_template(
                "remittances/decide.html", entry=entry, form=form, may_write_off=may_write_off
            )
        outcome, by = Outcome(form.outcome.data), _by(may_write_off=may_write_off)
        deciding.accept(session, line_id, outcome=outcome, reason=form.write_off_reason, by=by)
    return _back(entry.row.remittance_id, "The line is posted.")


@bp.post("/lines/<uuid:line_id>/accept")
@needs(Permission.POST_PAYMENTS)
def accept(line_id: UUID) -> ResponseReturnValue:
    """Post one line as decided; what it leaves denied stays receivable."""
    with work_on(RemittanceLine, line_id) as session:
        deciding.accept(session, line_id, outcome=Outcome.KEEP, by=_by())
        entry = pages.entry_of(session, line_id)
    return _back(entry.row.remittance_id, "The line is posted; what is denied stays in A/R.")


@bp.post("/lines/<uuid:line_id>/hold")
@needs(Permission.POST_PAYMENTS)
def hold(line_id: UUID) -> ResponseReturnValue:
    """Leave one line for later."""
    with work_on(RemittanceLine, line_id) as session:
        deciding.hold(session, line_id, by=_by())
        entry = pages.entry_of(session, line_id)
    return _back(entry.row.remittance_id, "Held.")


@bp.post("/lines/<uuid:line_id>/unpost")
@needs(Permission.REVERSE_POSTINGS)
def unpost(line_id: UUID) -> ResponseReturnValue:
    """Take one posted line back by reversing entries."""
    with work_on(RemittanceLine, line_id) as session:
        deciding.unpost(session, line_id, by=_by())
        entry = pages.entry_of(session, line_id)
    return _back(entry.row.remittance_id, "Taken back. The line waits for a decision.")


@bp.post("/claims/<uuid:remittance_claim_id>/note")
@needs(Permission.POST_PAYMENTS)
def note(remittance_claim_id: UUID) -> ResponseReturnValue:
    """Take note of a claim that pays nothing and names no line."""
    with work_on(RemittanceClaim, remittance_claim_id) as session:
        found = deciding.accept_without_lines(session, remittance_claim_id, by=_by())
    return _back(found, "Noted.")


@bp.post("/<uuid:remittance_id>/claims/<uuid:remittance_claim_id>/match")
@needs(Permission.POST_PAYMENTS)
def match(remittance_id: UUID, remittance_claim_id: UUID) -> ResponseReturnValue:
    """Match an unmatched claim to the chosen one, or park its money."""
    form = MatchForm()
    if "hold" in request.form:
        with work_on(RemittanceClaim, remittance_claim_id) as session:
            one_under(session, RemittanceClaim, remittance_claim_id, remittance_id=remittance_id)
            deciding.park(session, remittance_claim_id, by=_by())
        return _back(remittance_id, "Its money is parked as unapplied.")
    if not form.validate_on_submit():
        return _back(remittance_id, "Choose a claim first.", kind="wrong")
    with work_on(RemittanceClaim, remittance_claim_id) as session:
        one_under(session, RemittanceClaim, remittance_claim_id, remittance_id=remittance_id)
        deciding.match(session, remittance_claim_id, form.claim_id.data, by=_by())
    return _back(remittance_id, "Matched. What is clean of it is posted.")


@bp.post("/<uuid:remittance_id>/adjustments/<uuid:adjustment_id>/place")
@needs(Permission.POST_PAYMENTS)
def place(remittance_id: UUID, adjustment_id: UUID) -> ResponseReturnValue:
    """Say where a provider adjustment belongs and post it."""
    form = PlaceForm()
    if not form.validate_on_submit():
        return _back(remittance_id, "Say where it belongs.", kind="wrong")
    with work_on(ProviderAdjustment, adjustment_id) as session:
        one_under(session, ProviderAdjustment, adjustment_id, remittance_id=remittance_id)
        deciding.place(session, adjustment_id, PlacedAt(form.at.data), by=_by())
    return _back(remittance_id, "The adjustment is posted.")


@bp.get("/<uuid:remittance_id>/raw")
@needs(Permission.SEE_BANK_DATA)
def raw(remittance_id: UUID) -> ResponseReturnValue:
    """Show a remittance as received: its own payment only, whatever else was in the file."""
    with work() as session:
        remittance = one(session, Remittance, remittance_id)
        transaction_id = remittance.transaction_id
        pages.note_raw(session, remittance)
    with intake_work() as session:
        transaction = session.get_one(InboundTransaction, transaction_id)
        file = session.get_one(InboundFile, transaction.file_id)
    words = payments.as_received(documents().get(file.document_key), transaction.position)
    return Response(words, mimetype="text/plain")


@bp.get("/set-aside")
@needs(Permission.ATTRIBUTE_FILES)
def aside() -> ResponseReturnValue:
    """Show files that could not be taken in and payments that nobody's practice is known for."""
    with intake_work() as session:
        found = set_aside(session)
    return render_template("remittances/set_aside.html", found=found, practices=me().practices)


@bp.get("/set-aside/files/<uuid:file_id>")
@needs(Permission.ATTRIBUTE_FILES)
def raw_aside(file_id: UUID) -> ResponseReturnValue:
    """Show a file as it came; put on record."""
    with intake_work() as session:
        file = raw_file(session, file_id)
    if file is None:
        abort(404)
    return Response(documents().get(file.document_key), mimetype="text/plain")


@bp.post("/set-aside/payments/<uuid:transaction_id>")
@needs(Permission.ATTRIBUTE_FILES)
def attribute(transaction_id: UUID) -> ResponseReturnValue:
    """Say whose a payment is; it is read and posted there at once."""
    form = AttributeForm()
    if not form.validate_on_submit() or form.practice_id.data not in open_practices():
        flash("Choose a practice.", "wrong")
        return redirect(url_for(".aside"))
    with intake_work() as session:
        payments.attribute(session, transaction_id, form.practice_id.data, now=clock())
    flash("Given to the practice. It is read and posted in a moment.", "done")
    return redirect(url_for(".aside"))


def _back(remittance_id: UUID, words: str, *, kind: str = "done") -> ResponseReturnValue:
    flash(words, kind)
    return redirect(url_for(".show", remittance_id=remittance_id))
