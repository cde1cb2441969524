"""An 835 as any payer wrote it to remittances: streaming, exact, never repaired."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from backoffice.edi.elements import MAX_CLAIM_SEGMENTS, ElementReader
from backoffice.edi.envelope import EnvelopeReader, TransactionSet
from backoffice.edi.problems import ProblemCode, ProblemLog
from backoffice.edi.qualifiers import AmountKind, DateKind, Entity, Reference
from backoffice.edi.remittance_835.shapes import (
    Adjustment,
    Payment,
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
    RemittanceParty,
    RemittancePerson,
)
from backoffice.edi.segments import Segment, Source

_GROUPS = frozenset({"CO", "PR", "OA", "PI"})
_NOTHING = [""] * 12  # behind a segment's elements: those that it leaves out


class _Loop:
    """A CLP or SVC loop being read."""

    __slots__ = ("adjustments", "amounts", "days", "head", "lines", "people", "refs", "remarks")

    def __init__(self, head: Segment) -> None:
        self.head = head
        self.adjustments: list[Adjustment] = []
        self.amounts: list[tuple[str, Decimal]] = []
        self.days: dict[str, date | None] = {}
        self.refs: list[tuple[str, str]] = []
        self.remarks: list[str] = []
        self.people: dict[str, RemittancePerson] = {}
        self.lines: list[RemittanceLine] = []


class RemittanceReader:
    """The claims of one 835 transaction set, streaming; iterate it once.

    Afterwards `payment` and `provider_adjustments` hold what stood before and behind them.
    """

    def __init__(self, transaction: TransactionSet, problems: ProblemLog | None = None) -> None:
        self.problems = ProblemLog() if problems is None else problems
        self.payment = Payment()
        self.provider_adjustments: list[ProviderAdjustment] = []
        self._transaction = transaction
        self._component = transaction.delimiters.component
        self._elements = ElementReader(self.problems)
        self._party = ""  # PR or PE while their N1 loop is read
        self._claim: _Loop | None = None
        self._line: _Loop | None = None
        self._loop = _Loop(Segment(0, [""]))
        self._limit = 0  # the last segment that the claim being read may reach
        self._seen: set[str] = set()

    def __iter__(self) -> Iterator[RemittanceClaim]:
        readers = self._READERS
        for segment in self._transaction.segments:
            name = segment.elements[0]
            if name in {"CLP", "PLB", "SE"} and self._claim is not None:
                yield self._finished_claim(self._claim)
            reader = readers.get(name)
            if reader is not None and (segment[0] <= self._limit or self._keeps(segment)):
                reader(self, segment)
        if self._claim is not None:
            yield self._finished_claim(self._claim)
        self._check_head()

    def _keeps(self, segment: Segment) -> bool:
        """Whether a segment beyond the limit begins something new, or no claim is being read."""
        if self._claim is None or segment.id == "CLP":
            return True
        return not self._elements.too_big(self._claim.head, segment)

    def _check_head(self) -> None:
        for name in ("BPR", "TRN"):
            if name not in self._seen:
                self.problems.add(
                    ProblemCode.SEGMENT_MISSING,
                    f"The payment has no {name}.",
                    segment=self._transaction.segment,
                    element=name,
                )

    # --- the payment

    def _bpr(self, segment: Segment) -> None:
        self._seen.add("BPR")
        get, elements = segment.get, self._elements
        self.payment = replace(
            self.payment,
            handling=get(1),
            payment_amount=elements.money(segment, 2),
            credit_or_debit=get(3),
            method=get(4),
            payment_date=elements.day_if_given(segment, 16),
        )

    def _trn(self, segment: Segment) -> None:
        if self._claim is None and "TRN" not in self._seen:
            self._seen.add("TRN")
            self.payment = replace(
                self.payment,
                trace_number=segment.get(2),
                originator_id=segment.get(3),
                originator_supplement=segment.get(4),
            )

    def _n1(self, segment: Segment) -> None:
        self._party = segment.get(1)
        party = RemittanceParty(segment.get(2), segment.get(3), segment.get(4))
        if self._party == Entity.PAYER:
            self.payment = replace(self.payment, payer=party)
        elif self._party == Entity.PAYEE:
            self.payment = replace(self.payment, payee=party)

    def _head_reference(self, kind: str, value: str) -> None:
        payment = self.payment
        if self._party == Entity.PAYER:
            payer = replace(payment.payer, references=(*payment.payer.references, (kind, value)))
            self.payment = replace(payment, payer=payer)
        elif self._party == Entity.PAYEE:
            payee = replace(payment.payee, references=(*payment.payee.references, (kind, value)))
            self.payment = replace(payment, payee=payee)
        elif kind == Reference.RECEIVER_ID:
            self.payment = replace(payment, receiver_id=value)

    def _lx(self, _segment: Segment) -> None:
        self._party = ""

    def _plb(self, segment: Segment) -> None:
        year_end = self._elements.day_if_given(segment, 2)
        for place in range(3, len(segment.elements), 2):
            if not any(segment.elements[place : place + 2]):
                continue
            reason, _, reference = segment.elements[place].partition(self._component)
            self.provider_adjustments.append(
                ProviderAdjustment(
                    segment.number,
                    segment.get(1),
                    year_end,
                    reason,
                    reference.split(self._component, 1)[0],
                    self._elements.money(segment, place + 1),
                )
            )

    # --- claims and lines

    def _clp(self, segment: Segment) -> None:
        self._party = ""
        self._line = None
        self._claim = self._loop = _Loop(segment)
        self._limit = segment.number + MAX_CLAIM_SEGMENTS

    def _svc(self, segment: Segment) -> None:
        self._finish_line()
        self._line = self._loop = _Loop(segment)
        if self._claim is None:
            self._misplaced(segment)

    def _cas(self, segment: Segment) -> None:
        group = segment.get(1)
        elements = segment.elements
        if group not in _GROUPS:
            self.problems.add(
                ProblemCode.UNKNOWN_CODE,
                "CAS01 is not an adjustment group of a 5010 remittance (CO, PR, OA, PI).",
                segment=segment.number,
                element="CAS01",
            )
        if self._claim is None:
            self._misplaced(segment)
        money, number = self._elements.money, self._elements.number_if_given
        adjustments, at = self._loop.adjustments, segment.number
        for place in range(2, len(elements), 3):
            reason = elements[place]
            if reason or any(elements[place : place + 3]):
                amount, quantity = money(segment, place + 1), number(segment, place + 2)
                adjustments.append(Adjustment(group, reason, amount, quantity, at))

    def _misplaced(self, segment: Segment) -> None:
        self.problems.add(
            ProblemCode.UNEXPECTED_SEGMENT,
            f"{segment.id} stands before any claim (CLP).",
            segment=segment.number,
            element=segment.id,
        )

    def _nm1(self, segment: Segment) -> None:
        _, entity, kind, name, first, middle, _, suffix, id_kind, number, *_ = (
            segment.elements + _NOTHING
        )
        person = RemittancePerson(kind, name, first, middle, suffix, id_kind, number)
        self._loop.people.setdefault(entity, person)

    def _ref(self, segment: Segment) -> None:
        if self._claim is None:
            self._head_reference(segment.get(1), segment.get(2))
        else:
            self._loop.refs.append((segment.get(1), segment.get(2)))

    def _dtm(self, segment: Segment) -> None:
        day = self._elements.day(segment, 2)
        if self._claim is not None:
            self._loop.days.setdefault(segment.get(1), day)
        elif segment.get(1) == DateKind.PRODUCTION:
            self.payment = replace(self.payment, production_date=day)

    def _amt(self, segment: Segment) -> None:
        self._loop.amounts.append((segment.get(1), self._elements.money(segment, 2)))

    def _moa(self, segment: Segment) -> None:
        self._loop.remarks += [each for each in segment.elements[3:8] if each]

    def _mia(self, segment: Segment) -> None:
        elements = segment.elements
        self._loop.remarks += [each for each in (*elements[5:6], *elements[20:24]) if each]

    def _lq(self, segment: Segment) -> None:
        if segment.get(1) == "HE":
            self._loop.remarks.append(segment.get(2))

    def _finish_line(self) -> None:
        if self._line is not None and self._claim is not None:
            self._claim.lines.append(self._finished_line(self._line))
        self._line = None

    def _finished_line(self, loop: _Loop) -> RemittanceLine:
        head, elements, days = loop.head, self._elements, loop.days
        _, adjudicated, _, _, _, _, submitted, *_ = head.elements + _NOTHING
        kind, code, modifiers = _procedure(adjudicated, self._component)
        _, sent_code, sent_modifiers = _procedure(submitted, self._component)
        first = days.get(DateKind.SERVICE) or days.get(DateKind.SERVICE_FROM)
        return RemittanceLine(
            head.number,
            kind,
            code,
            modifiers,
            elements.money(head, 2),
            elements.money_or_zero(head, 3),
            elements.number_if_given(head, 5),
            sent_code,
            sent_modifiers,
            elements.number_if_given(head, 7),
            first,
            days.get(DateKind.SERVICE_TO) or first,
            _first(loop.refs, Reference.LINE_CONTROL_NUMBER),
            next((amount for kind, amount in loop.amounts if kind == AmountKind.ALLOWED), None),
            tuple(loop.adjustments),
            tuple(loop.remarks),
            tuple(loop.refs),
            tuple(loop.amounts),
        )

    def _finished_claim(self, loop: _Loop) -> RemittanceClaim:
        self._finish_line()
        self._claim = None
        head, elements, days, people = loop.head, self._elements, loop.days, loop.people
        _, number, outcome, _, _, share, filing, icn, place, frequency, *_ = (
            head.elements + _NOTHING
        )
        return RemittanceClaim(
            head.number,
            number,
            outcome,
            elements.money(head, 3),
            elements.money(head, 4),
            elements.money(head, 5) if share else None,
            filing,
            icn,
            place,
            frequency,
            tuple(loop.adjustments),
            tuple(loop.lines),
            people.get(Entity.PATIENT),
            people.get(Entity.SUBSCRIBER),
            people.get(Entity.CORRECTED_SUBSCRIBER),
            people.get(Entity.RENDERING_PROVIDER),
            people.get(Entity.CROSSOVER_CARRIER),
            days.get(DateKind.STATEMENT_FROM),
            days.get(DateKind.STATEMENT_TO),
            days.get(DateKind.CLAIM_RECEIVED),
            days.get(DateKind.COVERAGE_EXPIRES),
            tuple(loop.remarks),
            tuple(loop.refs),
            tuple(loop.amounts),
        )

    _READERS = {
        "BPR": _bpr,
        "TRN": _trn,
        "N1": _n1,
        "LX": _lx,
        "PLB": _plb,
        "CLP": _clp,
        "SVC": _svc,
        "CAS": _cas,
        "NM1": _nm1,
        "REF": _ref,
        "DTM": _dtm,
        "AMT": _amt,
        "MOA": _moa,
        "MIA": _mia,
        "LQ": _lq,
    }


@lru_cache(maxsize=4096)
def _procedure(text: str, component: str) -> tuple[str, str, tuple[str, ...]]:
    """A composite of kind, code and up to four modifiers (SVC01, SVC06)."""
    parts = text.split(component)
    code = parts[1] if len(parts) > 1 else ""
    return parts[0], code, tuple(each for each in parts[2:6] if each)


def _first(references: list[tuple[str, str]], kind: str) -> str:
    for each, value in references:
        if each == kind:
            return value
    return ""


def read(source: Source, problems: ProblemLog | None = None) -> Iterator[Remittance]:
    """The remittances of a file, one for each 835 transaction set, streaming.

    Each carries the problems of its own segments; the file's (envelope, odd bytes) are in
    `problems` too, complete once the iteration ends: only then is a file known to be whole.
    """
    log = ProblemLog() if problems is None else problems
    for transaction in EnvelopeReader(source, log).transaction_sets():
        if transaction.set_id != "835":
            continue
        mark, errors = len(log), log.errors
        reader = RemittanceReader(transaction, log)
        claims = tuple(reader)
        yield Remittance(
            control_number=transaction.control_number,
            segment=transaction.segment,
            interchange=transaction.interchange,
            group=transaction.group,
            payment=reader.payment,
            claims=claims,
            provider_adjustments=tuple(reader.provider_adjustments),
            problems=log.since(mark),
            errors=log.errors - errors,
        )
