"""Mappings: small declarative files that say which column of a foreign export is which of ours."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from backoffice.services.intake.fields import FIELDS
from backoffice.services.intake.reading import column_key
from backoffice.services.intake.transforms import TRANSFORMS, WITH_ARGUMENT, Setting, sum_of
from backoffice.services.refusal import Refused

FOLDER = Path(__file__).parent / "mappings"
OWN = "own"
_EXPRESSION_KEYS = {
    "from", "value", "between", "choose", "otherwise", "transforms", "sum", "lookup", "when_empty",
}  # fmt: skip

Cells = Mapping[str, str]


class MappingWrong(Refused):
    """A mapping file that can't be used: says which part and why."""

    code = "mapping_wrong"


@dataclass(frozen=True)
class Lookup:
    """A value from another file: by which column here, its key there, what to take."""

    file: str
    by: str
    key: str
    take: str


@dataclass(frozen=True)
class Expression:
    """How one field is made: columns joined, a constant, a sum, or a look-up; then choice, then
    transforms.
    """

    columns: Sequence[str] = ()
    between: str = " "
    value: str = ""
    sums: bool = False
    lookup: Lookup | None = None
    choose: Mapping[str, str] | None = None
    otherwise: str | None = None
    transforms: Sequence[tuple[str, str]] = ()
    when_empty: "Expression | None" = None


@dataclass(frozen=True)
class Skip:
    """Rows that become no record: when a value is empty, filled, or one of some."""

    of: Expression
    one_of: frozenset[str] = frozenset()
    empty: bool | None = None
    words: str = ""


@dataclass(frozen=True)
class Table:
    """One kind of record made from one file; a file may feed several."""

    kind: str
    file: str
    title: str
    fields: Mapping[str, Expression]
    skips: Sequence[Skip] = ()

    @property
    def columns(self) -> frozenset[str]:
        """Return the columns that the file must have."""
        return frozenset().union(*map(_columns_of, self._expressions))

    @property
    def lookups(self) -> frozenset[Lookup]:
        """Return the look-ups into other files."""
        return frozenset(made.lookup for made in self._expressions if made.lookup)

    @property
    def _expressions(self) -> list[Expression]:
        return [*self.fields.values(), *(skip.of for skip in self.skips)]


@dataclass(frozen=True)
class LeftOut:
    """A file of the export of which nothing is taken, and why."""

    file: str
    words: str


@dataclass(frozen=True)
class IntakeMapping:
    """A whole mapping. `practice` (constants) is the practice of an export that names none."""

    name: str
    title: str
    tables: Sequence[Table]
    left_out: Sequence[LeftOut] = ()
    practice: Mapping[str, str] = field(default_factory=dict)
    loose: bool = False  # our own format: columns may be absent, unknown ones are told

    @property
    def files(self) -> frozenset[str]:
        """Return the names of all files that this mapping knows."""
        looked_into = [lookup.file for table in self.tables for lookup in table.lookups]
        left_out = [each.file for each in self.left_out]
        return frozenset([*left_out, *looked_into, *(table.file for table in self.tables)])


Book = Mapping[Lookup, Mapping[str, str]]


def skip_words(table: Table, cells: Cells, book: Book) -> str:
    """Return why a row becomes no record, nothing when it does."""
    for skip in table.skips:
        text = _raw(skip.of, cells, book)
        if skip.empty is not None and skip.empty == (not text):
            return skip.words
        if text in skip.one_of:
            return skip.words
    return ""


def given_by(table: Table, cells: Cells, book: Book, zone: ZoneInfo) -> dict[str, str]:
    """Return the text of every field that a row gives."""
    return {
        name: text
        for name, expression in table.fields.items()
        if (text := text_of(expression, cells, book, zone))
    }


def text_of(made: Expression, cells: Cells, book: Book, zone: ZoneInfo) -> str:
    """Return the text that an expression makes of a row."""
    text = _raw(made, cells, book)
    if made.choose is not None:
        text = made.choose.get(text, text if made.otherwise is None else made.otherwise)
    if text:
        for name, argument in made.transforms:
            text = TRANSFORMS[name](text, Setting(argument, zone)).strip()
    if not text and made.when_empty is not None:
        return text_of(made.when_empty, cells, book, zone)
    return text


def _raw(made: Expression, cells: Cells, book: Book) -> str:
    if made.lookup is not None:
        return book[made.lookup].get(cells[made.lookup.by].strip(), "")
    if not made.columns:
        return made.value
    parts = [cells.get(column, "").strip() for column in made.columns]
    if made.sums:
        return sum_of(parts)
    return made.between.join(part for part in parts if part) if len(parts) > 1 else parts[0]


def available() -> dict[str, str]:
    """Return the mappings that ship, title by name; our own format first."""
    shipped = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return {name: named(name).title for name in (OWN, *shipped)}


@cache
def named(name: str) -> IntakeMapping:
    """Return a mapping that ships with us, or raise MappingWrong."""
    if name == OWN:
        return _own()
    path = FOLDER / f"{name}.toml"
    if not name.replace("_", "").isalnum() or not path.exists():
        raise MappingWrong("There is no mapping of this name.")
    return read(path)


def read(path: Path) -> IntakeMapping:
    """Read a mapping file, or raise MappingWrong saying what is wrong where."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as wrong:
        raise MappingWrong(f"The mapping {path.name} can't be read as TOML.") from wrong
    practice = raw.get("practice", {})
    _known(practice, {each.name for each in FIELDS["practices"]}, "practice")
    tables = [_table(each) for each in raw.get("table", [])]
    if not tables:
        raise MappingWrong(f"The mapping {path.name} has no [[table]].")
    return IntakeMapping(
        name=path.stem,
        title=raw.get("title", path.stem),
        tables=sorted(tables, key=lambda table: list(FIELDS).index(table.kind)),
        left_out=[LeftOut(each["file"], each["words"]) for each in raw.get("left_out", [])],
        practice=practice,
    )


def _own() -> IntakeMapping:
    tables = [
        Table(
            kind=kind,
            file=f"{kind}.csv",
            title=kind,
            fields={each.name: Expression(columns=(each.name,)) for each in columns},
        )
        for kind, columns in FIELDS.items()
    ]
    return IntakeMapping(name=OWN, title="Our own format", tables=tables, loose=True)


def _table(raw: Mapping[str, Any]) -> Table:
    kind, file = raw.get("kind", ""), raw.get("file", "")
    if kind not in FIELDS or not file:
        raise MappingWrong("A [[table]] needs a file and one of the kinds " + ", ".join(FIELDS))
    where = f"{file} ({kind})"
    _known(raw, {"kind", "file", "title", "fields", "skip"}, where)
    fields = raw.get("fields", {})
    _known(fields, {each.name for each in FIELDS[kind]}, where)
    return Table(
        kind=kind,
        file=file,
        title=raw.get("title", kind),
        fields={name: _expression(made, f"{where} {name}") for name, made in fields.items()},
        skips=[_skip(each, where) for each in raw.get("skip", [])],
    )


def _skip(raw: Mapping[str, Any], where: str) -> Skip:
    _known(raw, {"column", "lookup", "is", "empty", "words"}, where)
    if not raw.get("words") or ("is" in raw) == ("empty" in raw):
        raise MappingWrong(f"{where}: a skip has words, and one of `is` and `empty`.")
    if ("column" in raw) == ("lookup" in raw):
        raise MappingWrong(f"{where}: a skip looks at a column or a lookup.")
    of = raw["column"] if "column" in raw else {"lookup": raw["lookup"]}
    values = frozenset(raw.get("is", ()))
    return Skip(_expression(of, where), values, raw.get("empty"), raw["words"])


def _expression(raw: Any, where: str) -> Expression:
    if isinstance(raw, str):
        return Expression(columns=(column_key(raw),))
    _known(raw, _EXPRESSION_KEYS, where)
    columns = raw.get("from", raw.get("sum", []))
    sources = [key for key in ("from", "sum", "value", "lookup") if key in raw]
    if len(sources) != 1:
        raise MappingWrong(f"{where}: give exactly one of from, sum, value and lookup.")
    lookup = raw.get("lookup")
    return Expression(
        columns=[column_key(each) for each in ([columns] if isinstance(columns, str) else columns)],
        between=raw.get("between", " "),
        value=raw.get("value", ""),
        sums="sum" in raw,
        lookup=_lookup(lookup, where) if lookup else None,
        choose=raw.get("choose"),
        otherwise=raw.get("otherwise"),
        transforms=[_transform(each, where) for each in raw.get("transforms", [])],
        when_empty=_expression(raw["when_empty"], where) if "when_empty" in raw else None,
    )


def _lookup(raw: Mapping[str, str], where: str) -> Lookup:
    try:
        return Lookup(
            raw["file"], column_key(raw["by"]), column_key(raw["key"]), column_key(raw["take"])
        )
    except KeyError as gap:
        raise MappingWrong(f"{where}: a lookup has file, by, key and take.") from gap


def _transform(raw: str, where: str) -> tuple[str, str]:
    name, _, argument = raw.partition(":")
    if name not in TRANSFORMS or (name in WITH_ARGUMENT) != bool(argument):
        raise MappingWrong(f"{where}: {name} is no transform, or lacks or has an argument.")
    return name, argument


def _known(raw: Mapping[str, Any], allowed: set[str], where: str) -> None:
    if unknown := sorted(set(raw) - allowed):
        raise MappingWrong(f"{where}: {', '.join(unknown)} can't stand here.")


def _columns_of(expression: Expression) -> set[str]:
    used = set(expression.columns)
    if expression.lookup:
        used.add(expression.lookup.by)
    if expression.when_empty:
        used |= _columns_of(expression.when_empty)
    return used
