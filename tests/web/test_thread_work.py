"""Threads and tasks as work in the browser: boxes, the bar of work, promises, the tile of Today."""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.models.messages import Thread
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.rules.roles import Role
from backoffice.services import messages
from backoffice.web.extensions import clock
from tests.cast import a_user, joins
from tests.databases import Database
from tests.pages import Browser
from tests.record import on_record
from tests.talk import Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def begun(talk: Talk, body: str = "Do you have the new card?") -> str:
    """A thread that the practice's owner begins four days ago; answers its address."""
    with talk.work() as session:
        thread = messages.start(
            session, talk.claim(session), by=talk.person(talk.cast.owner), subject="New plan",
            body=body, now=clock() - timedelta(days=4),
        )  # fmt: skip
        return f"/messages/{thread.id}"


def the_thread(talk: Talk) -> Thread:
    with talk.work() as session:
        return session.scalars(select(Thread)).one()


def test_a_biller_takes_a_late_thread_puts_it_away_and_makes_it_a_task(
    app: Flask, talk: Talk
) -> None:
    address = begun(talk)
    desk = Browser(app).sign_in(talk.cast.biller)

    today = desk.get("/today")
    late = desk.get("/messages/?box=late")
    page = desk.get(f"{address}?box=late")
    desk.post(f"{address}/give", to=str(talk.cast.biller.id))
    mine = desk.get("/messages/?box=mine")
    form = page.text.partition('id="follow-up"')[2]
    once = re.search(r'name="once" value="([^"]+)"', form)
    assert once is not None
    for _ in range(2):  # the form sent twice is one task
        desk.post(f"{address}/task", title="Ask the payer", due_on="2026-11-30", once=once[1])
    listed = desk.get("/tasks")
    desk.post(f"{address}/snooze", sleep="monday")
    away = desk.get("/messages/?box=snoozed")
    refused = desk.post(f"{address}/snooze", until="2020-01-01")

    assert "Answers due in 1 h" in today.words
    assert "1 late" in today.words
    assert "New plan" in late.words
    assert "Answer promised" in page.words
    assert "New plan" in mine.words
    assert listed.words.count("Ask the payer") == 1
    assert "Tasks 1" in listed.words
    assert "New plan" in away.words
    assert refused.status == 422
    task = re.search(r'action="/tasks/([0-9a-f-]+)/done', listed.text)
    assert task is not None
    desk.get("/tasks")
    desk.post(f"/tasks/{task[1]}/done")
    assert "Ask the payer" in desk.get("/tasks?box=done").words
    desk.post(f"/tasks/{task[1]}/reopen")
    assert "Ask the payer" in desk.get("/tasks?box=all").words


def test_a_practices_people_see_open_and_done_and_nothing_of_the_houses_work(
    app: Flask, talk: Talk
) -> None:
    address = begun(talk)
    phone = Browser(app).sign_in(talk.cast.owner)

    page, late = phone.get(address), phone.get("/messages/?box=late")
    statuses = {
        phone.get("/tasks").status,
        phone.get("/practices/promises").status,
        phone.post(f"{address}/give", to="").status,
        phone.post(f"{address}/snooze", sleep="tomorrow").status,
    }

    assert statuses == {403}
    assert "New plan" in late.words  # which box they ask for is all the same
    for words in ("Put away", "promised", "Unassigned", "Give to", "waiting on", "owner "):
        assert words not in page.words + late.words


def test_words_are_found_a_reply_is_put_in_and_the_thread_goes_on_paper(
    app: Flask, talk: Talk
) -> None:
    address = begun(talk, "The card ends in 7781")
    boss = Browser(app).sign_in(talk.cast.administrator)
    desk, phone = (Browser(app).sign_in(user) for user in (talk.cast.biller, talk.cast.owner))

    boss.get("/messages/replies/add")
    refused = boss.post("/messages/replies/add", practice="", name="Dear", body="{client name}")
    for practice, body in (("", "For all"), (str(talk.practice_id), "For {practice}")):
        boss.post("/messages/replies/add", practice=practice, name="Dear", body=body)
    listed = boss.get("/messages/replies")
    offered = json.loads(desk.get(f"{address}/replies").text)
    hidden = boss.post("/messages/replies/shipped", hide="Diagnosis")
    without = boss.get("/messages/replies")
    fewer = json.loads(desk.get(f"{address}/replies").text)
    boss.post("/messages/replies/shipped", bring_back="Diagnosis")
    desk.get(address)
    found = desk.post("/messages/find", q="7781")
    phone.get("/messages/")
    on_phone = phone.post("/messages/find", q="card ends")
    paper = desk.get(f"{address}/pdf?show=notes")

    assert refused.status == 422
    assert "There is no field {client name}" in refused.words
    assert listed.words.count("Dear") == 2
    assert [each["body"] for each in offered if each["name"] == "Dear"] == [
        "For Harbor Lane Counseling"
    ]
    assert (hidden.status, boss.post("/messages/replies/shipped", hide="Mine").status) == (302, 404)
    assert "Bring back Diagnosis" in without.words
    assert "Hide Diagnosis" in boss.get("/messages/replies").words
    assert {each["name"] for each in offered} - {each["name"] for each in fewer} == {"Diagnosis"}
    assert desk.post("/messages/replies/shipped", hide="Diagnosis").status == 403
    assert address in found.text
    assert "<mark>7781</mark>" in found.text
    assert "<mark>card</mark>" in on_phone.text
    assert paper.response.data.startswith(b"%PDF-")
    assert phone.get(f"{address}/pdf").status == phone.get(f"{address}/replies").status == 403
    for name in ("house/", ""):
        at = re.search(rf'href="(/messages/replies/{name}[0-9a-f-]{{36}})"', listed.text)
        assert at is not None
        boss.get(at[1])
        assert boss.post(at[1], name="Dear all", body="Again").status == 302
        assert boss.post(f"{at[1]}/withdraw").status == 302
        assert boss.get(at[1]).status == 404
    assert "Dear" not in boss.get("/messages/replies").words


def test_a_lead_changes_a_promise_and_what_waits_is_timed_anew(app: Flask, talk: Talk) -> None:
    begun(talk)
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        lead = a_user(session, "Lia Leader")
        joins(session, lead, talk.billing.practice, Role.BILLER_LEAD)
    desk = Browser(app).sign_in(lead)
    address = f"/practices/{talk.practice_id}/promise"

    desk.get(address)
    wrong = desk.post(address, hours="4", opens_at="17:00", closes_at="09:00")
    too_many = desk.post(address, hours="400", opens_at="09:00", closes_at="17:00")
    saved = desk.post(address, hours="0", opens_at="08:00", closes_at="16:00")
    listed = desk.get("/practices/promises")

    assert (wrong.status, too_many.status, saved.status) == (422, 422, 302)
    assert "It closes before it opens." in wrong.words
    assert "08:00 – 16:00" in listed.words
    assert the_thread(talk).due_at is None
    with talk.work() as session:
        assert session.get_one(Practice, talk.practice_id).response_hours == 0
        assert len(on_record(session, action="promise")) == 1
