"""The shape that the 837P guide asks for, as rules: loops, segments, elements (from the table)."""

from dataclasses import dataclass
from functools import cache
from importlib import resources

from backoffice.edi.segments import Segment

_BY_FIRST_ELEMENT = frozenset({"NM1", "REF", "DTP", "AMT", "HI", "CRC", "QTY", "PWK", "NTE"})


@dataclass(frozen=True, slots=True)
class ElementRule:
    """What one element or component may be. `kind` is the X12 type: AN, ID, R, N0, DT, TM.

    `codes` is empty where any value of the type goes; `external` names a code list by others.
    """

    required: bool
    kind: str
    shortest: int
    longest: int
    codes: frozenset[str] = frozenset()
    external: str = ""


@dataclass(frozen=True, slots=True)
class CompositeRule:
    """What a composite element may be; None stands for a component that is not used."""

    required: bool
    parts: tuple[ElementRule | None, ...]


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A segment at its place in a loop; `repeat` 0 is any number, `slot` its turn in the loop."""

    id: str
    required: bool
    repeat: int
    slot: int
    elements: tuple[ElementRule | CompositeRule | None, ...]
    syntax: tuple[str, ...]
    qualifiers: frozenset[str]

    def takes(self, segment: Segment, component: str) -> bool:
        """Whether a segment belongs at this place, by its id and its qualifier."""
        if segment.elements[0] != self.id:
            return False
        if not self.qualifiers:
            return True
        place = 3 if self.id == "HL" else 1
        return segment.get(place).split(component, 1)[0] in self.qualifiers

    @property
    def name(self) -> str:
        """The segment with its qualifiers, for people: "REF EI/SY"."""
        return f"{self.id} {'/'.join(sorted(self.qualifiers))}".strip()


@dataclass(frozen=True, slots=True)
class LoopRule:
    """A loop: the segments and loops in it, in their order. It begins with its first segment."""

    id: str
    required: bool
    repeat: int
    slot: int
    children: tuple["SegmentRule | LoopRule", ...]

    def takes(self, segment: Segment, component: str) -> bool:
        """Whether a segment begins this loop."""
        first = self.children[0]
        return isinstance(first, SegmentRule) and first.takes(segment, component)

    @property
    def name(self) -> str:
        """The loop, for people."""
        return f"loop {self.id}"


@dataclass(frozen=True, slots=True)
class Guide:
    """A whole transaction set's rules, and all segment ids in it."""

    root: LoopRule
    segment_ids: frozenset[str]


@cache
def guide_837p() -> Guide:
    """The rules of 005010X222A1, read once from the table beside this module."""
    table = resources.files("backoffice.edi.claim_837") / "data" / "guide_837p.txt"
    lines = [
        line
        for line in table.read_text(encoding="ascii").splitlines()
        if line and not line.startswith("#")
    ]
    root = LoopRule(id="ST", required=True, repeat=1, slot=0, children=_children(lines, 0, 0)[0])
    return Guide(root, frozenset(_ids(root)))


def _ids(loop: LoopRule) -> list[str]:
    found = []
    for child in loop.children:
        found += _ids(child) if isinstance(child, LoopRule) else [child.id]
    return found


def _children(
    lines: list[str], start: int, depth: int
) -> tuple[tuple[SegmentRule | LoopRule, ...], int]:
    """The rules of one depth from line `start` on, and the line after them."""
    rules: list[SegmentRule | LoopRule] = []
    slot, at = 0, start
    while at < len(lines):
        line = lines[at]
        if len(line) - len(line.lstrip(" ")) < depth:
            break
        text = line.strip()
        if not text.startswith("+"):
            slot += 1
        text = text.removeprefix("+")
        at += 1
        if text.startswith("@"):
            name, usage, repeat = text[1:].split()
            inside, at = _children(lines, at, depth + 1)
            rules.append(LoopRule(name, usage == "R", int(repeat), slot, inside))
        else:
            rules.append(_segment(text, slot))
    return tuple(rules), at


def _segment(text: str, slot: int) -> SegmentRule:
    head, *fields = text.split(" | ")
    syntax: tuple[str, ...] = ()
    if fields and fields[-1].startswith("& "):
        syntax = tuple(fields.pop()[2:].split())
    name, usage, repeat = head.split()
    elements = tuple(_element(field) for field in fields)
    return SegmentRule(
        name, usage == "R", int(repeat), slot, elements, syntax, _qualifiers(name, elements)
    )


def _qualifiers(
    name: str, elements: tuple[ElementRule | CompositeRule | None, ...]
) -> frozenset[str]:
    if name == "HL" and isinstance(elements[2], ElementRule):
        return elements[2].codes
    first = elements[0] if elements and name in _BY_FIRST_ELEMENT else None
    if isinstance(first, CompositeRule):
        first = first.parts[0]
    return first.codes if first is not None else frozenset()


def _element(text: str) -> ElementRule | CompositeRule | None:
    if text == "-":
        return None
    if "{" in text:
        usage = text.split(" ", 1)[0]
        inside = text[text.index("{") + 1 : text.rindex("}")]
        return CompositeRule(usage == "R", tuple(_simple(part) for part in inside.split("; ")))
    return _simple(text)


def _simple(text: str) -> ElementRule | None:
    if text == "-":
        return None
    usage, kind, lengths, *rest = text.split(" ")
    shortest, longest = lengths.split("-")
    codes = rest[0] if rest else ""
    external = codes.removeprefix("=") if codes.startswith("=") else ""
    return ElementRule(
        required=usage == "R",
        kind=kind,
        shortest=int(shortest),
        longest=int(longest),
        codes=frozenset(codes.split(",")) if codes and not external else frozenset(),
        external=external,
    )
