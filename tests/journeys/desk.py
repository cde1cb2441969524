"""A person before the portal: signs in, clicks, and keeps what the browser complained of."""

import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

import pyotp
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect
from playwright.sync_api import TimeoutError as NeverHappened

from tests.chromium import DESK, PATIENCE_MS, PHONE, faults_of, take_picture
from tests.journeys import files
from tests.sessions import signed_in_session

SETTLE_MS = 90_000
"""As long as the sandbox may take from a claim's submission to its money on a busy machine."""

BILLER = "ana@cleanclaim.example"
STRANGER = "nico@juniper.example"
PRACTICE = "Harbor Lane Counseling"
_MAY_BE_REFUSED = re.compile("status of (403|404)")


@dataclass(frozen=True)
class Stack:
    """Where the product runs, and who may sign in with which password and which app."""

    portal: str
    mail: str
    people: dict[str, str]
    secrets: dict[str, str]
    """Of each person's authenticator app, base32."""
    database: str
    clinician: str
    """The email of the clinician who signs in at PRACTICE."""

    def mails(self) -> list[dict[str, str]]:
        """Everything that the mail catcher holds, newest first."""
        with urlopen(f"{self.mail}/mails.json") as answer:  # noqa: S310  (loopback)
            caught: list[dict[str, str]] = json.load(answer)
        return caught


@dataclass(frozen=True)
class Seat:
    """One person's browser."""

    stack: Stack
    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def take(
        cls, stack: Stack, browser: Browser, email: str, *, phone: bool, by_form: bool
    ) -> "Seat":
        """Open an empty browser of somebody who is signed in already, or signs in by the form.

        One journey walks through both steps: a code works once in half a minute, which many seats
        of one person would have to wait for.
        """
        context = browser.new_context(base_url=stack.portal, viewport=PHONE if phone else DESK)
        context.set_default_timeout(PATIENCE_MS)
        seat = cls(stack, context.new_page())
        seat.page.on("console", lambda said: seat._listen(said))
        seat.page.on("pageerror", lambda error: seat.complaints.append(str(error)))
        if by_form:
            seat.sign_in(email)
            return seat
        token = signed_in_session(stack.database, email)
        context.add_cookies([{"name": "sid", "value": token, "url": stack.portal}])
        seat.page.goto("/")
        return seat

    @classmethod
    def at_the_door(cls, stack: Stack, browser: Browser) -> "Seat":
        """Open an empty browser of nobody in particular."""
        context = browser.new_context(base_url=stack.portal)
        context.set_default_timeout(PATIENCE_MS)
        return cls(stack, context.new_page())

    def sign_in(self, email: str) -> None:
        """Go through both steps, with the code of the person's app."""
        self.page.goto("/")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(self.stack.people[email])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_label("Code of your authenticator app").fill(
            pyotp.TOTP(self.stack.secrets[email]).now()
        )
        self.page.get_by_role("button", name="Go on with this code").click()
        try:
            self.page.wait_for_url(lambda url: "sign-in" not in url)
        except NeverHappened:
            words = self.page.get_by_role("main").inner_text()
            raise AssertionError(f"{email} did not get in at {self.page.url}: {words}") from None

    def _listen(self, said: ConsoleMessage) -> None:
        if said.type == "error" and not _MAY_BE_REFUSED.search(said.text):
            self.complaints.append(f"{self.page.url}: {said.text}")

    def picture(self, name: str) -> None:
        """Keep a picture of what the screen shows, if pictures are asked for."""
        take_picture(self.page, name)

    def go(self, place: str) -> None:
        """Follow a link of the navigation."""
        self.page.get_by_role("navigation").get_by_role(
            "link", name=re.compile(place)
        ).first.click()
        self.page.wait_for_load_state()

    def places(self) -> list[str]:
        """The addresses that the navigation offers."""
        links: list[str] = self.page.eval_on_selector_all(
            "nav a[href^='/']", "links => links.map(link => link.getAttribute('href'))"
        )
        return sorted({link for link in links if "?" not in link})

    def row(self, words: str) -> Locator:
        """The row of a list that holds these words."""
        return self.page.locator("tr[data-row]", has_text=words)

    def faults(self) -> list[str]:
        """What is wrong with the page as it stands."""
        return faults_of(self.page)

    def bring_in(self, folder: Path, clinician: str, people: Iterable[files.Person]) -> None:
        """Upload one export, read its check, save it."""
        self.go("Intake")
        self.page.get_by_label("Practice", exact=True).select_option(label=PRACTICE)
        self.page.locator("input[type=file]").set_input_files(
            files.write(folder, clinician, people)
        )
        self.page.get_by_role("button", name="Check files").click()
        expect(self.page.get_by_text("Nothing saved yet")).to_be_visible()
        expect(self.page.get_by_text("No row is refused")).to_be_visible()
        self.page.get_by_role("button", name=re.compile("^Save ")).click()
        expect(self.page.get_by_text("What it means for billing")).to_be_visible()

    def wait_for_rows(self, address: str, ready: Callable[[], bool]) -> None:
        """Load a page again until it shows what a job has still to work out."""
        for _ in range(60):
            self.page.goto(address)
            if ready():
                return
            self.page.wait_for_timeout(500)
        raise AssertionError(f"{address} never showed it")

    def open_unbilled(self, clinician: str, *, lines: int) -> None:
        """Open the queue narrowed to one clinician, once all of his sessions were judged."""
        self.go("Unbilled")
        self.wait_for_rows("/unbilled", lambda: clinician in self.page.content())
        self.page.locator("summary", has_text="Clinician").click()
        self.page.get_by_role("link", name=re.compile(clinician)).first.click()
        expect(self.page.locator("tr[data-row]")).to_have_count(lines)

    def equation(self) -> list[Decimal]:
        """The sum at the head of a record: the whole, then its parts."""
        shown: list[str] = self.page.locator(".equation dd").all_inner_texts()
        return [Decimal(re.sub(r"[$,]", "", words).replace("−", "-")) for words in shown]

    def bill(self, clinician: str, people: Collection[files.Person]) -> None:
        """Select all sessions of a clinician, and create and submit their claims."""
        self.open_unbilled(clinician, lines=len(people))
        self.page.get_by_label("Select all on this page").check()
        self.page.get_by_role("button", name=re.compile(f"Create and submit {len(people)}")).click()
        expect(self.page.locator("[data-toast]")).to_be_visible()

    def wait_for_status(self, person: files.Person, status: str) -> None:
        """Watch the list of claims until this one has reached a status, without loading it anew."""
        self.go("All claims")
        found = self.row(person.name).get_by_text(status, exact=True)
        expect(found).to_be_visible(timeout=SETTLE_MS)
