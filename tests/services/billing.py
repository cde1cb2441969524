"""A practice ready to bill: records, groups and claims for the tests of claims and sending."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment, AppointmentLine
from backoffice.models.claims import Claim
from backoffice.models.clients import Client, Policy
from backoffice.models.payers import ClearinghouseAccount, Payer
from backoffice.models.practices import BillingProfile, Clinician, Practice, ServiceFacility
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.grouping import BillableLine, ClaimGroup, group_lines
from backoffice.rules.money import ZERO
from backoffice.services.claims import create_claims, release
from tests.builders import (
    NOW,
    a_client,
    a_clinician,
    a_facility,
    a_payer,
    a_policy,
    a_practice,
    a_practice_payer,
    a_profile,
    an_account,
    an_appointment,
)

NO_DELAY = timedelta(0)


@dataclass(frozen=True)
class Billing:
    """One practice with all that a claim rests on."""

    practice: Practice
    profile: BillingProfile
    clinician: Clinician
    facility: ServiceFacility
    account: ClearinghouseAccount
    payer: Payer
    client: Client
    policy: Policy


def a_billing(session: Session, practice_id: UUID | None = None, **payer: Any) -> Billing:
    """A group practice, one clinician, one client with one policy, one account."""
    practice = a_practice(session, practice_id)
    profile = a_profile(session, practice)
    clinician = a_clinician(session, practice)
    facility = a_facility(session, practice)
    account = an_account(session)
    known = a_payer(session, **payer)
    a_practice_payer(session, practice, known, account)
    client = a_client(session, practice)
    policy = a_policy(session, client, known)
    return Billing(practice, profile, clinician, facility, account, known, client, policy)


def lines_of(
    session: Session,
    billing: Billing,
    appointment: Appointment,
    *,
    order: PayerOrder = PayerOrder.PRIMARY,
    policy: Policy | None = None,
) -> list[BillableLine]:
    """The appointment's lines as they wait for a claim."""
    query = select(AppointmentLine).where(AppointmentLine.appointment_id == appointment.id)
    return [
        BillableLine(
            line_id=line.id,
            appointment_id=appointment.id,
            client_id=appointment.client_id,
            policy_id=(policy or billing.policy).id,
            payer_order=order,
            billing_profile_id=billing.profile.id,
            clinician_id=billing.clinician.id,
            place_of_service="11",
            facility_id=billing.facility.id,
            authorization_id=None,
            day=appointment.served_on,
            diagnoses=tuple(appointment.diagnosis_codes),
            charge_amount=line.charge_amount or ZERO,
        )
        for line in session.scalars(query.order_by(AppointmentLine.position))
    ]


def a_group(session: Session, billing: Billing, **appointment: Any) -> ClaimGroup:
    """One completed session as the group of one claim."""
    made = an_appointment(
        session, billing.client, billing.clinician, billing.facility, **appointment
    )
    return group_lines(lines_of(session, billing, made))[0]


def a_claim(session: Session, billing: Billing, **appointment: Any) -> Claim:
    """One Prepared claim of one completed session."""
    return create_claims(session, [a_group(session, billing, **appointment)], by=None, now=NOW)[0]


def a_queued_claim(session: Session, billing: Billing, **appointment: Any) -> Claim:
    """One claim released at NOW, with its undo window over at once."""
    claim = a_claim(session, billing, **appointment)
    findings = release(session, claim, by=None, now=NOW, delay=NO_DELAY)
    assert not findings, findings
    return claim
