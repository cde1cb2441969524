"""Inward: the claims of any 837P in billing terms."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import TypeVar, cast

from backoffice.edi import claim_837
from backoffice.edi.claim_837 import Claim, Line, Party
from backoffice.edi.problems import ProblemLog
from backoffice.edi.qualifiers import EntityType, IdKind
from backoffice.edi.segments import Source
from backoffice.rules.claim_facts import (
    AddressFacts,
    AdjustmentFacts,
    BillingFacts,
    ClaimFacts,
    CoverageFacts,
    EntityKind,
    FacilityFacts,
    Frequency,
    LineAdjudicationFacts,
    LineFacts,
    OtherPayerFacts,
    PayerFacts,
    PayerOrder,
    PersonFacts,
    ProviderFacts,
    Sex,
    TaxIdKind,
)

_E = TypeVar("_E", bound=StrEnum)


def facts_in(source: Source, problems: ProblemLog | None = None) -> Iterator[ClaimFacts]:
    """The claims of any 837P in billing terms, streaming; form problems go to the log."""
    for claim in claim_837.read(source, problems):
        yield facts_of(claim)


def facts_of(claim: Claim) -> ClaimFacts:
    """One claim that was read, in billing terms.

    A code that billing has no word for stays as the raw text in the enum's place, for the scrub
    to name; a day that can't be read is None there (see rules.scrub).
    """
    subscriber, patient = claim.subscriber, claim.patient
    insured = _person_of(subscriber.party)
    return ClaimFacts(
        patient_control_number=claim.patient_control_number,
        frequency=_known(Frequency, claim.frequency),
        place_of_service=claim.place_of_service,
        billing=_billing_of(claim.billing),
        coverage=_coverage_of(
            subscriber,
            claim.payer,
            relationship=patient.relationship if patient else subscriber.relationship,
            assignment=claim.benefits_assignment,
            release=claim.release_of_information,
        ),
        patient=_person_of(patient.party) if patient else insured,
        diagnoses=tuple(each.code for each in claim.diagnoses),
        lines=tuple(_line_of(each) for each in claim.lines),
        rendering=_provider_of(claim.rendering),
        supervising=_provider_of(claim.supervising),
        referring=_provider_of(claim.referring),
        facility=_facility_of(claim.facility),
        trace=claim.trace,
        payer_claim_control_number=claim.payer_claim_control_number,
        prior_authorization=claim.prior_authorization,
        referral_number=claim.referral_number,
        medical_record_number=claim.medical_record_number,
        patient_paid_amount=claim.patient_paid_amount,
        accept_assignment=claim.assignment,
        provider_signature_on_file=claim.provider_signature,
        accident=claim.accident,
        accident_state=claim.accident_state,
        accident_on=claim.accident_on,
        note=claim.note,
        others=tuple(_other_of(each) for each in claim.others),
    )


def _known(kind: type[_E], code: str) -> _E:
    """The enum's member, or the raw code where the enum has none: the scrub names it."""
    try:
        return kind(code)
    except ValueError:
        return cast(_E, code)


def _kind_of(party: Party) -> EntityKind:
    return EntityKind.PERSON if party.kind == EntityType.PERSON else EntityKind.ORGANIZATION


def _address_of(address: claim_837.Address | None) -> AddressFacts | None:
    if address is None:
        return None
    return AddressFacts(
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        state=address.state,
        zip=address.zip,
        country=address.country or "US",
    )


def _billing_of(billing: claim_837.BillingProvider) -> BillingFacts:
    party = billing.party
    kinds = {"EI": TaxIdKind.EIN, "SY": TaxIdKind.SSN}
    return BillingFacts(
        kind=_kind_of(party),
        last_or_organization_name=party.name,
        first_name=party.first_name,
        middle_name=party.middle_name,
        npi=_npi_of(party),
        tax_id=billing.tax_id,
        tax_id_kind=kinds.get(billing.tax_id_kind, cast(TaxIdKind, "")),
        taxonomy=party.taxonomy,
        address=_address_of(party.address),
        phone=billing.contact.phone if billing.contact else "",
        pay_to=_address_of(billing.pay_to),
    )


def _npi_of(party: Party) -> str:
    return party.id if party.id_kind == IdKind.NPI else ""


def _person_of(party: Party) -> PersonFacts:
    return PersonFacts(
        last_name=party.name,
        first_name=party.first_name,
        middle_name=party.middle_name,
        suffix=party.suffix,
        birth_date=party.birth_date,
        sex=_known(Sex, party.sex) if party.sex else None,
        address=_address_of(party.address),
    )


def _provider_of(party: Party | None) -> ProviderFacts | None:
    if party is None:
        return None
    return ProviderFacts(
        kind=_kind_of(party),
        last_or_organization_name=party.name,
        first_name=party.first_name,
        middle_name=party.middle_name,
        npi=_npi_of(party),
        taxonomy=party.taxonomy,
    )


def _facility_of(party: Party | None) -> FacilityFacts | None:
    if party is None:
        return None
    return FacilityFacts(party.name, _address_of(party.address), _npi_of(party))


def _coverage_of(
    subscriber: claim_837.Subscriber,
    payer: Party,
    *,
    relationship: str,
    assignment: str,
    release: str,
) -> CoverageFacts:
    return CoverageFacts(
        order=_known(PayerOrder, subscriber.order),
        payer=PayerFacts(payer.name, payer.id, subscriber.filing_code, _address_of(payer.address)),
        insured=_person_of(subscriber.party),
        member_id=subscriber.party.id,
        relationship=relationship,
        group_number=subscriber.group_number,
        group_name=subscriber.group_name,
        insurance_type=subscriber.insurance_type,
        assignment_of_benefits=assignment,
        release_of_information=release,
    )


def _adjustment_of(adjustment: claim_837.Adjustment) -> AdjustmentFacts:
    return AdjustmentFacts(
        adjustment.group, adjustment.reason, adjustment.amount, adjustment.quantity
    )


def _other_of(other: claim_837.OtherPayer) -> OtherPayerFacts:
    return OtherPayerFacts(
        coverage=_coverage_of(
            other.subscriber,
            other.payer,
            relationship=other.subscriber.relationship,
            assignment=other.benefits_assignment,
            release=other.release_of_information,
        ),
        paid_amount=other.paid_amount,
        remaining_patient_amount=other.remaining_patient_amount,
        adjudicated_on=other.adjudicated_on,
        payer_claim_control_number=other.payer_claim_control_number,
        adjustments=tuple(_adjustment_of(each) for each in other.adjustments),
    )


def _line_of(line: Line) -> LineFacts:
    first = cast(date, line.first_day)  # None where the file's can't be read: the scrub says so
    return LineFacts(
        line_control_number=line.line_control_number,
        procedure_code=line.procedure_code,
        modifiers=line.modifiers,
        charge_amount=line.charge_amount,
        units=line.units,
        first_day=first,
        last_day=line.last_day if line.last_day != first else None,
        diagnosis_pointers=line.diagnosis_pointers,
        place_of_service=line.place_of_service,
        prior_authorization=line.prior_authorization,
        adjudications=tuple(
            LineAdjudicationFacts(
                payer_id=each.payer_id,
                paid_amount=each.paid_amount,
                procedure_code=each.procedure_code,
                modifiers=each.modifiers,
                units=each.units,
                adjustments=tuple(_adjustment_of(one) for one in each.adjustments),
                adjudicated_on=cast(date, each.adjudicated_on),
                remaining_patient_amount=each.remaining_patient_amount,
            )
            for each in line.adjudications
        ),
    )
