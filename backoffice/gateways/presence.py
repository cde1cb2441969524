"""Who has a thread open and who is writing in it: for seconds, in Redis alone, never on record.

Nothing rests on it either: without Redis nobody is seen.
"""

import enum
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import redis
import structlog

MOST_NOTES: Final = 20
"""In ten seconds, of one person: a page says it every twenty seconds, or three while typing."""
_PACE_SECONDS: Final = 10
_WAIT = 0.3
_AWAY = 5.0
_log = structlog.get_logger()


class Doing(enum.StrEnum):
    """What somebody does before a thread."""

    HERE = "here"
    WRITING = "writing"
    NOTING = "noting"
    """Writing an internal note."""


LASTS: Final = {Doing.HERE: 45.0, Doing.WRITING: 8.0, Doing.NOTING: 8.0}
"""Seconds after which it is no longer so, unless it is said again."""


@dataclass(frozen=True)
class Turn:
    """That somebody turned from one doing to another; None is being away."""

    before: Doing | None
    after: Doing | None


class Presence(Protocol):
    """Whoever remembers for seconds who is where."""

    def note(self, place: UUID, person: UUID, doing: Doing | None) -> Turn | None:
        """Remember what somebody does in a place, None that they left; None where it is no news.

        Whoever says it too often is not listened to.
        """

    def around(self, place: UUID) -> Mapping[UUID, Doing]:
        """Return who is in a place now, and what they do."""


class RedisPresence:
    """One sorted set a place and doing: members are people, scores until when it is so."""

    def __init__(self, redis_url: str, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis.Redis.from_url(
            redis_url,
            socket_connect_timeout=_WAIT,
            socket_timeout=_WAIT,
            decode_responses=True,
        )
        self._clock = clock
        self._away_until = 0.0

    def note(self, place: UUID, person: UUID, doing: Doing | None) -> Turn | None:
        """Remember it; see Presence.note."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return self._note(place, str(person), doing)
        except redis.RedisError as broken:
            self._is_away(broken)
            return None

    def _note(self, place: UUID, person: str, doing: Doing | None) -> Turn | None:
        now, pace = self._clock(), f"cleanclaim:pace:{person}"
        with self._redis.pipeline(transaction=False) as together:
            together.incr(pace)
            together.expire(pace, _PACE_SECONDS, nx=True)
            for each in Doing:
                together.zscore(_key(place, each), person)
            notes, _, *until = together.execute()
        if notes > MOST_NOTES:
            return None
        before = _doing({each: end for each, end in zip(Doing, until, strict=True) if end}, now)
        with self._redis.pipeline(transaction=True) as together:
            for each in Doing:
                if each is doing or (each is Doing.HERE and doing is not None):
                    together.zadd(_key(place, each), {person: now + LASTS[each]})
                    together.expire(_key(place, each), int(LASTS[each]) + 1)
                else:
                    together.zrem(_key(place, each), person)
            together.execute()
        return None if before is doing else Turn(before, doing)

    def around(self, place: UUID) -> Mapping[UUID, Doing]:
        """Look; see Presence.around."""
        if time.monotonic() < self._away_until:
            return {}
        try:
            with self._redis.pipeline(transaction=False) as together:
                for each in Doing:
                    together.zrangebyscore(_key(place, each), self._clock(), "+inf")
                found = together.execute()
        except redis.RedisError as broken:
            self._is_away(broken)
            return {}
        # what stands later in Doing says more: whoever writes is here
        return {
            UUID(person): each for each, there in zip(Doing, found, strict=True) for person in there
        }

    def _is_away(self, broken: redis.RedisError) -> None:
        self._away_until = time.monotonic() + _AWAY
        _log.warning("presence not known", kind=type(broken).__name__)


class InMemoryPresence:
    """Presence within one process; `silent` makes it forget all, as without Redis."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.silent = False
        self._clock = clock
        self._until: dict[tuple[UUID, UUID], dict[Doing, float]] = {}
        self._said: dict[UUID, list[float]] = {}

    def note(self, place: UUID, person: UUID, doing: Doing | None) -> Turn | None:
        """Remember it; see Presence.note."""
        now = self._clock()
        said = [at for at in self._said.get(person, []) if at > now - _PACE_SECONDS]
        self._said[person] = [*said, now]
        if self.silent or len(said) >= MOST_NOTES:
            return None
        until = self._until.setdefault((place, person), {})
        before = _doing(until, now)
        until.clear()
        if doing is not None:
            until[Doing.HERE] = now + LASTS[Doing.HERE]
            until[doing] = now + LASTS[doing]
        return None if before is doing else Turn(before, doing)

    def around(self, place: UUID) -> Mapping[UUID, Doing]:
        """Look; see Presence.around."""
        now = self._clock()
        found = {
            person: _doing(until, now)
            for (where, person), until in self._until.items()
            if where == place and not self.silent
        }
        return {person: doing for person, doing in found.items() if doing is not None}


def _doing(until: Mapping[Doing, float], now: float) -> Doing | None:
    return next((each for each in reversed(Doing) if until.get(each, 0.0) > now), None)


def _key(place: UUID, doing: Doing) -> str:
    return f"cleanclaim:{doing.value}:{place}"
