"""What can be wrong with a file: a place, a code, a weight and plain words, never the data."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a receiver would refuse the file for it (error) or only wonder (warning)."""

    ERROR = "error"
    WARNING = "warning"


class ProblemCode(StrEnum):
    """The kinds of problems, grouped by the part of the file that they are found in."""

    # the bytes
    NOT_X12 = "not_x12"
    NO_INTERCHANGE_HEADER = "no_interchange_header"
    TEXT_OUTSIDE_INTERCHANGE = "text_outside_interchange"
    BYTE_ORDER_MARK = "byte_order_mark"
    NOT_ASCII = "not_ascii"
    BROKEN_INTERCHANGE_HEADER = "broken_interchange_header"
    SEGMENT_TOO_LONG = "segment_too_long"
    SEGMENT_NOT_TERMINATED = "segment_not_terminated"
    EMPTY_SEGMENT = "empty_segment"
    TRAILING_SEPARATORS = "trailing_separators"
    # the envelope
    TRUNCATED = "truncated"
    NO_CONTENT = "no_content"
    OUT_OF_PLACE = "out_of_place"
    CONTROL_NUMBER_MISMATCH = "control_number_mismatch"
    CONTROL_NUMBER_REPEATED = "control_number_repeated"
    COUNT_MISMATCH = "count_mismatch"
    BAD_ENVELOPE_VALUE = "bad_envelope_value"
    WRONG_GUIDE = "wrong_guide"
    MIXED_KINDS = "mixed_kinds"
    # values
    UNREADABLE_AMOUNT = "unreadable_amount"
    UNREADABLE_DATE = "unreadable_date"
    UNREADABLE_NUMBER = "unreadable_number"
    UNKNOWN_CODE = "unknown_code"
    # the shape an implementation guide asks for
    UNKNOWN_SEGMENT = "unknown_segment"
    UNEXPECTED_SEGMENT = "unexpected_segment"
    SEGMENT_OUT_OF_ORDER = "segment_out_of_order"
    SEGMENT_MISSING = "segment_missing"
    SEGMENT_REPEATED = "segment_repeated"
    LOOP_MISSING = "loop_missing"
    LOOP_REPEATED = "loop_repeated"
    ELEMENT_MISSING = "element_missing"
    ELEMENT_NOT_USED = "element_not_used"
    ELEMENT_TOO_SHORT = "element_too_short"
    ELEMENT_TOO_LONG = "element_too_long"
    BAD_CHARACTER = "bad_character"
    ELEMENTS_TOGETHER = "elements_together"
    BAD_HIERARCHY = "bad_hierarchy"
    BAD_LINE_NUMBER = "bad_line_number"
    NO_CLAIMS = "no_claims"
    # money
    LINE_OUT_OF_BALANCE = "line_out_of_balance"
    CLAIM_OUT_OF_BALANCE = "claim_out_of_balance"
    PAYMENT_OUT_OF_BALANCE = "payment_out_of_balance"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file.

    `segment` counts from 1 over the whole file (the ISA of a plain file is 1), None when it is
    about no single segment. `element` is its place in X12's way: "CLM05-3", "SVC02", or a loop.
    `code` is a ProblemCode here; other floors' findings about a file carry their own codes.
    `words` never quote a name, an id or any other personal value.
    """

    segment: int | None
    code: str
    words: str
    severity: Severity = Severity.ERROR
    element: str = ""

    @property
    def is_error(self) -> bool:
        """Whether a strict receiver would refuse the file for it."""
        return self.severity is Severity.ERROR


_UNREADABLE = frozenset(
    {
        ProblemCode.UNREADABLE_AMOUNT,
        ProblemCode.UNREADABLE_DATE,
        ProblemCode.UNREADABLE_NUMBER,
    }
)


class ProblemLog:
    """The problems met while reading one file: bounded, so that a bad file can't eat the memory.

    Past `limit` problems only the counts go on. Iterates in the order found.
    """

    def __init__(self, limit: int = 1000) -> None:
        self.limit = limit
        self.errors = 0
        self.warnings = 0
        self.unreadable_amounts = 0
        self._kept: list[Problem] = []
        self._unreadable: set[tuple[int | None, str]] = set()

    def add(
        self,
        code: ProblemCode,
        words: str,
        *,
        segment: int | None = None,
        element: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note one problem."""
        self.keep(Problem(segment, code, words, severity, element))

    def remark(
        self, code: ProblemCode, words: str, *, segment: int | None = None, element: str = ""
    ) -> None:
        """Note one problem that does not stop anybody."""
        self.keep(Problem(segment, code, words, Severity.WARNING, element))

    def keep(self, problem: Problem) -> None:
        """Note a problem that somebody else worded. A value that can't be read is noted once,
        however many readers stumble over it."""
        if problem.code in _UNREADABLE:
            place = (problem.segment, problem.element)
            if place in self._unreadable:
                return
            if len(self._unreadable) < self.limit:
                self._unreadable.add(place)
            self.unreadable_amounts += problem.code == ProblemCode.UNREADABLE_AMOUNT
        if problem.is_error:
            self.errors += 1
        else:
            self.warnings += 1
        if len(self._kept) < self.limit:
            self._kept.append(problem)

    @property
    def left_out(self) -> int:
        """How many problems were counted but not kept."""
        return self.errors + self.warnings - len(self._kept)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def since(self, mark: int) -> tuple[Problem, ...]:
        """The kept problems found after the log had `mark` of them."""
        return tuple(self._kept[mark:])
