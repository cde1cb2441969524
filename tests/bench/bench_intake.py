"""What taking files in costs, as a ratio to plain COPY: python -m tests.bench.bench_intake [ROWS].

Works in the database of the environment as a dry run: everything is taken back at the end. The
floor is COPY of the very same cells into a temporary table, which no intake can beat.
"""

import csv
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import Engine, create_engine

from backoffice.config import Settings
from backoffice.models.base import new_id
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.services import intake
from backoffice.services.intake import Outcome, Scope
from backoffice.services.work import sessions
from tests.builders import TODAY

ROWS, CLIENTS = 100_000, 2_000
HEADER = (
    "practice_id", "id", "client_id", "served_on", "status", "diagnosis_codes",
    "procedure_code_1", "modifiers_1", "units_1", "charge_1", "pointers_1",
)  # fmt: skip


def written(folder: Path, rows: int) -> dict[str, Path]:
    """An export of one practice: as many appointments of one line, and their clients."""
    dice, practice = Random(1), str(new_id())
    _write(folder / "practices.csv", ("id", "name"), iter([(practice, "Bench")]))
    people = ((practice, f"c{at}", f"Name{at}", "1990-01-01") for at in range(CLIENTS))
    _write(folder / "clients.csv", ("practice_id", "id", "last_name", "birth_date"), people)
    _write(folder / "appointments.csv", HEADER, _visits(dice, practice, rows))
    return {path.name: path for path in folder.iterdir()}


def _visits(dice: Random, practice: str, rows: int) -> Iterator[Sequence[str]]:
    for at in range(rows):
        day = TODAY - timedelta(days=dice.randrange(700))
        yield (
            practice, f"a{at}", f"c{at % CLIENTS}", day.isoformat(), "completed", "F41.1",
            dice.choice(("90834", "90837")), "95", "1", f"{dice.randint(9000, 20000) / 100:.2f}",
            "1",
        )  # fmt: skip


def _write(path: Path, header: Sequence[str], rows: Iterator[Sequence[str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def plain_copy(engine: Engine, path: Path) -> None:
    """COPY the file as it is into a temporary table of texts."""
    with engine.connect() as connection:
        columns = ", ".join(f"{name} text" for name in HEADER)
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE floor ({columns}) ON COMMIT DROP")
        driver = connection.connection.driver_connection
        assert driver is not None
        with (
            driver.cursor() as cursor,
            cursor.copy("COPY floor FROM STDIN (FORMAT csv, HEADER)") as copy,
            path.open("rb") as file,
        ):
            while piece := file.read(1 << 20):
                copy.write(piece)


def take_in(engine: Engine, files: dict[str, Path]) -> Outcome:
    """Take the export in and take it back."""
    return intake.take_in(
        sessions(engine),
        intake.opened(intake.named("own"), files),
        Scope(may_begin=True, agreement_on=date(2020, 1, 1)),
        now=datetime.now(UTC),
        dry_run=True,
    )


def timed(act: Callable[[], object]) -> float:
    """Return how many seconds it takes."""
    began = perf_counter()
    act()
    return perf_counter() - began


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    settings = Settings.from_environment(os.environ)
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    engine = create_engine(settings.database_url, hide_parameters=True)
    with TemporaryDirectory() as folder:
        files = written(Path(folder), rows)
        size = files["appointments.csv"].stat().st_size
        floor = timed(lambda: plain_copy(engine, files["appointments.csv"]))
        outcomes: list[Outcome] = []
        whole = timed(lambda: outcomes.append(take_in(engine, files)))
    new, peak = outcomes[0].total("new"), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{rows:,} appointments, {size / 1e6:.1f} MB; {new:,} records new\n")
    sys.stdout.write(f"plain COPY of the file {floor * 1000:12.1f} ms\n")
    sys.stdout.write(
        f"intake, all of it      {whole * 1000:12.1f} ms {whole / floor:8.1f} x the floor,"
        f" {rows / whole:,.0f} rows a second, {peak} MB at most\n"
    )


if __name__ == "__main__":
    main()
