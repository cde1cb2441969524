"""Runs a reader of ours on somebody's bytes in a process of its own, with little of everything.

A file made to exhaust or to take over its reader ends that process. It inherits no setting of
ours: no key, no address of a database. What it may use it sets itself, before it reads a byte.
"""

import subprocess
import sys
from collections.abc import Sequence

from backoffice.services.refusal import Refused


class Unreadable(Refused):
    """The bytes could not be read within the limits; whatever they are, they are kept as came."""

    code = "file_unreadable"

    def __init__(self) -> None:
        """Say what is still possible."""
        super().__init__("The pages of this file cannot be read. It can still be downloaded.")


def run_confined(
    module: str, content: bytes, *, arguments: Sequence[str] = (), seconds: float
) -> bytes:
    """Run `python -m module` on these bytes and return what it wrote; raises Unreadable."""
    try:
        ended = subprocess.run(  # noqa: S603 - our own interpreter and module, bytes on stdin
            [sys.executable, "-I", "-m", module, *arguments],
            input=content,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        raise Unreadable from None
    if ended.returncode != 0:
        raise Unreadable
    return ended.stdout
