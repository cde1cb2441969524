"""A second validator takes what is right, and says in codes alone what it refuses."""

from datetime import UTC, datetime

import pytest

from backoffice.gateways.validator import objections
from backoffice.services.claim_files import claim_file
from backoffice.services.submissions.building import ON_TRIAL
from tests.rules.scrubbed import CLEAN


@pytest.fixture(scope="module")
def good() -> bytes:
    return claim_file([CLEAN], header=ON_TRIAL, now=datetime(2026, 6, 15, 9, 30, tzinfo=UTC)).data


def test_a_good_file_is_taken(good: bytes) -> None:
    assert objections(good) == ()


def test_a_bad_file_is_refused_without_a_word_of_what_it_holds(good: bytes) -> None:
    found = objections(good.replace(b"DMG*D8*19900203", b"DMG*D8*19901399"))

    assert found != ()
    assert all(len(code) <= 3 for code in found)


@pytest.mark.parametrize("junk", [b"", b"hello", b"ISA*00", "ISA\u00e9".encode("latin-1")])
def test_what_is_no_x12_is_refused_and_breaks_nothing(junk: bytes) -> None:
    assert objections(junk) != ()


def test_it_writes_nothing_into_a_log(good: bytes, caplog: pytest.LogCaptureFixture) -> None:
    objections(good.replace(b"NM1*IL*1*RIVERA", b"NM1*IL*1*"))

    assert caplog.text == ""
