"""`backoffice intake`: takes a folder of CSV files in, against the running stack."""

import hashlib
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import click
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backoffice.config import Settings, SettingsIncomplete
from backoffice.models.base import new_id
from backoffice.models.intake import IntakeBatch
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.sandbox.run_file import NothingRuns, stack_environment
from backoffice.services import intake as files_in
from backoffice.services.intake import batches
from backoffice.services.intake.outcome import Outcome
from backoffice.services.refusal import Refused
from backoffice.services.work import sessions

TOLD = 100
COUNTS = ("rows", "new", "changed", "unchanged", "refused", "skipped")


@click.command()
@click.argument("mapping")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; save nothing.")
@click.option("--practice", type=click.UUID, help="The practice, where the files do not name one.")
@click.option(
    "--agreement-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of the business associate agreement with practices that the files begin.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON line on stdout, nothing else.")
def intake(
    mapping: str,
    folder: Path,
    practice: UUID | None,
    agreement_on: datetime | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take the CSV files of FOLDER in through MAPPING: own, a shipped one, or a .toml file.

    Files that were taken in before change nothing. Exit 0: every row ended as a record or was
    left out on purpose; 1: some rows were refused; 2: nothing was saved.
    """
    began = time.monotonic()
    try:
        scope = files_in.Scope(
            practice, may_begin=True, agreement_on=agreement_on.date() if agreement_on else None
        )
        outcome = _take_in(mapping, folder, scope, dry_run=dry_run)
    except (NothingRuns, SettingsIncomplete) as nothing:
        _stop(str(nothing))
    except Refused as refused:
        _stop(refused.words)
    except SQLAlchemyError as broken:
        _stop(f"The database refused: {type(broken).__name__}.")
    answer = {"mapping": mapping, "dry_run": dry_run} | _plain(outcome)
    answer["seconds"] = round(time.monotonic() - began, 2)
    if as_json:
        click.echo(json.dumps(answer))
    else:
        _print(answer)
    sys.exit(1 if outcome.total("refused") else 0)


def _stop(words: str) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(2)


def _take_in(name: str, folder: Path, scope: files_in.Scope, *, dry_run: bool) -> Outcome:
    mapping = files_in.read(Path(name)) if name.endswith(".toml") else files_in.named(name)
    settings = Settings.from_environment(stack_environment())
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    engine = create_engine(settings.database_url, hide_parameters=True)
    found = {path.name: path for path in sorted(folder.iterdir()) if path.suffix == ".csv"}
    export = files_in.opened(mapping, found)
    now = datetime.now(UTC)

    def remember(session: Session, outcome: Outcome) -> None:
        batch = IntakeBatch(
            id=new_id(),
            created_at=now,
            practice_id=scope.practice_id,
            mapping=mapping.name,
            agreement_on=scope.agreement_on,
        )
        brought = [
            batches.BroughtFile(name, "", _sha256(path), path.stat().st_size)
            for name, path in found.items()
        ]
        batches.hold(batch, brought)
        session.add(batch)
        session.flush()
        batches.committed(session, batch.id, outcome, now=now)

    return files_in.take_in(
        sessions(engine),
        export,
        scope,
        now=now,
        dry_run=dry_run,
        watch=files_in.Watch(finish=remember),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(outcome: Outcome) -> dict[str, Any]:
    told = outcome.problems[:TOLD]
    return {
        **outcome.plain(),
        "totals": {name: outcome.total(name) for name in COUNTS},
        "practices": sorted(str(practice_id) for practice_id in outcome.practices),
        "problems": [
            {"file": each.file, "line": each.line, "field": each.field, "words": each.words}
            for each in told
        ],
        "problems_left_out": len(outcome.problems) - len(told),
    }


def _print(answer: Mapping[str, Any]) -> None:
    click.echo(f"{'':38}" + "".join(f"{name:>11}" for name in COUNTS))
    for file in answer["files"]:
        name = f"{file['file']} ({file['title']})"
        click.echo(f"{name[:37]:38}" + "".join(f"{file[count]:>11,}" for count in COUNTS))
        for words, count in file["skipped_for"].items():
            click.echo(f"    {count:,} left out: {words}")
        for note in file["notes"]:
            click.echo(f"    {note}")
    for note in answer["notes"]:
        click.echo(note)
    for each in answer["problems"]:
        click.echo(f"{each['file']} line {each['line']} {each['field']}: {each['words']}", err=True)
    if answer["problems_left_out"]:
        click.echo(f"and {answer['problems_left_out']:,} more", err=True)
    done = "Nothing saved: a dry run." if answer["dry_run"] else "Saved."
    click.echo(f"{done} {answer['seconds']} s")
