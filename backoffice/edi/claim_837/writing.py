"""Claims to the bytes of an 837P: each loop of the guide in its order, never by joining strings."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from backoffice.edi import values
from backoffice.edi.claim_837.shapes import (
    Address,
    Adjustment,
    BillingProvider,
    Claim,
    ClaimSet,
    Contact,
    Diagnosis,
    Line,
    LineAdjudication,
    OtherPayer,
    Party,
    Submitter,
    Subscriber,
)
from backoffice.edi.envelope import EnvelopeWriter, Group, Interchange
from backoffice.edi.qualifiers import (
    AmountKind,
    DateKind,
    Entity,
    EntityType,
    Guide,
    IdKind,
    Level,
    Reference,
)
from backoffice.edi.segments import Change, Element, Text

MAX_CLAIMS = 5_000
"""The most claims that the guide wants in one transaction set."""


class TooManyClaims(ValueError):
    """A transaction set of more than MAX_CLAIMS claims, or of none."""


class ClaimNotWritable(ValueError):
    """A claim that lacks what its segments can't be written without: says the element only."""


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: its bytes, and what was changed in people's words to fit the format."""

    data: bytes
    changes: tuple[Change, ...]


def write(
    interchange: Interchange, group: Group, sets: Iterable[ClaimSet], *, newline: bool = False
) -> Written:
    """Write one interchange of one group (HC) of claim sets; `newline` breaks lines for people.

    Codes and numbers that X12 can't carry raise NotInCharacterSet; names, streets and notes are
    cleaned. Whether a strict receiver would take the file is validate()'s to say.
    """
    envelope = EnvelopeWriter(interchange, newline=newline)
    with envelope.group(group):
        for claims in sets:
            _write_set(envelope, claims)
    return Written(envelope.finish(), tuple(envelope.changes))


def _write_set(out: EnvelopeWriter, claims: ClaimSet) -> None:
    if not 1 <= len(claims.claims) <= MAX_CLAIMS:
        raise TooManyClaims(f"a transaction set holds 1 to {MAX_CLAIMS} claims")
    with out.transaction_set("837", claims.control_number, Guide.CLAIM):
        out.add(
            "BHT",
            "0019",
            "00",
            claims.reference,
            values.day_text(claims.day),
            values.clock_text(claims.clock),
            "CH",
        )
        _submitter(out, claims.submitter)
        receiver = claims.receiver
        out.add(
            "NM1",
            Entity.RECEIVER,
            EntityType.ORGANIZATION,
            Text(receiver.name),
            *_blank(4),
            IdKind.ELECTRONIC_TRANSMITTER,
            receiver.id,
        )
        levels = _Levels(out)
        for billing, group in groupby(claims.claims, key=lambda claim: claim.billing):
            parent = _billing_provider(levels, billing)
            for claim in group:
                _subscriber_and_claim(levels, parent, claim)


class _Levels:
    """Numbers the HL segments of one transaction set."""

    def __init__(self, out: EnvelopeWriter) -> None:
        self.out = out
        self.last = 0

    def open(self, level: Level, *, parent: int | None = None, child: bool) -> int:
        self.last += 1
        above = str(parent) if parent else ""
        self.out.add("HL", str(self.last), above, level, "1" if child else "0")
        return self.last


def _blank(count: int) -> tuple[str, ...]:
    return ("",) * count


def _submitter(out: EnvelopeWriter, submitter: Submitter) -> None:
    out.add(
        "NM1",
        Entity.SUBMITTER,
        EntityType.ORGANIZATION,
        Text(submitter.name),
        *_blank(4),
        IdKind.ELECTRONIC_TRANSMITTER,
        submitter.id,
    )
    _contact(out, submitter.contact)


def _contact(out: EnvelopeWriter, contact: Contact) -> None:
    ways = (
        ("TE", contact.phone),
        ("EX", contact.extension),
        ("FX", contact.fax),
        ("EM", contact.email),
    )
    told: list[Element] = [each for kind, value in ways if value for each in (kind, value)]
    out.add("PER", "IC", Text(contact.name), *told)


def _name(out: EnvelopeWriter, entity: Entity, party: Party) -> None:
    out.add(
        "NM1",
        entity,
        party.kind,
        Text(party.name),
        Text(party.first_name),
        Text(party.middle_name),
        "",
        Text(party.suffix),
        party.id_kind if party.id else "",
        party.id,
    )


def _address(out: EnvelopeWriter, address: Address | None) -> None:
    if address is None:
        return
    out.add("N3", Text(address.line1), Text(address.line2))
    country = address.country if address.country not in {"US", "USA"} else ""
    out.add("N4", Text(address.city), address.state, address.zip, country)


def _demographics(out: EnvelopeWriter, party: Party) -> None:
    if party.birth_date is not None:
        out.add("DMG", "D8", values.day_text(party.birth_date), party.sex)


def _references(out: EnvelopeWriter, references: Iterable[tuple[str, str]]) -> None:
    for kind, value in references:
        if value:
            out.add("REF", kind, value)


def _billing_provider(levels: _Levels, billing: BillingProvider) -> int:
    out, party = levels.out, billing.party
    number = levels.open(Level.SOURCE, child=True)
    if party.taxonomy:
        out.add("PRV", "BI", "PXC", party.taxonomy)
    _name(out, Entity.BILLING_PROVIDER, party)
    _address(out, party.address)
    _references(out, party.references)
    if billing.contact is not None:
        _contact(out, billing.contact)
    if billing.pay_to is not None:
        out.add("NM1", Entity.PAY_TO, party.kind)
        _address(out, billing.pay_to)
    return number


def _subscriber_and_claim(levels: _Levels, parent: int, claim: Claim) -> None:
    out, patient = levels.out, claim.patient
    number = levels.open(Level.SUBSCRIBER, parent=parent, child=patient is not None)
    _subscriber(out, claim.subscriber)
    party = claim.subscriber.party
    _name(out, Entity.SUBSCRIBER, party)
    _address(out, party.address)
    _demographics(out, party)
    _references(out, party.references)
    _name(out, Entity.PAYER, claim.payer)
    _address(out, claim.payer.address)
    _references(out, claim.payer.references)
    if patient is not None:
        levels.open(Level.DEPENDENT, parent=number, child=False)
        out.add("PAT", patient.relationship)
        _name(out, Entity.PATIENT, patient.party)
        _address(out, patient.party.address)
        _demographics(out, patient.party)
        _references(out, patient.party.references)
    _claim(out, claim)


def _subscriber(out: EnvelopeWriter, subscriber: Subscriber) -> None:
    out.add(
        "SBR",
        subscriber.order,
        subscriber.relationship,
        subscriber.group_number,
        Text(subscriber.group_name),
        subscriber.insurance_type,
        *_blank(3),
        subscriber.filing_code,
    )


def _claim(out: EnvelopeWriter, claim: Claim) -> None:
    related: Element = (claim.accident, "", "", claim.accident_state) if claim.accident else None
    out.add(
        "CLM",
        claim.patient_control_number,
        values.amount_text(claim.charge_amount),
        *_blank(2),
        (claim.place_of_service, "B", claim.frequency),
        claim.provider_signature,
        claim.assignment,
        claim.benefits_assignment,
        claim.release_of_information,
        "",
        related,
    )
    if claim.accident_on is not None:
        out.add("DTP", DateKind.ACCIDENT, "D8", values.day_text(claim.accident_on))
    _amount(out, AmountKind.PATIENT_PAID, claim.patient_paid_amount)
    _references(
        out,
        (
            (Reference.REFERRAL, claim.referral_number),
            (Reference.PRIOR_AUTHORIZATION, claim.prior_authorization),
            (Reference.PAYER_CLAIM_CONTROL_NUMBER, claim.payer_claim_control_number),
            (Reference.CLEARINGHOUSE_TRACE, claim.trace),
            (Reference.MEDICAL_RECORD, claim.medical_record_number),
        ),
    )
    if claim.note:
        out.add("NTE", "ADD", Text(claim.note))
    _diagnoses(out, claim.diagnoses)
    _claim_parties(out, claim)
    for other in claim.others:
        _other_payer(out, other)
    for number, line in enumerate(claim.lines, start=1):
        _line(out, number, line)


def _diagnoses(out: EnvelopeWriter, diagnoses: tuple[Diagnosis, ...]) -> None:
    if diagnoses:
        out.add("HI", *((each.kind, each.code) for each in diagnoses))


def _claim_parties(out: EnvelopeWriter, claim: Claim) -> None:
    parties = (
        (Entity.REFERRING_PROVIDER, claim.referring),
        (Entity.RENDERING_PROVIDER, claim.rendering),
        (Entity.SERVICE_FACILITY, claim.facility),
        (Entity.SUPERVISING_PROVIDER, claim.supervising),
    )
    for entity, party in parties:
        if party is None:
            continue
        _name(out, entity, party)
        if entity is Entity.RENDERING_PROVIDER and party.taxonomy:
            out.add("PRV", "PE", "PXC", party.taxonomy)
        _address(out, party.address)
        _references(out, party.references)


def _amount(out: EnvelopeWriter, kind: AmountKind, amount: Decimal | None) -> None:
    if amount is not None:
        out.add("AMT", kind, values.amount_text(amount))


def _adjustments(out: EnvelopeWriter, adjustments: tuple[Adjustment, ...]) -> None:
    """One CAS for each group in its order, six reasons at most in each."""
    groups: dict[str, list[Adjustment]] = {}
    for each in adjustments:
        groups.setdefault(each.group, []).append(each)
    for group, members in groups.items():
        if len(members) > 6:
            raise ClaimNotWritable(f"CAS: more than six reasons of group {group}")
        triplets: list[Element] = []
        for each in members:
            counted = values.number_text(each.quantity) if each.quantity is not None else ""
            triplets += [each.reason, values.amount_text(each.amount), counted]
        out.add("CAS", group, *triplets)


def _other_payer(out: EnvelopeWriter, other: OtherPayer) -> None:
    _subscriber(out, other.subscriber)
    _adjustments(out, other.adjustments)
    _amount(out, AmountKind.PAYER_PAID, other.paid_amount)
    _amount(out, AmountKind.REMAINING_PATIENT, other.remaining_patient_amount)
    out.add("OI", "", "", other.benefits_assignment, "", "", other.release_of_information)
    _name(out, Entity.SUBSCRIBER, other.subscriber.party)
    _address(out, other.subscriber.party.address)
    _references(out, other.subscriber.party.references)
    _name(out, Entity.PAYER, other.payer)
    _address(out, other.payer.address)
    if other.adjudicated_on is not None:
        out.add("DTP", DateKind.ADJUDICATION, "D8", values.day_text(other.adjudicated_on))
    _references(out, other.payer.references)
    _references(out, [(Reference.PAYER_CLAIM_CONTROL_NUMBER, other.payer_claim_control_number)])


def _line(out: EnvelopeWriter, number: int, line: Line) -> None:
    if line.first_day is None or line.last_day is None:
        raise ClaimNotWritable("DTP*472: a line without its day of service")
    out.add("LX", str(number))
    out.add(
        "SV1",
        (line.procedure_kind, line.procedure_code, *line.modifiers),
        values.amount_text(line.charge_amount),
        line.unit,
        values.number_text(line.units),
        line.place_of_service,
        "",
        tuple(str(pointer) for pointer in line.diagnosis_pointers),
    )
    out.add("DTP", DateKind.SERVICE, *values.days_text(line.first_day, line.last_day))
    _references(
        out,
        (
            (Reference.PRIOR_AUTHORIZATION, line.prior_authorization),
            (Reference.LINE_CONTROL_NUMBER, line.line_control_number),
        ),
    )
    for adjudication in line.adjudications:
        _adjudication(out, adjudication)


def _adjudication(out: EnvelopeWriter, adjudication: LineAdjudication) -> None:
    if adjudication.adjudicated_on is None:
        raise ClaimNotWritable("DTP*573: a line's other payer without the day it decided")
    out.add(
        "SVD",
        adjudication.payer_id,
        values.amount_text(adjudication.paid_amount),
        (adjudication.procedure_kind, adjudication.procedure_code, *adjudication.modifiers),
        "",
        values.number_text(adjudication.units),
    )
    _adjustments(out, adjudication.adjustments)
    out.add("DTP", DateKind.ADJUDICATION, "D8", values.day_text(adjudication.adjudicated_on))
    _amount(out, AmountKind.REMAINING_PATIENT, adjudication.remaining_patient_amount)
