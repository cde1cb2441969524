"""Today: every queue counted with its worth and age, one list ranked, and what has changed."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask

from backoffice.models.claims import Claim, StepSource
from backoffice.models.sealing import Keyring
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.services.claims import advance, attempts_of
from backoffice.services.today import Heap, Waiting, heaps, to_decide
from tests.builders import NOW, TODAY, a_practice, an_appointment
from tests.builders import a_claim as a_bare_claim
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import Browser
from tests.services import billing as ready
from tests.services.billing import Billing


@dataclass(frozen=True)
class Scene:
    """A practice ready to bill, and its people."""

    cast: Cast
    billing: Billing


@pytest.fixture
def scene(fresh_database: Database, keyring: Keyring) -> Scene:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        billing = ready.a_billing(session, ids[0])
        cast = a_cast(session, billing.practice, a_practice(session, ids[1], name="Juniper Row"))
        return Scene(cast, billing)


def a_claim(database: Database, scene: Scene, charge: str, **values: Any) -> Claim:
    billing = scene.billing
    with database.work(practices=[scene.cast.practice.id]) as session:
        appointment = an_appointment(
            session, billing.client, billing.clinician, billing.facility, charge=Decimal(charge)
        )
        given = {"profile_id": billing.profile.id, "balance_amount": Decimal(charge)}
        return a_bare_claim(session, billing.policy, appointment, **(given | values))


def test_every_queue_has_its_count_its_worth_and_its_oldest(
    scene: Scene, fresh_database: Database
) -> None:
    old = NOW - timedelta(days=40)
    a_claim(fresh_database, scene, "100", status=ClaimStatus.REJECTED, status_since=old)
    a_claim(fresh_database, scene, "60", status=ClaimStatus.REJECTED)
    a_claim(fresh_database, scene, "70", status=ClaimStatus.ACCEPTED, status_since=old)
    a_claim(fresh_database, scene, "80", status=ClaimStatus.PAID, needs_review=True)

    with fresh_database.work(practices=[scene.cast.practice.id]) as session:
        found = heaps(session, today=TODAY, now=NOW)

    assert found[Waiting.REJECTED] == Heap(2, Decimal("160.00"), old)
    assert found[Waiting.NO_ANSWER] == Heap(1, Decimal("70.00"), old)
    assert found[Waiting.NEEDS_REVIEW] == Heap(1, Decimal("80.00"), NOW)
    assert found[Waiting.DENIED] == Heap(0, Decimal("0.00"))


def test_money_at_risk_and_a_near_deadline_come_first(
    scene: Scene, fresh_database: Database
) -> None:
    def due(days: int) -> dict[str, Any]:
        day = TODAY + timedelta(days=days)
        return {"status": ClaimStatus.REJECTED, "filing_deadline_on": day}

    small_soon = a_claim(fresh_database, scene, "100", **due(3))
    large_late = a_claim(fresh_database, scene, "120", **due(80))
    large_soon = a_claim(fresh_database, scene, "500", **due(3))

    with fresh_database.work(practices=[scene.cast.practice.id]) as session:
        found = to_decide(session, today=TODAY)

    assert [row.id for row in found] == [large_soon.id, small_soon.id, large_late.id]


def test_a_rejected_row_says_why_in_the_words_received(
    scene: Scene, fresh_database: Database
) -> None:
    with fresh_database.work(practices=[scene.cast.practice.id]) as session:
        claim = ready.a_queued_claim(session, scene.billing)
        (attempt,) = attempts_of(session, claim.id)
        for event, words in ((ClaimEvent.TRANSMITTED, ""), (ClaimEvent.REJECTED, "No such member")):
            advance(
                session, claim, event, now=NOW, source=StepSource.RESPONSE, attempt=attempt,
                words=words,
            )  # fmt: skip
        (row,) = to_decide(session, today=TODAY)

    assert (row.kind, row.reason) == (Waiting.REJECTED, "No such member")


def test_each_tile_is_a_link_to_what_it_counts(
    app: Flask, scene: Scene, fresh_database: Database
) -> None:
    a_claim(fresh_database, scene, "100", status=ClaimStatus.DENIED)
    a_claim(fresh_database, scene, "60", status=ClaimStatus.SCRUB)
    biller = Browser(app).sign_in(scene.cast.biller)

    page = biller.get("/today")
    hrefs = re.findall(r'<li><a href="([^"]+)"><span class="k">', page.text)

    assert len(hrefs) == 13
    for href in hrefs:
        assert biller.get(href.replace("&amp;", "&")).status == 200, href
    assert "Denied 1 $100.00" in page.words
    assert "2 items with you, $160.00" in page.words
    assert "1 claim · $100.00" in biller.get("/claims?status=denied").words


def test_the_queues_rows_lead_to_their_claims(
    app: Flask, scene: Scene, fresh_database: Database
) -> None:
    claim = a_claim(fresh_database, scene, "100", status=ClaimStatus.REJECTED)

    page = Browser(app).sign_in(scene.cast.biller).get("/today")

    assert f'href="/claims/{claim.id}"' in page.text
    assert "Avery Sample" in page.words


def test_what_claims_came_to_in_the_last_day_is_told_and_nothing_older(
    app: Flask, scene: Scene, fresh_database: Database
) -> None:
    with fresh_database.work(practices=[scene.cast.practice.id]) as session:
        claim = ready.a_queued_claim(session, scene.billing)
        (attempt,) = attempts_of(session, claim.id)
        advance(
            session, claim, ClaimEvent.ACCEPTED, now=NOW - timedelta(hours=30),
            source=StepSource.RESPONSE, attempt=attempt,
        )  # fmt: skip
        advance(
            session, claim, ClaimEvent.PAID, now=NOW - timedelta(hours=1),
            source=StepSource.REMITTANCE, attempt=attempt,
        )  # fmt: skip

    with time_machine.travel(NOW):
        page = Browser(app).sign_in(scene.cast.biller).get("/today")

    changed = page.text.split('aria-label="What changed"')[1]
    assert "1 claim paid" in changed
    assert "accepted" not in changed


def test_an_empty_day_says_so(app: Flask, scene: Scene) -> None:
    page = Browser(app).sign_in(scene.cast.biller).get("/today")

    assert "Nothing waits for you" in page.words
    assert "Nothing has changed." in page.words


def test_one_practice_is_picked_and_another_counts_nothing(
    app: Flask, scene: Scene, fresh_database: Database
) -> None:
    a_claim(fresh_database, scene, "100", status=ClaimStatus.DENIED)

    theirs = Browser(app).sign_in(scene.cast.stranger).get("/today")
    guessed = (
        Browser(app).sign_in(scene.cast.stranger).get(f"/today?practice={scene.cast.practice.id}")
    )

    assert "0 items with you" in theirs.words
    assert "Sample" not in guessed.words.replace("Sam Stranger", "")


def test_a_practices_people_begin_with_their_claims(app: Flask, scene: Scene) -> None:
    landed = Browser(app).sign_in(scene.cast.owner).get("/today")

    assert landed.status == 302
    assert landed.location.endswith("/claims")
