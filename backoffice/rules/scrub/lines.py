"""Judges of the service lines: dates, codes, modifiers, units, pointers (loop 2400, Box 24)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from backoffice.rules.claim_facts import ClaimFacts, LineFacts, PayerOrder
from backoffice.rules.codes import PLACES_OF_SERVICE, TELEHEALTH_PLACES
from backoffice.rules.dates import days_left, filing_deadline
from backoffice.rules.money import ZERO
from backoffice.rules.payer_rules import X12_LINES_PER_CLAIM, PayerScrubRules
from backoffice.rules.procedures import (
    AUDIO_ONLY_MODIFIERS,
    AUDIO_VIDEO_MODIFIERS,
    DISTINCT_SERVICE_MODIFIERS,
    MOST_MODIFIERS,
    ONE_PER_SESSION,
    TELEHEALTH_MODIFIERS,
    add_ons_without_base,
    exclusive_codes,
    modifier_is_well_formed,
    procedure_code_is_well_formed,
)
from backoffice.rules.scrub.codes import ScrubCode
from backoffice.rules.scrub.findings import Place, found
from backoffice.rules.scrub.texts import Findings, amount_findings, code_findings

_C = ScrubCode
MOST_POINTERS = 4
# SV104 holds up to eight digits before and three after the point; more is no count of sessions.
_MOST_UNITS = Decimal("99999999.999")


def line_findings(facts: ClaimFacts, rules: PayerScrubRules, on: date) -> Findings:
    """Judge each line by itself, then what the lines are together."""
    if not facts.lines:
        yield found(_C.LINES_MISSING, Place("Service lines", "Box 24, 2400"))
        return
    for number, line in enumerate(facts.lines, start=1):
        name = f"Line {number}"
        yield from _days(line, name, facts, on)
        yield from _service(line, name)
        yield from _modifiers(line, name, facts, rules)
        yield from _amounts(line, name)
        yield from _pointers(line, name, len(facts.diagnoses))
        yield from _numbers(line, name, rules)
    yield from _count(facts, rules)
    yield from _calendar(facts, rules, on)
    yield from _control_numbers(facts.lines)
    yield from _same_day(facts.lines)


def _days(line: LineFacts, name: str, facts: ClaimFacts, on: date) -> Findings:
    place = Place(f"{name} date of service", "Box 24A, 2400 DTP*472")
    if not isinstance(line.first_day, date):
        yield found(_C.DAY_MISSING, place)
        return
    last = line.last_day or line.first_day
    if last < line.first_day:
        yield found(_C.DAYS_REVERSED, place)
    if max(last, line.first_day) > on:
        yield found(_C.DAY_AHEAD, place)
    born = facts.patient.birth_date
    if born is not None and line.first_day < born:
        yield found(_C.DAY_BEFORE_BIRTH, place)


def _service(line: LineFacts, name: str) -> Findings:
    place = Place(f"{name} procedure code", "Box 24D, 2400 SV101-2")
    if not line.procedure_code:
        yield found(_C.MISSING, place)
    elif not procedure_code_is_well_formed(line.procedure_code):
        yield found(_C.PROCEDURE_MALFORMED, place)
    if line.place_of_service and line.place_of_service not in PLACES_OF_SERVICE:
        where = "Box 24B, 2400 SV105"
        yield found(_C.PLACE_UNKNOWN, Place(f"{name} place of service", where))


def _modifiers(line: LineFacts, name: str, facts: ClaimFacts, rules: PayerScrubRules) -> Findings:
    place = Place(f"{name} modifiers", "Box 24D, 2400 SV101-3 to 6")
    given = frozenset(line.modifiers)
    if len(line.modifiers) > MOST_MODIFIERS:
        yield found(_C.MODIFIERS_TOO_MANY, place, MOST_MODIFIERS)
    if not all(map(modifier_is_well_formed, line.modifiers)):
        yield found(_C.MODIFIER_MALFORMED, place)
    if len(given) < len(line.modifiers):
        yield found(_C.MODIFIER_TWICE, place)
    if rules.one_of_modifiers and rules.one_of_modifiers.isdisjoint(given):
        yield found(_C.MODIFIER_REQUIRED, place, _listed(rules.one_of_modifiers))
    remote = (line.place_of_service or facts.place_of_service) in TELEHEALTH_PLACES
    yield from _telehealth(given, place, rules, remote=remote)


def _telehealth(
    given: frozenset[str], place: Place, rules: PayerScrubRules, *, remote: bool
) -> Findings:
    wanted = rules.telehealth_modifiers
    if remote and wanted and wanted.isdisjoint(given):
        yield found(_C.TELEHEALTH_MODIFIER_MISSING, place, _listed(wanted))
    # Some payers want telehealth at place 11: where their rules say so, nothing is odd.
    elsewhere_is_right = bool(rules.telehealth_places - TELEHEALTH_PLACES)
    if not remote and not elsewhere_is_right and not TELEHEALTH_MODIFIERS.isdisjoint(given):
        yield found(_C.TELEHEALTH_MODIFIER_ELSEWHERE, place)
    if given & AUDIO_ONLY_MODIFIERS and given & AUDIO_VIDEO_MODIFIERS:
        yield found(_C.AUDIO_AND_VIDEO, place)


def _amounts(line: LineFacts, name: str) -> Findings:
    charge = Place(f"{name} charge", "Box 24F, 2400 SV102")
    yield from amount_findings(line.charge_amount, charge)
    units = Place(f"{name} units", "Box 24G, 2400 SV104")
    if not line.units.is_finite() or line.units > _MOST_UNITS:
        yield found(_C.UNITS_MALFORMED, units)
    elif line.units <= ZERO:
        yield found(_C.UNITS_NOT_POSITIVE, units)
    elif line.units > 1 and line.procedure_code in ONE_PER_SESSION:
        yield found(_C.UNITS_SEVERAL, units)


def _pointers(line: LineFacts, name: str, diagnoses: int) -> Findings:
    place = Place(f"{name} diagnosis pointers", "Box 24E, 2400 SV107")
    pointers = line.diagnosis_pointers
    if not pointers:
        yield found(_C.POINTER_MISSING, place)
    if len(pointers) > MOST_POINTERS:
        yield found(_C.POINTERS_TOO_MANY, place, MOST_POINTERS)
    if any(not 1 <= pointer <= diagnoses for pointer in pointers):
        yield found(_C.POINTER_BEYOND, place)
    if len(set(pointers)) < len(pointers):
        yield found(_C.POINTER_TWICE, place)


def _numbers(line: LineFacts, name: str, rules: PayerScrubRules) -> Findings:
    place = Place(f"{name} control number", "2400 REF*6R")
    number = line.line_control_number
    if not number.strip():
        yield found(_C.LINE_NUMBER_MISSING, place)
    if len(number) > rules.line_control_length:
        yield found(_C.LINE_NUMBER_LONG, place, rules.line_control_length)
    yield from code_findings(number, place)
    authorization = Place(f"{name} authorization number", "2400 REF*G1")
    yield from code_findings(line.prior_authorization, authorization)


def _count(facts: ClaimFacts, rules: PayerScrubRules) -> Findings:
    most = min(rules.lines_per_claim, X12_LINES_PER_CLAIM)
    if len(facts.lines) > most:
        yield found(_C.LINES_TOO_MANY, Place("Service lines", "Box 24, 2400"), most)


def _calendar(facts: ClaimFacts, rules: PayerScrubRules, on: date) -> Findings:
    dated = [line for line in facts.lines if isinstance(line.first_day, date)]
    if not dated:
        return
    place = Place("Dates of service", "Box 24A, 2400 DTP*472")
    first = min(line.first_day for line in dated)
    last = max(line.last_day or line.first_day for line in dated)
    if len({line.first_day for line in dated}) > 1 and not rules.several_dates:
        yield found(_C.DATES_TOGETHER, place)
    if first.year != last.year:
        yield found(_C.YEARS_TOGETHER, place)
    if rules.filing_days is not None and _is_late(facts, last, rules.filing_days, on):
        yield found(_C.FILED_LATE, place, rules.filing_days)


def _is_late(facts: ClaimFacts, last: date, filing_days: int, on: date) -> bool:
    """A secondary claim's clock runs from the primary's remittance."""
    decided: list[date] = []
    if facts.coverage.order != PayerOrder.PRIMARY:
        decided += [other.adjudicated_on for other in facts.others if other.adjudicated_on]
        decided += [each.adjudicated_on for line in facts.lines for each in line.adjudications]
    remitted_on = max((day for day in decided if isinstance(day, date)), default=None)
    try:
        deadline = filing_deadline(last, filing_days, primary_remitted_on=remitted_on)
    except OverflowError:  # a day at the end of the calendar, as only odd files have it
        return False
    return days_left(deadline, on) < 0


def _control_numbers(lines: tuple[LineFacts, ...]) -> Findings:
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if line.line_control_number and line.line_control_number in seen:
            place = Place(f"Line {number} control number", "2400 REF*6R")
            yield found(_C.LINE_NUMBER_TWICE, place)
        seen.add(line.line_control_number)


def _same_day(lines: tuple[LineFacts, ...]) -> Findings:
    days: dict[date, list[tuple[int, LineFacts]]] = {}
    for number, line in enumerate(lines, start=1):
        if isinstance(line.first_day, date):
            days.setdefault(line.first_day, []).append((number, line))
    for services in days.values():
        yield from _psychotherapy(services)
        yield from _repeated(services)


def _psychotherapy(services: list[tuple[int, LineFacts]]) -> Findings:
    alone = add_ons_without_base([line.procedure_code for _, line in services])
    # A line that says it was a service of its own excludes nothing.
    exclusive = exclusive_codes(
        [line.procedure_code for _, line in services if not _is_distinct(line)]
    )
    for number, line in services:
        place = Place(f"Line {number} procedure code", "Box 24D, 2400 SV101-2")
        if line.procedure_code in alone:
            yield found(_C.ADD_ON_ALONE, place)
        if line.procedure_code in exclusive[1:]:
            yield found(_C.CODES_EXCLUDE, place)


def _repeated(services: list[tuple[int, LineFacts]]) -> Findings:
    seen: set[tuple[str, frozenset[str]]] = set()
    for number, line in services:
        key = (line.procedure_code, frozenset(line.modifiers))
        if key in seen and not _is_distinct(line):
            yield found(_C.LINE_TWICE, Place(f"Line {number}", "Box 24, 2400"))
        seen.add(key)


def _is_distinct(line: LineFacts) -> bool:
    return not DISTINCT_SERVICE_MODIFIERS.isdisjoint(line.modifiers)


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes))
