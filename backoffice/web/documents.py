"""Documents: list, upload, audited download, withdraw; for the desk and for the phone."""

import hashlib
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from structlog import get_logger

from backoffice.gateways.documents import DocumentsUnavailable, NoSuchDocument
from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentKind, DocumentState
from backoffice.rules.part2 import NOTICE
from backoffice.rules.roles import Permission
from backoffice.services import consents, retention
from backoffice.services import documents as keeping
from backoffice.services.claim_pages.record import claim_for
from backoffice.services.documents import Wanted
from backoffice.services.refusal import NotVisible, Refused
from backoffice.web import uploads
from backoffice.web.access import needs
from backoffice.web.documents_forms import KINDS, AddForm, WithdrawForm
from backoffice.web.extensions import clock, documents, me, work, work_on
from backoffice.web.filters import here, label
from backoffice.web.frame import acting_ids

bp = Blueprint("documents", __name__, url_prefix="/documents")
log = get_logger()

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
    wanted = _wanted()
    with work(practices=acting_ids()) as session:
        listing = keeping.listed(session, me(), wanted)
        part2 = consents.documents_under_part2(session, [line.id for line in listing.lines])
    notice = {"part2": part2, "notice": NOTICE if part2 else ""}
    if not me().works_for_house:
        shown = {**_listed(listing), **notice}
        return render_template("documents/mine.html", **shown, form=_own_form())
    return render_template(
        "documents/index.html",
        **_listed(listing),
        **notice,
        filters_on=_filters_on(wanted),
        filter_offers=[
            {"label": "Kind", "name": "kind", "options": KINDS},
            {
                "label": "State",
                "name": "state",
                "options": [(state.value, label(state)) for state in DocumentState],
            },
        ],
        may_add=me().may(Permission.ADD_DOCUMENTS),
        may_withdraw=me().may(Permission.WITHDRAW_DOCUMENTS),
    )


@bp.route("/add", methods=["GET", "POST"])
@needs(Permission.ADD_DOCUMENTS)
def add() -> ResponseReturnValue:
    """Take one document in: examined, announced, stored, then shared."""
    about = request.args.get("claim_id", type=UUID)
    form = AddForm.for_practices(me().practices, **_prefilled(about))
    if form.validate_on_submit():
        try:
            return _take(form)
        except Refused as refusal:
            if refusal.field not in form:
                raise
            form[refusal.field].errors = [refusal.words]
    status = 422 if request.method == "POST" else 200
    return render_template("documents/add.html", form=form, back=url_for(".index")), status


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
            is_held=retention.is_held(session, document.practice_id, document_id),
        )


def _take(form: AddForm) -> ResponseReturnValue:
    with work(practice=form.practice_id) as session:
        claim = keeping.claim_by_number(session, form.practice_id, form.claim.data or "", me())
    document = uploads.take(
        form.file.data,
        practice_id=form.practice_id,
        kind=DocumentKind(form.kind.data),
        claim=claim,
    )
    with work() as session:
        doubled = keeping.same_as(session, document) is not None
    if doubled:
        flash("Kept, but the very same file was here already. One of the two may go.", "wrong")
    elif document.state is DocumentState.QUARANTINED:
        flash("Kept. It can be opened as soon as the virus scanner has looked at it.", "done")
    else:
        flash("Kept. The other side is told that it is here.", "done")
    return redirect(url_for(".index"))


def _prefilled(claim_id: UUID | None) -> dict[str, Any]:
    if claim_id is None or request.method == "POST":
        return {}
    with work() as session:
        claim: Claim = claim_for(session, claim_id, me())
    return {"practice": str(claim.practice_id), "claim": claim.our_number}


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


def _wanted() -> Wanted:
    kind, state = request.args.get("kind"), request.args.get("state")
    return Wanted(
        kind=DocumentKind(kind) if kind in set(DocumentKind) else None,
        state=DocumentState(state) if state in set(DocumentState) else None,
        claim_id=request.args.get("claim", type=UUID),
        after=request.args.get("after", type=UUID),
        before=request.args.get("before", type=UUID),
    )


def _filters_on(wanted: Wanted) -> list[dict[str, str]]:
    on = [
        {"label": label(each), "off": here(**{name: None})}
        for name, each in (("kind", wanted.kind), ("state", wanted.state))
        if each is not None
    ]
    if wanted.claim_id is not None:
        on.append({"label": "One claim", "off": here(claim=None)})
    return on


def _listed(listing: keeping.Listing) -> dict[str, Any]:
    chips = {practice.id: practice for practice in me().practices}
    filters = sum(name in request.args for name in ("kind", "state", "claim"))
    return {
        "documents": listing.lines,
        "practices_by_id": chips,
        "filtered": {"filters": filters, "hidden": listing.hidden, "what": "document"}
        if filters
        else None,
        "page": {
            "first": listing.first,
            "last": listing.first + len(listing.lines) - 1 if listing.lines else 0,
            "total": listing.total,
            "exact": True,
            "size": keeping.PAGE_SIZE,
            "next": here(after=str(listing.next)) if listing.next else None,
            "previous": here(before=str(listing.previous)) if listing.previous else None,
        },
    }
