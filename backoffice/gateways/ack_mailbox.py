"""Where 999, 277CA and TA1 files lie until we have them: list, fetch, remove after our commit.

A clearinghouse offers this over SFTP (edi.md 4.5). SFTP isn't built: no SSH library is among our
dependencies yet. What stands here is a plain folder over HTTP, *ours alone*: only the sandbox
clearinghouse serves one. The box may be empty for ever; the main job works without it.

The HTTP folder: `GET <base>` answers `{"files": [{"name": ..., "size": ...}]}`, `GET <base>/<name>`
the bytes, `DELETE <base>/<name>` removes the file (again and again without error).
"""

import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

import requests

LARGEST_FILE = 64 * 1024 * 1024
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class MailboxUnreachable(Exception):
    """The box did not answer, or not as agreed: ask again later. Nothing was removed."""


class MailboxFileGone(Exception):
    """The file was listed and is no longer there: another reader has it, or had it."""


@dataclass(frozen=True)
class MailboxFile:
    """One file in the box. The name is the sender's; the size is in bytes."""

    name: str
    size: int


class AckMailbox(Protocol):
    """A box of acknowledgement files. A file stays until `remove`, called after our commit."""

    def list(self) -> tuple[MailboxFile, ...]:
        """The files that lie there, oldest first where the box knows; raises MailboxUnreachable."""
        ...

    def fetch(self, name: str) -> bytes:
        """The bytes of one file; raises MailboxFileGone or MailboxUnreachable."""
        ...

    def remove(self, name: str) -> None:
        """Take a file out of the box; nothing happens when it is not there."""
        ...


class HttpFolder:
    """The sandbox's box over HTTP."""

    def __init__(self, base_url: str, *, connect_seconds: float = 5.0, seconds: float = 30.0):
        self._base_url = base_url.rstrip("/")
        self._timeout = (connect_seconds, seconds)

    def list(self) -> tuple[MailboxFile, ...]:
        """What the folder lists; a name that could not be a file's is left out."""
        answer = self._ask("GET", self._base_url)
        if answer.status_code != 200:
            raise MailboxUnreachable(f"list: HTTP {answer.status_code}")
        try:
            entries = answer.json()["files"]
            files = [MailboxFile(name=entry["name"], size=int(entry["size"])) for entry in entries]
        except (ValueError, KeyError, TypeError):
            raise MailboxUnreachable("list: not the answer agreed on") from None
        return tuple(file for file in files if SAFE_NAME.fullmatch(str(file.name)))

    def fetch(self, name: str) -> bytes:
        """One file, whole."""
        answer = self._ask("GET", self._address_of(name))
        if answer.status_code == 404:
            raise MailboxFileGone(name)
        if answer.status_code != 200 or len(answer.content) > LARGEST_FILE:
            raise MailboxUnreachable(f"fetch: HTTP {answer.status_code}")
        return answer.content

    def remove(self, name: str) -> None:
        """Remove one file."""
        answer = self._ask("DELETE", self._address_of(name))
        if answer.status_code not in (200, 204, 404):
            raise MailboxUnreachable(f"remove: HTTP {answer.status_code}")

    def _address_of(self, name: str) -> str:
        if not SAFE_NAME.fullmatch(name):
            raise MailboxFileGone("not a name that a box can hold")
        return f"{self._base_url}/{quote(name)}"

    def _ask(self, method: str, address: str) -> requests.Response:
        try:
            with requests.Session() as session:
                session.trust_env = False  # ours alone and on this machine: never through a proxy
                return session.request(
                    method, address, timeout=self._timeout, allow_redirects=False
                )
        except requests.RequestException as lost:
            raise MailboxUnreachable(type(lost).__name__) from None


class InMemoryMailbox:
    """A box in memory, for tests of what reads one."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def list(self) -> tuple[MailboxFile, ...]:
        """The files in the order they were put in."""
        return tuple(MailboxFile(name, len(content)) for name, content in self.files.items())

    def fetch(self, name: str) -> bytes:
        """The bytes that were put in."""
        try:
            return self.files[name]
        except KeyError:
            raise MailboxFileGone(name) from None

    def remove(self, name: str) -> None:
        """Take it out, if it is there."""
        self.files.pop(name, None)
