"""Builders of rows: whole by default, so that a test names only what it is about."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment, AppointmentLine
from backoffice.models.claims import CLAIM_NUMBERS, Claim, ServiceLine
from backoffice.models.clients import Client, Policy
from backoffice.models.payers import (
    ClearinghouseAccount,
    Enrollment,
    Payer,
    PracticePayer,
)
from backoffice.models.practices import BillingProfile, Clinician, Practice, ServiceFacility
from backoffice.rules.claim_facts import EntityKind, PayerOrder, Sex, TaxIdKind
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.readiness import (
    AppointmentStatus,
    EnrollmentKind,
    EnrollmentStatus,
    Shape,
)

Row = TypeVar("Row")

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
BILLING_NPI = "1234567893"
CLINICIAN_NPI = "1518990019"


def a_practice(session: Session, practice_id: UUID | None = None, **values: Any) -> Practice:
    """A group practice with an address and a phone."""
    given: dict[str, Any] = {
        "name": "Harbor Lane Counseling",
        "short_name": "Harbor Lane",
        "mark": "HL",
        "hue": 1,
        "agreement_on": date(2020, 1, 1),
        "phone": "2075550142",
        "street": "12 Harbor Lane",
        "city": "Portland",
        "state": "ME",
        "zip": "041011234",
    }
    return _added(session, Practice(id=practice_id, **(given | values)))


def a_profile(session: Session, practice: Practice, **values: Any) -> BillingProfile:
    """An organization that bills with an EIN: the practice's default profile."""
    given: dict[str, Any] = {
        "name": "Default",
        "kind": EntityKind.ORGANIZATION,
        "organization_name": practice.name,
        "npi": BILLING_NPI,
        "tax_id": "123456789",
        "tax_id_shape": Shape.WELL_FORMED,
        "tax_id_last4": "6789",
        "tax_id_kind": TaxIdKind.EIN,
        "taxonomy": "261QM0801X",
        "phone": practice.phone,
        "street": practice.street,
        "city": practice.city,
        "state": practice.state,
        "zip": practice.zip,
    }
    return _added(session, BillingProfile(practice_id=practice.id, **(given | values)))


def a_clinician(session: Session, practice: Practice, **values: Any) -> Clinician:
    """A licensed clinician with NPI and taxonomy."""
    given: dict[str, Any] = {
        "last_name": "Example",
        "first_name": "Lee",
        "name_key": "example, lee",
        "credentials": "LCSW",
        "npi": CLINICIAN_NPI,
        "taxonomy": "1041C0700X",
    }
    return _added(session, Clinician(practice_id=practice.id, **(given | values)))


def a_facility(session: Session, practice: Practice, **values: Any) -> ServiceFacility:
    """The practice's own office, place of service 11."""
    given: dict[str, Any] = {
        "name": "Office",
        "place_of_service": "11",
        "street": practice.street,
        "city": practice.city,
        "state": practice.state,
        "zip": practice.zip,
    }
    return _added(session, ServiceFacility(practice_id=practice.id, **(given | values)))


def an_account(session: Session, **values: Any) -> ClearinghouseAccount:
    """A clearinghouse account in test mode."""
    given: dict[str, Any] = {
        "name": "Main",
        "sender_id": "CLEANCLAIM",
        "sender_name": "Cleanclaim Billing",
        "contact_name": "Ana Sample",
        "contact_phone": "2075550100",
        "receiver_id": "CLAIMMD",
        "receiver_name": "Claim.MD",
    }
    return _added(session, ClearinghouseAccount(**(given | values)))


def a_payer(session: Session, **values: Any) -> Payer:
    """A commercial payer that needs no enrollment."""
    given: dict[str, Any] = {
        "name": "Northstar Health",
        "short_name": "Northstar",
        "name_key": "northstar health",
        "electronic_id": "NSH01",
    }
    return _added(session, Payer(**(given | values)))


def a_practice_payer(
    session: Session, practice: Practice, payer: Payer, account: ClearinghouseAccount
) -> PracticePayer:
    """The payer as this practice reaches it: through which account."""
    row = PracticePayer(practice_id=practice.id, payer_id=payer.id, account_id=account.id)
    return _added(session, row)


def an_enrollment(session: Session, practice: Practice, payer: Payer, **values: Any) -> Enrollment:
    """An accepted claim-filing enrollment."""
    given: dict[str, Any] = {
        "kind": EnrollmentKind.CLAIMS,
        "status": EnrollmentStatus.ACCEPTED,
        "status_since": NOW,
    }
    row = Enrollment(practice_id=practice.id, payer_id=payer.id, **(given | values))
    return _added(session, row)


def a_client(session: Session, practice: Practice, **values: Any) -> Client:
    """A client with all that a claim asks about a person."""
    given: dict[str, Any] = {
        "last_name": "Sample",
        "first_name": "Avery",
        "name_key": "sample, avery",
        "birth_date": "1994-02-11",
        "birth_date_shape": Shape.WELL_FORMED,
        "sex": Sex.FEMALE,
        "street": "5 Elm Street",
        "city": "Portland",
        "state": "ME",
        "zip": "041012345",
        "phone": "2075550177",
    }
    return _added(session, Client(practice_id=practice.id, **(given | values)))


def a_policy(session: Session, client: Client, payer: Payer | None, **values: Any) -> Policy:
    """The client's own primary policy."""
    given: dict[str, Any] = {
        "client_id": client.id,
        "payer_id": payer.id if payer else None,
        "payer_order": PayerOrder.PRIMARY,
        "member_id": "NSH88120477",
        "member_id_shape": Shape.WELL_FORMED,
        "relationship_code": "18",
        "effective_from": date(2026, 1, 1),
    }
    return _added(session, Policy(practice_id=client.practice_id, **(given | values)))


def an_appointment(
    session: Session,
    client: Client,
    clinician: Clinician | None,
    facility: ServiceFacility | None,
    **values: Any,
) -> Appointment:
    """A completed session of 60 minutes, F41.1, with one line: `procedure_code`, `charge`."""
    charge = values.pop("charge", Decimal("155.00"))
    code = values.pop("procedure_code", "90837")
    modifiers = values.pop("modifiers", [])
    given: dict[str, Any] = {
        "client_id": client.id,
        "clinician_id": clinician.id if clinician else None,
        "facility_id": facility.id if facility else None,
        "served_on": date(2026, 11, 12),
        "status": AppointmentStatus.COMPLETED,
        "diagnosis_codes": ["F411"],
        "charge_amount": charge,
    }
    row = Appointment(practice_id=client.practice_id, **(given | values))
    _added(session, row)
    _added(
        session,
        AppointmentLine(
            practice_id=client.practice_id,
            appointment_id=row.id,
            position=1,
            procedure_code=code,
            modifiers=modifiers,
            units=Decimal(1),
            charge_amount=charge,
            diagnosis_pointers=[1],
        ),
    )
    return row


def a_claim(session: Session, policy: Policy, *appointments: Appointment, **values: Any) -> Claim:
    """A prepared claim of these appointments' lines to the policy's payer, not yet charged."""
    first = appointments[0]
    charge = sum((each.charge_amount for each in appointments), Decimal("0.00"))
    given: dict[str, Any] = {
        "number": session.scalar(select(CLAIM_NUMBERS.next_value())),
        "payer_order": policy.payer_order,
        "client_id": policy.client_id,
        "policy_id": policy.id,
        "payer_id": policy.payer_id,
        "clinician_id": first.clinician_id,
        "place_of_service": "11",
        "diagnosis_codes": first.diagnosis_codes,
        "first_day": min(each.served_on for each in appointments),
        "last_day": max(each.served_on for each in appointments),
        "charge_amount": charge,
        "status": ClaimStatus.PREPARED,
        "status_since": NOW,
        "insurance_paid_amount": Decimal("0.00"),
        "client_share_amount": Decimal("0.00"),
        "write_off_amount": Decimal("0.00"),
        "balance_amount": Decimal("0.00"),
    }
    claim = _added(session, Claim(practice_id=policy.practice_id, **(given | values)))
    lines = [line for each in appointments for line in each.lines]
    for position, line in enumerate(lines, start=1):
        appointment = next(each for each in appointments if each.id == line.appointment_id)
        _added(session, _a_service_line(claim, appointment, line, position))
    return claim


def _a_service_line(
    claim: Claim, appointment: Appointment, line: AppointmentLine, position: int
) -> ServiceLine:
    return ServiceLine(
        practice_id=claim.practice_id,
        claim_id=claim.id,
        position=position,
        appointment_id=appointment.id,
        appointment_line_id=line.id,
        payer_order=claim.payer_order,
        line_control_number=f"{claim.number}L{position}",
        procedure_code=line.procedure_code,
        modifiers=line.modifiers,
        units=line.units,
        charge_amount=line.charge_amount,
        served_on=appointment.served_on,
        diagnosis_pointers=[1],
    )


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
