"""What is not billed yet, what it still lacks, and keeping both true when anything changes."""

from backoffice.services.unbilled.changes import (
    appointments_changed,
    clients_changed_by_payer,
    clients_of_payer,
    day_began,
    judge_practice_anew,
    payer_changed,
    refresh_later,
    subjects_changed,
)
from backoffice.services.unbilled.surroundings import take_turn

__all__ = [
    "appointments_changed",
    "clients_changed_by_payer",
    "clients_of_payer",
    "day_began",
    "judge_practice_anew",
    "payer_changed",
    "refresh_later",
    "subjects_changed",
    "take_turn",
]
