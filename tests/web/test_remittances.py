"""The pages of remittances: what a biller decides, what others may not, what is set aside."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.models.claims import Claim
from backoffice.models.inbound import InboundFile, InboundTransaction
from backoffice.models.remittances import Remittance, RemittanceLine
from backoffice.models.users import User
from backoffice.rules.claim_status import ClaimStatus
from backoffice.services.inbound.keeping import RawFile
from backoffice.web.extensions import DOCUMENTS
from tests.builders import a_practice
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import Browser
from tests.services import billing as ready
from tests.services import eras
from tests.services.eras import Check, Line, Paid

CLEAN = (("CO", "45", "55"), ("PR", "3", "20"))


@dataclass(frozen=True)
class Scene:
    """One ERA: a clean claim, a denied one, a stranger's and a take-back; and a lone payment."""

    cast: Cast
    remittance: UUID
    denied: Claim
    line: UUID


@pytest.fixture
def scene(app: Flask, fresh_database: Database) -> Scene:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        billing = ready.a_billing(session, ids[0])
        eras.known_payee(session, billing)
        cast = a_cast(session, billing.practice, a_practice(session, ids[1], name="Juniper Row"))
        clean, denied = (ready.a_queued_claim(session, billing) for _ in range(2))
        for claim in (clean, denied):
            claim.status = ClaimStatus.SUBMITTED
        check = Check(
            (
                Paid(eras.number_of(session, clean), (Line("155", "80", CLEAN),)),
                Paid(
                    eras.number_of(session, denied),
                    (Line("155", "0", (("CO", "197", "155"),)),),
                    icn="ICN2",
                ),
                Paid("0", (Line("155", "90", (("CO", "45", "65"),)),), icn="ICN3"),
            ),
            plb=(("WO", "ICN0", "30"),),
        )
        lone = Check((Paid("0", (Line("10", "10"),)),), trace="EFT7", npi="1902846538", tax_id="")
        (remittance,) = eras.posted(session, check, lone)
        file = session.scalars(select(InboundFile)).one()
        app.extensions[DOCUMENTS].put(
            file.document_key, content := eras.era(check, lone), sha256=RawFile.of(content).sha256
        )
        line = eras.decided_lines(session, remittance)[1]
        return Scene(cast, remittance.id, denied, line.id)


def signed_in(app: Flask, user: User) -> Browser:
    return Browser(app).sign_in(user)


def test_the_list_tells_what_came_and_what_waits(app: Flask, scene: Scene) -> None:
    page = signed_in(app, scene.cast.biller).get("/eras/")

    assert page.status == 200
    assert "Northstar Health" in page.words
    assert "$140.00" in page.words
    assert "Needs review" in page.words
    assert "set aside" not in page.words


def test_the_page_closes_as_a_sum_and_says_why_lines_wait(app: Flask, scene: Scene) -> None:
    page = signed_in(app, scene.cast.biller).get(f"/eras/{scene.remittance}")

    assert page.status == 200
    assert "Check $140.00 Posted $80.00 Provider adjustments (PLB) $0.00" in page.words
    assert "Undistributed $60.00" in page.words
    assert "CO-197 Authorization absent" in page.words
    assert "Unmatched" in page.words


def test_an_accepted_denial_stays_in_receivables(
    app: Flask, scene: Scene, fresh_database: Database
) -> None:
    browser = signed_in(app, scene.cast.biller)
    browser.get(f"/eras/{scene.remittance}")

    answer = browser.post(f"/eras/lines/{scene.line}/accept")

    assert answer.status == 302
    assert "Accepted" in browser.get(answer.location).words
    with fresh_database.work(practices=[scene.cast.practice.id]) as session:
        claim = session.scalars(select(Claim).where(Claim.id == scene.denied.id)).one()
        assert (claim.balance_amount, claim.write_off_amount) == (Decimal(155), Decimal(0))


def test_a_write_off_is_not_a_billers_to_give(app: Flask, scene: Scene) -> None:
    browser = signed_in(app, scene.cast.biller)
    offered = browser.get(f"/eras/lines/{scene.line}")

    refused = browser.post(
        f"/eras/lines/{scene.line}", outcome="write_off", reason="no_authorization"
    )

    assert "Write it off" not in offered.words
    assert refused.status == 422


def test_an_administrator_writes_off_for_a_reason(
    app: Flask, scene: Scene, fresh_database: Database
) -> None:
    browser = signed_in(app, scene.cast.administrator)
    browser.get(f"/eras/lines/{scene.line}")

    without = browser.post(f"/eras/lines/{scene.line}", outcome="write_off", reason="")
    given = browser.post(
        f"/eras/lines/{scene.line}", outcome="write_off", reason="no_authorization"
    )

    assert (without.status, given.status) == (422, 302)
    with fresh_database.work(practices=[scene.cast.practice.id]) as session:
        claim = session.scalars(select(Claim).where(Claim.id == scene.denied.id)).one()
        assert (claim.balance_amount, claim.write_off_amount) == (Decimal(0), Decimal(155))


def test_an_unmatched_claim_is_parked_and_a_take_back_is_placed(
    app: Flask, scene: Scene, fresh_database: Database
) -> None:
    browser = signed_in(app, scene.cast.biller)
    page = browser.get(f"/eras/{scene.remittance}")
    match = page.text.split('/match"')[0].rsplit('"', 1)[1]
    place = page.text.split('/place"')[0].rsplit('"', 1)[1]

    parked = browser.post(f"{match}/match", hold="1")
    placed = browser.post(f"{place}/place", at="recoupment")

    assert (parked.status, placed.status) == (302, 302)
    with fresh_database.work(practices=[scene.cast.practice.id]) as session:
        assert session.scalars(select(Remittance)).one().undistributed_amount == 0


def test_a_practices_owner_may_look_and_not_post(app: Flask, scene: Scene) -> None:
    browser = signed_in(app, scene.cast.owner)

    seen = browser.get(f"/eras/{scene.remittance}")

    assert seen.status == 200
    assert "Decide" not in seen.words
    assert "Hold" not in seen.words
    assert browser.post(f"/eras/lines/{scene.line}/accept").status == 403
    assert browser.get("/eras/set-aside").status == 403


def test_a_clinician_sees_claims_and_no_checks(app: Flask, scene: Scene) -> None:
    browser = signed_in(app, scene.cast.clinician)

    assert browser.get("/eras/").status == 403
    assert browser.get(f"/eras/{scene.remittance}").status == 403


def test_a_stranger_finds_nothing(app: Flask, scene: Scene) -> None:
    browser = signed_in(app, scene.cast.stranger)

    assert browser.get(f"/eras/{scene.remittance}").status == 404
    assert browser.get(f"/eras/{scene.remittance}/raw").status == 404
    assert browser.post(f"/eras/lines/{scene.line}/accept").status == 404
    assert "Northstar" not in browser.get("/eras/").words


def test_the_raw_file_of_several_payments_shows_only_ones_own(app: Flask, scene: Scene) -> None:
    page = signed_in(app, scene.cast.biller).get(f"/eras/{scene.remittance}/raw")

    assert "TRN*1*EFT1*" in page.text
    assert "EFT7" not in page.text


def test_an_administrator_gives_a_payment_to_its_practice(
    app: Flask, scene: Scene, fresh_database: Database
) -> None:
    browser = signed_in(app, scene.cast.administrator)
    page = browser.get("/eras/set-aside")
    address = page.text.split('action="/eras/set-aside/payments/')[1].split('"')[0]

    given = browser.post(
        f"/eras/set-aside/payments/{address}", practice_id=str(scene.cast.practice.id)
    )

    assert "1 payment" in page.words
    assert given.status == 302
    with fresh_database.intake() as session:
        payment = session.get_one(InboundTransaction, UUID(address))
        assert payment.practice_id == scene.cast.practice.id
    with fresh_database.work(house=True) as session:
        assert session.scalars(select(RemittanceLine)).all() == []  # the wall: no practice set
