"""How long a mail waits for a mail server that is away, and when it is given up."""

from datetime import datetime, timedelta
from typing import Final

FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=15)
GIVE_UP_AFTER: Final = timedelta(days=3)


def next_wait(tries: int, *, since: datetime, now: datetime) -> timedelta | None:
    """Return the wait after this many tries in vain, None when it is given up."""
    if now - since > GIVE_UP_AFTER:
        return None
    return min(FIRST_WAIT * (1 << min(tries - 1, 10)), LONGEST_WAIT)
