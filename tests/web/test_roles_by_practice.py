"""Who has one role here and another there: in each practice they may what their role there may."""

from dataclasses import dataclass
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.models.claims import Claim
from backoffice.models.messages import Thread, ThreadState
from backoffice.models.users import User
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.roles import Permission, Role
from backoffice.services.accounts import Person, person
from backoffice.services.unbilled.reach import clients_met
from tests import builders
from tests.cast import a_user, joins
from tests.databases import Database
from tests.pages import Browser


@dataclass(frozen=True)
class Two:
    """Two practices, each with a prepared claim; the second has one of `own` clinician's too."""

    here: Claim
    there: Claim
    own: Claim
    mixed: User  # owns the first practice, treats clients in the second
    biller: User  # bills for the first practice, owns the second
    administrator: User


@pytest.fixture
def two(fresh_database: Database, keyring: object) -> Two:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        here = builders.a_practice(session, ids[0])
        there = builders.a_practice(session, ids[1], name="Juniper Row", mark="JR")
        mixed, biller = a_user(session, "Mia Mixed"), a_user(session, "Ben Both")
        joins(session, mixed, here, Role.PRACTICE_OWNER)
        joins(session, mixed, there, Role.CLINICIAN)
        joins(session, biller, here, Role.BILLER)
        joins(session, biller, there, Role.PRACTICE_OWNER)
        payer = builders.a_payer(session)
        claims = []
        for practice, user_id in ((here, None), (there, None), (there, mixed.id)):
            profile = builders.a_profile(session, practice)
            clinician = builders.a_clinician(session, practice, user_id=user_id)
            office = builders.a_facility(session, practice)
            client = builders.a_client(session, practice)
            policy = builders.a_policy(session, client, payer)
            appointment = builders.an_appointment(session, client, clinician, office)
            claims.append(builders.a_claim(session, policy, appointment, profile_id=profile.id))
        administrator = a_user(session, "Cleo Mockwell", house_role=Role.ADMINISTRATOR)
        ours, theirs, own = claims
        return Two(ours, theirs, own, mixed, biller, administrator)


def read(database: Database, user: User) -> Person:
    with database.work(house=True, user_id=user.id) as session:
        found = person(session, user.id)
    assert found is not None
    return found


def status_of(database: Database, claim: Claim) -> ClaimStatus:
    with database.work(practices=[claim.practice_id]) as session:
        return session.get_one(Claim, (claim.practice_id, claim.id)).status


def test_a_permission_holds_where_the_role_there_grants_it(
    fresh_database: Database, two: Two
) -> None:
    mixed, biller = read(fresh_database, two.mixed), read(fresh_database, two.biller)

    here, both = {two.here.practice_id}, {two.here.practice_id, two.there.practice_id}
    assert mixed.practices_where(Permission.SEE_CLAIMS) == both
    assert mixed.practices_where(Permission.SEE_REMITTANCES) == here
    assert biller.practices_where(Permission.SUBMIT_CLAIMS) == here
    assert biller.practices_where(Permission.SEE_CLAIMS) == both
    assert mixed.may(Permission.SEE_REMITTANCES)
    assert not mixed.may(Permission.SUBMIT_CLAIMS)


def test_a_role_of_the_house_holds_in_every_practice(fresh_database: Database, two: Two) -> None:
    administrator = read(fresh_database, two.administrator)

    assert administrator.practices_where(Permission.SUBMIT_CLAIMS) == {
        two.here.practice_id,
        two.there.practice_id,
    }


def test_an_owner_here_who_treats_there_meets_their_own_clients_there_alone(
    app: Flask, two: Two
) -> None:
    browser = Browser(app).sign_in(two.mixed)

    seen = {claim.id: browser.get(f"/claims/{claim.id}").status for claim in vars(two).values()
            if isinstance(claim, Claim)}  # fmt: skip

    assert seen == {two.here.id: 200, two.there.id: 404, two.own.id: 200}


def test_a_list_over_both_practices_leaves_out_other_clinicians_clients_there(
    app: Flask, two: Two
) -> None:
    listed = Browser(app).sign_in(two.mixed).get("/claims/mine?show=in_progress")

    assert f"/claims/{two.here.id}" in listed.text
    assert f"/claims/{two.own.id}" in listed.text
    assert f"/claims/{two.there.id}" not in listed.text


def test_clients_of_both_practices_are_told_apart_by_the_role_there(
    fresh_database: Database, two: Two
) -> None:
    someone = read(fresh_database, two.mixed)
    claims = (two.here, two.there, two.own)
    with fresh_database.work(practices=someone.practice_ids) as session:
        clients = [session.get_one(Claim, (each.practice_id, each.id)).client for each in claims]
        met = clients_met(session, clients, someone)

    assert [client.id for client in met] == [two.here.client_id, two.own.client_id]


def test_a_biller_here_who_owns_there_submits_here_alone(
    app: Flask, fresh_database: Database, two: Two
) -> None:
    browser = Browser(app).sign_in(two.biller)
    browser.get("/today")

    there = browser.post(f"/claims/{two.there.id}/release")
    here = browser.post(f"/claims/{two.here.id}/release")

    assert (there.status, here.status) == (404, 302)
    assert status_of(fresh_database, two.there) is ClaimStatus.PREPARED
    assert status_of(fresh_database, two.here) is not ClaimStatus.PREPARED


def test_narrowing_the_page_opens_no_practice_that_the_role_there_does_not(
    app: Flask, two: Two
) -> None:
    browser = Browser(app).sign_in(two.biller)

    lines = browser.get(f"/claims/export?practice={two.there.practice_id}").text.splitlines()

    assert len(lines) == 1  # the head


def test_who_bills_here_and_owns_there_is_staff_here_alone(
    fresh_database: Database, two: Two
) -> None:
    biller, mixed = read(fresh_database, two.biller), read(fresh_database, two.mixed)

    assert biller.works_for_house
    assert biller.staff_practices == {two.here.practice_id}
    assert not biller.staff_in(two.there.practice_id)
    assert not mixed.works_for_house
    assert mixed.staff_practices == frozenset()


def test_internal_notes_and_settling_follow_the_side_one_stands_on_there(
    app: Flask, fresh_database: Database, two: Two
) -> None:
    admin, biller = Browser(app).sign_in(two.administrator), Browser(app).sign_in(two.biller)
    threads = {}
    for claim in (two.here, two.there):
        thread = admin.post(f"/messages/about/{claim.id}", subject="Card", body="Out loud").location
        admin.post(f"{thread}/reply", body="Between us", internal="1")
        threads[claim.id] = thread

    here, there = biller.get(threads[two.here.id]), biller.get(threads[two.there.id])
    note_there = biller.post(f"{threads[two.there.id]}/reply", body="Mine", internal="1")
    settled_there = biller.post(f"{threads[two.there.id]}/settle", state="done")
    settled_here = biller.post(f"{threads[two.here.id]}/settle", state="done")

    assert ("Between us" in here.words, "Between us" in there.words) == (True, False)
    assert "Out loud" in there.words
    assert (note_there.status, settled_there.status, settled_here.status) == (422, 422, 302)


def test_whom_a_thread_waits_for_follows_the_side_of_who_wrote(
    app: Flask, fresh_database: Database, two: Two
) -> None:
    biller = Browser(app).sign_in(two.biller)
    states = {}
    for claim in (two.here, two.there):
        biller.post(f"/messages/about/{claim.id}", subject="Card", body="A question")
        with fresh_database.work(practices=[claim.practice_id]) as session:
            states[claim.id] = session.scalars(select(Thread.state)).one()

    assert states[two.here.id] is ThreadState.WAITING_ON_PRACTICE
    assert states[two.there.id] is ThreadState.OPEN
