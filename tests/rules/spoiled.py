"""Claims spoiled in one way each, beside the scrub rule that each breaks and its place."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from backoffice.rules.claim_facts import (
    AddressFacts,
    AdjustmentFacts,
    ClaimFacts,
    EntityKind,
    Frequency,
    PayerFacts,
    PayerOrder,
    TaxIdKind,
)
from backoffice.rules.scrub import (
    PayerScrubRules,
    ScrubCode,
)
from tests.rules.scrubbed import (
    BILLING,
    CLEAN,
    CLIENT,
    CLINICIAN,
    FACILITY,
    HOME,
    LINE,
    NPI_OF_PRACTICE,
    OFFICE,
    OTHER,
    PARENT,
    PAYER,
    REMITTED,
    SECOND_LINE,
    SECONDARY,
    SERVED,
    SUPERVISOR,
    TODAY,
    of_child,
    with_billing,
    with_client,
    with_coverage,
    with_decision,
    with_line,
    with_other,
)

C = ScrubCode
ASKS = PayerScrubRules(
    authorization_required=True,
    referral_required=True,
    supervisor_required=True,
    taxonomy_required=True,
    member_id_pattern=r"[0-9]+",
    filing_days=30,
    lines_per_claim=1,
    several_dates=False,
    telehealth_places=frozenset({"10"}),
    telehealth_modifiers=frozenset({"95"}),
    one_of_modifiers=frozenset({"HO", "HN"}),
    line_control_length=12,
)
AGAIN = replace(CLEAN, frequency=Frequency.REPLACEMENT)
TELEHEALTH = replace(CLEAN, place_of_service="02")
MEDICARE = PayerFacts("Medicare", "MCR01", filing_code="MB")
SECOND_MEDICARE = replace(SECONDARY, coverage=replace(SECONDARY.coverage, payer=MEDICARE))
TWO_LINES = replace(CLEAN, lines=(LINE, SECOND_LINE))
SAME_DAY = replace(SECOND_LINE, first_day=SERVED)
NO_ADDRESS = AddressFacts("", "", "", "")


def raw(value: str) -> Any:
    """Return what a foreign file holds where our own claims hold an enum."""
    return cast(Any, value)


def rendering(**changes: Any) -> ClaimFacts:
    return replace(CLEAN, rendering=replace(CLINICIAN, **changes))


def facility(**changes: Any) -> ClaimFacts:
    return replace(CLEAN, facility=replace(FACILITY, **changes))


# A claim spoiled in one way, and the rule it breaks; the last row of a rule may need the payer's.
BROKEN: list[tuple[ScrubCode, str, ClaimFacts]] = [
    (C.MISSING, "CLM01", replace(CLEAN, patient_control_number="")),
    (C.MISSING, "CLM05-1", replace(CLEAN, place_of_service="")),
    (C.MISSING, "SV101-2", with_line(procedure_code="")),
    (C.MISSING, "2010AA REF", with_billing(tax_id="")),
    (C.MISSING, "SBR09", with_coverage(payer=replace(PAYER, filing_code=""))),
    (C.TOO_LONG, "NTE", replace(CLEAN, note="x" * 81)),
    (C.TOO_LONG, "REF*G1", replace(CLEAN, prior_authorization="A" * 51)),
    (C.TOO_LONG, "2010BA NM104", with_client(first_name="A" * 36)),
    (C.NOT_WRITABLE, "2010BA NM103", with_client(last_name="Ривера")),
    (C.NOT_WRITABLE, "2010BA NM109", with_coverage(member_id="ABC~12")),
    (C.CODE_UNKNOWN, "CLM07", replace(CLEAN, accept_assignment="X")),
    (C.CODE_UNKNOWN, "CLM06", replace(CLEAN, provider_signature_on_file="")),
    (C.CODE_UNKNOWN, "CLM08", with_coverage(assignment_of_benefits="Q")),
    (C.CODE_UNKNOWN, "CLM09", with_coverage(release_of_information="N")),
    (C.CODE_UNKNOWN, "SBR09", with_coverage(payer=replace(PAYER, filing_code="XX"))),
    (C.CODE_UNKNOWN, "SBR01", with_coverage(order=raw("Q"))),
    (C.CODE_UNKNOWN, "PAT01", with_coverage(relationship="99")),
    (C.CODE_UNKNOWN, "CLM11", replace(CLEAN, accident="ZZ", accident_on=SERVED)),
    (C.CODE_UNKNOWN, "SBR05", replace(SECOND_MEDICARE, coverage=replace(
        SECOND_MEDICARE.coverage, insurance_type="99"))),
    (C.PCN_TOO_LONG, "CLM01", replace(CLEAN, patient_control_number="A" * 21)),
    (C.PCN_LONG, "CLM01", replace(CLEAN, patient_control_number="A" * 18)),
    (C.PCN_CHARACTERS, "CLM01", replace(CLEAN, patient_control_number="C-1")),
    (C.FREQUENCY_UNKNOWN, "CLM05-3", replace(CLEAN, frequency=raw("6"))),
    (C.PAYER_NUMBER_MISSING, "REF*F8", AGAIN),
    (C.PAYER_NUMBER_MISSING, "REF*F8", replace(CLEAN, frequency=Frequency.VOID)),
    (C.PAYER_NUMBER_UNEXPECTED, "REF*F8", replace(CLEAN, payer_claim_control_number="ICN1")),
    (C.PLACE_UNKNOWN, "CLM05-1", replace(CLEAN, place_of_service="00")),
    (C.PLACE_UNKNOWN, "SV105", with_line(place_of_service="98")),
    (C.ACCIDENT_DATE_MISSING, "DTP*439", replace(CLEAN, accident="OA")),
    (C.ACCIDENT_STATE_MISSING, "CLM11-4", replace(CLEAN, accident="AA", accident_on=SERVED)),
    (C.TRACE_LONG, "REF*D9", replace(CLEAN, trace="0" * 21)),
    (C.NAME_MISSING, "2010AA", with_billing(last_or_organization_name=" ")),
    (C.NAME_MISSING, "2010BA NM103", with_client(last_name="")),
    (C.NAME_MISSING, "2010CA", replace(of_child(), patient=replace(CLIENT, last_name=""))),
    (C.NAME_MISSING, "Box 4", of_child(insured=replace(PARENT, last_name=""))),
    (C.NAME_MISSING, "2310B", rendering(last_or_organization_name="")),
    (C.NAME_MISSING, "2310C", facility(name="")),
    (C.NAME_MISSING, "2010BB", with_coverage(payer=replace(PAYER, name=""))),
    (C.FIRST_NAME_MISSING, "2010BA", with_client(first_name="")),
    (C.FIRST_NAME_MISSING, "2010AA", with_billing(kind=EntityKind.PERSON)),
    (C.NPI_MISSING, "2010AA NM109", with_billing(npi="")),
    (C.NPI_MISSING, "2310B", rendering(npi="")),
    (C.NPI_MISSING, "2310D", replace(CLEAN, supervising=replace(SUPERVISOR, npi=""))),
    (C.NPI_MISSING, "2310A", replace(CLEAN, referring=replace(SUPERVISOR, npi=""))),
    (C.NPI_MALFORMED, "2010AA NM109", with_billing(npi="123456789")),
    (C.NPI_CHECK_DIGIT, "2010AA NM109", with_billing(npi="1234567890")),
    (C.NPI_CHECK_DIGIT, "2310B", rendering(npi="1234567890")),
    (C.NPI_CHECK_DIGIT, "2310C", facility(npi="1234567890")),
    (C.NPI_OF_ANOTHER_KIND, "2310B", rendering(npi=NPI_OF_PRACTICE)),
    (C.TAXONOMY_ADVISED, "2000A PRV03", with_billing(taxonomy="")),
    (C.TAXONOMY_ADVISED, "2310B PRV03", rendering(taxonomy="")),
    (C.TAXONOMY_MALFORMED, "2000A PRV03", with_billing(taxonomy="101YM0800")),
    (C.TAX_ID_MALFORMED, "2010AA REF", with_billing(tax_id="12345678")),
    (C.TAX_ID_KIND_MISSING, "2010AA REF", with_billing(tax_id_kind=raw(""))),
    (C.SSN_OF_AN_ORGANIZATION, "2010AA REF", with_billing(tax_id_kind=TaxIdKind.SSN)),
    (C.PHONE_MALFORMED, "PER04", with_billing(phone="1182345678")),
    (C.RENDERING_MISSING, "2310B", replace(CLEAN, rendering=None)),
    (C.RENDERING_IS_BILLING, "2310B", replace(
        rendering(npi=NPI_OF_PRACTICE),
        billing=replace(BILLING, kind=EntityKind.PERSON, first_name="Dana"))),
    (C.FACILITY_IS_BILLING, "2310C", facility(address=OFFICE)),
    (C.FACILITY_HAS_NO_PLACE, "2310C", replace(
        TELEHEALTH, facility=replace(FACILITY, address=None))),
    (C.ADDRESS_MISSING, "2010AA N3", with_billing(address=None)),
    (C.ADDRESS_MISSING, "2010BA N3", with_client(address=NO_ADDRESS)),
    (C.ADDRESS_MISSING, "2010CA N3", replace(of_child(), patient=replace(CLIENT, address=None))),
    (C.ADDRESS_MISSING, "2310C", facility(address=None)),
    (C.ADDRESS_INCOMPLETE, "2010AA N3", with_billing(address=replace(OFFICE, state=""))),
    (C.ADDRESS_INCOMPLETE, "2010AA N3", with_billing(address=replace(OFFICE, zip=""))),
    (C.ADDRESS_INCOMPLETE, "2010AB", with_billing(pay_to=replace(HOME, city=""))),
    (C.ADDRESS_INCOMPLETE, "Box 7", of_child(insured=replace(
        PARENT, address=replace(HOME, line1="")))),
    (C.STATE_UNKNOWN, "2010AA N3", with_billing(address=replace(OFFICE, state="XX"))),
    (C.ZIP_MALFORMED, "2010AA N3", with_billing(address=replace(OFFICE, zip="1220"))),
    (C.ZIP_NOT_NINE, "2010AA N3", with_billing(address=replace(OFFICE, zip="12207"))),
    (C.ZIP_NOT_NINE, "2310C", facility(address=HOME)),
    (C.POST_OFFICE_BOX, "2010AA N3", with_billing(address=replace(OFFICE, line1="PO Box 9"))),
    (C.BIRTH_DATE_MISSING, "2010BA DMG02", with_client(birth_date=None)),
    (C.BIRTH_DATE_MISSING, "2010CA", replace(of_child(), patient=replace(
        CLIENT, birth_date=None))),
    (C.BIRTH_DATE_IMPOSSIBLE, "2010BA DMG02", with_client(birth_date=TODAY + timedelta(1))),
    (C.BIRTH_DATE_IMPOSSIBLE, "Box 11a", of_child(insured=replace(
        PARENT, birth_date=date(1800, 1, 1)))),
    (C.SEX_MISSING, "2010BA DMG03", with_client(sex=None)),
    (C.SEX_MISSING, "2010BA DMG03", with_client(sex=raw("X"))),
    (C.MEMBER_ID_MISSING, "2010BA NM109", with_coverage(member_id="")),
    (C.MEMBER_ID_SEPARATED, "2010BA NM109", with_coverage(member_id="ABC-123")),
    (C.MEMBER_ID_SHORT, "2010BA NM109", with_coverage(member_id="A")),
    (C.RELATIONSHIP_MISSING, "PAT01", with_coverage(relationship="")),
    (C.CLIENT_IS_NOT_THE_INSURED, "PAT01", with_coverage(insured=PARENT)),
    (C.CLIENT_IS_THE_INSURED, "PAT01", of_child(insured=CLIENT)),
    (C.PAYER_ID_MISSING, "2010BB NM109", with_coverage(payer=replace(PAYER, payer_id=""))),
    (C.GROUP_NAME_BESIDE_NUMBER, "SBR04", with_coverage(group_number="1", group_name="Acme")),
    (C.MEDICARE_TYPE_MISSING, "SBR05", SECOND_MEDICARE),
    (C.MEDICARE_TYPE_UNEXPECTED, "SBR05", with_coverage(insurance_type="12")),
    (C.DIAGNOSIS_MISSING, "HI", replace(CLEAN, diagnoses=())),
    (C.DIAGNOSES_TOO_MANY, "HI", replace(CLEAN, diagnoses=tuple(f"F10{n}" for n in range(13)))),
    (C.DIAGNOSIS_TWICE, "HI", replace(CLEAN, diagnoses=("F411", "F411"))),
    (C.DIAGNOSIS_DOTTED, "HI", replace(CLEAN, diagnoses=("F41.1",))),
    (C.DIAGNOSIS_MALFORMED, "HI", replace(CLEAN, diagnoses=("30000",))),
    (C.DIAGNOSIS_UNKNOWN, "HI", replace(CLEAN, diagnoses=("F4199",))),
    (C.DIAGNOSIS_NOT_BILLABLE, "HI", replace(CLEAN, diagnoses=("F41",))),
    (C.DIAGNOSIS_MAYBE_UNKNOWN, "HI", replace(
        with_line(first_day=date(2019, 5, 4)), diagnoses=("F4199",))),
    (C.DIAGNOSIS_MAYBE_NOT_BILLABLE, "HI", replace(
        with_line(first_day=date(2019, 5, 4)), diagnoses=("F41",))),
    (C.EXTERNAL_CAUSE_FIRST, "HI", replace(CLEAN, diagnoses=("Y9389", "F411"))),
    (C.CHARGE_NOT_POSITIVE, "CLM02", with_line(charge_amount=Decimal("0.00"))),
    (C.CHARGE_IS_NOT_THE_SUM, "CLM02", replace(CLEAN, stated_charge_amount=Decimal("170.00"))),
    (C.AMOUNT_NEGATIVE, "SV102", with_line(charge_amount=Decimal("-1.00"))),
    (C.AMOUNT_NEGATIVE, "AMT*F5", replace(CLEAN, patient_paid_amount=Decimal("-1.00"))),
    (C.AMOUNT_NEGATIVE, "AMT*D", with_other(paid_amount=Decimal("-1.00"))),
    (C.AMOUNT_MALFORMED, "SV102", with_line(charge_amount=Decimal("1.005"))),
    (C.AMOUNT_MALFORMED, "SV102", with_line(charge_amount=Decimal("NaN"))),
    (C.CLIENT_PAID_MORE, "AMT*F5", replace(CLEAN, patient_paid_amount=Decimal("175.01"))),
    (C.LINES_MISSING, "2400", replace(CLEAN, lines=())),
    (C.LINES_TOO_MANY, "2400", replace(CLEAN, lines=tuple(
        replace(LINE, line_control_number=str(n), modifiers=("59",)) for n in range(51)))),
    (C.YEARS_TOGETHER, "DTP*472", replace(
        CLEAN, lines=(LINE, replace(SECOND_LINE, first_day=date(2025, 12, 30))))),
    (C.DAY_MISSING, "DTP*472", with_line(first_day=None)),
    (C.DAY_AHEAD, "DTP*472", with_line(first_day=TODAY + timedelta(1))),
    (C.DAYS_REVERSED, "DTP*472", with_line(last_day=SERVED - timedelta(1))),
    (C.DAY_BEFORE_BIRTH, "DTP*472", with_client(birth_date=SERVED + timedelta(1))),
    (C.PROCEDURE_MALFORMED, "SV101-2", with_line(procedure_code="9083")),
    (C.MODIFIERS_TOO_MANY, "SV101-3", with_line(modifiers=("59", "HO", "U1", "U2", "U3"))),
    (C.MODIFIER_MALFORMED, "SV101-3", with_line(modifiers=("9",))),
    (C.MODIFIER_TWICE, "SV101-3", with_line(modifiers=("HO", "HO"))),
    (C.TELEHEALTH_MODIFIER_ELSEWHERE, "SV101-3", with_line(modifiers=("95",))),
    (C.AUDIO_AND_VIDEO, "SV101-3", with_line(TELEHEALTH, modifiers=("95", "93"))),
    (C.UNITS_NOT_POSITIVE, "SV104", with_line(units=Decimal(0))),
    (C.UNITS_MALFORMED, "SV104", with_line(units=Decimal("NaN"))),
    (C.UNITS_SEVERAL, "SV104", with_line(units=Decimal(2))),
    (C.POINTER_MISSING, "SV107", with_line(diagnosis_pointers=())),
    (C.POINTERS_TOO_MANY, "SV107", with_line(diagnosis_pointers=(1, 2, 1, 2, 1))),
    (C.POINTER_BEYOND, "SV107", with_line(diagnosis_pointers=(3,))),
    (C.POINTER_BEYOND, "SV107", with_line(diagnosis_pointers=(0,))),
    (C.POINTER_TWICE, "SV107", with_line(diagnosis_pointers=(1, 1))),
    (C.LINE_NUMBER_MISSING, "REF*6R", with_line(line_control_number="")),
    (C.LINE_NUMBER_LONG, "REF*6R", with_line(line_control_number="1" * 31)),
    (C.LINE_NUMBER_TWICE, "REF*6R", replace(
        CLEAN, lines=(LINE, replace(SECOND_LINE, line_control_number="L1")))),
    (C.ADD_ON_ALONE, "SV101-2", with_line(procedure_code="90785")),
    (C.CODES_EXCLUDE, "SV101-2", replace(
        CLEAN, lines=(LINE, replace(SAME_DAY, procedure_code="90834")))),
    (C.LINE_TWICE, "2400", replace(CLEAN, lines=(LINE, SAME_DAY))),
    (C.OTHER_PAYER_MISSING, "2320", replace(SECONDARY, others=())),
    (C.OTHER_PAYERS_TOO_MANY, "2320", replace(SECONDARY, others=(OTHER,) * 11)),
    (C.PAYER_TURN_TWICE, "SBR01", replace(SECONDARY, coverage=replace(
        SECONDARY.coverage, order=PayerOrder.PRIMARY))),
    (C.NOT_DECIDED_BY_OTHER, "AMT*D", replace(
        with_other(paid_amount=None), lines=(LINE,))),
    (C.DECISIONS_TOO_MANY, "2430", with_line(
        SECONDARY, adjudications=SECONDARY.lines[0].adjudications * 16)),
    (C.DECISION_OF_A_STRANGER, "SVD01", with_decision(payer_id="WHO")),
    (C.DECIDED_TWICE, "CAS", with_other(
        adjustments=(AdjustmentFacts("CO", "45", Decimal("75.00")),))),
    (C.DECISION_DAY_MISSING, "DTP*573", with_decision(adjudicated_on=None)),
    (C.DECISION_DAY_MISSING, "2330B DTP*573", replace(SECONDARY, lines=(LINE,))),
    (C.DECISION_DAY_IMPOSSIBLE, "DTP*573", with_decision(adjudicated_on=SERVED - timedelta(1))),
    (C.DECISION_DAY_IMPOSSIBLE, "2330B", with_other(adjudicated_on=TODAY + timedelta(1))),
    (C.GROUP_UNKNOWN, "CAS01", with_decision(
        adjustments=(AdjustmentFacts("XX", "45", Decimal("95.00")),))),
    (C.REASON_MISSING, "CAS02", with_decision(
        adjustments=(AdjustmentFacts("CO", "", Decimal("95.00")),))),
    (C.AMOUNT_MALFORMED, "CAS03", with_decision(
        adjustments=(AdjustmentFacts("CO", "45", Decimal("NaN")),))),
    (C.LINE_OUT_OF_BALANCE, "SVD02", with_decision(paid_amount=Decimal("80.01"))),
    (C.OTHER_OUT_OF_BALANCE, "AMT*D", with_other(paid_amount=Decimal("79.99"))),
    (C.OTHER_OUT_OF_BALANCE, "AMT*D", replace(
        with_other(adjudicated_on=REMITTED), lines=(LINE,))),
    (C.RELATIONSHIP_MISSING, "2320 SBR02", with_other(
        coverage=replace(OTHER.coverage, relationship=""))),
]  # fmt: skip

# What only a payer's own rules ask for.
ASKED: list[tuple[ScrubCode, str, ClaimFacts]] = [
    (C.AUTHORIZATION_MISSING, "REF*G1", CLEAN),
    (C.REFERRAL_MISSING, "REF*9F", CLEAN),
    (C.SUPERVISOR_MISSING, "2310D", CLEAN),
    (C.TAXONOMY_MISSING, "2000A PRV03", with_billing(taxonomy="")),
    (C.MEMBER_ID_PATTERN, "2010BA NM109", CLEAN),
    (C.FILED_LATE, "DTP*472", CLEAN),
    (C.LINES_TOO_MANY, "2400", TWO_LINES),
    (C.DATES_TOGETHER, "DTP*472", TWO_LINES),
    (C.TELEHEALTH_PLACE, "CLM05-1", TELEHEALTH),
    (C.TELEHEALTH_MODIFIER_MISSING, "SV101-3", TELEHEALTH),
    (C.MODIFIER_REQUIRED, "SV101-3", CLEAN),
    (C.LINE_NUMBER_LONG, "REF*6R", with_line(line_control_number="1" * 13)),
]


# What the two validators we hold ourselves to let pass (edi.md 1.1), each an error with us.
PASSES_BOTH_ORACLES = [
    AGAIN,
    replace(CLEAN, frequency=raw("6")),
    replace(CLEAN, diagnoses=("F4199",)),
    replace(CLEAN, diagnoses=("F41.1",)),
    with_client(birth_date=None, sex=None),
    with_coverage(relationship=""),
    with_billing(npi=""),
    rendering(npi=""),
    with_billing(npi="1234567890"),
    with_line(diagnosis_pointers=(3,)),
    with_billing(address=replace(OFFICE, state="")),
    with_billing(address=replace(OFFICE, zip="")),
    with_line(modifiers=("59", "HO", "U1", "U2", "U3")),
]
