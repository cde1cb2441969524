"""The ways in which a claim can fare, and how often each comes about by default."""

from collections.abc import Mapping
from enum import StrEnum

from backoffice.sandbox.payer.lots import Lots
from backoffice.sandbox.payer.seen import ClaimSeen


class Scenario(StrEnum):
    """One story that a payer of the sandbox can tell about a claim."""

    PAID = "paid"
    PAID_COPAY = "paid_copay"
    PAID_COINSURANCE = "paid_coinsurance"
    PAID_PART_DEDUCTIBLE = "paid_part_deductible"
    PAID_INTEREST = "paid_interest"
    PENDING_THEN_PAID = "pending_then_paid"
    PARTLY_DENIED = "partly_denied"
    MODIFIERS_NOT_ECHOED = "modifiers_not_echoed"
    LINE_NUMBER_NOT_ECHOED = "line_number_not_echoed"
    CODE_CHANGED = "code_changed"
    FORWARDED = "forwarded"
    DUPLICATE_ERA = "duplicate_era"
    OUT_OF_ORDER = "out_of_order"
    REVERSED_AND_CORRECTED = "reversed_and_corrected"
    REVERSED_AND_DENIED = "reversed_and_denied"
    RECOUPED = "recouped"
    ALL_TO_DEDUCTIBLE = "all_to_deductible"
    DENIED = "denied"
    MEMBER_NOT_FOUND = "member_not_found"
    MORE_INFORMATION_THEN_DENIED = "more_information_then_denied"
    MORE_INFORMATION = "more_information"
    REJECTED_BY_PAYER = "rejected_by_payer"
    REJECTED_BY_CLEARINGHOUSE = "rejected_by_clearinghouse"


Mix = Mapping[Scenario, int]

DEFAULT_MIX: Mix = {
    Scenario.PAID: 24,
    Scenario.PAID_COPAY: 10,
    Scenario.PAID_COINSURANCE: 8,
    Scenario.PAID_PART_DEDUCTIBLE: 5,
    Scenario.PAID_INTEREST: 3,
    Scenario.PENDING_THEN_PAID: 5,
    Scenario.PARTLY_DENIED: 4,
    Scenario.MODIFIERS_NOT_ECHOED: 2,
    Scenario.LINE_NUMBER_NOT_ECHOED: 1,
    Scenario.CODE_CHANGED: 1,
    Scenario.FORWARDED: 1,
    Scenario.DUPLICATE_ERA: 3,
    Scenario.OUT_OF_ORDER: 3,
    Scenario.REVERSED_AND_CORRECTED: 2,
    Scenario.REVERSED_AND_DENIED: 1,
    Scenario.RECOUPED: 2,
    Scenario.ALL_TO_DEDUCTIBLE: 6,
    Scenario.DENIED: 8,
    Scenario.MEMBER_NOT_FOUND: 1,
    Scenario.MORE_INFORMATION_THEN_DENIED: 2,
    Scenario.MORE_INFORMATION: 1,
    Scenario.REJECTED_BY_PAYER: 4,
    Scenario.REJECTED_BY_CLEARINGHOUSE: 3,
}
"""Weights that sum to 100; 74 of them end paid."""

DOWNCODED = {"90837": "90834", "90834": "90832", "99215": "99214", "99214": "99213"}


def scenario_of(claim: ClaimSeen, *, lots: Lots, mix: Mix, forced: str = "") -> Scenario:
    """The story of a claim: forced by name, by its member id (REJECT, DENY), or drawn by lot.

    A story that the claim can't carry (a partial denial of one line) becomes the plain one.
    """
    if forced:
        return _possible(Scenario(forced), claim)
    member_id = claim.member_id.upper()
    if "REJECT" in member_id:
        return Scenario.REJECTED_BY_CLEARINGHOUSE
    if "DENY" in member_id:
        return Scenario.DENIED
    return _possible(lots.weighed("scenario", mix), claim)


def _possible(scenario: Scenario, claim: ClaimSeen) -> Scenario:
    charged = [line for line in claim.lines if line.charge_amount > line.settled_before]
    possible = {
        Scenario.PARTLY_DENIED: len(charged) > 1,
        Scenario.CODE_CHANGED: any(line.procedure_code in DOWNCODED for line in claim.lines),
        Scenario.MODIFIERS_NOT_ECHOED: any(line.modifiers for line in claim.lines),
        Scenario.FORWARDED: claim.payer_order == "P",
    }
    return scenario if possible.get(scenario, True) else Scenario.PAID
