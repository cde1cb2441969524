"""The mail catcher as a part: an SMTP server whose mails are read on a page."""

import sys
from collections.abc import Mapping
from pathlib import Path

from backoffice.sandbox.stack.parts import Part, listens


def part(folder: Path, smtp_port: int, page_port: int, environment: Mapping[str, str]) -> Part:
    """How to run it; caught mails lie in `folder` as a Maildir."""
    folder = folder.resolve()
    program = [sys.executable, "-m", "backoffice.sandbox.mail_catcher"]
    return Part(
        name="mail",
        command=[*program, str(folder), str(smtp_port), str(page_port)],
        environment=environment,
        log=folder.parent / "log" / "mail.log",
        ready=lambda: listens(smtp_port) and listens(page_port),
    )
