"""Outward: our claims to the bytes of an 837P."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from backoffice.edi import claim_837
from backoffice.edi.claim_837 import Claim, ClaimSet, Contact, Line, Party, Written
from backoffice.edi.envelope import Group, Interchange
from backoffice.edi.qualifiers import FUNCTIONAL_GROUP, DiagnosisKind, EntityType, Guide, IdKind
from backoffice.rules.claim_facts import (
    AddressFacts,
    AdjustmentFacts,
    BillingFacts,
    ClaimFacts,
    CoverageFacts,
    EntityKind,
    FacilityFacts,
    LineFacts,
    OtherPayerFacts,
    PayerFacts,
    PersonFacts,
    ProviderFacts,
    TaxIdKind,
)

SELF = "18"


class SeveralBillingProviders(ValueError):
    """Claims of more than one billing provider were put into one file."""


@dataclass(frozen=True)
class FileHeader:
    """Who sends a file to whom and under which numbers, all taken before anything is written.

    `sender_id` and `receiver_id` go into ISA06/GS02/NM1*41 and ISA08/GS03/NM1*40;
    `interchange_number` is ISA13 (nine digits), `group_number` GS06, `set_number` ST02,
    `reference` BHT03; `is_test` is ISA15.
    """

    sender_name: str
    sender_id: str
    contact_name: str
    contact_phone: str
    receiver_name: str
    receiver_id: str
    interchange_number: str
    group_number: str
    set_number: str
    reference: str
    contact_email: str = ""
    is_test: bool = False


def claim_file(claims: Sequence[ClaimFacts], *, header: FileHeader, now: datetime) -> Written:
    """Write scrubbed claims of one billing provider and one payer route as one 837P.

    `now` is written as the wall clock that it carries. The caller has scrubbed every claim:
    a hole that can't be written raises, it is never papered over. `changes` of the answer says
    which words were changed to fit the character set.
    """
    if len({claim.billing for claim in claims}) > 1:
        raise SeveralBillingProviders
    day, clock = now.date(), now.time().replace(tzinfo=None)
    interchange = Interchange(
        sender_id=header.sender_id,
        receiver_id=header.receiver_id,
        control_number=header.interchange_number,
        day=day,
        clock=clock,
        usage="T" if header.is_test else "P",
        acknowledgement_requested=False,
    )
    group = Group(
        functional_id=FUNCTIONAL_GROUP["837"],
        sender_code=header.sender_id,
        receiver_code=header.receiver_id,
        control_number=header.group_number,
        day=day,
        clock=clock,
        guide=Guide.CLAIM,
    )
    claim_set = ClaimSet(
        control_number=header.set_number,
        reference=header.reference,
        day=day,
        clock=clock,
        submitter=claim_837.Submitter(
            header.sender_name,
            header.sender_id,
            Contact(header.contact_name, header.contact_phone, email=header.contact_email),
        ),
        receiver=claim_837.Receiver(header.receiver_name, header.receiver_id),
        claims=tuple(claim_of(claim, submitter_phone=header.contact_phone) for claim in claims),
    )
    return claim_837.write(interchange, group, [claim_set])


def claim_of(facts: ClaimFacts, *, submitter_phone: str = "") -> Claim:
    """One claim in X12's terms. The billing phone is left out where it is the submitter's."""
    coverage = facts.coverage
    is_self = coverage.relationship == SELF
    return Claim(
        billing=_billing(facts.billing, submitter_phone),
        subscriber=claim_837.Subscriber(
            order=coverage.order,
            relationship=SELF if is_self else "",
            group_number=coverage.group_number,
            group_name="" if coverage.group_number else coverage.group_name,
            insurance_type=coverage.insurance_type,
            filing_code=coverage.payer.filing_code,
            party=_insured(coverage, whole=is_self),
        ),
        payer=_payer(coverage.payer),
        patient=None
        if is_self
        else claim_837.Patient(coverage.relationship, _person(facts.patient)),
        patient_control_number=facts.patient_control_number,
        charge_amount=facts.charge_amount,
        place_of_service=facts.place_of_service,
        frequency=facts.frequency,
        provider_signature=facts.provider_signature_on_file,
        assignment=facts.accept_assignment,
        benefits_assignment=coverage.assignment_of_benefits,
        release_of_information=coverage.release_of_information,
        accident=facts.accident,
        accident_state=facts.accident_state,
        accident_on=facts.accident_on,
        patient_paid_amount=facts.patient_paid_amount,
        prior_authorization=facts.prior_authorization,
        referral_number=facts.referral_number,
        payer_claim_control_number=facts.payer_claim_control_number,
        trace=facts.trace,
        medical_record_number=facts.medical_record_number,
        note=facts.note,
        diagnoses=tuple(
            claim_837.Diagnosis(DiagnosisKind.OTHER if place else DiagnosisKind.PRINCIPAL, code)
            for place, code in enumerate(facts.diagnoses)
        ),
        referring=_provider(facts.referring),
        rendering=_provider(facts.rendering),
        supervising=_provider(facts.supervising),
        facility=_facility(facts.facility),
        others=tuple(_other(each, facts.lines) for each in facts.others),
        lines=tuple(_line(each, facts.place_of_service) for each in facts.lines),
    )


def _kind(kind: EntityKind) -> EntityType:
    return EntityType.PERSON if kind == EntityKind.PERSON else EntityType.ORGANIZATION


def _address(facts: AddressFacts | None) -> claim_837.Address | None:
    if facts is None:
        return None
    country = "" if facts.country == "US" else facts.country
    return claim_837.Address(facts.line1, facts.line2, facts.city, facts.state, facts.zip, country)


def _billing(facts: BillingFacts, submitter_phone: str) -> claim_837.BillingProvider:
    tax_id_kind = "SY" if facts.tax_id_kind == TaxIdKind.SSN else "EI"
    other_phone = facts.phone and facts.phone != submitter_phone
    return claim_837.BillingProvider(
        party=Party(
            kind=_kind(facts.kind),
            name=facts.last_or_organization_name,
            first_name=facts.first_name,
            middle_name=facts.middle_name,
            id_kind=IdKind.NPI if facts.npi else "",
            id=facts.npi,
            taxonomy=facts.taxonomy,
            address=_address(facts.address),
            references=((tax_id_kind, facts.tax_id),) if facts.tax_id else (),
        ),
        contact=Contact(phone=facts.phone) if other_phone else None,
        pay_to=_address(facts.pay_to),
    )


def _person(facts: PersonFacts, *, member_id: str = "", whole: bool = True) -> Party:
    """A person's NM1 loop; address and birth date only where the guide wants the `whole`."""
    return Party(
        kind=EntityType.PERSON,
        name=facts.last_name,
        first_name=facts.first_name,
        middle_name=facts.middle_name,
        suffix=facts.suffix,
        id_kind=IdKind.MEMBER if member_id else "",
        id=member_id,
        address=_address(facts.address) if whole else None,
        birth_date=facts.birth_date if whole else None,
        sex=(facts.sex or "") if whole else "",
    )


def _insured(coverage: CoverageFacts, *, whole: bool) -> Party:
    return _person(coverage.insured, member_id=coverage.member_id, whole=whole)


def _payer(facts: PayerFacts) -> Party:
    return Party(
        kind=EntityType.ORGANIZATION,
        name=facts.name,
        id_kind=IdKind.PAYER if facts.payer_id else "",
        id=facts.payer_id,
        address=_address(facts.address),
    )


def _provider(facts: ProviderFacts | None) -> Party | None:
    if facts is None:
        return None
    return Party(
        kind=_kind(facts.kind),
        name=facts.last_or_organization_name,
        first_name=facts.first_name,
        middle_name=facts.middle_name,
        id_kind=IdKind.NPI if facts.npi else "",
        id=facts.npi,
        taxonomy=facts.taxonomy,
    )


def _facility(facts: FacilityFacts | None) -> Party | None:
    if facts is None:
        return None
    return Party(
        kind=EntityType.ORGANIZATION,
        name=facts.name,
        id_kind=IdKind.NPI if facts.npi else "",
        id=facts.npi,
        address=_address(facts.address),
    )


def _adjustment(facts: AdjustmentFacts) -> claim_837.Adjustment:
    return claim_837.Adjustment(facts.group, facts.reason, facts.amount, facts.quantity)


def _other(facts: OtherPayerFacts, lines: Iterable[LineFacts]) -> claim_837.OtherPayer:
    coverage = facts.coverage
    payer_id = coverage.payer.payer_id
    told_by_line = any(each.payer_id == payer_id for line in lines for each in line.adjudications)
    insured = _person(coverage.insured, member_id=coverage.member_id, whole=False)
    return claim_837.OtherPayer(
        subscriber=claim_837.Subscriber(
            order=coverage.order,
            relationship=coverage.relationship,
            group_number=coverage.group_number,
            group_name="" if coverage.group_number else coverage.group_name,
            insurance_type=coverage.insurance_type,
            filing_code=coverage.payer.filing_code,
            party=replace(insured, address=_address(coverage.insured.address)),
        ),
        payer=_payer(coverage.payer),
        paid_amount=facts.paid_amount,
        remaining_patient_amount=facts.remaining_patient_amount,
        benefits_assignment=coverage.assignment_of_benefits,
        release_of_information=coverage.release_of_information,
        adjustments=tuple(_adjustment(each) for each in facts.adjustments),
        adjudicated_on=None if told_by_line else facts.adjudicated_on,
        payer_claim_control_number=facts.payer_claim_control_number,
    )


def _line(facts: LineFacts, place_of_service: str) -> Line:
    place = facts.place_of_service
    return Line(
        procedure_code=facts.procedure_code,
        modifiers=facts.modifiers,
        charge_amount=facts.charge_amount,
        units=facts.units,
        place_of_service="" if place == place_of_service else place,
        diagnosis_pointers=facts.diagnosis_pointers,
        first_day=facts.first_day,
        last_day=facts.last_day or facts.first_day,
        line_control_number=facts.line_control_number,
        prior_authorization=facts.prior_authorization,
        adjudications=tuple(
            claim_837.LineAdjudication(
                payer_id=each.payer_id,
                paid_amount=each.paid_amount,
                procedure_code=each.procedure_code,
                modifiers=each.modifiers,
                units=each.units,
                adjustments=tuple(_adjustment(one) for one in each.adjustments),
                adjudicated_on=each.adjudicated_on,
                remaining_patient_amount=each.remaining_patient_amount,
            )
            for each in facts.adjudications
        ),
    )
