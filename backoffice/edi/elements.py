"""Elements of segments as values: what can't be read becomes a problem with its place."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from backoffice.edi import values
from backoffice.edi.problems import ProblemCode, ProblemLog
from backoffice.edi.segments import Segment

ZERO = Decimal("0.00")
MAX_CLAIM_SEGMENTS = 50_000
"""The most segments of one claim that a reader keeps: far beyond any guide, short of any memory."""
_T = TypeVar("_T")


class ElementReader:
    """Reads elements for one file. Zero or None stands for what can't be read: nobody may act on
    a file, or on the part of it, that the log has an error for."""

    def __init__(self, problems: ProblemLog) -> None:
        self.problems = problems

    def money(self, segment: Segment, position: int) -> Decimal:
        """Dollars that have to be there."""
        try:
            return values.amount(segment.elements[position])
        except (values.UnreadableValue, IndexError):
            self.unreadable(segment, position, ProblemCode.UNREADABLE_AMOUNT)
            return ZERO

    def money_or_zero(self, segment: Segment, position: int) -> Decimal:
        """Dollars that may be left out, meaning none."""
        return self.money(segment, position) if segment.get(position) else ZERO

    def number(self, segment: Segment, position: int) -> Decimal:
        """A quantity that has to be there."""
        try:
            return values.quantity(segment.elements[position])
        except (values.UnreadableValue, IndexError):
            self.unreadable(segment, position, ProblemCode.UNREADABLE_NUMBER)
            return ZERO

    def number_if_given(self, segment: Segment, position: int) -> Decimal | None:
        """A quantity that may be left out."""
        elements = segment.elements
        if position >= len(elements) or not elements[position]:
            return None
        return self.number(segment, position)

    def day(self, segment: Segment, position: int) -> date | None:
        """A day, CCYYMMDD."""
        return self.read(segment, position, values.day)

    def day_if_given(self, segment: Segment, position: int) -> date | None:
        """A day that may be left out."""
        return self.day(segment, position) if segment.get(position) else None

    def period(self, segment: Segment, position: int, qualifier: str) -> tuple[date, date] | None:
        """One day or a period, as the qualifier (D8, RD8) says."""
        return self.read(segment, position, lambda text: values.days(text, qualifier))

    def read(self, segment: Segment, position: int, read: Callable[[str], _T]) -> _T | None:
        """Any day or period, by `read`."""
        try:
            return read(segment.get(position))
        except values.UnreadableValue:
            self.unreadable(segment, position, ProblemCode.UNREADABLE_DATE)
            return None

    def too_big(self, first: Segment | None, segment: Segment) -> bool:
        """Whether a claim that began at `first` has grown past all measure; noted once."""
        if first is None or segment.number - first.number <= MAX_CLAIM_SEGMENTS:
            return False
        if segment.number - first.number == MAX_CLAIM_SEGMENTS + 1:
            self.problems.add(
                ProblemCode.LOOP_REPEATED,
                f"A claim has more than {MAX_CLAIM_SEGMENTS} segments; the rest was left out.",
                segment=segment.number,
            )
        return True

    def unreadable(self, segment: Segment, position: int, code: ProblemCode) -> None:
        """Note an element that is not what it should be."""
        element = f"{segment.id}{position:02}"
        self.problems.add(
            code,
            f"{element} is missing or can't be read as what it should be.",
            segment=segment.number,
            element=element,
        )
