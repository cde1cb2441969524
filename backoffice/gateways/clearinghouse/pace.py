"""Keeps our questions within the number a minute that a clearinghouse allows."""

import threading
import time
from collections.abc import Callable


class Pace:
    """A token bucket: at most `limit` at once, refilled evenly over `per_seconds`.

    One bucket lives in one process. Several processes on one account share the vendor's limit, so
    each is given its part; the vendor's 429 is the net below.
    """

    def __init__(
        self,
        limit: int = 100,
        per_seconds: float = 60.0,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limit = float(limit)
        self._rate = limit / per_seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = float(limit)
        self._seen_at = monotonic()

    def wait(self) -> float:
        """Wait for a token, take it, and say how many seconds that took."""
        with self._lock:
            now = self._monotonic()
            self._tokens = min(self._limit, self._tokens + (now - self._seen_at) * self._rate)
            self._seen_at = now
            self._tokens -= 1
            pause = max(0.0, -self._tokens / self._rate)
        if pause:
            self._sleep(pause)
        return pause
