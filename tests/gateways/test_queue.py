"""RQ rings the bell: one id goes in, nothing of the job stays in Redis or in a log."""

import base64
import binascii
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from backoffice.gateways.queue import BellSilent, RqQueue, answer_the_bell

SUBJECT = "0190b7a0-0000-7000-8000-000000000001"


@pytest.fixture
def redis_server(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
        yield server


def everything_in(server: Any) -> bytes:
    """Every key and value, RQ's own wrappings taken off."""
    found = list(server.scan_iter())
    for key in list(found):
        kind = server.type(key)
        if kind == b"hash":
            found += [_opened(value) for value in server.hgetall(key).values()]
        elif kind == b"stream":
            entries = [entry for _, entry in server.xrange(key)]
            found += [_opened(value) for entry in entries for value in entry.values()]
    return b"\n".join(found)


def _opened(value: bytes) -> bytes:
    for unpack in (zlib.decompress, lambda packed: zlib.decompress(base64.b64decode(packed))):
        try:
            return bytes(unpack(value))
        except (zlib.error, binascii.Error):
            continue
    return value


def record(argument: str) -> None:
    """A job: says in a file next to the test that it ran, and with what."""
    Path(argument).with_suffix(".ran").write_text(argument)


def fail(argument: str) -> None:
    """A job that dies with words nobody may see."""
    raise ValueError("Jane Canary, 123-45-6789")


def nothing() -> None:
    """What a job's own process begins with here."""


def test_a_rung_job_runs_once_in_a_process_of_its_own(
    redis_url: str, redis_server: Any, tmp_path: Path
) -> None:
    bell = RqQueue(redis_url)
    bell.ring(f"{__name__}.record", str(tmp_path / "job"))

    answer_the_bell(redis_url, in_each_job=(tmp_path / "begun").touch, burst=True)

    assert (tmp_path / "job.ran").read_text() == str(tmp_path / "job")
    assert (tmp_path / "begun").exists()
    assert bell.waiting() == 0
    assert not [key for key in redis_server.scan_iter() if b"rq:job:" in key]


def test_a_job_carries_one_id_and_its_own_time_limit(redis_url: str, redis_server: Any) -> None:
    RqQueue(redis_url, timeouts={"workers.remittances.read_remittance": 900}).ring(
        "workers.remittances.read_remittance", SUBJECT
    )

    (job,) = [key for key in redis_server.scan_iter() if key.startswith(b"rq:job:")]
    fields = redis_server.hgetall(job)
    assert zlib.decompress(fields[b"data"]).decode().count(SUBJECT) == 1
    assert fields[b"description"] == b"x"
    assert fields[b"timeout"] == b"900"
    assert fields[b"failure_ttl"] == b"86400"
    assert fields[b"result_ttl"] == b"0"


def test_a_failed_job_leaves_its_kind_and_none_of_its_words(
    redis_url: str,
    redis_server: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    RqQueue(redis_url).ring(f"{__name__}.fail", SUBJECT)

    with caplog.at_level(logging.DEBUG):
        answer_the_bell(redis_url, in_each_job=nothing, burst=True)

    stored = everything_in(redis_server)
    said = "".join([caplog.text, *capfd.readouterr()])
    assert b"ValueError" in stored
    assert b"Canary" not in stored
    assert b"6789" not in stored
    assert "Canary" not in said


def test_a_silent_redis_is_told_within_a_second_or_two(closed_port: int) -> None:
    with pytest.raises(BellSilent):
        RqQueue(f"redis://127.0.0.1:{closed_port}/0").ring("workers.any", SUBJECT)
