"""What the sandbox's payers pay, as 835 files: checks that balance on all three levels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backoffice.edi.envelope import EnvelopeWriter
from backoffice.edi.qualifiers import Guide
from backoffice.edi.segments import SegmentReader, Text
from backoffice.edi.values import amount_text, day_text, number_text
from backoffice.sandbox.clearinghouse.letters import Numbers, group_of, interchange_of
from backoffice.sandbox.payer import (
    AdjustmentMade,
    ClaimPayment,
    LinePayment,
    Lots,
    PartySeen,
    PayeeSeen,
    ProviderAdjustmentMade,
)

ZERO = Decimal("0.00")
NO_BANK = "999999992"  # passes the routing number's check; belongs to no bank
WRAPPINGS = frozenset({"ISA", "GS", "GE", "IEA", "ST", "SE"})
FILING_CODES = frozenset(
    {"12", "13", "14", "15", "16", "17", "AM", "CH", "DS", "HM"}
    | {"LM", "MA", "MB", "MC", "OF", "TV", "VA", "WC", "ZZ"}
)  # pyx12's 005010X221A1 map
OTHER_FILING_CODES = {"CI": "15", "BL": "12"}


@dataclass(frozen=True)
class Check:
    """One payment of one payer to one payee: a transaction set. `trace` is TRN02, unique."""

    payer_id: str
    payer_name: str
    payee: PayeeSeen
    trace: str
    paid_on: date
    payments: tuple[ClaimPayment, ...]
    provider_adjustments: tuple[ProviderAdjustmentMade, ...] = ()

    @property
    def amount(self) -> Decimal:
        """BPR02: the claims' payments less the provider adjustments."""
        return _claims(self) - sum((made.amount for made in self.provider_adjustments), ZERO)

    @property
    def payer_tax_id(self) -> str:
        """TRN03: 1 and nine digits, always the same for a payer."""
        return f"1{Lots(0, self.payer_id).number('tax id', 100_000_000, 999_999_999)}"


def _claims(check: Check) -> Decimal:
    return sum((payment.paid_amount for payment in check.payments), ZERO)


def carried_forward(check: Check) -> tuple[Check, Decimal]:
    """A check that is not below zero, and what its payee still owes the payer.

    A payer can't draw a negative check: the rest is forwarded (PLB FB, negative here, positive on
    the check from which it is taken).
    """
    if check.amount >= ZERO:
        return check, ZERO
    owed = -check.amount
    forwarding = ProviderAdjustmentMade("FB", check.trace, -owed)
    extended = (*check.provider_adjustments, forwarding)
    return _with_adjustments(check, extended), owed


def _with_adjustments(check: Check, made: tuple[ProviderAdjustmentMade, ...]) -> Check:
    return Check(
        check.payer_id,
        check.payer_name,
        check.payee,
        check.trace,
        check.paid_on,
        check.payments,
        made,
    )


def remittance_file(checks: Sequence[Check], *, numbers: Numbers) -> bytes:
    """An 835 of one or more checks, a transaction set each."""
    envelope = EnvelopeWriter(interchange_of(numbers))
    with envelope.group(group_of(numbers, "835", Guide.REMITTANCE)):
        for place, check in enumerate(checks, start=1):
            with envelope.transaction_set("835", f"{place:04}"):
                _check(envelope, check)
    return envelope.finish()


def in_another_envelope(content: bytes, *, numbers: Numbers) -> bytes:
    """The same remittance under new control numbers, as some clearinghouses send it twice."""
    reader = SegmentReader(content)
    envelope = EnvelopeWriter(interchange_of(numbers))
    bodies: list[list[list[str]]] = []
    for segment in reader:
        if segment.id == "ST":
            bodies.append([])
        elif segment.id not in WRAPPINGS:
            bodies[-1].append(segment.elements)
    component = reader.delimiters.component
    with envelope.group(group_of(numbers, "835", Guide.REMITTANCE)):
        for place, body in enumerate(bodies, start=1):
            with envelope.transaction_set("835", f"{place:04}"):
                for name, *elements in body:
                    envelope.add(name, *(_parted(element, component) for element in elements))
    return envelope.finish()


def _parted(element: str, component: str) -> str | tuple[str, ...]:
    return tuple(element.split(component)) if component in element else element


def _check(envelope: EnvelopeWriter, check: Check) -> None:
    _payment(envelope, check)
    envelope.add("TRN", "1", check.trace, check.payer_tax_id)
    envelope.add("DTM", "405", day_text(check.paid_on))
    envelope.add("N1", "PR", Text(check.payer_name))
    envelope.add("N3", "1 SANDBOX WAY")
    envelope.add("N4", "HARTFORD", "CT", "061030001")
    envelope.add("REF", "2U", check.payer_id)
    envelope.add("PER", "BL", Text(check.payer_name), "TE", "8005550100")
    payee = check.payee
    envelope.add("N1", "PE", Text(payee.name), "XX", payee.npi)
    if payee.line1 and payee.city:
        envelope.add("N3", Text(payee.line1))
        envelope.add("N4", Text(payee.city), payee.state, payee.zip)
    envelope.add("REF", "TJ", payee.tax_id)
    if check.payments:
        envelope.add("LX", "1")
    for payment in check.payments:
        _claim(envelope, payment)
    _provider_adjustments(envelope, check)


def _payment(envelope: EnvelopeWriter, check: Check) -> None:
    """BPR: nothing moves for nothing (H, NON); a large check goes by ACH, a small one by mail."""
    amount, day = amount_text(check.amount), day_text(check.paid_on)
    nine_empty = (None,) * 9
    if not check.amount:
        envelope.add("BPR", "H", amount, "C", "NON", None, None, *nine_empty, day)
    elif check.amount < 100:
        envelope.add("BPR", "I", amount, "C", "CHK", None, None, *nine_empty, day)
    else:
        envelope.add(
            "BPR", "I", amount, "C", "ACH", "CCP", "01", NO_BANK, "DA", "1000001",
            check.payer_tax_id, None, "01", NO_BANK, "DA", "2000002", day,
        )  # fmt: skip


def _claim(envelope: EnvelopeWriter, payment: ClaimPayment) -> None:
    envelope.add(
        "CLP",
        payment.patient_control_number,
        payment.outcome,
        amount_text(payment.charge_amount),
        amount_text(payment.paid_amount),
        amount_text(payment.patient_responsibility) if payment.patient_responsibility else None,
        _filing_code(payment.filing_code),
        payment.payer_claim_control_number,
        None,
        payment.frequency,
    )
    _person(envelope, "QC", payment.patient, member_id=payment.member_id)
    if payment.subscriber != payment.patient:
        _person(envelope, "IL", payment.subscriber, member_id=payment.member_id)
    if payment.rendering and payment.rendering.number:
        _rendering(envelope, payment.rendering)
    if payment.forwarded_to:
        name, number = payment.forwarded_to.last_or_organization_name, payment.forwarded_to.number
        envelope.add("NM1", "TT", "2", Text(name), None, None, None, None, "PI", number)
    if payment.interest_amount:
        envelope.add("AMT", "I", amount_text(payment.interest_amount))
    for line in payment.lines:
        _line(envelope, line)


def _filing_code(filed_as: str) -> str:
    """CLP06, whose list is shorter than SBR09's: commercial and Blue plans go by their kind."""
    return filed_as if filed_as in FILING_CODES else OTHER_FILING_CODES.get(filed_as, "ZZ")


def _person(envelope: EnvelopeWriter, role: str, person: PartySeen, *, member_id: str) -> None:
    envelope.add(
        "NM1", role, "1", Text(person.last_or_organization_name), Text(person.first_name),
        None, None, None, "MI", member_id,
    )  # fmt: skip


def _rendering(envelope: EnvelopeWriter, rendering: PartySeen) -> None:
    kind = "1" if rendering.first_name else "2"
    envelope.add(
        "NM1", "82", kind, Text(rendering.last_or_organization_name), Text(rendering.first_name),
        None, None, None, "XX", rendering.number,
    )  # fmt: skip


def _line(envelope: EnvelopeWriter, line: LinePayment) -> None:
    changed = bool(line.submitted_code)
    envelope.add(
        "SVC",
        ("HC", line.procedure_code, *line.modifiers),
        amount_text(line.charge_amount),
        amount_text(line.paid_amount),
        None,
        number_text(line.units),
        ("HC", line.submitted_code, *line.modifiers) if changed else None,
    )
    envelope.add("DTM", "472", day_text(line.day))
    for group in dict.fromkeys(made.group for made in line.adjustments):
        _adjustments(envelope, group, [made for made in line.adjustments if made.group == group])
    if line.line_control_number:
        envelope.add("REF", "6R", line.line_control_number)
    if line.allowed_amount:
        envelope.add("AMT", "B6", amount_text(line.allowed_amount))
    for remark in line.remarks:
        envelope.add("LQ", "HE", remark)


def _adjustments(envelope: EnvelopeWriter, group: str, made: Sequence[AdjustmentMade]) -> None:
    """One CAS of up to six reasons."""
    triplets: Iterable[str | None] = (
        element for each in made[:6] for element in (each.reason, amount_text(each.amount), None)
    )
    envelope.add("CAS", group, *triplets)


def _provider_adjustments(envelope: EnvelopeWriter, check: Check) -> None:
    """PLB, up to six pairs each, under the payee's fiscal year."""
    year_end = day_text(date(check.paid_on.year, 12, 31))
    made = check.provider_adjustments
    for start in range(0, len(made), 6):
        pairs: list[str | tuple[str, ...]] = []
        for each in made[start : start + 6]:
            pairs += [(each.reason, each.reference), amount_text(each.amount)]
        envelope.add("PLB", check.payee.npi, year_end, *pairs)
