"""What a client's consent to disclosure (42 CFR Part 2) lets leave, and on which days."""

from dataclasses import replace
from datetime import date

import pytest

from backoffice.rules.part2 import (
    NOTICE,
    SHORT_NOTICE,
    ConsentFacts,
    ConsentKind,
    may_be_billed,
    may_be_given,
)

TODAY = date(2026, 11, 20)
TPO = ConsentFacts(ConsentKind.TREATMENT_PAYMENT_OPERATIONS, signed_on=date(2026, 3, 1))


def test_whoever_is_not_flagged_needs_no_consent() -> None:
    assert may_be_billed(is_part2=False, consents=[], on=TODAY)
    assert may_be_given(is_part2=False, consents=[], on=TODAY)


@pytest.mark.parametrize(
    ("consent", "holds"),
    [
        (TPO, True),
        (replace(TPO, signed_on=date(2026, 11, 21)), False),
        (replace(TPO, expires_on=TODAY), True),
        (replace(TPO, expires_on=date(2026, 11, 19)), False),
        (replace(TPO, revoked_on=TODAY), False),
        (replace(TPO, revoked_on=date(2026, 11, 21)), True),
    ],
    ids=["single", "signed later", "last day", "expired", "revoked today", "revoked tomorrow"],
)
def test_a_consent_holds_from_its_signature_to_its_end_or_revocation(
    consent: ConsentFacts, *, holds: bool
) -> None:
    assert may_be_billed(is_part2=True, consents=[consent], on=TODAY) is holds
    assert may_be_given(is_part2=True, consents=[consent], on=TODAY) is holds


def test_a_consent_for_one_recipient_sends_no_claim() -> None:
    named = replace(TPO, kind=ConsentKind.NAMED_RECIPIENT)

    assert not may_be_billed(is_part2=True, consents=[named], on=TODAY)
    assert may_be_given(is_part2=True, consents=[named], on=TODAY)


def test_one_consent_that_holds_is_enough() -> None:
    over = replace(TPO, revoked_on=date(2026, 5, 1))

    assert may_be_billed(is_part2=True, consents=[over, TPO], on=TODAY)


def test_the_notices_say_what_the_rule_has_them_say() -> None:
    short = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."

    assert short == SHORT_NOTICE
    assert NOTICE.startswith("This record which has been disclosed to you is protected by Federal")
    assert "A general authorization for the release of medical or other information is" in NOTICE
