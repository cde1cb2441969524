"""Links to one's own account: a forgotten password, a new email; and what they cannot do."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from backoffice.models.outbox import Errand
from backoffice.models.people import AccountLink, AccountMail, AccountTopic
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.services.accounts.passwords import hashing
from backoffice.web.extensions import clock
from tests.databases import Database
from tests.pages import Browser, Page
from tests.people import House, a_house

PASSWORD = "velvet anchor morning 42 lanterns"


@pytest.fixture
def house(fresh_database: Database, keyring: Keyring) -> House:
    return a_house(fresh_database)


def forgot(app: Flask, email: str) -> Page:
    browser = Browser(app)
    browser.get("/forgot")
    return browser.post("/forgot", email=email)


def follow(app: Flask, link: str, **fields: object) -> Page:
    browser = Browser(app)
    browser.get(link)
    return browser.post(link, **fields)


def fits(house: House, user: User, password: str) -> bool:
    with house.database.work(house=True) as session:
        known = session.get_one(User, user.id).password_hash
    return hashing.check(known, password).fits


def rows(house: House) -> tuple[int, ...]:
    with house.database.work(house=True) as session:
        counts = (session.scalar(select(func.count()).select_from(table)) or 0
                  for table in (AccountLink, AccountMail, Errand))  # fmt: skip
        return tuple(counts)


def test_a_known_and_an_unknown_email_get_the_same_answer_for_the_same_work(
    app: Flask, house: House
) -> None:
    before = rows(house)
    known = forgot(app, house.cast.biller.email)
    between = rows(house)
    unknown = forgot(app, "nobody@example.test")
    after = rows(house)

    def done(first: tuple[int, ...], last: tuple[int, ...]) -> list[int]:
        return [b - a for a, b in zip(first, last, strict=True)]

    assert (known.status, known.words) == (unknown.status, unknown.words)
    assert done(before, between) == done(between, after) == [1, 1, 1]
    assert house.mailed(AccountTopic.PASSWORD_RESET) == [house.cast.biller.email]


def test_a_new_password_ends_all_sessions_and_signs_nobody_in(app: Flask, house: House) -> None:
    biller = house.cast.biller
    browser = Browser(app).sign_in(biller)
    forgot(app, biller.email)
    link = house.link(AccountTopic.PASSWORD_RESET, biller.email)

    short = follow(app, link, password="password1234", again="password1234")
    guest = Browser(app)
    guest.get(link)
    done = guest.post(link, password=PASSWORD, again=PASSWORD)
    again = Browser(app).get(link)

    assert (short.status, done.status, again.status) == (422, 302, 422)
    assert fits(house, biller, PASSWORD)
    assert house.open_sessions(biller) == 0
    assert "/sign-in" in browser.get("/claims").location
    assert "/sign-in" in guest.get("/claims").location  # the second factor is still to be given
    assert biller.email in house.mailed(AccountTopic.SECURITY)


def test_a_reset_works_for_thirty_minutes_and_an_older_one_ends_with_the_first_use(
    app: Flask, house: House
) -> None:
    email, began = house.cast.biller.email, clock()
    forgot(app, email)
    first = house.link(AccountTopic.PASSWORD_RESET, email)
    forgot(app, email)
    second = house.link(AccountTopic.PASSWORD_RESET, email)

    with time_machine.travel(began + timedelta(minutes=31)):
        late = Browser(app).get(first).status
    follow(app, second, password=PASSWORD, again=PASSWORD)
    older = Browser(app).get(first).status

    assert (late, older) == (422, 422)


def test_a_stranger_can_have_three_mails_sent_and_no_fourth(app: Flask, house: House) -> None:
    for _ in range(4):
        forgot(app, house.cast.biller.email)

    assert len(house.mailed(AccountTopic.PASSWORD_RESET)) == 3


def test_an_email_changes_when_the_new_address_has_answered_and_the_old_one_is_told(
    app: Flask, house: House
) -> None:
    biller, new = house.cast.biller, "ana.new@example.test"
    forgot(app, biller.email)
    reset = house.link(AccountTopic.PASSWORD_RESET, biller.email)
    browser = Browser(app).sign_in(biller)
    browser.get("/account/email")

    browser.post("/account/email", email=new)
    unchanged = house.user(biller.email)
    done = follow(app, house.link(AccountTopic.EMAIL_CONFIRMATION, new))

    assert (unchanged is not None, done.status) == (True, 302)
    changed = house.user(new)
    assert changed is not None
    assert changed.id == biller.id
    assert house.mailed(AccountTopic.SECURITY) == [biller.email]
    assert house.open_sessions(biller) == 0
    assert Browser(app).get(reset).status == 422  # what was on its way to the old address


def test_a_change_of_email_dies_with_the_sessions_that_could_have_asked_for_it(
    app: Flask, house: House
) -> None:
    biller, theirs = house.cast.biller, "not.ana@example.test"
    thief = Browser(app).sign_in(biller)
    thief.get("/account/email")
    thief.post("/account/email", email=theirs)
    planted = house.link(AccountTopic.EMAIL_CONFIRMATION, theirs)
    forgot(app, biller.email)
    reset = house.link(AccountTopic.PASSWORD_RESET, biller.email)
    follow(app, reset, password=PASSWORD, again=PASSWORD)

    opened = Browser(app).get(planted)

    assert opened.status == 422
    assert house.user(theirs) is None
    assert house.user(biller.email) is not None


def test_a_taken_email_gets_no_mail_and_the_same_answer(app: Flask, house: House) -> None:
    browser = Browser(app).sign_in(house.cast.biller)
    browser.get("/account/email")

    free = browser.post("/account/email", email="free@example.test")
    taken = browser.post("/account/email", email=house.cast.owner.email)

    assert free.words == taken.words
    assert house.mailed(AccountTopic.EMAIL_CONFIRMATION) == ["free@example.test"]
