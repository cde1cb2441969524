"""A practice's side: its claim, a conversation about it, an EOB photographed for it."""

import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from tests.journeys.desk import BILLER, STRANGER, Seat, Stack
from tests.journeys.files import unlike_any
from tests.sessions import name_of

pytestmark = pytest.mark.browser

QUESTION, ANSWER = "Could you send us the EOB of this session?", "Here it is, off my desk."


def test_a_clinician_answers_from_a_phone_with_a_photo_that_lands_beside_the_claim(
    sit: Callable[..., Seat], stack: Stack
) -> None:
    desk, earlier = sit(BILLER), {mail["key"] for mail in stack.mails()}
    client = bills_a_session_of(desk, name_of(stack.database, stack.clinician))
    claim, subject = desk.page.url.split("?")[0], unlike_any("The EOB ")
    writes_about_it(desk, subject)
    mail = told_of_unread(stack, stack.clinician, earlier)
    for word in (QUESTION, subject, *client.split(", ")):
        assert word not in mail

    photo = a_photo()
    phone = sit(stack.clinician, phone=True, by_form=True)
    reads_the_claim(phone, client)
    answers_with(phone, subject, photo)

    expect(desk.page.get_by_text(ANSWER, exact=True)).to_be_visible()
    desk.picture("desk-thread")
    desk.page.goto(f"{claim}?tab=documents")
    desk.page.get_by_role("link", name=photo["name"]).click()
    looks_at_its_page(desk)
    download = desk.page.get_by_role("link", name="Download")
    with desk.page.expect_download() as kept:
        download.click()
    assert Path(kept.value.path()).read_bytes() == photo["buffer"]

    stranger = sit(STRANGER, phone=True)
    for address in (claim, desk.page.url, phone.page.url, kept.value.url):
        answer = stranger.page.goto(address)
        assert answer
        assert answer.status == 404


def bills_a_session_of(desk: Seat, clinician: str) -> str:
    """Send a claim of a session that is ready, and open it; returns the client's name."""
    page = desk.page
    page.goto("/unbilled?state=ready&group=none")
    page.locator("summary", has_text="Clinician").click()
    page.get_by_role("link", name=clinician).first.click()
    expect(page.get_by_text(f"Clinician is {clinician}")).to_be_visible()
    row = page.locator("tr[data-row]").first
    client = row.locator("a.name").inner_text()
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("Create and submit 1")).click()
    expect(page.locator("[data-toast]")).to_be_visible()
    desk.go("All claims")
    desk.row(client).get_by_role("link").first.click()
    expect(page.get_by_role("heading", name=client)).to_be_visible()
    return client


def writes_about_it(desk: Seat, subject: str) -> None:
    """Begin a thread about the claim that is open."""
    page = desk.page
    page.get_by_role("link", name=re.compile("^Message ")).click()
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Message", exact=True).fill(QUESTION)
    assert desk.faults() == []
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text(QUESTION, exact=True)).to_be_visible()
    assert desk.faults() == []


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


def a_photo() -> FilePayload:
    """What a phone's camera makes of an EOB, under a name that nothing has yet."""
    taken = io.BytesIO()
    Image.new("RGB", (600, 800), "ivory").save(taken, "JPEG")
    return {
        "name": f"{unlike_any('IMG')}.jpg",
        "mimeType": "image/jpeg",
        "buffer": taken.getvalue(),
    }


def reads_the_claim(phone: Seat, client: str) -> None:
    """Find the claim among one's own; nothing there changes it."""
    hand = phone.page
    phone.go("Claims")
    hand.get_by_role("link", name=re.compile(client)).first.click()
    expect(hand.get_by_text(client).first).to_be_visible()
    for words in ("Submit", "Reopen", "Take back", "Hold"):
        expect(hand.get_by_role("button", name=re.compile(f"^{words}"))).to_have_count(0)
    phone.picture("phone-claim")
    assert phone.faults() == []


def answers_with(phone: Seat, subject: str, photo: FilePayload) -> None:
    """Reply in the thread, a photo with it."""
    hand = phone.page
    phone.go("Messages")
    assert phone.faults() == []
    hand.get_by_role("link", name=re.compile(subject)).click()
    expect(hand.get_by_text(QUESTION, exact=True)).to_be_visible()
    hand.get_by_label("Message", exact=True).fill(ANSWER)
    hand.locator("summary", has_text="Attach").click()
    hand.get_by_label("They are").select_option(label="EOB")
    hand.get_by_label("Take a photo").set_input_files(photo)
    phone.picture("phone-compose")
    assert phone.faults() == []
    hand.get_by_role("button", name="Send").click()
    said = hand.get_by_role("article").filter(has_text=ANSWER)
    expect(said.get_by_role("link", name=photo["name"])).to_be_visible()
    phone.picture("phone-thread")
    assert phone.faults() == []


def looks_at_its_page(desk: Seat) -> None:
    """See the picture of a document's page, once a worker has painted it, beside its claim."""
    expect(desk.page.get_by_role("heading", name="Lies beside")).to_be_visible()
    painted = desk.page.get_by_role("img", name="Page 1 as a picture")
    desk.wait_for_rows(desk.page.url, lambda: painted.count() == 1)
    expect(desk.page.get_by_role("link", name=re.compile(r"^C-\d+$"))).to_be_visible()
    desk.picture("desk-viewer")
    assert desk.faults() == []
