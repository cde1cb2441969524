"""Reads an 837P as a strict clearinghouse does: what is in it, and what must be refused."""

import bisect
import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyx12.errors
import pyx12.params
import pyx12.x12n_document

from backoffice.edi.claim_837 import Claim, ClaimReader, FormCheck, Line, Party, is_claim_set
from backoffice.edi.envelope import EnvelopeReader, Interchange, TransactionSet
from backoffice.edi.problems import Problem, ProblemLog
from backoffice.edi.segments import NotInCharacterSet, Segment, Writer
from backoffice.sandbox.payer import ClaimSeen, LineSeen, PartySeen, PayeeSeen

ZERO = Decimal("0.00")
FREQUENCIES = frozenset({"1", "7", "8"})

# pyx12 says at length why it refuses a file, quoting it; the sandbox only needs its yes or no.
logging.getLogger("pyx12").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class SetExamined:
    """One transaction set: its claims, and why it can't be taken (empty: it can)."""

    control_number: str
    guide: str
    group_number: str
    first_segment: int
    reference: str
    claims: tuple[ClaimSeen, ...]
    problems: tuple[Problem, ...]
    places: tuple[tuple[int, str], ...] = ()

    def claim_at(self, segment: int | None) -> str:
        """The control number of the claim that a segment stands in; empty outside any claim."""
        place = bisect.bisect_right(self.places, segment or 0, key=lambda each: each[0])
        return self.places[place - 1][1] if place else ""


@dataclass(frozen=True)
class FileExamined:
    """A whole upload. `envelope_problems` refuse all of it (TA1 R), whatever its sets hold."""

    interchange: Interchange | None
    interchanges: int
    sets: tuple[SetExamined, ...]
    envelope_problems: tuple[Problem, ...]
    refused_by_pyx12: bool = False

    @property
    def claims(self) -> int:
        """How many claims the file holds."""
        return sum(len(each.claims) for each in self.sets)


class _Watch:
    """Hears the segments of a set as they pass: its form is checked, and BHT03 is in no claim."""

    def __init__(self, check: FormCheck) -> None:
        self.check = check
        self.reference = ""
        self.places: list[tuple[int, str]] = []

    def __call__(self, segment: Segment) -> None:
        self.check.step(segment)
        if segment.id == "BHT":
            self.reference = segment.get(3)
        elif segment.id in {"HL", "CLM"}:
            self.places.append((segment.number, segment.get(1) if segment.id == "CLM" else ""))


def examine(content: bytes, *, with_pyx12: bool) -> FileExamined:
    """Read a file whole. Problems found outside any transaction set are the envelope's."""
    log = ProblemLog()
    reader = EnvelopeReader(content, log)
    sets: list[SetExamined] = []
    interchange: Interchange | None = None
    for unit in reader:
        if not isinstance(unit, TransactionSet):
            continue
        interchange = interchange or unit.interchange
        sets.append(_set(unit))
    broken = tuple(problem for problem in log if problem.is_error)
    # pyx12 loses its footing in a file that we can't read ourselves: it is asked about good ones.
    good = not broken and not any(each.problems for each in sets)
    return FileExamined(
        interchange=interchange,
        interchanges=reader.interchanges,
        sets=tuple(sets),
        envelope_problems=broken,
        refused_by_pyx12=with_pyx12 and good and not _pyx12_takes(content),
    )


def _set(unit: TransactionSet) -> SetExamined:
    log, claims = ProblemLog(), []
    watch = _Watch(FormCheck(unit, log))
    if is_claim_set(unit):
        for claim in ClaimReader(unit, log, watch=watch):
            watch.check.claim(claim)
            claims.append(_seen(claim))
        watch.check.finish()
    return SetExamined(
        control_number=unit.control_number,
        guide=unit.guide,
        group_number=unit.group.control_number if unit.group else "0",
        first_segment=unit.segment,
        reference=watch.reference,
        claims=tuple(claims),
        problems=tuple(problem for problem in log if problem.is_error),
        places=tuple(watch.places),
    )


def faults_of(claim: ClaimSeen) -> tuple[str, ...]:
    """What a clearinghouse's own edits refuse in one claim, in its words; the form is apart."""
    found: list[str] = []
    if not is_returnable(claim):
        found.append("A number or code holds characters that could not be returned.")
    if claim.frequency not in FREQUENCIES:
        found.append("Claim frequency code must be 1, 7 or 8.")
    if claim.frequency in {"7", "8"} and not claim.original_reference:
        found.append("A replacement or void needs the payer claim control number (REF*F8).")
    if not claim.payee.npi or not claim.payee.tax_id:
        found.append("The billing provider's NPI and tax id are required.")
    if not claim.member_id or not claim.payer_id:
        found.append("The member id and the payer id are required.")
    if claim.charge_amount <= ZERO or any(line.charge_amount < ZERO for line in claim.lines):
        found.append("The total charge must be above zero and no line below.")
    numbers = [line.line_control_number for line in claim.lines if line.line_control_number]
    if len(set(numbers)) != len(numbers):
        found.append("Line control numbers (REF*6R) must be unique within the claim.")
    return tuple(found)


def is_returnable(claim: ClaimSeen) -> bool:
    """Whether all that we echo can be written with our delimiters, exactly as it came."""
    payee, echoed = claim.payee, Writer()
    try:
        for value in (
            claim.patient_control_number,
            claim.trace,
            claim.payer_id,
            claim.member_id,
            claim.filing_code,
            claim.rendering.number if claim.rendering else "",
            claim.next_payer.number if claim.next_payer else "",
            *(payee.npi, payee.tax_id, payee.state, payee.zip),
            *(line.line_control_number for line in claim.lines),
            *(code for line in claim.lines for code in (line.procedure_code, *line.modifiers)),
        ):
            echoed.segment("REF", "ZZ", value)
    except NotInCharacterSet:
        return False
    return True


def _seen(claim: Claim) -> ClaimSeen:
    subscriber = claim.subscriber.party
    patient = claim.patient.party if claim.patient else subscriber
    billing = claim.billing
    address = billing.pay_to or billing.party.address
    return ClaimSeen(
        patient_control_number=claim.patient_control_number,
        frequency=claim.frequency,
        payer_order=claim.subscriber.order,
        payer_id=claim.payer.id,
        payer_name=claim.payer.name or claim.payer.id,
        filing_code=claim.subscriber.filing_code,
        member_id=subscriber.id,
        patient=_person(patient),
        subscriber=_person(subscriber),
        payee=PayeeSeen(
            name=" ".join(filter(None, (billing.party.first_name, billing.party.name))),
            npi=billing.party.id,
            tax_id=billing.tax_id,
            line1=address.line1 if address else "",
            city=address.city if address else "",
            state=address.state if address else "",
            zip=address.zip if address else "",
        ),
        lines=tuple(_line(line) for line in claim.lines),
        rendering=_person(claim.rendering, claim.rendering.id) if claim.rendering else None,
        trace=claim.trace,
        original_reference=claim.payer_claim_control_number,
        next_payer=_next_payer(claim),
    )


def _person(party: Party, number: str = "") -> PartySeen:
    return PartySeen(party.name, party.first_name, number)


def _next_payer(claim: Claim) -> PartySeen | None:
    later = [other for other in claim.others if other.subscriber.order > claim.subscriber.order]
    return PartySeen(later[0].payer.name, number=later[0].payer.id) if later else None


def _line(line: Line) -> LineSeen:
    return LineSeen(
        line_control_number=line.line_control_number,
        procedure_code=line.procedure_code,
        modifiers=line.modifiers,
        charge_amount=line.charge_amount,
        units=line.units,
        day=line.first_day or date.min,
        settled_before=min(line.charge_amount, _settled(line)),
    )


def _settled(line: Line) -> Decimal:
    """What earlier payers paid or wrote off: only the client's part is still owed."""
    amounts: Iterable[Decimal] = (
        each.paid_amount
        + sum((made.amount for made in each.adjustments if made.group != "PR"), ZERO)
        for each in line.adjudications
    )
    return max(ZERO, sum(amounts, ZERO))


def _pyx12_takes(content: bytes) -> bool:
    """The independent second opinion. pyx12 wants ASCII, and raises where it can't go on."""
    try:
        text = content.decode("ascii")
        return bool(
            pyx12.x12n_document.x12n_document(
                pyx12.params.params(), io.StringIO(text), io.StringIO(), None
            )
        )
    except (pyx12.errors.X12Error, pyx12.errors.EngineError, ValueError, AttributeError):
        return False
