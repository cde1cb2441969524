"""Documents away from the people who wait: pages counted, uploads that never arrived given up."""

import hashlib
import io
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.mail import InMemoryMail
from backoffice.models.documents import Document, DocumentKind, DocumentState
from backoffice.models.sealing import Keyring
from backoffice.services import documents
from backoffice.services.access import one
from backoffice.services.documents import Arrival
from tests.clean import found_clean
from tests.databases import Database
from tests.services.test_documents import PNG, a_pdf
from tests.talk import Talk, a_talk
from workers.documents import count, refuse_overdue
from workers.runtime import Runtime, Task

TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


@pytest.fixture
def runtime(talk: Talk, settings: Settings) -> Runtime:
    return Runtime(
        settings=talk.database.reached_by(settings),
        engine=talk.database.engine,
        factory=talk.factory,
        documents=InMemoryDocuments(),
        mail=InMemoryMail(),
        mailbox=None,
        clearinghouse_of=lambda _: pytest.fail("documents have nothing to do with it"),
    )


def announce(talk: Talk, content: bytes, *, ago: timedelta = timedelta(0)) -> Document:
    """A document that waits for its bytes since then."""
    person, found = talk.person(talk.cast.biller), documents.examine(io.BytesIO(content))
    with talk.work() as session:
        arrival = Arrival(talk.practice_id, DocumentKind.EOB, "eob", found)
        return documents.begin(session, arrival, by=person, now=datetime.now(UTC) - ago)


def put(runtime: Runtime, document: Document, content: bytes) -> None:
    runtime.documents.put(
        document.document_key, content, sha256=hashlib.sha256(content).hexdigest()
    )


def now_of(talk: Talk, document_id: UUID) -> Document:
    with talk.work() as session:
        return one(session, Document, document_id)


def task(talk: Talk, subject: UUID) -> Task:
    return Task(uuid4(), talk.practice_id, subject, "", 0)


@pytest.mark.parametrize(
    ("content", "pages"),
    [(a_pdf(4), 4), (b"%PDF-1.7 torn off\n%%EOF", None)],
    ids=["whole", "torn"],
)
def test_pages_are_counted_the_same_at_every_ring(
    talk: Talk, runtime: Runtime, content: bytes, pages: int | None
) -> None:
    document = announce(talk, content)
    put(runtime, document, content)

    for _ in range(2):
        count(task(talk, document.id), runtime)

    assert now_of(talk, document.id).pages == pages


def test_an_upload_that_never_arrived_is_refused_and_its_half_is_removed(
    talk: Talk, runtime: Runtime
) -> None:
    late = announce(talk, PNG, ago=TWO_HOURS)
    put(runtime, late, PNG)
    fresh = announce(talk, a_pdf())
    put(runtime, fresh, a_pdf())

    refuse_overdue(task(talk, talk.practice_id), runtime)

    assert now_of(talk, late.id).state is DocumentState.REFUSED
    assert not runtime.documents.exists(late.document_key)
    assert now_of(talk, fresh.id).state is DocumentState.RECEIVING
    assert runtime.documents.exists(fresh.document_key)


def test_what_was_stored_in_time_keeps_its_bytes_however_old(talk: Talk, runtime: Runtime) -> None:
    document = announce(talk, PNG, ago=TWO_HOURS)
    put(runtime, document, PNG)
    with talk.work() as session:
        found_clean(session, document.id, now=datetime.now(UTC))

    refuse_overdue(task(talk, talk.practice_id), runtime)

    assert now_of(talk, document.id).state is DocumentState.STORED
    assert runtime.documents.exists(document.document_key)
