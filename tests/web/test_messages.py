"""Threads in the browser: written, read and answered by their people, and nobody else."""

import re
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.models.messages import Message
from backoffice.models.notifications import Mail, MailState
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.roles import Role
from tests.cast import a_user
from tests.databases import Database
from tests.pages import Browser, Page
from tests.record import on_record
from tests.talk import Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


@pytest.fixture
def auditor(talk: Talk, fresh_database: Database) -> User:
    """Sees everything, changes nothing."""
    with fresh_database.work(house=True) as session:
        return a_user(session, "Audrey Looker", house_role=Role.AUDITOR)


def begin(app: Flask, talk: Talk, user: User, claim_id: UUID | None = None) -> str:
    """Begin a thread as a person would; answers its address."""
    browser = Browser(app).sign_in(user)
    about = f"/messages/about/{claim_id or talk.claim_id}"
    browser.get(about)
    answer = browser.post(about, subject="New plan", body="Do you have the new card?")
    assert answer.status == 302, answer.words
    return answer.location


@pytest.fixture
def thread(app: Flask, talk: Talk) -> str:
    return begin(app, talk, talk.cast.biller)


def said(talk: Talk) -> list[str]:
    with talk.work() as session:
        return list(session.scalars(select(Message.body).order_by(Message.id)))


def same_nothing(theirs: Page, nobodys: Page) -> bool:
    """Whether another's and nobody's read the same, but for what is drawn anew for each answer."""

    def plain(page: Page) -> str:
        return re.sub(r'[0-9a-f]{32}|content="[^"]+"|value="[^"]+"', "", page.text)

    return theirs.status == nobodys.status == 404 and plain(theirs) == plain(nobodys)


def test_a_biller_writes_from_a_claim_and_the_clinician_answers(
    app: Flask, talk: Talk, thread: str
) -> None:
    clinician = Browser(app).sign_in(talk.cast.clinician)
    listed = clinician.get("/messages/")
    opened = clinician.get(thread)
    answered = clinician.post(f"{thread}/reply", body="Yes.\nFront and back.")

    desk = Browser(app).sign_in(talk.cast.biller)
    before = desk.get("/messages/")
    page = desk.get(thread)

    assert "New plan" in listed.words
    assert 'aria-label="Unread"' in listed.text
    assert "Do you have the new card?" in opened.words
    assert answered.status == 302
    assert 'aria-label="Unread"' in before.text
    assert "Front and back." in page.words
    assert "Avery Sample" in page.words
    assert "· read" in page.words
    assert 'aria-label="Unread"' not in desk.get("/messages/").text


def test_unread_threads_are_counted_beside_the_door(app: Flask, talk: Talk, thread: str) -> None:
    browser = Browser(app).sign_in(talk.cast.owner)

    before, opened = browser.get("/messages/"), browser.get(thread)
    after = browser.get("/messages/")

    assert opened.status == 200
    assert "Messages · 1" in before.words
    assert "Messages · 1" not in after.words


def test_an_internal_note_shows_on_the_desk_and_never_on_the_phone(
    app: Flask, talk: Talk, thread: str
) -> None:
    desk = Browser(app).sign_in(talk.cast.biller)
    desk.get(thread)
    desk.post(f"{thread}/reply", body="Between billers.", internal="1")

    on_desk = desk.get(thread)
    phone = Browser(app).sign_in(talk.cast.owner)

    assert "Between billers." in on_desk.words
    assert "the practice cannot see this" in on_desk.words
    assert "Between billers." not in phone.get(thread).text
    assert "Between billers." not in phone.get(f"{thread}/fresh?stamp=old").text


def test_a_practices_person_cannot_slip_in_an_internal_note(
    app: Flask, talk: Talk, thread: str
) -> None:
    browser = Browser(app).sign_in(talk.cast.owner)
    browser.get(thread)

    refused = browser.post(f"{thread}/reply", body="Secret.", internal="1")

    assert refused.status == 422
    assert "Secret." not in said(talk)


def test_an_empty_message_is_refused_where_it_was_typed(
    app: Flask, talk: Talk, thread: str
) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)
    browser.get(thread)

    refused = browser.post(f"{thread}/reply", body="   ")

    assert refused.status == 422
    assert "Write something first." in refused.words
    assert len(said(talk)) == 1


def test_words_that_look_like_markup_stay_words(app: Flask, talk: Talk, thread: str) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)
    browser.get(thread)
    browser.post(f"{thread}/reply", body="<script>alert(1)</script>")

    text = browser.get(thread).text

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_an_open_page_gets_what_is_new_and_asking_marks_nothing_as_read(
    app: Flask, talk: Talk, thread: str
) -> None:
    owner = Browser(app).sign_in(talk.cast.owner)
    page = owner.get(thread)
    found = re.search(r'hx-get="([^"]+)"', page.text)
    assert found is not None
    ask = found.group(1).replace("&amp;", "&")
    quiet = owner.get(ask)
    biller = Browser(app).sign_in(talk.cast.biller)
    biller.get(thread)
    biller.post(f"{thread}/reply", body="One more thing.")

    news = owner.get(ask)
    count_before = owner.get("/messages/").words
    read = owner.post(f"{thread}/read")
    count_after = owner.get("/messages/").words

    assert quiet.status == 204
    assert "One more thing." in news.words
    assert f'hx-post="{thread}/read"' in news.text
    assert "Messages · 1" in count_before
    assert read.status == 204
    assert "Messages · 1" not in count_after


def test_done_leaves_the_list_and_a_reply_brings_it_back(
    app: Flask, talk: Talk, thread: str
) -> None:
    desk = Browser(app).sign_in(talk.cast.biller)
    desk.get(thread)
    desk.post(f"{thread}/settle", state="done")

    gone, done = desk.get("/messages/"), desk.get("/messages/?box=done")
    phone = Browser(app).sign_in(talk.cast.clinician)
    phone.get(thread)
    phone.post(f"{thread}/reply", body="One more question.")

    assert f'href="{thread}' not in gone.text
    assert f'href="{thread}' in done.text
    assert f'href="{thread}' in desk.get("/messages/").text


def test_a_practices_people_do_not_settle_threads(app: Flask, talk: Talk, thread: str) -> None:
    browser = Browser(app).sign_in(talk.cast.owner)
    browser.get(thread)

    assert browser.post(f"{thread}/settle", state="done").status == 422


def test_mine_are_those_one_takes_part_in_and_all_are_the_practices(
    app: Flask, talk: Talk, thread: str, auditor: User
) -> None:
    browser = Browser(app).sign_in(talk.cast.administrator)

    mine, everything = browser.get("/messages/"), browser.get("/messages/?box=all")

    assert f'href="{thread}' not in mine.text
    assert f'href="{thread}' in everything.text


def test_a_list_can_be_narrowed_to_a_practice(app: Flask, talk: Talk, thread: str) -> None:
    browser = Browser(app).sign_in(talk.cast.administrator)

    here = browser.get(f"/messages/?box=all&practice={talk.practice_id}")
    elsewhere = browser.get(f"/messages/?box=all&practice={talk.cast.elsewhere.id}")

    assert f'href="{thread}' in here.text
    assert f'href="{thread}' not in elsewhere.text


@pytest.mark.parametrize("way", ["", "/fresh"])
def test_another_practices_thread_reads_like_none(
    app: Flask, talk: Talk, thread: str, way: str
) -> None:
    browser = Browser(app).sign_in(talk.cast.stranger)
    browser.get("/messages/?box=all")

    assert same_nothing(browser.get(thread + way), browser.get(f"/messages/{uuid4()}{way}"))
    assert "New plan" not in browser.get("/messages/?box=all").words


@pytest.mark.parametrize(
    ("way", "fields"),
    [("reply", {"body": "Hello."}), ("read", {}), ("settle", {"state": "done"})],
)
def test_nothing_is_done_in_another_practices_thread(
    app: Flask, talk: Talk, thread: str, way: str, fields: dict[str, str]
) -> None:
    browser = Browser(app).sign_in(talk.cast.stranger)
    browser.get("/messages/")

    theirs = browser.post(f"{thread}/{way}", **fields)
    nobodys = browser.post(f"/messages/{uuid4()}/{way}", **fields)

    assert same_nothing(theirs, nobodys)
    assert len(said(talk)) == 1


def test_no_thread_begins_about_another_practices_claim(app: Flask, talk: Talk) -> None:
    browser = Browser(app).sign_in(talk.cast.stranger)
    browser.get("/messages/")
    fields = {"subject": "Hello", "body": "Hello."}

    theirs = browser.post(f"/messages/about/{talk.claim_id}", **fields)
    nobodys = browser.post(f"/messages/about/{uuid4()}", **fields)

    assert same_nothing(theirs, nobodys)
    assert said(talk) == []


def test_a_clinician_meets_no_thread_about_a_colleagues_claim(app: Flask, talk: Talk) -> None:
    thread = begin(app, talk, talk.cast.biller, talk.other_claim_id)
    browser = Browser(app).sign_in(talk.cast.clinician)

    assert "New plan" not in browser.get("/messages/").words
    assert same_nothing(browser.get(thread), browser.get(f"/messages/{uuid4()}"))
    assert browser.get(f"/messages/about/{talk.other_claim_id}").status == 404


def test_an_auditor_reads_and_says_nothing(
    app: Flask, talk: Talk, thread: str, auditor: User
) -> None:
    browser = Browser(app).sign_in(auditor)

    page = browser.get(thread)
    refused = [
        browser.post(f"{thread}/reply", body="Hm."),
        browser.post(f"{thread}/settle", state="done"),
        browser.post(f"/messages/about/{talk.claim_id}", subject="S", body="B"),
    ]

    assert page.status == 200
    assert "<textarea" not in page.text
    assert [answer.status for answer in refused] == [403, 403, 403]
    assert len(said(talk)) == 1


def test_who_is_not_signed_in_is_asked_to(app: Flask, talk: Talk, thread: str) -> None:
    for path in ("/messages/", thread, f"/messages/about/{talk.claim_id}"):
        answer = Browser(app).get(path)
        assert answer.status == 302
        assert answer.location.startswith("/sign-in?next=")


def mail_of(talk: Talk, user: User) -> Mail:
    (mail,) = talk.mails(user)
    assert mail.state is MailState.QUEUED
    return mail


def test_a_mails_link_asks_to_sign_in_and_then_shows_the_claims_it_told_of(
    app: Flask, talk: Talk
) -> None:
    talk.move(ClaimEvent.RELEASED)
    link = f"/news/{mail_of(talk, talk.cast.clinician).id}"
    browser = Browser(app)

    asked = browser.get(link)
    browser.get("/sign-in")
    halfway = browser.post(
        asked.location, email=talk.cast.clinician.email, password="correct horse battery staple"
    )
    page = browser.sign_in(talk.cast.clinician).get(link)

    assert asked.status == 302
    assert halfway.location == f"/sign-in/factor?next={link}"
    assert page.status == 200
    assert "Avery Sample" in page.words
    assert f"/claims/{talk.claim_id}" in page.text
    assert f"/claims/{talk.other_claim_id}" not in page.text


def test_a_message_mails_link_leads_to_its_thread(app: Flask, talk: Talk, thread: str) -> None:
    link = f"/news/{mail_of(talk, talk.cast.owner).id}"

    answer = Browser(app).sign_in(talk.cast.owner).get(link)

    assert (answer.status, answer.location) == (302, thread)


def test_a_mails_link_opened_by_somebody_else_reads_like_none_and_is_put_on_record(
    app: Flask, talk: Talk
) -> None:
    talk.move(ClaimEvent.RELEASED)
    link = f"/news/{mail_of(talk, talk.cast.clinician).id}"

    for person in (talk.cast.stranger, talk.cast.owner, talk.cast.biller):
        browser = Browser(app).sign_in(person)
        browser.get("/messages/")
        assert same_nothing(browser.get(link), browser.get(f"/news/{uuid4()}"))

    with talk.database.work(house=True) as session:
        assert len(on_record(session, action="refused_mail_link")) == 6
