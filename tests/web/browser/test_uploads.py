"""Documents in a browser: sent several at once and none twice, looked at, cut while one waits."""

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Page, expect
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.mail import InMemoryMail
from backoffice.gateways.scanner import EICAR, InMemoryScanner
from backoffice.models.document_work import Cutting
from backoffice.models.documents import Document, DocumentKind, DocumentState
from backoffice.services import documents
from backoffice.services.changes import announce_changes
from backoffice.services.documents import Arrival
from backoffice.web.events import LIVE
from backoffice.web.extensions import DOCUMENTS
from tests.clean import found_clean
from tests.databases import Database
from tests.hostile_files import HTML, a_pdf, an_image
from tests.papers import a_paper
from tests.sessions import a_session
from tests.talk import Talk, a_talk
from tests.web.browser.seats import Visit
from workers.cutting import fulfil
from workers.pages import read
from workers.runtime import Runtime, Task

pytestmark = pytest.mark.browser

DROP = """([where, files]) => {
  const dropped = new DataTransfer();
  for (const [name, type, bytes] of files)
    dropped.items.add(new File([Uint8Array.from(bytes)], name, { type }));
  document.querySelector(where).dispatchEvent(
    new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


SEEN = """() => {
  const pane = document.querySelector("#sheets"), box = pane.getBoundingClientRect();
  const at = box.top + box.height / 2;
  for (const sheet of pane.querySelectorAll("[data-sheet]")) {
    const own = sheet.getBoundingClientRect();
    if (own.top <= at && at < own.bottom)
      return [Number(sheet.dataset.sheet), (at - own.top) / own.height, own.width];
  }
}"""
"""The page in the middle of the pane, how far down it one looks, and how wide it is."""


@pytest.fixture
def talk(served: Flask, fresh_database: Database) -> Talk:
    return a_talk(fresh_database)


@pytest.fixture
def runtime(served: Flask, talk: Talk, settings: Settings) -> Runtime:
    """A worker's, beside the portal: whatever it changes is told to open pages."""
    announce_changes(talk.factory, served.extensions[LIVE].tell)
    return Runtime(
        settings=talk.database.reached_by(settings),
        engine=talk.database.engine,
        factory=talk.factory,
        documents=served.extensions[DOCUMENTS],
        mail=InMemoryMail(),
        mailbox=None,
        clearinghouse_of=lambda _: pytest.fail("documents have nothing to do with it"),
        scanner=InMemoryScanner(),
    )


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Files on somebody's desk."""
    contents = {
        "eob.pdf": a_pdf(3),
        "card.heic": an_image("HEIF"),
        "letter.pdf": HTML,
        "sick.pdf": a_pdf() + EICAR + b"\n%%EOF\n",
        "empty.pdf": b"",
        "second.pdf": a_pdf(2),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


def token_of(talk: Talk, role: str) -> str:
    with talk.database.work(house=True) as session:
        return a_session(session, getattr(talk.cast, role).id)


def kept(talk: Talk) -> list[str]:
    with talk.work() as session:
        query = select(Document).where(Document.state == DocumentState.STORED).order_by(Document.id)
        return sorted(each.original_name or "" for each in session.scalars(query))


def line(page: Page, name: str) -> str:
    return page.locator("[data-queue] li", has_text=name).inner_text()


def test_several_files_go_at_once_each_with_its_own_end(
    visit: Callable[..., Visit], talk: Talk, files: dict[str, Path]
) -> None:
    seat = visit(token=token_of(talk, "biller"))
    page, told = seat.page, seat.page.locator("[data-told]")
    page.goto("/documents/add")
    assert seat.faults() == []

    names = ["eob.pdf", "letter.pdf", "sick.pdf", "empty.pdf", "card.heic"]
    page.set_input_files("#file", [files[name] for name in names])
    dropped = ["dropped.pdf", "application/pdf", list(a_pdf(4))]
    page.evaluate(DROP, ["[data-drop]", [dropped]])
    expect(told).to_have_text("5 ready to send.")
    seat.picture("documents-add-ready")
    page.get_by_role("button", name="Upload documents").click()
    expect(told).to_have_text("3 kept. 3 not taken.")

    assert "The other side is told" in line(page, "eob.pdf")
    assert "This is no PDF" in line(page, "letter.pdf")
    assert "virus scanner stopped this file" in line(page, "sick.pdf")
    assert "The file is empty" in line(page, "empty.pdf")
    assert seat.faults() == []
    seat.picture("documents-add-sent")
    page.get_by_role("button", name="Remove letter.pdf").click()
    expect(page.get_by_role("button", name="Remove sick.pdf")).to_be_focused()
    page.get_by_role("link", name="See them in the list").click()
    expect(page.locator("h1")).to_have_text("Documents")
    assert kept(talk) == ["card.heic", "dropped.pdf", "eob.pdf"]


def test_a_lost_network_and_a_lost_answer_make_no_second_document(
    served: Flask, visit: Callable[..., Visit], talk: Talk, files: dict[str, Path]
) -> None:
    lost: list[int] = []

    @served.after_request
    def tear_the_first_answer(answer: Response) -> Response:
        if request.method == "POST" and request.endpoint == "documents.add" and not lost:
            lost.append(answer.status_code)
            answer.headers["Content-Length"] = "1000000"
        return answer

    seat = visit(phone=True, token=token_of(talk, "clinician"))
    page, told = seat.page, seat.page.locator("[data-told]")
    page.goto("/documents/")
    page.get_by_text("Take a photo").wait_for()
    assert seat.faults() == []
    page.set_input_files("#photo", files["card.heic"])
    seat.picture("documents-phone-ready")
    page.get_by_role("button", name="Send documents").click()
    expect(told).to_have_text("1 kept.")
    page.context.set_offline(True)
    page.set_input_files("#file", files["second.pdf"])
    page.get_by_role("button", name="Send documents").click()
    expect(page.locator("[data-queue] li", has_text="second.pdf")).to_contain_text(
        "network is gone"
    )
    seat.picture("documents-phone-lost")
    page.context.set_offline(False)
    expect(told).to_have_text("2 kept.")

    assert lost == [200]
    assert kept(talk) == ["card.heic", "second.pdf"]
    seat.complaints[:] = [each for each in seat.complaints if "net::ERR_" not in each]


def test_without_a_script_one_file_goes_by_the_plain_form(
    visit: Callable[..., Visit], talk: Talk, files: dict[str, Path]
) -> None:
    seat = visit(token=token_of(talk, "biller"))
    seat.page.route("**/static/upload.js*", lambda route: route.fulfill(body=""))

    seat.page.goto("/documents/add")
    seat.page.set_input_files("#file", files["eob.pdf"])
    seat.page.get_by_role("button", name="Upload documents").click()

    expect(seat.page.locator("h1")).to_have_text("Documents")
    assert kept(talk) == ["eob.pdf"]


def a_paper_kept(talk: Talk, runtime: Runtime, content: bytes) -> UUID:
    """A PDF that is kept, its pages not painted yet."""
    person, found = talk.person(talk.cast.biller), documents.examine(io.BytesIO(content))
    now = datetime.now(UTC)
    with talk.work() as session:
        arrival = Arrival(talk.practice_id, DocumentKind.EOB, "eob.pdf", found, talk.claim(session))
        document = documents.begin(session, arrival, by=person, now=now)
    digest = hashlib.sha256(content).hexdigest()
    runtime.documents.put(document.document_key, content, sha256=digest)
    with talk.work() as session:
        found_clean(session, document.id, now=now)
    return document.id


def seen(page: Page) -> tuple[int, float, float]:
    number, down, wide = page.evaluate(SEEN)
    return number, down, wide


def test_a_page_grows_where_one_looks_and_a_split_is_told_of_where_one_waits(
    visit: Callable[..., Visit], talk: Talk, runtime: Runtime
) -> None:
    document_id = a_paper_kept(talk, runtime, a_paper("One", "Two", "Three"))
    seat = visit(token=token_of(talk, "biller"))
    page = seat.page
    page.goto(f"/documents/{document_id}/view")
    page.get_by_text("Its pages are being painted").wait_for()
    read(talk.practice_id, document_id, runtime)
    page.locator(".viewer.is-live").wait_for()  # by itself
    page.evaluate("""() => {
      const second = document.querySelector("#page-2");
      document.querySelector("#sheets").scrollTop = second.offsetTop + second.offsetHeight / 3;
    }""")

    # larger and smaller, by button and by key: the same spot stays in the middle
    place = seen(page)
    widths = []
    for act in ("Larger", "Larger", "Smaller"):
        page.get_by_role("button", name=act).click()
        number, down, wide = seen(page)
        widths.append(round(wide / place[2], 2))
        assert number == place[0], act
        assert down == pytest.approx(place[1], abs=0.01), act
    page.keyboard.press("0")
    fitted = seen(page)

    assert widths == [1.25, 1.56, 1.25]
    assert place[0] == 2
    assert (fitted[0], fitted[2]) == (2, place[2])
    assert fitted[1] == pytest.approx(place[1], abs=0.01)
    assert page.locator("[data-view-place]").inner_text() == "Page 2 of 3"

    # a wish is answered at once; what becomes of it comes by itself
    page.get_by_label("Split into").fill("1; 2-")
    page.get_by_role("button", name="Split document").click()
    status = page.locator("main [role=status]")
    expect(status).to_contain_text("It is being split.")
    seat.picture("document-being-split")
    with talk.work() as session:
        wish = session.scalars(select(Cutting)).one()
    fulfil(Task(wish.id, talk.practice_id, wish.id, "", 0), runtime)
    expect(status).to_contain_text("Split. Look at part 1, Look at part 2.")
    assert seat.faults() == []
    seat.picture("document-split")
    expect(page.get_by_role("main").get_by_text("EOB · Filed")).to_be_visible()
    expect(page.get_by_label("About this document")).to_contain_text(
        "Split into eob, part 1.pdfSplit into eob, part 2.pdf"
    )
    expect(page.get_by_role("link", name="Look at part 2")).to_be_visible()
