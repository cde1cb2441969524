"""A document beside its work: pages as pictures of ours, never the bytes that somebody sent."""

from uuid import UUID

from flask import Blueprint, Flask, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from structlog import get_logger

from backoffice.gateways.documents import DocumentsUnavailable, NoSuchDocument
from backoffice.models.document_work import DocumentPage
from backoffice.models.documents import Document, PagesState
from backoffice.rules.part2 import NOTICE
from backoffice.rules.roles import Permission
from backoffice.services import consents
from backoffice.services.accounts import Person
from backoffice.services.audit.shown import gather_into
from backoffice.services.documents import beside, making, same_as, showing
from backoffice.services.documents.examining import PDF
from backoffice.services.documents.filing import Beside
from backoffice.services.documents.pages import digest
from backoffice.services.refusal import NotVisible
from backoffice.web import small_pictures
from backoffice.web.access import needs
from backoffice.web.documents import HEADERS
from backoffice.web.extensions import clock, documents, me, work
from backoffice.web.filing import filing_form
from backoffice.web.importing import imported, may_import
from backoffice.web.sessions import LIVE

bp = Blueprint("viewer", __name__, url_prefix="/documents")
log = get_logger()
JPEG = "image/jpeg"


@bp.get("/<uuid:document_id>/view")
@needs(Permission.SEE_DOCUMENTS)
def show(document_id: UUID) -> ResponseReturnValue:
    """Open a document to look at it: one opening on record, whatever pages are turned."""
    with work() as session:
        viewed = showing.viewed(session, document_id, me(), anew=LIVE not in request.headers)
        document = viewed.document
        doubled = same_as(session, document)
        under_part2 = consents.documents_under_part2(session, [document.id])
        shown = {
            "document": document,
            "pages": viewed.pages,
            "waiting": document.pages_state is PagesState.WAITING,
            "linked": beside.linked_to(session, document, me()),
            "doubled": doubled if doubled and _comes_near(doubled, me()) else None,
            "notice": NOTICE if under_part2 else "",
            "practice": {each.id: each for each in me().practices}[document.practice_id],
        }
        if not me().staff_in(document.practice_id):
            return render_template("documents/view_mine.html", **shown)
        return render_template(
            "documents/view.html",
            **shown,
            made_from=beside.made_from(session, document, me()),
            made_of=beside.made_of(session, document, me()),
            wish=making.latest(session, document, now=clock()),
            is_pdf=document.content_type == PDF and document.pages,
            form=filing_form(session, document, me()),
            may_import=may_import(document),
            came_in=imported(session, document) if may_import(document) else None,
            may_file=me().may_in(document.practice_id, Permission.FILE_DOCUMENTS),
            may_withdraw=me().may_in(document.practice_id, Permission.WITHDRAW_DOCUMENTS),
        )


@bp.get("/<uuid:document_id>/pages/<int:page>")
@needs(Permission.SEE_DOCUMENTS)
def page(document_id: UUID, page: int) -> Response:
    """Give one page as a picture, on record with its number."""
    with work() as session:
        found = showing.read_page(session, document_id, page, me())
    return _picture(found, found.image_key, found.image_sha256)


@bp.get("/<uuid:document_id>/pages/<int:page>/small")
@needs(Permission.SEE_DOCUMENTS)
def small(document_id: UUID, page: int) -> Response:
    """Give one page as a small picture; on record, unless what gave out its address is."""
    if small_pictures.is_on_record(document_id):
        with gather_into(None), work() as session:
            found = showing.page_of(session, document_id, page, me())
    else:
        with work() as session:
            found = showing.read_page(session, document_id, page, me(), small=True)
    return _picture(found, found.thumbnail_key, found.thumbnail_sha256)


def _picture(page: DocumentPage, key: str, sha256: str) -> Response:
    """Fetch a picture and compare it with the one that was painted, then let it go."""
    try:
        content = documents().get(key)
    except NoSuchDocument:
        log.error("page without picture", document=str(page.document_id), page=page.page)
        raise NotVisible from None
    except DocumentsUnavailable:
        abort(503)
    if digest(content) != sha256:
        log.error("page altered", document=str(page.document_id), page=page.page)
        abort(500)
    answer = Response(content, mimetype=JPEG)
    answer.headers.update(HEADERS)
    answer.headers["Content-Disposition"] = "inline"
    return answer


def _comes_near(document: Document, person: Person) -> bool:
    return person.staff_in(document.practice_id) or document.uploaded_by_id == person.id


def documents_beside(kind: str, row_id: UUID) -> list[Document]:
    """Return the documents that lie beside a row, for the page that shows the row."""
    if not me().may(Permission.SEE_DOCUMENTS):
        return []
    with work() as session:
        return list(beside.documents_beside(session, Beside(kind), row_id, me()))


def register(app: Flask) -> None:
    """Give every template `documents_beside` and `small_picture`."""
    small_pictures.register(app)
    app.jinja_env.globals["documents_beside"] = documents_beside
