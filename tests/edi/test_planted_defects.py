"""Every planted defect is refused by us: those the oracles know, those that neither does."""

import pytest

from backoffice.edi.claim_837 import Claim
from backoffice.edi.problems import Problem, ProblemLog
from backoffice.edi.survey import survey
from backoffice.services.claim_files import scrub_problems
from tests.edi.mutations import (
    OFFICE,
    SECONDARY,
    Mutation,
    both,
    broken,
    drop,
    good,
    insert,
    put,
    swap,
)
from tests.edi.shapes import TODAY, Shape


def problems_of(data: bytes) -> list[Problem]:
    """What `backoffice edi check` finds."""
    return list(survey(data, check_form=True, watch=_scrubbed).problems)


def _scrubbed(claim: Claim, log: ProblemLog) -> None:
    for problem in scrub_problems(claim, on=TODAY):
        log.keep(problem)


def test_the_good_files_are_clean() -> None:
    assert problems_of(good(OFFICE)) == []
    assert problems_of(good(SECONDARY)) == []


ENVELOPE = {
    "IEA02 differs from ISA13": (put("IEA", 2, "000000009"), "control_number_mismatch"),
    "GE02 differs from GS06": (put("GE", 2, "9"), "control_number_mismatch"),
    "SE02 differs from ST02": (put("SE", 2, "0009"), "control_number_mismatch"),
    "SE01 miscounts": (put("SE", 1, "12"), "count_mismatch"),
    "GE01 miscounts": (put("GE", 1, "2"), "count_mismatch"),
    "IEA01 miscounts": (put("IEA", 1, "2"), "count_mismatch"),
    "wrong ST03": (put("ST", 3, "005010X223A2"), "wrong_guide"),
    "wrong GS08": (both(put("GS", 8, "005010X222"), put("ST", 3, "005010X222")), "wrong_guide"),
    "wrong GS01": (put("GS", 1, "HP"), "bad_envelope_value"),
    "GS04 is no day": (put("GS", 4, "20261340"), "bad_envelope_value"),
    "ISA15 is neither P nor T": (put("ISA", 15, "X"), "bad_envelope_value"),
    "no SE": (drop("SE"), "truncated"),
    "no IEA": (drop("IEA"), "truncated"),
    "ST02 too short": (both(put("ST", 2, "1"), put("SE", 2, "1")), "bad_envelope_value"),
}
SHAPE = {
    "BHT missing": (drop("BHT"), "segment_missing"),
    "submitter contact missing": (drop("PER"), "segment_missing"),
    "receiver missing": (drop("NM1*40"), "loop_missing"),
    "billing name missing": (drop("NM1*85"), "unexpected_segment"),
    "billing street missing": (drop("N3"), "segment_missing"),
    "billing city missing": (drop("N4"), "segment_missing"),
    "billing tax id missing": (drop("REF*EI"), "segment_missing"),
    "both tax ids": (insert("REF*EI", "REF*SY*219099999"), "segment_repeated"),
    "SBR missing": (drop("SBR"), "segment_missing"),
    "payer missing": (drop("NM1*PR"), "loop_missing"),
    "HI missing": (drop("HI"), "segment_missing"),
    "no service line": (drop("LX", count=12), "loop_missing"),
    "SV1 missing": (drop("SV1"), "segment_missing"),
    "day of service missing": (drop("DTP*472"), "segment_missing"),
    "REF repeated": (insert("REF*G1", "REF*G1*PA9"), "segment_repeated"),
    "REF before CLM": (insert("NM1*PR", "REF*G1*PA9"), "unexpected_segment"),
    "HI after the parties": (
        both(drop("HI"), insert("PRV*PE", "HI*ABK:F1020*ABF:F509")),
        "segment_out_of_order",
    ),
    "unknown segment": (insert("CLM", "ZZZ*1"), "unknown_segment"),
    "segment id in lower case": (swap("HI", "hi*ABK:F1020"), "unknown_segment"),
    "second rendering provider": (
        insert("PRV*PE", "NM1*82*1*KIM*LEE****XX*1234567893"),
        "loop_repeated",
    ),
    "LX skips": (put("LX", 1, "5", nth=1), "bad_line_number"),
    "HL gap": (put("HL", 1, "7", nth=1), "bad_hierarchy"),
    "HL02 points nowhere": (put("HL", 2, "9", nth=1), "bad_hierarchy"),
    "HL04 says child, none follows": (put("HL", 4, "1", nth=1), "bad_hierarchy"),
    "fifth modifier in SV101-7": (put("SV1", 1, "HC:90837:HO:U1:AJ:HN:U2"), "element_not_used"),
    "trailing separators": (swap("NTE", "NTE*ADD*MOVED**"), "trailing_separators"),
    "empty composite tail": (put("SV1", 1, "HC:90837::"), "trailing_separators"),
    "thirteen diagnoses": (
        swap("HI", "HI*ABK:F1020" + "*ABF:F509" * 12),
        "element_not_used",
    ),
}
ELEMENTS = {
    "CLM01 missing": (put("CLM", 1, ""), "element_missing"),
    "CLM01 too long": (put("CLM", 1, "A" * 39), "element_too_long"),
    "CLM05-2 not B": (put("CLM", 5, "11:A:7"), "unknown_code"),
    "CLM06 no code": (put("CLM", 6, "X"), "unknown_code"),
    "CLM07 no code": (put("CLM", 7, "Z"), "unknown_code"),
    "CLM08 missing": (put("CLM", 8, ""), "element_missing"),
    "SBR01 no code": (put("SBR", 1, "Q"), "unknown_code"),
    "SBR09 no code": (put("SBR", 9, "XX"), "unknown_code"),
    "NM102 no code": (put("NM1*85", 2, "3"), "unknown_code"),
    "NM109 without NM108": (put("NM1*IL", 8, ""), "element_missing"),
    "member id missing": (put("NM1*IL", 9, ""), "element_missing"),
    "DMG02 no day": (put("DMG", 2, "19621310"), "unreadable_date"),
    "DMG03 no code": (put("DMG", 3, "X"), "unknown_code"),
    "DTP02 no format": (put("DTP*472", 2, "D9"), "unknown_code"),
    "DTP03 no day": (put("DTP*472", 3, "20260230"), "unreadable_date"),
    "DTP03 ends before it begins": (
        both(put("DTP*472", 2, "RD8"), put("DTP*472", 3, "20260525-20260520")),
        "unreadable_date",
    ),
    "SV101-1 no code": (put("SV1", 1, "XX:90837"), "unknown_code"),
    "SV102 no number": (put("SV1", 2, "12A"), "unreadable_amount"),
    "SV102 with thousands": (put("SV1", 2, "1,200"), "unreadable_amount"),
    "SV102 a fraction of a cent": (put("SV1", 2, "239.561"), "unreadable_amount"),
    "SV103 no code": (put("SV1", 3, "XX"), "unknown_code"),
    "SV104 missing": (put("SV1", 4, ""), "element_missing"),
    "SV107 missing": (put("SV1", 7, ""), "element_missing"),
    "N403 too short": (put("N4", 3, "62"), "element_too_short"),
    "PER04 missing": (put("PER", 4, ""), "element_missing"),
    "control character in a name": (put("NM1*IL", 3, "NGU\x07EN"), "bad_character"),
    "Latin-1 name": (put("NM1*IL", 3, "NGUY\xcaN"), "bad_character"),
    "not used NM106": (put("NM1*IL", 6, "DR"), "element_not_used"),
    "NTE too long": (put("NTE", 2, "A" * 81), "element_too_long"),
}
MEANING = {
    "place of service that does not exist": (put("CLM", 5, "19X:B:7"), "element_too_long"),
    "place of service unassigned": (put("CLM", 5, "97:B:7"), "place_unknown"),
    "CLM02 is not the sum": (put("CLM", 2, "754.64"), "claim_out_of_balance"),
    "negative line": (put("SV1", 2, "-5"), "amount_negative"),
    "7 without REF*F8": (drop("REF*F8"), "payer_number_missing"),
    "8 without REF*F8": (both(put("CLM", 5, "11:B:8"), drop("REF*F8")), "payer_number_missing"),
    "frequency 9": (put("CLM", 5, "11:B:9"), "frequency_unknown"),
    "ICD-10 that does not exist": (put("HI", 1, "ABK:F99999"), "diagnosis_unknown"),
    "ICD-10 category, not a leaf": (put("HI", 1, "ABK:F41"), "diagnosis_not_billable"),
    "ICD-10 with a dot": (put("HI", 1, "ABK:F10.20"), "diagnosis_dotted"),
    "BK beside ABF": (put("HI", 1, "BK:F1020"), "unknown_code"),
    "same diagnosis twice": (swap("HI", "HI*ABK:F1020*ABF:F1020"), "diagnosis_twice"),
    "external cause first": (put("HI", 1, "ABK:X58XXXA"), "external_cause_first"),
    "patient = subscriber without DMG": (drop("DMG"), "birth_date_missing"),
    "patient = subscriber without address": (drop("N3", nth=2, count=2), "address_missing"),
    "subscriber not 18 and no 2000C": (put("SBR", 2, ""), "bad_hierarchy"),
    "billing NPI missing": (swap("NM1*85", "NM1*85*2*RIVERSIDE COUNSELING LLC"), "npi_missing"),
    "rendering NPI missing": (swap("NM1*82", "NM1*82*1*SMITH*DANA"), "npi_missing"),
    "billing NPI fails its check digit": (put("NM1*85", 9, "1234567890"), "npi_check_digit"),
    "rendering NPI fails its check digit": (put("NM1*82", 9, "1679576721"), "npi_check_digit"),
    "NPI of nine digits": (put("NM1*85", 9, "123456789"), "npi_malformed"),
    "diagnosis pointer beyond HI": (put("SV1", 7, "1:9"), "pointer_beyond"),
    "state that does not exist": (put("N4", 2, "ZZ"), "state_unknown"),
    "billing ZIP of five digits": (put("N4", 3, "62704"), "zip_not_nine"),
    "billing ZIP of letters": (put("N4", 3, "ABCDE1234"), "zip_malformed"),
    "billing street is a PO box": (put("N3", 1, "PO BOX 12"), "post_office_box"),
    "tax id of eight digits": (put("REF*EI", 2, "12345678"), "tax_id_malformed"),
    "taxonomy without its X": (put("PRV*BI", 3, "251S000001"), "taxonomy_malformed"),
    "line control numbers repeat": (put("REF*6R", 2, "L1", nth=1), "line_number_twice"),
    "service in the future": (put("DTP*472", 3, "20270101"), "day_ahead"),
    "modifier of three characters": (put("SV1", 1, "HC:90837:HOO"), "element_too_long"),
    "procedure of four characters": (put("SV1", 1, "HC:9083"), "procedure_malformed"),
}
DEFECTS = {**ENVELOPE, **SHAPE, **ELEMENTS, **MEANING}

SECOND = {
    "relationship missing": (put("PAT", 1, ""), "relationship_missing"),
    "relationship no code": (put("PAT", 1, "77"), "unknown_code"),
    "2000C under a subscriber who is the patient": (put("SBR", 2, "18"), "bad_hierarchy"),
    "HL04 says none, a child follows": (put("HL", 4, "0", nth=1), "bad_hierarchy"),
    "dependent without birth date": (drop("DMG"), "segment_missing"),
    "dependent without address": (drop("N3", nth=1, count=2), "segment_missing"),
    "CAS group CR missing amount": (swap("CAS", "CAS*CO*45"), "element_missing"),
    "CAS group no code": (put("CAS", 1, "XX"), "unknown_code"),
    "line out of balance with the other payer": (put("SVD", 2, "1"), "line_out_of_balance"),
    "other payer without OI": (drop("OI"), "segment_missing"),
    "other payer without its insured": (drop("NM1*IL", nth=1, count=3), "loop_missing"),
    "SVD names a stranger": (put("SVD", 1, "99999"), "decision_of_a_stranger"),
    "decision without its day": (drop("DTP*573"), "segment_missing"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_refused(name: str) -> None:
    mutation, code = DEFECTS[name]
    _refused(mutation, code, OFFICE)


@pytest.mark.parametrize("name", SECOND)
def test_a_defect_in_a_secondary_claim_is_refused(name: str) -> None:
    mutation, code = SECOND[name]
    _refused(mutation, code, SECONDARY)


def _refused(mutation: Mutation, code: str, shape: Shape) -> None:
    problems = problems_of(broken(mutation, shape))

    errors = {str(problem.code) for problem in problems if problem.is_error}
    assert code in errors
    assert all(problem.segment for problem in problems)
