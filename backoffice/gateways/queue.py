"""The doorbell: RQ rings a worker with a job's name and one id; PostgreSQL is the queue.

RQ loses jobs and runs them twice, so nothing rests on it: no retries, no scheduler, no results,
no words of the job in Redis or in a log.
"""

import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol

import redis
import structlog
from rq import Queue as RqBell
from rq import Worker
from rq.job import Job

QUEUE = "cleanclaim"
_DEFAULT_TIMEOUT = 120
_FAILURES_KEPT = 86_400
_SERIALIZER = "json"
_log = structlog.get_logger()


class BellSilent(Exception):
    """Redis did not take the ring; the relay rings again."""


class Queue(Protocol):
    """Whoever wakes a worker."""

    def ring(self, job_name: str, argument: str) -> None:
        """Ask for a job by its dotted name, with one id; raises BellSilent."""


class RqQueue:
    """Rings through RQ; `timeouts` are seconds by job name, where 120 are not right."""

    def __init__(self, redis_url: str, *, timeouts: Mapping[str, int] | None = None) -> None:
        self._timeouts = dict(timeouts or {})
        # a web request must not wait for a bell: one second, then the relay's turn
        self._redis = redis.Redis.from_url(
            redis_url, socket_connect_timeout=1.0, socket_timeout=1.0
        )
        self._bell = RqBell(QUEUE, connection=self._redis, serializer=_SERIALIZER)

    def ring(self, job_name: str, argument: str) -> None:
        """Ask for a job; see Queue.ring."""
        try:
            self._bell.enqueue_call(
                job_name,
                args=(argument,),
                timeout=self._timeouts.get(job_name, _DEFAULT_TIMEOUT),
                result_ttl=0,
                failure_ttl=_FAILURES_KEPT,
                description="x",
            )
        except redis.RedisError as broken:
            raise BellSilent(type(broken).__name__) from None

    def waiting(self) -> int:
        """How many rings nobody has answered yet; for the operator's page, never for logic."""
        return int(self._bell.count)


class InMemoryQueue:
    """Rings kept in a list, in their order."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []

    def ring(self, job_name: str, argument: str) -> None:
        """Keep one ring; see Queue.ring."""
        self.rung.append((job_name, argument))


def answer_the_bell(
    redis_url: str, *, in_each_job: Callable[[], None], burst: bool = False
) -> None:
    """Be a worker until told to stop: one queue, a forked process for each job.

    `in_each_job` runs first in that process: what must not be shared over a fork is let go there.
    `burst` leaves when the queue is empty.
    """
    connection = redis.Redis.from_url(redis_url)
    worker = _Worker(
        [RqBell(QUEUE, connection=connection, serializer=_SERIALIZER)],
        connection=connection,
        serializer=_SERIALIZER,
        worker_ttl=45,
        job_monitoring_interval=15,
        maintenance_interval=30,
        log_job_description=False,
    )
    worker.in_each_job = in_each_job
    worker.work(burst=burst, with_scheduler=False, logging_level="WARNING")


class _Worker(Worker):
    """RQ's forking worker, which tells Redis and the log the kind of a failure, no more."""

    in_each_job: Callable[[], None]

    def main_work_horse(self, job: Job, queue: RqBell) -> None:
        """Begin a job's own process."""
        self.in_each_job()
        super().main_work_horse(job, queue)

    def handle_job_failure(
        self, job: Job, queue: RqBell, started_job_registry: Any = None, exc_string: str = ""
    ) -> None:
        """RQ would keep the whole traceback, and with it what was being worked on."""
        kind = _kind(sys.exc_info()[0])
        super().handle_job_failure(job, queue, started_job_registry, exc_string=kind)

    def handle_exception(
        self,
        job: Job,
        kind: type[BaseException],
        value: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        """One line: which job, what kind of failure."""
        _log.error("rq job failed", job=job.func_name, rq_job=job.id, kind=_kind(kind))


def _kind(kind: type[BaseException] | None) -> str:
    return kind.__name__ if kind else "killed"
