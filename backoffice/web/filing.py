"""What is done with documents as work: sorted, linked, split, merged, turned."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectChoice

from backoffice.models.documents import Document, DocumentKind, DocumentStatus
from backoffice.rules.roles import Permission
from backoffice.services import eobs
from backoffice.services.accounts import Person
from backoffice.services.assignments import doers
from backoffice.services.documents import claim_by_number, document_for, filing, making
from backoffice.services.documents.filing import KEEP, Beside, Filing, Sorting
from backoffice.services.documents.offers import payers_of_documents
from backoffice.services.refusal import NotVisible, Refused
from backoffice.services.work import act_in
from backoffice.web.access import needs, next_page
from backoffice.web.documents_forms import FilingForm
from backoffice.web.extensions import clock, me, work, work_on

bp = Blueprint("filing", __name__, url_prefix="/documents")
TURNS = {"90": 90, "180": 180, "270": 270}
MOST_SORTED = 200


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
    """Ask for several documents made of one; it stays as it came."""
    with work_on(Document, document_id) as session:
        making.split(session, document_id, request.form.get("lots", ""), by=me(), now=clock())
    return _back(document_id)


@bp.post("/<uuid:document_id>/turn")
@needs(Permission.FILE_DOCUMENTS)
def turn(document_id: UUID) -> ResponseReturnValue:
    """Ask for a document with some pages, or all, turned; the other stays as it came."""
    degrees = TURNS.get(request.form.get("degrees", ""))
    if degrees is None:
        raise Refused("Choose how far to turn them.", field="degrees")
    with work_on(Document, document_id) as session:
        typed = request.form.get("pages", "")
        making.turn(session, document_id, typed, degrees, by=me(), now=clock())
    return _back(document_id)


def _merge(ids: Sequence[UUID]) -> ResponseReturnValue:
    """Ask for one document made of those ticked; it is told of beside the oldest of them."""
    with work() as session:
        practices = filing.by_practice(session, ids)
        if len(practices) != 1:
            raise making.OfOnePractice
        act_in(session, next(iter(practices)))
        making.merge(session, ids, by=me(), now=clock())
    return _back(min(ids))


def _word(kind: Any, name: str) -> Any:
    words = request.form.get(name)
    return kind(words) if words in set(kind) else None


def _id(words: str | None) -> UUID | None:
    return UUID(words) if words else None


def _back(document_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("viewer.show", document_id=document_id))
