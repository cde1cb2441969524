"""A document beside its work: looked at, found, sorted, linked, cut; by whom it is shown to."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.live import Change
from backoffice.gateways.mail import InMemoryMail
from backoffice.gateways.scanner import InMemoryScanner
from backoffice.models.document_work import Cutting, DocumentOrigin, DocumentPage
from backoffice.models.documents import Document, DocumentLink, DocumentStatus, PagesState
from backoffice.models.live import RecentChange
from backoffice.models.sealing import Keyring
from backoffice.rules.roles import Role
from backoffice.services.access import one
from backoffice.services.changes import announce_changes
from backoffice.services.documents import judged, making, withdraw
from backoffice.services.documents.pages import digest
from backoffice.web.extensions import DOCUMENTS
from tests.cast import a_user, joins
from tests.clean import FOUND
from tests.databases import Database
from tests.pages import Browser, Page
from tests.papers import a_paper
from tests.record import on_record
from tests.services.test_documents import PNG, keep
from tests.talk import Talk, a_talk
from workers.cutting import fulfil
from workers.pages import read
from workers.runtime import Runtime, Task


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


@pytest.fixture
def runtime(app: Flask, talk: Talk, settings: Settings) -> Runtime:
    return Runtime(
        settings=talk.database.reached_by(settings),
        engine=talk.database.engine,
        factory=talk.factory,
        documents=app.extensions[DOCUMENTS],
        mail=InMemoryMail(),
        mailbox=None,
        clearinghouse_of=lambda _: pytest.fail("documents have nothing to do with it"),
        scanner=InMemoryScanner(),
    )


@pytest.fixture
def paper(app: Flask, talk: Talk, runtime: Runtime) -> Document:
    """A PDF of three pages beside the clinician's claim, its pages painted."""
    content = a_paper("Evergreen EOB for Quillfeather 143.20 CO-45", "page two", "page three")
    return painted(app, talk, runtime, content)


def painted(
    app: Flask, talk: Talk, runtime: Runtime, content: bytes, *, beside_claim: bool = True
) -> Document:
    document = keep(talk, talk.cast.biller, content, name="eob.pdf", beside_claim=beside_claim)
    app.extensions[DOCUMENTS].put(document.document_key, content, sha256=document.sha256)
    read(talk.practice_id, document.id, runtime)
    return now_of(talk, document.id)


def now_of(talk: Talk, document_id: UUID) -> Document:
    with talk.work() as session:
        return one(session, Document, document_id)


def found(browser: Browser, words: str) -> Page:
    return browser.post("/documents/find", words=words)


def test_pages_are_pictures_of_ours_and_an_opening_is_one_record(
    app: Flask, talk: Talk, paper: Document, runtime: Runtime
) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)

    page = browser.get(f"/documents/{paper.id}/view")
    picture = browser.get(f"/documents/{paper.id}/pages/1").response
    small = browser.get(f"/documents/{paper.id}/pages/3/small").response

    assert paper.pages_state is PagesState.READY
    assert "Page 1 of 3" in page.words
    assert page.text.count("data-sheet=") == 3
    for answer in (picture, small):
        assert answer.content_type == "image/jpeg"
        assert answer.data[:3] == b"\xff\xd8\xff"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert len(picture.data) > len(small.data)
    assert browser.get(f"/documents/{paper.id}/pages/4").status == 404
    with talk.work() as session:
        seen = [each for each in on_record(session) if each.subject_kind == "document"]
    assert [each.action for each in seen if paper.id in each.subject_ids].count("view") == 1

    read(talk.practice_id, paper.id, runtime)  # rung twice
    with talk.work() as session:
        assert len(session.scalars(select(DocumentPage)).all()) == 3

    # a picture that was changed in the store is not shown
    with talk.work() as session:
        row = session.scalars(select(DocumentPage).where(DocumentPage.page == 1)).one()
    store = app.extensions[DOCUMENTS]
    altered = store.get(row.image_key)[:-1] + b"\x00"
    store.delete(row.image_key)
    store.put(row.image_key, altered, sha256=digest(altered))

    changed = browser.get(f"/documents/{paper.id}/pages/1")

    assert changed.status == 500
    assert altered not in changed.response.data


def test_a_small_picture_is_on_record_with_the_answer_that_gives_out_its_address(
    app: Flask, talk: Talk, paper: Document, runtime: Runtime
) -> None:
    second = painted(app, talk, runtime, a_paper("Another"), beside_claim=False)
    browser = Browser(app).sign_in(talk.cast.biller)
    with talk.work() as session:
        before = len(on_record(session))

    listed = browser.get("/documents/?pictures=on")
    of_list = re.findall(r'/documents/[^"]+/small[^"]*', listed.text)
    answers = [browser.get(unescape(address)) for address in of_list]

    assert [each.status for each in answers] == [200, 200]
    assert seen(talk)[before:] == [("read", {paper.id, second.id}, True, None)]

    of_viewer = re.findall(
        r'/documents/[^"]+/small[^"]*', browser.get(f"{paper_at(paper)}/view").text
    )
    for address in of_viewer:
        assert browser.get(unescape(address)).status == 200
    assert len(of_viewer) == 3
    assert seen(talk)[before + 1 :] == [("view", {paper.id}, True, None)]

    # every other way to a picture is a look of its own, and says which page it was
    browser.get(f"{paper_at(paper)}/pages/2")
    browser.get(f"{paper_at(paper)}/pages/3/small")
    browser.get(f"{paper_at(second)}/pages/1/small?{urlsplit(unescape(of_viewer[0])).query}")
    Browser(app).sign_in(talk.cast.owner).get(unescape(of_viewer[0]))
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=13)):
        Browser(app).sign_in(talk.cast.biller).get(unescape(of_viewer[0]))
    browser.get(f"{paper_at(paper)}/view", **{"X-Live": "1"})
    with talk.work() as session:
        details = [each.detail for each in on_record(session)[before + 2 :]]
    assert [(each.get("page"), each.get("small")) for each in details] == [
        (2, False), (3, True), (1, True), (1, True), (1, True), (None, None)
    ]  # fmt: skip
    assert [action for action, *_ in seen(talk)[before + 2 :]] == ["read"] * 6


def paper_at(document: Document) -> str:
    return f"/documents/{document.id}"


def seen(talk: Talk) -> list[tuple[str, set[UUID], bool, int | None]]:
    """Each record: its act, the documents, whether it speaks of small pictures, of which page."""
    with talk.work() as session:
        return [
            (
                each.action,
                set(each.subject_ids) - {talk.claim_id},
                "document_pages.small" in each.fields,
                each.detail.get("page"),
            )
            for each in on_record(session)
        ]


def test_words_inside_find_a_pdf_for_those_who_may_open_it_and_for_nobody_else(
    app: Flask, talk: Talk, paper: Document, runtime: Runtime, fresh_database: Database
) -> None:
    with fresh_database.work(practices=[talk.cast.elsewhere.id], house=True) as session:
        stranger = a_user(session, "Sybil Stranger")
        joins(session, stranger, talk.cast.elsewhere, Role.BILLER)
    for person in (talk.other_clinician, stranger):
        browser = Browser(app).sign_in(person)
        for path in ("view", "pages/1", "pages/1/small"):
            assert browser.get(f"/documents/{paper.id}/{path}").status == 404
        assert "eob.pdf" not in found(browser, "Quillfeather").words
    own = Browser(app).sign_in(talk.cast.clinician)
    assert "Page 1 of 3" in own.get(f"/documents/{paper.id}/view").words
    assert "Being looked at" in own.get("/documents/").words
    assert own.post(f"/documents/{paper.id}/file", status="posted").status == 403

    browser = Browser(app).sign_in(talk.cast.biller)
    for words in ("quillfeather", "Evergreen quill", "143.20", "EOB evergreen", "CO-45", "45"):
        assert "eob.pdf" in found(browser, words).words, words
    for words in ("absent", "quillfeather absent", "'); drop table", "a' | 'b", "\\", "& ! ("):
        answer = found(browser, words)
        assert answer.status == 200, words
        assert "eob.pdf" not in answer.words, words

    # words stay until the bytes are erased; they find only what can still be opened
    sick = painted(app, talk, runtime, a_paper("Quillfeather card"), beside_claim=False)
    both = found(browser, "quillfeather")
    with talk.work() as session:
        withdraw(session, paper.id, reason="Wrong client.", now=datetime.now(UTC))
        judged(session, sick.id, FOUND, now=datetime.now(UTC))

    assert both.text.count("data-row") == 2
    assert "eob.pdf" not in found(browser, "quillfeather").words


def test_a_document_is_sorted_linked_both_ways_and_unlinked_on_record(
    app: Flask, talk: Talk, paper: Document
) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)
    with talk.work() as session:
        claim, other = talk.claim(session), talk.claim(session, talk.other_claim_id)
        client_id = claim.client_id
    view = f"/documents/{paper.id}"
    browser.get(f"{view}/view")

    filed = browser.post(
        f"{view}/file", status="to_post", kind="denial", owner=str(talk.cast.biller.id),
        payer="", document_on="2026-11-02", note="second page first",
    )  # fmt: skip
    browser.post(f"{view}/link", claim=other.our_number)
    browser.post(f"{view}/link", beside="client", row=str(client_id))
    browser.post(f"{view}/link", beside="client", row=str(client_id))
    absent = browser.post(f"{view}/link", beside="thread", row=str(uuid4()))

    assert (filed.status, absent.status) == (302, 404)
    document = now_of(talk, paper.id)
    assert (document.status, document.owner_id) == (DocumentStatus.TO_POST, talk.cast.biller.id)
    assert "second page first" not in Browser(app).sign_in(talk.cast.owner).get(f"{view}/view").text
    shown = browser.get(f"{view}/view")
    assert {claim.our_number, other.our_number} <= set(shown.words.split())
    assert f"/clients/{client_id}" in shown.text
    assert f"{view}/view" in browser.get(f"/clients/{client_id}").text
    listed = browser.get("/documents/?status=to_post&owner=me&linked=yes&kind=denial&days=7")
    assert "eob.pdf" in browser.get("/documents/?status=to_post&owner=me&kind=denial").words
    assert listed.status == 200
    assert "eob.pdf" not in browser.get("/documents/?linked=no").words

    with talk.work() as session:
        link = session.scalars(
            select(DocumentLink).where(DocumentLink.client_id.is_not(None))
        ).one()
    for _twice_is_as_once in range(2):
        assert browser.post(f"{view}/unlink", link=str(link.id)).status == 302
    with talk.work() as session:
        trace = [each for each in on_record(session) if each.action in {"link", "unlink", "file"}]
    assert [each.action for each in trace].count("unlink") == 1
    assert [each.action for each in trace][-1] == "unlink"
    assert trace[-1].detail["client"] == str(client_id)
    assert list(trace[-1].client_ids) == [client_id]


def test_a_wish_for_new_documents_is_answered_at_once_and_told_of_beside_its_source(
    app: Flask, talk: Talk, paper: Document, runtime: Runtime
) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)
    view = f"/documents/{paper.id}"
    second = painted(app, talk, runtime, a_paper("Another"), beside_claim=False)

    refused = [
        browser.post(f"{view}/split", lots="1-2; 2-3"),
        browser.post(f"{view}/turn", pages="9", degrees="90"),
        browser.post(f"{view}/turn", degrees="45"),
        browser.post("/documents/sort", documents=[str(paper.id)], act="merge"),
    ]
    wished = browser.post(f"{view}/split", lots="1-2; 3")
    twice = browser.post(f"{view}/split", lots="1-2; 3")
    merged = browser.post("/documents/sort", documents=[str(second.id), str(paper.id)], act="merge")
    waiting = browser.get(f"{view}/view")

    assert [each.status for each in refused] == [422] * 4
    assert (wished.status, twice.status, merged.status) == (302, 422, 422)
    assert "New documents are being made of this one now" in twice.words
    assert "It is being split" in waiting.words
    assert f'data-live="document:{paper.id}" data-version="1"' in waiting.text
    assert "It is being" not in Browser(app).sign_in(talk.cast.owner).get(f"{view}/view").words
    with talk.work() as session:
        wish = session.scalars(select(Cutting)).one()
        told = session.scalars(select(RecentChange).where(RecentChange.kind == "document")).all()
    assert [(each.subject_id, each.staff_only) for each in told] == [(paper.id, True)]

    heard: list[Change] = []
    announce_changes(talk.factory, heard.extend)
    fulfil(Task(wish.id, talk.practice_id, wish.id, "", 0), runtime)
    done = browser.get(f"{view}/view")

    with talk.work() as session:
        made = session.scalars(select(DocumentOrigin.document_id)).all()
    assert [(each.kind, each.id, each.staff_only) for each in heard] == [
        ("document", paper.id, True)
    ]
    assert "Split. Look at part 1 , Look at part 2" in done.words
    assert all(f"/documents/{each}/view" in done.text for each in made)
    assert len(made) == 2
    assert now_of(talk, paper.id).status is DocumentStatus.FILED
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)), talk.work() as session:
        source = one(session, Document, paper.id)
        assert making.latest(session, source, now=datetime.now(UTC)) is None


def test_documents_of_a_list_are_sorted_together_or_not_at_all(app: Flask, talk: Talk) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)
    kept = [keep(talk, talk.cast.biller, PNG + bytes([n])) for n in range(3)]
    ids = [str(each.id) for each in kept]
    browser.get("/documents/")

    done = browser.post("/documents/sort", documents=ids, status="filed", owner="me", act="sort")
    half = browser.post(
        "/documents/sort", documents=[ids[0], str(uuid4())], status="new", act="sort"
    )
    merged = browser.post("/documents/sort", documents=ids, act="merge")

    assert (done.status, half.status, merged.status) == (302, 404, 422)  # pictures are no PDFs
    for each in kept:
        document = now_of(talk, each.id)
        assert (document.status, document.owner_id) == (DocumentStatus.FILED, talk.cast.biller.id)
