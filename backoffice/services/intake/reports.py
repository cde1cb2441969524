"""The report that is downloaded: each refused row, and how many were left out why."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
HEADER = ("file", "line", "field", "what", "rows")


class Told(Protocol):
    """A refused row, kept or just met."""

    @property
    def file(self) -> str:
        """Return the file's name."""

    @property
    def line(self) -> int:
        """Return the line; the header is 1."""

    @property
    def field(self) -> str:
        """Return the column, nothing for the whole row."""

    @property
    def words(self) -> str:
        """Return what is wrong, never the value."""


def lines(problems: Iterable[Told], counts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report as CSV: refused rows by file and line, then skipped rows by reason."""
    yield _line(HEADER)
    for problem in problems:
        yield _line((problem.file, problem.line, problem.field or "whole row", problem.words, 1))
    for file in counts.get("files", []):
        for words, count in file["skipped_for"].items():
            yield _line((file["file"], "", "", f"left out: {words}", count))


def harmless(cell: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[object]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    return written.getvalue()
