"""Role by identifier: never whole unasked, shown once for a reason with a fresh second factor."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask

from backoffice.models.audit import AuditRecord
from backoffice.models.clients import Client
from backoffice.models.users import User
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.roles import GRANTS, SHOWN, TO_SEE_IN_FULL, Identifier, Role, Shown
from tests.builders import a_practice
from tests.cast import a_user, joins
from tests.databases import Database
from tests.pages import Browser
from tests.record import on_record
from tests.services import billing as ready
from tests.services import eras
from tests.services.eras import Check, Line, Paid

WHOLE = {
    Identifier.SSN: "529837461",
    Identifier.TAX_ID: "874501962",
    Identifier.MEMBER_ID: "NSH88120477",
    Identifier.TRACE_NUMBER: "TRACE9081726",
}
CLEAN = (("CO", "45", "55"), ("PR", "3", "20"))
HOUSE_ROLES = {Role.ADMINISTRATOR, Role.AUDITOR}


@dataclass(frozen=True)
class Scene:
    """A practice with a person of every role, and a paid claim of a client with an SSN."""

    practice_id: UUID
    client: UUID
    policy: UUID
    claim: UUID
    remittance: UUID
    people: dict[Role, User]

    def pages(self) -> list[str]:
        """Every page and file that tells of the client, the claim or the payment."""
        return [
            f"/clients/{self.client}",
            "/claims",
            *(f"/claims/{self.claim}?tab={tab}" for tab in ("status", "details", "remittance")),
            f"/claims/{self.claim}?tab=history",
            "/claims/mine",
            "/claims/export",
            "/eras/",
            f"/eras/{self.remittance}",
            "/appointments",
        ]

    def asks(self) -> dict[Identifier, str]:
        """Where each identifier is asked for whole."""
        return {
            Identifier.SSN: f"/identifiers/clients/{self.client}/ssn",
            Identifier.MEMBER_ID: f"/identifiers/policies/{self.policy}/member-id",
            Identifier.TAX_ID: f"/identifiers/claims/{self.claim}/tax-id",
            Identifier.TRACE_NUMBER: f"/identifiers/remittances/{self.remittance}/trace",
        }


@pytest.fixture
def scene(app: Flask, fresh_database: Database) -> Scene:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        billing = ready.a_billing(session, ids[0])
        a_practice(session, ids[1], name="Juniper Row")
        billing.profile.tax_id = WHOLE[Identifier.TAX_ID]
        eras.known_payee(session, billing)
        claim = ready.a_queued_claim(session, billing)
        claim.status = ClaimStatus.SUBMITTED
        paid = Paid(eras.number_of(session, claim), (Line("155", "80", CLEAN),))
        (remittance,) = eras.posted(
            session,
            Check((paid,), trace=WHOLE[Identifier.TRACE_NUMBER], tax_id=WHOLE[Identifier.TAX_ID]),
        )
        client = session.get_one(Client, (ids[0], claim.client_id))
        client.ssn, client.ssn_last4 = WHOLE[Identifier.SSN], WHOLE[Identifier.SSN][-4:]
        people = {}
        for role in Role:
            house_role = role if role in HOUSE_ROLES else None
            people[role] = a_user(session, f"Pat {role.value}", house_role=house_role)
            if house_role is None:
                joins(session, people[role], billing.practice, role)
        billing.clinician.user_id = people[Role.CLINICIAN].id
        policy_id = claim.policy_id
        return Scene(ids[0], client.id, policy_id, claim.id, remittance.id, people)


def test_no_page_shows_more_of_an_identifier_than_the_table_says(app: Flask, scene: Scene) -> None:
    for role, user in scene.people.items():
        browser = Browser(app).sign_in(user)
        answers = [browser.get(path) for path in scene.pages()]
        opened = [answer.text for answer in answers if answer.status == 200]
        whole = {kind for kind, value in WHOLE.items() if any(value in text for text in opened)}
        ends = {kind for kind, value in WHOLE.items() if any(value[-4:] in text for text in opened)}

        assert len(opened) > 2, (role, [answer.status for answer in answers])
        full = {kind for kind, shown in SHOWN[role].items() if shown is Shown.FULL}
        none = {kind for kind, shown in SHOWN[role].items() if shown is Shown.NONE}
        assert whole == full, role
        assert not ends & none, role
        if role not in {Role.CLINICIAN, Role.PRACTICE_OWNER, Role.PRACTICE_BILLING}:
            assert ends == set(Identifier), role


def test_an_identifier_is_shown_whole_for_a_reason_to_whom_the_table_grants_it(
    app: Flask, scene: Scene, fresh_database: Database
) -> None:
    shown: set[tuple[Role, Identifier]] = set()
    for role, user in scene.people.items():
        browser = Browser(app).sign_in(user)
        for kind, path in scene.asks().items():
            unasked, bare = browser.get(path), browser.post(path)
            asked = browser.post(path, reason="payer_asks")
            assert WHOLE[kind] not in unasked.text + bare.text
            if WHOLE[kind] in asked.text:
                assert asked.response.headers["Cache-Control"] == "no-store"
                shown.add((role, kind))

    granted = {
        (role, kind) for kind, needed in TO_SEE_IN_FULL.items() for role in Role
        if needed in GRANTS[role]
    }  # fmt: skip
    assert shown == granted
    records = _on_record(fresh_database, scene)
    noted = {(record.user_id, record.fields[0]) for record in records}
    assert noted == {(scene.people[role].id, kind.value) for role, kind in granted}
    assert not any(value in str(vars(record)) for record in records for value in WHOLE.values())


def _on_record(database: Database, scene: Scene) -> list[AuditRecord]:
    with database.work(practices=[scene.practice_id]) as session:
        return on_record(session, action="show_identifier")


def test_without_a_fresh_second_factor_nothing_is_shown_whole(app: Flask, scene: Scene) -> None:
    lead = scene.people[Role.BILLER_LEAD]
    stale = Browser(app).sign_in(lead, factor_age=timedelta(minutes=5, seconds=1))
    whole_files = [f"/claims/{scene.claim}/attempts/1/837", f"/eras/{scene.remittance}/raw"]

    answers = [stale.post(path, reason="payer_asks") for path in scene.asks().values()]
    answers += [stale.get(path) for path in whole_files]

    told = {kind for kind, value in WHOLE.items() if any(value in each.text for each in answers)}
    assert told == set()


def test_whoever_may_not_see_a_member_id_saves_none(app: Flask, scene: Scene) -> None:
    browser = Browser(app).sign_in(scene.people[Role.PRACTICE_BILLING])
    browser.get(f"/clients/{scene.client}")

    answer = browser.post(f"/clients/{scene.client}/policies/{scene.policy}", member_id="X")

    assert answer.status == 403
