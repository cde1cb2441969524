"""Sending documents in: a plain form, and the same in pieces for a script that shows progress."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentKind, DocumentState
from backoffice.rules.roles import Permission
from backoffice.services import documents as keeping
from backoffice.services import eobs
from backoffice.services.claim_pages.record import claim_for
from backoffice.services.refusal import Refused
from backoffice.web import uploads
from backoffice.web.access import needs
from backoffice.web.documents import bp as bp  # the same address; the app joins it from here
from backoffice.web.documents_forms import AddForm
from backoffice.web.extensions import me, work

_DOUBLED = "Kept, but the very same file was here already. One of the two may go."
_WAITS = "Kept. It can be opened as soon as the virus scanner has looked at it."
_SHARED = "Kept. The other side is told that it is here."


@bp.route("/add", methods=["GET", "POST"])
@needs(Permission.ADD_DOCUMENTS)
def add() -> ResponseReturnValue:
    """Take one document in; a script that asks for JSON is answered in it, a page otherwise."""
    about = request.args.get("claim_id", type=UUID)
    given = _prefilled(about)
    awaited = given.pop("awaited", "")
    form = AddForm.for_practices(me().practices, **given)
    if form.validate_on_submit():
        try:
            return _taken(form)
        except Refused as refusal:
            if refusal.field not in form:
                raise
            form[refusal.field].errors = [refusal.words]
    if request.method == "POST" and _asks_for_json():
        return {
            "words": " ".join(str(each) for errors in form.errors.values() for each in errors)
        }, 422
    status = 422 if request.method == "POST" else 200
    return render_template("documents/add.html", form=form, awaited=awaited), status


def _taken(form: AddForm) -> ResponseReturnValue:
    with work(practice=form.practice_id) as session:
        claim = keeping.claim_by_number(session, form.practice_id, form.claim.data or "", me())
    document = uploads.take(
        form.file.data,
        practice_id=form.practice_id,
        kind=DocumentKind(form.kind.data),
        claim=claim,
        upload_id=form.upload_id.data,
    )
    words, is_doubled = _told(document)
    if _asks_for_json():
        return {"words": words, "doubled": is_doubled, "state": document.state.value}
    flash(words, "wrong" if is_doubled else "done")
    return redirect(url_for(".index"))


def _told(document: Document) -> tuple[str, bool]:
    """Return what is said of a document that was kept, and whether it was here before."""
    with work() as session:
        if keeping.same_as(session, document) is not None:
            return _DOUBLED, True
    return (_WAITS if document.state is DocumentState.QUARANTINED else _SHARED), False


def _asks_for_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _prefilled(claim_id: UUID | None) -> dict[str, Any]:
    if claim_id is None or request.method == "POST":
        return {}
    with work() as session:
        claim: Claim = claim_for(session, claim_id, me())
        given = {"practice": str(claim.practice_id), "claim": claim.our_number}
        if eobs.is_awaited(session, claim):
            given |= {"kind": DocumentKind.EOB.value, "awaited": claim.our_number}
    return given
