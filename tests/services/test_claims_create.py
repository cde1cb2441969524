"""Groups of appointment lines become claims; a line is on one live claim per payer order."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.appointments import AppointmentLine
from backoffice.models.claims import ServiceLine, StepSource
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.rules.grouping import group_lines
from backoffice.services import claims
from backoffice.services.refusal import NotVisible
from tests.builders import NOW, a_payer, a_policy, an_appointment
from tests.services.billing import Billing, a_billing, a_claim, a_group, lines_of


@pytest.fixture
def billing(session: Session, practice_id: UUID) -> Billing:
    return a_billing(session, practice_id)


def test_two_sessions_of_one_client_join_in_one_claim(session: Session, billing: Billing) -> None:
    sessions = [
        an_appointment(
            session,
            billing.client,
            billing.clinician,
            billing.facility,
            served_on=day,
            diagnosis_codes=codes,
        )
        for day, codes in [
            (date(2026, 11, 5), ["F411"]),
            (date(2026, 11, 12), ["F331", "F411"]),
        ]
    ]
    groups = group_lines(line for each in sessions for line in lines_of(session, billing, each))

    (claim,) = claims.create_claims(session, groups, by=None, now=NOW)

    first, second = session.scalars(
        select(ServiceLine).where(ServiceLine.claim_id == claim.id).order_by(ServiceLine.position)
    )
    assert (claim.first_day, claim.last_day) == (date(2026, 11, 5), date(2026, 11, 12))
    assert claim.diagnosis_codes == ["F411", "F331"]
    assert claim.charge_amount == Decimal("310.00")
    assert (first.diagnosis_pointers, second.diagnosis_pointers) == ([1], [2])
    assert claim.filing_deadline_on == date(2027, 2, 10)


def test_a_line_without_pointers_points_to_all_of_its_sessions_diagnoses_at_most_four(
    session: Session, billing: Billing
) -> None:
    codes = ["F411", "F331", "F4310", "Z630", "F900"]
    group = a_group(session, billing, diagnosis_codes=codes)
    session.scalars(select(AppointmentLine)).one().diagnosis_pointers = []
    session.flush()

    (claim,) = claims.create_claims(session, [group], by=None, now=NOW)

    line = session.scalars(select(ServiceLine).where(ServiceLine.claim_id == claim.id)).one()
    assert line.diagnosis_pointers == [1, 2, 3, 4]


def test_a_line_is_refused_onto_a_second_live_claim_and_the_session_goes_on(
    session: Session, billing: Billing
) -> None:
    group = a_group(session, billing)
    claims.create_claims(session, [group], by=None, now=NOW)

    with pytest.raises(claims.AlreadyOnAClaim):
        claims.create_claims(session, [group], by=None, now=NOW)

    other = a_claim(session, billing, served_on=date(2026, 11, 13))
    assert other.status is ClaimStatus.PREPARED


def test_the_lines_of_a_voided_claim_may_be_billed_anew(session: Session, billing: Billing) -> None:
    group = a_group(session, billing)
    (first,) = claims.create_claims(session, [group], by=None, now=NOW)
    claims.advance(session, first, ClaimEvent.VOIDED, now=NOW, source=StepSource.PERSON)

    (second,) = claims.create_claims(session, [group], by=None, now=NOW)

    assert second.number > first.number


def test_a_later_payers_claim_names_the_claim_before_it(session: Session, billing: Billing) -> None:
    made = an_appointment(session, billing.client, billing.clinician, billing.facility)
    lines = lines_of(session, billing, made)
    (primary,) = claims.create_claims(session, group_lines(lines), by=None, now=NOW)
    later = a_payer(session, name="Second Mutual", electronic_id="SEC02", name_key="second mutual")
    policy = a_policy(session, billing.client, later, payer_order=PayerOrder.SECONDARY)
    after = [replace(line, payer_order=PayerOrder.SECONDARY, policy_id=policy.id) for line in lines]

    (secondary,) = claims.create_claims(session, group_lines(after), by=None, now=NOW)

    assert secondary.primary_claim_id == primary.id
    assert secondary.payer_id == later.id


def test_a_line_without_a_charge_makes_no_claim(session: Session, billing: Billing) -> None:
    group = a_group(session, billing)
    session.scalars(select(AppointmentLine)).one().charge_amount = None
    session.flush()

    with pytest.raises(claims.LineNotWhole):
        claims.create_claims(session, [group], by=None, now=NOW)


def test_a_line_that_this_session_does_not_see_makes_no_claim(
    session: Session, billing: Billing
) -> None:
    group = a_group(session, billing)
    strange = replace(group, lines=(replace(group.lines[0], line_id=uuid4()),))

    with pytest.raises(NotVisible):
        claims.create_claims(session, [strange], by=None, now=NOW)


def test_a_history_begins_with_the_claims_creation(session: Session, billing: Billing) -> None:
    claim = a_claim(session, billing)

    (step,) = claims.history(session, claim.id)

    assert (step.event, step.from_status) == (ClaimEvent.CREATED, None)
    assert step.to_status is ClaimStatus.PREPARED
