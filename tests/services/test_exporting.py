"""A table taken out as a file holds what it was given, and nothing that a spreadsheet would run."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from backoffice.services.exporting import Cell, FileForm, written

Reader = Callable[[bytes], list[list[Any]]]


def read_csv(content: bytes) -> list[list[Any]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def read_xlsx(content: bytes) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(content)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize(
    "begins", ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"]
)
@pytest.mark.parametrize(
    ("form", "reader"), [(FileForm.CSV, read_csv), (FileForm.XLSX, read_xlsx)], ids=["csv", "xlsx"]
)
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(
    form: FileForm, reader: Reader, begins: str
) -> None:
    head, row = reader(written(form, [begins], [[begins]]))

    assert row[0].startswith("'")
    assert row[0].removeprefix("'").strip() == begins.strip()
    if form is FileForm.CSV:
        assert head[0].startswith("'")


def test_numbers_and_days_of_ours_stay_what_they_are() -> None:
    moment = datetime(2026, 5, 6, 7, 8, tzinfo=UTC)
    row: list[Cell] = [Decimal("-12.50"), -3, date(2026, 5, 6), moment, UUID(int=7), None]

    in_csv = read_csv(written(FileForm.CSV, list("abcdef"), [row]))[1]
    in_xlsx = read_xlsx(written(FileForm.XLSX, list("abcdef"), [row]))[1]

    assert in_csv == ["-12.50", "-3", "2026-05-06", moment.isoformat(), str(UUID(int=7)), ""]
    assert (in_xlsx[0], in_xlsx[1]) == (-12.5, -3)
    assert in_xlsx[2].date() == date(2026, 5, 6)
    assert in_xlsx[3:] == [moment.isoformat(), str(UUID(int=7)), None]


def test_no_cell_of_a_workbook_is_a_formula_and_no_mark_breaks_it() -> None:
    nasty = ["=HYPERLINK(1)", "a\x00b\x0bc", "x" * 40_000]

    book = load_workbook(io.BytesIO(written(FileForm.XLSX, ["a", "b", "c"], [nasty])))

    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    assert cells[4].value == "abc"
    assert len(cells[5].value) == 32_767
