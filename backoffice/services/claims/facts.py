"""What a claim says, put together from the live records: only until its release freezes it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.practices import BillingProfile, Clinician
from backoffice.models.submissions import Attempt
from backoffice.rules.addresses import same_address
from backoffice.rules.claim_facts import (
    BillingFacts,
    ClaimFacts,
    EntityKind,
    FacilityFacts,
    Frequency,
    LineAdjudicationFacts,
    LineFacts,
    ProviderFacts,
    TaxIdKind,
)
from backoffice.rules.codes import TELEHEALTH_PLACES
from backoffice.services.access import held, visible
from backoffice.services.claims.other_payers import other_payers_of
from backoffice.services.claims.people import client_facts, coverage_facts, known
from backoffice.services.readiness_facts import address_of, pay_to_of


def facts_for(session: Session, claim: Claim, attempt: Attempt) -> ClaimFacts:
    """Return what this attempt at the claim would say, from the records as they are now.

    Box 33 (2010AA) is the claim's billing profile. Box 24J (2310B) is the clinician, left out
    where a person bills alone under the very same NPI. Box 32 (2310C) is the location, only where
    the profile shows it, it is another place than Box 33, and the visit was not telehealth.
    REF*D9 repeats our control number, which is unique for each attempt and fits its 20 positions.
    """
    billing = billing_facts(claim.profile)
    others, decisions = other_payers_of(session, claim)
    lines = visible(session, ServiceLine).where(ServiceLine.claim_id == claim.id)
    resent = attempt.frequency is not Frequency.ORIGINAL
    return ClaimFacts(
        patient_control_number=attempt.patient_control_number,
        frequency=attempt.frequency,
        place_of_service=claim.place_of_service,
        billing=billing,
        coverage=coverage_facts(claim.policy, claim.payer, claim.client, order=claim.payer_order),
        patient=client_facts(claim.client),
        diagnoses=tuple(claim.diagnosis_codes),
        lines=tuple(
            _line(line, decisions.get(line.appointment_line_id, ()))
            for line in session.scalars(lines.order_by(ServiceLine.position))
        ),
        rendering=_rendering(claim.clinician, billing),
        supervising=_supervisor(session, claim.clinician),
        facility=_facility(claim, billing),
        trace=attempt.patient_control_number,
        payer_claim_control_number=payer_number_of(session, claim) if resent else "",
        prior_authorization=claim.authorization.number if claim.authorization else "",
        others=others,
    )


def billing_facts(profile: BillingProfile) -> BillingFacts:
    """Return the billing provider a claim carries (2010AA, Boxes 25 and 33)."""
    is_person = profile.kind is EntityKind.PERSON
    return BillingFacts(
        kind=profile.kind,
        last_or_organization_name=profile.last_name if is_person else profile.organization_name,
        first_name=profile.first_name if is_person else "",
        npi=profile.npi or "",
        tax_id=profile.tax_id or "",
        tax_id_kind=profile.tax_id_kind or TaxIdKind.EIN,
        taxonomy=profile.taxonomy or "",
        address=known(address_of(profile)),
        phone=profile.phone,
        pay_to=known(pay_to_of(profile)),
    )


def payer_number_of(session: Session, claim: Claim) -> str:
    """Return the payer's newest number for the claim (REF*F8 of a 7 or 8), or nothing."""
    query = select(Attempt.payer_number).where(
        held(session, Attempt.practice_id),
        Attempt.claim_id == claim.id,
        Attempt.payer_number.is_not(None),
    )
    return session.scalar(query.order_by(Attempt.attempt_no.desc()).limit(1)) or ""


def _rendering(clinician: Clinician, billing: BillingFacts) -> ProviderFacts | None:
    """Return who saw the client; a person billing under the same NPI is told once."""
    if billing.kind is EntityKind.PERSON and clinician.npi == billing.npi:
        return None
    return _provider(clinician)


def _supervisor(session: Session, clinician: Clinician) -> ProviderFacts | None:
    if clinician.supervisor_id is None:
        return None
    return _provider(session.get_one(Clinician, (clinician.practice_id, clinician.supervisor_id)))


def _provider(clinician: Clinician) -> ProviderFacts:
    return ProviderFacts(
        EntityKind.PERSON,
        clinician.last_name,
        clinician.npi or "",
        first_name=clinician.first_name,
        middle_name=clinician.middle_name,
        taxonomy=clinician.taxonomy or "",
    )


def _facility(claim: Claim, billing: BillingFacts) -> FacilityFacts | None:
    facility = claim.facility
    if facility is None or not claim.profile.show_service_facility:
        return None
    address = known(address_of(facility))
    remote = claim.place_of_service in TELEHEALTH_PLACES
    if remote or same_address(address, billing.address):
        return None
    return FacilityFacts(facility.name, address, facility.npi or "")


def _line(line: ServiceLine, decisions: tuple[LineAdjudicationFacts, ...]) -> LineFacts:
    return LineFacts(
        line_control_number=line.line_control_number,
        procedure_code=line.procedure_code,
        charge_amount=line.charge_amount,
        units=line.units,
        first_day=line.served_on,
        diagnosis_pointers=tuple(line.diagnosis_pointers),
        modifiers=tuple(line.modifiers),
        adjudications=decisions,
    )
