"""Judges of what other payers decided: turns, decisions, balance (loops 2320, 2330, 2430)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from backoffice.rules.claim_facts import (
    AdjustmentFacts,
    ClaimFacts,
    LineAdjudicationFacts,
    LineFacts,
    OtherPayerFacts,
    PayerOrder,
)
from backoffice.rules.codes import CLAIM_ADJUSTMENT_GROUPS, PAYER_TURNS, RELATIONSHIPS
from backoffice.rules.money import ZERO, is_whole_cents
from backoffice.rules.scrub.codes import ScrubCode
from backoffice.rules.scrub.coverage import (
    member_findings,
    payer_findings,
    person_findings,
    subscription_findings,
)
from backoffice.rules.scrub.findings import Place, found
from backoffice.rules.scrub.texts import Findings, amount_findings, code_findings

_C = ScrubCode
MOST_OTHER_PAYERS = 10
MOST_DECISIONS_ON_A_LINE = 15
_LONGEST_REASON = 5
_AFTER_ANOTHER = frozenset(PAYER_TURNS) - {PayerOrder.PRIMARY, "U"}


def other_payer_findings(facts: ClaimFacts, on: date) -> Findings:
    """Judge the other payers of a claim, and what they decided on it and on its lines."""
    yield from _turns(facts)
    for number, other in enumerate(facts.others, start=1):
        name = f"Other payer {number}"
        yield from _coverage(other, name)
        yield from _claim_decision(other, name, facts, on)
    strangers = {other.coverage.payer.payer_id for other in facts.others}
    for number, line in enumerate(facts.lines, start=1):
        yield from _line_decisions(line, f"Line {number}", strangers, on)


def _turns(facts: ClaimFacts) -> Findings:
    place = Place("Other payers", "Box 9, 2320")
    own = facts.coverage.order
    if own in _AFTER_ANOTHER and not facts.others:
        yield found(_C.OTHER_PAYER_MISSING, place)
    if len(facts.others) > MOST_OTHER_PAYERS:
        yield found(_C.OTHER_PAYERS_TOO_MANY, place, MOST_OTHER_PAYERS)
    turns = [own, *(other.coverage.order for other in facts.others)]
    known = [turn for turn in turns if turn != "U"]  # unknown may be several
    if len(set(known)) < len(known):
        yield found(_C.PAYER_TURN_TWICE, Place("Payer order", "SBR01"))


def _coverage(other: OtherPayerFacts, name: str) -> Findings:
    coverage = other.coverage
    yield from payer_findings(coverage.payer, name, "2330B")
    yield from member_findings(coverage, name, "Box 9a, 2330A NM109")
    yield from person_findings(coverage.insured, f"{name} insured", "Box 9, 2330A")
    yield from subscription_findings(coverage, name, "2320")
    if coverage.relationship not in RELATIONSHIPS:
        where = Place(f"{name} relationship to insured", "2320 SBR02")
        yield found(_C.CODE_UNKNOWN if coverage.relationship else _C.RELATIONSHIP_MISSING, where)
    number = Place(f"{name} payer claim number", "2330B REF*F8")
    yield from code_findings(other.payer_claim_control_number, number)


def _claim_decision(other: OtherPayerFacts, name: str, facts: ClaimFacts, on: date) -> Findings:
    paid = Place(f"{name} paid", "Box 29, 2320 AMT*D")
    on_lines = _on_lines(other, facts)
    if other.paid_amount is None:
        if _pays_before(other, facts) and not on_lines:
            yield found(_C.NOT_DECIDED_BY_OTHER, paid)
    else:
        yield from amount_findings(other.paid_amount, paid)
        yield from _claim_balance(other, other.paid_amount, name, facts)
    if other.remaining_patient_amount is not None:
        left = Place(f"{name} client share", "2320 AMT*EAF")
        yield from amount_findings(other.remaining_patient_amount, left)
    yield from _adjustments(other.adjustments, f"{name} adjustments", "2320 CAS")
    # Both levels may adjust, each its own share; the same reason on both counts one amount twice.
    if _reasons(other.adjustments) & _reasons(each for one in on_lines for each in one.adjustments):
        yield found(_C.DECIDED_TWICE, Place(f"{name} adjustments", "2320 and 2430 CAS"))
    yield from _claim_decision_day(other, name, facts, on)


def _claim_decision_day(other: OtherPayerFacts, name: str, facts: ClaimFacts, on: date) -> Findings:
    place = Place(f"{name} remittance date", "2330B DTP*573")
    if other.adjudicated_on is not None:
        served = [line.first_day for line in facts.lines if isinstance(line.first_day, date)]
        if other.adjudicated_on > on or other.adjudicated_on < min(served, default=date.min):
            yield found(_C.DECISION_DAY_IMPOSSIBLE, place)
    elif other.paid_amount is not None and not _on_lines(other, facts):
        yield found(_C.DECISION_DAY_MISSING, place)


def _claim_balance(other: OtherPayerFacts, paid: Decimal, name: str, facts: ClaimFacts) -> Findings:
    """Charge = paid + adjustments of claim and lines; with lines, paid = what they were paid."""
    on_lines = _on_lines(other, facts)
    adjusted = [each.amount for each in other.adjustments]
    if on_lines:
        balance = [each.paid_amount for each in on_lines] + [-amount for amount in adjusted]
    else:
        balance = [line.charge_amount for line in facts.lines] + [-amount for amount in adjusted]
    if not _add_up(balance, paid):
        yield found(_C.OTHER_OUT_OF_BALANCE, Place(f"{name} paid", "2320 AMT*D"))


def _line_decisions(line: LineFacts, name: str, known: set[str], on: date) -> Findings:
    if len(line.adjudications) > MOST_DECISIONS_ON_A_LINE:
        place = Place(f"{name} decisions of other payers", "2430")
        yield found(_C.DECISIONS_TOO_MANY, place, MOST_DECISIONS_ON_A_LINE)
    for decision in line.adjudications:
        if decision.payer_id not in known:
            place = Place(f"{name} other payer ID", "2430 SVD01")
            yield found(_C.DECISION_OF_A_STRANGER, place)
        yield from _line_decision(decision, line, name, on)


def _line_decision(
    decision: LineAdjudicationFacts, line: LineFacts, name: str, on: date
) -> Findings:
    paid = Place(f"{name} paid by other payer", "2430 SVD02")
    yield from amount_findings(decision.paid_amount, paid)
    yield from _adjustments(decision.adjustments, f"{name} adjustments", "2430 CAS")
    parts = [decision.paid_amount, *(each.amount for each in decision.adjustments)]
    if not _add_up(parts, line.charge_amount):
        yield found(_C.LINE_OUT_OF_BALANCE, Place(name, "2430 SVD02, CAS; 2400 SV102"))
    if decision.remaining_patient_amount is not None:
        left = Place(f"{name} client share", "2430 AMT*EAF")
        yield from amount_findings(decision.remaining_patient_amount, left)
    yield from _line_decision_day(decision, line, name, on)


def _line_decision_day(
    decision: LineAdjudicationFacts, line: LineFacts, name: str, on: date
) -> Findings:
    place = Place(f"{name} remittance date", "2430 DTP*573")
    day = decision.adjudicated_on
    if not isinstance(day, date):
        yield found(_C.DECISION_DAY_MISSING, place)
    elif day > on or (isinstance(line.first_day, date) and day < line.first_day):
        yield found(_C.DECISION_DAY_IMPOSSIBLE, place)


def _adjustments(adjustments: Iterable[AdjustmentFacts], name: str, where: str) -> Findings:
    for adjustment in adjustments:
        if adjustment.group not in CLAIM_ADJUSTMENT_GROUPS:
            yield found(_C.GROUP_UNKNOWN, Place(f"{name} group", f"{where}01"))
        if not 1 <= len(adjustment.reason) <= _LONGEST_REASON:
            yield found(_C.REASON_MISSING, Place(f"{name} reason", f"{where}02"))
        # An adjustment may be negative (it adds), so only its form is judged.
        if not is_whole_cents(adjustment.amount):
            yield found(_C.AMOUNT_MALFORMED, Place(f"{name} amount", f"{where}03"))


def _reasons(adjustments: Iterable[AdjustmentFacts]) -> set[tuple[str, str]]:
    return {(each.group, each.reason) for each in adjustments}


def _on_lines(other: OtherPayerFacts, facts: ClaimFacts) -> list[LineAdjudicationFacts]:
    payer_id = other.coverage.payer.payer_id
    return [
        each for line in facts.lines for each in line.adjudications if each.payer_id == payer_id
    ]


def _pays_before(other: OtherPayerFacts, facts: ClaimFacts) -> bool:
    turns = (other.coverage.order, facts.coverage.order)
    if any(turn not in PAYER_TURNS or turn == "U" for turn in turns):
        return False
    return PAYER_TURNS.index(turns[0]) < PAYER_TURNS.index(turns[1])


def _add_up(parts: list[Decimal], whole: Decimal) -> bool:
    if not all(map(is_whole_cents, (*parts, whole))):
        return True  # the form of an amount is another finding's matter
    return sum(parts, ZERO) == whole
