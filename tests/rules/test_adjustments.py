"""Whose money an adjustment is: listed pairs decide themselves, every other waits for a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.adjustments import (
    CONTRACTUAL,
    PATIENT_SHARE,
    REASONS,
    REMARKS,
    Meaning,
    meaning_of,
    next_step_for,
    remark_words,
    words_for,
)
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.codes import REMITTANCE_ADJUSTMENT_GROUPS

PRIMARY, SECONDARY = PayerOrder.PRIMARY, PayerOrder.SECONDARY


@pytest.mark.parametrize(
    ("group", "reason", "order", "meaning"),
    [
        ("CO", "45", PRIMARY, Meaning.CONTRACTUAL),
        ("CO", "253", PRIMARY, Meaning.CONTRACTUAL),
        ("PR", "1", PRIMARY, Meaning.PATIENT),
        ("PR", "2", PRIMARY, Meaning.PATIENT),
        ("PR", "3", SECONDARY, Meaning.PATIENT),
        ("OA", "23", SECONDARY, Meaning.NEUTRAL),
        ("OA", "23", PayerOrder.TERTIARY, Meaning.NEUTRAL),
        ("OA", "23", PRIMARY, Meaning.REVIEW),
        ("CO", "23", SECONDARY, Meaning.REVIEW),
        # The same number in another group is another matter.
        ("PR", "45", PRIMARY, Meaning.REVIEW),
        ("PI", "45", PRIMARY, Meaning.REVIEW),
        ("CO", "1", PRIMARY, Meaning.REVIEW),
        # Denials, whoever's group they come in, are nobody's by default.
        ("CO", "50", PRIMARY, Meaning.REVIEW),
        ("PR", "27", PRIMARY, Meaning.REVIEW),
        ("PR", "31", PRIMARY, Meaning.REVIEW),
        ("PR", "96", PRIMARY, Meaning.REVIEW),
        ("PR", "204", PRIMARY, Meaning.REVIEW),
        ("OA", "18", PRIMARY, Meaning.REVIEW),
        ("CO", "97", PRIMARY, Meaning.REVIEW),
    ],
)
def test_a_pair_of_group_and_reason_means_what_the_design_says(
    group: str, reason: str, order: PayerOrder, meaning: Meaning
) -> None:
    assert meaning_of(group, reason, order=order) is meaning


def test_a_payers_contract_can_add_contractual_reasons() -> None:
    contract = {("CO", "59")}

    assert meaning_of("CO", "59", order=PRIMARY) is Meaning.REVIEW
    assert meaning_of("CO", "59", order=PRIMARY, also_contractual=contract) is Meaning.CONTRACTUAL


@pytest.mark.parametrize("pair", [("PR", "1"), ("PR", "27"), ("PI", "45"), ("OA", "18")])
def test_a_payers_contract_cannot_write_off_outside_its_own_group(pair: tuple[str, str]) -> None:
    meaning = meaning_of(*pair, order=PRIMARY, also_contractual={pair})

    assert meaning is not Meaning.CONTRACTUAL


@given(
    st.sampled_from(sorted(REMITTANCE_ADJUSTMENT_GROUPS)),
    st.from_regex(r"[A-Z]?[0-9]{1,3}", fullmatch=True),
)
def test_every_pair_not_listed_waits_for_a_person(group: str, reason: str) -> None:
    if (group, reason) in CONTRACTUAL | PATIENT_SHARE:
        return

    assert meaning_of(group, reason, order=PRIMARY) is Meaning.REVIEW


PLAYBOOK = [
    "4",
    "11",
    "15",
    "16",
    "18",
    "22",
    "26",
    "27",
    "29",
    "31",
    "45",
    "50",
    "96",
    "97",
    "109",
    "119",
    "197",
    "204",
    "242",
    "252",
    "B7",
]


@pytest.mark.parametrize("reason", [*PLAYBOOK, "1", "2", "3"])
def test_every_reason_of_the_playbook_has_words_and_a_next_step(reason: str) -> None:
    assert not words_for(reason).startswith("Adjustment reason")
    assert next_step_for(reason)


def test_bundling_is_not_called_medical_necessity() -> None:
    assert "Bundled" in words_for("97")
    assert "necessary" in words_for("50")


def test_an_unlisted_code_is_shown_by_its_number() -> None:
    assert words_for("999") == "Adjustment reason 999"
    assert next_step_for("999") == ""
    assert remark_words("N999") == "Remark N999"
    assert remark_words("N382") == REMARKS["N382"]


def test_words_fit_a_row_and_carry_no_trailing_stop() -> None:
    for code, reason in REASONS.items():
        assert 3 < len(reason.words) <= 70, code
        assert not reason.words.endswith("."), code
        assert not reason.next_step or reason.next_step.endswith("."), code
