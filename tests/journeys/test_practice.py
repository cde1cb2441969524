"""A practice's side: its claims to read, a conversation about one, a document beside it."""

import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfWriter

from tests.journeys.desk import BILLER, OWNER, STRANGER, Seat, Stack
from tests.journeys.files import Person, unlike_any

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]

QUESTION, ANSWER = "Was the session on Thursday by video?", "No, in the office."


def a_claim(seat: Seat, folder: Path) -> Person:
    """A claim of a new client, sent; the seat has it open."""
    clinician, person = unlike_any("Talks"), Person(unlike_any("Asked"), "NSH88120477")
    seat.bring_in(folder, clinician, [person])
    seat.bill(clinician, [person])
    seat.go("All claims")
    seat.row(person.name).get_by_role("link").first.click()
    expect(seat.page.get_by_role("heading", name=person.name)).to_be_visible()
    return person


def test_an_owner_reads_the_claims_of_the_practice_and_answers_about_one(
    sit: Callable[..., Seat], stack: Stack, tmp_path: Path
) -> None:
    desk = sit(BILLER)
    person = a_claim(desk, tmp_path)
    earlier = {mail["key"] for mail in stack.mails()}
    subject = unlike_any("Place of the session ")
    page = desk.page
    page.get_by_role("link", name=re.compile("^Message ")).click()
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Message", exact=True).fill(QUESTION)
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text(QUESTION)).to_be_visible()
    assert desk.faults() == []
    mail = told_of_unread(stack, OWNER, earlier)
    assert QUESTION not in mail
    assert person.last_name not in mail
    assert subject not in mail

    phone = sit(OWNER, phone=True)
    hand = phone.page
    phone.go("Claims")
    expect(hand.get_by_text(person.name).first).to_be_visible()
    hand.get_by_role("link", name=re.compile(person.name)).first.click()
    expect(hand.get_by_text(person.name).first).to_be_visible()
    for words in ("Submit", "Reopen", "Take back", "Hold"):
        expect(hand.get_by_role("button", name=re.compile(f"^{words}"))).to_have_count(0)
    phone.picture("phone-claim")
    assert phone.faults() == []
    phone.go("Messages")
    assert phone.faults() == []
    hand.get_by_role("link", name=re.compile(subject)).click()
    expect(hand.get_by_text(QUESTION)).to_be_visible()
    hand.get_by_label("Message", exact=True).fill(ANSWER)
    hand.get_by_role("button", name="Send").click()
    expect(hand.get_by_text(ANSWER)).to_be_visible()
    phone.picture("phone-thread")
    assert phone.faults() == []

    expect(page.get_by_text(ANSWER)).to_be_visible()
    desk.picture("desk-thread")


def told_of_unread(stack: Stack, email: str, earlier: set[str]) -> str:
    """Wait for the mail about an unread message; answers all of it."""
    for _ in range(150):
        found = [
            mail
            for mail in stack.mails()
            if mail["key"] not in earlier
            and email in mail["recipients"]
            and "message" in mail["subject"].lower()
        ]
        if found:
            return found[0]["subject"] + found[0]["text"]
        time.sleep(0.2)
    raise AssertionError("no mail about the unread message")


def test_a_document_beside_a_claim_is_opened_by_its_practice_and_by_no_other(
    sit: Callable[..., Seat], tmp_path: Path
) -> None:
    desk = sit(BILLER)
    a_claim(desk, tmp_path)
    page, claim = desk.page, desk.page.url
    writer, written = PdfWriter(), io.BytesIO()
    writer.add_blank_page(width=200, height=200)
    writer.write(written)
    page.get_by_role("link", name=re.compile("^Documents")).last.click()
    page.get_by_role("link", name="Add a document").click()
    name = f"{unlike_any('eob')}.pdf"
    page.get_by_label("File", exact=True).set_input_files(
        {"name": name, "mimeType": "application/pdf", "buffer": written.getvalue()}
    )
    page.get_by_label("Kind").select_option(label="EOB")
    page.get_by_role("button", name="Upload document").click()
    expect(page.get_by_text(name)).to_be_visible()
    assert desk.faults() == []

    page.goto(f"{claim.split('?')[0]}?tab=documents")
    link = page.get_by_role("link", name=name)
    with page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_bytes() == written.getvalue()

    stranger = sit(STRANGER, phone=True)
    for address in (claim, str(link.evaluate("link => link.href"))):
        answer = stranger.page.goto(address)
        assert answer
        assert answer.status == 404
