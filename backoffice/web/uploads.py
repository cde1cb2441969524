"""The one way in for every file that somebody sends: examined, announced, stored, scanned."""

from typing import BinaryIO, cast
from uuid import UUID

from structlog import get_logger
from werkzeug.datastructures import FileStorage

from backoffice.gateways.documents import DocumentsUnavailable, KeyTaken
from backoffice.gateways.scanner import NoVerdict, Verdict
from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentKind, DocumentState
from backoffice.services import documents as keeping
from backoffice.services.documents import Arrival, NotClean
from backoffice.services.refusal import Refused
from backoffice.web.extensions import clock, documents, me, scanner, work

_PIECE = 1 << 20
log = get_logger()


class StoreAway(Refused):
    """The bytes could not be laid down; the same upload may be sent again."""

    code = "store_away"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "The store did not answer. Nothing was kept: please send it again.", field="file"
        )


def take(
    upload: FileStorage,
    *,
    practice_id: UUID,
    kind: DocumentKind,
    claim: Claim | None = None,
    upload_id: UUID | None = None,
) -> Document:
    """Take one uploaded file into a practice as the person signed in.

    Returns the document STORED, or QUARANTINED while no scanner has answered: it cannot be opened
    until one does. Between the units of work a row waits for its bytes: it is swept, not lost.
    Raises NotTaken (not one of what we keep), NotClean, AnotherUpload or StoreAway, each with
    words for the person and `field="file"`.
    """
    stream = cast(BinaryIO, upload.stream)
    found = keeping.examine(stream, kind)
    arrival = Arrival(practice_id, kind, upload.filename or "", found, claim, upload_id)
    with work(practice=practice_id) as session:
        document = keeping.begin(session, arrival, by=me(), now=clock())
    if document.state is DocumentState.RECEIVING:
        document = _laid_down(document, stream)
    if document.state is DocumentState.QUARANTINED:
        document = _judged(document, stream)
    if document.state is DocumentState.INFECTED:
        raise NotClean(document.finding)
    return document


def _laid_down(document: Document, stream: BinaryIO) -> Document:
    try:
        documents().put(document.document_key, stream, sha256=document.sha256)
    except KeyTaken:
        pass  # an earlier try of this upload brought the bytes and could not say so
    except DocumentsUnavailable:
        raise StoreAway from None
    with work(practice=document.practice_id) as session:
        return keeping.arrived(session, document.id, now=clock())


def _judged(document: Document, stream: BinaryIO) -> Document:
    """Ask the scanner at once; where it has no word, the document waits and a job asks again."""
    verdict = _verdict_on(document, stream)
    if verdict is None:
        return document
    with work(practice=document.practice_id) as session:
        return keeping.judged(session, document.id, verdict, now=clock())


def _verdict_on(document: Document, stream: BinaryIO) -> Verdict | None:
    stream.seek(0)
    try:
        return scanner().scan(iter(lambda: stream.read(_PIECE), b""))
    except NoVerdict as silent:
        log.warning("scan waits", document=str(document.id), kind=str(silent))
        return None
