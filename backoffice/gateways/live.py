"""Tells open pages what has changed and who is there: ids and versions only, Redis or memory.

Nothing rests on it. What is lost is seen at the next look, so telling never fails and never waits.
"""

import json
import queue
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import redis
import structlog

CHANNEL = "cleanclaim:changes"
_WAIT = 0.5
_AWAY = (0.5, 5.0)
_log = structlog.get_logger()


@dataclass(frozen=True)
class Change:
    """A row that stands in the database with this version now.

    `staff_only`: of something that a practice's people do not know of, an internal note.
    """

    kind: str
    practice_id: UUID
    id: UUID
    version: int
    staff_only: bool = False

    @property
    def key(self) -> tuple[str, UUID, int]:
        """What tells one change from every other, however often it is told."""
        return self.kind, self.id, self.version


class LiveSilent(Exception):
    """Changes can't be heard now; look at the database instead, and try again."""


class Live(Protocol):
    """Whoever carries changes from those who make them to those who watch."""

    def tell(self, changes: Sequence[Change]) -> None:
        """Tell everybody who listens; what can't be told is dropped."""

    def listen(self, *, patience: float) -> Iterator[Sequence[Change]]:
        """Yield changes as they come, those of one commit together.

        Yields none at the beginning, and after `patience` idle seconds. Raises LiveSilent.
        """


class RedisLive:
    """Changes over one channel of Redis."""

    def __init__(self, redis_url: str) -> None:
        # whoever tells has just committed and goes on: half a second, then not for a while, which
        # doubles as long as nobody answers: a busy Redis is not one that is away
        self._teller = redis.Redis.from_url(
            redis_url, socket_connect_timeout=_WAIT, socket_timeout=_WAIT
        )
        self._listener = redis.Redis.from_url(
            redis_url, socket_connect_timeout=_WAIT, socket_keepalive=True, health_check_interval=15
        )
        self._away_until, self._away_for = 0.0, _AWAY[0]

    def tell(self, changes: Sequence[Change]) -> None:
        """Publish; see Live.tell."""
        if not changes or time.monotonic() < self._away_until:
            return
        try:
            self._teller.publish(CHANNEL, _written(changes))
            self._away_for = _AWAY[0]
        except redis.RedisError as broken:
            self._away_until = time.monotonic() + self._away_for
            self._away_for = min(2 * self._away_for, _AWAY[1])
            _log.warning("changes not told", kind=type(broken).__name__)

    def listen(self, *, patience: float) -> Iterator[Sequence[Change]]:
        """Subscribe; see Live.listen."""
        try:
            with self._listener.pubsub(ignore_subscribe_messages=True) as heard:  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
                heard.subscribe(CHANNEL)
                yield ()
                while True:
                    message = heard.get_message(timeout=patience)
                    yield _read(message["data"]) if message else ()
        except redis.RedisError as broken:
            raise LiveSilent(type(broken).__name__) from None


class InMemoryLive:
    """Changes within one process; `silent` makes it deaf and mute, as without Redis."""

    def __init__(self) -> None:
        self.silent = False
        self._listeners: list[queue.SimpleQueue[Sequence[Change]]] = []

    def tell(self, changes: Sequence[Change]) -> None:
        """Put changes before every listener; see Live.tell."""
        if self.silent or not changes:
            return
        for listener in list(self._listeners):
            listener.put(tuple(changes))

    def listen(self, *, patience: float) -> Iterator[Sequence[Change]]:
        """Wait for changes; see Live.listen."""
        mine: queue.SimpleQueue[Sequence[Change]] = queue.SimpleQueue()
        self._listeners.append(mine)
        try:
            if not self.silent:
                yield ()
            while not self.silent:
                try:
                    yield mine.get(timeout=patience)
                except queue.Empty:
                    yield ()
            raise LiveSilent
        finally:
            self._listeners.remove(mine)


def _written(changes: Sequence[Change]) -> str:
    told = [
        [each.kind, str(each.practice_id), str(each.id), each.version, each.staff_only]
        for each in changes
    ]
    return json.dumps(told, separators=(",", ":"))


def _read(data: Any) -> Sequence[Change]:
    """Read changes; none where these are none (another version of us may speak differently)."""
    try:
        return [
            Change(str(kind), UUID(practice_id), UUID(row_id), int(version), bool(staff_only))
            for kind, practice_id, row_id, version, staff_only in json.loads(data)
        ]
    except (ValueError, TypeError, AttributeError):
        return ()
