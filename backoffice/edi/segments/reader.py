"""Any bytes to numbered segments, streaming: finds the ISA and takes the delimiters from it."""

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from backoffice.edi.problems import ProblemCode, ProblemLog, Severity
from backoffice.edi.segments.shapes import Delimiters, Segment


class Readable(Protocol):
    """An open binary file."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; empty at the end."""


Source = bytes | Readable | Iterable[bytes]
"""Where a file's bytes come from: all of them, an open binary file, or chunks of any size."""

MAX_SEGMENT = 65_536  # bytes; the longest lawful 5010 segment is far below 10,000
_CHUNK = 1 << 17
_HEAD = 1 << 16  # how far in we look before we say that there is no ISA
_ISA_SPAN = 320  # an ISA is 106 bytes; a badly padded one may be a little shorter or longer
_BLANK = b" \t\r\n\0\x1a"
_BLANK_TEXT = _BLANK.decode("ascii")
_BOM = b"\xef\xbb\xbf"


def chunks(source: Source) -> Iterator[bytes]:
    """The source's bytes in pieces of a bounded size."""
    if isinstance(source, bytes):
        for start in range(0, len(source), _CHUNK):
            yield source[start : start + _CHUNK]
    elif hasattr(source, "read"):
        while piece := source.read(_CHUNK):
            yield piece
    else:
        yield from source


class SegmentReader:
    """Numbered segments out of any bytes; iterate it once.

    Finds each ISA, wherever it is, takes that interchange's delimiters from it, strips line ends
    and blanks between segments, and reads ASCII with UTF-8 and Latin-1 as fallbacks. What is odd
    goes to `problems`; nothing is repaired. A file without ISA is read by the delimiters that its
    GS or ST shows. Memory stays bounded whatever comes: a segment over MAX_SEGMENT bytes is
    reported and left out (but numbered).
    """

    def __init__(self, source: Source, problems: ProblemLog | None = None) -> None:
        self.problems = ProblemLog() if problems is None else problems
        self.delimiters = Delimiters()
        self.number = 0  # the segments split off so far, up to a block before those given out
        self.headers = 0  # the ISAs seen so far
        self._pieces = chunks(source)
        self._buffer = b""
        self._ended = False
        self._said: set[ProblemCode] = set()

    def __iter__(self) -> Iterator[Segment]:
        while self._find_header():
            yield from self._interchange()

    # --- looking for a header

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            self._ended = True
            return False
        self._buffer += piece
        return True

    def _find_header(self) -> bool:
        """Bring the next ISA to the front of the buffer and take its delimiters."""
        first = self.headers == 0
        while True:
            start = self._buffer.find(b"ISA")
            while start >= 0:
                while len(self._buffer) < start + _ISA_SPAN and self._more():
                    pass
                if self._take_header(start):
                    return True
                start = self._buffer.find(b"ISA", start + 3)
            if first and len(self._buffer) >= _HEAD and self._guess():
                return True
            if self._ended:
                return self._no_header() if first else self._rest_is_not_x12()
            if len(self._buffer) > _HEAD:
                self._drop(len(self._buffer) - 2)
            self._more()

    def _take_header(self, start: int) -> bool:
        delimiters, exact = _delimiters_of(self._buffer[start : start + _ISA_SPAN])
        if delimiters is None:
            return False
        self._drop(start)
        if not exact:
            self.problems.add(
                ProblemCode.BROKEN_INTERCHANGE_HEADER,
                "The ISA segment is not 106 characters with fixed-width elements.",
                segment=self.number + 1,
                element="ISA",
            )
        self.delimiters = delimiters
        self.headers += 1
        return True

    def _drop(self, length: int) -> None:
        """Forget bytes that are no X12, and say so if they were more than blanks."""
        dropped = self._buffer[:length]
        self._buffer = self._buffer[length:]
        if dropped.startswith(_BOM):
            dropped = dropped[len(_BOM) :]
            self._say_once(ProblemCode.BYTE_ORDER_MARK, "The file begins with a byte order mark.")
        if _ST.search(dropped):
            self.problems.add(
                ProblemCode.OUT_OF_PLACE,
                "There are transaction sets outside any readable interchange; they were not read.",
                segment=self.number + 1,
            )
        elif dropped.strip(_BLANK):
            self._say_once(
                ProblemCode.TEXT_OUTSIDE_INTERCHANGE,
                "There is text outside the interchange; it was left out.",
            )

    def _say_once(self, code: ProblemCode, words: str) -> None:
        if code not in self._said:
            self._said.add(code)
            self.problems.remark(code, words, segment=self.number + 1)

    def _no_header(self) -> bool:
        if self._guess():
            return True
        if re.search(rb"(?:\A|[^A-Za-z0-9])ISA[^A-Za-z0-9\s]", self._buffer):
            code, words = ProblemCode.BROKEN_INTERCHANGE_HEADER, "The file ends inside its ISA."
        elif self._buffer.strip(_BLANK):
            code, words = ProblemCode.NOT_X12, "This is not X12: no ISA, GS or ST was found."
        else:
            code, words = ProblemCode.NOT_X12, "The file is empty."
        self.problems.add(code, words)
        self._buffer = b""
        return False

    def _rest_is_not_x12(self) -> bool:
        self._drop(len(self._buffer))
        return False

    def _guess(self) -> bool:
        """Read on without ISA, by the separators that the first GS or ST shows."""
        found = _guessed_delimiters(self._buffer[:_HEAD])
        if found is None:
            return False
        start, self.delimiters = found
        self._drop(start)
        self.headers += 1
        self.problems.add(
            ProblemCode.NO_INTERCHANGE_HEADER,
            "There is no ISA: the separators were guessed from the first GS or ST.",
            segment=1,
        )
        return True

    # --- reading an interchange

    def _interchange(self) -> Iterator[Segment]:
        """The segments up to and with IEA, to the next ISA, or to the end of the bytes."""
        terminator = self.delimiters.segment.encode("latin-1")
        beginning = True
        while True:
            cut = self._buffer.rfind(terminator)
            if cut >= 0:
                block, self._buffer = self._buffer[: cut + 1], self._buffer[cut + 1 :]
                stop = _end_of_interchange(block, self.delimiters, past_header=beginning)
                if stop is not None:
                    self._buffer = block[stop:] + self._buffer
                    yield from self._split(block[:stop])
                    return
                beginning = False
                yield from self._split(block)
            if len(self._buffer) > MAX_SEGMENT:
                self._leave_out_segment(terminator)
            elif not self._more():
                yield from self._last()
                return

    def _leave_out_segment(self, terminator: bytes) -> None:
        self.number += 1
        self._too_long()
        while True:
            cut = self._buffer.find(terminator)
            if cut >= 0:
                self._buffer = self._buffer[cut + 1 :]
                return
            self._buffer = b""
            if not self._more():
                return

    def _split(self, block: bytes) -> list[Segment]:
        """The segments of a block of whole ones: a list, since one block is small."""
        delimiters = self.delimiters
        element, terminator = delimiters.element, delimiters.segment
        text = self._decode(block)
        for line_end in "\r\n":
            if line_end != terminator and line_end in text:
                text = text.replace(line_end, "")
        segments = []
        for piece in text.split(terminator)[:-1]:
            if not piece or piece[0] in _BLANK_TEXT:
                piece = piece.lstrip(_BLANK_TEXT)
            if not piece:
                if terminator not in "\r\n":
                    self._empty_segment()
                continue
            self.number += 1
            if len(piece) > MAX_SEGMENT:
                self._too_long()
            else:
                segments.append(Segment(self.number, piece.split(element)))
        return segments

    def _too_long(self) -> None:
        self.problems.add(
            ProblemCode.SEGMENT_TOO_LONG,
            f"A segment is longer than {MAX_SEGMENT} bytes; it was left out.",
            segment=self.number,
        )

    def _empty_segment(self) -> None:
        self.problems.add(
            ProblemCode.EMPTY_SEGMENT,
            "A terminator follows another: an empty segment.",
            segment=self.number + 1,
        )

    def _last(self) -> Iterator[Segment]:
        rest = self._buffer
        self._buffer = b""
        stripped = rest.strip(_BLANK)
        if not stripped:
            return
        self.number += 1
        text = self._decode(stripped).replace("\r", "").replace("\n", "")
        self.problems.add(
            ProblemCode.SEGMENT_NOT_TERMINATED,
            "The file ends inside a segment: it has no terminator.",
            segment=self.number,
            severity=Severity.WARNING if text.startswith("IEA") else Severity.ERROR,
        )
        yield Segment(self.number, text.split(self.delimiters.element))

    def _decode(self, block: bytes) -> str:
        if block.isascii():
            return block.decode("ascii")
        self._say_once(
            ProblemCode.NOT_ASCII, "There are characters outside ASCII; they are read as they are."
        )
        try:
            return block.decode("utf-8")
        except UnicodeDecodeError:
            return block.decode("latin-1")


def _delimiters_of(head: bytes) -> tuple[Delimiters | None, bool]:
    """The delimiters of an ISA at the front of `head`, and whether it keeps its fixed widths."""
    separator = head[3:4]
    if not _may_separate(separator):
        return None, False
    positions = [place for place in range(len(head)) if head[place : place + 1] == separator][:16]
    if len(positions) < 16 or positions[15] + 3 > len(head):
        return None, False
    last = positions[15]
    # a header that lost its terminator or its ISA16 would make a letter of the GS a separator
    component, terminator = head[last + 1 : last + 2], head[last + 2 : last + 3]
    if not (_may_separate(component) and _may_end(terminator)):
        return None, False
    repetition = head[positions[10] + 1 : positions[11]]
    text = [piece.decode("latin-1") for piece in (separator, component, terminator)]
    keeps = repetition.decode("latin-1") if len(repetition) == 1 else "^"
    return Delimiters(text[0], text[1], text[2], keeps if _may_separate(repetition) else "^"), (
        last == 103
    )


def _may_separate(character: bytes) -> bool:
    return len(character) == 1 and not character.isalnum() and character not in {b" ", b""}


def _may_end(character: bytes) -> bool:
    return len(character) == 1 and not character.isalnum() and character != b" "


def _end_of_interchange(block: bytes, delimiters: Delimiters, *, past_header: bool) -> int | None:
    """Where in `block` this interchange ends: past its IEA, or before a next ISA without one."""
    terminator = delimiters.segment.encode("latin-1")
    separator = delimiters.element.encode("latin-1")
    ends: list[int] = []
    place = _segment_start(block, b"IEA" + separator, terminator, 0)
    if place is not None:
        ends.append(block.index(terminator, place) + 1)
    place = _segment_start(block, b"ISA" + separator, terminator, 3 if past_header else 0)
    if place is not None:
        ends.append(place)
    return min(ends) if ends else None


def _segment_start(block: bytes, begins: bytes, terminator: bytes, place: int) -> int | None:
    """Where the first segment that begins so is, at or after `place`."""
    while (place := block.find(begins, place)) >= 0:
        before = block[max(0, place - 16) : place].rstrip(b" \t")
        if terminator not in {b"\r", b"\n"}:
            before = before.rstrip(b" \t\r\n")
        if not before or before.endswith((terminator, b"\r", b"\n")):
            return place
        place += len(begins)
    return None


_ST = re.compile(rb"(?:\A|[^A-Za-z0-9])ST([^A-Za-z0-9\s])\d{3}\1[A-Za-z0-9]{1,9}")
_COMPOSITE = re.compile(r"(?:HC|ABK|ABF|BK)([^A-Za-z0-9*\s])[A-Z0-9]")


def _guessed_delimiters(head: bytes) -> tuple[int, Delimiters] | None:
    """Where the first GS or ST is in a headless file, and the separators it seems to use."""
    match = re.search(rb"(?:\A|[^A-Za-z0-9])(GS|ST)([^A-Za-z0-9\s])", head)
    if match is None or _ST.search(head) is None:
        return None
    separator = match.group(2).decode("latin-1")
    start = match.start(1)
    text = head[start:].decode("latin-1")
    opening = re.compile(
        rf"ST{re.escape(separator)}\d{{3}}{re.escape(separator)}"
        rf"[A-Z0-9]{{1,9}}(?:{re.escape(separator)}[A-Z0-9]*)?([^A-Za-z0-9])"
    ).search(text)
    if opening is None or opening.group(1) in {separator, " "}:
        return None
    composite = _COMPOSITE.search(text)
    component = composite.group(1) if composite else ":"
    if component in {separator, opening.group(1)}:
        component = ":"
    return start, Delimiters(separator, component, opening.group(1))
