"""Reads 277CAs: which claims were taken or refused; plain 277s (status answers) read as well."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from backoffice.edi.elements import ElementReader
from backoffice.edi.envelope import EnvelopeReader, Interchange, TransactionSet
from backoffice.edi.problems import ProblemLog
from backoffice.edi.qualifiers import DateKind, Level, Reference
from backoffice.edi.segments import Segment, Source

_CLAIM_LEVELS = frozenset({Level.PATIENT, Level.SUBSCRIBER, Level.DEPENDENT})


@dataclass(frozen=True, slots=True)
class StatusCode:
    """One status: `category` (A1, A2, A3, A7, F1 ...), `code` (code list 508), `entity`."""

    category: str
    code: str
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """One STC: up to three codes (STC01, STC10, STC11) on a day.

    `action` is STC03, WQ accepted or U refused in a 277CA; `words` STC12, the sender's own.
    """

    codes: tuple[StatusCode, ...]
    day: date | None  # STC02
    action: str  # STC03
    amount: Decimal | None  # STC04
    words: str  # STC12
    segment: int

    @property
    def category(self) -> str:
        """The first code's category, which the others only explain."""
        return self.codes[0].category if self.codes else ""


@dataclass(frozen=True, slots=True)
class LineStatus:
    """What was said of one service line (loop 2220D)."""

    procedure_code: str  # SVC01-2
    charge_amount: Decimal | None  # SVC02
    line_control_number: str  # REF*FJ
    statuses: tuple[Status, ...]
    segment: int


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """What was said of one claim (loop 2200D)."""

    patient_control_number: str  # TRN02: our CLM01
    statuses: tuple[Status, ...]
    payer_claim_control_number: str  # REF*1K
    trace: str  # REF*D9: ours, echoed
    member_id: str  # NM1*QC or NM1*IL, NM109
    first_day: date | None  # DTP*472
    last_day: date | None
    lines: tuple[LineStatus, ...]
    references: tuple[tuple[str, str], ...]
    segment: int


@dataclass(frozen=True, slots=True)
class LevelStatus:
    """What was said of a whole batch (receiver level) or of all claims of a provider.

    `level` is HL03 (21 receiver, 19 provider); `trace` TRN02: at the receiver level our BHT03.
    """

    level: str
    name: str
    id: str
    trace: str
    statuses: tuple[Status, ...]
    segment: int


@dataclass(frozen=True, slots=True)
class StatusReport:
    """One 277 transaction set."""

    control_number: str  # ST02
    guide: str
    reference: str  # BHT03: theirs
    kind: str  # BHT06: TH for a claim acknowledgement
    source_name: str  # NM1*PR or AY at HL 20: who answers
    source_id: str
    levels: tuple[LevelStatus, ...]
    claims: tuple[ClaimStatus, ...]
    interchange: Interchange | None
    segment: int

    @property
    def batch_trace(self) -> str:
        """Our BHT03, from the receiver level's TRN02; empty when the sender leaves it out."""
        return next((each.trace for each in self.levels if each.level == Level.RECEIVER), "")


@dataclass(slots=True)
class _Draft:
    """One claim, line or level being read."""

    trace: str
    segment: int
    statuses: list[Status] = field(default_factory=list)
    references: list[tuple[str, str]] = field(default_factory=list)
    days: tuple[date, date] | None = None
    lines: list["_Draft"] = field(default_factory=list)
    head: Segment | None = None
    member_id: str = ""


class StatusReader:
    """The claims of one 277 transaction set, streaming; iterate it once.

    Afterwards `levels` holds what was said of the whole batch and of providers.
    """

    def __init__(self, transaction: TransactionSet, problems: ProblemLog) -> None:
        self._transaction = transaction
        self.elements = ElementReader(problems)
        self.component = transaction.delimiters.component
        self.head = Segment(transaction.segment, ["BHT"])
        self.source = Segment(transaction.segment, ["NM1"])
        self.levels: list[LevelStatus] = []
        self._claims: list[ClaimStatus] = []
        self._level = ""
        self._name: Segment | None = None
        self._above: _Draft | None = None
        self._claim: _Draft | None = None
        self._current: _Draft | None = None

    def __iter__(self) -> Iterator[ClaimStatus]:
        for segment in self._transaction.segments:
            reader = self._READERS.get(segment.elements[0])
            if reader is not None:
                reader(self, segment)
            if self._claims:
                yield self._claims.pop()
        self._finish()
        yield from self._claims

    def _finish(self) -> None:
        self._close_claim()
        self._close_level()

    def _bht(self, segment: Segment) -> None:
        self.head = segment

    def _hl(self, segment: Segment) -> None:
        self._finish()
        self._level = segment.get(3)
        self._name = self._current = None
        if self._level in {Level.RECEIVER, Level.PROVIDER}:
            self._above = self._current = _Draft("", segment.number)

    def _nm1(self, segment: Segment) -> None:
        if self._level == Level.SOURCE:
            self.source = segment
        if self._claim is None:
            self._name = segment

    def _trn(self, segment: Segment) -> None:
        if self._level in _CLAIM_LEVELS:
            self._close_claim()
            self._claim = self._current = _Draft(segment.get(2), segment.number)
            self._claim.member_id = self._name.get(9) if self._name else ""
        elif self._above is not None:
            self._above.trace = segment.get(2)

    def _stc(self, segment: Segment) -> None:
        if self._current is None:
            return
        codes = [self._code(segment.get(place)) for place in (1, 10, 11) if segment.get(place)]
        self._current.statuses.append(
            Status(
                codes=tuple(codes),
                day=self.elements.day_if_given(segment, 2),
                action=segment.get(3),
                amount=self.elements.money(segment, 4) if segment.get(4) else None,
                words=segment.get(12),
                segment=segment.number,
            )
        )

    def _code(self, text: str) -> StatusCode:
        parts = [*text.split(self.component), "", ""]
        return StatusCode(parts[0], parts[1], parts[2])

    def _ref(self, segment: Segment) -> None:
        if self._current is not None:
            self._current.references.append((segment.get(1), segment.get(2)))

    def _dtp(self, segment: Segment) -> None:
        if self._current is not None and segment.get(1) == DateKind.SERVICE:
            self._current.days = self.elements.period(segment, 3, segment.get(2))

    def _svc(self, segment: Segment) -> None:
        if self._claim is not None:
            self._current = _Draft("", segment.number, head=segment)
            self._claim.lines.append(self._current)

    def _close_claim(self) -> None:
        draft, self._claim = self._claim, None
        if draft is None:
            return
        first, last = draft.days or (None, None)
        self._claims.append(
            ClaimStatus(
                patient_control_number=draft.trace,
                statuses=tuple(draft.statuses),
                payer_claim_control_number=_reference(draft, Reference.PAYER_CLAIM_NUMBER_IN_277),
                trace=_reference(draft, Reference.CLEARINGHOUSE_TRACE),
                member_id=draft.member_id,
                first_day=first,
                last_day=last,
                lines=tuple(self._line(each) for each in draft.lines),
                references=tuple(draft.references),
                segment=draft.segment,
            )
        )

    def _line(self, draft: _Draft) -> LineStatus:
        head = draft.head or Segment(draft.segment, ["SVC"])
        return LineStatus(
            procedure_code=head.component(1, 2, self.component),
            charge_amount=self.elements.money(head, 2) if head.get(2) else None,
            line_control_number=_reference(draft, Reference.LINE_ITEM_IN_277),
            statuses=tuple(draft.statuses),
            segment=draft.segment,
        )

    def _close_level(self) -> None:
        draft, self._above = self._above, None
        if draft is None:
            return
        name = self._name or Segment(draft.segment, ["NM1"])
        self.levels.append(
            LevelStatus(
                level=self._level,
                name=name.get(3),
                id=name.get(9),
                trace=draft.trace,
                statuses=tuple(draft.statuses),
                segment=draft.segment,
            )
        )

    _READERS = {
        "BHT": _bht,
        "HL": _hl,
        "NM1": _nm1,
        "TRN": _trn,
        "STC": _stc,
        "REF": _ref,
        "DTP": _dtp,
        "SVC": _svc,
    }


def _reference(draft: _Draft, kind: str) -> str:
    return next((value for each, value in draft.references if each == kind), "")


def read(source: Source, problems: ProblemLog | None = None) -> Iterator[StatusReport]:
    """The 277s of a file, one for each transaction set; problems go to the log."""
    log = ProblemLog() if problems is None else problems
    for transaction in EnvelopeReader(source, log).transaction_sets():
        if transaction.set_id == "277":
            yield read_set(transaction, log)


def read_set(transaction: TransactionSet, problems: ProblemLog) -> StatusReport:
    """One 277 transaction set, of a claim acknowledgement (X214) or a status answer (X212)."""
    reader = StatusReader(transaction, problems)
    claims = tuple(reader)
    return StatusReport(
        control_number=transaction.control_number,
        guide=transaction.guide,
        reference=reader.head.get(3),
        kind=reader.head.get(6),
        source_name=reader.source.get(3),
        source_id=reader.source.get(9),
        levels=tuple(reader.levels),
        claims=claims,
        interchange=transaction.interchange,
        segment=transaction.segment,
    )
