"""The sandbox clearinghouse's HTTP face, on loopback: /services/, /mailbox/ and /control/.

/services/<name>/ is Claim.MD's; /mailbox/ (GET lists, GET <name>, DELETE <name>) and /control/ are
ours alone. Nothing of what is sent is logged.
"""

import contextlib
import io
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from backoffice.sandbox.clearinghouse import control
from backoffice.sandbox.clearinghouse.misbehaviour import BEFORE, Misdeed, Switch, next_misdeed
from backoffice.sandbox.clearinghouse.services import BAD_KEY, SERVICES, Asked
from backoffice.sandbox.clearinghouse.taking import error
from backoffice.sandbox.clearinghouse.telling import tick
from backoffice.sandbox.clearinghouse.world import Options, World

LARGEST_REQUEST = 64 * 1024 * 1024
TICK_SECONDS = 0.2


class _Silence(Exception):
    """The request gets no answer; `reset` says whether the connection is torn down."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__()
        self.reset = reset


class _Face(ThreadingHTTPServer):
    """The listening socket; a thread for each request."""

    daemon_threads = True
    allow_reuse_address = True
    world: World
    sandbox: "SandboxClearinghouse"


class SandboxClearinghouse:
    """The running sandbox: a face that can be shut for a while, and time that passes.

    Use it in a `with`, or start() and stop(). `url` is the base for CLEARINGHOUSE_URL and
    `mailbox_url` for ACK_MAILBOX_URL.
    """

    def __init__(self, options: Options) -> None:
        self.world = World(options)
        self._port = options.port
        self._stopping = threading.Event()
        self._open_again_at = 0.0
        self._threads: list[threading.Thread] = []
        self._face: _Face | None = (face := self._open())
        self._port = face.server_address[1]

    @property
    def url(self) -> str:
        """Where the services are."""
        return f"http://127.0.0.1:{self._port}/services"

    @property
    def mailbox_url(self) -> str:
        """Where the mailbox is."""
        return f"http://127.0.0.1:{self._port}/mailbox"

    @property
    def control_url(self) -> str:
        """Where the levers are."""
        return f"http://127.0.0.1:{self._port}/control"

    def start(self) -> None:
        """Open the door and let time pass."""
        for work in (self._serve, self._pass_time):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Shut the door and put the memory away."""
        self._stopping.set()
        if face := self._face:
            face.shutdown()
        for thread in self._threads:
            thread.join()
        self.world.store.close()

    def __enter__(self) -> "SandboxClearinghouse":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def go_down(self, seconds: float) -> None:
        """Close the listening socket for so long: connections are refused."""
        self._open_again_at = time.monotonic() + seconds
        if face := self._face:
            threading.Thread(target=face.shutdown, daemon=True).start()

    def _open(self) -> _Face:
        face = _Face(("127.0.0.1", self._port), _Request)
        face.world, face.sandbox = self.world, self
        return face

    def _serve(self) -> None:
        # A face that is open is always served once: shutdown() waits for that.
        while face := self._face:
            face.serve_forever(poll_interval=0.05)
            self._face = None
            face.server_close()
            if not self._stopping.wait(max(0.0, self._open_again_at - time.monotonic())):
                self._face = self._open()

    def _pass_time(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            try:
                tick(self.world)
            except BaseException as failure:
                self.world.failure = type(failure).__name__  # seen by `clock`; the trace is logged
                raise


class _Request(BaseHTTPRequestHandler):
    """One request; HTTP/1.0, so each has its own connection."""

    server: _Face

    def log_message(self, *_: object) -> None:
        """Say nothing: addresses and forms may hold what no log may."""

    def do_GET(self) -> None:
        """The mailbox and the levers."""
        with self._answering():
            path, asked = self._path()
            if path[:1] == ["mailbox"]:
                self._mailbox(path[1:])
            elif path[:1] == ["control"] and len(path) == 2:
                self._json(control.look(self.server.world, path[1], asked.get("pcn", [])))
            else:
                self._plain(HTTPStatus.NOT_FOUND)

    def do_DELETE(self) -> None:
        """A file out of the mailbox; every misdeed off."""
        with self._answering():
            path, _ = self._path()
            if path[:1] == ["mailbox"] and len(path) == 2:
                self.server.world.store.run("DELETE FROM mailbox WHERE name = ?", path[1])
                self._plain(HTTPStatus.NO_CONTENT)
            elif path == ["control", "misbehave"]:
                self._json(control.behave(self.server.world))
            else:
                self._plain(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """The services and the levers."""
        with self._answering():
            path, _ = self._path()
            if len(path) == 2 and path[0] == "services" and path[1] in SERVICES:
                self._service(path[1])
            elif path == ["control", "down"]:
                seconds = float(self._json_body().get("seconds", 1))
                self._json({"down_for": seconds})
                self.server.sandbox.go_down(seconds)
            elif len(path) == 2 and path[0] == "control":
                self._json(control.pull(self.server.world, path[1], self._json_body()))
            else:
                self._plain(HTTPStatus.NOT_FOUND)

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except control.NotALever as wrong:
            self._json({"error": str(wrong)}, HTTPStatus.BAD_REQUEST)
        except _Silence as silence:
            if silence.reset:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    # --- the services

    def _service(self, name: str) -> None:
        form, filename, content = self._form()
        world = self.server.world
        switch = next_misdeed(world.store, name)
        if switch and switch.misdeed in BEFORE:
            self._misbehave_before(switch)
            return
        account = world.account(form.get("AccountKey", ""))
        if switch and switch.misdeed is Misdeed.NO_QUERY:
            self._plain(HTTPStatus.NOT_FOUND)
        elif account is None:
            self._json(error(BAD_KEY, "Invalid AccountKey."))
        else:
            lags = switch.seconds if switch and switch.misdeed is Misdeed.LAG else 0.0
            repeats = switch is not None and switch.misdeed is Misdeed.REPEAT
            asked = Asked(account, form, filename, content, lags, repeats)
            self._answer(SERVICES[name](world, asked), switch)

    def _misbehave_before(self, switch: Switch) -> None:
        """Go wrong with nothing done."""
        retry_after = {"Retry-After": str(int(switch.seconds))} if switch.seconds else {}
        if switch.misdeed is Misdeed.REFUSE:
            self._json(error("9000", "Refused, as told."))
        elif switch.misdeed is Misdeed.RATE_LIMIT:
            self._plain(HTTPStatus.TOO_MANY_REQUESTS, retry_after)
        elif switch.misdeed is Misdeed.UNAVAILABLE:
            self._plain(HTTPStatus.SERVICE_UNAVAILABLE, retry_after)
        elif switch.misdeed is Misdeed.FAIL_BEFORE:
            self._plain(HTTPStatus.INTERNAL_SERVER_ERROR)
        else:
            time.sleep(switch.seconds)
            raise _Silence(reset=switch.misdeed is Misdeed.RESET_BEFORE)

    def _answer(self, said: dict[str, Any], switch: Switch | None) -> None:
        """Answer; or go wrong with everything done."""
        misdeed = switch.misdeed if switch else None
        if switch and misdeed in (Misdeed.ACCEPT_THEN_SILENCE, Misdeed.ACCEPT_THEN_RESET):
            time.sleep(switch.seconds)
            raise _Silence(reset=misdeed is Misdeed.ACCEPT_THEN_RESET)
        if misdeed is Misdeed.ACCEPT_THEN_500:
            self._plain(HTTPStatus.INTERNAL_SERVER_ERROR)
        elif misdeed is Misdeed.ACCEPT_THEN_HALF:
            body = json.dumps(said).encode()
            self._head(HTTPStatus.OK, "application/json", len(body), {})
            self.wfile.write(body[: len(body) // 2])
            raise _Silence(reset=False)
        elif misdeed is Misdeed.WRONG_CLAIMS:
            self._json(_about_others(said))
        else:
            self._json(said)

    # --- the mailbox

    def _mailbox(self, path: list[str]) -> None:
        store = self.server.world.store
        if not path:
            rows = store.rows("SELECT name, length(content) AS size FROM mailbox ORDER BY place")
            self._json({"files": [{"name": row["name"], "size": row["size"]} for row in rows]})
            return
        row = store.row("SELECT content FROM mailbox WHERE name = ?", path[0])
        if row is None:
            self._plain(HTTPStatus.NOT_FOUND)
            return
        content = bytes(row["content"])
        self._head(HTTPStatus.OK, "application/edi-x12", len(content), {})
        self.wfile.write(content)

    # --- in and out

    def _path(self) -> tuple[list[str], dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return [part for part in parts.path.split("/") if part], parse_qs(parts.query)

    def _length(self) -> int:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_REQUEST:
            raise _Silence(reset=True)
        return length

    def _form(self) -> tuple[dict[str, str], str, bytes]:
        kind, options = parse_options_header(self.headers.get("Content-Type", ""))
        body = self.rfile.read(self._length())
        _, form, files = FormDataParser().parse(io.BytesIO(body), kind, len(body), options)
        if sent := files.get("File"):
            with sent.stream as stream:
                return dict(form), sent.filename or "", stream.read()
        return dict(form), "", b""

    def _json_body(self) -> dict[str, Any]:
        try:
            said = json.loads(self.rfile.read(self._length()) or b"{}")
        except ValueError:
            raise control.NotALever("the body is not JSON") from None
        if not isinstance(said, dict):
            raise control.NotALever("the body is not an object")
        return said

    def _json(self, said: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        body = json.dumps(said).encode()
        self._head(status, "application/json", len(body), {})
        self.wfile.write(body)

    def _plain(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        self._head(status, "text/plain", 0, headers or {})

    def _head(self, status: HTTPStatus, kind: str, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _about_others(said: dict[str, Any]) -> dict[str, Any]:
    """The same answer about claims that nobody sent."""
    text = json.dumps(said)
    return dict(json.loads(re.sub(r'"pcn": "[^"]*"', '"pcn": "NOTOURS"', text)))
