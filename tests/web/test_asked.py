"""What only a crafted request carries is refused or read as nothing; it is never a fault."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from flask import Flask

from backoffice.services import unbilled
from tests import builders
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import Browser

SOME_ID = UUID(int=7)
HUGE = 10**20


@dataclass(frozen=True)
class Scene:
    """One appointment and one claim of a practice."""

    cast: Cast
    appointment: UUID
    claim: UUID


@pytest.fixture
def scene(fresh_database: Database, keyring: object) -> Scene:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        practice = builders.a_practice(session, ids[0])
        profile = builders.a_profile(session, practice)
        clinician = builders.a_clinician(session, practice)
        office = builders.a_facility(session, practice)
        client = builders.a_client(session, practice)
        policy = builders.a_policy(session, client, builders.a_payer(session))
        row = builders.an_appointment(session, client, clinician, office)
        billed = builders.an_appointment(session, client, clinician, office)
        claim = builders.a_claim(session, policy, billed, profile_id=profile.id)
        unbilled.judge_practice_anew(session, practice.id, now=builders.NOW)
        cast = a_cast(session, practice, builders.a_practice(session, ids[1], name="Juniper Row"))
        return Scene(cast, row.id, claim.id)


@pytest.fixture
def biller(app: Flask, scene: Scene) -> Browser:
    browser = Browser(app).sign_in(scene.cast.biller)
    browser.get("/unbilled")
    return browser


def test_a_nul_in_an_address_or_a_form_is_refused(app: Flask, biller: Browser) -> None:
    stranger = Browser(app)
    stranger.get("/sign-in")

    assert biller.get("/unbilled?code=90%0037").status == 400
    assert biller.get("/clients?find%00=x").status == 400
    assert biller.post("/unbilled/bill", key="k\0").status == 400
    assert stranger.post("/sign-in", email="a\0@example.test", password="x").status == 400


def test_words_that_are_no_id_version_or_choice_are_refused(biller: Browser, scene: Scene) -> None:
    row = f"/unbilled/{scene.appointment}"

    answers = [
        biller.post(f"{row}/supply", finding="x"),
        biller.post(f"{row}/edit", version="x"),
        biller.post("/unbilled/set-aside", disposition="x"),
        biller.post("/unbilled/set-aside", disposition="self_pay", appointment="x"),
        biller.post("/unbilled/dry-run", appointment=f"{scene.appointment},x"),
        biller.post("/unbilled/bill", appointment="x"),
    ]

    assert [answer.status for answer in answers] == [400] * len(answers)


CRAFTED = (
    f"/unbilled?sort=risk&after=1~{HUGE}~{SOME_ID}",
    f"/unbilled?sort=risk&after={HUGE}~1~{SOME_ID}",
    f"/unbilled?sort=risk&after=-1~1~{SOME_ID}",
    f"/unbilled?sort=amount&after=1~NaN~{SOME_ID}",
    f"/unbilled?sort=amount&before=1~Infinity~{SOME_ID}",
    f"/unbilled?sort=amount&after=1~1e300~{SOME_ID}",
    f"/unbilled?sort=amount&after=1~0.001~{SOME_ID}",
    f"/unbilled?age={HUGE}",
    f"/claims?sort=amount&after=1~sNaN~{SOME_ID}",
    f"/claims?sort=amount&after=1~-1e300~{SOME_ID}",
    f"/claims?sort=amount&after=1~0.001~{SOME_ID}",
    f"/claims?sort=since&after=1~2026-11-20T10:00:00~{SOME_ID}",
    f"/claims?sort=since&after=1~0001-01-01T00:00:00%2B14:00~{SOME_ID}",
    f"/claims?sort=made&after={HUGE}~{SOME_ID}~{SOME_ID}",
    f"/claims?silent={HUGE}",
)


def test_a_crafted_page_or_age_filters_nothing(biller: Browser, scene: Scene) -> None:
    for query in CRAFTED:
        page = biller.get(query)

        assert page.status == 200, query
        assert "Avery Sample" in page.words, query


def test_an_attempt_of_a_huge_number_is_not_there(biller: Browser, scene: Scene) -> None:
    assert biller.get(f"/claims/{scene.claim}/attempts/{HUGE}/837").status == 404
