"""A practice's business associate agreement: from when to when it lets us hold patient data."""

from datetime import date
from enum import StrEnum
from typing import Final

HOUSE_ZONE: Final = "America/New_York"
"""An agreement's days are counted where the house is: one day for everybody who signed."""
ALARM_DAYS: Final = (60, 30, 7)
"""Days before an agreement's last day on which administrators are told of it."""


class AgreementStanding(StrEnum):
    """How an agreement stands on a day."""

    NONE = "none"
    NOT_YET = "not_yet"
    IN_FORCE = "in_force"
    ENDED = "ended"


def standing_on(day: date, *, begins_on: date | None, ends_on: date | None) -> AgreementStanding:
    """Return how an agreement stands; its first and its last day belong to it.

    `ends_on` None means that it runs on until somebody ends it.
    """
    if begins_on is None:
        return AgreementStanding.NONE
    if day < begins_on:
        return AgreementStanding.NOT_YET
    if ends_on is not None and day > ends_on:
        return AgreementStanding.ENDED
    return AgreementStanding.IN_FORCE


def in_force_on(day: date, *, begins_on: date | None, ends_on: date | None) -> bool:
    """Whether patient data of the practice may be taken in, shown and sent on this day."""
    standing = standing_on(day, begins_on=begins_on, ends_on=ends_on)
    return standing is AgreementStanding.IN_FORCE


def alarm_on(day: date, ends_on: date | None) -> int | None:
    """Return which alarm is due: the nearest of ALARM_DAYS that has come; None while none has.

    A day on which nobody looked is made good: 25 days before the end the alarm of 30 is due.
    """
    if ends_on is None or day > ends_on:
        return None
    left = (ends_on - day).days
    return min((each for each in ALARM_DAYS if left <= each), default=None)
