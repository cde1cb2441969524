"""Appointments, clients and policies from files: dry run, row errors, commit."""

from backoffice.services.intake.directory import NoPractice, Scope
from backoffice.services.intake.export import Export, opened
from backoffice.services.intake.mapping import IntakeMapping, MappingWrong, available, named, read
from backoffice.services.intake.outcome import FileReport, Outcome, Problem
from backoffice.services.intake.reading import FileUnreadable
from backoffice.services.intake.running import Watch, take_in

__all__ = [
    "Export",
    "FileReport",
    "FileUnreadable",
    "IntakeMapping",
    "MappingWrong",
    "NoPractice",
    "Outcome",
    "Problem",
    "Scope",
    "Watch",
    "available",
    "named",
    "opened",
    "read",
    "take_in",
]
