"""New documents of pages of others: made once and whole by a worker, or not at all and why."""

import hashlib
import io
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.documents import DocumentsUnavailable, InMemoryDocuments, S3Documents
from backoffice.gateways.mail import InMemoryMail
from backoffice.gateways.scanner import InMemoryScanner
from backoffice.jobs import Job
from backoffice.models.document_work import Cutting, CuttingPart, CuttingState, DocumentOrigin
from backoffice.models.documents import (
    Document,
    DocumentKind,
    DocumentLink,
    DocumentState,
    DocumentStatus,
)
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from backoffice.services import documents
from backoffice.services.access import one
from backoffice.services.documents import Arrival, making
from backoffice.services.documents.making import BeingCut, OfOnePractice
from backoffice.services.documents.pages import words_of
from tests.clean import found_clean
from tests.databases import Database
from tests.papers import a_paper
from tests.record import on_record
from tests.talk import Talk, a_talk
from workers.cutting import MOST_TRIES, cut_documents, fulfil
from workers.runtime import Runtime, Task, run

A_DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


class Store(InMemoryDocuments):
    """A store that may be away, and whose bytes a test can change."""

    away = False

    def get(self, key: str) -> bytes:
        if self.away:
            raise DocumentsUnavailable
        return super().get(key)

    def alter(self, key: str) -> None:
        content, moment = self._stored[key]
        self._stored[key] = (content[:-1] + b"?", moment)


@pytest.fixture
def runtime(talk: Talk, settings: Settings) -> Runtime:
    return Runtime(
        settings=talk.database.reached_by(settings),
        engine=talk.database.engine,
        factory=talk.factory,
        documents=Store(),
        mail=InMemoryMail(),
        mailbox=None,
        clearinghouse_of=lambda _: pytest.fail("documents have nothing to do with it"),
        scanner=InMemoryScanner(),
    )


def keep(talk: Talk, runtime: Runtime, content: bytes, *, loose: bool = False) -> Document:
    """A PDF that is kept and counted, beside the claim or beside nothing."""
    person, found = talk.person(talk.cast.biller), documents.examine(io.BytesIO(content))
    now = datetime.now(UTC)
    with talk.work() as session:
        claim = None if loose else talk.claim(session)
        arrival = Arrival(talk.practice_id, DocumentKind.EOB, "eob.pdf", found, claim)
        document = documents.begin(session, arrival, by=person, now=now)
    runtime.documents.put(document.document_key, content, sha256=found.sha256)
    with talk.work() as session:
        found_clean(session, document.id, now=now)
        documents.note_pages(session, document.id, len(PdfReader(io.BytesIO(content)).pages))
    return document


def split(talk: Talk, document: Document, typed: str) -> Cutting:
    by = talk.person(talk.cast.biller)
    with talk.work() as session:
        return making.split(session, document.id, typed, by=by, now=datetime.now(UTC))


def turn(talk: Talk, document: Document, typed: str) -> Cutting:
    by = talk.person(talk.cast.biller)
    with talk.work() as session:
        return making.turn(session, document.id, typed, 90, by=by, now=datetime.now(UTC))


def merge(talk: Talk, *sources: Document) -> Cutting:
    by = talk.person(talk.cast.biller)
    with talk.work() as session:
        ids = [each.id for each in sources]
        return making.merge(session, ids, by=by, now=datetime.now(UTC))


def ring(talk: Talk, runtime: Runtime, times: int = 1) -> None:
    """Run the errands of cutting as a worker that is rung does."""
    for _ in range(times):
        with talk.database.work(house=True) as session:
            errands = session.scalars(select(Errand).where(Errand.job == Job.CUT_DOCUMENTS)).all()
        for errand in errands:
            run(cut_documents.__wrapped__, errand.id, runtime)  # type: ignore[attr-defined]  # set by wraps()


def made_of(talk: Talk, wish: Cutting) -> list[Document]:
    """What a wish has made, in its order, as it is told of beside its sources."""
    with talk.work() as session:
        query = select(CuttingPart.source_id).where(CuttingPart.cutting_id == wish.id)
        source = one(session, Document, session.scalars(query.limit(1)).one())
        told = making.latest(session, source, now=_now())
        assert told is not None
        return [one(session, Document, each) for each in told.made]


def _now() -> datetime:
    return datetime.now(UTC)


def as_it_is(talk: Talk, wish: Cutting) -> Cutting:
    with talk.work() as session:
        return one(session, Cutting, wish.id)


def count(talk: Talk) -> int:
    with talk.work() as session:
        return len(session.scalars(select(Document.id)).all())


def rotations(content: bytes) -> list[int]:
    return [page.rotation for page in PdfReader(io.BytesIO(content)).pages]


def test_a_document_is_split_turned_and_merged_by_a_worker_each_once(
    talk: Talk, runtime: Runtime
) -> None:
    content = a_paper("Alpha one", "Beta two", "Gamma three")
    paper, card = keep(talk, runtime, content), keep(talk, runtime, a_paper("Delta"), loose=True)

    def content_of(document: Document) -> bytes:
        return runtime.documents.get(document.document_key)

    wish = split(talk, paper, "1-2; 3")
    with pytest.raises(BeingCut):
        turn(talk, paper, "2")
    with pytest.raises(BeingCut):
        merge(talk, card, paper)
    before = made_of(talk, wish)
    ring(talk, runtime, times=2)
    parts = made_of(talk, wish)

    assert before == []
    assert [words_of(content_of(each)) for each in parts] == ["Alpha one Beta two", "Gamma three"]
    assert [each.original_name for each in parts] == ["eob, part 1.pdf", "eob, part 2.pdf"]
    assert {each.state for each in parts} == {DocumentState.STORED}
    assert {each.status for each in parts} == {DocumentStatus.NEW}
    assert {each.uploaded_by_id for each in parts} == {talk.cast.biller.id}
    with talk.work() as session:
        source = one(session, Document, paper.id)
        beside = session.execute(select(DocumentLink.document_id, DocumentLink.claim_id)).all()
        written = on_record(session, action="split")
    assert (source.status, content_of(paper)) == (DocumentStatus.FILED, content)
    assert set(beside) == {(each.id, talk.claim_id) for each in (paper, *parts)}
    assert [each.user_id for each in written] == [talk.cast.biller.id] * 2

    wish = turn(talk, paper, "2")
    ring(talk, runtime, times=2)
    (turned,) = made_of(talk, wish)
    assert rotations(content_of(turned)) == [0, 90, 0]

    wish = merge(talk, card, paper)
    ring(talk, runtime, times=2)
    (whole,) = made_of(talk, wish)
    assert words_of(content_of(whole)) == "Alpha one Beta two Gamma three Delta"
    with talk.work() as session:
        query = select(DocumentOrigin).where(DocumentOrigin.document_id == whole.id)
        origins = session.scalars(query.order_by(DocumentOrigin.place)).all()
        claim_id = session.scalar(
            select(DocumentLink.claim_id).where(DocumentLink.document_id == whole.id)
        )
    assert [(each.source_id, each.pages) for each in origins] == [
        (paper.id, [1, 2, 3]), (card.id, [1])
    ]  # fmt: skip
    assert claim_id == talk.claim_id
    assert count(talk) == 6
    with pytest.raises(OfOnePractice):
        merge(talk, paper, paper)


def test_what_cannot_be_cut_says_why_and_changes_nothing(talk: Talk, runtime: Runtime) -> None:
    store, scanner = runtime.documents, runtime.scanner
    assert isinstance(store, Store)
    assert isinstance(scanner, InMemoryScanner)
    altered, gone, unread, sick, alone = (
        keep(talk, runtime, a_paper(f"Page {n}", "Second")) for n in range(5)
    )
    junk = b"%PDF-1.7 torn off\n%%EOF"
    with talk.work() as session:
        row = one(session, Document, unread.id, lock=True)
        row.sha256 = hashlib.sha256(junk).hexdigest()
    store.delete(unread.document_key)
    store.put(unread.document_key, junk, sha256=hashlib.sha256(junk).hexdigest())
    store.alter(altered.document_key)
    before = count(talk)

    def ending(document: Document, *, rings: int = 1) -> str:
        wish = turn(talk, document, "")
        if document is gone:
            with talk.work() as session:
                documents.withdraw(session, gone.id, reason="Wrong one.", now=_now())
        ring(talk, runtime, times=rings)
        ended = as_it_is(talk, wish)
        assert (ended.state, ended.ended_at is None) == (CuttingState.FAILED, False)
        with talk.work() as session:
            assert one(session, Document, document.id).status is DocumentStatus.NEW
        return ended.problem

    assert "not in the store as it came" in ending(altered)
    with talk.work() as session:
        assert documents.damaged(session) == 1
    assert "cannot be opened any more" in ending(gone)
    assert "cannot be read" in ending(unread)
    scanner.known[b"%PDF"] = "Sleeper.A"
    assert "virus scanner stopped what was made of it (Sleeper.A)" in ending(sick)
    scanner.known.clear()
    store.away = True
    assert "on our side" in ending(alone, rings=MOST_TRIES)
    store.away = False
    assert count(talk) == before

    # asked for again it is made, and waits for the scanner where none speaks
    scanner.away = True
    wish = turn(talk, alone, "2")
    ring(talk, runtime)
    assert as_it_is(talk, wish).state is CuttingState.DONE
    assert made_of(talk, wish) == []
    with talk.work() as session:
        made = session.scalars(select(CuttingPart.document_id)).all()
        states = {one(session, Document, each).state for each in made if each}
    assert states == {DocumentState.QUARANTINED}


def test_a_worker_killed_between_bytes_and_rows_makes_each_new_document_once(
    talk: Talk, runtime: Runtime, s3_documents: S3Documents
) -> None:
    run_here = replace(runtime, documents=s3_documents)
    paper = keep(talk, run_here, a_paper("One", "Two"))
    wish = split(talk, paper, "1; 2")
    task = Task(wish.id, talk.practice_id, wish.id, "", 0)

    ending = _in_a_child(lambda: fulfil(task, run_here, at=_dies("stored")))
    between = made_of(talk, wish)
    for _ in range(2):
        fulfil(task, run_here)

    assert os.WTERMSIG(ending) == signal.SIGKILL
    assert between == []
    assert len(made_of(talk, wish)) == 2
    assert count(talk) == 3
    lying = list(s3_documents.list(f"t/{talk.practice_id}/"))
    with talk.work() as session:
        keys = set(session.scalars(select(Document.document_key)))
        swept = [
            set(documents.orphans(session, talk.practice_id, lying, now=_now() + later))
            for later in (A_DAY - HOUR, A_DAY + HOUR)
        ]
    assert len(lying) == 5
    assert swept == [set(), {each.key for each in lying} - keys]


def _dies(place: str) -> Callable[[str], None]:
    def at(here: str) -> None:
        if here == place:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def _in_a_child(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1]
