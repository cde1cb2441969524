"""One export: which of its files are here, whether they can be read, what is looked up in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from backoffice.services.intake.fields import FIELDS
from backoffice.services.intake.mapping import Book, IntakeMapping, Lookup, Table
from backoffice.services.intake.reading import FileUnreadable, Row, Survey, rows, survey


@dataclass(frozen=True)
class Export:
    """The files of a mapping that were brought, looked through."""

    mapping: IntakeMapping
    surveys: Mapping[str, Survey]
    book: Book
    notes: Sequence[str] = field(default_factory=list)

    @property
    def tables(self) -> list[Table]:
        """Return the tables whose file is here, in the order in which they are taken in."""
        here = [table for table in self.mapping.tables if table.file in self.surveys]
        if not self.mapping.loose:
            return here
        return [_with_columns_of(table, self.surveys[table.file]) for table in here]

    @property
    def about_rows(self) -> int:
        """Return about how many rows will be read, those that are read twice counted twice."""
        left_out = [each.file for each in self.mapping.left_out]
        return sum(
            self.surveys[file].about_rows
            for file in [*[table.file for table in self.tables], *left_out]
            if file in self.surveys
        )

    def rows(self, file: str) -> Iterator[Row]:
        """Yield the rows of a file that is here."""
        return rows(self.surveys[file])


def opened(mapping: IntakeMapping, files: Mapping[str, Path]) -> Export:
    """Look through the files a mapping knows; raises FileUnreadable for what can't be used."""
    notes: list[str] = []
    surveys: dict[str, Survey] = {}
    by_name = {known.casefold(): known for known in mapping.files}
    for name, path in sorted(files.items()):
        known = by_name.get(name.casefold())
        if known is None:
            notes.append(f"{name} is no file of this export and was left alone.")
            continue
        try:
            surveys[known] = survey(path)
        except FileUnreadable as wrong:
            raise FileUnreadable(f"{known}: {wrong.words}") from wrong
    if not surveys:
        raise FileUnreadable(
            "None of the files belongs to this mapping: it reads "
            + ", ".join(sorted(mapping.files)) + "."
        )  # fmt: skip
    notes += _missing(mapping, surveys)
    for table in mapping.tables:
        if table.file in surveys:
            notes += _check_columns(mapping, table, surveys[table.file])
    return Export(mapping, surveys, _book(mapping, surveys), notes)


def _with_columns_of(table: Table, surveyed: Survey) -> Table:
    """Leave the fields out that a file has no column for: most files give few of the lines."""
    return replace(
        table,
        fields={
            name: made
            for name, made in table.fields.items()
            if set(made.columns) <= set(surveyed.header)
        },
    )


def _missing(mapping: IntakeMapping, surveys: Mapping[str, Survey]) -> list[str]:
    if mapping.loose:
        return []
    return [f"{file} was not brought." for file in sorted(mapping.files - surveys.keys())]


def _check_columns(mapping: IntakeMapping, table: Table, surveyed: Survey) -> list[str]:
    """Refuse a file that lacks columns; of our own format only those that every row needs."""
    header = set(surveyed.header)
    needed = table.columns
    if mapping.loose:
        needed = frozenset(each.name for each in FIELDS[table.kind] if each.needed)
    if absent := sorted(needed - header):
        raise FileUnreadable(f"{table.file} lacks the column {', '.join(absent)}.")
    unknown = sorted(header - table.columns) if mapping.loose else []
    return [f"{table.file}: the column {name} is not known and was left out." for name in unknown]


def _book(mapping: IntakeMapping, surveys: Mapping[str, Survey]) -> Book:
    """Read the files that others look into; they are held in memory, so they should be small."""
    wanted = {lookup for table in mapping.tables for lookup in table.lookups}
    return {lookup: _page(lookup, surveys.get(lookup.file)) for lookup in wanted}


def _page(lookup: Lookup, surveyed: Survey | None) -> dict[str, str]:
    if surveyed is None:
        return {}
    if absent := {lookup.key, lookup.take} - set(surveyed.header):
        raise FileUnreadable(f"{lookup.file} lacks the column {', '.join(sorted(absent))}.")
    return {
        row.cells[lookup.key].strip(): row.cells[lookup.take].strip()
        for row in rows(surveyed)
        if row.cells
    }
