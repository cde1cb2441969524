"""What it takes until 200 open browsers have a message, and what is lost when servers die.

Real connections to events processes as the Procfile has them; messages written through the service
in another process. The browsers do what static/live.js does: they come back with the last id they
were given, and count each change once by its kind, id and version. Latency is from the moment a
commit stands until the browser has read its event. `./dev bench live`.
"""

import asyncio
import base64
import contextlib
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import pytest

from backoffice.config import Settings
from backoffice.models.sealing import Keyring
from backoffice.rules.roles import Role
from backoffice.sandbox.stack import valkey
from backoffice.sandbox.stack.parts import RunningPart, free_port, listens, stop
from backoffice.services import messages
from tests.bench import with_servers
from tests.builders import NOW
from tests.cast import a_user, joins
from tests.databases import Database
from tests.servers import PROJECT
from tests.sessions import a_session
from tests.talk import Talk, a_talk

BROWSERS, PEOPLE = 200, 20
RATE = 5
QUIET_SECONDS, STORM_SECONDS, GRACE_SECONDS = 30, 40, 25
PASSWORD = "bench"


@dataclass
class Window:
    """One open browser: where it stands, what it has heard and when."""

    port: int
    token: str
    seen: str = ""
    came: dict[str, float] = field(default_factory=dict)
    told: set[tuple[str, str, int]] = field(default_factory=set)
    repeated: int = 0
    """Told again after coming back: told once to whoever looks at the page."""
    connected: int = 0
    refused: int = 0

    async def look(self) -> None:
        """Listen, and come back when the stream breaks, until cancelled."""
        pause = 0.0
        while True:
            await asyncio.sleep(pause)
            with contextlib.suppress(OSError, EOFError, asyncio.IncompleteReadError):
                await self._listen()
            pause = random.uniform(0.5, 1.5)

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        try:
            words = [
                f"GET /events?seen={self.seen} HTTP/1.1",
                f"Host: localhost:{self.port}",
                f"Cookie: sid={self.token}",
                f"Last-Event-ID: {self.seen}",
                "Accept: text/event-stream",
            ]
            writer.write("\r\n".join([*words, "", ""]).encode())
            status = await reader.readline()
            if b" 200 " not in status:
                self.refused += 1
                return
            self.connected += 1
            while (await reader.readline()).strip():
                pass
            async for block in self._blocks(reader):
                self._hear(block)
        finally:
            writer.close()

    async def _blocks(self, reader: asyncio.StreamReader) -> AsyncIterator[str]:
        """Yield the stream's blocks out of HTTP's chunks."""
        text = ""
        while size := int((await reader.readline()).strip() or b"0", 16):
            text += (await reader.readexactly(size + 2))[:-2].decode()
            *whole, text = text.split("\n\n")
            for block in whole:
                yield block

    def _hear(self, block: str) -> None:
        now = time.monotonic()
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            if name == "id":
                self.seen = value
            elif name == "data":
                self._count(json.loads(value), now)

    def _count(self, change: dict[str, object], now: float) -> None:
        if change["kind"] != "message":
            return
        key = (str(change["kind"]), str(change["id"]), int(str(change["version"])))
        if key in self.told:
            self.repeated += 1
            return
        self.told.add(key)
        self.came[key[1]] = now


@dataclass
class Stage:
    """What runs: events processes, a Redis of their own, a writer, browsers."""

    environment: Mapping[str, str]
    port: int
    redis: RunningPart
    talk: Talk
    thread: UUID
    windows: list[Window]
    written: dict[str, float] = field(default_factory=dict)
    untold: int = 0
    """Commits that Redis did not take in half a second: found by looking, later."""
    events: "subprocess.Popen[bytes] | None" = None

    def start_events(self) -> None:
        """Run the Procfile's events line."""
        line = next(
            line.partition(": ")[2]
            for line in Path(PROJECT, "Procfile").read_text().splitlines()
            if line.startswith("events: ")
        )
        command = shlex.split(line.replace("0.0.0.0:$PORT", f"127.0.0.1:{self.port}"))
        self.events = subprocess.Popen(  # noqa: S603  (our own command line)
            [sys.executable, "-m", *command],
            env=dict(self.environment),
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not listens(self.port):
            time.sleep(0.05)

    def kill_events(self) -> None:
        """Kill them all at once, as a machine that loses its power."""
        assert self.events is not None
        os.killpg(self.events.pid, signal.SIGKILL)
        self.events.wait()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Have messages written while this lasts."""
        practice, author = self.talk.practice_id, self.talk.cast.biller.id
        words = [str(each) for each in (practice, self.thread, author, RATE)]
        writer = subprocess.Popen(  # noqa: S603  (our own command line)
            [sys.executable, "-m", "tests.bench.live_writer", *words],
            env=dict(self.environment),
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdin is not None
        assert writer.stdout is not None
        lines = writer.stdout

        def note() -> None:
            for line in lines:
                self.untold += "changes not told" in line
                if line.startswith("wrote "):
                    _, message, stood = line.split()
                    self.written[message] = float(stood)

        noting = threading.Thread(target=note)
        noting.start()
        yield
        writer.stdin.write("\n")
        writer.stdin.close()
        noting.join()
        lines.close()
        writer.wait()


def environment_of(settings: Settings, **told: str) -> dict[str, str]:
    """The environment that a process of ours reads these settings from."""
    names = ("database_url", "intake_database_url", "redis_url", "s3_endpoint_url", "s3_bucket",
             "s3_access_key", "s3_secret_key", "smtp_url", "mail_from", "portal_url", "secret_key",
             "clearinghouse_url", "clearinghouse_key")  # fmt: skip
    (key_id, key), *_ = settings.field_keys.items()
    return {
        **os.environ,
        **{name.upper(): str(getattr(settings, name)) for name in names},
        "FIELD_KEYS": f"{key_id}:{base64.b64encode(key).decode()}",
        "INDEX_KEY": base64.b64encode(settings.index_key).decode(),
        "SANDBOX": "1",
        **told,
    }


@pytest.fixture
def stage(
    fresh_database: Database, settings: Settings, keyring: Keyring, tmp_path: Path
) -> Iterator[Stage]:
    talk = a_talk(fresh_database)
    with fresh_database.work(practices=[talk.practice_id], house=True) as session:
        people = [a_user(session, f"Person {number}") for number in range(PEOPLE)]
        for each in people:
            joins(session, each, talk.cast.practice, Role.PRACTICE_BILLING)
        tokens = [a_session(session, each.id) for each in people for _ in range(BROWSERS // PEOPLE)]
    with talk.work() as session:
        by, claim = talk.person(talk.cast.biller), talk.claim(session)
        thread = messages.start(session, claim, by=by, subject="Bench", body="Go.", now=NOW).id
    port, redis_port = free_port(), free_port()
    redis = RunningPart(valkey.part(tmp_path / "valkey", redis_port, PASSWORD, os.environ))
    redis.wait_until_ready(20)
    own = replace(fresh_database.reached_by(settings), redis_url=valkey.url(redis_port, PASSWORD))
    environment = environment_of(own, EVENTS_URL=f"http://localhost:{port}")
    windows = [Window(port, token) for token in tokens]
    made = Stage(environment, port, redis, talk, thread, windows)
    made.start_events()
    yield made
    made.kill_events()
    stop([made.redis])


def test_two_hundred_browsers_have_a_message_at_once_and_miss_none_whatever_dies(
    stage: Stage,
) -> None:
    asyncio.run(watch(stage))

    held = Counter(each for window in stage.windows for each in window.came)
    missed = sum(BROWSERS - held[message] for message in stage.written)
    doubled = sum(max(0, held[message] - BROWSERS) for message in stage.written)
    sys.stdout.write(
        f"{len(stage.written)} messages to {BROWSERS} browsers, servers killed: {missed} missed,"
        f" {doubled} doubled ({sum(each.repeated for each in stage.windows)} told again on coming"
        f" back, counted once; {sum(each.connected for each in stage.windows)} connections,"
        f" {sum(each.refused for each in stage.windows)} refused)\n"
    )
    assert (missed, doubled) == (0, 0)


async def watch(stage: Stage) -> None:
    """Open the browsers, measure in quiet, then kill what there is, and let them catch up."""
    looking = [asyncio.create_task(window.look()) for window in stage.windows]
    while not all(window.seen for window in stage.windows):
        await asyncio.sleep(0.1)
    opened = {window.connected for window in stage.windows}
    sys.stdout.write(f"\n{BROWSERS} browsers are open at the first try: {opened == {1}}\n")
    loop = asyncio.get_running_loop()
    with stage.writing():
        await asyncio.sleep(QUIET_SECONDS)
    await asyncio.sleep(1)
    say_latency(stage)
    with stage.writing():
        await asyncio.sleep(STORM_SECONDS / 4)
        await loop.run_in_executor(None, stage.kill_events)
        await asyncio.sleep(1)
        await loop.run_in_executor(None, stage.start_events)
        await asyncio.sleep(STORM_SECONDS / 4)
        stage.redis.process.kill()
        stage.redis.process.wait()
        await asyncio.sleep(3)
        stage.redis = RunningPart(stage.redis.part)
        await asyncio.sleep(STORM_SECONDS / 2)
    end = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < end and not all(
        window.came.keys() >= stage.written.keys() for window in stage.windows
    ):
        await asyncio.sleep(0.2)
    for task in looking:
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)


def say_latency(stage: Stage) -> None:
    """Tell how long it took from the commit to each browser."""
    taken = sorted(
        (window.came[message] - stood) * 1000
        for message, stood in stage.written.items()
        for window in stage.windows
        if message in window.came
    )
    assert taken
    at = {name: taken[int(len(taken) * share)] for name, share in (("p50", 0.5), ("p95", 0.95))}
    sys.stdout.write(
        f"{len(stage.written)} messages, {len(taken)} arrivals: p50 {at['p50']:.0f} ms,"
        f" p95 {at['p95']:.0f} ms, max {taken[-1]:.0f} ms; {stage.untold} not taken by Redis;"
        f" load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
    )


if __name__ == "__main__":
    with_servers.run(__file__)
