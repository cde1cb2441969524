"""Workers killed with SIGKILL at every step, and a bell that forgets: each claim arrives once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from sqlalchemy import func, select

from backoffice.config import Settings
from backoffice.gateways.clearinghouse import ClaimMd, Patience
from backoffice.gateways.documents import S3Documents
from backoffice.gateways.queue import RqQueue
from backoffice.jobs import TIMEOUTS
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from backoffice.models.submissions import Submission, SubmissionState
from backoffice.sandbox.clearinghouse import Options, SandboxClearinghouse
from tests.databases import Database
from tests.servers import PROJECT
from tests.workers.sending import BRIEF, Stage, a_stage, environment_of
from workers.relay import ring_once

LONG_DAY = 10_000.0  # payers decide nothing meanwhile
FAST = Patience(connect=2, silence=1, whole=2)
TERMS = replace(BRIEF, longest_send=timedelta(seconds=1.2))
QUEUED = 8


@pytest.fixture
def sandbox(tmp_path: Path, settings: Settings) -> Iterator[SandboxClearinghouse]:
    options = Options(
        tmp_path / "clearinghouse",
        (settings.clearinghouse_key,),
        seconds_per_day=LONG_DAY,
        pyx12_every=0,
    )
    with SandboxClearinghouse(options) as running:
        yield running


@pytest.fixture
def stage(
    fresh_database: Database,
    settings: Settings,
    keyring: Keyring,
    sandbox: SandboxClearinghouse,
    s3_documents: S3Documents,
) -> Stage:
    gateway = ClaimMd(sandbox.url, settings.clearinghouse_key, patience=FAST)
    return a_stage(fresh_database, settings, gateway, s3_documents)


def arrivals(sandbox: SandboxClearinghouse) -> dict[str, Any]:
    return dict(requests.get(f"{sandbox.control_url}/receipts", timeout=10).json()["claims"])


def kill_at(place: str) -> Callable[[str], None]:
    def at(here: str) -> None:
        if here == place:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def in_a_child(work: Callable[[], object]) -> int:
    """Run in a process of its own; answers its process id."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return child


@pytest.mark.parametrize("place", ["locked", "kept", "begun", "answered", "recorded"])
def test_a_worker_killed_at_any_step_sends_each_claim_once(
    stage: Stage, sandbox: SandboxClearinghouse, place: str
) -> None:
    file = stage.file_of(claims=3)

    child = in_a_child(lambda: stage.settle(file, terms=TERMS, at=kill_at(place)))
    _, ending = os.waitpid(child, 0)
    time.sleep(TERMS.lease.total_seconds())
    stage.settle(file, terms=TERMS)

    assert os.WTERMSIG(ending) == signal.SIGKILL
    assert stage.state(file) is SubmissionState.SENT
    assert sorted(arrivals(sandbox).values()) == [1, 1, 1]


def test_a_worker_killed_while_it_waits_for_the_answer_does_not_send_twice(
    stage: Stage, sandbox: SandboxClearinghouse
) -> None:
    file = stage.file_of()
    requests.post(
        f"{sandbox.control_url}/misbehave",
        json={"misdeed": "accept_then_silence", "seconds": 5},
        timeout=10,
    )

    child = in_a_child(lambda: stage.settle(file, terms=TERMS))
    _until(lambda: arrivals(sandbox) != {})
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    time.sleep(TERMS.lease.total_seconds())
    stage.settle(file, terms=TERMS)

    assert stage.state(file) is SubmissionState.SENT
    assert list(arrivals(sandbox).values()) == [1]


@pytest.mark.parametrize(
    "misdeed",
    [
        "rate_limit",
        "unavailable",
        "fail_before",
        "reset_before",
        "time_out_before",
        "accept_then_500",
        "accept_then_reset",
        "accept_then_half",
        "accept_then_silence",
        "wrong_claims",
    ],
)
def test_however_the_clearinghouse_misbehaves_each_claim_arrives_once(
    stage: Stage, sandbox: SandboxClearinghouse, misdeed: str
) -> None:
    file = stage.file_of(claims=2)
    requests.post(
        f"{sandbox.control_url}/misbehave", json={"misdeed": misdeed, "seconds": 3}, timeout=10
    )

    _until(lambda: stage.transmit(file, terms=TERMS) is None)

    assert stage.state(file) is SubmissionState.SENT
    assert sorted(arrivals(sandbox).values()) == [1, 1]


def test_a_clearinghouse_that_is_down_gets_the_file_when_it_is_back(
    stage: Stage, sandbox: SandboxClearinghouse
) -> None:
    file = stage.file_of()
    requests.post(f"{sandbox.control_url}/down", json={"seconds": 2}, timeout=10)

    stage.transmit(file, terms=TERMS)
    during = stage.submission(file).answer_code
    _until(lambda: stage.transmit(file, terms=TERMS) is None)

    assert during == "no_connection"
    assert list(arrivals(sandbox).values()) == [1]


@pytest.fixture
def bell(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
        yield server
        server.flushdb()


@pytest.mark.slow
def test_a_bell_that_forgets_everything_costs_seconds_and_no_claim(
    stage: Stage, sandbox: SandboxClearinghouse, settings: Settings, bell: Any
) -> None:
    for _ in range(QUEUED):
        stage.file_of()
    queue = RqQueue(settings.redis_url, timeouts=TIMEOUTS)
    rung = ring_once(stage.relay, queue, now=stage.run.clock())
    bell.flushdb()
    waiting_after_flush = queue.waiting()

    worker = subprocess.Popen(
        [sys.executable, "-m", "workers"],
        cwd=PROJECT,
        env=os.environ | environment_of(stage.run.settings, sandbox.url),
    )
    try:
        ring_again = timedelta(seconds=1)
        _until(
            lambda: (
                ring_once(stage.relay, queue, ring_again=ring_again, now=stage.run.clock())
                is not None
                and all_sent(stage)
            )
        )
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(20)

    assert rung is not None
    assert rung > 0
    assert waiting_after_flush == 0
    assert sorted(arrivals(sandbox).values()) == [1] * QUEUED


@pytest.mark.slow
def test_a_worker_killed_again_and_again_leaves_no_claim_and_doubles_none(
    stage: Stage, sandbox: SandboxClearinghouse, settings: Settings, bell: Any
) -> None:
    files = [stage.file_of() for _ in range(QUEUED)]
    kills = 0

    for turn, file in enumerate(files):
        child = in_a_child(lambda each=file: stage.transmit(each, terms=TERMS))  # type: ignore[misc]  # bound early on purpose
        time.sleep(0.01 * (turn % 7))
        os.kill(child, signal.SIGKILL)
        _, ending = os.waitpid(child, 0)
        kills += os.WIFSIGNALED(ending)
    time.sleep(TERMS.lease.total_seconds())
    for file in files:
        stage.settle(file, terms=TERMS)

    assert kills > 0
    assert sorted(arrivals(sandbox).values()) == [1] * QUEUED


def all_sent(stage: Stage) -> bool:
    with stage.database.work(practices=[stage.practice_id]) as session:
        left = session.scalar(
            select(func.count())
            .select_from(Submission)
            .where(Submission.state != SubmissionState.SENT)
        )
    with stage.database.work(house=True) as session:
        undone = session.scalar(
            select(func.count()).select_from(Errand).where(Errand.done_at.is_(None))
        )
    time.sleep(0.2)
    return left == 0 and undone == 0


def _until(done: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.05)
