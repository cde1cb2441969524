"""Judge of an appointment: may it be billed, and is what was done that day fit for a claim?"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from backoffice.rules.codes import PLACES_OF_SERVICE, TELEHEALTH_PLACES
from backoffice.rules.dates import days_left
from backoffice.rules.icd10 import (
    MOST_DIAGNOSES,
    DiagnosisFault,
    diagnosis_fault,
    is_external_cause,
)
from backoffice.rules.money import ZERO, is_whole_cents
from backoffice.rules.payer_rules import X12_LINES_PER_CLAIM, PayerScrubRules
from backoffice.rules.procedures import (
    DISTINCT_SERVICE_MODIFIERS,
    MOST_MODIFIERS,
    add_ons_without_base,
    exclusive_codes,
    modifier_is_well_formed,
    procedure_code_is_well_formed,
)
from backoffice.rules.readiness.codes import FindingCode
from backoffice.rules.readiness.facts import AppointmentReadiness, VisitLine
from backoffice.rules.readiness.findings import (
    Finding,
    finding,
    finding_on_diagnosis,
    finding_on_line,
)
from backoffice.rules.readiness.vocabulary import (
    AppointmentStatus,
    AuthorizationState,
    Disposition,
)

_C = FindingCode
DEADLINE_DAYS_TO_WARN = 14
MOST_POINTERS = 4

_NOT_BILLABLE: Mapping[AppointmentStatus, FindingCode] = {
    AppointmentStatus.SCHEDULED: _C.APPOINTMENT_NOT_COMPLETED,
    AppointmentStatus.NO_SHOW: _C.APPOINTMENT_NO_SHOW,
    AppointmentStatus.CANCELLED: _C.APPOINTMENT_CANCELLED,
    AppointmentStatus.LATE_CANCELLED: _C.APPOINTMENT_CANCELLED,
}
_AUTHORIZATION: Mapping[AuthorizationState, FindingCode] = {
    AuthorizationState.MISSING: _C.APPOINTMENT_AUTH_MISSING,
    AuthorizationState.OUTSIDE_DATES: _C.APPOINTMENT_AUTH_OUTSIDE_DATES,
    AuthorizationState.USED_UP: _C.APPOINTMENT_AUTH_USED_UP,
}
_DIAGNOSIS: Mapping[DiagnosisFault, FindingCode] = {
    DiagnosisFault.DOTTED: _C.DIAGNOSIS_MALFORMED,
    DiagnosisFault.FORM: _C.DIAGNOSIS_MALFORMED,
    DiagnosisFault.UNKNOWN: _C.DIAGNOSIS_UNKNOWN,
    DiagnosisFault.CATEGORY: _C.DIAGNOSIS_NOT_BILLABLE,
    DiagnosisFault.MAYBE_UNKNOWN: _C.DIAGNOSIS_UNSURE,
    DiagnosisFault.MAYBE_CATEGORY: _C.DIAGNOSIS_UNSURE,
}


def is_billable(
    status: AppointmentStatus, day: date, disposition: Disposition, *, today: date
) -> bool:
    """Tell whether an appointment belongs in the unbilled queue at all: completed and past."""
    done = status is AppointmentStatus.COMPLETED and day <= today
    return done and disposition is Disposition.BILL


def judge_appointment(facts: AppointmentReadiness, *, on: date) -> tuple[Finding, ...]:
    """Return what an appointment itself lacks, seen on a day in the practice's time zone.

    What its client, policy, clinician and the rest lack hangs on them, not here.
    """
    return (
        *map(finding, _billable(facts, on)),
        *map(finding, _rests_on(facts)),
        *map(finding, _waits_for(facts)),
        *map(finding, _clocks(facts, on)),
        *_diagnoses(facts),
        *_lines(facts),
    )


def _billable(facts: AppointmentReadiness, on: date) -> Iterator[FindingCode]:
    if facts.status in _NOT_BILLABLE:
        yield _NOT_BILLABLE[facts.status]
    if facts.day > on:
        yield _C.APPOINTMENT_AHEAD
    if facts.disposition is not Disposition.BILL:
        yield _C.APPOINTMENT_SET_ASIDE


def _rests_on(facts: AppointmentReadiness) -> Iterator[FindingCode]:
    if not facts.has_clinician:
        yield _C.APPOINTMENT_CLINICIAN_MISSING
    if not facts.has_billing_profile:
        yield _C.APPOINTMENT_PROFILE_MISSING
    if not facts.has_location:
        yield _C.APPOINTMENT_LOCATION_MISSING
    yield from _place(facts)
    # A client without any policy is that client's finding, told once and not for every session.
    if facts.client_has_policy and not facts.has_policy:
        yield _C.APPOINTMENT_POLICY_MISSING
    if facts.has_policy and not facts.policy_covers_day:
        yield _C.APPOINTMENT_POLICY_NOT_COVERING


def _place(facts: AppointmentReadiness) -> Iterator[FindingCode]:
    place, taken = facts.place_of_service, facts.payer_rules.telehealth_places
    if not place:
        yield _C.APPOINTMENT_PLACE_MISSING
    elif place not in PLACES_OF_SERVICE:
        yield _C.APPOINTMENT_PLACE_UNKNOWN
    elif place in TELEHEALTH_PLACES and taken and place not in taken:
        yield _C.APPOINTMENT_TELEHEALTH_PLACE


def _waits_for(facts: AppointmentReadiness) -> Iterator[FindingCode]:
    if facts.note_gate and not facts.note_signed:
        yield _C.APPOINTMENT_NOTE_UNSIGNED
    if facts.is_duplicate:
        yield _C.APPOINTMENT_DUPLICATE
    if facts.authorization in _AUTHORIZATION:
        yield _AUTHORIZATION[facts.authorization]


def _clocks(facts: AppointmentReadiness, on: date) -> Iterator[FindingCode]:
    effective = facts.enrollment_effective_on
    if effective is not None and facts.day < effective:
        yield _C.APPOINTMENT_BEFORE_ENROLLMENT
    if facts.filing_deadline is None:
        return
    left = days_left(facts.filing_deadline, on)
    if left < 0:
        yield _C.APPOINTMENT_DEADLINE_PASSED
    elif left <= DEADLINE_DAYS_TO_WARN:
        yield _C.APPOINTMENT_DEADLINE_NEAR


def _diagnoses(facts: AppointmentReadiness) -> Iterator[Finding]:
    if not facts.diagnoses:
        yield finding(_C.DIAGNOSIS_MISSING)
        return
    if len(facts.diagnoses) > MOST_DIAGNOSES:
        yield finding(_C.DIAGNOSES_TOO_MANY)
    if is_external_cause(facts.diagnoses[0]):
        yield finding_on_diagnosis(_C.DIAGNOSIS_EXTERNAL_CAUSE_FIRST, 1)
    for position, code in enumerate(facts.diagnoses, start=1):
        fault = diagnosis_fault(code, facts.day)
        if fault is not None:
            yield finding_on_diagnosis(_DIAGNOSIS[fault], position)
        if code in facts.diagnoses[: position - 1]:
            yield finding_on_diagnosis(_C.DIAGNOSIS_TWICE, position)


def _lines(facts: AppointmentReadiness) -> Iterator[Finding]:
    if not facts.lines:
        yield finding(_C.LINES_MISSING)
        return
    if len(facts.lines) > X12_LINES_PER_CLAIM:
        yield finding(_C.LINES_TOO_MANY)
    if all(line.charge_amount == ZERO for line in facts.lines):
        yield finding(_C.CHARGE_ZERO)
    remote = facts.place_of_service in TELEHEALTH_PLACES
    for number, line in enumerate(facts.lines, start=1):
        codes = (
            *_procedure(line),
            *_modifiers(line.modifiers, facts.payer_rules, remote=remote),
            *_amounts(line),
            *_pointers(line.diagnosis_pointers, len(facts.diagnoses)),
        )
        yield from (finding_on_line(code, number) for code in codes)
    yield from _together(facts.lines)


def _procedure(line: VisitLine) -> Iterator[FindingCode]:
    if not line.procedure_code:
        yield _C.PROCEDURE_MISSING
    elif not procedure_code_is_well_formed(line.procedure_code):
        yield _C.PROCEDURE_MALFORMED


def _modifiers(
    modifiers: tuple[str, ...], rules: PayerScrubRules, *, remote: bool
) -> Iterator[FindingCode]:
    if len(modifiers) > MOST_MODIFIERS:
        yield _C.MODIFIERS_TOO_MANY
    if not all(map(modifier_is_well_formed, modifiers)):
        yield _C.MODIFIER_MALFORMED
    if rules.one_of_modifiers and rules.one_of_modifiers.isdisjoint(modifiers):
        yield _C.MODIFIER_REQUIRED
    if remote and rules.telehealth_modifiers and rules.telehealth_modifiers.isdisjoint(modifiers):
        yield _C.TELEHEALTH_MODIFIER_MISSING


def _amounts(line: VisitLine) -> Iterator[FindingCode]:
    if line.units is None:
        yield _C.UNITS_MISSING
    elif not line.units.is_finite() or line.units <= Decimal(0):
        yield _C.UNITS_WRONG
    if line.charge_amount is None:
        yield _C.CHARGE_MISSING
    elif not is_whole_cents(line.charge_amount) or line.charge_amount < ZERO:
        yield _C.CHARGE_WRONG


def _pointers(pointers: tuple[int, ...], diagnoses: int) -> Iterator[FindingCode]:
    """No pointers at all mean all diagnoses, up to four, so that is no finding.

    Where no diagnosis is given yet, that alone is asked for: a pointer cannot be right before.
    """
    if len(pointers) > MOST_POINTERS:
        yield _C.POINTERS_TOO_MANY
    if diagnoses and any(not 1 <= pointer <= diagnoses for pointer in pointers):
        yield _C.POINTER_BEYOND
    if len(set(pointers)) < len(pointers):
        yield _C.POINTER_TWICE


def _together(lines: tuple[VisitLine, ...]) -> Iterator[Finding]:
    alone = add_ons_without_base([line.procedure_code for line in lines])
    # A line that says it was a service of its own excludes nothing.
    exclusive = exclusive_codes(
        [
            line.procedure_code
            for line in lines
            if DISTINCT_SERVICE_MODIFIERS.isdisjoint(line.modifiers)
        ]
    )
    for number, line in enumerate(lines, start=1):
        if line.procedure_code in alone:
            yield finding_on_line(_C.PROCEDURE_ADD_ON_ALONE, number)
        if line.procedure_code in exclusive[1:]:
            yield finding_on_line(_C.PROCEDURES_EXCLUDE, number)
