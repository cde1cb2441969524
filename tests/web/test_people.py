"""People: invited, given roles and practices, let go; their rights end with the next request."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from backoffice.models.people import AccountTopic
from backoffice.models.sealing import Keyring
from backoffice.models.users import Level, User
from backoffice.rules.roles import Role
from backoffice.web.extensions import clock
from tests.cast import a_user
from tests.databases import Database
from tests.pages import Browser
from tests.people import House, a_house
from tests.record import on_record

PASSWORD = "velvet anchor morning 42 lanterns"


@pytest.fixture
def house(fresh_database: Database, keyring: Keyring) -> House:
    return a_house(fresh_database)


@pytest.fixture
def admin(app: Flask, house: House) -> Browser:
    return Browser(app).sign_in(house.cast.administrator)


def invite(browser: Browser, house: House, email: str, role: Role, **more: object) -> None:
    fields = {"name": "Nora New", "email": email, "role": role.value, "practices": [house.here]}
    answer = browser.post("/people/invite", **(fields | more))
    assert answer.status == 302, answer.words


def test_an_invited_clinician_makes_an_account_and_signs_in_as_that_clinician(
    app: Flask, house: House, admin: Browser
) -> None:
    invite(admin, house, "nora@example.test", Role.CLINICIAN, clinician=house.robin)
    link = house.link(AccountTopic.INVITATION, "nora@example.test")
    guest = Browser(app)

    page = guest.get(link)
    short = guest.post(link, name="Nora New", password="short", again="short")
    taken = guest.post(link, name="Nora New", password=PASSWORD, again=PASSWORD)

    assert "Clinician, Harbor Lane Counseling" in page.words
    assert (short.status, taken.status, taken.location) == (422, 302, "/sign-in")
    nora = house.user("nora@example.test")
    assert nora is not None
    assert house.roles_here()["Nora New"] is Role.CLINICIAN
    assert house.clinician_user() == nora.id
    assert guest.get("/claims/mine").location.startswith("/sign-in")  # the link signs nobody in
    used = guest.get(link)
    assert (used.status, "used already" in used.words) == (422, True)
    assert "Nothing was changed" not in used.words, "it was only opened"
    with house.database.work(practices=[house.here]) as session:
        (record,) = on_record(session, action="accept_invitation")
    assert record.user_id == nora.id


def test_which_clinician_somebody_is_gets_asked_once_the_practice_is_known(
    house: House, admin: Browser
) -> None:
    fields = {"name": "Nora", "email": "nora@example.test", "role": "clinician"}

    asked = admin.post("/people/invite", **fields, practices=[house.here])
    nobody = admin.post(
        "/people/invite", **fields, practices=[house.here], clinician_of=house.here, clinician=""
    )

    assert (asked.status, nobody.status) == (422, 302)
    assert "Robin Example" in asked.words


def test_a_lost_second_factor_is_removed_and_its_owner_told(house: House, admin: Browser) -> None:
    biller = house.cast.biller

    done = admin.post(f"/people/{biller.id}/factors/remove")

    assert done.status == 302
    assert house.mailed(AccountTopic.SECURITY) == [biller.email]
    assert len(house.on_record("remove_factors")) == 1


def test_a_link_that_was_used_taken_back_sent_again_or_is_anothers_opens_nothing(
    app: Flask, house: House, admin: Browser
) -> None:
    guest, links = Browser(app), {}
    for name in ("used", "revoked", "reissued", "readdressed"):
        invite(admin, house, f"{name}@example.test", Role.BILLER)
        links[name] = house.link(AccountTopic.INVITATION, f"{name}@example.test")
    guest.get(links["used"])
    guest.post(links["used"], name="U", password=PASSWORD, again=PASSWORD)
    ids = invitation_ids(admin)
    admin.post(f"/people/invitations/{ids['revoked@example.test']}/revoke")
    admin.post(f"/people/invitations/{ids['reissued@example.test']}/resend")
    admin.post(
        f"/people/invitations/{ids['readdressed@example.test']}/email", email="other@example.test"
    )
    invite(admin, house, "own@example.test", Role.BILLER)
    somebody_else = Browser(app).sign_in(house.cast.biller)
    answers = {name: guest.get(link) for name, link in links.items()}
    own = house.link(AccountTopic.INVITATION, "own@example.test")
    answers["another's"] = somebody_else.get(own)
    answers["never sent"] = guest.get("/link/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")

    served = {name for name, answer in answers.items() if answer.status == 200}
    words = {re.sub(r"[0-9a-f]{32}", "", answer.words) for answer in answers.values()}

    assert served == set(), answers["another's"].words
    assert len(words) == 1, words
    assert house.user("revoked@example.test") is None


def invitation_ids(admin: Browser) -> dict[str, str]:
    """The ids of open invitations by email, as the list has them."""
    forms = admin.get("/people").text.split('action="/people/invitations/')[1:]
    found = {}
    for part in forms:
        if 'type="email"' in part:
            found[part.split('value="')[2].split('"')[0]] = part.split("/")[0]
    return found


def test_a_link_works_for_72_hours_and_not_longer(app: Flask, house: House, admin: Browser) -> None:
    invite(admin, house, "late@example.test", Role.BILLER)
    link, began = house.link(AccountTopic.INVITATION, "late@example.test"), clock()

    with time_machine.travel(began + timedelta(hours=72, seconds=-10)):
        in_time = Browser(app).get(link).status
    with time_machine.travel(began + timedelta(hours=72, seconds=1)):
        late = Browser(app).get(link).status

    assert (in_time, late) == (200, 422)


def test_whoever_has_an_account_takes_an_invitation_after_signing_in_fully(
    app: Flask, house: House, admin: Browser
) -> None:
    stranger = house.cast.stranger
    invite(admin, house, stranger.email, Role.PRACTICE_BILLING)
    link = house.link(AccountTopic.INVITATION, stranger.email)

    asked = Browser(app).get(link)
    half = Browser(app).sign_in(stranger, level=Level.PASSWORD)
    half.get(link)
    half.post(link)
    before = house.roles_here().get(stranger.name)
    whole = Browser(app).sign_in(stranger)
    whole.get(link)
    token = whole.client.get_cookie("sid")
    joined = whole.post(link)

    assert "Sign in to join" in asked.words
    assert (before, joined.status) == (None, 302)
    assert house.roles_here()[stranger.name] is Role.PRACTICE_BILLING
    assert whole.get(link).status == 422
    assert whole.client.get_cookie("sid") != token  # more rights, so another token


def test_an_owner_invites_and_changes_the_practices_own_people_alone(
    app: Flask, house: House
) -> None:
    owner = Browser(app).sign_in(house.cast.owner)
    base = f"/practices/{house.here}/people"

    listed = owner.get(base)
    owner.get(f"{base}/invite")
    invited = owner.post(f"{base}/invite", name="Pia", email="pia@example.test", role="clinician")
    staff = owner.post(f"{base}/invite", name="Bo", email="bo@example.test", role="biller")
    elsewhere = owner.post(
        f"/practices/{house.there}/people/invite", name="Pia", email="p@example.test",
        role="clinician",
    )  # fmt: skip
    moved = owner.post(f"{base}/{house.cast.clinician.id}/role", role="practice_billing")
    biller = owner.post(f"{base}/{house.cast.biller.id}/role", role="clinician")
    oneself = owner.post(f"{base}/{house.cast.owner.id}/role", role="clinician")

    assert "Lee Example" in listed.words
    assert "Ana Sample" not in listed.words  # the biller is ours
    assert (invited.status, staff.status, elsewhere.status) == (302, 422, 404)
    assert (moved.status, biller.status, oneself.status) == (302, 422, 422)
    assert house.roles_here()["Lee Example"] is Role.PRACTICE_BILLING
    assert house.roles_here()["Ana Sample"] is Role.BILLER
    assert house.mailed(AccountTopic.INVITATION) == ["pia@example.test"]


def test_an_administrator_assigns_a_biller_exactly_these_practices(
    app: Flask, house: House, admin: Browser
) -> None:
    biller = house.cast.biller
    Browser(app).sign_in(biller)
    admin.get(f"/people/{biller.id}")

    answer = admin.post(
        f"/people/{biller.id}/practices", role="biller_lead", practices=[house.there]
    )
    person = house.person(biller)

    assert answer.status == 302
    assert person is not None
    assert person.roles_by_practice == {house.there: frozenset({Role.BILLER_LEAD})}
    assert house.open_sessions(biller) == 0
    assert [each.detail["after"] for each in house.on_record("assign_practices")] == ["biller_lead"]


@pytest.mark.parametrize("end", ["disable", "sessions/end", "house", "role", "practices"])
def test_whoever_loses_rights_is_refused_with_the_very_next_request(
    app: Flask, house: House, admin: Browser, end: str
) -> None:
    leaving = house.cast.biller if end == "practices" else house.cast.clinician
    browser, second = Browser(app).sign_in(leaving), Browser(app).sign_in(leaving)
    assert browser.get("/claims/mine").status == 200
    acts: dict[str, tuple[str, dict[str, object]]] = {
        "house": ("house-role", {"role": "auditor"}),
        "role": (f"practices/{house.here}/role", {"role": ""}),
        "practices": ("practices", {"role": "biller", "practices": [house.there]}),
    }
    act, fields = acts.get(end, (end, {}))

    done = admin.post(f"/people/{leaving.id}/{act}", **fields)
    asked = [
        browser.get("/claims/mine"),
        browser.get("/events"),
        browser.get("/claims/export"),
        browser.get("/documents/"),
        second.post("/people/invite", email="x@example.test"),
        second.post(f"/messages/{house.here}/reply", body="still here?"),
    ]

    assert done.status == 302, done.words
    refused = [page.status in {400, 401} or "/sign-in" in page.location for page in asked]
    assert refused == [True] * len(asked), [page.status for page in asked]


def test_no_invitation_from_before_leads_back_to_what_was_taken_away(
    app: Flask, house: House, admin: Browser
) -> None:
    links = {}
    for name, places in (("first", [house.here]), ("second", [house.here, house.there])):
        invite(admin, house, "kim@example.test", Role.PRACTICE_OWNER, practices=places)
        links[name] = house.link(AccountTopic.INVITATION, "kim@example.test")
    invite(admin, house, "other@example.test", Role.BILLER)
    links["another's"] = house.link(AccountTopic.INVITATION, "other@example.test")
    guest = Browser(app)
    guest.get(links["first"])
    guest.post(links["first"], name="Kim", password=PASSWORD, again=PASSWORD)
    kim = house.user("kim@example.test")
    assert kim is not None
    own = f"/practices/{house.here}/people/invite"
    Browser(app).sign_in(kim).post(own, name="Pal", email="pal@example.test", role="practice_owner")
    links["sent"] = house.link(AccountTopic.INVITATION, "pal@example.test")

    admin.post(f"/people/{kim.id}/practices/{house.here}/role", role="practice_billing")
    again = Browser(app).sign_in(kim)
    statuses = {name: Browser(app).get(link).status for name, link in links.items()}
    back = again.post(links["second"])

    assert statuses == {"first": 422, "second": 422, "another's": 200, "sent": 422}
    assert back.status == 422
    assert house.roles_here()["Kim"] is Role.PRACTICE_BILLING


def test_nobody_takes_their_own_rights_and_the_last_administrator_stays(
    app: Flask, house: House, admin: Browser, fresh_database: Database
) -> None:
    own = house.cast.administrator
    with fresh_database.work(house=True) as session:
        second = a_user(session, "Dora Second", house_role=Role.ADMINISTRATOR)

    oneself = [
        admin.post(f"/people/{own.id}/disable").status,
        admin.post(f"/people/{own.id}/house-role", role="auditor").status,
    ]
    other = admin.post(f"/people/{second.id}/house-role", role="auditor").status
    person = house.person(second)

    assert (oneself, other) == ([422, 422], 302)
    assert person is not None
    assert person.roles == {Role.AUDITOR}
    assert house.person(own) is not None


def test_a_closed_account_is_opened_again_with_its_roles(
    app: Flask, house: House, admin: Browser
) -> None:
    user: User = house.cast.clinician

    admin.post(f"/people/{user.id}/disable")
    closed = house.person(user)
    admin.post(f"/people/{user.id}/enable")
    opened = house.person(user)

    assert closed is None
    assert opened is not None
    assert opened.roles == {Role.CLINICIAN}


def test_people_are_found_by_parts_of_name_and_email(admin: Browser, house: House) -> None:
    every = admin.get("/people")
    some = admin.get("/people?q=sam+example.test")

    assert "Oona Owner" in every.words
    assert "Sam Stranger" in some.words
    assert "Oona Owner" not in some.words


def test_a_stale_second_factor_is_asked_for_again_before_anything_about_people(
    app: Flask, house: House
) -> None:
    stale = Browser(app).sign_in(house.cast.administrator, factor_age=timedelta(minutes=6))

    stale.post(f"/people/{house.cast.biller.id}/disable")

    assert house.person(house.cast.biller) is not None
