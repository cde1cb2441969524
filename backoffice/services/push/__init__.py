"""Browsers that are told by push that something is new, and never what.

services/notifications asks for it with the message; a worker looks again when it is due, and knocks
only where the message still waits and is the first that does: one knock a thread until it is read.
"""

from backoffice.services.push.subscribing import (
    Subscribed,
    stop,
    stop_one,
    subscribe,
    subscriptions_of,
)
from backoffice.services.push.waiting import (
    address_for,
    failed,
    gone,
    knocked,
    still_first,
)

__all__ = [
    "Subscribed",
    "address_for",
    "failed",
    "gone",
    "knocked",
    "still_first",
    "stop",
    "stop_one",
    "subscribe",
    "subscriptions_of",
]
