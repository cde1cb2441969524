"""The sandbox's payers: pure decisions, from a seed, on what a claim says. Never in production."""

from backoffice.sandbox.payer.lots import Lots
from backoffice.sandbox.payer.payments import (
    AdjustmentMade,
    ClaimPayment,
    LinePayment,
    ProviderAdjustmentMade,
    end_of,
    reversal_of,
)
from backoffice.sandbox.payer.scenarios import DEFAULT_MIX, Mix, Scenario
from backoffice.sandbox.payer.seen import ClaimSeen, LineSeen, PartySeen, PayeeSeen
from backoffice.sandbox.payer.story import Earlier, Step, StepKind, Story, story_of

__all__ = [
    "DEFAULT_MIX",
    "AdjustmentMade",
    "ClaimPayment",
    "ClaimSeen",
    "Earlier",
    "LinePayment",
    "LineSeen",
    "Lots",
    "Mix",
    "PartySeen",
    "PayeeSeen",
    "ProviderAdjustmentMade",
    "Scenario",
    "Step",
    "StepKind",
    "Story",
    "end_of",
    "reversal_of",
    "story_of",
]
