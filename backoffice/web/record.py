"""The record's pages: who did or saw what, and who saw one client; searched, paged, taken out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.clients import Client
from backoffice.rules.dates import time_zone
from backoffice.rules.roles import Permission
from backoffice.services import audit
from backoffice.services.access import one
from backoffice.services.audit import listing
from backoffice.services.cursors import Cursor
from backoffice.services.exporting import Cell
from backoffice.services.refusal import Refused
from backoffice.web.access import needs
from backoffice.web.asked import asked_as
from backoffice.web.downloads import asked_form, table
from backoffice.web.extensions import clock, house_work, me, work
from backoffice.web.filters import here, label

bp = Blueprint("record", __name__, url_prefix="/record")

MOST_TAKEN = 50_000
_AT_ONCE = 1_000


class TooMuchAtOnce(Refused):
    """More records than one file takes."""

    code = "too_much_at_once"

    def __init__(self) -> None:
        """Say how to get at them."""
        super().__init__(
            f"There are more than {MOST_TAKEN:,} records. Narrow the days and take them in parts."
        )


@bp.get("")
@needs(Permission.SEE_AUDIT)
def index() -> ResponseReturnValue:
    """List the whole house's record, newest first, as it is searched."""
    asked = _asked()
    with house_work() as session:
        found = audit.found(session, asked)
        lag = audit.seal_lag(session, now=clock())
        return render_template(
            "record/index.html",
            **_page(session, found),
            filters_on=_filters_on(session),
            filter_offers=_offers(session),
            lag=lag,
            typed={name: request.args.get(name, "") for name in ("since", "until", "subject")},
            export_url=_export_url() if me().may(Permission.EXPORT) else None,
        )


@bp.get("/export")
@needs(Permission.EXPORT)
def export() -> ResponseReturnValue:
    """Take what was searched for out as CSV or XLSX; that it was taken is on record too."""
    if not me().may(Permission.SEE_AUDIT):
        abort(403)
    form, asked = asked_form(), _asked()
    with house_work() as session:
        rows = list(_rows(session, asked))
        audit.record(
            session,
            "export",
            subject_kind="record",
            subject_ids=[],
            practice_id=None,
            fields=listing.COLUMNS,
            detail={"rows": len(rows)},
        )
    return table("record", listing.COLUMNS, rows, form=form)


@bp.get("/clients/<uuid:client_id>")
@needs(Permission.SEE_DISCLOSURES)
def of_client(client_id: UUID) -> ResponseReturnValue:
    """Show who saw or changed what of one client."""
    with work() as session:
        client = one(session, Client, client_id)
        found = audit.about(session, client_id, before=_before())
        return render_template("record/client.html", client=client, **_page(session, found))


def _export_url() -> str:
    searched = {name: value for name, value in request.args.items() if name != "after"}
    return f"{url_for('.export')}?{urlencode(searched)}"


def _rows(session: Session, asked: audit.Asked) -> Iterator[tuple[Cell, ...]]:
    taken = 0
    while True:
        found = audit.found(session, asked, size=_AT_ONCE)
        taken += len(found.records)
        if taken > MOST_TAKEN:
            raise TooMuchAtOnce
        names = listing.people_of(session, found.records)
        for row in found.records:
            yield listing.cells(row, names)
        if found.next is None:
            return
        asked = replace(asked, before=found.next)


def _asked() -> audit.Asked:
    return audit.Asked(
        user_id=_id("user"),
        action=request.args.get("act") or None,
        outcome=request.args.get("outcome") or None,
        practice_id=_id("practice"),
        subject_id=_id("subject"),
        since=_day("since"),
        until=_day("until", after=timedelta(days=1)),
        before=_before(),
    )


def _id(name: str) -> UUID | None:
    words = request.args.get(name, "").strip()
    return asked_as(UUID, words) if words else None


def _day(name: str, *, after: timedelta = timedelta()) -> datetime | None:
    """Return where a day begins for its reader; `after` is added to it."""
    words = request.args.get(name, "").strip()
    if not words:
        return None
    day = asked_as(date.fromisoformat, words)
    return datetime.combine(day, time(), time_zone(me().time_zone)) + after


def _before() -> audit.Place | None:
    edge = Cursor.read(request.args.get("after"), _moment)
    return audit.Place(_moment(edge.value), edge.row_id) if edge else None


def _moment(words: str) -> datetime:
    moment = datetime.fromisoformat(words)
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _page(session: Session, found: audit.Found) -> dict[str, Any]:
    edge = Cursor.read(request.args.get("after"), _moment)
    before = edge.position if edge else 0
    last = before + len(found.records)
    following = None
    if found.next is not None:
        following = here(after=str(Cursor(found.next.at.isoformat(), found.next.record_id, last)))
    return {
        "entries": listing.entries(session, found.records),
        "practices_by_id": {practice.id: practice for practice in me().practices},
        "page": {
            "first": before + 1,
            "last": last,
            "total": last + (found.next is not None),
            "exact": found.next is None,
            "size": len(found.records),
            "next": following,
            "previous": None,
        },
    }


def _offers(session: Session) -> list[dict[str, Any]]:
    return [
        {"label": "Person", "name": "user", "options": listing.everybody(session)},
        {"label": "Act", "name": "act", "options": [(act, label(act)) for act in listing.OFFERED]},
        {
            "label": "Outcome",
            "name": "outcome",
            "options": [(outcome.value, label(outcome)) for outcome in audit.Outcome],
        },
    ]


def _filters_on(session: Session) -> list[dict[str, str]]:
    """Return what narrows the list, each with the address without it."""
    user_id = _id("user")
    names = listing.people_named(session, {user_id}) if user_id else {}
    words = {
        "user": names.get(user_id, "Nobody known") if user_id else "",
        "act": label(request.args["act"]) if request.args.get("act") else "",
        "outcome": label(request.args["outcome"]) if request.args.get("outcome") else "",
    }
    return [{"label": said, "off": here(**{name: None})} for name, said in words.items() if said]
