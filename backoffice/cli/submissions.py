"""`backoffice submissions`: the files that went to the clearinghouse."""

import json
import os
import re
import sys
from pathlib import Path

import click
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker

from backoffice.config import Settings, SettingsIncomplete
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.sandbox.run_file import NothingRuns, stack_environment
from backoffice.services import audit
from backoffice.services.submissions.exporting import sent_files
from backoffice.services.work import WalledSession, sessions, unit_of_work

FINE, FAILURE = 0, 2
_EXPORTED = re.compile(r"\d{9}(-\d+)?\.837")


class FolderInUse(Exception):
    """The folder holds something that is no export of ours."""


@click.group()
def submissions() -> None:
    """Look after the files that were sent."""


@submissions.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON line on stdout.")
def export(folder: Path, *, as_json: bool) -> None:
    """Write the exact bytes of every file sent into FOLDER, as <ISA13>.837, and nothing else.

    The files hold patient data: they are readable by you alone. An earlier export in FOLDER is
    replaced; anything else in it is left alone, and the command refuses.
    Exit 0: done; 2: no stack is reached, or FOLDER is in use.
    """
    try:
        settings = Settings.from_environment(stack_environment(os.environ))
        _make_ready(folder)
    except (NothingRuns, SettingsIncomplete, FolderInUse, OSError) as refused:
        click.echo(str(refused), err=True)
        sys.exit(FAILURE)
    written, size = _write(settings, folder)
    line = {"files": written, "bytes": size}
    click.echo(json.dumps(line) if as_json else f"{written} files, {size} bytes.")
    sys.exit(FINE)


def _make_ready(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    present = list(folder.iterdir())
    if not all(_EXPORTED.fullmatch(each.name) for each in present):
        raise FolderInUse(f"{folder} holds something else; choose an empty folder.")
    for each in present:
        each.unlink()


def _write(settings: Settings, folder: Path) -> tuple[int, int]:
    """Write all practices' files; answers how many and how many bytes."""
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    engine = create_engine(settings.database_url, hide_parameters=True)
    try:
        return _write_all(sessions(engine), folder)
    finally:
        engine.dispose()


def _write_all(factory: sessionmaker[WalledSession], folder: Path) -> tuple[int, int]:
    with unit_of_work(factory, house=True) as session:
        practices = session.scalars(select(Practice.id)).all()
    files = size = 0
    with unit_of_work(factory, practices=practices) as session:
        for name, body in sent_files(session):
            target = folder / name
            target.touch(mode=0o600)
            target.write_bytes(body)
            files, size = files + 1, size + len(body)
        audit.record(session, "export", subject_kind="submission", subject_ids=[], practice_id=None)
    return files, size
