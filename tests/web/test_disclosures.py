"""A client's accounting of disclosures and consents in the browser."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from backoffice.models.clients import Client
from backoffice.models.contract import Consent, Disclosure
from backoffice.models.sealing import Keyring
from backoffice.models.submissions import Submission
from backoffice.rules.part2 import NOTICE, SHORT_NOTICE
from backoffice.services import claims, unbilled
from backoffice.services.submissions.building import build_files
from tests.builders import NOW, an_appointment
from tests.databases import Database
from tests.pages import Browser
from tests.services.billing import NO_DELAY
from tests.talk import Talk, a_talk

SUBPOENA = {
    "disclosed_on": "2026-05-04",
    "recipient": "=City Court",
    "recipient_address": "1 Court Square",
    "what": "Billing record of 2025",
    "purpose": "Court order 26-1",
    "basis": "legal_proceeding",
}


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


@pytest.fixture
def client_id(talk: Talk) -> UUID:
    return talk.billing.client.id


def test_what_left_is_listed_owed_apart_from_claims_and_taken_out_as_csv(
    app: Flask, talk: Talk, client_id: UUID
) -> None:
    with talk.work() as session:
        now = datetime.now(UTC)
        claims.release(session, talk.claim(session), by=None, now=now, delay=NO_DELAY)
        build_files(session, talk.practice_id, now=now)
        session.scalars(select(Submission)).one().sent_at = now
    address = f"/clients/{client_id}/disclosures"
    biller = Browser(app).sign_in(talk.cast.biller)
    biller.get(address)

    bare = biller.post(address, **(SUBPOENA | {"recipient": " "}))
    ahead = biller.post(address, **(SUBPOENA | {"disclosed_on": "2999-01-01"}))
    written = biller.post(address, **SUBPOENA)
    too_old = biller.post(address, **(SUBPOENA | {"disclosed_on": "2019-01-01", "what": "Older"}))
    held = biller.post(address, **(SUBPOENA | {"silent_until": "2999-01-01", "what": "Hushed"}))

    assert [page.status for page in (bare, ahead)] == [422, 422]
    assert [page.status for page in (written, too_old, held)] == [302, 302, 302]
    page = biller.get(address).words
    assert "=City Court" in page
    assert "Northstar Health" in page
    assert "Older" not in page, "six years back and no more"
    assert "Hushed" not in page
    assert "1 disclosure not listed here" in page
    owner = Browser(app).sign_in(talk.cast.owner)
    assert "not listed here" not in owner.get(address).words
    lines = owner.get(f"{address}/file").text.splitlines()
    stale = Browser(app).sign_in(talk.cast.owner, factor_age=timedelta(minutes=6))
    assert stale.get(f"{address}/file").location.startswith("/step-up?next=")
    assert [line.split(",")[0] for line in lines] == ["listed", "owed", "beside"]
    assert "'=City Court" in lines[1]
    assert "Payment, through our clearinghouse" in lines[2]


def test_a_disclosure_written_down_by_mistake_is_withdrawn_with_its_reason(
    app: Flask, talk: Talk, client_id: UUID
) -> None:
    address = f"/clients/{client_id}/disclosures"
    biller = Browser(app).sign_in(talk.cast.biller)
    biller.get(address)
    biller.post(address, **SUBPOENA)
    with talk.work() as session:
        row_id = session.scalars(select(Disclosure.id)).one()

    elsewhere = biller.post(f"/clients/{uuid4()}/disclosures/{row_id}/withdraw", reason="x")
    bare = biller.post(f"{address}/{row_id}/withdraw", reason=" ")
    done = biller.post(f"{address}/{row_id}/withdraw", reason="Another client's")

    assert [page.status for page in (elsewhere, bare, done)] == [404, 422, 302]
    assert "City Court" not in biller.get(address).words


def test_a_flagged_client_bears_the_notice_and_asks_for_consent_before_anything_is_given(
    app: Flask, talk: Talk, client_id: UUID
) -> None:
    client, address = f"/clients/{client_id}", f"/clients/{client_id}/disclosures"
    biller = Browser(app).sign_in(talk.cast.biller)
    biller.get(f"{client}/consents")
    biller.post(f"{client}/part2", is_part2="y")

    refused = biller.post(address, **(SUBPOENA | {"basis": "other"}))
    unsigned = biller.get(f"{client}/consents").words
    with talk.work() as session:
        visit = an_appointment(
            session, session.scalars(select(Client)).one(), talk.billing.clinician, None
        )
        unbilled.judge_practice_anew(session, talk.practice_id, now=NOW)
    lacking = biller.get(f"/unbilled?open={visit.id}")
    wrong = biller.post(f"{client}/consents", kind="named_recipient", signed_on="2026-01-02")
    signed = biller.post(
        f"{client}/consents", kind="treatment_payment_operations", signed_on="01/02/2026"
    )
    taken = biller.post(address, **(SUBPOENA | {"basis": "other"}))

    assert refused.status == 422
    assert "42 CFR Part 2" in refused.words
    assert "No consent holds today." in unsigned
    assert "No consent to tell the payer holds" in lacking.words
    assert f'href="{client}/consents"' in lacking.text, "its door"
    assert wrong.status == 422
    assert [signed.status, taken.status] == [302, 302]
    assert "A consent holds." in biller.get(f"{client}/consents").words
    assert NOTICE in biller.get(address).words
    assert SHORT_NOTICE in biller.get(f"{address}/file").text
    assert "42 CFR Part 2" in biller.get(client).words
    with talk.work() as session:
        consent_id = session.scalars(select(Consent.id)).one()
    revoked = biller.post(f"{client}/consents/{consent_id}/revoke", revoked_on="2026-05-01")
    assert revoked.status == 302
    assert "No consent holds today." in biller.get(f"{client}/consents").words


def test_strangers_and_readers_meet_the_wall(app: Flask, talk: Talk, client_id: UUID) -> None:
    stranger = Browser(app).sign_in(talk.cast.stranger)
    clinician = Browser(app).sign_in(talk.other_clinician)
    owner = Browser(app).sign_in(talk.cast.owner)
    client = f"/clients/{client_id}"
    for browser in (stranger, clinician, owner):
        browser.get("/documents/")

    assert [stranger.get(f"{client}/{page}").status for page in ("disclosures", "consents")] == [
        404, 404,
    ]  # fmt: skip
    assert stranger.post(f"{client}/part2", is_part2="y").status == 404
    assert clinician.get(f"{client}/disclosures").status == 403
    assert owner.get(f"{client}/disclosures").status == 200
    assert owner.post(f"{client}/disclosures", **SUBPOENA).status == 403
    assert owner.post(f"{client}/part2", is_part2="y").status == 403


def test_a_list_taken_out_with_a_flagged_client_in_it_bears_the_notice(
    app: Flask, talk: Talk, client_id: UUID
) -> None:
    with talk.work() as session:
        an_appointment(
            session,
            talk.billing.client,
            talk.billing.clinician,
            talk.billing.facility,
            payer_id=talk.billing.payer.id,
            unbilled=True,
        )
    biller = Browser(app).sign_in(talk.cast.biller)
    biller.get(f"/clients/{client_id}/consents")
    lists = ("/claims/export", "/unbilled/export")

    plain = {address: rows_of(biller.get(address).text) for address in lists}
    biller.post(f"/clients/{client_id}/part2", is_part2="y")

    for address, rows in plain.items():
        assert len(rows) > 1, address
        flagged = rows_of(biller.get(address).text)
        assert [row[:3] for row in flagged[:-1]] == [row[:3] for row in rows]
        assert flagged[-1] == [NOTICE, *[""] * (len(rows[0]) - 1)]
        assert rows_of(biller.get(f"{address}?payer={uuid4()}").text) == rows[:1]
        book = load_workbook(io.BytesIO(biller.get(f"{address}?as=xlsx").response.data))
        assert book.sheetnames == ["Export", "Notice"]
        assert book["Notice"]["A1"].value == NOTICE
        assert len(list(book["Export"].iter_rows())) == len(rows)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))
