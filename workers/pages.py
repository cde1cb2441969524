"""Jobs about pages: paints them and reads their words, in processes of their own, under limits."""

from uuid import UUID

import structlog

from backoffice.gateways.documents import KeyTaken, NoSuchDocument
from backoffice.models.document_work import DocumentPage
from backoffice.models.documents import PagesState
from backoffice.services.documents import pages, showing
from backoffice.services.documents.examining import PDF
from backoffice.services.documents.pages import Picture
from backoffice.services.documents.showing import ToPaint
from backoffice.services.paper.confined import Unreadable
from workers.runtime import Again, Runtime, Task, errand_job

log = structlog.get_logger()


@errand_job
def read_pages(task: Task, run: Runtime) -> Again | None:
    """Paint the pages of one stored document and read its words; goes on where it stopped."""
    read(task.practice_id, task.subject_id, run)
    return None


def read(practice_id: UUID | None, document_id: UUID, run: Runtime) -> None:
    """Read one document; see read_pages. Run twice it finds nothing left to do."""
    with run.work(practice_id) as session:
        wanted = showing.to_paint(session, document_id)
    if wanted is None or practice_id is None:
        return
    try:
        content = run.documents.get(wanted.key)
    except NoSuchDocument:
        content = b""
    if pages.digest(content) != wanted.sha256:
        log.error("document altered", document=str(document_id))
        _painted(practice_id, document_id, PagesState.NONE, run)
        return
    _read_words(practice_id, document_id, wanted, content, run)
    try:
        count = _paint(practice_id, document_id, wanted, content, run)
    except Unreadable:
        _painted(practice_id, document_id, PagesState.NONE, run)
        return
    _painted(practice_id, document_id, showing.state_of(count), run, count=count)


def _paint(
    practice_id: UUID, document_id: UUID, wanted: ToPaint, content: bytes, run: Runtime
) -> int:
    """Paint a few pages at a time, the pictures into the store first; returns how many there are.

    A document that is longer than what is shown is painted as far as that.
    """
    first, count = wanted.next_page, pages.MOST_SHOWN
    while first <= min(count, pages.MOST_SHOWN):
        most = min(pages.AT_ONCE, pages.MOST_SHOWN - first + 1)
        done = pages.paint(content, wanted.content_type, first=first, most=most)
        if not done.pictures:
            return first - 1
        rows = [showing.page_row(practice_id, document_id, each) for each in done.pictures]
        for row, picture in zip(rows, done.pictures, strict=True):
            _put(row, picture, run)
        with run.work(practice_id) as session:
            showing.keep_pages(session, rows)
        first, count = first + len(rows), done.count
    return count


def _put(row: DocumentPage, picture: Picture, run: Runtime) -> None:
    """Put both pictures; what a run that was broken off has left there is made anew."""
    for key, content, sha256 in (
        (row.image_key, picture.image, row.image_sha256),
        (row.thumbnail_key, picture.thumbnail, row.thumbnail_sha256),
    ):
        try:
            run.documents.put(key, content, sha256=sha256)
        except KeyTaken:
            run.documents.erase(key)
            run.documents.put(key, content, sha256=sha256)


def _read_words(
    practice_id: UUID, document_id: UUID, wanted: ToPaint, content: bytes, run: Runtime
) -> None:
    if wanted.content_type != PDF:
        return
    try:
        words = pages.words_of(content)
    except Unreadable:
        return
    if words:
        with run.work(practice_id) as session:
            showing.keep_words(session, document_id, words, now=run.clock())


def _painted(
    practice_id: UUID,
    document_id: UUID,
    state: PagesState,
    run: Runtime,
    *,
    count: int | None = None,
) -> None:
    with run.work(practice_id) as session:
        showing.painted(session, document_id, state, count=count)
