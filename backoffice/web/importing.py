"""An 835 file among the documents, imported as an ERA by whoever posts payments."""

from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.gateways.documents import DocumentsUnavailable, NoSuchDocument
from backoffice.models.documents import Document
from backoffice.models.remittances import Remittance
from backoffice.rules.roles import Permission
from backoffice.services import documents as keeping
from backoffice.services.access import visible
from backoffice.services.inbound import payments, uploaded
from backoffice.services.inbound.keeping import RawFile
from backoffice.services.refusal import NotVisible, Refused
from backoffice.web.access import needs
from backoffice.web.extensions import clock, documents, intake_work, me, work_on

bp = Blueprint("importing", __name__, url_prefix="/documents")


class StoreSilent(Refused):
    """The bytes could not be read, or not be laid down anew; nothing was imported."""

    code = "store_silent"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("The store did not answer. Nothing was imported: please try again.")


@bp.post("/<uuid:document_id>/import")
@needs(Permission.POST_PAYMENTS)
def era(document_id: UUID) -> ResponseReturnValue:
    """Take the payments of an 835 file in, each once, as if a clearinghouse had given it."""
    with work_on(Document, document_id) as session:
        document = keeping.opened(session, document_id, me())
    raw = RawFile.of(_bytes_of(document))
    with intake_work() as session:
        uploaded.require_own(session, document, payments.read_payments(raw.content))
    _lay_down(raw)
    with intake_work() as session:
        uploaded.take(session, document, raw, now=clock())
    flash("Imported. Its payments are among the ERAs in a moment; what cannot be read is set"
          " aside there.", "done")  # fmt: skip
    return redirect(url_for("viewer.show", document_id=document_id))


def imported(session: Session, document: Document) -> list[Remittance] | None:
    """Return the ERAs that came in with this document's bytes; None: it may be imported."""
    with intake_work() as house:
        ids = uploaded.payments_of(house, document)
    if ids is None:
        return None
    query = visible(session, Remittance).where(Remittance.transaction_id.in_(ids))
    return list(session.scalars(query.order_by(Remittance.id)))


def may_import(document: Document) -> bool:
    """Whether a document may hold payments, for somebody who posts them."""
    posts = me().may_in(document.practice_id, Permission.POST_PAYMENTS)
    return posts and document.content_type == uploaded.TYPE


def _bytes_of(document: Document) -> bytes:
    if document.content_type != uploaded.TYPE:
        raise uploaded.NoPaymentReport
    try:
        return documents().get(document.document_key)
    except NoSuchDocument:
        raise NotVisible from None
    except DocumentsUnavailable:
        raise StoreSilent from None


def _lay_down(raw: RawFile) -> None:
    """Put the bytes under a key of their own; where no row names it in a day it is swept."""
    try:
        documents().put(raw.key, raw.content, sha256=raw.sha256)
    except DocumentsUnavailable:
        raise StoreSilent from None
