"""Jobs about documents: scanned, counted, erased, looked after, away from people who wait."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from backoffice.gateways.documents import DocumentsUnavailable, ErasureRefused, NoSuchDocument
from backoffice.gateways.scanner import NoVerdict
from backoffice.models.document_work import MADE_OF
from backoffice.models.documents import Document
from backoffice.rules.document_state import DocumentState
from backoffice.services import documents
from backoffice.services.access import one
from backoffice.services.documents import showing, strays
from workers.runtime import Again, Runtime, Task, errand_job

SCAN_AGAIN = timedelta(minutes=1)
log = structlog.get_logger()


class _Digested:
    """The pieces of a stream as they pass, and the digest of those that have passed."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._digest.update(piece)
            yield piece

    def is_of(self, sha256: str) -> bool:
        """Whether all that passed, and what is still to come, has this digest (hex)."""
        for _ in self:
            pass
        return self._digest.hexdigest() == sha256


@errand_job
def scan_document(task: Task, run: Runtime) -> Again | None:
    """Have one waiting document scanned; a scanner that is away is asked again."""
    return scan(task, run)


def scan(task: Task, run: Runtime) -> Again | None:
    """Scan; see scan_document. Run twice it finds the verdict given and does nothing."""
    with run.work(task.practice_id) as session:
        document = one(session, Document, task.subject_id)
    if document.state is not DocumentState.QUARANTINED:
        return None
    return None if look_at(document, run) else Again(SCAN_AGAIN)


def look_at(document: Document, run: Runtime) -> bool:
    """Read a document's bytes once: compare them, have them scanned, keep what was found.

    Returns False where the scanner gave no verdict on bytes that are whole.
    """
    verdict = None
    try:
        bytes_there = _Digested(run.documents.stream(document.document_key))
        try:
            verdict = run.scanner.scan(bytes_there)
        except NoVerdict as silent:
            log.warning("scan waits", document=str(document.id), kind=str(silent))
        whole = bytes_there.is_of(document.sha256)
    except NoSuchDocument:
        whole = False
    with run.work(document.practice_id) as session:
        documents.checked(session, document.id, whole=whole, now=run.clock())
        if whole and verdict is not None:
            documents.judged(session, document.id, verdict, now=run.clock())
    return not whole or verdict is not None


@errand_job
def erase_document(task: Task, run: Runtime) -> Again | None:
    """Erase what was found infected; run twice it finds nothing left."""
    erase(task.practice_id, task.subject_id, run)
    return None


def erase(practice_id: UUID | None, document_id: UUID, run: Runtime) -> None:
    """Erase a document's bytes in every version, with what was made of them, where it may go."""
    with run.work(practice_id) as session:
        key = documents.erasable_key(session, document_id, now=run.clock())
    if key is None:
        return
    try:
        for stored in [*run.documents.list(f"{key}{MADE_OF}/")]:
            run.documents.erase(stored.key)
        run.documents.erase(key)
    except ErasureRefused:
        log.warning("the store keeps it", document=str(document_id))
        return
    with run.work(practice_id) as session:
        documents.erased(session, document_id, now=run.clock())
        showing.forget_made(session, document_id)


@errand_job
def count_pages(task: Task, run: Runtime) -> Again | None:
    """Count the pages of one stored PDF; run twice it counts the same."""
    count(task, run)
    return None


def count(task: Task, run: Runtime) -> None:
    """Count the pages and see what else it carries; see count_pages."""
    with run.work(task.practice_id) as session:
        key = one(session, Document, task.subject_id).document_key
    try:
        inside = documents.inside(run.documents.get(key))
    except NoSuchDocument:
        inside = documents.Inside(None)
    with run.work(task.practice_id) as session:
        documents.note_pages(session, task.subject_id, inside.pages, inside.carries)


def refuse_overdue(task: Task, run: Runtime) -> None:
    """Give up on documents whose bytes never arrived, and remove what half arrived.

    The store is asked between two units of work, and the row is refused first: what is stored
    meanwhile keeps its bytes.
    """
    with run.work(task.practice_id) as session:
        documents.ring_for_waiting(session, now=run.clock())
        late = [document.id for document in documents.overdue(session, now=run.clock())]
        for document_id in late:
            documents.refuse(session, document_id)
    with run.work(task.practice_id) as session:
        rows = [one(session, Document, document_id) for document_id in late]
    for row in rows:
        if row.state is DocumentState.REFUSED:
            run.documents.delete(row.document_key)


@errand_job
def look_after_documents(task: Task, run: Runtime) -> Again | None:
    """Look after one practice's documents once; see look_after."""
    look_after(task, run)
    return None


def look_after(task: Task, run: Runtime) -> None:
    """Compare and scan a share of what is kept, sweep both ways, erase what is due.

    Every step is safe to run again. A store that is away fails the job, which is rung again.
    """
    _sweep(task, run)
    with run.work(task.practice_id) as session:
        due = documents.due_for_a_look(session, now=run.clock())
    for document in due:
        look_at(document, run)
    with run.work(task.practice_id) as session:
        going = documents.due_for_erasing(session, now=run.clock())
    for document_id in going:
        erase(task.practice_id, document_id, run)


def _sweep(task: Task, run: Runtime) -> None:
    """Objects without a row go after a day; rows without an object are told of."""
    lying = list(run.documents.list(f"t/{task.subject_id}/"))
    with run.work(task.practice_id) as session:
        orphans = documents.orphans(session, task.subject_id, lying, now=run.clock())
        documents.note_missing(
            session, task.subject_id, frozenset(each.key for each in lying), now=run.clock()
        )
    _remove(orphans, "practice", task.subject_id, run)


@errand_job
def look_after_store(task: Task, run: Runtime) -> Again | None:
    """Sweep what lies outside the folders of practices that stand; see sweep_house."""
    sweep_house(run)
    return None


def sweep_house(run: Runtime) -> None:
    """Objects of the house without a row go after a day, and what removed practices left behind.

    The store is listed before the rows are read, so that whatever is written meanwhile is younger.
    """
    lying = list(run.documents.list(strays.INBOUND))
    with run.intake() as session:
        _remove(strays.of_inbound(session, lying, now=run.clock()), "prefix", strays.INBOUND, run)
    lying = list(run.documents.list(strays.BROUGHT))
    with run.work(None) as session:
        brought = strays.of_brought(session, lying, now=run.clock())
        removed = strays.removed_among(session, set(run.documents.folders(strays.OF_PRACTICES)))
    _remove(brought, "prefix", strays.BROUGHT, run)
    for practice_id in removed:
        lying = list(run.documents.list(f"{strays.OF_PRACTICES}{practice_id}/"))
        _remove(strays.of_removed(lying, now=run.clock()), "practice", practice_id, run)


def _remove(orphans: Sequence[str], kind: str, of: UUID | str, run: Runtime) -> None:
    """Delete what nobody tells of; what the store keeps (a lock, a hold of its own) stays."""
    for key in orphans:
        try:
            run.documents.delete(key)
        except DocumentsUnavailable as kept:
            log.warning("an orphan stays", kind=type(kept).__name__, **{kind: str(of)})
    if orphans:
        log.warning("orphans", count=len(orphans), **{kind: str(of)})
