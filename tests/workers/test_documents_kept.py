"""What is kept stays whole and goes in its time: scanned, compared, swept both ways, erased."""

import hashlib
import io
import random
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.documents import ErasureRefused, InMemoryDocuments
from backoffice.gateways.mail import InMemoryMail
from backoffice.gateways.scanner import EICAR, InMemoryScanner
from backoffice.models.contract import HoldKind
from backoffice.models.document_work import DocumentPage, DocumentWords
from backoffice.models.documents import (
    Document,
    DocumentKind,
    DocumentLink,
    DocumentState,
    PagesState,
)
from backoffice.models.inbound import InboundFile, InboundKind, InboundState
from backoffice.models.intake import IntakeBatch
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.services import documents, messages, retention
from backoffice.services.access import one
from backoffice.services.documents import Arrival
from backoffice.services.documents.pages import Picture
from backoffice.services.documents.showing import keep_words, page_row, painted
from backoffice.services.inbound.keeping import RawFile
from tests.clean import CLEAN, found_clean
from tests.databases import Database
from tests.record import on_record
from tests.services.test_documents import PNG, a_pdf
from tests.talk import Talk, a_talk
from workers.documents import SCAN_AGAIN, erase, look_after, scan, sweep_house
from workers.runtime import Again, Runtime, Task

DAY = timedelta(days=1)


class Store(InMemoryDocuments):
    """A store whose bytes a test can turn, and which may be told to keep what it has."""

    keeps = False

    def turn(self, key: str, at: int) -> None:
        """Flip one bit of one byte."""
        content, moment = self._stored[key]
        turned = bytes([content[at] ^ 1])
        self._stored[key] = (content[:at] + turned + content[at + 1 :], moment)

    def lay(self, key: str, content: bytes = b"x") -> None:
        """Put bytes there that nobody asks for."""
        self.put(key, content, sha256=hashlib.sha256(content).hexdigest())

    def erase(self, key: str) -> None:
        """Refuse as a store under an object lock does."""
        if self.keeps:
            raise ErasureRefused
        super().erase(key)


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


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


def store_of(runtime: Runtime) -> Store:
    return cast(Store, runtime.documents)


def keep(
    talk: Talk, runtime: Runtime, content: bytes = PNG, *, judged: bool = True, loose: bool = False
) -> Document:
    """A document whose bytes lie in the store; STORED, or still waiting for the scanner."""
    person, found = talk.person(talk.cast.biller), documents.examine(io.BytesIO(content))
    now = datetime.now(UTC)
    with talk.work() as session:
        arrival = Arrival(
            talk.practice_id, DocumentKind.EOB, "eob", found, None if loose else talk.claim(session)
        )
        document = documents.begin(session, arrival, by=person, now=now)
    store_of(runtime).put(document.document_key, content, sha256=found.sha256)
    with talk.work() as session:
        if judged:
            return found_clean(session, document.id, now=now)
        return documents.arrived(session, document.id, now=now)


def as_it_is(talk: Talk, document: Document) -> Document:
    with talk.work() as session:
        return one(session, Document, document.id)


def task(talk: Talk, subject: UUID) -> Task:
    return Task(uuid4(), talk.practice_id, subject, "", 0)


def look(talk: Talk, runtime: Runtime) -> None:
    look_after(task(talk, talk.practice_id), runtime)


def damaged(talk: Talk) -> int:
    with talk.work() as session:
        return documents.damaged(session)


def test_a_scanner_that_is_away_is_asked_again_and_its_word_counts_once(
    talk: Talk, runtime: Runtime
) -> None:
    scanner = cast(InMemoryScanner, runtime.scanner)
    waiting, other = (keep(talk, runtime, a_pdf(n), judged=False) for n in (1, 2))
    scanner.away = True

    silent = scan(task(talk, waiting.id), runtime)
    shut = as_it_is(talk, waiting)
    scanner.away = False
    spoken = [scan(task(talk, waiting.id), runtime) for _ in range(2)]
    store_of(runtime).turn(other.document_key, 40)
    torn = scan(task(talk, other.id), runtime)

    assert silent == Again(SCAN_AGAIN)
    assert shut.state is DocumentState.QUARANTINED
    assert spoken == [None, None]
    clean = as_it_is(talk, waiting)
    assert (clean.state, clean.scanned_by) == (DocumentState.STORED, "In memory 1")
    assert len({notice.id for notice in talk.notices()}) == len(talk.notices())
    assert {notice.facts["document_id"] for notice in talk.notices()} == {str(waiting.id)}
    assert torn is None
    broken = as_it_is(talk, other)
    assert broken.state is DocumentState.QUARANTINED
    assert broken.damaged_at is not None


def test_every_flipped_byte_and_every_lost_object_is_found_and_told_once(
    talk: Talk, runtime: Runtime
) -> None:
    """Row 25 of the requirements: a flipped byte is caught in 50 of 50 cases."""
    chance, store = random.Random(25), store_of(runtime)
    kept = [keep(talk, runtime, PNG + bytes([n])) for n in range(10)]
    caught = 0

    for turn in range(5):
        places = {document: chance.randrange(document.size) for document in kept}
        for document, at in places.items():
            store.turn(document.document_key, at)
        with time_machine.travel(datetime.now(UTC) + DAY * (turn + 1)):
            look(talk, runtime)
        caught += damaged(talk)
        for document, at in places.items():
            store.turn(document.document_key, at)
        with time_machine.travel(datetime.now(UTC) + DAY * (turn + 1) + DAY / 2):
            look(talk, runtime)
        assert damaged(talk) == 0

    lost = kept[0]
    store.delete(lost.document_key)
    with time_machine.travel(datetime.now(UTC) + DAY * 200):
        look(talk, runtime)
        look(talk, runtime)

    assert caught == 50
    assert damaged(talk) == 1
    with talk.work() as session:
        told = [
            each
            for each in on_record(session, action="find_damaged")
            if each.subject_ids == [lost.id]
        ]
    assert len(told) == 6  # five turned bytes, and the loss once


def test_objects_without_a_row_go_after_a_day_and_nothing_else_does(
    talk: Talk, runtime: Runtime
) -> None:
    """Row 25 of the requirements: no orphan is left a day later, under whatever prefix it lies."""
    store, (kept, given_up, waits) = store_of(runtime), (keep(talk, runtime) for _ in range(3))
    folder, batch, raw = f"t/{talk.practice_id}", uuid4(), RawFile.of(b"raw")
    gone, page = talk.cast.elsewhere.id, page_of(talk, kept)
    _tell_of(talk, raw, batch, removed=gone)
    with talk.work() as session:
        for document in (kept, given_up):
            one(session, Document, document.id, lock=True).pages_state = PagesState.PARTLY
    orphans = [
        *(f"{folder}/{uuid4()}" for _ in range(5)),
        f"{folder}/{uuid4()}.made/1",
        f"{kept.document_key}.made/2",
        f"{given_up.document_key}.made/1s",
        f"h/{uuid4()}",
        f"intake/{batch}/1",
        f"intake/{uuid4()}/0",
        f"t/{gone}/{uuid4()}",
    ]
    stays = [
        page.image_key, page.thumbnail_key, f"{waits.document_key}.made/1", raw.key,
        f"intake/{batch}/0", f"a/{uuid4()}", f"t/{uuid4()}/{uuid4()}",
    ]  # fmt: skip
    for key in (*orphans, *stays):
        store.lay(key)
    before = {each.key for each in store.list("")}

    def swept(later: timedelta) -> set[str]:
        with time_machine.travel(datetime.now(UTC) + later):
            look(talk, runtime)
            sweep_house(runtime)
        return before - {each.key for each in store.list("")}

    assert swept(timedelta(hours=23)) == set()
    with talk.work() as session:
        by = talk.person(talk.cast.owner).id
        hold = retention.place_hold(
            session, talk.practice_id, kind=HoldKind.PRACTICE, reason="A subpoena.", by=by
        )
    assert swept(timedelta(hours=25)) == {each for each in orphans if not each.startswith(folder)}
    with talk.work() as session:
        retention.lift_hold(session, hold.id, by=by, now=datetime.now(UTC))
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        store.lay(f"{folder}/fresh")
    assert swept(timedelta(hours=25)) == set(orphans)


def page_of(talk: Talk, document: Document) -> DocumentPage:
    """A painted page of a document, as its row tells of it."""
    with talk.work() as session:
        page = page_row(talk.practice_id, document.id, Picture(1, 10, 10, b"x", b"x"))
        session.add(page)
        return page


def _tell_of(talk: Talk, raw: RawFile, batch: UUID, *, removed: UUID) -> None:
    """A raw file and a brought one that rows tell of, and a practice that was removed."""
    with talk.database.intake() as session:
        session.add(
            InboundFile(
                kind=InboundKind.ERA, sha256=raw.sha256, size=3, document_key=raw.key,
                state=InboundState.RECEIVED, received_at=datetime.now(UTC),
            )
        )  # fmt: skip
    with talk.database.work(practices=[removed], house=True) as session:
        brought = IntakeBatch(id=batch, mapping="own")
        brought.files = [{"key": f"intake/{batch}/0", "sha256": raw.sha256, "size": 3}]
        session.add(brought)
    with talk.database.work(practices=[removed, talk.practice_id], house=True) as session:
        session.get_one(Practice, removed).removed_at = datetime.now(UTC)


def test_what_newer_signatures_know_is_shut_and_erased_with_all_that_was_made_of_it(
    talk: Talk, runtime: Runtime
) -> None:
    store, old, other = (
        store_of(runtime),
        keep(talk, runtime, PNG + b"sleeper"),
        keep(talk, runtime),
    )
    cast(InMemoryScanner, runtime.scanner).known[b"sleeper"] = "Sleeper.A"
    for document in (old, other):
        page = page_of(talk, document)
        for key in (page.image_key, page.thumbnail_key):
            store.lay(key)
        with talk.work() as session:
            keep_words(session, document.id, "Gloamwick", now=datetime.now(UTC))
            painted(session, document.id, PagesState.READY, count=1)

    with time_machine.travel(datetime.now(UTC) + DAY):
        look(talk, runtime)

    shut = as_it_is(talk, old)
    assert (shut.state, shut.finding) == (DocumentState.INFECTED, "Sleeper.A")
    assert (shut.erased_at is not None, shut.pages_state) == (True, PagesState.NONE)
    assert list(store.list(old.document_key)) == []
    with talk.work() as session:
        left = [
            set(session.scalars(select(made.document_id))) for made in (DocumentPage, DocumentWords)
        ]
    assert left == [{other.id}] * 2
    assert len(list(store.list(other.document_key))) == 3


def test_a_withdrawn_document_goes_when_its_years_are_over_and_nothing_holds_it(
    talk: Talk, runtime: Runtime
) -> None:
    store, person = store_of(runtime), talk.person(talk.cast.owner)
    gone, stays = keep(talk, runtime), keep(talk, runtime, a_pdf())
    now = datetime.now(UTC)
    with talk.work() as session:
        documents.withdraw(session, gone.id, reason="Wrong client.", now=now)
        until = retention.document_kept_until(session, gone.id)
        client_id = talk.claim(session).client_id
        hold = retention.place_hold(
            session,
            talk.practice_id,
            kind=HoldKind.CLIENT,
            subject_id=client_id,
            reason="A subpoena.",
            by=person.id,
        )
    last_day = datetime(until.year, until.month, until.day, 12, tzinfo=UTC)

    def state_at(moment: datetime) -> tuple[DocumentState, bool]:
        with time_machine.travel(moment):
            look(talk, runtime)
        return as_it_is(talk, gone).state, store.exists(gone.document_key)

    in_time, held = state_at(last_day), state_at(last_day + DAY)
    with talk.work() as session:
        retention.lift_hold(session, hold.id, by=person.id, now=now)
    store.keeps = True
    locked = state_at(last_day + DAY)
    store.keeps = False
    over = state_at(last_day + DAY)
    erase(talk.practice_id, gone.id, runtime)

    kept_whole = (DocumentState.WITHDRAWN, True)
    assert [in_time, held, locked] == [kept_whole] * 3
    assert over == (DocumentState.ERASED, False)
    tombstone = as_it_is(talk, gone)
    assert (tombstone.original_name, tombstone.withdrawn_reason) == (None, "Wrong client.")
    assert tombstone.sha256 == hashlib.sha256(PNG).hexdigest()
    assert as_it_is(talk, stays).state is DocumentState.STORED
    with talk.work() as session:
        assert [each.subject_ids for each in on_record(session, action="erase")] == [[gone.id]]


def test_a_document_is_about_whom_its_links_and_their_threads_are_about(
    talk: Talk, runtime: Runtime
) -> None:
    document, by = keep(talk, runtime, loose=True), talk.person(talk.cast.biller)
    with talk.work() as session:
        claim, now = talk.claim(session), datetime.now(UTC)
        before = retention.clients_of_document(session, document.id)
        thread = messages.start(session, claim, by=by, subject="Card", body="Here.", now=now)
        added = DocumentLink(
            practice_id=talk.practice_id, document_id=document.id, thread_id=thread.id
        )
        session.add(added)
        session.flush()
        about = retention.clients_of_document(session, document.id)

    assert before == frozenset()
    assert about == {claim.client_id}


def test_a_late_withdrawal_leaves_thirty_days_to_think_again(talk: Talk, runtime: Runtime) -> None:
    document = keep(talk, runtime)
    later = datetime.now(UTC) + DAY * 365 * 60
    with time_machine.travel(later), talk.work() as session:
        documents.withdraw(session, document.id, reason="Old.", now=later)

    states = []
    for days in (29, 31):
        with time_machine.travel(later + DAY * days):
            look(talk, runtime)
        states.append(as_it_is(talk, document).state)

    assert states == [DocumentState.WITHDRAWN, DocumentState.ERASED]


def test_what_was_found_infected_is_never_called_clean_again(talk: Talk, runtime: Runtime) -> None:
    infected = keep(talk, runtime, PNG + EICAR, judged=False)
    scan(task(talk, infected.id), runtime)
    erase(talk.practice_id, infected.id, runtime)

    with talk.work() as session:
        documents.judged(session, infected.id, CLEAN, now=datetime.now(UTC))

    assert as_it_is(talk, infected).state is DocumentState.INFECTED
    assert not runtime.documents.exists(infected.document_key)
