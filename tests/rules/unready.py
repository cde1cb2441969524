"""Facts that lack nothing, and the same facts spoiled once for every readiness finding."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from backoffice.rules.claim_facts import AddressFacts, EntityKind, PayerOrder, Sex, TaxIdKind
from backoffice.rules.payer_rules import PayerScrubRules
from backoffice.rules.readiness import (
    AppointmentReadiness,
    AppointmentStatus,
    AuthorizationReadiness,
    AuthorizationState,
    BillingProfileReadiness,
    BillingType,
    ClientReadiness,
    ClinicianReadiness,
    Disposition,
    EnrollmentKind,
    EnrollmentReadiness,
    EnrollmentStatus,
    FindingCode,
    InsuredReadiness,
    LocationReadiness,
    PolicyPayer,
    PolicyReadiness,
    PracticeReadiness,
    Shape,
    VisitLine,
)

C = FindingCode
TODAY = date(2026, 6, 15)
SERVED = date(2026, 5, 4)
OFFICE = AddressFacts("12 Elm St", "Albany", "NY", "122071234")
HOME = AddressFacts("7 Oak Ave", "Troy", "NY", "12180")
NPI, ORGANIZATION_NPI, BAD_NPI = "1679576722", "1234567893", "1234567890"
TAXONOMY = "103TC0700X"

PRACTICE = PracticeReadiness("Elm Street Therapy", "518-234-5678", OFFICE, "America/New_York", 1, 1)
PROFILE = BillingProfileReadiness(
    kind=EntityKind.ORGANIZATION,
    organization_name="Elm Street Therapy",
    npi=ORGANIZATION_NPI,
    tax_id=Shape.WELL_FORMED,
    tax_id_kind=TaxIdKind.EIN,
    taxonomy="261QM0801X",
    address=OFFICE,
    phone="5182345678",
)
SOLO = replace(PROFILE, kind=EntityKind.PERSON, last_name="Lee", first_name="Dana")
CLINICIAN = ClinicianReadiness(
    "Lee", "Dana", NPI, TAXONOMY, organization_npis=frozenset({ORGANIZATION_NPI})
)
SUPERVISED = replace(
    CLINICIAN, is_supervised=True, supervisor_last_name="Stone", supervisor_npi=NPI
)
LOCATION = LocationReadiness("Office", "11", OFFICE)
SHOWN = replace(LOCATION, facility_shown=True)
CLIENT = ClientReadiness(
    "Rivera", "Ana", Shape.WELL_FORMED, Sex.FEMALE, HOME, "5182345678", has_policy=True
)
PAYER = PolicyPayer("Northstar", "NSH01")
POLICY = PolicyReadiness(PayerOrder.PRIMARY, PAYER, Shape.WELL_FORMED, "18", practice_state="NY")
INSURED = InsuredReadiness("Rivera", "Luis", Shape.WELL_FORMED, Sex.MALE, HOME)
OF_CHILD = replace(POLICY, relationship="19", insured=INSURED)
MEDICARE = replace(
    POLICY,
    order=PayerOrder.SECONDARY,
    payer=replace(PAYER, filing_code="MB"),
    insurance_type="12",
)
AUTHORIZATION = AuthorizationReadiness(
    "A1", uses_allowed=10, uses_taken=2, first_day=SERVED, last_day=date(2026, 12, 31)
)
LINE = VisitLine("90837", (), Decimal(1), Decimal("175.00"), (1,))
VISIT = AppointmentReadiness(
    AppointmentStatus.COMPLETED, SERVED, (LINE,), ("F411", "F329"), place_of_service="11"
)
TELEHEALTH = replace(VISIT, place_of_service="02")
PICKY = PayerScrubRules(
    telehealth_places=frozenset({"10"}),
    telehealth_modifiers=frozenset({"95"}),
    one_of_modifiers=frozenset({"HO"}),
)


def line(**changes: object) -> AppointmentReadiness:
    """Return the visit with its line changed."""
    return replace(VISIT, lines=(replace(LINE, **changes),))  # type: ignore[arg-type]  # names checked by replace


def pair(second: VisitLine) -> AppointmentReadiness:
    """Return the visit with a second line."""
    return replace(VISIT, lines=(LINE, second))


BAD_STATE = replace(OFFICE, state="XX")
FIVE_DIGITS = replace(OFFICE, zip="12207")
BOX = replace(OFFICE, line1="PO Box 9")
NO_STREET = replace(OFFICE, line1="")

OF_PRACTICE = [
    (C.PRACTICE_BILLING_OFF, replace(PRACTICE, billing_is_on=False)),
    (C.PRACTICE_NAME_MISSING, replace(PRACTICE, name=" ")),
    (C.PRACTICE_PHONE_MISSING, replace(PRACTICE, phone="")),
    (C.PRACTICE_PHONE_MALFORMED, replace(PRACTICE, phone="12")),
    (C.PRACTICE_ADDRESS_INCOMPLETE, replace(PRACTICE, address=None)),
    (C.PRACTICE_TIME_ZONE_UNKNOWN, replace(PRACTICE, time_zone="America/Atlantis")),
    (C.PRACTICE_LOCATION_MISSING, replace(PRACTICE, locations=0)),
    (C.PRACTICE_PROFILE_MISSING, replace(PRACTICE, billing_profiles=0)),
]
OF_PROFILE = [
    (C.PROFILE_NAME_MISSING, replace(PROFILE, organization_name="")),
    (C.PROFILE_NAME_MISSING, replace(SOLO, last_name="")),
    (C.PROFILE_FIRST_NAME_MISSING, replace(SOLO, first_name="")),
    (C.PROFILE_NPI_MISSING, replace(PROFILE, npi="")),
    (C.PROFILE_NPI_MALFORMED, replace(PROFILE, npi=BAD_NPI)),
    (C.PROFILE_TAX_ID_MISSING, replace(PROFILE, tax_id=Shape.ABSENT)),
    (C.PROFILE_TAX_ID_MALFORMED, replace(PROFILE, tax_id=Shape.MALFORMED)),
    (C.PROFILE_TAX_ID_KIND_MISSING, replace(PROFILE, tax_id_kind=None)),
    (C.PROFILE_SSN_OF_ORGANIZATION, replace(PROFILE, tax_id_kind=TaxIdKind.SSN)),
    (C.PROFILE_TAXONOMY_MISSING, replace(PROFILE, taxonomy="")),
    (C.PROFILE_TAXONOMY_MALFORMED, replace(PROFILE, taxonomy="101YM0800")),
    (C.PROFILE_ADDRESS_MISSING, replace(PROFILE, address=None)),
    (C.PROFILE_ADDRESS_INCOMPLETE, replace(PROFILE, address=NO_STREET)),
    (C.PROFILE_ADDRESS_MALFORMED, replace(PROFILE, address=BAD_STATE)),
    (C.PROFILE_ZIP_NOT_NINE, replace(PROFILE, address=FIVE_DIGITS)),
    (C.PROFILE_POST_OFFICE_BOX, replace(PROFILE, address=BOX)),
    (C.PROFILE_PHONE_MISSING, replace(PROFILE, phone="")),
    (C.PROFILE_PHONE_MALFORMED, replace(PROFILE, phone="1182345678")),
    (C.PROFILE_PAY_TO_INCOMPLETE, replace(PROFILE, pay_to=NO_STREET)),
]
OF_CLINICIAN = [
    (C.CLINICIAN_NAME_MISSING, replace(CLINICIAN, last_name="")),
    (C.CLINICIAN_FIRST_NAME_MISSING, replace(CLINICIAN, first_name="")),
    (C.CLINICIAN_NPI_MISSING, replace(CLINICIAN, npi="")),
    (C.CLINICIAN_NPI_MALFORMED, replace(CLINICIAN, npi=BAD_NPI)),
    (C.CLINICIAN_NPI_OF_ORGANIZATION, replace(CLINICIAN, npi=ORGANIZATION_NPI)),
    (C.CLINICIAN_TAXONOMY_MISSING, replace(CLINICIAN, taxonomy="")),
    (C.CLINICIAN_TAXONOMY_MALFORMED, replace(CLINICIAN, taxonomy="x")),
    (C.CLINICIAN_SUPERVISOR_MISSING, replace(SUPERVISED, supervisor_last_name="")),
    (C.CLINICIAN_SUPERVISOR_NPI, replace(SUPERVISED, supervisor_npi=BAD_NPI)),
]
OF_LOCATION = [
    (C.LOCATION_NAME_MISSING, replace(SHOWN, name="")),
    (C.LOCATION_PLACE_MISSING, replace(LOCATION, place_of_service="")),
    (C.LOCATION_PLACE_UNKNOWN, replace(LOCATION, place_of_service="98")),
    (C.LOCATION_BOX_32_OFF, replace(LOCATION, at_billing_address=False)),
    (C.LOCATION_ADDRESS_MISSING, replace(SHOWN, address=None)),
    (C.LOCATION_TELEHEALTH_ADDRESS, replace(SHOWN, place_of_service="10", address=None)),
    (C.LOCATION_TELEHEALTH_ADDRESS, replace(SHOWN, place_of_service="02", address=None)),
    (C.LOCATION_ADDRESS_INCOMPLETE, replace(SHOWN, address=NO_STREET)),
    (C.LOCATION_ADDRESS_MALFORMED, replace(SHOWN, address=BAD_STATE)),
    (C.LOCATION_ZIP_NOT_NINE, replace(SHOWN, address=FIVE_DIGITS)),
    (C.LOCATION_POST_OFFICE_BOX, replace(SHOWN, address=BOX)),
    (C.LOCATION_NPI_MALFORMED, replace(LOCATION, npi=BAD_NPI)),
]
OF_CLIENT = [
    (C.CLIENT_NAME_MISSING, replace(CLIENT, last_name="")),
    (C.CLIENT_FIRST_NAME_MISSING, replace(CLIENT, first_name="")),
    (C.CLIENT_BIRTH_DATE_MISSING, replace(CLIENT, birth_date=Shape.ABSENT)),
    (C.CLIENT_BIRTH_DATE_MALFORMED, replace(CLIENT, birth_date=Shape.MALFORMED)),
    (C.CLIENT_SEX_MISSING, replace(CLIENT, sex=None)),
    (C.CLIENT_ADDRESS_MISSING, replace(CLIENT, address=None)),
    (C.CLIENT_ADDRESS_INCOMPLETE, replace(CLIENT, address=NO_STREET)),
    (C.CLIENT_ADDRESS_MALFORMED, replace(CLIENT, address=BAD_STATE)),
    (C.CLIENT_PHONE_MISSING, replace(CLIENT, phone="")),
    (C.CLIENT_PHONE_MALFORMED, replace(CLIENT, phone="12")),
    (C.CLIENT_NOT_INSURANCE, replace(CLIENT, billing_type=BillingType.SELF_PAY)),
    (C.CLIENT_POLICY_MISSING, replace(CLIENT, has_policy=False)),
    (C.CLIENT_CONSENT_MISSING, replace(CLIENT, may_be_billed=False)),
]
OF_POLICY = [
    (C.POLICY_PAYER_MISSING, replace(POLICY, payer=None)),
    (C.POLICY_PAYER_ID_MISSING, replace(POLICY, payer=replace(PAYER, payer_id=""))),
    (C.POLICY_FILING_CODE_UNKNOWN, replace(POLICY, payer=replace(PAYER, filing_code="XX"))),
    (
        C.POLICY_NOT_LOCAL_PLAN,
        replace(POLICY, payer=replace(PAYER, local_states=frozenset({"NJ"}))),
    ),
    (C.POLICY_MEMBER_ID_MISSING, replace(POLICY, member_id=Shape.ABSENT)),
    (C.POLICY_MEMBER_ID_MALFORMED, replace(POLICY, member_id=Shape.MALFORMED)),
    (C.POLICY_RELATIONSHIP_MISSING, replace(POLICY, relationship="")),
    (C.POLICY_RELATIONSHIP_UNKNOWN, replace(POLICY, relationship="99")),
    (C.POLICY_INSURED_NAME_MISSING, replace(OF_CHILD, insured=None)),
    (
        C.POLICY_INSURED_BIRTH_MISSING,
        replace(OF_CHILD, insured=replace(INSURED, birth_date=Shape.ABSENT)),
    ),
    (
        C.POLICY_INSURED_BIRTH_MALFORMED,
        replace(OF_CHILD, insured=replace(INSURED, birth_date=Shape.MALFORMED)),
    ),
    (C.POLICY_INSURED_SEX_MISSING, replace(OF_CHILD, insured=replace(INSURED, sex=None))),
    (C.POLICY_INSURED_ADDRESS_MISSING, replace(OF_CHILD, insured=replace(INSURED, address=None))),
    (
        C.POLICY_INSURED_ADDRESS_WRONG,
        replace(OF_CHILD, insured=replace(INSURED, address=NO_STREET)),
    ),
    (C.POLICY_DATES_REVERSED, replace(POLICY, first_day=TODAY, last_day=SERVED)),
    (C.POLICY_NEEDS_REVIEW, replace(POLICY, needs_review=True)),
    (C.POLICY_ORDER_TAKEN, replace(POLICY, same_order=1)),
    (
        C.POLICY_PRIMARY_MISSING,
        replace(POLICY, order=PayerOrder.SECONDARY, has_primary=False),
    ),
    (C.POLICY_MEDICARE_TYPE_MISSING, replace(MEDICARE, insurance_type="")),
    (C.POLICY_MEDICARE_TYPE_UNKNOWN, replace(MEDICARE, insurance_type="99")),
    (C.POLICY_MEDICARE_TYPE_UNEXPECTED, replace(POLICY, insurance_type="12")),
]
_CLAIMS, _ERAS = EnrollmentKind.CLAIMS, EnrollmentKind.REMITTANCES
OF_ENROLLMENT = [
    (code, EnrollmentReadiness(kind, status))
    for code, kind, status in [
        (C.CLAIMS_TO_ENROLL, _CLAIMS, EnrollmentStatus.TO_ENROLL),
        (C.CLAIMS_ENROLLMENT_SUBMITTED, _CLAIMS, EnrollmentStatus.SUBMITTED),
        (C.CLAIMS_ENROLLMENT_DOCUMENT, _CLAIMS, EnrollmentStatus.DOCUMENT_REQUIRED),
        (C.CLAIMS_ENROLLMENT_REJECTED, _CLAIMS, EnrollmentStatus.REJECTED),
        (C.CLAIMS_NOT_SUPPORTED, _CLAIMS, EnrollmentStatus.NOT_SUPPORTED),
        (C.CLAIMS_NO_CLIENTS_ON_FILE, _CLAIMS, EnrollmentStatus.NO_CLIENTS_ON_FILE),
        (C.ERA_TO_ENROLL, _ERAS, EnrollmentStatus.TO_ENROLL),
        (C.ERA_ENROLLMENT_DOCUMENT, _ERAS, EnrollmentStatus.DOCUMENT_REQUIRED),
        (C.ERA_ENROLLMENT_REJECTED, _ERAS, EnrollmentStatus.REJECTED),
        (C.ERA_NOT_SUPPORTED, _ERAS, EnrollmentStatus.NOT_SUPPORTED),
        (C.ERA_NO_CLIENTS_ON_FILE, _ERAS, EnrollmentStatus.NO_CLIENTS_ON_FILE),
    ]
]
OF_AUTHORIZATION = [
    (C.AUTHORIZATION_NUMBER_MISSING, replace(AUTHORIZATION, number="", number_required=True)),
    (C.AUTHORIZATION_DATES_REVERSED, replace(AUTHORIZATION, last_day=SERVED - timedelta(1))),
    (C.AUTHORIZATION_USES_WRONG, replace(AUTHORIZATION, uses_allowed=0)),
    (C.AUTHORIZATION_NEARLY_USED, replace(AUTHORIZATION, uses_taken=8)),
    (C.AUTHORIZATION_EXPIRING, replace(AUTHORIZATION, last_day=TODAY + timedelta(14))),
    (C.AUTHORIZATION_SEVERAL_ACTIVE, replace(AUTHORIZATION, other_active=1)),
]
_A, _S = AuthorizationState, AppointmentStatus
OF_APPOINTMENT = [
    (C.APPOINTMENT_NOT_COMPLETED, replace(VISIT, status=_S.SCHEDULED)),
    (C.APPOINTMENT_NO_SHOW, replace(VISIT, status=_S.NO_SHOW)),
    (C.APPOINTMENT_CANCELLED, replace(VISIT, status=_S.CANCELLED)),
    (C.APPOINTMENT_CANCELLED, replace(VISIT, status=_S.LATE_CANCELLED)),
    (C.APPOINTMENT_AHEAD, replace(VISIT, day=TODAY + timedelta(1))),
    (C.APPOINTMENT_SET_ASIDE, replace(VISIT, disposition=Disposition.SELF_PAY)),
    (C.APPOINTMENT_CLINICIAN_MISSING, replace(VISIT, has_clinician=False)),
    (C.APPOINTMENT_PROFILE_MISSING, replace(VISIT, has_billing_profile=False)),
    (C.APPOINTMENT_LOCATION_MISSING, replace(VISIT, has_location=False)),
    (C.APPOINTMENT_PLACE_MISSING, replace(VISIT, place_of_service="")),
    (C.APPOINTMENT_PLACE_UNKNOWN, replace(VISIT, place_of_service="98")),
    (C.APPOINTMENT_TELEHEALTH_PLACE, replace(TELEHEALTH, payer_rules=PICKY)),
    (C.APPOINTMENT_POLICY_MISSING, replace(VISIT, has_policy=False)),
    (C.APPOINTMENT_POLICY_NOT_COVERING, replace(VISIT, policy_covers_day=False)),
    (C.APPOINTMENT_NOTE_UNSIGNED, replace(VISIT, note_gate=True, note_signed=False)),
    (C.APPOINTMENT_DUPLICATE, replace(VISIT, is_duplicate=True)),
    (C.APPOINTMENT_AUTH_MISSING, replace(VISIT, authorization=_A.MISSING)),
    (C.APPOINTMENT_AUTH_OUTSIDE_DATES, replace(VISIT, authorization=_A.OUTSIDE_DATES)),
    (C.APPOINTMENT_AUTH_USED_UP, replace(VISIT, authorization=_A.USED_UP)),
    (C.APPOINTMENT_BEFORE_ENROLLMENT, replace(VISIT, enrollment_effective_on=TODAY)),
    (C.APPOINTMENT_DEADLINE_NEAR, replace(VISIT, filing_deadline=TODAY)),
    (C.APPOINTMENT_DEADLINE_PASSED, replace(VISIT, filing_deadline=TODAY - timedelta(1))),
    (C.DIAGNOSIS_MISSING, replace(VISIT, diagnoses=())),
    (C.DIAGNOSES_TOO_MANY, replace(VISIT, diagnoses=tuple(f"F10{n}" for n in range(13)))),
    (C.DIAGNOSIS_TWICE, replace(VISIT, diagnoses=("F411", "F411"))),
    (C.DIAGNOSIS_MALFORMED, replace(VISIT, diagnoses=("anxiety",))),
    (C.DIAGNOSIS_MALFORMED, replace(VISIT, diagnoses=("F41.1",))),
    (C.DIAGNOSIS_UNKNOWN, replace(VISIT, diagnoses=("F4199",))),
    (C.DIAGNOSIS_NOT_BILLABLE, replace(VISIT, diagnoses=("F41",))),
    (C.DIAGNOSIS_UNSURE, replace(VISIT, diagnoses=("F4199",), day=date(2019, 5, 4))),
    (C.DIAGNOSIS_EXTERNAL_CAUSE_FIRST, replace(VISIT, diagnoses=("Y9389", "F411"))),
    (C.LINES_MISSING, replace(VISIT, lines=())),
    (C.LINES_TOO_MANY, replace(VISIT, lines=(LINE,) * 51)),
    (C.PROCEDURE_MISSING, line(procedure_code="")),
    (C.PROCEDURE_MALFORMED, line(procedure_code="9083")),
    (C.PROCEDURE_ADD_ON_ALONE, line(procedure_code="90785")),
    (C.PROCEDURES_EXCLUDE, pair(replace(LINE, procedure_code="90834"))),
    (C.MODIFIER_MALFORMED, line(modifiers=("9",))),
    (C.MODIFIERS_TOO_MANY, line(modifiers=("95", "HO", "U1", "U2", "U3"))),
    (C.MODIFIER_REQUIRED, replace(VISIT, payer_rules=PICKY)),
    (C.TELEHEALTH_MODIFIER_MISSING, replace(TELEHEALTH, payer_rules=PICKY)),
    (C.UNITS_MISSING, line(units=None)),
    (C.UNITS_WRONG, line(units=Decimal(0))),
    (C.CHARGE_MISSING, line(charge_amount=None)),
    (C.CHARGE_WRONG, line(charge_amount=Decimal("-1.00"))),
    (C.CHARGE_WRONG, line(charge_amount=Decimal("1.005"))),
    (C.CHARGE_ZERO, line(charge_amount=Decimal("0.00"))),
    (C.POINTER_BEYOND, line(diagnosis_pointers=(3,))),
    (C.POINTERS_TOO_MANY, line(diagnosis_pointers=(1, 2, 1, 2, 1))),
    (C.POINTER_TWICE, line(diagnosis_pointers=(1, 1))),
]
