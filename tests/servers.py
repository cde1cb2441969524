"""The fixtures of real servers: PostgreSQL, Redis, S3 and mail, started when first asked for.

They run once for all xdist workers and end with pytest, however it ends.
"""

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from backoffice.gateways.documents import InMemoryDocuments, S3Documents
from backoffice.gateways.mail import InMemoryMail
from backoffice.gateways.queue import InMemoryQueue
from backoffice.sandbox.mail_catcher import Maildir
from backoffice.sandbox.stack.keys import StackKeys
from backoffice.sandbox.stack.parts import free_port
from backoffice.sandbox.stack.postgres import Passwords, Postgres
from tests.shared_run import CONTROLLER, FOLDER

PROJECT = Path(__file__).resolve().parent.parent
_START_SECONDS = 60.0


@dataclass(frozen=True)
class Servers:
    """The running servers: Settings' environment, and the cluster for making databases."""

    environment: dict[str, str]
    mail_page: str
    folder: Path
    postgres: Postgres

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One xdist worker at a time."""
        with _locked(self.folder):
            yield


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Servers:
    """PostgreSQL, Redis, S3 and the mail catcher, started by whichever worker asks first."""
    folder = request.config.stash[FOLDER]
    with _locked(folder):
        if not (folder / "servers.json").exists():
            _start_servers(folder, request.config.stash[CONTROLLER])
        return _reach_servers(folder)


def _start_servers(folder: Path, controller: int) -> None:
    log = folder / "servers.log"
    mode = os.O_CREAT | os.O_WRONLY | os.O_APPEND
    # spawned, not a Popen: it outlives this xdist worker on purpose, and nobody waits for it
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "backoffice.sandbox.stack", str(folder), str(controller)],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, str(log), mode, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    deadline = time.monotonic() + _START_SECONDS
    while not (folder / "servers.json").exists():
        ended, _ = os.waitpid(pid, os.WNOHANG)
        if ended or time.monotonic() > deadline:
            pytest.exit(f"the servers for the tests did not start:\n{log.read_text()}", 2)
        time.sleep(0.02)


def _reach_servers(folder: Path) -> Servers:
    known = json.loads((folder / "servers.json").read_text())
    keys = StackKeys.of(folder)
    passwords = Passwords.of(keys)
    postgres = Postgres(
        folder / "postgres", known["postgres_port"], passwords, os.environ, ephemeral=True
    )
    return Servers(known["environment"], known["mail_page"], folder, postgres)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def documents() -> InMemoryDocuments:
    """The document store in memory."""
    return InMemoryDocuments()


@pytest.fixture
def mailbox() -> InMemoryMail:
    """The mail gateway in memory: what was sent is in `.sent`."""
    return InMemoryMail()


@pytest.fixture
def bell() -> InMemoryQueue:
    """The queue in memory: what was rung is in `.rung`."""
    return InMemoryQueue()


@pytest.fixture
def s3_documents(servers: Servers) -> S3Documents:
    """A document store on the real S3 server, in an empty bucket of this test's."""
    reached = servers.environment
    bucket = f"test-{uuid4().hex}"
    client = boto3.client(
        "s3",
        endpoint_url=reached["S3_ENDPOINT_URL"],
        aws_access_key_id=reached["S3_ACCESS_KEY"],
        aws_secret_access_key=reached["S3_SECRET_KEY"],
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=bucket)
    return S3Documents(
        endpoint_url=reached["S3_ENDPOINT_URL"],
        bucket=bucket,
        access_key=reached["S3_ACCESS_KEY"],
        secret_key=reached["S3_SECRET_KEY"],
        region="us-east-1",
    )


@pytest.fixture(scope="session")
def smtp_url(servers: Servers) -> str:
    """The address of the real mail server that catches everything."""
    return servers.environment["SMTP_URL"]


@pytest.fixture(scope="session")
def caught_mail(servers: Servers) -> Maildir:
    """What the mail server caught from all tests: look for your own recipient."""
    return Maildir(servers.folder / "mail")


@pytest.fixture(scope="session")
def redis_url(servers: Servers, worker_id: str) -> str:
    """The address of this worker's own Redis database (FLUSHDB is yours, FLUSHALL is not)."""
    number = 1 + int(worker_id.removeprefix("gw")) % 15 if worker_id != "master" else 0
    return f"{servers.environment['REDIS_URL'].rpartition('/')[0]}/{number}"


@pytest.fixture
def closed_port() -> int:
    """A loopback port where nobody listens."""
    return free_port()
