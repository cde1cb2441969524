"""The servers of a laptop: who they run as, what they keep to themselves, how they end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from backoffice.sandbox.stack.binaries import valkey_server
from backoffice.sandbox.stack.keys import StackKeys
from backoffice.sandbox.stack.parts import Part, PartFailed, free_port, held_port
from backoffice.sandbox.stack.postgres import (
    APP,
    OWNER,
    ClusterOfAnotherVersion,
    Passwords,
    Postgres,
)
from backoffice.sandbox.stack.supervisor import Supervisor
from tests.servers import Servers

CANARY = "123-45-6789"


@pytest.fixture
def database(servers: Servers) -> Iterator[str]:
    name = f"stack_{uuid4().hex}"
    servers.postgres.make_database(name)
    yield name
    servers.postgres.drop_database(name)


def connect(servers: Servers, role: str, database: str) -> psycopg.Connection:
    url = servers.postgres.url(role, database).replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True)


def test_the_app_can_use_a_database_but_make_nothing_in_it(servers: Servers, database: str) -> None:
    with connect(servers, OWNER, database) as owner:
        owner.execute("CREATE TABLE kept (id int)")

    with connect(servers, APP, database) as app:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE made (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT * FROM kept")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE ROLE another")
        # COPY under the wall goes through a temporary table
        app.execute("CREATE TEMPORARY TABLE staged (id int)")


def test_a_stranger_needs_a_password(servers: Servers, database: str) -> None:
    port = servers.postgres.port

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=port, user="app", dbname=database, password="guess")


def test_postgres_does_not_run_as_root(servers: Servers) -> None:
    pid_file = servers.folder / "postgres" / "data" / "postmaster.pid"
    pid = int(pid_file.read_text().splitlines()[0])

    owner = Path(f"/proc/{pid}").stat().st_uid

    assert owner != 0
    assert (servers.folder / "postgres").stat().st_mode & 0o077 == 0


def test_what_somebody_typed_does_not_reach_the_servers_log(
    servers: Servers, database: str
) -> None:
    with connect(servers, OWNER, database) as owner:
        owner.execute("CREATE TABLE people (ssn text PRIMARY KEY)")
        owner.execute("INSERT INTO people VALUES (%s)", [CANARY])
        for statement in (
            "INSERT INTO people VALUES (%s)",
            "SELECT %s::text::int",
            "SELECT no_such_column FROM people WHERE ssn = %s",
        ):
            with pytest.raises(psycopg.Error):
                owner.execute(statement, [CANARY])
        with pytest.raises(psycopg.Error):
            owner.execute(f"INSERT INTO people VALUES ('{CANARY}')")

    log = (servers.folder / "log" / "postgres.log").read_text()
    assert "database system is ready" in log
    assert CANARY not in log


def test_no_password_stands_in_the_process_list(servers: Servers) -> None:
    keys = StackKeys.of(servers.folder)
    secrets = [keys.postgres_superuser, keys.postgres_app, keys.redis, keys.s3_secret_key]

    listed = subprocess.run(
        ["ps", "-eo", "args"],  # noqa: S607  (found where it is installed)
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert str(servers.folder) in listed
    assert not [secret for secret in secrets if secret in listed]


def test_secrets_on_disk_are_ours_alone(servers: Servers) -> None:
    for name in ("keys.json", "servers.json", "valkey/valkey.conf"):
        assert (servers.folder / name).stat().st_mode & 0o077 == 0, name


def test_a_cluster_of_another_version_is_named_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    passwords = Passwords.of(StackKeys.generate())
    cluster = Postgres(tmp_path / "postgres", free_port(), passwords, os.environ)

    with pytest.raises(ClusterOfAnotherVersion, match="made by PostgreSQL 9"):
        cluster.part()

    assert (data / "PG_VERSION").read_text() == "9\n"


def test_a_program_told_by_the_environment_goes_first(tmp_path: Path) -> None:
    told = tmp_path / "valkey-server"
    told.touch()

    assert valkey_server({"VALKEY_SERVER": str(told)}) == told
    assert valkey_server({"VALKEY_SERVER": str(tmp_path / "absent")}) != tmp_path / "absent"


def a_part(folder: Path, code: str) -> Part:
    return Part(
        name="planted",
        command=[sys.executable, "-c", code],
        environment=os.environ,
        log=folder / "planted.log",
    )


def test_a_port_that_is_held_is_given_to_nobody_else() -> None:
    with held_port() as first:
        number = first.getsockname()[1]

        with held_port(number) as second:
            assert second.getsockname()[1] != number
        assert free_port(number) != number


def test_a_port_that_one_stack_chose_is_chosen_by_no_other_before_it_listens() -> None:
    number = free_port()
    code = f"from backoffice.sandbox.stack.parts import free_port; print(free_port({number}))"

    other = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert int(other.stdout) != number
    assert free_port(number) != number


def test_a_part_that_does_not_start_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda words: None)

    with pytest.raises(PartFailed, match="planted ended at its start with exit code 3") as failed:
        supervisor.start([a_part(tmp_path, "print('no port', flush=True); exit(3)")], 10)

    assert "    no port" in str(failed.value)


def test_a_part_that_stays_silent_is_named_and_stopped(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda words: None)

    with pytest.raises(PartFailed, match=r"planted is silent after 0\.5 s"):
        supervisor.start([a_part(tmp_path, "import time; time.sleep(60)")], 0.5)
    pid = supervisor.pids["planted"]
    supervisor.stop()

    assert not Path(f"/proc/{pid}").exists()


WORKING = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: exit(0))
print("at work", flush=True)
time.sleep(60)
"""


def test_a_part_that_dies_is_told_and_started_again(tmp_path: Path) -> None:
    told: list[str] = []
    supervisor = Supervisor(told.append)
    supervisor.start([a_part(tmp_path, WORKING)], 10)
    first = supervisor.pids["planted"]

    os.kill(first, signal.SIGKILL)
    supervisor.watch(until=lambda: supervisor.pids.get("planted", first) != first)
    second = supervisor.pids["planted"]
    supervisor.wait_until_ready(10)
    supervisor.stop()

    assert "planted ended with exit code -9" in told[0]
    assert "at work" in told[0]
    assert second != first
    assert not Path(f"/proc/{second}").exists()


def test_a_part_that_ignores_its_signal_is_killed(tmp_path: Path) -> None:
    stubborn = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: None)
while True:
    time.sleep(60)
"""
    part = a_part(tmp_path, stubborn)
    supervisor = Supervisor(lambda words: None)
    supervisor.start([Part(**{**part.__dict__, "stop_seconds": 0.1})], 10)
    pid = supervisor.pids["planted"]

    supervisor.stop()

    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.slow
def test_nobody_survives_a_killed_supervisor_and_the_cluster_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "stack"
    supervisor = subprocess.Popen(  # noqa: S603  (our own command line)
        [sys.executable, "-m", "backoffice.sandbox.stack", str(folder), str(os.getpid())]
    )
    wait_for(lambda: (folder / "servers.json").exists() or supervisor.poll() is not None)
    started = json.loads((folder / "servers.json").read_text())
    assert descendants_on(folder)

    supervisor.kill()
    supervisor.wait()

    wait_for(lambda: not descendants_on(folder))
    log = (folder / "log" / "postgres.log").read_text()
    assert started["postgres_port"]
    assert "database system is shut down" in log.splitlines()[-1]


def wait_for(answer: object) -> None:
    deadline = time.monotonic() + 20
    assert callable(answer)
    while not answer():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def descendants_on(folder: Path) -> list[str]:
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in words:
            found.append(words)
    return found
