"""`backoffice submissions export`: the exact bytes that were sent, and nothing else."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from backoffice.cli import main
from backoffice.config import Settings
from backoffice.gateways.clearinghouse import InMemoryClearinghouse
from backoffice.models.sealing import Keyring
from tests.databases import Database
from tests.record import on_record
from tests.workers.sending import Stage, a_stage, environment_of


@pytest.fixture
def clearinghouse() -> InMemoryClearinghouse:
    return InMemoryClearinghouse()


@pytest.fixture
def stage(
    fresh_database: Database,
    settings: Settings,
    keyring: Keyring,
    clearinghouse: InMemoryClearinghouse,
) -> Stage:
    return a_stage(fresh_database, settings, clearinghouse)


def export(stage: Stage, folder: Path, *options: str) -> tuple[int, str]:
    """Run the command against the stage's database: its exit code, its standard output."""
    said = CliRunner().invoke(
        main,
        ["submissions", "export", str(folder), *options],
        env=environment_of(stage.run.settings, "http://127.0.0.1:9/services"),
    )
    return said.exit_code, said.stdout


def test_what_the_clearinghouse_got_is_what_is_exported(
    stage: Stage, clearinghouse: InMemoryClearinghouse, tmp_path: Path
) -> None:
    for _ in range(2):
        stage.settle(stage.file_of())
    stage.file_of()  # built, not sent
    folder = tmp_path / "sent"

    code, said = export(stage, folder, "--json")

    received = {receipt.filename: receipt.content for receipt in clearinghouse.receipts}
    assert code == 0
    assert json.loads(said) == {
        "files": 2,
        "bytes": sum(len(content) for content in received.values()),
    }
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == received
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}
    with stage.database.work(practices=[stage.practice_id], house=True) as session:
        (record,) = on_record(session, action="export", subject_kind="submission")
        assert (record.user_id, record.job) == (None, "backoffice submissions export")


def test_an_earlier_export_is_replaced(stage: Stage, tmp_path: Path) -> None:
    stage.settle(stage.file_of())
    (tmp_path / "000000099.837").write_bytes(b"of another day")

    code, _ = export(stage, tmp_path)

    assert code == 0
    assert [each.name for each in tmp_path.iterdir()] == ["000000001.837"]


def test_a_folder_that_holds_something_else_is_left_alone(stage: Stage, tmp_path: Path) -> None:
    stage.settle(stage.file_of())
    (tmp_path / "notes.txt").write_text("mine")
    before = hashlib.sha256((tmp_path / "notes.txt").read_bytes()).digest()

    code, said = export(stage, tmp_path)

    assert (code, said) == (2, "")
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]
    assert hashlib.sha256((tmp_path / "notes.txt").read_bytes()).digest() == before
