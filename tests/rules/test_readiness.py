"""What is missing, subject by subject: one spoiled set of facts for every finding."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.readiness import (
    FINDING_KINDS,
    AppointmentStatus,
    AuthorizationReadiness,
    Disposition,
    EnrollmentKind,
    EnrollmentReadiness,
    EnrollmentStatus,
    Finding,
    FindingCode,
    NegativeCount,
    Readiness,
    Screen,
    Shape,
    Subject,
    Supplier,
    Weight,
    birth_date_shape,
    is_billable,
    judge_appointment,
    judge_authorization,
    judge_billing_profile,
    judge_client,
    judge_clinician,
    judge_enrollment,
    judge_location,
    judge_policy,
    judge_practice,
    member_id_shape,
    readiness_of,
    tax_id_shape,
)
from tests.rules.unready import (
    AUTHORIZATION,
    BOX,
    CLIENT,
    CLINICIAN,
    LINE,
    LOCATION,
    MEDICARE,
    OF_APPOINTMENT,
    OF_AUTHORIZATION,
    OF_CHILD,
    OF_CLIENT,
    OF_CLINICIAN,
    OF_ENROLLMENT,
    OF_LOCATION,
    OF_POLICY,
    OF_PRACTICE,
    OF_PROFILE,
    PAYER,
    POLICY,
    PRACTICE,
    PROFILE,
    SHOWN,
    SOLO,
    SUPERVISED,
    TODAY,
    VISIT,
    C,
    line,
    pair,
)

CASES: list[tuple[FindingCode, tuple[Finding, ...]]] = [
    *((code, judge_practice(facts)) for code, facts in OF_PRACTICE),
    *((code, judge_billing_profile(facts)) for code, facts in OF_PROFILE),
    *((code, judge_clinician(facts)) for code, facts in OF_CLINICIAN),
    *((code, judge_location(facts)) for code, facts in OF_LOCATION),
    *((code, judge_client(facts)) for code, facts in OF_CLIENT),
    *((code, judge_policy(facts)) for code, facts in OF_POLICY),
    *((code, judge_enrollment(facts)) for code, facts in OF_ENROLLMENT),
    *((code, judge_authorization(facts, on=TODAY)) for code, facts in OF_AUTHORIZATION),
    *((code, judge_appointment(facts, on=TODAY)) for code, facts in OF_APPOINTMENT),
]


def codes(findings: tuple[Finding, ...]) -> set[FindingCode]:
    return {each.code for each in findings}


@pytest.mark.parametrize(("code", "findings"), CASES)
def test_what_is_missing_or_wrong_is_found(
    code: FindingCode, findings: tuple[Finding, ...]
) -> None:
    assert code in codes(findings)
    # A subject keeps one row per code and field, so no judge may say the same twice.
    keys = [(each.code, each.field) for each in findings]
    assert len(set(keys)) == len(keys)


def test_every_code_is_reached_by_a_test_and_has_its_words() -> None:
    assert {code for code, _ in CASES} == set(FindingCode) == set(FINDING_KINDS)
    for code, kind in FINDING_KINDS.items():
        assert len(code) <= 32, "stored in 32 characters"
        assert kind.field
        assert kind.where.label
        assert kind.where.screen in set(Screen)
        for words in (kind.label, kind.why, kind.fix):
            assert words[0].isupper()
            assert not words.endswith((".", "!"))
            assert "patient" not in words.lower()


def test_every_subject_and_every_supplier_has_findings() -> None:
    assert {kind.subject for kind in FINDING_KINDS.values()} == set(Subject)
    assert {kind.supplier for kind in FINDING_KINDS.values()} == set(Supplier)


@pytest.mark.parametrize(
    "findings",
    [
        judge_practice(PRACTICE),
        judge_billing_profile(PROFILE),
        judge_billing_profile(SOLO),
        judge_billing_profile(replace(PROFILE, pay_to=BOX)),
        judge_clinician(CLINICIAN),
        judge_clinician(SUPERVISED),
        judge_location(LOCATION),
        judge_location(SHOWN),
        judge_location(replace(LOCATION, address=None)),
        judge_location(replace(SHOWN, at_billing_address=False)),
        judge_location(
            replace(LOCATION, place_of_service="10", address=None, at_billing_address=False)
        ),
        judge_client(CLIENT),
        judge_policy(POLICY),
        judge_policy(OF_CHILD),
        judge_policy(MEDICARE),
        judge_policy(replace(POLICY, payer=replace(PAYER, local_states=frozenset({"NY"})))),
        judge_authorization(AUTHORIZATION, on=TODAY),
        judge_authorization(AuthorizationReadiness(uses_allowed=9), on=TODAY),
        judge_authorization(replace(AUTHORIZATION, is_active=False, uses_allowed=0), on=TODAY),
        judge_appointment(VISIT, on=TODAY),
        judge_appointment(line(diagnosis_pointers=()), on=TODAY),
        judge_appointment(replace(VISIT, note_signed=False), on=TODAY),
        judge_appointment(replace(VISIT, has_policy=False, client_has_policy=False), on=TODAY),
        judge_appointment(replace(VISIT, filing_deadline=TODAY + timedelta(15)), on=TODAY),
        judge_appointment(replace(VISIT, day=TODAY), on=TODAY),
        judge_appointment(pair(replace(LINE, procedure_code="90834", modifiers=("59",))), on=TODAY),
    ],
)
def test_what_lacks_nothing_has_no_findings(findings: tuple[Finding, ...]) -> None:
    assert findings == ()


@pytest.mark.parametrize("kind", EnrollmentKind)
@pytest.mark.parametrize("status", EnrollmentStatus)
def test_claims_wait_for_their_enrollment_and_payment_reports_hold_nobody(
    kind: EnrollmentKind, status: EnrollmentStatus
) -> None:
    weights = {each.weight for each in judge_enrollment(EnrollmentReadiness(kind, status))}
    open_road = status in {EnrollmentStatus.ACCEPTED, EnrollmentStatus.NOT_REQUIRED}
    if kind is EnrollmentKind.REMITTANCES:
        assert weights <= {Weight.WARNS}
    else:
        assert weights == (set() if open_road else {Weight.HOLDS})


def test_held_is_only_what_waits_for_an_event() -> None:
    held = {code for code, kind in FINDING_KINDS.items() if kind.weight is Weight.HOLDS}
    assert held == {
        C.APPOINTMENT_NOTE_UNSIGNED,
        C.APPOINTMENT_DUPLICATE,
        C.APPOINTMENT_AUTH_MISSING,
        C.APPOINTMENT_AUTH_OUTSIDE_DATES,
        C.APPOINTMENT_AUTH_USED_UP,
        C.AUTHORIZATION_NUMBER_MISSING,
        C.POLICY_NEEDS_REVIEW,
        *(code for code in C if code.startswith("claims_")),
    }


def test_findings_say_who_supplies_and_where_it_goes() -> None:
    (found,) = judge_client(replace(CLIENT, birth_date=Shape.ABSENT))
    assert (found.field, found.words) == ("birth_date", "The birth date is missing")
    assert found.supplier is Supplier.PRACTICE
    assert (found.where.screen, found.where.label) == (Screen.CLIENT, "Birth date")
    assert found.weight is Weight.BLOCKS
    assert (found.why, found.fix) == ("The payer finds the client by it (Box 3)", "Ask the client")


def test_findings_on_lines_and_diagnoses_say_which() -> None:
    (on_line,) = judge_appointment(pair(replace(LINE, units=None)), on=TODAY)
    assert (on_line.field, on_line.words) == ("lines.2.units", "Line 2: the units are missing")
    (on_code,) = judge_appointment(replace(VISIT, diagnoses=("F411", "F41")), on=TODAY)
    assert on_code.field == "diagnoses.2"
    assert on_code.words == "Diagnosis 2: the diagnosis is a category, not exact enough"


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_missing_comes_before_held_and_a_warning_changes_nothing(
    blocking: int, holding: int, warning: int
) -> None:
    state = readiness_of(blocking, holding, warning)
    assert state is readiness_of(blocking, holding, 0)
    assert (state is Readiness.MISSING) is bool(blocking)
    assert (state is Readiness.READY) is (blocking == holding == 0)


def test_a_count_below_zero_is_refused_by_name() -> None:
    with pytest.raises(NegativeCount):
        readiness_of(0, -1, 0)


@pytest.mark.parametrize("status", AppointmentStatus)
@pytest.mark.parametrize("disposition", Disposition)
@pytest.mark.parametrize("days", [-1, 0, 1])
def test_only_what_is_completed_past_and_ours_is_billable(
    status: AppointmentStatus, disposition: Disposition, days: int
) -> None:
    day = TODAY + timedelta(days)
    billable = is_billable(status, day, disposition, today=TODAY)
    done = status is AppointmentStatus.COMPLETED
    assert billable is (done and days <= 0 and disposition is Disposition.BILL)
    visit = replace(VISIT, status=status, day=day, disposition=disposition)
    blocked = codes(judge_appointment(visit, on=TODAY))
    assert billable is (not blocked)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("", Shape.ABSENT),
        (" ", Shape.ABSENT),
        ("12-3456789", Shape.WELL_FORMED),
        ("123-45-678", Shape.MALFORMED),
    ],
)
def test_a_tax_id_keeps_only_its_shape(text: str, shape: Shape) -> None:
    assert tax_id_shape(text) is shape


@pytest.mark.parametrize(
    ("text", "pattern", "shape"),
    [
        ("", "", Shape.ABSENT),
        ("abc-123 456", "", Shape.WELL_FORMED),
        ("abc-123 456", "[A-Z]{3}[0-9]{6}", Shape.WELL_FORMED),
        ("123456", "[A-Z]{3}[0-9]{6}", Shape.MALFORMED),
        ("A*1", "", Shape.MALFORMED),
    ],
)
def test_a_member_ids_shape_has_the_payers_pattern_folded_in(
    text: str, pattern: str, shape: Shape
) -> None:
    assert member_id_shape(text, pattern) is shape


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("", Shape.ABSENT),
        ("1990-02-03", Shape.WELL_FORMED),
        ("2026-06-16", Shape.MALFORMED),
        ("1890-01-01", Shape.MALFORMED),
        ("02/03/1990", Shape.MALFORMED),
    ],
)
def test_a_birth_date_ahead_or_too_long_ago_is_malformed(text: str, shape: Shape) -> None:
    assert birth_date_shape(text, today=TODAY) is shape


def test_without_a_diagnosis_the_diagnosis_alone_is_asked_for() -> None:
    undiagnosed = replace(line(diagnosis_pointers=(1,)), diagnoses=())

    found = judge_appointment(undiagnosed, on=TODAY)

    assert [finding.code for finding in found] == [FindingCode.DIAGNOSIS_MISSING]
