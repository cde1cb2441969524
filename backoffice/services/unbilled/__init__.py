"""What is not billed yet, what it still lacks, and keeping both true when anything changes."""

from backoffice.services.unbilled.changes import (
    appointments_changed,
    ask_for_days,
    clients_changed,
    clients_changed_by_payer,
    day_began,
    judge_practice_anew,
    judge_subjects,
    next_clients,
    payer_changed,
    refresh_later,
    subjects_changed,
)
from backoffice.services.unbilled.surroundings import take_turn

__all__ = [
    "appointments_changed",
    "ask_for_days",
    "clients_changed",
    "clients_changed_by_payer",
    "day_began",
    "judge_practice_anew",
    "judge_subjects",
    "next_clients",
    "payer_changed",
    "refresh_later",
    "subjects_changed",
    "take_turn",
]
