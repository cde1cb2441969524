"""Reads 999s: which transaction sets of ours were taken or refused by their form, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from backoffice.edi.envelope import EnvelopeReader, Interchange, TransactionSet
from backoffice.edi.problems import ProblemCode, ProblemLog
from backoffice.edi.segments import Segment, Source

ACCEPTED, ACCEPTED_WITH_ERRORS, REJECTED, PARTLY = "A", "E", "R", "P"
"""IK501 and AK901; M, W and X (security) are refusals too. P stands only in AK901."""


@dataclass(frozen=True, slots=True)
class ElementError:
    """One element in error (IK4). The bad value itself (IK404) is not kept: it may be personal."""

    element: int  # IK401-1
    component: int | None  # IK401-2
    data_element: str  # IK402
    code: str  # IK403: 1 missing, 4 short, 5 long, 6 character, 7 code, 8 date ... I9-I13
    segment: int


@dataclass(frozen=True, slots=True)
class SegmentError:
    """One segment in error (IK3): `position` counts from the ST (1) of our transaction set."""

    segment_id: str  # IK301
    position: int | None  # IK302
    loop: str  # IK303
    code: str  # IK304: 1 unrecognised, 3 missing, 8 has element errors, I4 not used ...
    contexts: tuple[tuple[str, str], ...]  # CTX: (name, value), for example (CLM01, our number)
    elements: tuple[ElementError, ...]
    segment: int

    @property
    def patient_control_number(self) -> str:
        """The claim it is about, where the sender tells (CTX*CLM01), else empty."""
        return next((value for name, value in self.contexts if name == "CLM01"), "")


@dataclass(frozen=True, slots=True)
class SetAcknowledgement:
    """What became of one of our transaction sets (AK2 to IK5)."""

    set_id: str  # AK201
    control_number: str  # AK202: our ST02
    guide: str  # AK203
    verdict: str  # IK501: A, E, R, M, W, X; empty where IK5 is missing
    codes: tuple[str, ...]  # IK502-IK506
    errors: tuple[SegmentError, ...]
    segment: int

    @property
    def is_accepted(self) -> bool:
        """Whether the set went on, with or without remarks."""
        return self.verdict in {ACCEPTED, ACCEPTED_WITH_ERRORS}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One 999: what became of one of our functional groups (AK1 to AK9)."""

    functional_id: str  # AK101
    group_control_number: str  # AK102: our GS06
    guide: str  # AK103
    verdict: str  # AK901: A, E, P, R, M, W, X; empty where AK9 is missing
    included: int | None  # AK902: sets we said there were
    received: int | None  # AK903
    accepted: int | None  # AK904
    codes: tuple[str, ...]  # AK905-AK909
    sets: tuple[SetAcknowledgement, ...]
    control_number: str  # ST02 of the 999
    interchange: Interchange | None
    segment: int


@dataclass(slots=True)
class _Draft:
    """What is being read: the group's segments, the set's, the segment error's."""

    group: Segment | None = None
    end: Segment | None = None
    opened: Segment | None = None
    verdict: Segment | None = None
    fault: Segment | None = None
    contexts: list[tuple[str, str]] = field(default_factory=list)
    elements: list[ElementError] = field(default_factory=list)
    errors: list[SegmentError] = field(default_factory=list)
    sets: list[SetAcknowledgement] = field(default_factory=list)


def read(source: Source, problems: ProblemLog | None = None) -> Iterator[Acknowledgement]:
    """The 999s of a file, one for each transaction set of that kind; problems go to the log."""
    log = ProblemLog() if problems is None else problems
    for transaction in EnvelopeReader(source, log).transaction_sets():
        if transaction.set_id == "999":
            yield read_set(transaction, log)


def read_set(transaction: TransactionSet, problems: ProblemLog) -> Acknowledgement:
    """One 999 transaction set."""
    draft = _Draft()
    component = transaction.delimiters.component
    for segment in transaction.segments:
        reader = _READERS.get(segment.elements[0])
        if reader is not None:
            reader(draft, segment, component)
    _close_set(draft)
    group = draft.group or Segment(transaction.segment, ["AK1"])
    end = draft.end or Segment(transaction.segment, ["AK9"])
    for name, found in (("AK1", draft.group), ("AK9", draft.end)):
        if found is None:
            problems.add(
                ProblemCode.SEGMENT_MISSING,
                f"The acknowledgement has no {name}.",
                segment=transaction.segment,
                element=name,
            )
    return Acknowledgement(
        functional_id=group.get(1),
        group_control_number=group.get(2),
        guide=group.get(3),
        verdict=end.get(1),
        included=_count(end.get(2)),
        received=_count(end.get(3)),
        accepted=_count(end.get(4)),
        codes=_codes(end, 5),
        sets=tuple(draft.sets),
        control_number=transaction.control_number,
        interchange=transaction.interchange,
        segment=transaction.segment,
    )


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def _codes(segment: Segment, start: int) -> tuple[str, ...]:
    return tuple(each for each in segment.elements[start:] if each)


def _ak1(draft: _Draft, segment: Segment, _component: str) -> None:
    draft.group = segment


def _ak2(draft: _Draft, segment: Segment, _component: str) -> None:
    _close_set(draft)
    draft.opened = segment


def _ik3(draft: _Draft, segment: Segment, _component: str) -> None:
    _close_fault(draft)
    draft.fault = segment


def _ik4(draft: _Draft, segment: Segment, component: str) -> None:
    draft.elements.append(
        ElementError(
            element=_count(segment.component(1, 1, component)) or 0,
            component=_count(segment.component(1, 2, component)),
            data_element=segment.get(2),
            code=segment.get(3),
            segment=segment.number,
        )
    )


def _ctx(draft: _Draft, segment: Segment, component: str) -> None:
    name, _, value = segment.get(1).partition(component)
    draft.contexts.append((name, value))


def _ik5(draft: _Draft, segment: Segment, _component: str) -> None:
    draft.verdict = segment


def _ak9(draft: _Draft, segment: Segment, _component: str) -> None:
    draft.end = segment


def _close_fault(draft: _Draft) -> None:
    fault, draft.fault = draft.fault, None
    if fault is not None:
        draft.errors.append(
            SegmentError(
                segment_id=fault.get(1),
                position=_count(fault.get(2)),
                loop=fault.get(3),
                code=fault.get(4),
                contexts=tuple(draft.contexts),
                elements=tuple(draft.elements),
                segment=fault.number,
            )
        )
    draft.contexts, draft.elements = [], []


def _close_set(draft: _Draft) -> None:
    _close_fault(draft)
    opened, draft.opened = draft.opened, None
    verdict = draft.verdict or Segment(0, ["IK5"])
    if opened is not None:
        draft.sets.append(
            SetAcknowledgement(
                set_id=opened.get(1),
                control_number=opened.get(2),
                guide=opened.get(3),
                verdict=verdict.get(1),
                codes=_codes(verdict, 2),
                errors=tuple(draft.errors),
                segment=opened.number,
            )
        )
    draft.errors, draft.verdict = [], None


_READERS = {
    "AK1": _ak1,
    "AK2": _ak2,
    "IK3": _ik3,
    "IK4": _ik4,
    "CTX": _ctx,
    "IK5": _ik5,
    "AK9": _ak9,
}
