"""A scanner for a laptop that has none: speaks clamd's protocol and knows the EICAR test file only.

Run as `python -m backoffice.sandbox.stand_in_scanner PORT [LARGEST]`; files above LARGEST bytes
(25 MiB, clamd's own default) are answered as clamd does, with an error and a closed connection.
"""

import signal
import socketserver
import struct
import sys
from threading import Thread
from typing import Final

from backoffice.gateways.scanner import EICAR, EICAR_NAME, STAND_IN

LARGEST: Final = 25 * 1024 * 1024
_VERSION: Final = f"{STAND_IN} 1/knows EICAR only"
_LONGEST_COMMAND: Final = 64


class StandIn(socketserver.ThreadingTCPServer):
    """Answers PING, VERSION and INSTREAM, one a connection."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, *, largest: int = LARGEST) -> None:
        self.largest = largest
        super().__init__(("127.0.0.1", port), _Call)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])


class _Call(socketserver.StreamRequestHandler):
    """One connection, one command."""

    server: StandIn
    timeout = 60

    def handle(self) -> None:
        """Read the command to its NUL and answer; what is no command is not answered."""
        try:
            command = self._command()
            if command == b"zPING":
                self._say("PONG")
            elif command == b"zVERSION":
                self._say(_VERSION)
            elif command == b"zINSTREAM":
                self._say(self._looked_at())
        except (ConnectionError, TimeoutError):
            return

    def _command(self) -> bytes:
        read = b""
        while len(read) < _LONGEST_COMMAND:
            one = self.rfile.read(1)
            if one in {b"", b"\0"}:
                return read
            read += one
        return read

    def _looked_at(self) -> str:
        """Return the verdict on a stream; a signature may lie across two chunks."""
        size, tail, found = 0, b"", False
        while True:
            head = self.rfile.read(4)
            length = struct.unpack("!L", head)[0] if len(head) == 4 else 0
            if not length:
                break
            size += length
            if size > self.server.largest:
                return "INSTREAM size limit exceeded. ERROR"
            tail = tail[1 - len(EICAR) :] + self.rfile.read(length)
            found = found or EICAR in tail
        return f"stream: {EICAR_NAME} FOUND" if found else "stream: OK"

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\0")


def main() -> None:
    """Serve until told to stop."""
    port, *more = map(int, sys.argv[1:])
    server = StandIn(port, largest=more[0] if more else LARGEST)
    Thread(target=server.serve_forever, daemon=True).start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.shutdown()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
