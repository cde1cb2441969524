"""The record: who did or saw what; written with the act, read as a role of its own, sealed."""

from backoffice.services.audit.reading import Asked, Found, Place, about, found, of_practice
from backoffice.services.audit.recording import (
    Actor,
    Outcome,
    act_as,
    acting,
    actor_of,
    put_on_record,
    read,
    record,
    took,
)
from backoffice.services.audit.sealing import SealLag, seal_lag
from backoffice.services.audit.written import CHANGE

__all__ = [
    "CHANGE",
    "Actor",
    "Asked",
    "Found",
    "Outcome",
    "Place",
    "SealLag",
    "about",
    "act_as",
    "acting",
    "actor_of",
    "found",
    "of_practice",
    "put_on_record",
    "read",
    "record",
    "seal_lag",
    "took",
]
