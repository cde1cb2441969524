"""ISA/GS/ST to SE/GE/IEA on the way in: open, close, count, check control numbers."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from backoffice.edi import values
from backoffice.edi.envelope.shapes import Group, Interchange, InterchangeReply, TransactionSet
from backoffice.edi.problems import ProblemCode, ProblemLog, Severity
from backoffice.edi.qualifiers import FUNCTIONAL_GROUP
from backoffice.edi.segments import Segment, SegmentReader, Source

_ENVELOPE = frozenset({"ISA", "IEA", "GS", "GE", "ST"})
_T = TypeVar("_T")


class EnvelopeReader:
    """A file's transaction sets and TA1 segments, in order; iterate it once.

    Streams: a TransactionSet's segments must be used before the next one is asked for; what is
    left of it then is read past. All that the envelope gets wrong goes to `problems`.
    """

    def __init__(self, source: Source, problems: ProblemLog | None = None) -> None:
        self.problems = ProblemLog() if problems is None else problems
        self.interchanges = 0
        self.groups = 0
        self.sets = 0
        self._reader = SegmentReader(source, self.problems)
        self._segments = iter(self._reader)
        self._waiting: Segment | None = None
        self._interchange: Interchange | None = None
        self._group: Group | None = None
        self._groups_inside = 0
        self._sets_inside = 0
        self._interchange_numbers: set[tuple[str, str, str]] = set()
        self._group_numbers: set[str] = set()
        self._set_numbers: set[str] = set()

    def __iter__(self) -> Iterator[TransactionSet | InterchangeReply]:
        while (segment := self._next()) is not None:
            opener = self._OPENERS.get(segment.elements[0])
            if opener is not None:
                opener(self, segment)
            elif segment.elements[0] == "ST":
                body = self._body(segment)
                yield self._opened_set(segment, body)
                for _ in body:
                    pass
            elif segment.elements[0] == "TA1":
                yield InterchangeReply(self._interchange, segment)
            else:
                self._out_of_place(segment)
        self._close_group_unfinished()
        self._close_interchange_unfinished()

    def transaction_sets(self) -> Iterator[TransactionSet]:
        """The transaction sets alone."""
        for unit in self:
            if isinstance(unit, TransactionSet):
                yield unit

    def _next(self) -> Segment | None:
        if self._waiting is not None:
            segment, self._waiting = self._waiting, None
            return segment
        return next(self._segments, None)

    def _out_of_place(self, segment: Segment) -> None:
        self.problems.add(
            ProblemCode.OUT_OF_PLACE,
            "A segment stands outside any transaction set.",
            segment=segment.number,
        )

    # --- the interchange

    def _open_interchange(self, segment: Segment) -> None:
        self._close_group_unfinished()
        self._close_interchange_unfinished()
        self.interchanges += 1
        self._groups_inside = 0
        self._group_numbers = set()
        get = segment.get
        header = Interchange(
            sender_qualifier=get(5).strip(),
            sender_id=get(6).strip(),
            receiver_qualifier=get(7).strip(),
            receiver_id=get(8).strip(),
            day=self._value(values.short_day, segment, 9),
            clock=self._value(values.clock, segment, 10),
            version=get(12),
            control_number=get(13),
            acknowledgement_requested=get(14) == "1",
            usage=get(15),
            delimiters=self._reader.delimiters,
            segment=segment.number,
        )
        self._interchange = header
        self._check_interchange(header)

    def _check_interchange(self, header: Interchange) -> None:
        checks = (
            (len(header.control_number) == 9 and header.control_number.isdigit(), "ISA13"),
            (header.version.startswith("005"), "ISA12"),
            (header.usage in {"P", "T"}, "ISA15"),
            (bool(header.sender_id), "ISA06"),
            (bool(header.receiver_id), "ISA08"),
        )
        for fine, element in checks:
            if not fine:
                self._bad_value(header.segment, element)
        key = (header.sender_id, header.receiver_id, header.control_number)
        if key in self._interchange_numbers:
            self._repeated(header.segment, "ISA13", Severity.WARNING)
        self._interchange_numbers.add(key)

    def _close_interchange(self, segment: Segment) -> None:
        self._close_group_unfinished()
        header, self._interchange = self._interchange, None
        if header is None:
            self._out_of_place(segment)
            return
        self._count(segment, "IEA01", self._groups_inside)
        self._same(segment, "IEA02", header.control_number)

    def _close_interchange_unfinished(self) -> None:
        if self._interchange is not None:
            self._truncated(self._interchange.segment, "ISA", "IEA")
            self._interchange = None

    # --- the group

    def _open_group(self, segment: Segment) -> None:
        self._close_group_unfinished()
        self.groups += 1
        self._groups_inside += 1
        self._sets_inside = 0
        self._set_numbers = set()
        get = segment.get
        self._group = Group(
            functional_id=get(1),
            sender_code=get(2),
            receiver_code=get(3),
            day=self._value(values.day, segment, 4),
            clock=self._value(values.clock, segment, 5),
            control_number=get(6),
            guide=get(8),
            segment=segment.number,
        )
        number = get(6)
        if not (number.isdigit() and len(number) <= 9):
            self._bad_value(segment.number, "GS06")
        if number in self._group_numbers:
            self._repeated(segment.number, "GS06", Severity.ERROR)
        self._group_numbers.add(number)

    def _close_group(self, segment: Segment) -> None:
        group, self._group = self._group, None
        if group is None:
            self._out_of_place(segment)
            return
        self._count(segment, "GE01", self._sets_inside)
        self._same(segment, "GE02", group.control_number)

    def _close_group_unfinished(self) -> None:
        if self._group is not None:
            self._truncated(self._group.segment, "GS", "GE")
            self._group = None

    # --- the transaction set

    def _opened_set(self, segment: Segment, body: Iterator[Segment]) -> TransactionSet:
        self.sets += 1
        self._sets_inside += 1
        group = self._group
        guide = segment.get(3)
        opened = TransactionSet(
            set_id=segment.get(1),
            control_number=segment.get(2),
            guide=guide or (group.guide if group else ""),
            segment=segment.number,
            interchange=self._interchange,
            group=group,
            delimiters=self._reader.delimiters,
            segments=body,
        )
        self._check_set(opened, guide)
        return opened

    def _check_set(self, opened: TransactionSet, guide: str) -> None:
        number, group = opened.control_number, opened.group
        if not (4 <= len(number) <= 9 and number.isalnum()):
            self._bad_value(opened.segment, "ST02")
        if number in self._set_numbers:
            self._repeated(opened.segment, "ST02", Severity.ERROR)
        self._set_numbers.add(number)
        if group is None:
            return
        if guide and group.guide and guide != group.guide:
            self.problems.add(
                ProblemCode.WRONG_GUIDE,
                "The transaction set names another guide than its group.",
                segment=opened.segment,
                element="ST03",
            )
        expected = FUNCTIONAL_GROUP.get(opened.set_id)
        if expected is not None and group.functional_id != expected:
            self._bad_value(group.segment, "GS01")

    def _body(self, first: Segment) -> Iterator[Segment]:
        control_number = first.get(2)
        count = 1
        yield first
        for segment in self._segments:
            name = segment.elements[0]
            if name in _ENVELOPE:
                self._waiting = segment
                break
            count += 1
            if name == "SE":
                self._count(segment, "SE01", count)
                self._same(segment, "SE02", control_number)
                yield segment
                return
            yield segment
        self._truncated(first.number, "ST", "SE")

    # --- words

    def _value(self, read: Callable[[str], _T], segment: Segment, position: int) -> _T | None:
        try:
            return read(segment.get(position))
        except values.UnreadableValue:
            self._bad_value(segment.number, f"{segment.id}{position:02}")
            return None

    def _bad_value(self, number: int, element: str) -> None:
        self.problems.add(
            ProblemCode.BAD_ENVELOPE_VALUE,
            f"{element} does not hold what an envelope needs there.",
            segment=number,
            element=element,
        )

    def _repeated(self, number: int, element: str, severity: Severity) -> None:
        self.problems.add(
            ProblemCode.CONTROL_NUMBER_REPEATED,
            f"{element} was used before in this file: control numbers are used once.",
            segment=number,
            element=element,
            severity=severity,
        )

    def _count(self, segment: Segment, element: str, found: int) -> None:
        said = segment.get(1)
        if not (said.isdecimal() and len(said) <= 10 and int(said) == found):
            self.problems.add(
                ProblemCode.COUNT_MISMATCH,
                f"{element} says another count than the {found} found.",
                segment=segment.number,
                element=element,
            )

    def _same(self, segment: Segment, element: str, expected: str) -> None:
        if segment.get(2) != expected:
            self.problems.add(
                ProblemCode.CONTROL_NUMBER_MISMATCH,
                f"{element} is not the control number that its header has.",
                segment=segment.number,
                element=element,
            )

    def _truncated(self, number: int, opened: str, missing: str) -> None:
        self.problems.add(
            ProblemCode.TRUNCATED,
            f"The {opened} opened at segment {number} is never closed: {missing} is missing.",
            segment=number,
            element=missing,
        )

    _OPENERS = {
        "ISA": _open_interchange,
        "IEA": _close_interchange,
        "GS": _open_group,
        "GE": _close_group,
    }
