"""Work on a thread in a real browser: a reply by a slash, and every page of work looked at."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from playwright.sync_api import expect

from backoffice.models.tasks import TaskKind
from backoffice.services import messages, tasks
from backoffice.web.extensions import clock
from tests.databases import Database
from tests.sessions import signed_in_session
from tests.talk import a_talk
from tests.web.browser.seats import Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_slash_puts_a_reply_in_and_the_pages_of_work_are_sound(
    served: Flask, fresh_database: Database, visit: Callable[..., Visit]
) -> None:
    talk = a_talk(fresh_database)
    with talk.work() as session:
        claim = talk.claim(session)
        thread = messages.start(
            session, claim, by=talk.person(talk.cast.owner), subject="New plan since November",
            body="The card ends in 7781", now=clock() - timedelta(days=4),
        )  # fmt: skip
        tasks.raise_once(
            session, talk.practice_id, TaskKind.FOLLOW_UP, "a", now=clock(), title="Call the payer",
            claim_id=claim.id, client_id=claim.client_id, thread_id=thread.id,
            due_on=date(2026, 11, 30), owner_id=talk.cast.administrator.id,
        )  # fmt: skip
        number = claim.our_number
    desk = visit(token=signed_in_session(talk.database.url, talk.cast.administrator.email))
    phone = visit(token=signed_in_session(talk.database.url, talk.cast.owner.email), phone=True)
    page, faults = desk.page, list[str]()

    page.goto(f"/messages/{thread.id}?box=late")
    box = page.get_by_label("Message", exact=True)
    box.press_sequentially("Hello.\n/filed l")
    offered = page.get_by_role("listbox", name="Canned replies")
    expect(offered.get_by_role("option")).to_have_count(1)
    desk.picture("thread-canned")
    faults += desk.faults()
    box.press("Enter")
    expect(box).to_have_value(
        f"Hello.\nClaim {number} was denied as filed too late. Please send whatever shows when it"
        " was first filed or why it waited; we appeal with it.\nCleo Mockwell"
    )
    box.press_sequentially(" /")
    expect(offered).to_be_visible()
    box.press("Escape")
    expect(offered).to_have_count(0)
    page.get_by_role("button", name="Task").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    desk.picture("thread-task")
    faults += desk.faults()
    for name, path in {
        "tasks": "/tasks", "promises": "/practices/promises",
        "promise": f"/practices/{talk.practice_id}/promise",
        "replies": "/messages/replies", "reply": "/messages/replies/add",
    }.items():  # fmt: skip
        page.goto(path)
        desk.picture(f"work-{name}")
        faults += desk.faults()
    page.goto(f"/messages/about/practice/{talk.practice_id}")
    page.get_by_label("Subject").fill("Half a subject")
    page.get_by_text("Choose who takes part").click()
    page.get_by_label("Owners and billing").check()
    expect(page.get_by_text("Kept, not sent yet")).to_be_visible()
    page.goto("/messages/")
    page.goto(f"/messages/about/practice/{talk.practice_id}")
    expect(page.get_by_label("Subject")).to_have_value("Half a subject")
    expect(page.get_by_label("Owners and billing")).to_be_checked()
    desk.picture("thread-begun")
    faults += desk.faults()
    page.get_by_role("button", name="Throw away").click()
    expect(page.get_by_text("Thrown away.")).to_be_visible()
    for seat in (desk, phone):
        seat.page.goto("/messages/")
        find = seat.page.get_by_label("Find in messages")
        find.fill("card 7781")
        find.press("Enter")
        expect(seat.page.get_by_text("New plan since November")).to_be_visible()
        seat.picture(f"work-found-{'phone' if seat is phone else 'desk'}")
        faults += seat.faults()

    assert faults == []
