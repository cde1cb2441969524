"""Tests on one stack run on one worker, or every worker would start a stack of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.servers import PROJECT

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(9))
def test_it(number, worker_id):
    with open("workers", "a") as out:
        out.write(f"{worker_id}\\n")
"""


def test_what_shares_a_stack_runs_on_one_worker_and_all_else_on_any(tmp_path: Path) -> None:
    for name in ("tests/journeys/test_one.py", "tests/rules/test_other.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_text(TESTS.replace('"workers"', f'"{file.parent.name}"'))

    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "tests.spreading", "tests"],
        cwd=tmp_path, env={**plain, "PYTHONPATH": str(PROJECT)}, check=True,
        capture_output=True,
    )  # fmt: skip

    workers = (tmp_path / "journeys").read_text().split()
    assert len(workers) == 9
    assert len(set(workers)) == 1
    assert len((tmp_path / "rules").read_text().split()) == 9
