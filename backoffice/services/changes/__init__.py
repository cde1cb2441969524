"""Which rows a unit of work changed that people may be watching: kept a day, told after its commit.

They are told over Redis at once; who missed that asks the database what they have not seen yet.
"""

from backoffice.services.changes.gathering import announce_changes, note_change
from backoffice.services.changes.missed import Missed, forget_old, missed_since
from backoffice.services.changes.seen import Seen

__all__ = ["Missed", "Seen", "announce_changes", "forget_old", "missed_since", "note_change"]
