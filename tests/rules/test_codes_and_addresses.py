"""Code sets, diagnoses, procedures and addresses."""

import gzip
import importlib
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules import codes, icd10
from backoffice.rules.addresses import (
    AddressFault,
    address_faults,
    is_post_office_box,
    same_address,
)
from backoffice.rules.claim_facts import AddressFacts
from backoffice.rules.icd10 import DiagnosisFault, MalformedRelease, diagnosis_fault
from backoffice.rules.procedures import (
    add_ons_without_base,
    exclusive_codes,
    modifier_is_well_formed,
    procedure_code_is_well_formed,
)

INSIDE = date(2026, 5, 4)
OUTSIDE = date(2026, 10, 1)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("F411", None),
        ("F99", None),  # a block of one category has its name
        ("S02109A", None),
        ("QA0011", None),  # a letter in second place
        ("F41", DiagnosisFault.CATEGORY),
        ("F4199", DiagnosisFault.UNKNOWN),
        ("F41.1", DiagnosisFault.DOTTED),
        ("f411", DiagnosisFault.FORM),
        ("30000", DiagnosisFault.FORM),
        ("", DiagnosisFault.FORM),
        ("F411\n", DiagnosisFault.FORM),
    ],
)
def test_a_leaf_is_billable_and_a_category_is_not(code: str, fault: DiagnosisFault | None) -> None:
    assert diagnosis_fault(code, INSIDE) is fault


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("F411", None),
        ("F41", DiagnosisFault.MAYBE_CATEGORY),
        ("F4199", DiagnosisFault.MAYBE_UNKNOWN),
        ("F41.1", DiagnosisFault.DOTTED),
    ],
)
def test_outside_the_releases_days_an_unknown_code_is_only_doubtful(
    code: str, fault: DiagnosisFault | None
) -> None:
    assert diagnosis_fault(code, OUTSIDE) is fault
    assert (fault in icd10.UNSURE) is (fault is not None and fault.startswith("maybe"))


def test_the_release_is_complete_on_its_first_and_last_day_and_not_a_day_more() -> None:
    release = icd10.shipped_release()
    assert release.is_complete_on(date(2025, 10, 1))
    assert release.is_complete_on(date(2026, 9, 30))
    assert not release.is_complete_on(date(2025, 9, 30))
    assert not release.is_complete_on(OUTSIDE)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated:DeprecationWarning")
def test_the_shipped_list_is_the_one_its_generator_writes() -> None:
    # Imported here by name: the development package takes seconds to load.
    generator = importlib.import_module("backoffice.sandbox.icd10_data")
    assert generator.release() == icd10.shipped_release()


def test_every_shipped_code_has_the_form_the_rule_asks_for() -> None:
    release = icd10.shipped_release()
    wrong = {DiagnosisFault.FORM, DiagnosisFault.DOTTED}
    assert not [code for code in release.billable if diagnosis_fault(code, INSIDE) is not None]
    assert not [code for code in release.categories if diagnosis_fault(code, INSIDE) in wrong]
    assert release.billable.isdisjoint(release.categories)
    assert len(release.billable) > 74_000


def test_the_list_is_read_in_less_than_a_tenth_of_a_second() -> None:
    def seconds() -> float:
        began = time.perf_counter()
        icd10.shipped_release.__wrapped__()
        return time.perf_counter() - began

    assert min(seconds() for _ in range(3)) < 0.1


def test_a_release_survives_being_written_and_read_and_writes_the_same_bytes() -> None:
    release = icd10.Icd10Release(
        "tiny", date(2025, 10, 1), date(2026, 9, 30), frozenset({"F411"}), frozenset({"F41"})
    )
    written = icd10.write_release(release)
    assert icd10.read_release(written) == release
    assert icd10.write_release(release) == written


@pytest.mark.parametrize(
    "content", [b"", b"{}\nF411\nF41", b"not json\nF411\nF41", b"one line", b"[]\nA\nB"]
)
def test_bytes_that_are_no_release_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(MalformedRelease):
        icd10.read_release(gzip.compress(content))
    with pytest.raises(MalformedRelease):
        icd10.read_release(content)


@given(st.text(max_size=9), st.dates())
def test_any_text_on_any_day_has_an_answer(code: str, day: date) -> None:
    assert diagnosis_fault(code, day) in {None, *DiagnosisFault}


def test_causes_from_outside_are_v_to_y() -> None:
    assert [letter for letter in "ABSTUVWXYZ" if icd10.is_external_cause(letter + "01")] == list(
        "VWXY"
    )


def test_a_code_as_printed_becomes_the_form_of_claims() -> None:
    assert icd10.without_dot(" f41.1 ") == "F411"


def test_telehealth_places_are_places_of_service_and_every_label_has_its_place() -> None:
    assert codes.TELEHEALTH_PLACES <= codes.PLACES_OF_SERVICE
    assert set(codes.PLACE_WORDS) <= codes.PLACES_OF_SERVICE
    assert len(codes.PLACES_OF_SERVICE) == 52


def test_a_remittance_knows_no_group_cr_and_a_claim_does() -> None:
    assert {"CR"} == codes.CLAIM_ADJUSTMENT_GROUPS - codes.REMITTANCE_ADJUSTMENT_GROUPS


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("90837", True),
        ("H0004", True),
        ("0362T", True),
        ("9083", False),
        ("908377", False),
        ("90837 ", False),
        ("h0004", False),
        ("", False),
    ],
)
def test_a_procedure_code_has_the_form_of_cpt_or_hcpcs(code: str, good: bool) -> None:
    assert procedure_code_is_well_formed(code) is good


@pytest.mark.parametrize(
    ("modifier", "good"), [("95", True), ("HO", True), ("9", False), ("ho", False)]
)
def test_a_modifier_is_two_capital_letters_or_digits(modifier: str, good: bool) -> None:
    assert modifier_is_well_formed(modifier) is good


@pytest.mark.parametrize(
    ("codes_of_the_day", "alone"),
    [
        (["90837", "90785"], ()),
        (["90785"], ("90785",)),
        (["99214", "90833"], ()),
        (["99214", "90833", "90785"], ()),
        (["90833"], ("90833",)),
        (["90837", "90836"], ("90836",)),
        (["90839", "90840"], ()),
        (["90837", "90840"], ("90840",)),
        (["90791", "90785"], ()),
        ([], ()),
    ],
)
def test_an_add_on_needs_its_base_the_same_day(
    codes_of_the_day: list[str], alone: tuple[str, ...]
) -> None:
    assert add_ons_without_base(codes_of_the_day) == alone


@pytest.mark.parametrize(
    ("codes_of_the_day", "exclusive"),
    [(["90837", "90834"], ("90834", "90837")), (["90837", "90785"], ()), (["90837"], ())],
)
def test_the_three_psychotherapy_codes_exclude_each_other(
    codes_of_the_day: list[str], exclusive: tuple[str, ...]
) -> None:
    assert exclusive_codes(codes_of_the_day) == exclusive


@pytest.mark.parametrize(
    "street",
    [
        "PO Box 12",
        "P.O. Box 12",
        "P. O. BOX 7",
        "POB 9",
        "Post Office Box 1",
        "Box 12",
        "Lockbox 44",
    ],
)
def test_a_post_office_box_is_known_by_its_many_spellings(street: str) -> None:
    assert is_post_office_box(street)


@pytest.mark.parametrize(
    "street", ["12 Boxwood Ln", "3 Pobble St", "1 Box Elder Rd", "Polk Blvd 5", ""]
)
def test_a_street_that_only_sounds_like_a_box_is_a_street(street: str) -> None:
    assert not is_post_office_box(street)


GOOD = AddressFacts("12 Elm St", "Albany", "NY", "122071234")


@pytest.mark.parametrize(
    ("address", "faults"),
    [
        (GOOD, []),
        (None, [AddressFault.ABSENT]),
        (AddressFacts("", " ", "", ""), [AddressFault.ABSENT]),
        (AddressFacts("", "Albany", "NY", "122071234"), [AddressFault.STREET]),
        (AddressFacts("12 Elm St", "", "NY", "122071234"), [AddressFault.CITY]),
        (AddressFacts("12 Elm St", "Albany", "", ""), [AddressFault.STATE, AddressFault.ZIP]),
        (AddressFacts("12 Elm St", "Albany", "XX", "122071234"), [AddressFault.STATE_UNKNOWN]),
        (AddressFacts("12 Elm St", "Albany", "NY", "1220"), [AddressFault.ZIP_MALFORMED]),
        (AddressFacts("12 Elm St", "Albany", "NY", "12207"), [AddressFault.ZIP_NOT_NINE]),
        (AddressFacts("PO Box 1", "Albany", "NY", "122071234"), [AddressFault.POST_OFFICE_BOX]),
        (
            AddressFacts("12 Elm St", "Albany", "NY", "122071234", line2="PO Box 1"),
            [AddressFault.POST_OFFICE_BOX],
        ),
        (AddressFacts("1 High St", "London", "", "", country="GB"), []),
    ],
)
def test_where_people_work_the_address_is_whole_with_nine_digits_and_no_box(
    address: AddressFacts | None, faults: list[AddressFault]
) -> None:
    assert list(address_faults(address, where_people_work=True)) == faults


def test_a_persons_address_may_have_five_digits_and_a_box() -> None:
    home = AddressFacts("PO Box 1", "Albany", "NY", "12207")
    assert list(address_faults(home, where_people_work=False)) == []


def test_an_address_is_the_same_whatever_its_case_dots_or_zip4() -> None:
    assert same_address(GOOD, AddressFacts("12 ELM ST.", "albany", "NY", "12207"))
    assert not same_address(GOOD, AddressFacts("13 Elm St", "Albany", "NY", "12207"))
    assert not same_address(None, None)
