"""One contract for every scanner: clamd's protocol on a real socket, and the one in memory."""

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from backoffice.gateways.scanner import (
    EICAR,
    EICAR_NAME,
    STAND_IN,
    ClamdScanner,
    InMemoryScanner,
    NoVerdict,
    Scanner,
    scanner_at,
)
from backoffice.sandbox.stand_in_scanner import StandIn

SMALL = 300_000
END_OF_STREAM = bytes(4)


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn(0, largest=SMALL) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(params=["in memory", "clamd's protocol"])
def scanner(request: pytest.FixtureRequest) -> Scanner:
    if request.param == "in memory":
        return InMemoryScanner()
    port = request.getfixturevalue("stand_in").port
    return scanner_at(f"tcp://127.0.0.1:{port}")


def test_what_nothing_is_known_of_is_clean_and_says_who_looked(scanner: Scanner) -> None:
    for pieces in ([b"%PDF-1.7"], [], [b""], [b"x" * 100_000, b"y" * 100_000]):
        verdict = scanner.scan(pieces)
        assert verdict.is_clean
        assert verdict.by == scanner.version()


def test_the_test_file_is_found_though_it_lies_across_two_pieces(scanner: Scanner) -> None:
    before = b"." * 70_000

    found = [
        scanner.scan([before + EICAR[:at], EICAR[at:] + b"after"]) for at in (0, 1, 34, len(EICAR))
    ]

    assert [each.finding for each in found] == [EICAR_NAME] * 4


def test_a_file_above_the_scanners_limit_is_not_clean(stand_in: StandIn) -> None:
    scanner = ClamdScanner(f"tcp://127.0.0.1:{stand_in.port}")

    assert scanner.scan([b"x" * SMALL]).is_clean
    for _ in range(5):
        with pytest.raises(NoVerdict):
            scanner.scan(b"x" * 60_000 for _ in range(100))


def test_a_scanner_that_is_away_or_not_joined_calls_nothing_clean(closed_port: int) -> None:
    for url in (f"tcp://127.0.0.1:{closed_port}", "unix:///nowhere/clamd.ctl", None):
        with pytest.raises(NoVerdict):
            scanner_at(url).scan([b"x"])
        with pytest.raises(NoVerdict):
            scanner_at(url).version()


def one_answer(path: Path, answer: Callable[[bytes], bytes | None]) -> Iterator[ClamdScanner]:
    """A scanner on a Unix socket that hears each asker out, then answers as told; None hangs up."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                asked = connection.recv(65_536)
                while asked.startswith(b"zINSTREAM") and not asked.endswith(END_OF_STREAM):
                    asked += connection.recv(65_536)
                said = b"ClamAV 1.0.3/27000/x\0" if b"VERSION" in asked else answer(asked)
                if said is None:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                else:
                    connection.sendall(said)

    Thread(target=serve, daemon=True).start()
    yield ClamdScanner(f"unix://{path}", silent_seconds=0.3)
    server.close()


@pytest.mark.parametrize(
    "said",
    [
        None,
        b"",
        b"stream: OK",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: Can't allocate memory ERROR\0",
        b"stream: NOT OK\0",
        b"UNKNOWN COMMAND\0",
        b"x" * 20_000,
    ],
    ids=["reset", "closed", "torn", "too large", "error", "other words", "no clamd", "flood"],
)
def test_whatever_is_no_verdict_is_not_clean(said: bytes | None, tmp_path: Path) -> None:
    for scanner in one_answer(tmp_path / "s", lambda _: said):
        with pytest.raises(NoVerdict):
            scanner.scan([b"a file"])


def test_a_name_from_the_scanner_cannot_carry_markup(tmp_path: Path) -> None:
    for scanner in one_answer(tmp_path / "s", lambda _: b"stream: <b>Win.Test</b>\n FOUND\0"):
        assert scanner.scan([b"a file"]).finding == "bWin.Test/b"


def test_the_stand_in_says_that_it_is_one(stand_in: StandIn) -> None:
    assert ClamdScanner(f"tcp://127.0.0.1:{stand_in.port}").version().startswith(STAND_IN)
