"""Judges of the claim's head: numbers, frequency, place, charge, diagnoses (loop 2300)."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from backoffice.rules.claim_facts import ClaimFacts, Frequency, LineFacts
from backoffice.rules.codes import (
    ACCEPT_ASSIGNMENT,
    ACCIDENT_CAUSES,
    AUTO_ACCIDENT,
    FREQUENCIES,
    PLACES_OF_SERVICE,
    STATES,
    TELEHEALTH_PLACES,
)
from backoffice.rules.icd10 import (
    MOST_DIAGNOSES,
    DiagnosisFault,
    diagnosis_fault,
    is_external_cause,
    without_dot,
)
from backoffice.rules.identifiers import PCN_LONGEST, PCN_LONGEST_ON_THE_WIRE
from backoffice.rules.money import ZERO, is_whole_cents
from backoffice.rules.payer_rules import PayerScrubRules
from backoffice.rules.scrub.codes import ScrubCode
from backoffice.rules.scrub.findings import Place, found
from backoffice.rules.scrub.texts import (
    LONGEST_NOTE,
    Findings,
    amount_findings,
    code_findings,
    words_findings,
)

_C = ScrubCode
_PLAIN = re.compile(r"[A-Z0-9]+")
# [K] the guide keeps twenty positions of the trace a clearinghouse echoes (REF*D9).
_TRACE_LONGEST = 20

_DIAGNOSIS: Mapping[DiagnosisFault, ScrubCode] = {
    DiagnosisFault.DOTTED: _C.DIAGNOSIS_DOTTED,
    DiagnosisFault.FORM: _C.DIAGNOSIS_MALFORMED,
    DiagnosisFault.UNKNOWN: _C.DIAGNOSIS_UNKNOWN,
    DiagnosisFault.CATEGORY: _C.DIAGNOSIS_NOT_BILLABLE,
    DiagnosisFault.MAYBE_UNKNOWN: _C.DIAGNOSIS_MAYBE_UNKNOWN,
    DiagnosisFault.MAYBE_CATEGORY: _C.DIAGNOSIS_MAYBE_NOT_BILLABLE,
}


def number_findings(facts: ClaimFacts, rules: PayerScrubRules) -> Findings:
    """Judge the claim's numbers: ours, the payer's, authorization, referral, record, trace."""
    yield from _patient_control_number(facts.patient_control_number)
    yield from _frequency(facts)
    yield from _permissions(facts, rules)
    record = Place("Medical record number", "2300 REF*EA")
    yield from code_findings(facts.medical_record_number, record)
    trace = Place("Trace number", "2300 REF*D9")
    yield from code_findings(facts.trace, trace)
    if len(facts.trace) > _TRACE_LONGEST:
        yield found(_C.TRACE_LONG, trace, _TRACE_LONGEST)


def head_findings(facts: ClaimFacts, rules: PayerScrubRules, on: date) -> Findings:
    """Judge place of service, charge, signatures, accident and note."""
    yield from _place(facts.place_of_service, rules)
    yield from _charge(facts)
    signature = Place("Provider signature on file", "Box 31, CLM06")
    if facts.provider_signature_on_file not in {"Y", "N"}:
        yield found(_C.CODE_UNKNOWN, signature)
    if facts.accept_assignment not in ACCEPT_ASSIGNMENT:
        yield found(_C.CODE_UNKNOWN, Place("Accept assignment", "Box 27, CLM07"))
    if facts.accident:
        yield from _accident(facts, on)
    yield from words_findings(facts.note, Place("Note", "Box 19, NTE*ADD"), LONGEST_NOTE)


def diagnosis_findings(facts: ClaimFacts) -> Findings:
    """Judge the diagnoses by the first day of service (HI, Box 21)."""
    codes = facts.diagnoses
    if not codes:
        yield found(_C.DIAGNOSIS_MISSING, Place("Diagnosis", "Box 21, 2300 HI"))
        return
    if len(codes) > MOST_DIAGNOSES:
        yield found(_C.DIAGNOSES_TOO_MANY, Place("Diagnoses", "Box 21, 2300 HI"), MOST_DIAGNOSES)
    if is_external_cause(codes[0]):
        yield found(_C.EXTERNAL_CAUSE_FIRST, _diagnosis_place(1))
    day = min(_days(facts.lines), default=None)
    seen: set[str] = set()
    for position, code in enumerate(codes, start=1):
        yield from _diagnosis(code, day, _diagnosis_place(position))
        if without_dot(code) in seen:
            yield found(_C.DIAGNOSIS_TWICE, _diagnosis_place(position))
        seen.add(without_dot(code))


def _diagnosis(code: str, day: date | None, place: Place) -> Findings:
    fault = diagnosis_fault(code, day or date.min)
    if fault is not None:
        yield found(_DIAGNOSIS[fault], place)


def _diagnosis_place(position: int) -> Place:
    letter = chr(ord("A") + position - 1) if position <= MOST_DIAGNOSES else "?"
    return Place(f"Diagnosis {position}", f"Box 21 {letter}, 2300 HI")


def _days(lines: tuple[LineFacts, ...]) -> list[date]:
    """The lines' first days; a foreign file may lack one."""
    return [line.first_day for line in lines if isinstance(line.first_day, date)]


def _patient_control_number(number: str) -> Findings:
    place = Place("Our number", "Box 26, CLM01")
    if not number.strip():
        yield found(_C.MISSING, place)
        return
    if len(number) > PCN_LONGEST_ON_THE_WIRE:
        yield found(_C.PCN_TOO_LONG, place, PCN_LONGEST_ON_THE_WIRE)
    elif len(number) > PCN_LONGEST:
        yield found(_C.PCN_LONG, place, PCN_LONGEST)
    if not _PLAIN.fullmatch(number):
        yield found(_C.PCN_CHARACTERS, place)
    yield from code_findings(number, place)


def _frequency(facts: ClaimFacts) -> Findings:
    if facts.frequency not in FREQUENCIES:
        yield found(_C.FREQUENCY_UNKNOWN, Place("Frequency", "Box 22, CLM05-3"))
    place = Place("Payer claim number", "Box 22, 2300 REF*F8")
    again = facts.frequency in {Frequency.REPLACEMENT, Frequency.VOID}
    given = facts.payer_claim_control_number
    if again and not given.strip():
        yield found(_C.PAYER_NUMBER_MISSING, place)
    elif facts.frequency == Frequency.ORIGINAL and given:
        yield found(_C.PAYER_NUMBER_UNEXPECTED, place)
    yield from code_findings(given, place)


def _permissions(facts: ClaimFacts, rules: PayerScrubRules) -> Findings:
    authorization = Place("Authorization number", "Box 23, 2300 REF*G1")
    yield from code_findings(facts.prior_authorization, authorization)
    on_each_line = facts.lines and all(line.prior_authorization for line in facts.lines)
    if rules.authorization_required and not facts.prior_authorization and not on_each_line:
        yield found(_C.AUTHORIZATION_MISSING, authorization)
    referral = Place("Referral number", "Box 23, 2300 REF*9F")
    yield from code_findings(facts.referral_number, referral)
    if rules.referral_required and not facts.referral_number:
        yield found(_C.REFERRAL_MISSING, referral)


def _place(code: str, rules: PayerScrubRules) -> Findings:
    place = Place("Place of service", "Box 24B, CLM05-1")
    if not code:
        yield found(_C.MISSING, place)
    elif code not in PLACES_OF_SERVICE:
        yield found(_C.PLACE_UNKNOWN, place)
    elif code in TELEHEALTH_PLACES - rules.telehealth_places and rules.telehealth_places:
        yield found(_C.TELEHEALTH_PLACE, place)


def _charge(facts: ClaimFacts) -> Findings:
    place = Place("Total charge", "Box 28, CLM02")
    amounts = [line.charge_amount for line in facts.lines]
    if not all(map(is_whole_cents, amounts)):
        return  # each line says so itself; there is no sum to speak of
    charged = sum(amounts, ZERO)
    stated = facts.stated_charge_amount
    if charged <= ZERO:
        yield found(_C.CHARGE_NOT_POSITIVE, place)
    if stated is not None and not (is_whole_cents(stated) and stated == charged):
        yield found(_C.CHARGE_IS_NOT_THE_SUM, place)
    yield from amount_findings(charged, place)
    yield from _patient_paid(facts, charged)


def _patient_paid(facts: ClaimFacts, charged: Decimal) -> Findings:
    paid = facts.patient_paid_amount
    if paid is None:
        return
    place = Place("Amount the client paid", "Box 29, 2300 AMT*F5")
    yield from amount_findings(paid, place)
    if paid.is_finite() and paid > charged:
        yield found(_C.CLIENT_PAID_MORE, place)


def _accident(facts: ClaimFacts, on: date) -> Findings:
    if facts.accident not in ACCIDENT_CAUSES:
        yield found(_C.CODE_UNKNOWN, Place("Accident", "Box 10, CLM11"))
    if facts.accident_on is None or facts.accident_on > on:
        yield found(_C.ACCIDENT_DATE_MISSING, Place("Accident date", "Box 14, 2300 DTP*439"))
    if facts.accident == AUTO_ACCIDENT and facts.accident_state not in STATES:
        yield found(_C.ACCIDENT_STATE_MISSING, Place("Accident state", "Box 10b, CLM11-4"))
