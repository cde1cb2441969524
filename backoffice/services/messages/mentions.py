"""Finds who is meant by "@Name" in the words of a message."""

import re
from collections.abc import Iterable
from uuid import UUID

from backoffice.services.messages.circle import Correspondent


def mentioned(words: str, people: Iterable[Correspondent]) -> frozenset[UUID]:
    """Return who is named after an @: the longest name that fits; namesakes are all meant.

    An @ within a word, as in an email address, names nobody.
    """
    by_name: dict[str, set[UUID]] = {}
    for each in people:
        by_name.setdefault(each.name.casefold(), set()).add(each.id)
    if not by_name:
        return frozenset()
    names = "|".join(re.escape(name) for name in sorted(by_name, key=len, reverse=True))
    found = re.findall(rf"(?<!\w)@({names})(?!\w)", words.casefold())
    return frozenset(user_id for name in found for user_id in by_name[name])
