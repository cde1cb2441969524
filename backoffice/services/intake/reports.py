"""The report that is downloaded: each refused row, and how many were left out why."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from backoffice.services.exporting import Cell

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


def rows(problems: Iterable[Told], counts: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    """Yield the report: refused rows by file and line, then skipped rows by reason."""
    for problem in problems:
        yield problem.file, problem.line, problem.field or "whole row", problem.words, 1
    for file in counts.get("files", []):
        for words, count in file["skipped_for"].items():
            yield file["file"], None, None, f"left out: {words}", count
