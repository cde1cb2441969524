"""Files made to harm us: none is readable as active content, none breaks us, each is named."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.scanner import EICAR_NAME, InMemoryScanner
from backoffice.models.documents import Document, DocumentState
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from backoffice.services import documents
from backoffice.services.documents.looking.why_not import WORDS, WhyNot
from backoffice.web.documents import HEADERS
from backoffice.web.extensions import DOCUMENTS, SCANNER
from tests.databases import Database
from tests.hostile_files import Hostile, a_pdf, corpus
from tests.pages import Browser, Page
from tests.talk import Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def as_a_browser_writes(name: str) -> str:
    """A file's name in a form: the HTML standard escapes what would end it."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def send(browser: Browser, talk: Talk, hostile: Hostile, **fields: str) -> Page:
    return browser.post(
        "/documents/add",
        practice=str(talk.practice_id),
        kind=hostile.kind.value,
        file=(io.BytesIO(hostile.content), as_a_browser_writes(hostile.name)),
        **fields,
    )


def kept(talk: Talk) -> list[Document]:
    with talk.work() as session:
        return list(session.scalars(select(Document).order_by(Document.id)))


def test_no_hostile_file_is_readable_as_active_content_and_each_outcome_is_named(
    app: Flask, talk: Talk
) -> None:
    """Row 24 of the requirements: at least sixty files, none readable, none that breaks us."""
    browser, files = Browser(app).sign_in(talk.cast.biller), corpus()
    (largest,) = (each for each in files if each.outcome is WhyNot.TOO_LARGE)
    with pytest.raises(documents.NotTaken, match="larger than 25 MB"):
        documents.examine(io.BytesIO(largest.content))
    files.remove(largest)
    browser.get("/documents/add")
    wrong = []

    for hostile in files:
        before = len(kept(talk)) if isinstance(hostile.outcome, str) else 0
        said = send(browser, talk, hostile)
        if isinstance(hostile.outcome, WhyNot):
            fine = said.status == 422 and WORDS[hostile.outcome] in said.words
        elif hostile.outcome == "infected":
            fine = said.status == 422 and EICAR_NAME in said.words
        else:
            fine = said.status == 302 and len(kept(talk)) == before + 1
        if not fine:
            wrong.append((hostile.what, said.status))

    assert len(files) >= 60
    assert wrong == []
    by_state = {state: [] for state in DocumentState}  # type: dict[DocumentState, list[Document]]
    for document in kept(talk):
        by_state[document.state].append(document)
    taken = [each for each in files if each.outcome == "taken"]
    assert len(by_state[DocumentState.STORED]) == len(taken)
    assert len(by_state[DocumentState.INFECTED]) == 2
    for document, hostile in zip(by_state[DocumentState.STORED], taken, strict=True):
        given = browser.get(f"/documents/{document.id}").response
        disposition = given.headers["Content-Disposition"]
        assert given.status_code == 200, hostile.what
        assert given.data == hostile.content, hostile.what
        assert {name: given.headers[name] for name in HEADERS} == HEADERS, hostile.what
        assert given.headers["Content-Type"] == "application/pdf", hostile.what
        assert disposition.startswith("attachment; "), hostile.what
        assert disposition.endswith(".pdf"), hostile.what
        assert ".." not in disposition, hostile.what
        assert "/" not in disposition, hostile.what
    for document in by_state[DocumentState.INFECTED]:
        assert browser.get(f"/documents/{document.id}").status == 404


def test_what_a_hostile_pdf_carries_is_known_and_none_breaks_its_reader() -> None:
    read = ("million", "own parent", "password", "without objects", "swells")
    pdfs = [
        each
        for each in corpus()
        if each.outcome == "taken" and (each.carries or any(word in each.what for word in read))
    ]

    with ThreadPoolExecutor(2) as two:
        inside = dict(
            zip(
                (each.what for each in pdfs),
                two.map(lambda each: documents.inside(each.content), pdfs),
                strict=True,
            )
        )

    assert len(pdfs) >= 10
    assert [each.what for each in pdfs if each.carries and each.carries not in
            inside[each.what].carries] == []  # fmt: skip
    unread = {what for what, found in inside.items() if found.pages is None}
    assert unread == {
        "a PDF without objects",
        "a PDF whose pages are their own parent",
        "a PDF under a password",
    }


def test_while_the_scanner_is_away_nothing_opens_and_a_second_try_is_the_same_document(
    app: Flask, talk: Talk
) -> None:
    app.extensions[SCANNER] = InMemoryScanner()
    app.extensions[SCANNER].away = True
    browser, good = Browser(app).sign_in(talk.cast.biller), Hostile("fine", a_pdf())
    browser.get("/documents/add")
    upload_id = str(uuid4())

    waits = send(browser, talk, good, upload_id=upload_id)
    (document,) = kept(talk)
    listed = browser.get("/documents/").words
    shut = browser.get(f"/documents/{document.id}").status
    told = talk.mails()
    app.extensions[SCANNER].away = False
    again = send(browser, talk, good, upload_id=upload_id)
    other = send(browser, talk, Hostile("other", a_pdf(2)), upload_id=upload_id)

    assert (waits.status, again.status, other.status) == (302, 302, 422)
    assert "another file than the one begun" in other.words
    assert "as soon as the virus scanner has looked at it" in listed
    assert shut == 404
    assert told == []
    assert [each.state for each in kept(talk)] == [DocumentState.STORED]
    assert browser.get(f"/documents/{document.id}").status == 200
    assert talk.mails() != []


def test_an_infected_file_is_named_and_its_bytes_are_asked_to_be_erased(
    app: Flask, talk: Talk
) -> None:
    browser = Browser(app).sign_in(talk.cast.clinician)
    browser.get("/documents/")
    (hostile,) = (each for each in corpus() if each.what == "EICAR in a PDF")

    said = send(browser, talk, hostile)

    (document,) = kept(talk)
    with talk.database.work(house=True) as session:
        asked = session.scalars(select(Errand.job).where(Errand.subject_id == document.id)).all()
    assert "virus scanner stopped this file" in said.words
    assert document.finding == EICAR_NAME
    assert "workers.documents.erase_document" in asked
    assert talk.mails() == []
    store = app.extensions[DOCUMENTS]
    assert isinstance(store, InMemoryDocuments)
    assert document.scanned_at is not None
    assert document.scanned_at < datetime.now(UTC)
