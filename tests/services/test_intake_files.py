"""Files as they come: encodings, widths, quotes, mappings; and a whole export made by others."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from backoffice.models.appointments import Appointment
from backoffice.models.clients import Client, Policy
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.services import intake
from backoffice.services.intake import FileUnreadable, MappingWrong, reports
from backoffice.services.intake.fields import FIELDS
from backoffice.services.intake.mapping import FOLDER
from backoffice.services.intake.outcome import Problem
from backoffice.services.intake.reading import LATIN_1, OTHER_DELIMITER, rows, survey
from backoffice.services.intake.transforms import TRANSFORMS, Setting
from tests.builders import NOW
from tests.databases import Database
from tests.services.test_intake import BEGINNING

PROJECT = Path(__file__).parents[2]
SYNTHEA = PROJECT.parent / "shared" / "samples" / "synthea"
MAINE = ZoneInfo("America/New_York")


def written(folder: Path, content: bytes, name: str = "clients.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "last_name", "notes"),
    [
        (b"id,last_name\n1,Sample\n", "Sample", []),
        (b"\xef\xbb\xbfid,last_name\r\n1,Sample\r\n", "Sample", []),
        ("id,last_name\n1,Nuñez\n".encode(), "Nuñez", []),
        ("id,last_name\n1,Nuñez\n".encode("latin-1"), "Nuñez", [LATIN_1]),
        (b"id;last_name\n1;Sample\n", "Sample", [OTHER_DELIMITER]),
        (b"id\tlast_name\n1\tSample\n", "Sample", [OTHER_DELIMITER]),
        (b'ID, Last_Name \n1,"Sam,ple"\n', "Sam,ple", []),
        (b'id,last_name\n1,"Sam\nple"', "Sam\nple", []),
    ],
)
def test_a_file_is_read_as_it_comes(
    tmp_path: Path, content: bytes, last_name: str, notes: list[str]
) -> None:
    surveyed = survey(written(tmp_path, content))

    (row,) = rows(surveyed)

    assert (row.cells["last_name"], list(surveyed.notes)) == (last_name, notes)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n1,2\n", b"id,,x\n", b"id,id\n", "id,name\n1,x\n".encode("utf-16")],
)
def test_what_is_no_table_is_told_and_not_guessed(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileUnreadable):
        survey(written(tmp_path, content))


def test_a_row_that_can_not_be_read_is_refused_by_its_line_and_the_rest_is_read(
    tmp_path: Path,
) -> None:
    content = "id,last_name\n1,Nuñez\n2\n".encode() + b"3,\xff\n4,a\x00b\n\n5,Sample\n"

    found = list(rows(survey(written(tmp_path, content))))

    assert [(row.line, bool(row.fault)) for row in found] == [
        (2, False), (3, True), (4, True), (5, True), (7, False),
    ]  # fmt: skip


def test_a_piece_may_end_within_a_letter(tmp_path: Path) -> None:
    content = b"id,last_name\n1," + b"a" * ((1 << 20) - 16) + "ñ\n".encode()

    surveyed = survey(written(tmp_path, content))

    assert (surveyed.encoding, surveyed.notes) == ("utf-8-sig", ())


def test_our_own_format_needs_its_id_and_tells_of_columns_it_does_not_know(tmp_path: Path) -> None:
    path = written(tmp_path, b"id,last_name,shoe_size\n1,Sample,42\n")
    export = intake.opened(intake.named("own"), {"Clients.CSV": path})

    assert [note for note in export.notes if "shoe_size" in note]
    with pytest.raises(FileUnreadable, match=r"clients\.csv lacks the column id"):
        intake.opened(intake.named("own"), {"clients.csv": written(tmp_path, b"last_name\nx\n")})


@pytest.mark.parametrize(
    ("name", "argument", "text", "made"),
    [
        ("first_word", "", "Ana Maria Sample", "Ana"),
        ("last_word", "", "Ana Maria Sample", "Sample"),
        ("all_but_last_word", "", "Ana Maria Sample", "Ana Maria"),
        ("all_but_last_word", "", "Sample", ""),
        ("without_title", "", "Mrs. Sample", "Sample"),
        ("without_title", "", "Drew Sample", "Drew Sample"),
        ("digits", "", "a1-2", "12"),
        ("letters", "", "Ana55", "Ana"),
        ("upper", "", "me", "ME"),
        ("lower", "", "ME", "me"),
        ("before", " Or ", "978-1 Or 978-2", "978-1"),
        ("after", ":", "npi:123", "123"),
        ("day", "%d.%m.%Y", "22.11.2026", "2026-11-22"),
        ("day", "%d.%m.%Y", "31.02.2026", "31.02.2026"),
        ("local_day", "", "2026-11-22T03:00:00Z", "2026-11-21"),
        ("day_before", "", "2026-03-01", "2026-02-28"),
        ("state_letters", "", "new hampshire", "NH"),
        ("state_letters", "", "Ontario", "Ontario"),
        ("cents", "", "12550", "125.50"),
        ("cents", "", "twelve", "twelve"),
    ],
)
def test_a_transform_makes_what_it_says(name: str, argument: str, text: str, made: str) -> None:
    assert TRANSFORMS[name](text, Setting(argument, MAINE)) == made


def test_a_transform_without_a_test_is_found() -> None:
    tested = {
        call.args[1][at][0]
        for call in test_a_transform_makes_what_it_says.pytestmark  # type: ignore[attr-defined]  # pytest's own
        for at in range(len(call.args[1]))
    }
    assert tested == set(TRANSFORMS)


@pytest.mark.parametrize(
    "wrong",
    [
        "title = ",
        "title = 'x'",
        "[[table]]\nkind = 'clients'",
        "[[table]]\nkind = 'shoes'\nfile = 'a.csv'",
        "[[table]]\nkind = 'clients'\nfile = 'a.csv'\n[table.fields]\nshoe = 'A'",
        "[[table]]\nkind = 'clients'\nfile = 'a.csv'\n[table.fields]\n"
        "id = {from = 'A', value = 'b'}",
        "[[table]]\nkind = 'clients'\nfile = 'a.csv'\n[table.fields]\n"
        "id = {from = 'A', transforms = ['shine']}",
        "[[table]]\nkind = 'clients'\nfile = 'a.csv'\n[table.fields]\n"
        "id = {from = 'A', transforms = ['day']}",
        "[[table]]\nkind = 'clients'\nfile = 'a.csv'\n[[table.skip]]\ncolumn = 'A'\nis = ['x']",
    ],
)
def test_a_mapping_that_can_not_be_meant_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(wrong)

    with pytest.raises(MappingWrong):
        intake.read(path)


def test_a_mapping_joins_sums_chooses_and_looks_into_other_files(
    tmp_path: Path, fresh_database: Database, keyring: Keyring
) -> None:
    mapping = tmp_path / "other.toml"
    mapping.write_text(
        """
        title = "Other"
        [practice]
        id = "other"
        name = "Other Practice"
        [[table]]
        kind = "clients"
        file = "people.csv"
        [table.fields]
        id = "No"
        last_name = { from = "Surname", when_empty = { value = "Unnamed" } }
        [[table]]
        kind = "appointments"
        file = "visits.csv"
        [[table.skip]]
        column = "State"
        is = ["X"]
        words = "taken back"
        [table.fields]
        id = { from = ["Person", "Day"], between = "/" }
        client_id = { lookup = { file = "cards.csv", by = "Person", key = "Card", take = "No" } }
        served_on = { from = "Day", transforms = ["day:%d.%m.%Y"] }
        status = { from = "State", choose = { D = "completed" }, otherwise = "scheduled" }
        charge_1 = { sum = ["Fee", "Extra"] }
        """
    )
    written(tmp_path, b"No,Surname\n7,\n", "people.csv")
    written(tmp_path, b"Card,No\nA,7\n", "cards.csv")
    written(
        tmp_path,
        b"Person,Day,State,Fee,Extra\nA,22.11.2025,D,100,20.50\nA,23.11.2025,X,,\n"
        b"B,22.11.2025,D,1,1\n",
        "visits.csv",
    )
    files = {path.name: path for path in tmp_path.glob("*.csv")}

    export = intake.opened(intake.read(mapping), files)
    outcome = intake.take_in(fresh_database.sessions, export, BEGINNING, now=NOW, dry_run=False)

    visits = outcome.files[-1]
    assert [(each.line, each.field) for each in outcome.problems] == [(4, "client_id")]
    assert (visits.new, visits.refused, dict(visits.skipped_for)) == (1, 1, {"taken back": 1})
    with fresh_database.work(practices=outcome.practices) as session:
        row = session.scalars(select(Appointment)).one()
        assert (row.source_id, str(row.charge_amount), row.served_on.isoformat()) == (
            "A/22.11.2025", "120.50", "2025-11-22",
        )  # fmt: skip
        assert session.scalars(select(Client)).one().last_name == "Unnamed"


def test_the_report_counts_what_was_left_out_below_what_was_refused() -> None:
    problem = Problem("clients.csv", 3, "", "Its id is missing.")
    counts = {"files": [{"file": "clients.csv", "skipped_for": {"no insurance": 4}}]}

    assert list(reports.rows([problem], counts)) == [
        ("clients.csv", 3, "whole row", "Its id is missing.", 1),
        ("clients.csv", None, None, "left out: no insurance", 4),
    ]


def test_every_column_and_every_transform_is_documented() -> None:
    text = (PROJECT / "docs" / "intake.md").read_text()

    missing = [
        field.name
        for columns in FIELDS.values()
        for field in columns
        if f"`{field.name}`" not in text and not field.name[-1].isdigit()
    ]
    assert missing == []
    assert [name for name in TRANSFORMS if f"`{name}" not in text] == []


def test_the_shipped_mappings_can_be_read() -> None:
    for path in FOLDER.glob("*.toml"):
        assert intake.named(path.stem).tables


@pytest.mark.slow
@pytest.mark.skipif(not SYNTHEA.exists(), reason="the shared samples are not here")
def test_a_year_of_others_visits_loads_once_and_changes_nothing_the_second_time(
    fresh_database: Database, keyring: Keyring
) -> None:
    files = {path.name: path for path in SYNTHEA.glob("*.csv")}
    export = intake.opened(intake.named("synthea"), files)

    first, second = (
        intake.take_in(fresh_database.sessions, export, BEGINNING, now=NOW, dry_run=False)
        for _ in range(2)
    )

    assert [(each.file, each.rows, each.new, each.skipped) for each in first.files] == [
        ("payers.csv", 10, 9, 1),
        ("organizations.csv", 280, 280, 0),
        ("providers.csv", 280, 280, 0),
        ("patients.csv", 110, 110, 0),
        ("payer_transitions.csv", 1123, 1059, 64),
        ("payer_transitions.csv", 1123, 185, 938),
        ("encounters.csv", 7776, 7776, 0),
        ("conditions.csv", 3886, 0, 3886),
    ]
    assert first.problems == second.problems == []
    assert [each.unchanged for each in second.files] == [each.new for each in first.files]
    assert second.practices == set()
    with fresh_database.work(house=True) as session:
        practice_id = session.scalars(select(Practice.id)).one()
    with fresh_database.work(practices=[practice_id]) as session:
        for model in (Client, Policy, Appointment):
            assert session.scalar(select(func.max(model.version))) == 1
