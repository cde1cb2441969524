"""A practice leaves: its day is set, its rows are exported, and removed when their day has come.

See docs/adr/0014-how-a-practice-leaves.md.
"""

from backoffice.services.departures.exporting import Exported, NotWhole, write_export
from backoffice.services.departures.leaving import (
    NoSuchDeparture,
    NotPossible,
    Plan,
    announce,
    cancel,
    departure_of,
    due,
    exported,
    fetched,
    take_effect,
)
from backoffice.services.departures.removing import erased, remaining_keys, remove

__all__ = [
    "Exported",
    "NoSuchDeparture",
    "NotPossible",
    "NotWhole",
    "Plan",
    "announce",
    "cancel",
    "departure_of",
    "due",
    "erased",
    "exported",
    "fetched",
    "remaining_keys",
    "remove",
    "take_effect",
    "write_export",
]
