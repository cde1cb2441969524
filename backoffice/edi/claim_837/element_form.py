"""Is every element of a segment what the guide says: there, of its type, length and codes."""

import re
from collections.abc import Callable

from backoffice.edi import values
from backoffice.edi.claim_837.guide import CompositeRule, ElementRule, SegmentRule
from backoffice.edi.problems import ProblemCode, ProblemLog
from backoffice.edi.segments import Segment

_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_EXTERNAL = {
    "pos": re.compile(r"\d\d"),
    "states": re.compile(r"[A-Z]{2}"),
    "country": re.compile(r"[A-Z]{2,3}"),
    "currency": re.compile(r"[A-Z]{3}"),
    "remark_code": re.compile(r"[A-Z]{1,2}\d{1,4}"),
}
_PERIODS = {"DTP": (2, 3), "DMG": (1, 2), "PAT": (5, 6)}
"""Segments whose date's format stands in another element: (qualifier, value)."""


class ElementForm:
    """Checks segments of one transaction set against their rules."""

    def __init__(self, component: str, problems: ProblemLog) -> None:
        self.problems = problems
        self._component = component

    def check(self, segment: Segment, rule: SegmentRule) -> None:
        """Report all that is wrong with a segment's elements."""
        elements = segment.elements
        if len(elements) > 1 and not elements[-1]:
            self._add(ProblemCode.TRAILING_SEPARATORS, segment, "", "ends in empty elements")
        for place in range(1, max(len(elements), len(rule.elements) + 1)):
            value = elements[place] if place < len(elements) else ""
            wanted = rule.elements[place - 1] if place <= len(rule.elements) else None
            self._element(segment, f"{rule.id}{place:02}", value, wanted)
        for syntax in rule.syntax:
            self._together(segment, rule, syntax)
        if rule.id in _PERIODS:
            self._period(segment, *_PERIODS[rule.id])

    def _element(
        self, segment: Segment, name: str, value: str, rule: ElementRule | CompositeRule | None
    ) -> None:
        if not value:
            if rule is not None and rule.required:
                self._add(ProblemCode.ELEMENT_MISSING, segment, name, "is missing")
        elif rule is None:
            self._add(ProblemCode.ELEMENT_NOT_USED, segment, name, "is not used by the guide")
        elif isinstance(rule, CompositeRule):
            self._composite(segment, name, value, rule)
        elif self._component in value and segment.id != "ISA":
            self._add(ProblemCode.BAD_CHARACTER, segment, name, "holds a component separator")
        else:
            self._simple(segment, name, value, rule)

    def _composite(self, segment: Segment, name: str, value: str, rule: CompositeRule) -> None:
        parts = value.split(self._component)
        if not parts[-1]:
            self._add(ProblemCode.TRAILING_SEPARATORS, segment, name, "ends in empty components")
        for place in range(1, max(len(parts), len(rule.parts)) + 1):
            part = parts[place - 1] if place <= len(parts) else ""
            wanted = rule.parts[place - 1] if place <= len(rule.parts) else None
            self._element(segment, f"{name}-{place}", part, wanted)

    def _simple(self, segment: Segment, name: str, value: str, rule: ElementRule) -> None:
        if _PRINTABLE.fullmatch(value) is None:
            self._add(ProblemCode.BAD_CHARACTER, segment, name, "holds a character not allowed")
        if not value.strip():
            self._add(ProblemCode.ELEMENT_MISSING, segment, name, "holds only blanks")
            return
        if rule.kind == "R":
            self._number(segment, name, value, rule)
            return
        self._length(segment, name, len(value), rule)
        unreadable = _UNREADABLE.get(rule.kind)
        if unreadable is not None:
            self._readable(segment, name, value, *unreadable)
        known = not rule.codes or value in rule.codes
        if not known or not self._external(value, rule.external):
            self._add(ProblemCode.UNKNOWN_CODE, segment, name, "holds a code not allowed there")

    def _number(self, segment: Segment, name: str, value: str, rule: ElementRule) -> None:
        self._length(segment, name, len(value.replace("-", "").replace(".", "")), rule)
        self._readable(segment, name, value, ProblemCode.UNREADABLE_AMOUNT, values.quantity)

    def _external(self, value: str, external: str) -> bool:
        pattern = _EXTERNAL.get(external)
        return pattern is None or pattern.fullmatch(value) is not None

    def _length(self, segment: Segment, name: str, length: int, rule: ElementRule) -> None:
        if length > rule.longest:
            words = f"is longer than {rule.longest} characters"
            self._add(ProblemCode.ELEMENT_TOO_LONG, segment, name, words)
        elif length < rule.shortest:
            words = f"is shorter than {rule.shortest} characters"
            self._add(ProblemCode.ELEMENT_TOO_SHORT, segment, name, words)

    def _readable(
        self,
        segment: Segment,
        name: str,
        value: str,
        code: ProblemCode,
        read: Callable[[str], object],
    ) -> None:
        try:
            read(value)
        except values.UnreadableValue:
            self._add(code, segment, name, "can't be read as what it should be")

    def _period(self, segment: Segment, qualifier: int, position: int) -> None:
        value = segment.get(position)
        if value:
            name = f"{segment.id}{position:02}"
            kind = segment.get(qualifier)
            self._readable(
                segment,
                name,
                value,
                ProblemCode.UNREADABLE_DATE,
                lambda text: values.days(text, kind),
            )

    def _together(self, segment: Segment, rule: SegmentRule, syntax: str) -> None:
        kind = syntax[0]
        places = [int(syntax[at : at + 2]) for at in range(1, len(syntax), 2)]
        given = [bool(segment.get(place)) for place in places]
        if not _BROKEN[kind](given):
            return
        names = ", ".join(f"{rule.id}{place:02}" for place in places)
        self._add(ProblemCode.ELEMENTS_TOGETHER, segment, "", f"breaks {_WORDS[kind]} ({names})")

    def _add(self, code: ProblemCode, segment: Segment, name: str, words: str) -> None:
        self.problems.add(
            code, f"{name or segment.id} {words}.", segment=segment.number, element=name
        )


_UNREADABLE: dict[str, tuple[ProblemCode, Callable[[str], object]]] = {
    "DT": (ProblemCode.UNREADABLE_DATE, values.day),
    "TM": (ProblemCode.UNREADABLE_DATE, values.clock),
    "N0": (ProblemCode.UNREADABLE_NUMBER, values.quantity),
}
_BROKEN: dict[str, Callable[[list[bool]], bool]] = {
    "P": lambda given: any(given) and not all(given),
    "R": lambda given: not any(given),
    "E": lambda given: sum(given) > 1,
    "C": lambda given: given[0] and not all(given),
    "L": lambda given: given[0] and not any(given[1:]),
}
_WORDS = {
    "P": "the rule of all or none",
    "R": "the rule of one at least",
    "E": "the rule of one at most",
    "C": "the rule that the first needs the others",
    "L": "the rule that the first needs one of the others",
}
