"""The page of files being sent: what needs a look, and two buttons for those who may decide."""

from uuid import UUID, uuid4

import pytest
from flask import Flask

from backoffice.models.submissions import Submission, SubmissionState
from backoffice.models.users import User
from backoffice.rules.roles import Role
from backoffice.services.submissions.building import build_files
from tests.builders import NOW, a_practice
from tests.cast import Cast, a_cast, a_user, joins
from tests.databases import Database
from tests.pages import Browser
from tests.services.billing import a_billing, a_queued_claim


@pytest.fixture
def cast(fresh_database: Database) -> Cast:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        billing = a_billing(session, ids[0])
        a_queued_claim(session, billing)
        elsewhere = a_practice(session, ids[1], name="Juniper Row")
        return a_cast(session, billing.practice, elsewhere)


@pytest.fixture
def lead(fresh_database: Database, cast: Cast) -> User:
    """A person who may decide."""
    with fresh_database.work(practices=[cast.practice.id], house=True) as session:
        person = a_user(session, "Lena Leader")
        joins(session, person, cast.practice, Role.BILLER_LEAD)
        return person


@pytest.fixture
def waiting(fresh_database: Database, cast: Cast) -> UUID:
    """A file that waits for a person."""
    with fresh_database.work(practices=[cast.practice.id]) as session:
        (file,) = build_files(session, cast.practice.id, now=NOW)
        file.state, file.unknown_since = SubmissionState.NEEDS_PERSON, NOW
        return file.id


def state(database: Database, cast: Cast, file: UUID) -> SubmissionState:
    with database.work(practices=[cast.practice.id]) as session:
        return session.get_one(Submission, (cast.practice.id, file)).state


def test_with_nothing_in_trouble_the_page_says_so(app: Flask, cast: Cast) -> None:
    page = Browser(app).sign_in(cast.biller).get("/submissions/")

    assert page.status == 200
    assert "Every file has arrived" in page.words


def test_who_may_decide_gets_both_buttons(
    app: Flask, cast: Cast, lead: User, waiting: UUID
) -> None:
    page = Browser(app).sign_in(lead).get("/submissions/")

    assert "000000001.837" in page.words
    assert f"/submissions/{waiting}/mark-sent" in page.text
    assert f"/submissions/{waiting}/send-again" in page.text


@pytest.mark.parametrize(
    ("button", "after"),
    [("mark-sent", SubmissionState.SENT), ("send-again", SubmissionState.PENDING)],
)
def test_a_button_settles_the_file(
    app: Flask,
    fresh_database: Database,
    cast: Cast,
    lead: User,
    waiting: UUID,
    button: str,
    after: SubmissionState,
) -> None:
    browser = Browser(app).sign_in(lead)
    browser.get("/submissions/")

    answer = browser.post(f"/submissions/{waiting}/{button}")

    assert answer.status == 302
    assert state(fresh_database, cast, waiting) is after


@pytest.mark.parametrize("button", ["mark-sent", "send-again"])
def test_a_second_press_is_refused_in_words(
    app: Flask, cast: Cast, lead: User, waiting: UUID, button: str
) -> None:
    browser = Browser(app).sign_in(lead)
    browser.get("/submissions/")
    browser.post(f"/submissions/{waiting}/{button}")

    again = browser.post(f"/submissions/{waiting}/{button}")

    assert again.status == 422
    assert "not waiting for a decision" in again.words


@pytest.mark.parametrize("button", ["mark-sent", "send-again"])
def test_a_biller_sees_the_file_and_may_not_decide(
    app: Flask, fresh_database: Database, cast: Cast, waiting: UUID, button: str
) -> None:
    browser = Browser(app).sign_in(cast.biller)
    page = browser.get("/submissions/")

    refused = browser.post(f"/submissions/{waiting}/{button}")

    assert "000000001.837" in page.words
    assert "mark-sent" not in page.text
    assert refused.status == 403
    assert state(fresh_database, cast, waiting) is SubmissionState.NEEDS_PERSON


def test_a_stranger_sees_no_file_and_gets_the_page_of_nothing(
    app: Flask, fresh_database: Database, cast: Cast, waiting: UUID
) -> None:
    with fresh_database.work(practices=[cast.elsewhere.id], house=True) as session:
        stranger = a_user(session, "Leo Elsewhere")
        joins(session, stranger, cast.elsewhere, Role.BILLER_LEAD)
    browser = Browser(app).sign_in(stranger)
    page = browser.get("/submissions/?state=all")

    theirs = browser.post(f"/submissions/{waiting}/mark-sent")
    nobodys = browser.post(f"/submissions/{uuid4()}/mark-sent")

    assert "000000001.837" not in page.words
    assert theirs.status == nobodys.status == 404
    assert state(fresh_database, cast, waiting) is SubmissionState.NEEDS_PERSON


def test_a_practices_own_people_do_not_see_the_page(app: Flask, cast: Cast) -> None:
    assert Browser(app).sign_in(cast.owner).get("/submissions/").status == 403
