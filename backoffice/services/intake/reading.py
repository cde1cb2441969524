"""Reads a CSV file as it comes: any of three encodings, row by row, never the whole in memory."""

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backoffice.services.refusal import Refused

_PIECE = 1 << 20
_MARK = codecs.BOM_UTF8
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t|"
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
LONGEST_CELL = 131_072

LATIN_1 = "The file is not UTF-8: it was read as Latin-1. Look at names with accents."
OTHER_DELIMITER = "The cells are not separated by commas: the file's own separator was used."


class FileUnreadable(Refused):
    """A file that can't be read as a table at all. The words never repeat its content."""

    code = "file_unreadable"


@dataclass(frozen=True)
class Survey:
    """What a first look at a file tells: how to read it, and about how many rows there are."""

    path: Path
    encoding: str
    delimiter: str
    header: Sequence[str]
    about_rows: int
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Row:
    """One row: the line it begins on (the header is line 1), and its cells by column.

    `fault` says why the row can't be read; then there are no cells.
    """

    line: int
    cells: Mapping[str, str]
    fault: str = ""


def survey(path: Path) -> Survey:
    """Look through a file once; raises FileUnreadable for what is no table of text."""
    lines, beyond, broken, begins = _look_through(path)
    if begins.startswith(_UTF16):
        raise FileUnreadable("The file is UTF-16. Save it as CSV UTF-8 and bring it again.")
    notes = []
    encoding = "utf-8-sig"
    if broken and not begins.startswith(_MARK) and not beyond:
        encoding = "latin-1"
        notes.append(LATIN_1)
    first = begins.removeprefix(_MARK).decode(encoding, "replace").splitlines()
    if not first or not first[0].strip():
        raise FileUnreadable("The file has no header row.")
    delimiter = max(_DELIMITERS, key=first[0].count)
    if delimiter != "," and delimiter in first[0]:
        notes.append(OTHER_DELIMITER)
    made = Survey(path, encoding, delimiter, (), max(lines - 1, 0), tuple(notes))
    header = _header(made)
    return Survey(path, encoding, delimiter, header, made.about_rows, made.notes)


def rows(surveyed: Survey) -> Iterator[Row]:
    """Yield each row under the header with its line; wrong ones with their fault."""
    width = len(surveyed.header)
    with surveyed.path.open(
        encoding=surveyed.encoding, errors="surrogateescape", newline=""
    ) as text:
        reader = csv.reader(text, delimiter=surveyed.delimiter)
        next(reader, None)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield Row(line, {}, "The row can't be read: a quotation mark may be missing.")
                continue
            if not any(cell.strip() for cell in cells):
                continue
            fault = _fault(cells, width)
            yield Row(line, {} if fault else dict(zip(surveyed.header, cells, strict=True)), fault)


def column_key(name: str) -> str:
    """Return a column's name as it is compared: case and spaces around it don't matter."""
    return name.strip().casefold()


def _look_through(path: Path) -> tuple[int, int, int, bytes]:
    """Count lines, characters beyond ASCII that are UTF-8, and bytes that are not."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    lines = beyond = broken = 0
    begins = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            begins = begins or piece
            lines += piece.count(b"\n")
            if _BEYOND_ASCII.search(piece) or decoder.getstate()[0]:
                good, bad = _beyond_ascii(decoder.decode(piece))
                beyond, broken = beyond + good, broken + bad
            last = piece
        if begins and not last.endswith(b"\n"):
            lines += 1
    if decoder.getstate()[0]:
        broken += 1
    return lines, beyond, broken, begins


def _beyond_ascii(text: str) -> tuple[int, int]:
    broken = sum("\udc80" <= letter <= "\udcff" for letter in text)
    beyond = sum(letter > "\x7f" and letter != "\ufeff" for letter in text)
    return beyond - broken, broken


def _header(surveyed: Survey) -> tuple[str, ...]:
    with surveyed.path.open(encoding=surveyed.encoding, errors="replace", newline="") as text:
        try:
            first = next(csv.reader(text, delimiter=surveyed.delimiter), [])
        except csv.Error as wrong:
            raise FileUnreadable("The header row can't be read.") from wrong
    header = tuple(column_key(name) for name in first)
    if not all(header) or len(set(header)) != len(header):
        raise FileUnreadable("The header row has an empty name, or one name twice.")
    return header


def _fault(cells: Sequence[str], width: int) -> str:
    if len(cells) != width:
        return f"The row has {len(cells)} cells, the header {width}."
    if any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell if letter > "\x7f"):
        return "The row holds bytes that are not UTF-8."
    if any("\x00" in cell for cell in cells):
        return "The row holds a character that is no text."
    return ""
