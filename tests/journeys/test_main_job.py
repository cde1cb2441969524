"""The main job as a biller clicks it: from files to a paid claim, its ERA and its mails."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.desk import BILLER, SETTLE_MS, Seat, Stack
from tests.journeys.files import Person, unlike_any

pytestmark = pytest.mark.browser

CLINICIAN = unlike_any("Travels")
READY = Person(unlike_any("Whole"), "NSH88120477")
NAMELESS = Person(unlike_any("Lacking"), "", lacks=frozenset({"birth_date"}))


def test_files_become_paid_claims_once_what_is_missing_was_added(
    sit: Callable[..., Seat], stack: Stack, tmp_path: Path
) -> None:
    seat = sit(BILLER)
    seat.bring_in(tmp_path, CLINICIAN, [READY, NAMELESS])

    seat.open_unbilled(CLINICIAN, lines=2)
    page = seat.page
    lacking = seat.row(NAMELESS.last_name)
    lacking.get_by_role("link", name=re.compile("Missing 2")).click()
    drawer = page.locator("#drawer")
    drawer.get_by_label("Member ID").fill("NSH-8812 0999")
    drawer.get_by_role("button", name=re.compile("Save.*member ID", re.IGNORECASE)).click()
    expect(drawer.get_by_text("The member ID is missing")).to_have_count(0)
    drawer.get_by_label("Birth date").fill("1990-02-03")
    drawer.get_by_role("button", name=re.compile("Save.*birth date", re.IGNORECASE)).click()

    expect(drawer.get_by_text(re.compile("eady to be billed"))).to_be_visible()
    expect(lacking.get_by_text("Ready")).to_be_visible()
    assert seat.faults() == []

    page.keyboard.press("Escape")
    seat.row(READY.last_name).get_by_role("checkbox").check()
    seat.row(NAMELESS.last_name).get_by_role("checkbox").check()
    expect(page.get_by_text(re.compile("2 claims.*will go"))).to_be_visible()
    assert seat.faults() == []
    page.get_by_role("button", name=re.compile("Create and submit 2")).click()
    expect(page.get_by_text(re.compile("2 claims"))).to_be_visible()

    seat.go("All claims")
    page.evaluate("window.neverLoadedAgain = true")
    for person in (READY, NAMELESS):
        row = seat.row(person.name)
        expect(row.get_by_text("Paid", exact=True)).to_be_visible(timeout=SETTLE_MS)
    assert page.evaluate("window.neverLoadedAgain")
    assert seat.faults() == []

    seat.row(READY.name).get_by_role("link").first.click()
    expect(page.get_by_role("heading", name=READY.name)).to_be_visible()
    for words in ("Ours", "Clearinghouse", "Payer"):
        expect(page.locator("dt", has_text=re.compile(f"^{words}")).first).to_be_visible()
    billed, *parts = seat.equation()
    assert billed == sum(parts)
    assert billed == 155
    assert seat.faults() == []

    page.get_by_role("link", name=re.compile("^Remittance")).click()
    expect(page.get_by_role("cell", name="90837")).to_be_visible()
    page.get_by_role("link", name=re.compile("^ERA ")).click()
    expect(page.get_by_text("Posted", exact=False).first).to_be_visible()
    check, *into = seat.equation()
    assert check == sum(into)
    assert seat.faults() == []

    mails = [mail for mail in stack.mails() if "harbor.example" in mail["recipients"]]
    assert mails
    told = " ".join(mail["subject"] + mail["text"] for mail in stack.mails())
    for person in (READY, NAMELESS):
        assert person.last_name not in told
