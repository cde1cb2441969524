"""Identifiers keep their form, and a slip of the pen is noticed."""

import re
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backoffice.rules.claim_facts import TaxIdKind
from backoffice.rules.identifiers import (
    MalformedIdentifier,
    MalformedMemberId,
    MalformedPhone,
    MalformedTaxId,
    MalformedZip,
    NpiFault,
    NumberOutOfRange,
    clean_member_id,
    clean_phone,
    clean_tax_id,
    clean_zip,
    fits_pattern,
    is_patient_control_number,
    masked_ssn,
    masked_tax_id,
    npi_fault,
    npi_is_valid,
    patient_control_number,
    tax_id_kind_as_printed,
    taxonomy_is_well_formed,
)

SEQUENCES = st.integers(min_value=1, max_value=32**7)
ATTEMPTS = st.integers(min_value=1, max_value=1023)
NPI_BODIES = st.from_regex(r"[12][0-9]{8}", fullmatch=True)


def npi_of(body: str) -> str:
    """Return the NPI of nine digits by the other form: Luhn over the whole 80840 + NPI."""
    digits = [int(digit) for digit in "80840" + body]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[::-2]]
    return body + str(-(sum(doubled) + sum(digits[-2::-2])) % 10)


@given(NPI_BODIES)
def test_both_forms_of_the_npi_check_agree(body: str) -> None:
    assert npi_is_valid(npi_of(body))
    assert sum(npi_is_valid(body + digit) for digit in "0123456789") == 1


@given(NPI_BODIES, st.integers(0, 9), st.integers(0, 9))
def test_an_npi_with_one_wrong_digit_fails(body: str, position: int, digit: int) -> None:
    npi = npi_of(body)
    wrong = npi[:position] + str(digit) + npi[position + 1 :]
    assume(wrong != npi)
    assert not npi_is_valid(wrong)


@pytest.mark.parametrize(
    ("npi", "fault"),
    [
        ("1234567893", None),
        ("1234567890", NpiFault.CHECK_DIGIT),
        ("", NpiFault.MISSING),
        ("3234567893", NpiFault.FORM),
        ("123456789", NpiFault.FORM),
        ("12345678933", NpiFault.FORM),
        ("1234567893\n", NpiFault.FORM),
        ("12345٣7893", NpiFault.FORM),
    ],
)
def test_an_npi_is_ten_digits_from_1_or_2_with_a_check_digit(
    npi: str, fault: NpiFault | None
) -> None:
    assert npi_fault(npi) is fault


@pytest.mark.parametrize(
    ("taxonomy", "good"),
    [("103TC0700X", True), ("103tc0700x", False), ("103TC07000", False), ("", False)],
)
def test_a_taxonomy_is_ten_characters_ending_in_x(taxonomy: str, good: bool) -> None:
    assert taxonomy_is_well_formed(taxonomy) is good


@given(st.from_regex(r"[1-9][0-9]{8}", fullmatch=True))
def test_a_tax_id_is_nine_digits_in_any_punctuation(digits: str) -> None:
    printed = f"{digits[:2]}-{digits[2:]}", f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
    spaced = f" {digits[:3]}.{digits[3:5]} {digits[5:]} "
    assert {clean_tax_id(text) for text in (*printed, spaced, digits)} == {digits}
    assert tax_id_kind_as_printed(printed[0]) is TaxIdKind.EIN
    assert tax_id_kind_as_printed(printed[1]) is TaxIdKind.SSN
    assert tax_id_kind_as_printed(digits) is None


@pytest.mark.parametrize("text", ["", "12345678", "1234567890", "12-34567AB", "000000000", "XXX"])
def test_what_is_not_nine_digits_is_no_tax_id_and_is_not_repeated(text: str) -> None:
    with pytest.raises(MalformedTaxId) as refused:
        clean_tax_id(text)
    assert not str(refused.value)


@given(st.from_regex(r"[0-9]{9}", fullmatch=True), st.sampled_from([None, *TaxIdKind]))
def test_a_mask_shows_the_last_four_digits_and_no_other(
    digits: str, kind: TaxIdKind | None
) -> None:
    shown = masked_tax_id(digits, kind)
    assert re.sub(r"\D", "", shown) == digits[-4:]
    assert masked_ssn(digits) == "•••-••-" + digits[-4:]
    assert masked_tax_id("", kind) == ""


@pytest.mark.parametrize(
    ("text", "digits"),
    [("12207", "12207"), ("12207-1234", "122071234"), ("12207 1234", "122071234")],
)
def test_a_zip_is_five_or_nine_digits(text: str, digits: str) -> None:
    assert clean_zip(text) == digits


@pytest.mark.parametrize("text", ["", "1220", "122071", "1220A", "12207-12"])
def test_what_is_neither_five_nor_nine_digits_is_no_zip(text: str) -> None:
    with pytest.raises(MalformedZip):
        clean_zip(text)


@pytest.mark.parametrize(
    "text", ["518-234-5678", "(518) 234.5678", "+1 518 234 5678", "15182345678"]
)
def test_a_phone_is_ten_digits_however_written(text: str) -> None:
    assert clean_phone(text) == "5182345678"


@pytest.mark.parametrize(
    "text", ["", "118-234-5678", "518-034-5678", "234-5678", "518 234 5678 x9"]
)
def test_area_and_exchange_never_begin_with_0_or_1(text: str) -> None:
    with pytest.raises(MalformedPhone):
        clean_phone(text)


def test_a_member_id_loses_spaces_and_dashes_and_is_upper_case() -> None:
    assert clean_member_id(" abc-123 456–7 ") == "ABC1234567"


@pytest.mark.parametrize("text", ["", "A", "AB*C", "ÄBC12", "A" * 81])
def test_a_member_id_is_two_to_eighty_letters_and_digits(text: str) -> None:
    with pytest.raises(MalformedMemberId):
        clean_member_id(text)


@given(
    st.text(max_size=30), st.sampled_from([clean_tax_id, clean_zip, clean_phone, clean_member_id])
)
def test_cleaning_any_text_ends_in_a_clean_value_or_a_named_refusal(
    text: str, clean: Callable[[str], str]
) -> None:
    try:
        cleaned = clean(text)
    except MalformedIdentifier:
        return
    assert clean(cleaned) == cleaned
    assert cleaned.isascii()


@pytest.mark.parametrize(
    ("pattern", "fits"), [("", True), (r"[A-Z]{3}\d{6}", True), (r"\d+", False), ("(", True)]
)
def test_a_payers_pattern_is_for_the_whole_id_and_a_broken_one_refuses_nobody(
    pattern: str, fits: bool
) -> None:
    assert fits_pattern("ABC123456", pattern) is fits


@given(SEQUENCES, ATTEMPTS)
def test_a_control_number_is_at_most_17_capital_letters_and_digits(
    sequence: int, attempt: int
) -> None:
    number = patient_control_number(sequence, attempt)
    assert re.fullmatch(r"[A-Z0-9]{11,17}", number)
    assert is_patient_control_number(number)


@given(st.sets(st.tuples(SEQUENCES, ATTEMPTS), min_size=2, max_size=20))
def test_no_two_attempts_share_a_control_number(pairs: set[tuple[int, int]]) -> None:
    assert len({patient_control_number(*pair) for pair in pairs}) == len(pairs)


@given(SEQUENCES, ATTEMPTS, st.data())
def test_a_control_number_with_one_wrong_character_is_no_control_number(
    sequence: int, attempt: int, data: st.DataObject
) -> None:
    number = patient_control_number(sequence, attempt)
    position = data.draw(st.integers(0, len(number) - 1))
    character = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    wrong = number[:position] + character + number[position + 1 :]
    assume(wrong != number)
    assert not is_patient_control_number(wrong)


@pytest.mark.parametrize(("sequence", "attempt"), [(0, 1), (1, 0), (1, 1024), (32**14, 1)])
def test_a_control_number_refuses_what_it_cannot_carry(sequence: int, attempt: int) -> None:
    with pytest.raises(NumberOutOfRange):
        patient_control_number(sequence, attempt)


def test_control_numbers_sort_as_their_claims_came() -> None:
    numbers = [patient_control_number(sequence, 1) for sequence in range(1, 200)]
    assert numbers == sorted(numbers)
