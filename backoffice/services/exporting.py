"""Tables taken out as files, CSV or XLSX: no cell that a spreadsheet would run."""

import csv
import enum
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

Cell = str | int | Decimal | date | datetime | UUID | enum.Enum | None
"""What a cell may hold. Numbers and days are ours and stay what they are; texts are made safe."""

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings that a spreadsheet takes for a formula (OWASP: CSV injection), the wide forms too."""
_LONGEST = 32_767
"""Characters that one cell of an XLSX file holds."""
_TWO_PLACES = "0.00"


class FileForm(enum.StrEnum):
    """The forms in which a table is taken out."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        """Return what the file calls itself on the wire."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    FileForm.CSV: "text/csv; charset=utf-8",
    FileForm.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def harmless(words: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe stands before it."""
    return f"'{words}" if words.startswith(_RUNS) else words


def written(
    form: FileForm, head: Sequence[str], rows: Iterable[Sequence[Cell]], *, notice: str = ""
) -> bytes:
    """Return a whole table as a file, its head in the first row.

    A notice that must go with it stands in the first cell of one more line, as wide as the others,
    at the end of a CSV; in a workbook it has a sheet of its own, so that the rows stay only rows.
    """
    if form is FileForm.XLSX:
        return _workbook(head, rows, notice)
    last = [[notice, *[None] * (len(head) - 1)]] if notice else []
    return "".join(csv_lines(head, chain(rows, last))).encode()


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield a table line by line (RFC 4180), its head first."""
    yield _line(head)
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[Cell]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_in_csv(cell) for cell in cells])
    return line.getvalue()


def _in_csv(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, enum.Enum):
        return harmless(str(cell.value))
    if isinstance(cell, date):
        return cell.isoformat()
    return harmless(cell) if isinstance(cell, str) else str(cell)


def _workbook(head: Sequence[str], rows: Iterable[Sequence[Cell]], notice: str) -> bytes:
    """Write-only: what is written is never read back, and no row stays in memory."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)
    sheet.append([_styled(sheet, name, font=bold) for name in head])
    for row in rows:
        sheet.append([_in_sheet(sheet, cell) for cell in row])
    if notice:
        book.create_sheet("Notice").append([harmless(notice)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _in_sheet(sheet: Any, cell: Cell) -> Any:
    if isinstance(cell, Decimal):
        return _styled(sheet, cell, number_format=_TWO_PLACES)
    if isinstance(cell, datetime):
        return cell.isoformat()  # a sheet knows no time zone
    if cell is None or isinstance(cell, int | date):
        return cell
    words = harmless(str(cell.value if isinstance(cell, enum.Enum) else cell))
    return ILLEGAL_CHARACTERS_RE.sub("", words)[:_LONGEST]


def _styled(sheet: Any, value: object, **style: Any) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    for name, how in style.items():
        setattr(cell, name, how)
    return cell
