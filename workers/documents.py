"""Jobs about documents: count a PDF's pages, away from the people who wait for a page."""

from backoffice.gateways.documents import NoSuchDocument
from backoffice.models.documents import Document
from backoffice.services import documents
from backoffice.services.access import one
from workers.runtime import Again, Runtime, Task, errand_job


@errand_job
def count_pages(task: Task, run: Runtime) -> Again | None:
    """Count the pages of one stored PDF; run twice it counts the same."""
    count(task, run)
    return None


def count(task: Task, run: Runtime) -> None:
    """Count the pages; see count_pages."""
    with run.work(task.practice_id) as session:
        key = one(session, Document, task.subject_id).document_key
    try:
        pages = documents.pages_of(run.documents.get(key))
    except NoSuchDocument:
        pages = None
    with run.work(task.practice_id) as session:
        documents.note_pages(session, task.subject_id, pages)


def refuse_overdue(task: Task, run: Runtime) -> None:
    """Give up on documents whose bytes never arrived, and remove what half arrived.

    The store is asked between two units of work, and the row is refused first: what is stored
    meanwhile keeps its bytes.
    """
    with run.work(task.practice_id) as session:
        late = [document.id for document in documents.overdue(session, now=run.clock())]
        for document_id in late:
            documents.refuse(session, document_id)
    with run.work(task.practice_id) as session:
        keys = [one(session, Document, document_id).document_key for document_id in late]
    for key in keys:
        run.documents.delete(key)
