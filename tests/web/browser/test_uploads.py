"""Sending documents in a browser: several at once, each named, none twice, whatever the network."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Page, expect
from sqlalchemy import select

from backoffice.gateways.scanner import EICAR
from backoffice.models.documents import Document, DocumentState
from tests.databases import Database
from tests.hostile_files import HTML, a_pdf, an_image
from tests.sessions import a_session
from tests.talk import Talk, a_talk
from tests.web.browser.seats import Visit

pytestmark = pytest.mark.browser

DROP = """([where, files]) => {
  const dropped = new DataTransfer();
  for (const [name, type, bytes] of files)
    dropped.items.add(new File([Uint8Array.from(bytes)], name, { type }));
  document.querySelector(where).dispatchEvent(
    new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def talk(served: Flask, fresh_database: Database) -> Talk:
    return a_talk(fresh_database)


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
