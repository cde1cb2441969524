"""A daily summary from the choice to the page it leads to: browser, worker and mail server."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.mail import SmtpMail
from backoffice.models.notifications import MailState
from backoffice.rules.claim_status import ClaimEvent
from backoffice.sandbox.mail_catcher import CaughtMail, Maildir
from backoffice.web.extensions import clock
from tests.builders import NOW
from tests.cast import PASSWORD
from tests.databases import Database
from tests.second_factors import an_app, code_of
from tests.sessions import signed_in_session
from tests.talk import Talk, a_talk
from tests.web.browser.seats import Visit
from workers.notifications import deliver, go_round
from workers.runtime import Runtime, Task

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Worker(Runtime):
    """A worker whose clock shows what it is set to."""

    moment: datetime = NOW

    def clock(self) -> datetime:
        """Return the moment it is set to."""
        return self.moment

    def goes_round(self, talk: Talk, moment: datetime) -> None:
        """Do at a moment what the schedule asks for, and bring away each mail that is due."""
        now = replace(self, moment=moment)
        go_round(Task(uuid4(), None, talk.practice_id, "", 0), now)
        for mail in talk.mails():
            if mail.state is MailState.QUEUED:
                deliver(Task(uuid4(), mail.practice_id, mail.id, "", 0), now)


def test_a_clinicians_summary_comes_once_at_their_hour_and_leads_to_what_it_told(
    served: Flask,
    address: str,
    fresh_database: Database,
    settings: Settings,
    smtp_url: str,
    caught_mail: Maildir,
    visit: Callable[..., Visit],
) -> None:
    talk = a_talk(fresh_database)
    clinician = talk.cast.clinician
    with fresh_database.work(house=True) as session:
        app = an_app(session, clinician.id)
    worker = Worker(
        settings=replace(fresh_database.reached_by(settings), portal_url=address),
        engine=fresh_database.engine,
        factory=talk.factory,
        documents=InMemoryDocuments(),
        mail=SmtpMail(url=smtp_url, sender="no-reply@cleanclaim.example"),
        mailbox=None,
        clearinghouse_of=lambda _: pytest.fail("mails have nothing to do with it"),
    )
    tomorrow = clock().date() + DAY
    zone = ZoneInfo(talk.cast.practice.time_zone)
    five = datetime.combine(tomorrow, time(17), zone)

    def arrived() -> list[CaughtMail]:
        own = [mail for mail in caught_mail.all() if f"{address}/news/" in mail.text]
        return [mail for mail in own if mail.recipients == clinician.email]

    phone = visit(token=signed_in_session(fresh_database.url, clinician.email), phone=True)
    chooses_the_summary_at_five(phone)
    talk.move(ClaimEvent.RELEASED, now=five - timedelta(hours=6))
    counted = []
    for moment in (five - QUARTER, five, five + QUARTER, five + DAY):
        worker.goes_round(talk, moment)
        counted.append(len(arrived()))
    (mail,) = arrived()
    phone.page.context.clear_cookies()
    phone.page.goto(link_of(mail))
    signs_in(phone.page, clinician.email, code_of(app))

    assert counted == [0, 1, 1, 1]
    assert mail.subject == f"Daily billing summary for {talk.cast.practice.name}"
    assert "1 claim queued" in mail.text
    expect(phone.page.get_by_role("heading", name="Your daily summary")).to_be_visible()
    assert phone.page.url == link_of(mail)
    phone.picture("digest-phone")
    claim = phone.page.get_by_role("link", name=re.compile("Avery Sample"))
    expect(claim).to_have_attribute("href", f"/claims/{talk.claim_id}")
    assert phone.faults() == []


def chooses_the_summary_at_five(phone: Visit) -> None:
    """On the page of one's own mails: claims by the daily summary, at five in the afternoon."""
    page = phone.page
    page.goto("/account/notices")
    page.get_by_label("A claim changed status").select_option("In the daily summary")
    page.get_by_label("Hour of the daily summary").select_option("5 pm")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    phone.picture("digest-choice")


def link_of(mail: CaughtMail) -> str:
    """The one link of a mail."""
    (link,) = re.findall(r"http://\S+", mail.text)
    return str(link)


def signs_in(page: Page, email: str, code: str) -> None:
    """Both steps, from the page that the link was answered with."""
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code of your authenticator app").fill(code)
    page.get_by_role("button", name="Go on with this code").click()
