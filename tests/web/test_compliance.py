"""Agreements, leaving and the compliance page in the browser: who may, and what closes at once."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.models.contract import Agreement, Departure, DepartureState, LegalHold
from backoffice.models.documents import Document, DocumentKind, DocumentLink, DocumentState
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.rules.agreements import HOUSE_ZONE
from backoffice.rules.dates import today_in
from backoffice.rules.retention import rule_for
from backoffice.rules.roles import Role
from backoffice.web.extensions import DOCUMENTS
from tests.builders import a_client
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


def test_one_client_or_document_is_held_from_its_own_page_and_says_so_until_it_is_lifted(
    app: Flask, talk: Talk
) -> None:
    client_id = talk.billing.client.id
    document_id = a_document_beside_both_claims(talk)
    client, document = f"/clients/{client_id}", f"/documents/{document_id}/withdraw"
    chief = Browser(app).sign_in(talk.cast.administrator)
    biller = Browser(app).sign_in(talk.cast.biller)
    before = [chief.get(page).words for page in (client, document)]
    addresses = [f"{page_of(talk)}?client={client_id}", f"{page_of(talk)}?document={document_id}"]

    offered = [chief.get(address).words for address in addresses]
    reason = "A letter from counsel"
    held = [
        chief.post(f"{page_of(talk)}/hold", kind=kind, subject=str(subject), reason=reason)
        for kind, subject in (("client", client_id), ("document", document_id))
    ]
    wrong = [
        chief.post(f"{page_of(talk)}/hold", kind=kind, subject=subject, reason=reason).status
        for kind, subject in (("client", uuid4()), ("client", ""), ("practice", client_id))
    ]

    assert ["Hold this client" in offered[0], "Hold this document" in offered[1]] == [True, True]
    assert [page.status for page in held] == [302, 302]
    assert wrong == [404, 422, 422]
    assert f"?client={client_id}#holds" in chief.get(client).text
    assert f"/compliance/agreements/{talk.practice_id}" not in biller.get(client).text
    assert ["Legal hold stands" in before[0], "a legal hold stands" in before[1]] == [False, False]
    assert "Legal hold stands" in biller.get(client).words
    assert "a legal hold stands" in chief.get(document).words
    with talk.work() as session:
        holds = session.scalars(select(LegalHold).order_by(LegalHold.id)).all()
    assert [(hold.kind.value, hold.subject_id) for hold in holds] == [
        ("client", client_id), ("document", document_id),
    ]  # fmt: skip
    for hold in holds:
        chief.post(f"{page_of(talk)}/holds/{hold.id}/lift")
    assert "Legal hold stands" not in biller.get(client).words


def test_a_document_says_until_when_it_is_kept_by_the_longest_clock_of_its_clients(
    app: Flask, talk: Talk
) -> None:
    with talk.work() as session:
        child = a_client(session, talk.billing.practice, last_name="Young", birth_date="2020-05-06")
        talk.claim(session, talk.other_claim_id).client_id = child.id
    document_id = a_document_beside_both_claims(talk)
    chief = Browser(app).sign_in(talk.cast.administrator)

    page = chief.get(f"/documents/{document_id}/withdraw").words

    with talk.work() as session:
        practice = session.get_one(Practice, talk.practice_id)
    age = rule_for(practice.state).minor_until_age
    assert f"May 6, {2020 + age}" in page


def a_document_beside_both_claims(talk: Talk) -> UUID:
    with talk.work() as session:
        document = Document(
            practice_id=talk.practice_id,
            document_key=f"t/{talk.practice_id}/{uuid4()}",
            kind=DocumentKind.EOB,
            state=DocumentState.STORED,
            content_type="application/pdf",
            uploaded_by_id=talk.cast.biller.id,
        )
        session.add(document)
        session.flush()
        for claim_id in (talk.claim_id, talk.other_claim_id):
            link = DocumentLink(
                practice_id=talk.practice_id, document_id=document.id, claim_id=claim_id
            )
            session.add(link)
        return document.id
