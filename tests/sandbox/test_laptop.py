"""The whole product on one machine: one command starts it, and nothing stays when it ends."""

import http.client
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from backoffice.config import Settings
from backoffice.sandbox.run_file import NothingRuns, RunFile, stack_environment
from backoffice.sandbox.stack.keys import StackKeys

pytestmark = pytest.mark.slow

BACKOFFICE = Path(sys.prefix, "bin", "backoffice")
ADDRESSES = {"portal", "database", "redis", "s3", "mail", "clearinghouse"}
PARTS = {"supervisor", "postgres", "valkey", "s3", "mail", "scanner", "clearinghouse"}
PROCESSES = {"web", "events", "relay", "sealer", "cron", "worker 1", "worker 2"}

STOPS_WITHIN = 120
"""Seconds: a handful on a machine of its own, many more beside two other test processes."""


@contextmanager
def running(var: Path, *words: str) -> Iterator[RunFile]:
    """`backoffice run` until the portal answers; stopped by SIGTERM at the end."""
    with (var.parent / "told").open("w") as told:
        supervisor = subprocess.Popen(  # noqa: S603  (our own command line)
            [BACKOFFICE, "run", *words],
            env={**os.environ, "CLEANCLAIM_VAR": str(var)},
            stderr=told,
            start_new_session=True,
        )
    try:
        wait_for(lambda: (var / "run.json").exists() or supervisor.poll() is not None, 60)
        started = RunFile.read(var)
        assert started, (var.parent / "told").read_text()
        yield started
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(STOPS_WITHIN)


def wait_for(answer: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not answer():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


@dataclass(frozen=True)
class FirstRun:
    """What was seen of one run: while it ran, of a second one beside it, and after its end.

    It began anew (--fresh) on a folder that had keys and a claim file of an earlier release.
    """

    var: Path
    forgotten: StackKeys
    left_over: bool
    started: RunFile
    portal_status: int
    mail_page: str
    mode: int
    keys: set[str]
    alive: set[str]
    second: subprocess.CompletedProcess[str]
    settings: Settings


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    var = tmp_path_factory.mktemp("laptop") / "var"
    earlier = var / "clearinghouse" / "earlier.837"
    earlier.parent.mkdir(parents=True)
    earlier.touch()
    forgotten = StackKeys.of(var)
    with running(var, "--fresh") as started:
        run_file = var / "run.json"
        with urlopen(started.mail) as page:  # noqa: S310  (loopback)
            mail_page = page.read().decode()
        return FirstRun(
            var=var,
            forgotten=forgotten,
            left_over=earlier.exists(),
            started=started,
            portal_status=status_of(started.portal),
            mail_page=mail_page,
            mode=stat.S_IMODE(run_file.stat().st_mode),
            keys=set(json.loads(run_file.read_text())),
            second=run_to_its_end(var, "--fresh"),
            settings=Settings.from_environment(stack_environment({"CLEANCLAIM_VAR": str(var)})),
            alive={name for name, pid in started.pids.items() if not is_gone(pid)},
        )


def status_of(portal: str) -> int:
    with closing(http.client.HTTPConnection("localhost", urlsplit(portal).port)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().status


def run_to_its_end(var: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (our own command line)
        [BACKOFFICE, "run", *words],
        env={**os.environ, **environment, "CLEANCLAIM_VAR": str(var)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_command_reaches_a_portal_that_answers_and_a_page_of_caught_mail(
    first: FirstRun,
) -> None:
    assert urlsplit(first.started.portal).hostname == "localhost"
    assert first.portal_status < 500
    assert "Caught mail" in first.mail_page


def test_the_run_file_tells_how_all_is_reached_and_only_us(first: FirstRun) -> None:
    assert first.mode == 0o600
    assert first.keys == ADDRESSES | {"pids", "people", "environment"}
    assert first.alive == PARTS | PROCESSES


def test_the_command_line_finds_the_stack_by_its_run_file(first: FirstRun) -> None:
    assert first.settings.portal_url == first.started.portal
    with pytest.raises(NothingRuns):
        stack_environment({"CLEANCLAIM_VAR": str(first.var / "elsewhere")})


def test_a_second_run_on_the_same_data_says_where_the_first_is_and_harms_nothing(
    first: FirstRun,
) -> None:
    assert first.second.returncode == 1
    assert first.started.portal in first.second.stderr
    assert first.alive == PARTS | PROCESSES


def test_when_it_ends_no_process_stays_and_the_run_file_goes(first: FirstRun) -> None:
    assert {name for name, pid in first.started.pids.items() if not is_gone(pid)} == set()
    assert not (first.var / "run.json").exists()


def test_a_fresh_start_forgets_the_data_and_their_keys(first: FirstRun) -> None:
    assert first.forgotten.field_key not in first.started.environment["FIELD_KEYS"]
    assert not first.left_over


def test_a_later_start_keeps_the_data_and_their_keys(first: FirstRun) -> None:
    made = (first.var / "postgres/data/PG_VERSION").stat().st_ino

    with running(first.var) as later:
        assert later.environment["FIELD_KEYS"] == first.started.environment["FIELD_KEYS"]
        assert later.people == first.started.people
        assert (first.var / "postgres/data/PG_VERSION").stat().st_ino == made


def test_a_part_that_cannot_start_is_named_and_nothing_else_stays(tmp_path: Path) -> None:
    broken = run_to_its_end(tmp_path / "var", VALKEY_SERVER="/bin/false")

    assert broken.returncode == 1
    assert "valkey ended at its start with exit code 1" in broken.stderr
    assert not (tmp_path / "var/run.json").exists()


def test_what_the_environment_replaces_must_be_told_whole(tmp_path: Path) -> None:
    gaps = run_to_its_end(tmp_path / "var", S3_ENDPOINT_URL="http://127.0.0.1:9")

    assert gaps.returncode == 1
    assert "S3_BUCKET, S3_ACCESS_KEY, S3_SECRET_KEY" in gaps.stderr
