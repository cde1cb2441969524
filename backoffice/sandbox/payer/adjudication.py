"""How a payer of the sandbox splits a claim's charges: allowed, paid, the client's, denied."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from backoffice.sandbox.payer.lots import Lots
from backoffice.sandbox.payer.payments import (
    ZERO,
    AdjustmentMade,
    ClaimPayment,
    LinePayment,
    payment_of,
)
from backoffice.sandbox.payer.scenarios import DOWNCODED, Scenario
from backoffice.sandbox.payer.seen import ClaimSeen, LineSeen, PartySeen

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Denial:
    """Why a payer pays nothing: CAS group and reason (CARC), a remark (RARC) where one is due."""

    group: str
    reason: str
    remark: str = ""


DENIALS = (
    Denial("CO", "29"),
    Denial("CO", "197"),
    Denial("CO", "16", "N290"),
    Denial("CO", "97", "N19"),
    Denial("CO", "50"),
    Denial("CO", "109", "N418"),
    Denial("PR", "204"),
    Denial("PR", "96", "N30"),
    Denial("OA", "18"),
)
NOT_A_MEMBER = Denial("PR", "31")
NO_DOCUMENTS = Denial("CO", "252", "N706")

SUPPLEMENTAL_PLAN = PartySeen("SANDBOX SUPPLEMENTAL PLAN", number="SBXSUPP")
"""Where a claim is forwarded to when it names no further payer itself (NM1*TT)."""

OUTCOME_OF_ORDER = {"P": "1", "S": "2", "T": "3"}

Shares = Callable[[Lots, list[Decimal]], list[tuple[AdjustmentMade, ...]]]


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT)


def _at_most(wanted: Decimal, allowed: Decimal) -> Decimal:
    """A share that leaves the payer at least a cent to pay, so that a paid claim is paid."""
    return max(ZERO, min(wanted, allowed - CENT))


def _nothing_owed(_: Lots, allowed: list[Decimal]) -> list[tuple[AdjustmentMade, ...]]:
    return [() for _ in allowed]


def _copay(lots: Lots, allowed: list[Decimal]) -> list[tuple[AdjustmentMade, ...]]:
    left = Decimal(5 * lots.number("copay", 3, 9))
    shares: list[tuple[AdjustmentMade, ...]] = []
    for amount in allowed:
        share = _at_most(left, amount)
        left -= share
        shares.append((AdjustmentMade("PR", "3", share),))
    return shares


def _coinsurance(lots: Lots, allowed: list[Decimal]) -> list[tuple[AdjustmentMade, ...]]:
    percent = lots.pick("coinsurance", (10, 20, 30, 40))
    return [
        (AdjustmentMade("PR", "2", _at_most(_rounded(amount * percent / 100), amount)),)
        for amount in allowed
    ]


def _part_deductible(lots: Lots, allowed: list[Decimal]) -> list[tuple[AdjustmentMade, ...]]:
    percent = lots.number("deductible", 20, 60)
    shares: list[tuple[AdjustmentMade, ...]] = []
    for amount in allowed:
        deductible = _at_most(_rounded(amount * percent / 100), amount)
        coinsurance = _at_most(_rounded((amount - deductible) / 5), amount - deductible)
        shares.append(
            (AdjustmentMade("PR", "1", deductible), AdjustmentMade("PR", "2", coinsurance))
        )
    return shares


def _all_to_deductible(_: Lots, allowed: list[Decimal]) -> list[tuple[AdjustmentMade, ...]]:
    return [(AdjustmentMade("PR", "1", amount),) for amount in allowed]


SHARES: dict[Scenario, Shares] = {
    Scenario.PAID_COPAY: _copay,
    Scenario.PAID_COINSURANCE: _coinsurance,
    Scenario.PAID_PART_DEDUCTIBLE: _part_deductible,
    Scenario.PARTLY_DENIED: _coinsurance,
    Scenario.PENDING_THEN_PAID: _copay,
    Scenario.REVERSED_AND_CORRECTED: _coinsurance,
    Scenario.ALL_TO_DEDUCTIBLE: _all_to_deductible,
}


def payer_number_of(claim: ClaimSeen, *, seed: int) -> str:
    """The payer's own number for a claim (CLP07, REF*1K, sender_icn)."""
    number = Lots(seed, f"{claim.payer_id}|{claim.patient_control_number}").number(
        "payer claim control number", 10**11, 10**12 - 1
    )
    return f"E{number}"


def pay(claim: ClaimSeen, scenario: Scenario, *, lots: Lots, seed: int) -> ClaimPayment:
    """Adjudicate a claim that is (at least partly) payable, in the manner of its scenario."""
    allowed = [_allowed(line, payer_id=claim.payer_id, seed=seed) for line in claim.lines]
    shares = SHARES.get(scenario, _nothing_owed)(lots, allowed)
    lines = tuple(
        _line(line, amount, share)
        for line, amount, share in zip(claim.lines, allowed, shares, strict=True)
    )
    payment = payment_of(
        claim,
        lines,
        outcome=OUTCOME_OF_ORDER.get(claim.payer_order, "3"),
        payer_number=payer_number_of(claim, seed=seed),
    )
    return _with_oddities(payment, claim, scenario, lots)


def deny(claim: ClaimSeen, denial: Denial, *, seed: int) -> ClaimPayment:
    """Adjudicate a claim and pay nothing; PR-31 comes as CLP02 = 4, all else as processed."""
    lines = tuple(_denied(line, denial) for line in claim.lines)
    outcome = "4" if denial == NOT_A_MEMBER else OUTCOME_OF_ORDER.get(claim.payer_order, "3")
    return payment_of(claim, lines, outcome=outcome, payer_number=payer_number_of(claim, seed=seed))


def _allowed(line: LineSeen, *, payer_id: str, seed: int) -> Decimal:
    """The contract's rate for a code; for a later payer, what the earlier ones left."""
    left = max(ZERO, line.charge_amount - line.settled_before)
    if line.settled_before or not left:
        return left
    percent = Lots(seed, f"{payer_id}|{line.procedure_code}").number("contract", 62, 94)
    return max(CENT, _rounded(left * percent / 100))


def _line(line: LineSeen, allowed: Decimal, share: tuple[AdjustmentMade, ...]) -> LinePayment:
    not_allowed = line.charge_amount - allowed
    group, reason = ("OA", "23") if line.settled_before else ("CO", "45")
    adjustments = tuple(
        made for made in (AdjustmentMade(group, reason, not_allowed), *share) if made.amount
    )
    owed = sum((made.amount for made in share), ZERO)
    return LinePayment(
        procedure_code=line.procedure_code,
        modifiers=line.modifiers,
        charge_amount=line.charge_amount,
        paid_amount=allowed - owed,
        units=line.units,
        day=line.day,
        line_control_number=line.line_control_number,
        adjustments=adjustments,
        allowed_amount=allowed,
    )


def _denied(line: LineSeen, denial: Denial) -> LinePayment:
    made = AdjustmentMade(denial.group, denial.reason, line.charge_amount)
    return LinePayment(
        procedure_code=line.procedure_code,
        modifiers=line.modifiers,
        charge_amount=line.charge_amount,
        paid_amount=ZERO,
        units=line.units,
        day=line.day,
        line_control_number=line.line_control_number,
        adjustments=(made,) if made.amount else (),
        remarks=(denial.remark,) if denial.remark else (),
    )


def _with_oddities(
    payment: ClaimPayment, claim: ClaimSeen, scenario: Scenario, lots: Lots
) -> ClaimPayment:
    """The ways in which real 835s differ from what was billed."""
    lines = payment.lines
    if scenario is Scenario.MODIFIERS_NOT_ECHOED:
        lines = tuple(replace(line, modifiers=()) for line in lines)
    elif scenario is Scenario.LINE_NUMBER_NOT_ECHOED:
        lines = tuple(replace(line, line_control_number="") for line in lines)
    elif scenario is Scenario.CODE_CHANGED:
        lines = tuple(_downcoded(line) for line in lines)
    elif scenario is Scenario.PARTLY_DENIED:
        place = next(i for i, line in enumerate(claim.lines) if line.charge_amount)
        denied = _denied(claim.lines[place], lots.pick("denial", DENIALS))
        lines = (*lines[:place], denied, *lines[place + 1 :])
    elif scenario is Scenario.FORWARDED:
        forwarded_to = claim.next_payer or SUPPLEMENTAL_PLAN
        return replace(payment, outcome="19", forwarded_to=forwarded_to)
    elif scenario is Scenario.PAID_INTEREST:
        interest = max(CENT, _rounded(payment.paid_amount * lots.number("interest", 1, 4) / 100))
        return replace(payment, interest_amount=interest)
    return replace(payment, lines=lines)


def _downcoded(line: LinePayment) -> LinePayment:
    """Paid under a cheaper code: SVC01 is theirs, SVC06 ours."""
    cheaper = DOWNCODED.get(line.procedure_code)
    if cheaper is None:
        return line
    return replace(line, procedure_code=cheaper, submitted_code=line.procedure_code)
