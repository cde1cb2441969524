"""A claim being read: what each loop gathers, and the dataclasses made of it at its end."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from backoffice.edi.claim_837.shapes import (
    Adjustment,
    BillingProvider,
    Claim,
    Contact,
    Diagnosis,
    Line,
    LineAdjudication,
    OtherPayer,
    Party,
    Patient,
    Subscriber,
)
from backoffice.edi.elements import ElementReader
from backoffice.edi.problems import ProblemCode
from backoffice.edi.qualifiers import AmountKind, DateKind, Entity, Reference
from backoffice.edi.segments import Segment

EMPTY = Party()
Above = tuple[BillingProvider, Subscriber, Party, Patient | None]
"""What stands above a claim: billing provider, subscriber, payer, and the dependent patient."""


@dataclass(slots=True)
class Draft:
    """A loop being read: what its later segments add before its dataclass is made."""

    segment: int
    party: Party = EMPTY
    subscriber: Subscriber | None = None
    contact: Contact | None = None
    amounts: dict[str, Decimal] = field(default_factory=dict)
    days: dict[str, tuple[date, date]] = field(default_factory=dict)
    references: list[tuple[str, str]] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    parties: dict[str, "Draft"] = field(default_factory=dict)
    others: list["Draft"] = field(default_factory=list)
    lines: list["Draft"] = field(default_factory=list)
    adjudications: list["Draft"] = field(default_factory=list)
    note: str = ""
    head: Segment | None = None  # CLM, SV1, SVD
    assignment: str = ""
    release: str = ""

    def reference(self, kind: str) -> str:
        """The number in the loop's first REF of that kind."""
        return next((value for each, value in self.references if each == kind), "")

    def day(self, kind: str) -> date | None:
        """The first day of the loop's DTP of that kind."""
        return self.days[kind][0] if kind in self.days else None

    def finished_party(self) -> Party:
        """The party with the references that its loop gave."""
        return replace(self.party, references=tuple(self.references))


class ClaimBuilder:
    """Makes a Claim of its drafts."""

    def __init__(self, elements: ElementReader, component: str) -> None:
        self._elements = elements
        self._component = component

    def claim(self, draft: Draft, above: Above) -> Claim:
        """The claim of a finished 2300 loop under the parties above it."""
        billing, subscriber, payer, patient = above
        head = draft.head or Segment(0, ["CLM"])
        part = self._component
        return Claim(
            billing=billing,
            subscriber=subscriber,
            payer=payer,
            patient=patient,
            patient_control_number=head.get(1),
            charge_amount=self._elements.money(head, 2),
            place_of_service=head.component(5, 1, part),
            frequency=head.component(5, 3, part),
            provider_signature=head.get(6),
            assignment=head.get(7),
            benefits_assignment=head.get(8),
            release_of_information=head.get(9),
            accident=head.component(11, 1, part),
            accident_state=head.component(11, 4, part),
            accident_on=draft.day(DateKind.ACCIDENT),
            patient_paid_amount=draft.amounts.get(AmountKind.PATIENT_PAID),
            prior_authorization=draft.reference(Reference.PRIOR_AUTHORIZATION),
            referral_number=draft.reference(Reference.REFERRAL),
            payer_claim_control_number=draft.reference(Reference.PAYER_CLAIM_CONTROL_NUMBER),
            trace=draft.reference(Reference.CLEARINGHOUSE_TRACE),
            medical_record_number=draft.reference(Reference.MEDICAL_RECORD),
            note=draft.note,
            diagnoses=tuple(draft.diagnoses),
            referring=_party_of(draft, Entity.REFERRING_PROVIDER)
            or _party_of(draft, Entity.PRIMARY_CARE_PROVIDER),
            rendering=_party_of(draft, Entity.RENDERING_PROVIDER),
            facility=_party_of(draft, Entity.SERVICE_FACILITY),
            supervising=_party_of(draft, Entity.SUPERVISING_PROVIDER),
            others=tuple(self._other_payer(each) for each in draft.others),
            lines=tuple(self._service_line(each) for each in draft.lines),
            segment=draft.segment,
        )

    def _other_payer(self, draft: Draft) -> OtherPayer:
        insured = draft.parties.get(Entity.SUBSCRIBER)
        payer = draft.parties.get(Entity.PAYER)
        return OtherPayer(
            subscriber=replace(
                draft.subscriber or Subscriber(),
                party=insured.finished_party() if insured else EMPTY,
            ),
            payer=_without(payer, Reference.PAYER_CLAIM_CONTROL_NUMBER),
            paid_amount=draft.amounts.get(AmountKind.PAYER_PAID),
            remaining_patient_amount=draft.amounts.get(AmountKind.REMAINING_PATIENT),
            benefits_assignment=draft.assignment,
            release_of_information=draft.release,
            adjustments=tuple(draft.adjustments),
            adjudicated_on=payer.day(DateKind.ADJUDICATION) if payer else None,
            payer_claim_control_number=payer.reference(Reference.PAYER_CLAIM_CONTROL_NUMBER)
            if payer
            else "",
            segment=draft.segment,
        )

    def _service_line(self, draft: Draft) -> Line:
        head = draft.head or Segment(draft.segment, ["SV1"])
        procedure = head.get(1).split(self._component)
        first, last = draft.days.get(DateKind.SERVICE, (None, None))
        return Line(
            procedure_kind=procedure[0],
            procedure_code=procedure[1] if len(procedure) > 1 else "",
            modifiers=tuple(each for each in procedure[2:6] if each),
            charge_amount=self._elements.money(head, 2),
            unit=head.get(3),
            units=self._elements.number(head, 4),
            place_of_service=head.get(5),
            diagnosis_pointers=self._pointers(head),
            first_day=first,
            last_day=last,
            line_control_number=draft.reference(Reference.LINE_CONTROL_NUMBER),
            prior_authorization=draft.reference(Reference.PRIOR_AUTHORIZATION),
            adjudications=tuple(self._adjudication(each) for each in draft.adjudications),
            segment=draft.segment,
        )

    def _pointers(self, segment: Segment) -> tuple[int, ...]:
        texts = [each for each in segment.get(7).split(self._component) if each]
        if all(each.isdecimal() and each.isascii() and len(each) <= 2 for each in texts):
            return tuple(int(each) for each in texts)
        self._elements.unreadable(segment, 7, ProblemCode.UNREADABLE_NUMBER)
        return ()

    def _adjudication(self, draft: Draft) -> LineAdjudication:
        head = draft.head or Segment(draft.segment, ["SVD"])
        procedure = head.get(3).split(self._component)
        return LineAdjudication(
            payer_id=head.get(1),
            paid_amount=self._elements.money(head, 2),
            procedure_kind=procedure[0],
            procedure_code=procedure[1] if len(procedure) > 1 else "",
            modifiers=tuple(each for each in procedure[2:6] if each),
            units=self._elements.number(head, 5),
            adjustments=tuple(draft.adjustments),
            adjudicated_on=draft.day(DateKind.ADJUDICATION),
            remaining_patient_amount=draft.amounts.get(AmountKind.REMAINING_PATIENT),
            segment=draft.segment,
        )


def _party_of(draft: Draft, entity: str) -> Party | None:
    found = draft.parties.get(entity)
    return found.finished_party() if found else None


def _without(draft: Draft | None, kind: str) -> Party:
    if draft is None:
        return EMPTY
    kept = tuple(each for each in draft.references if each[0] != kind)
    return replace(draft.party, references=kept)
