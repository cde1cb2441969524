"""Which pages of a document somebody means, as typed: "1-3, 5", or several lots of them."""

from collections.abc import Sequence
from typing import Final

MOST_LOTS: Final = 50


class NoSuchPages(ValueError):
    """What was typed names no pages of this document."""


def pages_meant(typed: str, count: int) -> tuple[int, ...]:
    """Read "1-3, 5" of a document of `count` pages, in the order typed; raises NoSuchPages.

    "4-" goes on to the end. A page named twice is meant once.
    """
    found: list[int] = []
    for part in typed.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        start, end = _number(first), _number(last or str(count)) if dash else _number(first)
        if not 1 <= start <= end <= count:
            raise NoSuchPages
        found += range(start, end + 1)
    return tuple(dict.fromkeys(found))


def lots_meant(typed: str, count: int) -> Sequence[tuple[int, ...]]:
    """Read "1-3; 4-7": the pages of each new document; raises NoSuchPages.

    There are two lots at least and MOST_LOTS at most, and no page is in two of them.
    """
    lots = [pages_meant(lot, count) for lot in typed.split(";") if lot.strip()]
    named = [page for lot in lots for page in lot]
    if not 2 <= len(lots) <= MOST_LOTS or len(named) != len(set(named)):
        raise NoSuchPages
    return lots


def _number(words: str) -> int:
    if not words.isascii() or not words.isdigit() or len(words) > 6:
        raise NoSuchPages
    return int(words)
