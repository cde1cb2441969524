"""ISA/GS/ST to SE/GE/IEA on the way out: the counts and control numbers write themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time

from backoffice.edi import values
from backoffice.edi.envelope.shapes import Group, Interchange
from backoffice.edi.segments import Change, Element, Writer


class BadEnvelope(ValueError):
    """An envelope value that X12 can't carry: says which element, never its value."""


class EnvelopeWriter:
    """Writes one interchange of any transaction sets.

        envelope = EnvelopeWriter(interchange)
        with envelope.group(group), envelope.transaction_set("835", "0001"):
            envelope.add("BPR", "I", values.amount_text(paid), "C", ...)
        data = envelope.finish()

    Elements are written by segments.Writer's law: plain strings as they are or refused, Text
    cleaned (see `changes`). TA1 is added between the interchange and its first group.
    """

    def __init__(self, interchange: Interchange, *, newline: bool = False) -> None:
        self._writer = Writer(interchange.delimiters, newline=newline)
        self._interchange = interchange
        self._groups = 0
        self._sets = 0
        self._write_header()

    @property
    def changes(self) -> list[Change]:
        """What was changed in people's words on the way out, by place."""
        return self._writer.changes

    @property
    def count(self) -> int:
        """How many segments are written so far."""
        return self._writer.count

    def add(self, segment_id: str, *elements: Element) -> None:
        """Write one segment; element 1 is the first after the id."""
        self._writer.segment(segment_id, *elements)

    @contextmanager
    def group(self, group: Group) -> Iterator[None]:
        """A functional group, GS to GE."""
        number = group.control_number
        if not (number.isdecimal() and 1 <= len(number) <= 9 and not number.startswith("0")):
            raise BadEnvelope("GS06 is one to nine digits without leading zeros")
        self.add(
            "GS",
            group.functional_id,
            group.sender_code,
            group.receiver_code,
            values.day_text(_given(group.day, "GS04")),
            values.clock_text(_given_time(group.clock, "GS05")),
            number,
            "X",
            group.guide,
        )
        self._groups += 1
        self._sets = 0
        yield
        self.add("GE", str(self._sets), number)

    @contextmanager
    def transaction_set(self, set_id: str, control_number: str, guide: str = "") -> Iterator[None]:
        """A transaction set, ST to SE. `guide` is ST03, which an 835 does not have."""
        if not (4 <= len(control_number) <= 9 and control_number.isalnum()):
            raise BadEnvelope("ST02 is four to nine letters or digits")
        before = self._writer.count
        self.add("ST", set_id, control_number, guide)
        yield
        self._sets += 1
        self.add("SE", str(self._writer.count - before + 1), control_number)

    def finish(self) -> bytes:
        """Close the interchange (IEA) and give its bytes."""
        self.add("IEA", str(self._groups), self._interchange.control_number)
        return self._writer.to_bytes()

    def _write_header(self) -> None:
        header = self._interchange
        number = header.control_number
        if not (len(number) == 9 and number.isdecimal()):
            raise BadEnvelope("ISA13 is nine digits")
        if header.usage not in {"P", "T"}:
            raise BadEnvelope("ISA15 is P or T")
        self._writer.interchange_header(
            [
                "00",
                " " * 10,
                "00",
                " " * 10,
                _wide(header.sender_qualifier, 2, "ISA05"),
                _wide(header.sender_id, 15, "ISA06"),
                _wide(header.receiver_qualifier, 2, "ISA07"),
                _wide(header.receiver_id, 15, "ISA08"),
                values.day_text(_given(header.day, "ISA09"))[2:],
                values.clock_text(_given_time(header.clock, "ISA10")),
                header.delimiters.repetition,
                _wide(header.version, 5, "ISA12"),
                number,
                "1" if header.acknowledgement_requested else "0",
                header.usage,
            ]
        )


def _wide(value: str, width: int, element: str) -> str:
    if not 1 <= len(value) <= width:
        raise BadEnvelope(f"{element} is one to {width} characters")
    return value.ljust(width)


def _given(value: date | None, element: str) -> date:
    if value is None:
        raise BadEnvelope(f"{element} is required")
    return value


def _given_time(value: time | None, element: str) -> time:
    if value is None:
        raise BadEnvelope(f"{element} is required")
    return value
