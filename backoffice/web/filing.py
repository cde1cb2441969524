"""What is done with documents as work: sorted, linked, split, merged, turned."""

import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from wtforms import SelectChoice

from backoffice.gateways.documents import DocumentsUnavailable, NoSuchDocument
from backoffice.models.document_work import Way
from backoffice.models.documents import Document, DocumentKind, DocumentStatus
from backoffice.rules.page_ranges import NoSuchPages, lots_meant, pages_meant
from backoffice.rules.roles import Permission
from backoffice.services import eobs
from backoffice.services.accounts import Person
from backoffice.services.assignments import doers
from backoffice.services.documents import claim_by_number, document_for, filing, making
from backoffice.services.documents.filing import KEEP, Beside, Filing, Sorting
from backoffice.services.documents.making import Part
from backoffice.services.documents.offers import payers_of_documents
from backoffice.services.documents.pages import Cut, cut, digest
from backoffice.services.refusal import NotVisible, Refused
from backoffice.services.work import act_in
from backoffice.web import uploads
from backoffice.web.access import needs, next_page
from backoffice.web.documents_forms import FilingForm
from backoffice.web.extensions import clock, documents, me, work, work_on

bp = Blueprint("filing", __name__, url_prefix="/documents")
TURNS = {"90": 90, "180": 180, "270": 270}
MOST_SORTED = 200
NO_PAGES = "Type pages of this document, as 1-3, 5."
NO_LOTS = "Type the pages of at least two new documents, as 1-3; 4-7. No page in two of them."


def filing_form(session: Session, document: Document, person: Person) -> FilingForm:
    """Return the form of one document with what it may be set to."""
    form = FilingForm(
        kind=document.kind.value,
        status=document.status.value,
        owner=str(document.owner_id or ""),
        payer=str(document.payer_id or ""),
        document_on=document.document_on,
        note=document.note,
    )
    may_give = person.may_in(document.practice_id, Permission.ASSIGN_WORK)
    people = [
        (str(user.id), user.name)
        for user in doers(session, document.practice_id)
        if may_give or user.id in {person.id, document.owner_id}
    ]
    payers = [(str(payer_id), name) for payer_id, name in payers_of_documents(session)]
    for field, choices in ((form.owner, people), (form.payer, payers)):
        field.choices = [SelectChoice("", "Nobody" if field is form.owner else "Not known")]
        field.choices += [SelectChoice(*choice) for choice in choices]
    return form


@bp.post("/<uuid:document_id>/file")
@needs(Permission.FILE_DOCUMENTS)
def file(document_id: UUID) -> ResponseReturnValue:
    """Set where a document stands."""
    with work_on(Document, document_id) as session:
        form = filing_form(session, document_for(session, document_id, me()), me())
        if not form.validate():
            raise Refused("; ".join(f"{form[name].label.text}: {form.errors[name][0]}"
                                    for name in form.errors))  # fmt: skip
        filed = Filing(
            kind=DocumentKind(form.kind.data),
            status=DocumentStatus(form.status.data),
            owner_id=_id(form.owner.data),
            payer_id=_id(form.payer.data),
            document_on=form.document_on.data,
            note=form.note.data or "",
        )
        filing.file(session, document_id, filed, by=me())
        eobs.settle(session, document_id, now=clock())
    flash("Filed as typed.", "done")
    return _back(document_id)


@bp.post("/sort")
@needs(Permission.FILE_DOCUMENTS)
def sort() -> ResponseReturnValue:
    """Set some things of the documents ticked, or make one of them: all of it or nothing."""
    ids = request.form.getlist("documents", type=UUID)[:MOST_SORTED]
    if not ids:
        raise Refused("Tick the documents first.")
    if request.form.get("act") == "merge":
        return _merge(ids)
    sorting = Sorting(
        kind=_word(DocumentKind, "kind"),
        status=_word(DocumentStatus, "status"),
        owner={"me": me().id, "nobody": None}.get(request.form.get("owner", ""), KEEP),
    )
    count = 0
    with work() as session:
        for practice_id, among in sorted(filing.by_practice(session, ids).items()):
            act_in(session, practice_id)
            count += filing.sort(session, among, sorting, by=me())
    flash(f"{count} {'document' if count == 1 else 'documents'} sorted.", "done")
    return redirect(next_page(request.form.get("back") or url_for("documents.index")))


@bp.post("/<uuid:document_id>/link")
@needs(Permission.FILE_DOCUMENTS)
def link(document_id: UUID) -> ResponseReturnValue:
    """Put a document beside a claim by its number, or beside what it was chosen for."""
    with work_on(Document, document_id) as session:
        document = document_for(session, document_id, me())
        kind, row_id = request.form.get("beside"), request.form.get("row", type=UUID)
        if kind in set(Beside) and row_id is not None:
            filing.link_to(session, document_id, Beside(kind), row_id, by=me())
        else:
            typed = request.form.get("claim", "")[:24]
            claim = claim_by_number(session, document.practice_id, typed, me())
            if claim is None:
                raise Refused("Type a claim's number, as C-10423.", field="claim")
            filing.link_to(session, document_id, Beside.CLAIM, claim.id, by=me())
        eobs.settle(session, document_id, now=clock())
    flash("Linked. It is found from both sides now.", "done")
    return _back(document_id)


@bp.post("/<uuid:document_id>/unlink")
@needs(Permission.FILE_DOCUMENTS)
def unlink(document_id: UUID) -> ResponseReturnValue:
    """Take a document away from what it lies beside."""
    link_id = request.form.get("link", type=UUID)
    if link_id is None:
        raise NotVisible
    with work_on(Document, document_id) as session:
        filing.unlink(session, document_id, link_id, by=me())
    flash("Not linked any more. The record keeps that it was.", "done")
    return _back(document_id)


@bp.post("/<uuid:document_id>/split")
@needs(Permission.FILE_DOCUMENTS)
def split(document_id: UUID) -> ResponseReturnValue:
    """Make several documents of one; it stays as it came, Filed."""
    with work() as session:
        (source,) = making.sources(session, [document_id], me())
    try:
        lots = lots_meant(request.form.get("lots", ""), source.pages or 0)
    except NoSuchPages:
        raise Refused(NO_LOTS, field="lots") from None
    content = _bytes_of(source)
    made = [cut([content], [Cut(0, page) for page in lot]) for lot in lots]
    for number, (new, lot) in enumerate(zip(made, lots, strict=True), start=1):
        _keep(new, [source], Way.SPLIT, [Part(source.id, lot)], f"part {number}")
    flash(f"Split into {len(lots)} documents. This one is Filed, as it came.", "done")
    return _back(document_id)


@bp.post("/<uuid:document_id>/turn")
@needs(Permission.FILE_DOCUMENTS)
def turn(document_id: UUID) -> ResponseReturnValue:
    """Make a document with some pages, or all, turned; the other stays as it came, Filed."""
    degrees = TURNS.get(request.form.get("degrees", ""))
    with work() as session:
        (source,) = making.sources(session, [document_id], me())
    count = source.pages or 0
    try:
        meant = pages_meant(request.form.get("pages", "").strip() or f"1-{count}", count)
    except NoSuchPages:
        raise Refused(NO_PAGES, field="pages") from None
    if degrees is None:
        raise Refused("Choose how far to turn them.", field="degrees")
    every = range(1, count + 1)
    plan = [Cut(0, page, degrees if page in meant else 0) for page in every]
    new = cut([_bytes_of(source)], plan)
    made = _keep(new, [source], Way.TURNED, [Part(source.id, tuple(every))], "turned")
    flash("Turned in a new document. The one that came is Filed.", "done")
    return _back(made.id)


def _merge(ids: Sequence[UUID]) -> ResponseReturnValue:
    with work() as session:
        sources = making.sources(session, sorted(ids), me())
    if len(sources) < 2:
        raise making.OfOnePractice
    contents = [_bytes_of(source) for source in sources]
    lots = [tuple(range(1, (source.pages or 0) + 1)) for source in sources]
    plan = [Cut(place, page) for place, lot in enumerate(lots) for page in lot]
    parts = [Part(source.id, lot) for source, lot in zip(sources, lots, strict=True)]
    made = _keep(cut(contents, plan), sources, Way.MERGED, parts, "merged")
    flash(f"Merged {len(sources)} documents, the oldest first. They are Filed, as they came.",
          "done")  # fmt: skip
    return _back(made.id)


def _keep(
    content: bytes, sources: Sequence[Document], way: Way, parts: Sequence[Part], word: str
) -> Document:
    """Take the new PDF in as any other file, then say what it was made from."""
    first = sources[0]
    name = f"{(first.original_name or 'document').removesuffix('.pdf')}, {word}.pdf"
    upload = FileStorage(io.BytesIO(content), filename=name)
    document = uploads.take(upload, practice_id=first.practice_id, kind=first.kind)
    with work(practice=first.practice_id) as session:
        return making.made(session, document.id, way, parts, by=me())


def _bytes_of(document: Document) -> bytes:
    """Fetch the bytes that came; others than those are nothing to make documents of."""
    try:
        content = documents().get(document.document_key)
    except NoSuchDocument:
        raise NotVisible from None
    except DocumentsUnavailable:
        abort(503)
    if digest(content) != document.sha256:
        abort(500)
    return content


def _word(kind: Any, name: str) -> Any:
    words = request.form.get(name)
    return kind(words) if words in set(kind) else None


def _id(words: str | None) -> UUID | None:
    return UUID(words) if words else None


def _back(document_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("viewer.show", document_id=document_id))
