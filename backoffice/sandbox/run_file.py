"""var/run.json: how the running stack is reached, for the command line and whoever looks in."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


class NothingRuns(Exception):
    """No stack runs here and the environment names none."""


@dataclass(frozen=True, repr=False)
class RunFile:
    """Addresses of the running parts, their process ids, and who may sign in.

    `people` hold email, password, role, practice and TOTP secret of each demo sign-in.
    `environment` is what Settings read; it holds every secret of the stack, so the file is ours
    alone (0600).
    """

    portal: str
    database: str
    redis: str
    s3: str
    mail: str
    clearinghouse: str
    pids: dict[str, int]
    people: list[dict[str, str]]
    environment: dict[str, str]

    def write(self, folder: Path) -> None:
        """Replace the file in one step; readers see the old one or the new one."""
        unfinished = folder / "run.json.unfinished"
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(asdict(self), indent=2) + "\n")
        unfinished.rename(folder / "run.json")

    @classmethod
    def read(cls, folder: Path) -> "RunFile | None":
        """The file of the stack that runs here, or ran and was killed; None without one."""
        try:
            return cls(**json.loads((folder / "run.json").read_text()))
        except FileNotFoundError:
            return None


def data_folder(environment: Mapping[str, str]) -> Path:
    """Where the stack keeps its data: CLEANCLAIM_VAR, or var/ in the project."""
    return Path(environment.get("CLEANCLAIM_VAR") or PROJECT / "var").resolve()


def stack_environment(environment: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """What Settings are read from on the command line: told by the environment, or run.json.

    Raises NothingRuns when neither knows of a database.
    """
    if environment.get("DATABASE_URL"):
        return environment
    running = RunFile.read(data_folder(environment))
    if running is None:
        raise NothingRuns("Nothing runs here: start it with ./dev run, or set DATABASE_URL.")
    return {**environment, **running.environment}
