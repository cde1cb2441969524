"""What a claim says: Boxes 24J, 31 to 33, the insured, and facts that thaw as they froze."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.submissions import Attempt
from backoffice.rules.claim_facts import (
    ClaimFacts,
    EntityKind,
    Frequency,
    PayerOrder,
    Sex,
    TaxIdKind,
)
from backoffice.rules.readiness import Shape
from backoffice.services import claims
from tests.builders import CLINICIAN_NPI, a_clinician
from tests.rules.scrubbed import CLEAN, SECONDARY, of_child
from tests.services.billing import Billing, a_billing, a_claim


@pytest.fixture
def billing(session: Session, practice_id: UUID) -> Billing:
    return a_billing(session, practice_id)


@pytest.fixture
def claim(session: Session, billing: Billing) -> Claim:
    return a_claim(session, billing)


def facts(session: Session, claim: Claim) -> ClaimFacts:
    attempt = Attempt(
        practice_id=claim.practice_id,
        claim_id=claim.id,
        attempt_no=1,
        frequency=Frequency.ORIGINAL,
        payer_order=PayerOrder.PRIMARY,
        patient_control_number="C0000ABCD01X",
    )
    return claims.facts_for(session, claim, attempt)


def test_a_company_bills_and_its_clinician_renders(session: Session, claim: Claim) -> None:
    said = facts(session, claim)

    assert said.billing.kind is EntityKind.ORGANIZATION
    assert (said.billing.tax_id, said.billing.tax_id_kind) == ("123456789", TaxIdKind.EIN)
    assert said.rendering is not None
    assert said.rendering.npi == CLINICIAN_NPI


def test_who_bills_alone_under_the_same_npi_is_told_once(
    session: Session, billing: Billing, claim: Claim
) -> None:
    billing.profile.kind = EntityKind.PERSON
    billing.profile.last_name, billing.profile.first_name = "Example", "Lee"
    billing.profile.npi = CLINICIAN_NPI

    said = facts(session, claim)

    assert said.rendering is None
    assert (said.billing.last_or_organization_name, said.billing.first_name) == ("Example", "Lee")


def test_a_supervisor_stands_beside_the_clinician(
    session: Session, billing: Billing, claim: Claim
) -> None:
    supervisor = a_clinician(session, billing.practice, last_name="Stone", npi="1245319599")
    billing.clinician.supervisor_id = supervisor.id

    said = facts(session, claim)

    assert said.supervising is not None
    assert said.supervising.npi == "1245319599"


@pytest.mark.parametrize(
    ("shown", "elsewhere", "place", "box_32"),
    [
        (True, True, "11", True),
        (False, True, "11", False),
        (True, False, "11", False),
        (True, True, "10", False),
        (True, True, "02", False),
    ],
)
def test_box_32_is_filled_where_the_profile_shows_it_and_the_place_is_another(
    session: Session,
    billing: Billing,
    claim: Claim,
    *,
    shown: bool,
    elsewhere: bool,
    place: str,
    box_32: bool,
) -> None:
    billing.profile.show_service_facility = shown
    claim.place_of_service = place
    if elsewhere:
        billing.facility.street = "7 River Road"

    said = facts(session, claim)

    assert (said.facility is not None) is box_32


def test_a_dependent_has_an_insured_person_and_an_own_name(
    session: Session, billing: Billing, claim: Claim
) -> None:
    policy = billing.policy
    policy.relationship_code = "19"
    policy.insured_last_name, policy.insured_first_name = "Sample", "Jordan"
    policy.insured_birth_date, policy.insured_birth_date_shape = "1970-05-06", Shape.WELL_FORMED
    policy.insured_sex = Sex.MALE

    said = facts(session, claim)

    assert said.patient.first_name == "Avery"
    assert said.coverage.insured.first_name == "Jordan"
    assert said.coverage.insured.birth_date == date(1970, 5, 6)
    assert said.coverage.insured.address is None


def test_the_trace_repeats_our_control_number_and_lines_carry_theirs(
    session: Session, claim: Claim
) -> None:
    said = facts(session, claim)

    (line,) = said.lines
    assert said.trace == said.patient_control_number == "C0000ABCD01X"
    assert line.line_control_number == f"{claim.number}L01"
    assert len(line.line_control_number) <= 12


@pytest.mark.parametrize("said", [CLEAN, SECONDARY, of_child()], ids=["clean", "later", "child"])
def test_frozen_facts_thaw_to_the_very_same(said: ClaimFacts) -> None:
    assert claims.thaw(claims.freeze(said)) == said


@given(
    name=st.text(max_size=20),
    amount=st.decimals(min_value="0.01", max_value="99999999.99", places=2),
    units=st.decimals(min_value="0.001", max_value="999", places=3),
)
def test_no_name_and_no_amount_changes_by_being_frozen(
    name: str, amount: Decimal, units: Decimal
) -> None:
    line = replace(CLEAN.lines[0], charge_amount=amount, units=units)
    said = replace(CLEAN, note=name, lines=(line,))

    again = claims.thaw(claims.freeze(said))

    assert again == said
    assert str(again.lines[0].charge_amount) == str(amount)


def test_what_was_frozen_before_a_field_existed_has_its_default() -> None:
    older = claims.freeze(CLEAN).replace('"note":"",', "")

    assert claims.thaw(older) == CLEAN
