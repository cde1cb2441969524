"""Which passwords everybody tries first: breached ones, also merely padded or doubled, and names.

The words are zxcvbn's 30,000 most frequent passwords of known breaches. Nothing else is asked of a
password: no mixture of characters, no change by the calendar (NIST SP 800-63B).
"""

import re
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from typing import Final

from zxcvbn.frequency_lists import FREQUENCY_LISTS

_LEAST_WORD: Final = 4
_LONGEST_WORD: Final = 24
_LEAST_REST: Final = 4


def is_breached(password: str) -> bool:
    """Whether a password is a breached one, whole, doubled, or padded with digits and symbols."""
    text = password.lower()
    if (text + text).find(text, 1) <= _LEAST_WORD:
        return True  # the same few signs over and over
    spans = combinations(range(len(text) + 1), 2)
    tried = {text[begin:end] for begin, end in spans if _LEAST_WORD <= end - begin <= _LONGEST_WORD}
    return any(_is_only(word, text) for word in tried & _words())


def is_about(password: str, names: Iterable[str]) -> bool:
    """Whether little is left of a password without the words of these names.

    What is left counts as little when it has fewer than four letters or is breached itself.
    """
    words = {word for name in names for word in re.split(r"[^\w]+|_", name.lower())}
    named = sorted((word for word in words if len(word) >= _LEAST_WORD), key=len, reverse=True)
    rest = password.lower()
    for word in named:
        rest = rest.replace(word, " ")
    if rest == password.lower():
        return False
    return sum(map(str.isalpha, rest)) < _LEAST_REST or is_breached(rest.strip())


@cache
def _words() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_only(word: str, text: str) -> bool:
    """Whether a text is this word, once or more, with nothing but digits and signs around it.

    A word without letters must make half of the digits: any longer number has short ones in it.
    """
    rest = text.replace(word, "")
    if any(map(str.isalpha, rest)):
        return False
    digits_left = sum(map(str.isdigit, rest))
    return any(map(str.isalpha, word)) or digits_left * 2 <= sum(map(str.isdigit, text))
