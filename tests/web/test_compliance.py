"""Agreements, leaving and the compliance page in the browser: who may, and what closes at once."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.models.contract import Agreement, Departure, DepartureState
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.rules.agreements import HOUSE_ZONE
from backoffice.rules.dates import today_in
from backoffice.rules.roles import Role
from backoffice.web.extensions import DOCUMENTS
from tests.cast import a_user
from tests.databases import Database
from tests.pages import Browser
from tests.talk import Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def page_of(talk: Talk, practice_id: UUID | None = None) -> str:
    return f"/compliance/agreements/{practice_id or talk.practice_id}"


def practice_now(talk: Talk) -> Practice:
    with talk.database.work(house=True) as session:
        return session.get_one(Practice, talk.practice_id)


def today() -> date:
    return today_in(HOUSE_ZONE, datetime.now(UTC))


def test_ending_an_agreement_closes_the_practices_pages_for_everybody_at_once(
    app: Flask, talk: Talk
) -> None:
    owner = Browser(app).sign_in(talk.cast.owner)
    biller = Browser(app).sign_in(talk.cast.biller)
    chief = Browser(app).sign_in(talk.cast.administrator)
    claim = f"/claims/{talk.claim_id}"
    assert [person.get(claim).status for person in (owner, biller, chief)] == [200] * 3

    chief.get(page_of(talk))
    yesterday = (today() - timedelta(days=1)).isoformat()
    ended = chief.post(page_of(talk), begins_on="2020-01-01", ends_on=yesterday, note="Cabinet 3")

    assert ended.status == 302
    assert [person.get(claim).status for person in (owner, biller, chief)] == [404] * 3
    assert "Ended: closed" in chief.get("/compliance/agreements").words
    assert "Cabinet 3" in chief.get(page_of(talk)).words
    chief.post(page_of(talk), begins_on="2020-01-01", ends_on="")
    assert [person.get(claim).status for person in (owner, biller, chief)] == [200] * 3
    with talk.work() as session:
        assert len(session.scalars(select(Agreement)).all()) == 2


def test_an_agreement_that_would_end_before_it_begins_is_refused_at_its_field(
    app: Flask, talk: Talk
) -> None:
    chief = Browser(app).sign_in(talk.cast.administrator)
    assert 'value="2020-01-01"' in chief.get(page_of(talk)).text, "saving anew changes nothing"

    bare = chief.post(page_of(talk), begins_on="", ends_on="")
    refused = chief.post(page_of(talk), begins_on="2026-05-01", ends_on="2026-04-30")

    assert [bare.status, refused.status] == [422, 422]
    assert "It would end before it begins." in refused.words
    assert practice_now(talk).agreement_on == date(2020, 1, 1)
    assert chief.get(page_of(talk, uuid4())).status == 404


def test_only_administrators_manage_agreements_and_auditors_see_the_page(
    app: Flask, talk: Talk
) -> None:
    with talk.database.work(house=True) as session:
        auditor = a_user(session, "Audrey Looker", house_role=Role.AUDITOR)
    for user, expected in ((auditor, 200), (talk.cast.biller, 403), (talk.cast.owner, 403)):
        browser = Browser(app).sign_in(user)
        assert browser.get("/compliance").status == expected
        assert browser.get(page_of(talk)).status == 403
        assert browser.post(f"{page_of(talk)}/leave").status == 403
        assert browser.get(f"{page_of(talk)}/export").status == 403

    shown = Browser(app).sign_in(talk.cast.administrator).get("/compliance").words

    assert "2 in force, 0 closed" in shown
    assert "0 stand" in shown
    assert "assumed for" not in shown, "Maine's years were looked up"
    assert "Sign a business associate agreement with each practice" in shown


def leaves(app: Flask, talk: Talk) -> Browser:
    """An administrator who has set the practice's leaving for today."""
    chief = Browser(app).sign_in(talk.cast.administrator)
    chief.get(page_of(talk))
    answer = chief.post(
        f"{page_of(talk)}/leave",
        leaves_on=today().isoformat(),
        basis="contract",
        contract_on=(today() + timedelta(days=30)).isoformat(),
    )
    assert answer.status == 302, answer.words
    return chief


def exported(app: Flask, talk: Talk, content: bytes) -> Departure:
    """Bring the departure to where its worker would have."""
    with talk.work() as session:
        departure = session.scalars(select(Departure)).one()
        departure.state = DepartureState.EXPORTED
        departure.export_key, departure.export_size = f"t/{talk.practice_id}/x", len(content)
        session.get_one(Practice, talk.practice_id).left_at = datetime.now(UTC)
    sha256 = hashlib.sha256(content).hexdigest()
    app.extensions[DOCUMENTS].put(f"t/{talk.practice_id}/x", content, sha256=sha256)
    return departure


def test_a_practice_that_has_left_is_read_and_nothing_of_it_is_changed(
    app: Flask, talk: Talk
) -> None:
    chief = leaves(app, talk)
    exported(app, talk, b"zip")
    biller = Browser(app).sign_in(talk.cast.biller)

    read = biller.get(f"/claims/{talk.claim_id}")
    written = biller.post(f"/claims/{talk.claim_id}/submit")

    assert read.status == 200
    assert written.status in {403, 404}
    assert "Download export" in chief.get(page_of(talk)).words


def test_the_export_is_handed_out_on_record_and_to_nobody_whose_access_has_ended(
    app: Flask, talk: Talk
) -> None:
    chief = leaves(app, talk)
    exported(app, talk, b"the archive")
    address = f"{page_of(talk)}/export"

    given = chief.get(address)

    assert given.response.data == b"the archive"
    assert given.response.headers["Content-Disposition"].startswith("attachment")
    with talk.work() as session:
        assert session.scalars(select(Departure.fetched_at)).one() is not None
    with talk.database.work(house=True) as session:
        session.get_one(User, talk.cast.administrator.id).disabled_at = datetime.now(UTC)
    for path in (address, page_of(talk), f"/claims/{talk.claim_id}", "/claims"):
        assert b"the archive" not in (ended := chief.get(path)).response.data
        assert ended.status in {302, 401}, path
        assert ended.status == 401 or "/sign-in" in ended.location
