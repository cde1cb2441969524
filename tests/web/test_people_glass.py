"""Broken glass: a reason, a fresh factor, an hour of reading, told and reviewed."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask

from backoffice.models.claims import Claim
from backoffice.models.people import AccountTopic
from backoffice.models.sealing import Keyring
from backoffice.rules.claim_status import ClaimStatus
from backoffice.web.extensions import clock
from tests import builders
from tests.databases import Database
from tests.pages import Browser
from tests.people import House, a_house

REASON = "The payer is on the phone about this claim."


@dataclass(frozen=True)
class Scene:
    """The house, and a claim of the practice that the stranger isn't assigned to."""

    house: House
    claim: UUID

    def status(self) -> ClaimStatus:
        """Where the claim stands."""
        with self.house.database.work(practices=[self.house.here]) as session:
            return session.get_one(Claim, (self.house.here, self.claim)).status


@pytest.fixture
def scene(fresh_database: Database, keyring: Keyring) -> Scene:
    house = a_house(fresh_database)
    with fresh_database.work(practices=[house.here]) as session:
        practice = house.cast.practice
        profile = builders.a_profile(session, practice)
        clinician = builders.a_clinician(session, practice)
        office = builders.a_facility(session, practice)
        client = builders.a_client(session, practice)
        policy = builders.a_policy(session, client, builders.a_payer(session))
        appointment = builders.an_appointment(session, client, clinician, office)
        claim = builders.a_claim(session, policy, appointment, profile_id=profile.id)
        return Scene(house, claim.id)


def broken(app: Flask, scene: Scene, reason: str = REASON) -> Browser:
    browser = Browser(app).sign_in(scene.house.cast.stranger)
    browser.get("/break-glass")
    browser.post("/break-glass", practice=scene.house.here, reason=reason)
    return browser


def test_a_practice_is_read_for_an_hour_and_not_written(app: Flask, scene: Scene) -> None:
    page, began = f"/claims/{scene.claim}", clock()
    closed = Browser(app).sign_in(scene.house.cast.stranger).get(page).status
    browser = broken(app, scene)

    opened = browser.get(page)
    release = browser.post(f"/claims/{scene.claim}/release")
    whole = browser.get(f"/claims/{scene.claim}/attempts/1/837")
    member = browser.post(f"/identifiers/claims/{scene.claim}/tax-id", reason="payer_asks")
    with time_machine.travel(began + timedelta(minutes=61)):
        late = Browser(app).sign_in(scene.house.cast.stranger).get(page).status

    assert (closed, opened.status, late) == (404, 200, 404)
    assert "Emergency access to Harbor Lane Counseling" in opened.words
    assert "NSH88120477" not in opened.text  # masked as for an auditor
    assert (release.status, whole.status, member.status) == (404, 404, 404)
    assert scene.status() is ClaimStatus.PREPARED


def test_administrators_and_the_owner_are_told_and_it_is_on_record(
    app: Flask, scene: Scene
) -> None:
    broken(app, scene)

    cast = scene.house.cast
    told = scene.house.mailed(AccountTopic.GLASS_BROKEN)
    assert told == sorted([cast.administrator.email, cast.owner.email])
    (record,) = scene.house.on_record("break_glass")
    assert (record.practice_id, record.user_id) == (scene.house.here, cast.stranger.id)


def test_without_a_reason_or_a_fresh_factor_nothing_opens(app: Flask, scene: Scene) -> None:
    stranger = scene.house.cast.stranger

    short = broken(app, scene, reason="because")
    stale = Browser(app).sign_in(stranger, factor_age=timedelta(minutes=6))
    stale.post("/break-glass", practice=scene.house.here, reason=REASON)
    clinician = Browser(app).sign_in(scene.house.cast.clinician).get("/break-glass")

    assert short.get(f"/claims/{scene.claim}").status == 404
    assert clinician.status == 403
    assert scene.house.on_record("break_glass") == []


def test_somebody_else_reviews_it_with_words(app: Flask, scene: Scene) -> None:
    broken(app, scene)
    admin = Browser(app).sign_in(scene.house.cast.administrator)
    listed = admin.get("/break-glass/review")
    glass_id = listed.text.split('action="/break-glass/')[1].split("/")[0]

    bare = admin.post(f"/break-glass/{glass_id}/review", words="")
    done = admin.post(f"/break-glass/{glass_id}/review", words="Called the practice, it was right.")
    twice = admin.post(f"/break-glass/{glass_id}/review", words="Looked at it once more now.")

    assert REASON in listed.words
    assert (bare.status, done.status, twice.status) == (422, 302, 422)
    assert "Called the practice" in admin.get("/break-glass/review").words
    assert len(scene.house.on_record("review_broken_glass")) == 1


def test_whoever_broke_it_ends_it(app: Flask, scene: Scene) -> None:
    browser = broken(app, scene)

    ended = browser.post(f"/break-glass/{scene.house.here}/end")

    assert ended.status == 302
    assert browser.get(f"/claims/{scene.claim}").status == 404
