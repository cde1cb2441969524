"""Whoever says that a file carries no malware: clamd by its own protocol, or memory in tests.

Nobody's word is nobody's "clean": whatever keeps a scanner from a verdict raises NoVerdict.
"""

import re
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

EICAR: Final = (
    # in two halves, so that no scanner takes this source for the test file that it names
    rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
)
"""The test file that every scanner takes for malware, and that harms nobody."""
EICAR_NAME: Final = "Eicar-Test-Signature"
STAND_IN: Final = "Cleanclaim stand-in"
"""How the sandbox's scanner begins its version: it knows one test file and nothing else."""
PORT: Final = 3310

_CONNECT_SECONDS: Final = 2.0
_SILENT_SECONDS: Final = 60.0
_LONGEST_ANSWER: Final = 4096
_PIECE: Final = 1 << 16
_UNPRINTED: Final = re.compile(r"[^A-Za-z0-9._/ :-]")


class NoVerdict(Exception):
    """The scanner is away, silent, or would not look at the file: it is not clean.

    Carries a short code, nothing of the file.
    """


@dataclass(frozen=True)
class Verdict:
    """What a scanner said: the malware's name, empty for clean, and who said it."""

    finding: str
    by: str

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.finding


class Scanner(Protocol):
    """Whoever looks at bytes for malware."""

    def scan(self, pieces: Iterable[bytes]) -> Verdict:
        """Look at one file, piece by piece; raises NoVerdict."""

    def version(self) -> str:
        """Return the scanner's name and the age of its signatures; raises NoVerdict."""


class ClamdScanner:
    """clamd at `tcp://host:port` or `unix:///path`, by VERSION and INSTREAM."""

    def __init__(self, url: str, *, silent_seconds: float = _SILENT_SECONDS) -> None:
        self._server = urlsplit(url)
        self._silent = silent_seconds

    def scan(self, pieces: Iterable[bytes]) -> Verdict:
        """Send the file in chunks with their length before them; see Scanner.scan.

        A file above clamd's StreamMaxLength is answered with an error or a reset: no verdict.
        """
        by = self.version()
        with self._connection() as connection:
            connection.sendall(b"zINSTREAM\0")
            for piece in pieces:
                for at in range(0, len(piece), _PIECE):
                    part = piece[at : at + _PIECE]
                    connection.sendall(struct.pack("!L", len(part)) + part)
            connection.sendall(struct.pack("!L", 0))
            said = _answer(connection)
        return Verdict(_finding(said), by)

    def version(self) -> str:
        """Return e.g. "ClamAV 1.0.3/27000/..."; see Scanner.version."""
        with self._connection() as connection:
            connection.sendall(b"zVERSION\0")
            return _printed(_answer(connection))

    @contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        try:
            with self._connected() as connection:
                yield connection
        except OSError as broken:
            raise NoVerdict(type(broken).__name__) from None

    def _connected(self) -> socket.socket:
        if self._server.scheme == "unix":
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(_CONNECT_SECONDS)
            try:
                connection.connect(self._server.path)
            except OSError:
                connection.close()
                raise
        else:
            address = (self._server.hostname or "localhost", self._server.port or PORT)
            connection = socket.create_connection(address, timeout=_CONNECT_SECONDS)
        connection.settimeout(self._silent)
        return connection


class NoScanner:
    """Where none is joined: nothing is ever clean."""

    def scan(self, pieces: Iterable[bytes]) -> Verdict:
        """Refuse; see Scanner.scan."""
        raise NoVerdict("none_joined")

    def version(self) -> str:
        """Refuse; see Scanner.version."""
        raise NoVerdict("none_joined")


class InMemoryScanner:
    """A scanner that knows EICAR and what a test teaches it; `away` makes it fall silent."""

    def __init__(self) -> None:
        self.known: dict[bytes, str] = {EICAR: EICAR_NAME}
        self.away = False

    def scan(self, pieces: Iterable[bytes]) -> Verdict:
        """Look for what is known; see Scanner.scan."""
        by, content = self.version(), b"".join(pieces)
        found = (name for signature, name in self.known.items() if signature in content)
        return Verdict(next(found, ""), by)

    def version(self) -> str:
        """Return a name, or nothing while away; see Scanner.version."""
        if self.away:
            raise NoVerdict("away")
        return "In memory 1"


def scanner_at(url: str | None, *, silent_seconds: float = _SILENT_SECONDS) -> Scanner:
    """Return the scanner that the settings name; None: one that calls nothing clean."""
    return ClamdScanner(url, silent_seconds=silent_seconds) if url else NoScanner()


def signed_at(version: str) -> datetime | None:
    """Return when a clamd's signatures were made, None where its version does not say.

    clamd tells the moment in its own clock's zone without naming it; it is read as UTC.
    """
    told = version.rpartition("/")[2]
    try:
        return datetime.strptime(told, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _answer(connection: socket.socket) -> str:
    """Read one answer to its NUL; one that ends early, or never, is none."""
    said = b""
    while not said.endswith(b"\0"):
        piece = connection.recv(_LONGEST_ANSWER)
        if not piece or len(said) > _LONGEST_ANSWER:
            raise NoVerdict("torn_answer")
        said += piece
    return said[:-1].decode("utf-8", "replace")


def _finding(said: str) -> str:
    """Return the malware's name, empty for clean; anything else said is no verdict."""
    words = said.removeprefix("stream: ")
    if words == "OK":
        return ""
    if words.endswith(" FOUND"):
        return _printed(words.removesuffix(" FOUND")) or "unnamed"
    raise NoVerdict("size_limit" if "size limit" in words else "scanner_error")


def _printed(words: str) -> str:
    """Keep of a scanner's words what may stand on a page and in a row."""
    return _UNPRINTED.sub("", words).strip()[:100]
