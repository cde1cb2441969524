"""What a rejected and a denied claim say, and what may be done with each."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.desk import BILLER, Seat
from tests.journeys.files import Person, unlike_any

pytestmark = pytest.mark.browser


NOT_PASSED = (
    ("REJECT", "Rejected", "It came back unread"),
    ("DENY", "Denied", "The payer decided not to pay"),
)
"""What a member id asks of the sandbox, the status that comes of it, what the history says."""


def test_a_claim_that_did_not_pass_says_why_and_is_reopened_for_edits(
    sit: Callable[..., Seat], tmp_path: Path
) -> None:
    clinician = unlike_any("Unlucky")
    people = [Person(unlike_any(status), f"NSH{word}01") for word, status, _ in NOT_PASSED]
    seat = sit(BILLER)
    seat.bring_in(tmp_path, clinician, people)
    seat.bill(clinician, people)

    for person, (word, status, tab_words) in zip(people, NOT_PASSED, strict=True):
        seat.wait_for_status(person, status)
        reads_and_reopens(seat, person, status, tab_words, picture=f"claim-{word}")


def reads_and_reopens(
    seat: Seat, person: Person, status: str, tab_words: str, *, picture: str
) -> None:
    """Open the claim, see what became of it and why, and take it up again."""
    seat.row(person.name).get_by_role("link").first.click()
    page = seat.page
    expect(page.get_by_role("main").get_by_text(status, exact=True).first).to_be_visible()
    billed, *parts = seat.equation()
    assert billed == parts[-1] == 155
    assert sum(parts[:-1]) == 0
    seat.picture(picture)
    assert seat.faults() == []

    page.get_by_role("link", name=re.compile("^History")).click()
    expect(page.get_by_text(tab_words).first).to_be_visible()
    assert seat.faults() == []

    page.get_by_role("button", name=re.compile("^Reopen for edits")).click()
    expect(page.get_by_role("main").get_by_text("Reopened", exact=True).first).to_be_visible()
