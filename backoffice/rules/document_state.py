"""Where a document stands, what can happen to it, and the one table of what follows what."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class DocumentState(StrEnum):
    """Only STORED may be opened, linked or shown; in any other state its bytes stay shut."""

    RECEIVING = "receiving"  # the key is chosen, the bytes are on their way
    QUARANTINED = "quarantined"  # the bytes are there, nobody has called them clean yet
    STORED = "stored"  # found clean
    INFECTED = "infected"  # the bytes are erased, what was found stays
    REFUSED = "refused"  # the bytes never came whole
    WITHDRAWN = "withdrawn"  # taken out of sight with a reason; kept until its day
    ERASED = "erased"  # the bytes are gone in every version; the row stays


class DocumentEvent(StrEnum):
    """What can happen to a document; the value is the word that the record has for it."""

    ARRIVED = "arrive"
    FOUND_CLEAN = "find_clean"
    FOUND_INFECTED = "find_infected"
    GIVEN_UP = "refuse"
    WITHDRAWN = "withdraw"
    ERASED = "erase"


_S, _E = DocumentState, DocumentEvent

NEXT: Final[Mapping[tuple[DocumentState, DocumentEvent], DocumentState]] = MappingProxyType(
    {
        (_S.RECEIVING, _E.ARRIVED): _S.QUARANTINED,
        (_S.RECEIVING, _E.GIVEN_UP): _S.REFUSED,
        (_S.QUARANTINED, _E.FOUND_CLEAN): _S.STORED,
        (_S.QUARANTINED, _E.FOUND_INFECTED): _S.INFECTED,
        # newer signatures may know what older ones did not
        (_S.STORED, _E.FOUND_INFECTED): _S.INFECTED,
        (_S.STORED, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.WITHDRAWN, _E.ERASED): _S.ERASED,
    }
)


def next_state(state: DocumentState, event: DocumentEvent) -> DocumentState | None:
    """Return where the event leads from here; None: it changes nothing here."""
    return NEXT.get((state, event))
