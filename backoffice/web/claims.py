"""Claims: the list of all of them, one whole, and the steps a person may take with it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.dates import today_in
from backoffice.rules.roles import Permission
from backoffice.services import claims
from backoffice.services.claim_pages import exporting, lists, phone, record
from backoffice.services.claim_pages.wanted import PARSERS, Page, Sort, Sum, Wanted
from backoffice.services.claims import Action
from backoffice.services.claims.reviewing import end_review
from backoffice.services.cursors import Cursor
from backoffice.services.unbilled.reach import Needed, needed, waiting
from backoffice.services.unbilled.wanted import Sum as Waiting
from backoffice.web import claims_shapes as shapes
from backoffice.web.access import needs
from backoffice.web.claims_filters import offers, read_wanted, sorted_by, tokens
from backoffice.web.claims_tabs import TABS, counts_of_tabs
from backoffice.web.downloads import asked_form, table
from backoffice.web.extensions import clock, me, settings, work, work_on
from backoffice.web.filters import dollars, label, plural
from backoffice.web.frame import acting_ids, way
from backoffice.web.looks import STATUS_LOOKS

bp = Blueprint("claims", __name__, url_prefix="/claims")

ALWAYS = frozenset({ClaimStatus.REJECTED, ClaimStatus.DENIED})
"""Tabs that stay although nothing is in them: that they are empty is worth knowing."""


@bp.get("")
@needs(Permission.SEE_CLAIMS)
def index() -> ResponseReturnValue:
    """List claims of all practices one may see; a practice's people get theirs in plain words."""
    if not me().works_for_house:
        return redirect(url_for(".mine"))
    with work(practices=acting_ids()) as session:
        wanted = read_wanted(session, me(), clock())
        return render_template("claims/index.html", **_list(session, wanted))


@bp.get("/mine")
@needs(Permission.SEE_CLAIMS)
def mine() -> ResponseReturnValue:
    """Show a practice's own claims, in progress and paid this month."""
    today = today_in(me().time_zone, clock())
    with work(practices=acting_ids()) as session:
        if request.args.get("show") in {"in_progress", "paid"}:
            return render_template("claims/mine_all.html", **_all_mine(session))
        found = phone.mine(session, person=me(), today=today)
        return render_template("claims/mine.html", **_mine(session, found))


@bp.get("/export")
@needs(Permission.EXPORT)
def export() -> ResponseReturnValue:
    """Take the list out as CSV or XLSX, as it is filtered."""
    form = asked_form()
    with work(practices=acting_ids()) as session:
        wanted = read_wanted(session, me(), clock())
        exporting.note_export(session, wanted)
        rows = exporting.export_rows(session, wanted)
        notice = exporting.notice_with(session, wanted)
        return table("claims", exporting.HEAD, rows, form=form, notice=notice)


@bp.get("/<uuid:claim_id>")
@needs(Permission.SEE_CLAIMS)
def show(claim_id: UUID) -> ResponseReturnValue:
    """Show one claim."""
    tab = request.args.get("tab", "details")
    tab = tab if tab in TABS else "details"
    with work() as session:
        found = record.record(session, claim_id, person=me())
        return render_template("claims/show.html", tab=tab, **_shown(session, found, tab))


@bp.post("/<uuid:claim_id>/<any(release, recall, hold, reopen):action>")
@needs(Permission.SUBMIT_CLAIMS)
def act(claim_id: UUID, action: str) -> ResponseReturnValue:
    """Take one of the legal steps."""
    chosen = Action(action)
    with work_on(Claim, claim_id) as session:
        claim = record.claim_for(session, claim_id, me())
        _ACTS[chosen](session, claim)
        session.refresh(claim)
        number, status = claim.our_number, claim.status
    _say(chosen, claim_id, number, status)
    return redirect(url_for(".show", claim_id=claim_id))


@bp.post("/<uuid:claim_id>/reviewed")
@needs(Permission.EDIT_CLAIMS)
def reviewed(claim_id: UUID) -> ResponseReturnValue:
    """End a claim's review."""
    with work_on(Claim, claim_id) as session:
        end_review(session, record.claim_for(session, claim_id, me()))
    flash("Review ended", "done")
    return redirect(url_for(".show", claim_id=claim_id))


@bp.get("/<uuid:claim_id>/attempts/<int(max=32767):attempt_no>/837")
@needs(Permission.SEE_FULL_IDENTIFIERS)
def file(claim_id: UUID, attempt_no: int) -> ResponseReturnValue:
    """Hand out the exact bytes of the file that an attempt left in."""
    with work() as session:
        sent = record.file_of(session, claim_id, attempt_no, person=me())
    return _download(sent.content, sent.filename, "application/octet-stream")


def _release(session: Session, claim: Claim) -> None:
    delay = timedelta(seconds=settings().submit_delay_seconds)
    claims.release(session, claim, by=me().id, now=clock(), delay=delay)


_ACTS: Mapping[Action, Callable[[Session, Claim], None]] = {
    Action.RELEASE: _release,
    Action.RECALL: lambda session, claim: claims.recall(session, claim, by=me().id, now=clock()),
    Action.HOLD: lambda session, claim: claims.hold(session, claim, by=me().id, now=clock()),
    Action.REOPEN: lambda session, claim: claims.reopen(session, claim, by=me().id, now=clock()),
}
_SAID: Mapping[Action, str] = {
    Action.RELEASE: "{number} submitted",
    Action.RECALL: "{number} taken back",
    Action.HOLD: "{number} held",
    Action.REOPEN: "{number} open for edits",
}


def _say(action: Action, claim_id: UUID, number: str, status: ClaimStatus) -> None:
    """Say what was done; a claim that our own check stopped says so itself, on its page."""
    if status is ClaimStatus.SCRUB:
        return
    said: dict[str, str] = {"words": _SAID[action].format(number=number)}
    if action is Action.RELEASE:
        said["undo"] = url_for(".act", claim_id=claim_id, action=Action.RECALL.value)
    flash(said, "done")  # type: ignore[arg-type]  # templates/macros/layers.html takes words with an undo


def _download(content: bytes, name: str, kind: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _list(session: Session, wanted: Wanted) -> dict[str, Any]:
    by_status = lists.counts(session, wanted)
    everything = lists.together(by_status.values())
    status = next(iter(wanted.statuses), None)
    totals = by_status[status] if status else everything
    page = lists.page(session, wanted)
    on = tokens(session, wanted)
    return {
        "totals": totals,
        "practice_count": len(acting_ids()),
        "by_status": _tabs(by_status, everything, status),
        "status": status.value if status else None,
        "claims": page.claims,
        "practices_by_id": {practice.id: practice for practice in me().practices},
        "people_by_id": lists.owners(session, page.claims),
        "page": _paged(page, totals, ".index"),
        "sorted": sorted_by(wanted),
        "filters_on": on,
        "filter_offers": offers(session, me(), clock()),
        "filtered": {"filters": len(on), "hidden": _hidden(session), "what": "claim"}
        if on and not page.claims
        else None,
    }


def _hidden(session: Session) -> int:
    return lists.together(lists.counts(session, Wanted()).values()).count


def _tabs(
    by_status: Mapping[ClaimStatus, Sum], everything: Sum, shown: ClaimStatus | None
) -> list[dict[str, Any]]:
    tabs = [_tab("All", None, everything, shown)]
    return tabs + [
        _tab(label(status), status, by_status[status], shown)
        for status in ClaimStatus
        if by_status[status].count or status in ALWAYS or status is shown
    ]


def _tab(
    words: str, status: ClaimStatus | None, counted: Sum, shown: ClaimStatus | None
) -> dict[str, Any]:
    look = STATUS_LOOKS[status] if status else None
    return {
        "label": words,
        "status": status.value if status else None,
        "count": counted.count,
        "exact": counted.exact,
        "amount": counted.amount if status is shown else None,
        "glyph": look.glyph if look else "",
        "tone": look.tone if look else "",
    }


def _paged(page: Page, total: Sum, endpoint: str) -> dict[str, Any]:
    query: dict[str, Any] = {
        name: value for name, value in request.args.items() if name not in {"after", "before"}
    }
    return {
        "first": page.first,
        "last": page.last,
        "total": total.count,
        "exact": total.exact,
        "size": page.size,
        "next": page.next and url_for(endpoint, **query, after=str(page.next)),
        "previous": page.previous and url_for(endpoint, **query, before=str(page.previous)),
    }


def _shown(session: Session, found: record.Record, tab: str) -> dict[str, Any]:
    may_write = me().may(Permission.SUBMIT_CLAIMS)
    choices = claims.actions_for(found.claim, now=clock()) if may_write else ()
    step, more = shapes.steps_offered(found, choices)
    if found.claim.needs_review and me().may(Permission.EDIT_CLAIMS):
        url = url_for(".reviewed", claim_id=found.claim.id)
        more = [*more, {"words": "End the review", "url": url, "dialog": None}]
    return {
        "claim": found.claim,
        "status_note": shapes.status_note(found),
        "practice": found.practice,
        "owner": found.owner,
        "numbers": {"clearinghouse": found.clearinghouse_number, "payer": found.payer_number},
        "clocks": shapes.clocks(found),
        "counts": counts_of_tabs(session, found, me()),
        "step": step,
        "more": more,
        "rail": shapes.rail(found),
        "trail": {"label": "Claims", "href": _trail()},
        "position": "",
        "previous": "",
        "next": "",
        "may_write": may_write,
        **TABS[tab](session, found, me()),
    }


def _trail() -> str:
    """Return the list as it was left, filters and page included, where one came from it."""
    came_from = (request.referrer or "").removeprefix(settings().portal_url)
    home = url_for(".index")
    return came_from if came_from.split("?")[0] == home else home


def _mine(session: Session, found: phone.Mine) -> dict[str, Any]:
    lacking = needed(session, me())
    return {
        "sums": {
            "need_you": len(lacking),
            "in_progress": found.in_progress_total,
            "paid_amount": found.paid_amount,
            "month": found.month,
        },
        "need": _need(lacking, waiting(session, me())),
        "in_progress": [_plain(claim) for claim in found.in_progress.claims[: phone.SHOWN]],
        "in_progress_total": found.in_progress_total,
        "paid": [_plain(claim) for claim in found.paid.claims[: phone.SHOWN]],
        "paid_total": found.paid_total,
    }


def _need(lacking: list[Needed], held_back: Waiting) -> dict[str, Any] | None:
    href = way("appointments.unbilled")
    if not lacking or href is None:
        return None
    return {
        "words": f"{plural(len(lacking), 'answer')} needed",
        "more": f"for {plural(held_back.count, 'appointment')}, {dollars(held_back.amount)}",
        "href": href,
    }


def _plain(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "client_name": claim.client.name,
        "first_day": claim.first_day,
        "last_day": claim.last_day,
        "charge_amount": claim.charge_amount,
        "status": claim.status.value,
        "sentence": phone.sentence(claim),
        "reached": phone.reached(claim.status),
    }


def _all_mine(session: Session) -> dict[str, Any]:
    """One page of either list, the latest moved first."""
    today = today_in(me().time_zone, clock())
    paid = request.args["show"] == "paid"
    wanted = phone.paid_in(session, me(), today) if paid else phone.going_on(session, me())
    since = PARSERS[Sort.SINCE]
    edges = {name: Cursor.read(request.args.get(name), since) for name in ("after", "before")}
    page = lists.page(session, replace(wanted, after=edges["after"], before=edges["before"]))
    by_status = lists.counts(session, wanted)
    total = lists.together(by_status[status] for status in wanted.statuses)
    return {
        "heading": "Paid this month" if paid else "In progress",
        "claims": [_plain(claim) for claim in page.claims],
        "page": _paged(page, total, ".mine"),
        "back": url_for(".mine"),
    }
