"""Documents: list, upload, audited download, withdraw; for the desk and for the phone."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from structlog import get_logger

from backoffice.gateways.documents import DocumentsUnavailable, NoSuchDocument
from backoffice.models.documents import Document, DocumentState, DocumentStatus
from backoffice.rules.part2 import NOTICE
from backoffice.rules.roles import Permission
from backoffice.services import consents, eobs, retention
from backoffice.services import documents as keeping
from backoffice.services.cursors import Cursor
from backoffice.services.documents.inbox import COUNTED_TO, Wanted
from backoffice.services.refusal import NotVisible
from backoffice.web.access import needs
from backoffice.web.documents_filters import (
    FILTERS,
    named,
    offers,
    read_wanted,
    to_lie_beside,
    tokens,
)
from backoffice.web.documents_forms import KINDS, STATUSES, AddForm, WithdrawForm
from backoffice.web.extensions import clock, documents, me, work, work_on
from backoffice.web.filters import here, label
from backoffice.web.frame import acting_ids

bp = Blueprint("documents", __name__, url_prefix="/documents")
log = get_logger()
MOST_TYPED = 200

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Bytes that somebody sent us never run, never show, and are never kept, in our origin."""


@bp.get("/")
@needs(Permission.SEE_DOCUMENTS)
def index() -> ResponseReturnValue:
    """List documents, the newest first."""
    return _list(read_wanted(me(), clock()))


@bp.post("/find")
@needs(Permission.SEE_DOCUMENTS)
def find() -> ResponseReturnValue:
    """List the newest documents whose text holds what was typed; by POST: words stay ours."""
    words = request.form.get("words", "").strip()[:MOST_TYPED]
    return _list(replace(read_wanted(me(), clock()), words=words, after=None, before=None))


def _list(wanted: Wanted) -> ResponseReturnValue:
    with work(practices=acting_ids()) as session:
        listing = keeping.listed(session, me(), wanted)
        part2 = consents.documents_under_part2(session, [line.id for line in listing.lines])
        shown = {**_listed(listing, wanted), "part2": part2, "notice": NOTICE if part2 else ""}
        if not me().works_for_house:
            shown["awaited"] = eobs.awaited(session, me())
            return render_template("documents/mine.html", **shown, form=_own_form())
        who = named(session)
        return render_template(
            "documents/index.html",
            **shown,
            by_status=_tabs(listing.by_status),
            status=wanted.status,
            filters_on=tokens(wanted, who),
            filter_offers=offers(who),
            people_by_id=dict(who.people),
            beside=to_lie_beside(),
            pictures=request.args.get("pictures") == "on",
            statuses=STATUSES,
            kinds=KINDS,
            may_add=me().may(Permission.ADD_DOCUMENTS),
            may_file=me().may(Permission.FILE_DOCUMENTS),
        )


@bp.get("/<uuid:document_id>")
@needs(Permission.SEE_DOCUMENTS)
def open(document_id: UUID) -> ResponseReturnValue:  # noqa: A001 - the word that pages link to
    """Give a document's bytes, put on record before the first of them leaves."""
    with work() as session:
        document = keeping.opened(session, document_id, me())
    return _download(document)


@bp.route("/<uuid:document_id>/withdraw", methods=["GET", "POST"])
@needs(Permission.WITHDRAW_DOCUMENTS)
def withdraw(document_id: UUID) -> ResponseReturnValue:
    """Take a document out of sight, with the reason."""
    form = WithdrawForm()
    with work_on(Document, document_id) as session:
        document = keeping.document_for(session, document_id, me())
        if form.validate_on_submit():
            keeping.withdraw(session, document_id, reason=form.reason.data, now=clock())
            flash("Withdrawn. It stays in the list with its reason.", "done")
            return redirect(url_for(".index"))
        if document.state is not DocumentState.STORED:
            raise keeping.AlreadyWithdrawn
        return render_template(
            "documents/withdraw.html",
            document=document,
            form=form,
            kept_until=retention.document_kept_until(session, document_id),
            is_held=keeping.is_held(session, document),
        )


def _own_form() -> AddForm | None:
    if not me().may(Permission.ADD_DOCUMENTS):
        return None
    return AddForm.for_practices(me().practices, formdata=None)


def _download(document: Document) -> Response:
    """Fetch all of it and compare with what was taken in, then let it go."""
    try:
        content = documents().get(document.document_key)
    except NoSuchDocument:
        log.error("document without bytes", document=str(document.id))
        raise NotVisible from None
    except DocumentsUnavailable:
        abort(503)
    if hashlib.sha256(content).hexdigest() != document.sha256:
        log.error("document altered", document=str(document.id))
        abort(500)
    answer = Response(content, mimetype=document.content_type)
    answer.headers.update(HEADERS)
    name = quote(document.original_name or "document")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer


def _tabs(counts: Mapping[DocumentStatus, int]) -> list[dict[str, Any]]:
    tabs: list[tuple[str, str | None, list[int]]] = [("All", None, list(counts.values()))]
    tabs += [(label(status), status.value, [count]) for status, count in counts.items()]
    return [
        {
            "label": words,
            "status": status,
            "count": sum(min(count, COUNTED_TO) for count in among),
            "exact": max(among) <= COUNTED_TO,
        }
        for words, status, among in tabs
    ]


def _listed(listing: keeping.Listing, wanted: Wanted) -> dict[str, Any]:
    chips = {practice.id: practice for practice in me().practices}
    filters = sum(name in request.args for name in FILTERS) + bool(wanted.words)
    return {
        "documents": listing.lines,
        "words": wanted.words,
        "practices_by_id": chips,
        "filtered": {"filters": filters, "hidden": listing.hidden, "what": "document"}
        if filters
        else None,
        "page": {
            "first": listing.first,
            "last": listing.first + len(listing.lines) - 1 if listing.lines else 0,
            "total": listing.total,
            "exact": listing.exact,
            "size": keeping.PAGE_SIZE,
            "next": _page(after=listing.next) if not wanted.words else None,
            "previous": _page(before=listing.previous) if not wanted.words else None,
        },
    }


def _page(**edge: Cursor | None) -> str | None:
    """Return the address of a neighbouring page: one edge, and not the other."""
    ((name, cursor),) = edge.items()
    other = {"after": "before", "before": "after"}[name]
    return here(**{name: str(cursor), other: None}) if cursor else None
