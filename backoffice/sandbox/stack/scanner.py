"""The stand-in scanner as a part: what is uploaded on a laptop is called clean by somebody."""

import sys
from collections.abc import Mapping
from pathlib import Path

from backoffice.sandbox.stack.parts import Part, listens


def url(port: int) -> str:
    """The address that CLAMD_URL gives."""
    return f"tcp://127.0.0.1:{port}"


def part(folder: Path, port: int, environment: Mapping[str, str]) -> Part:
    """How to run it; `folder` is the stack's own."""
    return Part(
        name="scanner",
        command=[sys.executable, "-m", "backoffice.sandbox.stand_in_scanner", str(port)],
        environment=environment,
        log=folder.resolve() / "log" / "scanner.log",
        ready=lambda: listens(port),
    )
