"""Rows turned into the plain facts that rules/readiness judges; nothing is decided here."""

from collections.abc import Iterable
from datetime import date

from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.payers import Enrollment, Payer
from backoffice.models.practices import BillingProfile, Clinician, Practice, ServiceFacility
from backoffice.rules.addresses import same_address
from backoffice.rules.claim_facts import AddressFacts, EntityKind
from backoffice.rules.codes import SELF
from backoffice.rules.payer_rules import PayerScrubRules
from backoffice.rules.readiness import (
    AuthorizationReadiness,
    BillingProfileReadiness,
    ClientReadiness,
    ClinicianReadiness,
    EnrollmentReadiness,
    InsuredReadiness,
    LocationReadiness,
    PolicyPayer,
    PolicyReadiness,
    PracticeReadiness,
)

Span = tuple[date | None, date | None]
Addressed = Practice | BillingProfile | ServiceFacility | Client


def address_of(row: Addressed) -> AddressFacts:
    """Return the address that a row holds in its own columns."""
    return AddressFacts(
        line1=row.street, line2=row.street2, city=row.city, state=row.state, zip=row.zip
    )


def pay_to_of(profile: BillingProfile) -> AddressFacts:
    """Return where a profile wants its payments (loop 2010AB); all empty where it says nothing."""
    return AddressFacts(
        line1=profile.pay_to_street,
        line2=profile.pay_to_street2,
        city=profile.pay_to_city,
        state=profile.pay_to_state,
        zip=profile.pay_to_zip,
    )


def payer_rules(payer: Payer) -> PayerScrubRules:
    """Return a payer's quirks as the rules read them."""
    return PayerScrubRules(
        lines_per_claim=payer.lines_per_claim,
        several_dates=payer.several_dates_per_claim,
        filing_days=payer.filing_days,
        member_id_pattern=payer.member_id_pattern or "",
        taxonomy_required=payer.taxonomy_required,
        authorization_required=payer.authorization_required,
        supervisor_required=payer.supervisor_required,
        referral_required=payer.referral_required,
        telehealth_places=frozenset(payer.telehealth_places),
        telehealth_modifiers=frozenset(payer.telehealth_modifiers),
        one_of_modifiers=frozenset(payer.one_of_modifiers),
        line_control_length=payer.line_control_length,
    )


def practice_facts(practice: Practice, *, locations: int, profiles: int) -> PracticeReadiness:
    """Return the practice's facts; the counts are of its live locations and profiles."""
    return PracticeReadiness(
        name=practice.name,
        phone=practice.phone,
        address=address_of(practice),
        time_zone=practice.time_zone,
        locations=locations,
        billing_profiles=profiles,
    )


def profile_facts(profile: BillingProfile) -> BillingProfileReadiness:
    """Return a billing profile's facts; the tax id only as its shape."""
    return BillingProfileReadiness(
        kind=profile.kind,
        organization_name=profile.organization_name,
        last_name=profile.last_name,
        first_name=profile.first_name,
        npi=profile.npi or "",
        tax_id=profile.tax_id_shape,
        tax_id_kind=profile.tax_id_kind,
        taxonomy=profile.taxonomy or "",
        address=address_of(profile),
        phone=profile.phone,
        pay_to=pay_to_of(profile),
    )


def organization_npis(profiles: Iterable[BillingProfile]) -> frozenset[str]:
    """Return the type 2 NPIs among a practice's profiles."""
    return frozenset(
        profile.npi
        for profile in profiles
        if profile.npi and profile.kind is EntityKind.ORGANIZATION
    )


def clinician_facts(
    clinician: Clinician, *, npis_of_organizations: frozenset[str], supervisor: Clinician | None
) -> ClinicianReadiness:
    """Return a clinician's facts; whoever has a supervisor named is supervised."""
    return ClinicianReadiness(
        last_name=clinician.last_name,
        first_name=clinician.first_name,
        npi=clinician.npi or "",
        taxonomy=clinician.taxonomy or "",
        organization_npis=npis_of_organizations,
        is_supervised=clinician.supervisor_id is not None,
        supervisor_last_name=supervisor.last_name if supervisor else "",
        supervisor_npi=(supervisor.npi or "") if supervisor else "",
    )


def location_facts(
    facility: ServiceFacility, *, used_with: Iterable[BillingProfile]
) -> LocationReadiness:
    """Return a location's facts, seen from the billing profiles its appointments bill under."""
    profiles = list(used_with)
    address = address_of(facility)
    return LocationReadiness(
        name=facility.name,
        place_of_service=facility.place_of_service or "",
        address=address,
        npi=facility.npi or "",
        facility_shown=any(profile.show_service_facility for profile in profiles),
        at_billing_address=all(same_address(address, address_of(profile)) for profile in profiles),
    )


def client_facts(client: Client, *, has_policy: bool, may_be_billed: bool) -> ClientReadiness:
    """Return a client's facts; the birth date only as its shape."""
    return ClientReadiness(
        last_name=client.last_name,
        first_name=client.first_name,
        birth_date=client.birth_date_shape,
        sex=client.sex,
        address=address_of(client),
        phone=client.phone,
        billing_type=client.billing_type,
        has_policy=has_policy,
        may_be_billed=may_be_billed,
    )


def insured_facts(policy: Policy) -> InsuredReadiness | None:
    """Return the insured person's facts; None where the client is the insured."""
    if policy.relationship_code == SELF:
        return None
    return InsuredReadiness(
        last_name=policy.insured_last_name,
        first_name=policy.insured_first_name,
        birth_date=policy.insured_birth_date_shape,
        sex=policy.insured_sex,
        address=AddressFacts(
            line1=policy.insured_street,
            line2=policy.insured_street2,
            city=policy.insured_city,
            state=policy.insured_state,
            zip=policy.insured_zip,
        ),
    )


def policy_facts(
    policy: Policy,
    payer: Payer | None,
    *,
    practice_state: str,
    same_order: int,
    has_primary: bool,
) -> PolicyReadiness:
    """Return a policy's facts; the member id only as its shape, the payer's pattern folded in."""
    told = (
        None
        if payer is None
        else PolicyPayer(
            name=payer.name,
            payer_id=payer.electronic_id or "",
            filing_code=payer.filing_code,
            local_states=frozenset(payer.local_states),
        )
    )
    return PolicyReadiness(
        order=policy.payer_order,
        payer=told,
        member_id=policy.member_id_shape,
        relationship=policy.relationship_code,
        insured=insured_facts(policy),
        insurance_type=policy.insurance_type,
        first_day=policy.effective_from,
        last_day=policy.effective_to,
        practice_state=practice_state,
        needs_review=policy.needs_review,
        same_order=same_order,
        has_primary=has_primary,
    )


def enrollment_facts(enrollment: Enrollment) -> EnrollmentReadiness:
    """Return an enrollment's facts."""
    return EnrollmentReadiness(kind=enrollment.kind, status=enrollment.status)


def authorization_facts(
    authorization: Authorization, *, number_required: bool
) -> AuthorizationReadiness:
    """Return an authorization's facts; the database keeps one active one per policy."""
    return AuthorizationReadiness(
        number=authorization.number,
        number_required=number_required,
        uses_allowed=authorization.uses_allowed,
        uses_taken=authorization.uses_spent,
        first_day=authorization.first_day,
        last_day=authorization.last_day,
        is_active=authorization.active,
    )


def ranges_overlap(first: Span, other: Span) -> bool:
    """Tell whether two spans of days (either end may be open) share more than a single day.

    A plan that ends on the day on which the next begins is a change of plan, not a clash.
    """
    starts = [day for day in (first[0], other[0]) if day is not None]
    ends = [day for day in (first[1], other[1]) if day is not None]
    return not starts or not ends or max(starts) < min(ends)
