"""Up to where somebody has seen: a snapshot of the database, not a clock and not a number.

Ids and numbers are given before a commit makes them visible, so "after number 7" would miss a
number 6 that commits later. A snapshot says of every transaction whether it was visible then.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

LONGEST: Final = timedelta(hours=13)
"""A session lasts twelve hours: nobody has anything open that is older."""
_LARGEST = 2**63 - 1
_MOST_LETTERS = 400
_SHAPE = re.compile(r"(\d{1,12})~((\d{1,19}):(\d{1,19}):((?:\d{1,19},)*\d{1,19})?)")


@dataclass(frozen=True)
class Seen:
    """When it was looked, and PostgreSQL's snapshot then: `xmin:xmax:those under way`."""

    at: int
    """Seconds since 1970."""
    snapshot: str

    def __str__(self) -> str:
        """Return it as it travels to the browser and back."""
        return f"{self.at}~{self.snapshot}"

    @property
    def floor(self) -> int:
        """The first transaction that may not have been visible."""
        return int(self.snapshot.partition(":")[0])

    @property
    def ceiling(self) -> int:
        """The first transaction that had not begun."""
        return int(self.snapshot.split(":")[1])

    def is_too_old(self, now: datetime) -> bool:
        """Whether what happened since may be forgotten, or the clock was another one."""
        return not timedelta(hours=-1) < now - datetime.fromtimestamp(self.at, now.tzinfo) < LONGEST

    @classmethod
    def taken(cls, snapshot: str, now: datetime) -> "Seen":
        """Return where one stands who looks now.

        One with a great many transactions under way is put a little back: then some changes are
        named twice, and none is missed.
        """
        if len(snapshot) > _MOST_LETTERS:
            floor = snapshot.partition(":")[0]
            snapshot = f"{floor}:{floor}:"
        return cls(int(now.timestamp()), snapshot)

    @classmethod
    def read(cls, words: str | None) -> "Seen | None":
        """Read what a browser brought back; None for none, or for what PostgreSQL would refuse."""
        found = _SHAPE.fullmatch(words or "")
        if found is None or len(found[2]) > 2 * _MOST_LETTERS:
            return None
        floor, ceiling = int(found[3]), int(found[4])
        running = [int(each) for each in (found[5] or "").split(",") if each]
        in_order = all(one < two for one, two in pairwise(running))
        inside = all(floor <= each < ceiling for each in running)
        if not (0 < floor <= ceiling <= _LARGEST and in_order and inside):
            return None
        return cls(int(found[1]), found[2])
