"""Mails as their readers choose them, and as the house looks after them."""

import io
import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.documents import DocumentKind
from backoffice.models.messages import Thread
from backoffice.models.notifications import BouncedAddress, Mail, MailRhythm, MailState, MailWish
from backoffice.models.people import AccountMail, AccountTopic
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.models.users import Membership, User
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.notices import Topic, Way
from backoffice.rules.readiness import Readiness
from backoffice.rules.roles import Role
from backoffice.services import agreements, documents, mails, messages
from backoffice.services.documents import Arrival
from backoffice.services.notifications import (
    tell_of_security,
    tell_of_what_is_past_due,
    write_digests,
)
from tests.builders import NOW, an_appointment
from tests.cast import a_user, joins
from tests.clean import found_clean
from tests.databases import Database
from tests.pages import Browser, Page
from tests.record import on_record
from tests.second_factors import an_app, code_of, give_password
from tests.talk import MINUTE, Talk, a_talk

YESTERDAY = NOW.date() - timedelta(days=1)
LINKED = re.compile(r'<a href="([^"]+)"><span class="cut"><b>')
ALL_ON = {
    "claim_status": "immediate", "unread_message": "immediate", "document_shared": "immediate",
    "information_needed": "immediate", "enrollment": "immediate", "report_ready": "immediate",
    "daily_digest": "digest", "digest_hour": "7", "unread_minutes": "",
}  # fmt: skip


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def chosen_in(page: Page) -> dict[str, str]:
    """What each select of a page shows as chosen."""
    selects = re.findall(r'<select[^>]*\bid="(\w+)"[^>]*>(.*?)</select>', page.text, re.S)
    chosen = {name: re.search(r"<option[^>]*\bselected\b[^>]*>", body) for name, body in selects}
    return {
        name: found[0].split('value="')[1].split('"')[0] for name, found in chosen.items() if found
    }


def test_one_chooses_how_to_hear_of_each_thing_and_when(app: Flask, talk: Talk) -> None:
    here = f"/account/notices/{talk.practice_id}"
    browser = Browser(app).sign_in(talk.cast.owner)

    usual = browser.get(browser.get("/account/notices").location)
    wish = {"claim_status": "digest", "report_ready": "off", "digest_hour": "17"}
    saved = browser.post(here, **ALL_ON | wish | {"unread_minutes": "30"})
    after = browser.get(here)

    assert "Mails to you" in usual.words
    assert "agreement" not in usual.words
    assert chosen_in(usual)["claim_status"] == "immediate"
    assert (saved.status, saved.location) == (302, here)
    assert {name: chosen_in(after)[name] for name in wish} == wish
    with talk.work() as session:
        ways = dict(session.execute(select(MailWish.topic, MailWish.way)).all())
        rhythm = session.scalars(select(MailRhythm)).one()
    assert ways[Topic.CLAIM_STATUS] is Way.DIGEST
    assert (rhythm.unread_minutes, rhythm.digest_hour) == (30, 17)
    with talk.work() as session:
        (record,) = on_record(session, action="choose_mails")
    assert record.user_id == talk.cast.owner.id


WRONG: list[tuple[dict[str, str], str]] = [
    ({"information_needed": "off"}, "you are the last here who would hear of it"),
    ({"daily_digest": "off", "claim_status": "digest"}, "your daily summary is off"),
    ({"unread_minutes": "2000"}, "Between 0 and 1,440 minutes."),
    ({"unread_minutes": "soon"}, "Not a valid integer value"),
    ({"daily_digest": "immediate"}, "Choose one of the ways that are offered."),
]


def test_what_cannot_be_is_said_beside_its_field_and_the_rest_stays_as_typed(
    app: Flask, talk: Talk
) -> None:
    here = f"/account/notices/{talk.practice_id}"
    for user in (talk.cast.clinician, talk.other_clinician):
        typed = ALL_ON | {"information_needed": "off"}
        assert Browser(app).sign_in(user).post(here, **typed).status == 302
    browser = Browser(app).sign_in(talk.cast.owner)

    for wrong, said in WRONG:
        page = browser.post(here, **ALL_ON | {"report_ready": "off"} | wrong)

        assert page.status == 422
        assert said in page.words
        assert chosen_in(page)["report_ready"] == "off"
    with talk.work() as session:
        own = MailWish.user_id == talk.cast.owner.id
        assert session.scalars(select(MailWish.id).where(own)).all() == []


def test_nobody_chooses_for_another_practice_or_a_way_that_is_none(app: Flask, talk: Talk) -> None:
    browser = Browser(app).sign_in(talk.cast.owner)

    elsewhere = browser.post(f"/account/notices/{talk.cast.elsewhere.id}", **ALL_ON)
    none = browser.post(
        f"/account/notices/{talk.practice_id}", **ALL_ON | {"claim_status": "by pigeon"}
    )

    assert (elsewhere.status, none.status) == (404, 400)


def test_the_ledger_tells_what_became_of_each_mail_of_ones_own_practices(
    app: Flask, talk: Talk
) -> None:
    talk.move(ClaimEvent.RELEASED)
    with talk.work() as session:
        (bounced,) = talk.mails(talk.cast.owner)
        mails.bounced(session, bounced.id, reason="5.1.1", now=NOW)
        own = Mail.user_id == talk.billing_person.id
        session.execute(update(Mail).where(own).values(state=MailState.SENT, opened_at=NOW))
    with talk.database.work(
        practices=[talk.practice_id, talk.cast.elsewhere.id], house=True
    ) as session:
        leads = {}
        for name, practice in (("Lena", talk.cast.practice), ("Mora", talk.cast.elsewhere)):
            leads[name] = a_user(session, f"{name} Lead")
            joins(session, leads[name], practice, Role.BILLER_LEAD)

    browser = Browser(app).sign_in(leads["Lena"])
    whole, failed = browser.get("/mails"), browser.get("/mails?state=bounced")
    to = browser.get(f"/mails?to={talk.cast.clinician.id}&topic=claim_status")
    elsewhere = Browser(app).sign_in(leads["Mora"]).get("/mails")
    refused = [
        Browser(app).sign_in(user).get("/mails").status
        for user in (talk.cast.biller, talk.cast.owner)
    ]

    assert "3 mails shown" in whole.words
    assert "Sent opened Nov 20, 10:00 am" in whole.words
    assert "oona.owner@example.test" in failed.words
    assert "5.1.1" in failed.words
    assert "1 mail shown" in failed.words
    assert "1 mail shown" in to.words
    assert "oona.owner@example.test" not in to.words
    assert "0 mails shown" in elsewhere.words
    assert refused == [403, 403]
    assert browser.get("/mails?state=eaten").status == 400


def test_an_address_that_takes_mail_again_is_let_go_by_who_looks_after_people(
    app: Flask, talk: Talk
) -> None:
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)
    with talk.work() as session:
        mails.bounced(session, mail.id, reason="5.1.1", now=NOW)
    path = f"/mails/{talk.cast.owner.id}/again"

    refused = Browser(app).sign_in(talk.cast.biller).post(path)
    browser = Browser(app).sign_in(talk.cast.administrator)
    before = browser.get("/mails")
    done = browser.post(path)

    assert refused.status == 403
    assert path in before.text
    assert done.status == 302
    assert path not in browser.get("/mails").text
    with talk.database.work(house=True) as session:
        assert session.scalars(select(BouncedAddress)).all() == []


def test_the_houses_own_mails_are_its_administrators_to_see_and_what_came_back_is_told(
    app: Flask, talk: Talk
) -> None:
    owner, administrator = talk.cast.owner, talk.cast.administrator
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        lead = a_user(session, "Lena Lead")
        joins(session, lead, talk.cast.practice, Role.BILLER_LEAD)
        said = "Words that the ledger keeps to itself."
        tell_of_security(session, recipient=owner.email, user_id=owner.id, what=said, now=NOW)
    inviting = Browser(app).sign_in(administrator)
    invitation = {"name": "Nia Newcomer", "role": "administrator"}
    assert inviting.post("/people/invite", email="nia@gone.test", **invitation).status == 302
    with talk.database.work(house=True) as session:
        for mail_id in session.scalars(select(AccountMail.id)).all():
            mails.account_mail_bounced(session, mail_id, reason="5.1.1", now=NOW)

    refused = Browser(app).sign_in(lead).get("/mails/house")
    leads = Browser(app).sign_in(lead).get("/today")
    browser = Browser(app).sign_in(administrator)
    shown = browser.get("/mails/house?state=bounced")
    about = browser.get("/mails/house?topic=invitation")
    mine = browser.get("/today")
    again = f"/mails/{owner.id}/again?show=house"
    done = browser.post(again)
    after = browser.get("/today")

    assert refused.status == 403
    assert "did not arrive" not in leads.words
    for words in (owner.email, "nia@gone.test", "A notice about an account", "5.1.1"):
        assert words in shown.words
    assert said not in shown.text
    assert again in shown.text
    assert ("1 mail shown" in about.words, owner.email in about.words) == (True, False)
    assert "2 mails about accounts did not arrive." in mine.words
    assert (done.location, again in browser.get("/mails/house").text) == ("/mails/house", False)
    assert "1 mail about an account did not arrive." in after.words


def mail_of(talk: Talk, user: User, topic: Topic) -> Mail:
    (mail,) = [mail for mail in talk.mails(user) if mail.topic is topic]
    return mail


def test_the_link_of_a_summary_shows_its_claims_to_its_reader_alone_and_is_remembered(
    app: Flask, talk: Talk
) -> None:
    talk.move(ClaimEvent.RELEASED)
    with talk.work() as session:
        write_digests(session, talk.practice_id, now=NOW + 24 * 60 * MINUTE)
    mail = mail_of(talk, talk.cast.owner, Topic.DAILY_DIGEST)
    assert mail.state is MailState.QUEUED

    stranger = Browser(app).sign_in(talk.cast.stranger).get(f"/news/{mail.id}")
    colleague = Browser(app).sign_in(talk.billing_person).get(f"/news/{mail.id}")
    page = Browser(app).sign_in(talk.cast.owner).get(f"/news/{mail.id}")

    assert (stranger.status, colleague.status, page.status) == (404, 404, 200)
    assert "Your daily summary" in page.words
    assert "Queued" in page.words
    assert mail_of(talk, talk.cast.owner, Topic.DAILY_DIGEST).opened_at is not None
    with talk.database.work(house=True) as session:
        refused = on_record(session, action="refused_mail_link")
    assert {record.user_id for record in refused} == {talk.cast.stranger.id, talk.billing_person.id}


def test_the_link_of_what_is_past_due_lists_each_of_it_to_the_lead_alone(
    app: Flask, talk: Talk
) -> None:
    owner = talk.person(talk.cast.owner)
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        lead = a_user(session, "Lena Lead")
        joins(session, lead, talk.cast.practice, Role.BILLER_LEAD)
        billing = talk.billing
        visit = an_appointment(
            session, billing.client, billing.clinician, billing.facility, deadline_on=YESTERDAY
        )
        visit.readiness, visit.unbilled = Readiness.READY, True
        visit_id = visit.id
    with talk.work() as session:
        claim = talk.claim(session)
        claim.filing_deadline_on = YESTERDAY
        thread = messages.start(session, claim, by=owner, subject="Late one", body="T", now=NOW)
        thread.due_at, thread_id = NOW, thread.id
    with talk.work() as session:
        tell_of_what_is_past_due(session, talk.practice_id, now=NOW)
    link = f"/news/{mail_of(talk, lead, Topic.PAST_DUE).id}"

    stranger = Browser(app).sign_in(talk.cast.stranger).get(link)
    browser = Browser(app).sign_in(lead)
    page = browser.get(link)
    with talk.work() as session:
        (opened_mail,) = on_record(session, action="open_mail", user_id=lead.id)
    paths = [unescape(path) for path in LINKED.findall(page.text)]
    opened = [browser.get(path).status for path in paths]
    with talk.work() as session:
        session.execute(update(Thread).values(due_at=None))
        session.execute(update(Appointment).values(unbilled=False))
        session.execute(update(Claim).values(filing_deadline_on=None))
    settled = browser.get(link)
    with talk.work() as session:
        session.execute(
            update(Membership)
            .where(Membership.user_id == lead.id)
            .values(role=Role.PRACTICE_BILLING)
        )
    changed_sides = browser.get(link)

    assert stranger.status == 404
    for said in (
        "What is past due", "Conversations that wait for our answer", "Late one",
        "Appointments past the filing deadline", "Claims not filed in time",
    ):  # fmt: skip
        assert said in page.words
    late = [f"/messages/{thread_id}", f"open={visit_id}", f"/claims/{talk.claim_id}"]
    assert all(words in path for words, path in zip(late, paths, strict=True))
    assert opened == [200] * 3
    assert {talk.claim_id, visit_id, thread_id} < {*opened_mail.subject_ids}
    assert "Nothing is late any more" in settled.words
    assert "Nothing to show" in changed_sides.words


def test_a_mail_about_one_document_or_agreement_leads_to_it_and_about_several_to_their_list(
    app: Flask, talk: Talk
) -> None:
    person, found = (
        talk.person(talk.cast.biller),
        documents.examine(io.BytesIO(b"%PDF-1.7\n%%EOF\n")),
    )

    def one_more() -> UUID:
        with talk.work() as session:
            beside = talk.claim(session)
            arrival = Arrival(talk.practice_id, DocumentKind.EOB, "eob.pdf", found, beside)
            kept = documents.begin(session, arrival, by=person, now=NOW)
        with talk.work() as session:
            return found_clean(session, kept.id, now=NOW).id

    first = one_more()
    link = f"/news/{mail_of(talk, talk.cast.clinician, Topic.DOCUMENT_SHARED).id}"
    browser = Browser(app).sign_in(talk.cast.clinician)

    alone = browser.get(link).location
    one_more()
    several = browser.get(link).location

    with talk.work() as session:
        practice = session.get_one(Practice, talk.practice_id)
        practice.agreement_ends_on = NOW.date() + timedelta(days=7)
        agreements.watch(session, practice.id, now=NOW)
    ending = mail_of(talk, talk.cast.administrator, Topic.AGREEMENT_ENDING)
    administrator = Browser(app).sign_in(talk.cast.administrator)

    assert administrator.get(f"/news/{ending.id}").location == (
        f"/compliance/agreements/{talk.practice_id}"
    )
    assert alone == f"/documents/{first}/view"
    assert browser.get(alone).status == 200
    assert several == f"/documents/?practice={talk.practice_id}"


def security_mails(talk: Talk) -> list[tuple[str, str]]:
    with talk.database.work(house=True) as session:
        query = select(AccountMail).where(AccountMail.topic == AccountTopic.SECURITY)
        found = session.scalars(query.order_by(AccountMail.id)).all()
        return sorted((mail.recipient, mail.facts["what"]) for mail in found)


def test_who_takes_a_file_out_is_told_and_so_are_the_administrators_once_an_hour(
    app: Flask, talk: Talk
) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)

    for _ in range(2):
        assert browser.get("/claims/export").status == 200
    unseen = browser.get("/claims")
    stale = Browser(app).sign_in(talk.cast.biller, factor_age=60 * MINUTE).get("/claims/export")

    assert (unseen.status, stale.status) == (200, 302)
    assert security_mails(talk) == [
        ("ana.sample@example.test", "Your account took a file out of Cleanclaim."),
    ]
    with talk.database.work(house=True) as session:
        query = select(AccountMail).where(AccountMail.topic == AccountTopic.FILE_TAKEN_OUT)
        (told,) = session.scalars(query).all()
    assert (told.recipient, told.facts["who"]) == ("cleo.mockwell@example.test", "Ana Sample")
    assert told.facts["at"].endswith(" UTC, A browser")


def test_a_sign_in_from_a_new_browser_is_told_and_from_a_known_one_is_not(
    app: Flask, talk: Talk, fresh_database: Database
) -> None:
    with fresh_database.work(house=True) as session:
        factor = an_app(session, talk.cast.biller.id)
    browser = Browser(app)

    for later in (0, 1):
        give_password(browser, talk.cast.biller)
        page = browser.get("/sign-in/factor")
        answer = browser.post("/sign-in/factor", factor_code=code_of(factor, later=later))
        assert (page.status, answer.status) == (200, 302)
        browser.get("/claims")
        browser.post("/sign-out")
    told = security_mails(talk)

    assert [recipient for recipient, _ in told] == [talk.cast.biller.email]
    assert "Somebody signed in to your account from a new browser" in told[0][1]
