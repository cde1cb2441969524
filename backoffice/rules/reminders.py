"""When somebody is reminded of what they were asked for, and when it goes to somebody else."""

from datetime import date
from enum import IntEnum
from typing import Final

from backoffice.rules.dates import business_days_between


class Reminder(IntEnum):
    """A step after asking, by how many business days later it is due; the last is the owner's."""

    FIRST = 1
    SECOND = 3
    THIRD = 5
    OWNER = 6


FORGOTTEN_AFTER: Final = 30
"""Business days after which nobody is reminded any more: the practice's list shows it still."""


def reminder_due(asked_on: date, today: date) -> Reminder | None:
    """Return the last step that is due for what was asked on a day, None before the first.

    Steps that nobody took in time are left out, not made up for: one reminder at a time.
    """
    waited = business_days_between(asked_on, today)
    if waited > FORGOTTEN_AFTER:
        return None
    return max((step for step in Reminder if step <= waited), default=None)
