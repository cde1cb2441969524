"""Where the project lies, and how its own tools are run on a copy of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.prefix) / "bin"
_COPIED = ("backoffice", "workers", "migrations")


def copy_of_the_project(folder: Path) -> Path:
    """Our packages and settings in another place, free to be broken."""
    ignored = shutil.ignore_patterns("__pycache__", "static", "*_data.py")
    for name in _COPIED:
        shutil.copytree(PROJECT / name, folder / name, ignore=ignored)
    shutil.copy(PROJECT / "pyproject.toml", folder)
    return folder


def run_tool(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run one of our tools in a folder; what it imports as ours is what lies there."""
    program, *arguments = command
    return subprocess.run(  # noqa: S603  (our own command line)
        [TOOLS / program, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
