"""Tasks of the house: raised once for each cause, taken, given, done, listed."""

from backoffice.services.tasks.listing import (
    PAGE_SIZE,
    Line,
    Listing,
    Pile,
    counts,
    mine_open,
    tasks,
)
from backoffice.services.tasks.raising import About, done, give, raise_once, reopen

__all__ = [
    "PAGE_SIZE",
    "About",
    "Line",
    "Listing",
    "Pile",
    "counts",
    "done",
    "give",
    "mine_open",
    "raise_once",
    "reopen",
    "tasks",
]
