"""What a segment is made of: the delimiters of an interchange and one numbered segment."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The four separators of one interchange, each one character (ISA, ISA11, ISA16)."""

    element: str = "*"
    component: str = ":"
    segment: str = "~"
    repetition: str = "^"


class Segment(NamedTuple):
    """One segment: its place in the file (from 1) and its elements, the id first.

    So `elements[2]` is CLM02 in a CLM; use `get` where trailing elements may be left out.
    """

    number: int
    elements: list[str]

    @property
    def id(self) -> str:
        """The segment's two or three letters."""
        return self.elements[0]

    def get(self, position: int) -> str:
        """The element at `position` (1 is the first after the id), empty when left out."""
        elements = self.elements
        return elements[position] if position < len(elements) else ""

    def component(self, position: int, part: int, separator: str) -> str:
        """Component `part` (from 1) of a composite element, empty when left out."""
        parts = self.get(position).split(separator)
        return parts[part - 1] if part <= len(parts) else ""
