"""Segments to bytes: clean or refuse what the format can't carry, and say what was changed."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.edi.segments.shapes import Delimiters


class NotInCharacterSet(ValueError):
    """A code or number that holds a character which X12 can't carry. Says where, never what."""


class EmptySegment(ValueError):
    """A segment was asked for with no element in it."""


class Text(str):
    """Words for people (names, streets, notes): may be cleaned on the way out, unlike numbers."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What the writer did to somebody's words, by place: `kind` is upper_case, accents,
    characters or blanks. Upper-casing alone is the rule of the format and is not reported."""

    segment: int
    element: str
    kind: str


Element = str | Sequence[str] | None
"""An element to write: a code or number, Text, a composite as a sequence, or nothing."""

_EXTENDED = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    " !\"&'()*+,-./:;?=%~@[]_{}\\|<>#$^"
)


class Writer:
    """Segments to bytes: the one door by which X12 leaves this house.

    Plain strings (codes, numbers, ids) are written as they are or refused with NotInCharacterSet;
    `Text` is upper-cased, loses its accents, gets blanks for what the format can't carry (the
    delimiters among it) and has its blanks tidied; `changes` says where. Trailing empty elements
    and components are left out.
    """

    def __init__(self, delimiters: Delimiters | None = None, *, newline: bool = False) -> None:
        self.delimiters = delimiters or Delimiters()
        self.changes: list[Change] = []
        self.count = 0
        self._end = self.delimiters.segment + ("\n" if newline else "")
        self._lines: list[str] = []
        self._reserved = frozenset(
            (
                self.delimiters.element,
                self.delimiters.component,
                self.delimiters.segment,
                self.delimiters.repetition,
            )
        )

    def segment(self, segment_id: str, *elements: Element) -> None:
        """Write one segment; element 1 is the first after the id."""
        written = [
            self._element(segment_id, place, element)
            for place, element in enumerate(elements, start=1)
        ]
        while written and not written[-1]:
            written.pop()
        if not written:
            raise EmptySegment(f"{segment_id} has no element")
        self._put(self.delimiters.element.join([segment_id, *written]))

    def interchange_header(self, elements: Sequence[str]) -> None:
        """Write an ISA from its first fifteen elements, already at their fixed widths."""
        cleaned = [
            element if place == 11 else self._plain(f"ISA{place:02}", element)
            for place, element in enumerate(elements, start=1)
        ]
        self._put(self.delimiters.element.join(["ISA", *cleaned, self.delimiters.component]))

    def to_bytes(self) -> bytes:
        """Everything written so far."""
        return "".join(self._lines).encode("ascii")

    def _put(self, line: str) -> None:
        self.count += 1
        self._lines.append(line + self._end)

    def _element(self, segment_id: str, place: int, element: Element) -> str:
        name = f"{segment_id}{place:02}"
        if element is None or element == "":
            return ""
        if isinstance(element, str):
            return self._cleaned(name, element)
        parts = [
            self._cleaned(f"{name}-{part}", component) if component else ""
            for part, component in enumerate(element, start=1)
        ]
        while parts and not parts[-1]:
            parts.pop()
        return self.delimiters.component.join(parts)

    def _cleaned(self, name: str, value: str) -> str:
        return self._words(name, value) if isinstance(value, Text) else self._plain(name, value)

    def _plain(self, name: str, value: str) -> str:
        if any(each in self._reserved or each not in _EXTENDED for each in value):
            raise NotInCharacterSet(f"{name} holds a character that X12 can't carry there")
        return value

    def _words(self, name: str, value: str) -> str:
        upper = value.upper()
        plain = without_accents(upper)
        if plain != upper:
            self._changed(name, "accents")
        kept = "".join(
            each if each in _EXTENDED and each not in self._reserved else " " for each in plain
        )
        if kept != plain:
            self._changed(name, "characters")
        tidy = " ".join(kept.split())
        if tidy != kept:
            self._changed(name, "blanks")
        return tidy

    def _changed(self, name: str, kind: str) -> None:
        self.changes.append(Change(self.count + 1, name, kind))


_LETTERS = str.maketrans(
    {"ß": "SS", "Ø": "O", "Æ": "AE", "Œ": "OE", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH"}
    | {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"}
)


def without_accents(text: str) -> str:
    """Latin letters without their marks (NFKD), and the few letters that have no decomposition."""
    if text.isascii():
        return text
    spread = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(each for each in spread if not unicodedata.combining(each))
