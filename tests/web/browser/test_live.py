"""Two browsers at one thread: what one writes the other has, reads, and misses nothing of."""

import time
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from backoffice.models.base import new_id
from backoffice.models.documents import Document, DocumentKind, DocumentState
from backoffice.models.users import User
from backoffice.services import messages
from backoffice.services.work import unit_of_work
from backoffice.web.extensions import SESSIONS, clock
from tests.databases import Database
from tests.sessions import a_session
from tests.talk import Talk, a_talk
from tests.web.browser.seats import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def talk(served: Flask, fresh_database: Database) -> Talk:
    return a_talk(fresh_database)


def begin(served: Flask, talk: Talk) -> UUID:
    by = talk.person(talk.cast.biller)
    with unit_of_work(served.extensions[SESSIONS], practices=[talk.practice_id]) as session:
        claim, now = talk.claim(session), clock()
        return messages.start(session, claim, by=by, subject="Card", body="First.", now=now).id


def say(served: Flask, talk: Talk, thread: UUID, user: User, body: str) -> None:
    by = talk.person(user)
    with unit_of_work(served.extensions[SESSIONS], practices=[talk.practice_id]) as session:
        messages.reply(session, thread, by=by, body=body, now=clock())


def share(served: Flask, talk: Talk, thread: UUID, user: User, name: str) -> None:
    """Say something that brings a kept document along."""
    by = talk.person(user)
    with unit_of_work(served.extensions[SESSIONS], practices=[talk.practice_id]) as session:
        row = Document(
            practice_id=talk.practice_id,
            document_key=f"t/{talk.practice_id}/{new_id()}",
            kind=DocumentKind.EOB,
            state=DocumentState.STORED,
            original_name=name,
            content_type="image/jpeg",
            uploaded_by_id=user.id,
        )
        session.add(row)
        session.flush()
        messages.reply(session, thread, by=by, body="Here.", now=clock(), attached=(row.id,))


def token_of(talk: Talk, user: User) -> str:
    with talk.database.work(house=True) as session:
        return a_session(session, user.id)


def is_of_no_net(complaint: str) -> bool:
    """Whether a browser complains that it was offline, or htmx that its request came to nothing."""
    return "ERR_INTERNET_DISCONNECTED" in complaint or ": htmx:" in complaint


def said(page: Page) -> list[str]:
    words = page.locator("#conversation article").all_inner_texts()
    return [text.split("\n")[-1].strip() for text in words]


def test_two_at_one_thread_see_each_other_and_each_message_once(
    served: Flask, talk: Talk, visit: Callable[..., Visit]
) -> None:
    biller, clinician, thread = talk.cast.biller, talk.cast.clinician, begin(served, talk)
    desk_seat, phone_seat = (
        visit(token=token_of(talk, biller)),
        visit(token=token_of(talk, clinician), phone=True),
    )
    desk, phone = desk_seat.page, phone_seat.page
    desk.goto(f"/messages/{thread}")
    phone.goto(f"/messages/{thread}")

    expect(phone.locator("#around")).to_have_text(f"{biller.name} is here")
    expect(desk.locator("#around")).to_have_text(f"{clinician.name} is here")
    expect(desk.locator("#conversation article").first).to_contain_text("read")
    phone.get_by_label("Message", exact=True).press_sequentially("On its way")
    expect(desk.locator("#around")).to_have_text(f"{clinician.name} is writing")
    assert phone_seat.faults() == []
    desk_seat.picture("live-desk")
    phone_seat.picture("live-phone")

    began = time.monotonic()
    say(served, talk, thread, biller, "Second.")
    expect(phone.get_by_text("Second.", exact=True)).to_be_visible(timeout=5000)
    took = time.monotonic() - began
    assert phone.get_by_label("Message", exact=True).input_value() == "On its way"
    expect(phone.locator("#spoken")).to_have_text(f"New message from {biller.name}")
    assert took < 5, "ten seconds would be the polling"

    phone.context.set_offline(True)
    for body in ("Third.", "Fourth."):
        say(served, talk, thread, biller, body)
    expect(desk.get_by_text("Fourth.", exact=True)).to_be_visible()
    away = said(phone)
    phone.context.set_offline(False)
    expect(phone.get_by_text("Fourth.", exact=True)).to_be_visible()
    assert "Third." not in away
    assert said(phone) == said(desk) == ["First.", "Second.", "Third.", "Fourth."]

    expect(desk.locator("#conversation article").last).to_contain_text("· read")

    share(served, talk, thread, clinician, "eob.jpg")
    rail = desk.get_by_role("complementary", name="What this thread is about")
    expect(rail.get_by_role("link", name="eob.jpg")).to_be_visible(timeout=5000)
    beside = phone.locator("[data-live-part=documents]")
    expect(beside.get_by_role("link", name="eob.jpg")).to_be_visible(timeout=5000)
    assert phone.get_by_label("Message", exact=True).input_value() == "On its way"

    desk.goto("/claims")
    assert not desk.title().startswith("(")
    say(served, talk, thread, clinician, "Fifth.")
    expect(desk.locator("[data-unread]")).to_have_text("1")
    assert desk.title().startswith("(1) ")
    phone.goto("/messages/")
    assert phone.get_by_role("img", name="Unread").count() == 0
    say(served, talk, thread, biller, "Sixth.")
    expect(phone.get_by_role("img", name="Unread")).to_be_visible()
    phone_seat.complaints[:] = [each for each in phone_seat.complaints if not is_of_no_net(each)]
    assert desk_seat.faults() == []


def test_a_push_shows_a_sentence_of_ours_and_nothing_else(
    served: Flask, talk: Talk, visit: Callable[..., Visit], address: str
) -> None:
    seat = visit(token=token_of(talk, talk.cast.clinician), phone=True)
    page = seat.page
    page.context.grant_permissions(["notifications"], origin=address)
    page.goto("/account/")
    expect(page.get_by_role("button", name="Tell this browser")).to_be_visible()
    assert seat.faults() == []
    seat.picture("push-account")
    devtools, found = page.context.new_cdp_session(page), []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda told: found.append(told))
    devtools.send("ServiceWorker.enable")
    page.evaluate("navigator.serviceWorker.register('/sw.js')")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    registration = found[-1]["registrations"][0]["registrationId"]

    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": address, "registrationId": registration, "data": "Avery Sample, F41.1"},
    )

    shown = page.evaluate(
        "async () => { const worker = await navigator.serviceWorker.ready;"
        " for (let n = 0; n < 300; n++) { const all = await worker.getNotifications();"
        " if (all.length) return all.map((each) => [each.title, each.body]);"
        " await new Promise((wake) => setTimeout(wake, 100)); } return []; }"
    )
    assert shown == [["Cleanclaim", "There is something new in Cleanclaim."]]
