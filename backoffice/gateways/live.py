"""Tells open pages that a row has changed: ids and versions only, over Redis or in memory.

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
_AWAY = 5.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class Change:
    """A row that stands in the database with this version now."""

    kind: str
    practice_id: UUID
    id: UUID
    version: int


class LiveSilent(Exception):
    """Changes can't be heard now; look at the database instead, and try again."""


class Live(Protocol):
    """Whoever carries changes from those who make them to those who watch."""

    def tell(self, changes: Sequence[Change]) -> None:
        """Tell everybody who listens; what can't be told is dropped."""

    def listen(self, *, patience: float) -> Iterator[Change | None]:
        """Yield changes as they come; None at the beginning and after `patience` idle seconds.

        Raises LiveSilent.
        """


class RedisLive:
    """Changes over one channel of Redis."""

    def __init__(self, redis_url: str) -> None:
        # whoever tells has just committed and goes on: half a second, then not for five
        self._teller = redis.Redis.from_url(
            redis_url, socket_connect_timeout=_WAIT, socket_timeout=_WAIT
        )
        self._listener = redis.Redis.from_url(
            redis_url, socket_connect_timeout=_WAIT, socket_keepalive=True, health_check_interval=15
        )
        self._away_until = 0.0

    def tell(self, changes: Sequence[Change]) -> None:
        """Publish; see Live.tell."""
        if not changes or time.monotonic() < self._away_until:
            return
        try:
            with self._teller.pipeline(transaction=False) as together:
                for change in changes:
                    together.publish(CHANNEL, _written(change))
                together.execute()
        except redis.RedisError as broken:
            self._away_until = time.monotonic() + _AWAY
            _log.warning("changes not told", kind=type(broken).__name__)

    def listen(self, *, patience: float) -> Iterator[Change | None]:
        """Subscribe; see Live.listen."""
        try:
            with self._listener.pubsub(ignore_subscribe_messages=True) as heard:  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
                heard.subscribe(CHANNEL)
                yield None
                while True:
                    message = heard.get_message(timeout=patience)
                    yield _read(message["data"]) if message else None
        except redis.RedisError as broken:
            raise LiveSilent(type(broken).__name__) from None


class InMemoryLive:
    """Changes within one process; `silent` makes it deaf and mute, as without Redis."""

    def __init__(self) -> None:
        self.silent = False
        self._listeners: list[queue.SimpleQueue[Change]] = []

    def tell(self, changes: Sequence[Change]) -> None:
        """Put changes before every listener; see Live.tell."""
        if self.silent:
            return
        for listener in list(self._listeners):
            for change in changes:
                listener.put(change)

    def listen(self, *, patience: float) -> Iterator[Change | None]:
        """Wait for changes; see Live.listen."""
        mine: queue.SimpleQueue[Change] = queue.SimpleQueue()
        self._listeners.append(mine)
        try:
            if not self.silent:
                yield None
            while not self.silent:
                try:
                    yield mine.get(timeout=patience)
                except queue.Empty:
                    yield None
            raise LiveSilent
        finally:
            self._listeners.remove(mine)


def _written(change: Change) -> str:
    return json.dumps(
        [change.kind, str(change.practice_id), str(change.id), change.version],
        separators=(",", ":"),
    )


def _read(data: Any) -> Change | None:
    """Read a change; None for what is none (another version of us may speak differently)."""
    try:
        kind, practice_id, row_id, version = json.loads(data)
        return Change(str(kind), UUID(practice_id), UUID(row_id), int(version))
    except (ValueError, TypeError, AttributeError):
        return None
