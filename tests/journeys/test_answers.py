"""What a rejected and a denied claim say, and what may be done with each."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.desk import BILLER, Seat
from tests.journeys.files import Person, unlike_any

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]


@pytest.mark.parametrize(
    ("word", "status", "tab_words"),
    [
        ("REJECT", "Rejected", "It came back unread"),
        ("DENY", "Denied", "The payer decided not to pay"),
    ],
)
def test_a_claim_that_did_not_pass_says_why_and_is_reopened_for_edits(
    sit: Callable[..., Seat], tmp_path: Path, word: str, status: str, tab_words: str
) -> None:
    clinician, person = unlike_any("Unlucky"), Person(unlike_any(status), f"NSH{word}01")
    seat = sit(BILLER)
    seat.bring_in(tmp_path, clinician, [person])
    seat.bill(clinician, [person])

    seat.wait_for_status(person, status)
    seat.row(person.name).get_by_role("link").first.click()
    page = seat.page
    expect(page.get_by_role("main").get_by_text(status, exact=True).first).to_be_visible()
    billed, *parts = seat.equation()
    assert billed == parts[-1] == 155
    assert sum(parts[:-1]) == 0
    seat.picture(f"claim-{word}")
    assert seat.faults() == []

    page.get_by_role("link", name=re.compile("^History")).click()
    expect(page.get_by_text(tab_words).first).to_be_visible()
    assert seat.faults() == []

    page.get_by_role("button", name=re.compile("^Reopen for edits")).click()
    expect(page.get_by_role("main").get_by_text("Reopened", exact=True).first).to_be_visible()
