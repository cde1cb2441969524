"""Every rule of the scrub, held to one spoiled claim each; nothing odd ever raises."""

from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.rules.claim_facts import (
    AdjustmentFacts,
    ClaimFacts,
    EntityKind,
    TaxIdKind,
)
from backoffice.rules.scrub import (
    ADVICE,
    PayerScrubRules,
    ScrubCode,
    Severity,
    file_mode_findings,
    has_errors,
    leave_findings,
    scrub,
)
from tests.rules.scrubbed import (
    BILLING,
    CLEAN,
    FACILITY,
    HOME,
    LINE,
    OTHER,
    PARENT,
    SECONDARY,
    SERVED,
    SUPERVISOR,
    TODAY,
    of_child,
    with_billing,
    with_client,
    with_decision,
    with_line,
)
from tests.rules.spoiled import (
    AGAIN,
    ASKED,
    ASKS,
    BROKEN,
    PASSES_BOTH_ORACLES,
    SAME_DAY,
    TELEHEALTH,
    TWO_LINES,
    C,
)


@pytest.mark.parametrize(
    "claim",
    [
        CLEAN,
        SECONDARY,
        of_child(),
        TWO_LINES,
        replace(CLEAN, facility=FACILITY, supervising=SUPERVISOR),
        replace(AGAIN, payer_claim_control_number="ICN1"),
        with_line(TELEHEALTH, modifiers=("95",)),
        with_billing(pay_to=replace(HOME, line1="PO Box 9")),
        with_client(last_name="García-Łukasz O’Brien"),
        of_child(insured=replace(PARENT, first_name="Ana", birth_date=date(1960, 1, 1))),
        replace(CLEAN, accident="AA", accident_on=SERVED, accident_state="NY"),
        replace(CLEAN, lines=(LINE, replace(SAME_DAY, modifiers=("59",)))),
        replace(CLEAN, lines=(LINE, replace(SAME_DAY, procedure_code="90785"))),
        with_decision(adjustments=(AdjustmentFacts("CO", "45", Decimal("95.00")),)),
        replace(
            CLEAN,
            rendering=None,
            billing=replace(
                BILLING, kind=EntityKind.PERSON, first_name="Dana", tax_id_kind=TaxIdKind.SSN
            ),
        ),
    ],
)
def test_a_clean_claim_has_no_findings(claim: ClaimFacts) -> None:
    assert scrub(claim, on=TODAY) == ()


@pytest.mark.parametrize(("code", "where", "claim"), BROKEN)
def test_a_claim_spoiled_in_one_way_is_found_at_its_place(
    code: ScrubCode, where: str, claim: ClaimFacts
) -> None:
    found = [each for each in scrub(claim, on=TODAY) if each.code is code]
    assert any(where in each.field for each in found)


@pytest.mark.parametrize(("code", "where", "claim"), ASKED)
def test_what_a_payer_asks_for_is_found_only_for_that_payer(
    code: ScrubCode, where: str, claim: ClaimFacts
) -> None:
    found = [each for each in scrub(claim, on=TODAY, rules=ASKS) if each.code is code]
    assert any(where in each.field for each in found)
    assert code not in {each.code for each in scrub(claim, on=TODAY)}


def test_every_code_is_reached_by_a_test_and_has_words_and_a_cure() -> None:
    beside = {C.FILE_MODE_DIFFERS, C.AGREEMENT_MISSING, C.CONSENT_MISSING}
    reached = {code for code, _, _ in BROKEN + ASKED} | beside
    assert reached == set(ScrubCode) == set(ADVICE)
    for advice in ADVICE.values():
        assert "{it}" in advice.words
        assert advice.words.endswith(".")
        assert advice.fix.endswith(".")


def test_words_name_the_value_and_its_bound_but_never_the_value() -> None:
    claim = replace(CLEAN, patient_control_number="SECRET" * 4)
    finding = next(each for each in scrub(claim, on=TODAY) if each.code is C.PCN_TOO_LONG)
    assert finding.words.startswith("Our number is longer than 20 characters")
    assert finding.field == "Our number (Box 26, CLM01)"
    assert all("SECRET" not in str(each) for each in scrub(claim, on=TODAY))


def test_errors_come_before_warnings_and_only_errors_stop_a_claim() -> None:
    claim = replace(with_billing(taxonomy=""), patient_control_number="c-1", diagnoses=())
    severities = [each.severity for each in scrub(claim, on=TODAY)]
    assert severities == sorted(severities)
    assert has_errors(scrub(claim, on=TODAY))
    assert not has_errors(scrub(with_billing(taxonomy=""), on=TODAY))


def test_a_test_file_goes_to_a_test_account_and_no_other() -> None:
    for file_is_test in (True, False):
        same = file_mode_findings(file_is_test=file_is_test, account_is_test=file_is_test)
        other = file_mode_findings(file_is_test=file_is_test, account_is_test=not file_is_test)
        assert same == ()
        assert [each.code for each in other] == [C.FILE_MODE_DIFFERS]


def test_without_agreement_or_consent_a_claim_stays_whatever_it_says() -> None:
    neither = leave_findings(has_agreement=False, has_consent=False)

    assert [each.code for each in neither] == [C.AGREEMENT_MISSING, C.CONSENT_MISSING]
    assert has_errors(leave_findings(has_agreement=True, has_consent=False))
    assert leave_findings(has_agreement=True, has_consent=True) == ()


def test_the_filing_clock_of_a_secondary_runs_from_the_primarys_remittance() -> None:
    rules = PayerScrubRules(filing_days=30)
    later = SERVED + timedelta(31)
    assert C.FILED_LATE in {each.code for each in scrub(CLEAN, on=later, rules=rules)}
    assert C.FILED_LATE not in {each.code for each in scrub(SECONDARY, on=later, rules=rules)}


def test_another_payer_may_adjust_claim_and_lines_each_for_its_own_reason() -> None:
    # The guide's own third example of coordination: deductible on the claim, contract on the line.
    on_line = AdjustmentFacts("CO", "45", Decimal("75.00"))
    on_claim = AdjustmentFacts("PR", "2", Decimal("20.00"))
    decided = with_decision(paid_amount=Decimal("100.00"), adjustments=(on_line,))
    other = replace(OTHER, paid_amount=Decimal("80.00"), adjustments=(on_claim,))
    assert scrub(replace(decided, others=(other,)), on=TODAY) == ()


def test_a_line_may_bring_its_own_authorization() -> None:
    rules = PayerScrubRules(authorization_required=True)
    assert scrub(with_line(prior_authorization="A1"), on=TODAY, rules=rules) == ()


@pytest.mark.parametrize("claim", PASSES_BOTH_ORACLES)
def test_what_both_oracles_let_pass_stops_a_claim_with_us(claim: ClaimFacts) -> None:
    assert has_errors(scrub(claim, on=TODAY))


ODD: dict[type, list[Any]] = {
    str: ["", " ", "~*:^", "\x00\ud800", "é" * 300, "<script>", "٣" * 10, "PO BOX 1", "F41.1"],
    Decimal: [Decimal(text) for text in ("NaN", "sNaN", "Infinity", "-1E+999999", "1E-999999")],
    date: [None, date.min, date.max],
}
ODD_POINTERS: list[Any] = [(), (0,), (-5, 10**30), (1,) * 99]
ODD_WORDS: list[Any] = [(), ("", "~"), ("\ud800",) * 99]


def odd_claims(claim: Any, path: str = "") -> Any:
    """Yield the claim again and again, one value inside it replaced by an odd one each time."""
    for field in fields(claim):
        value = getattr(claim, field.name)
        if is_dataclass(value):
            for odd in odd_claims(value):
                yield replace(claim, **{field.name: odd})
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            for odd in odd_claims(value[0]):
                yield replace(claim, **{field.name: (odd, *value[1:])})
            yield replace(claim, **{field.name: ()})
        else:
            yield from (
                replace(claim, **{field.name: odd}) for odd in odd_values(field.name, value)
            )


def odd_values(name: str, value: Any) -> list[Any]:
    """Return odd values of the same type."""
    if isinstance(value, tuple):
        odds = {"diagnosis_pointers": ODD_POINTERS, "modifiers": ODD_WORDS, "diagnoses": ODD_WORDS}
        return odds.get(name, [])
    return next((odds for kind, odds in ODD.items() if isinstance(value, kind)), [])


@pytest.mark.parametrize("claim", [SECONDARY, of_child(), replace(TELEHEALTH, facility=FACILITY)])
@pytest.mark.parametrize("rules", [ASKS, PayerScrubRules()])
def test_odd_facts_end_as_findings_and_never_raise(
    claim: ClaimFacts, rules: PayerScrubRules
) -> None:
    count = 0
    for odd in odd_claims(claim):
        for on in (TODAY, date.min, date.max):
            assert all(each.words for each in scrub(odd, on=on, rules=rules))
        count += 1
    assert count > 200


@given(st.text(max_size=90), st.text(max_size=90), st.text(max_size=12))
def test_any_text_in_names_numbers_and_codes_is_judged(name: str, number: str, code: str) -> None:
    claim = replace(
        with_client(last_name=name, first_name=name),
        patient_control_number=number,
        trace=number,
        diagnoses=(code, code),
        note=name,
    )
    for finding in scrub(claim, on=TODAY):
        assert finding.severity in set(Severity)
        assert finding.fix
