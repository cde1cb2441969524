"""Threads in the browser: begun from any row, changed with their trace, and both switches."""

import io
import re
from datetime import date
from uuid import uuid4

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from backoffice.models.document_work import WantedEob
from backoffice.models.documents import Document, DocumentLink, DocumentState
from backoffice.models.messages import Message, MessageDraft
from backoffice.models.payers import Payer
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.rules.roles import Role
from tests import builders
from tests.builders import NOW
from tests.cast import a_user
from tests.databases import Database
from tests.pages import Browser, Page
from tests.talk import Talk, a_talk


def a_photo() -> io.BytesIO:
    """A picture as a phone's camera sends it."""
    kept = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(kept, "JPEG")
    kept.seek(0)
    return kept


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def begin(app: Flask, talk: Talk, by: User, about: str = "", **fields: object) -> str:
    """Begin a thread as a person would; answers its address."""
    browser = Browser(app).sign_in(by)
    address = f"/messages/about/{about or talk.claim_id}"
    assert browser.get(address).status == 200
    said = {"subject": "New plan", "body": "Do you have the card?"} | fields
    answer = browser.post(address, **said)
    assert answer.status == 302, answer.words
    return answer.location


def message_in(page: Page, words: str) -> str:
    """The id of the message with these words."""
    found = re.search(rf'id="message-([0-9a-f-]+)"(?:(?!</article>).)*{words}', page.text, re.S)
    assert found is not None, words
    return str(re.findall(r'id="message-([0-9a-f-]+)"', page.text[: found.end()])[-1])


def test_a_thread_is_started_from_any_row_and_shows_what_it_is_about(
    app: Flask, talk: Talk
) -> None:
    with talk.work() as session:
        client_id = talk.claim(session).client_id
        appointment = builders.an_appointment(
            session,
            session.merge(talk.billing.client),
            session.merge(talk.billing.clinician),
            session.merge(talk.billing.facility),
            served_on=date(2026, 11, 3),
        ).id
    desk = Browser(app).sign_in(talk.cast.biller)
    buttons = {
        f"client/{client_id}": desk.get(f"/clients/{client_id}"),
        f"appointment/{appointment}": desk.get(f"/unbilled?open={appointment}"),
        f"practice/{talk.practice_id}": desk.get(f"/messages/?practice={talk.practice_id}"),
    }

    threads = {about: begin(app, talk, talk.cast.biller, about) for about in buttons}

    for about, page in buttons.items():
        assert f'href="/messages/about/{about}"' in page.text
    clinician = Browser(app).sign_in(talk.cast.clinician)
    for who in (desk, clinician):
        assert "Born" in who.get(threads[f"client/{client_id}"]).words
        assert "Served" in who.get(threads[f"appointment/{appointment}"]).words
    assert clinician.get(threads[f"practice/{talk.practice_id}"]).status == 404
    stranger = Browser(app).sign_in(talk.cast.stranger)
    for about in buttons:
        assert stranger.get(f"/messages/about/{about}").status == 404
    assert clinician.get(f"/messages/about/client/{uuid4()}").status == 404


def test_who_takes_part_is_chosen_and_who_was_asked_in_comes_no_nearer_to_the_claim(
    app: Flask, talk: Talk
) -> None:
    other = talk.other_clinician
    thread = begin(app, talk, talk.cast.biller, people=[str(other.id)], readers="y")

    page = Browser(app).sign_in(other).get(thread)
    offered = Browser(app).sign_in(talk.cast.owner).get(f"/messages/about/{talk.claim_id}")

    assert page.status == 200
    assert "What it is about is not open to you" in page.words
    assert "Avery Sample" not in page.words
    assert "All billers of this practice" in offered.words
    assert "Lee Example" in offered.words
    assert "Ana Sample" not in offered.words  # the house's people are the house's to name
    again = Browser(app).sign_in(talk.cast.biller)
    again.get(f"/messages/about/{talk.claim_id}")
    refused = again.post(
        f"/messages/about/{talk.claim_id}",
        subject="Hello", body="Kept words", people=[str(talk.cast.stranger.id)],
    )  # fmt: skip
    assert refused.status == 422
    assert "Choose among the people who are offered" in refused.words
    assert "Kept words" in refused.text


def test_what_was_written_is_edited_and_withdrawn_in_the_open(
    app: Flask, talk: Talk, fresh_database: Database
) -> None:
    with fresh_database.work(house=True) as session:
        auditor = a_user(session, "Audrey Looker", house_role=Role.AUDITOR)
    thread = begin(app, talk, talk.cast.biller)
    desk, owner = Browser(app).sign_in(talk.cast.biller), Browser(app).sign_in(talk.cast.owner)
    said = f"{thread}/said/{message_in(desk.get(thread), 'Do you have')}"

    form = desk.get(f"{said}/edit")
    stale = desk.post(f"{said}/edit", body="Never mind.", version="7")
    edited = desk.post(f"{said}/edit", body="Do you have the new card?", version="1")
    shown, before = owner.get(thread), owner.get(f"{said}/versions")
    theirs = owner.get(f"{said}/edit")
    boss = Browser(app).sign_in(talk.cast.administrator)
    may = [each.get(f"{said}/withdraw") for each in (owner, boss)]
    links = [f"{said}/withdraw" in each.get(thread).text for each in (owner, boss)]
    without = boss.post(f"{said}/withdraw", reason="")
    asked = desk.get(f"{said}/withdraw")
    gone = desk.post(f"{said}/withdraw", reason="Sent to the wrong practice")

    assert "Do you have the card?" in form.text
    assert (stale.status, edited.status) == (422, 302)
    assert "Never mind." in stale.text
    assert "edited" in shown.words
    assert "Do you have the new card?" in shown.words
    assert "Do you have the card?" in before.words
    assert theirs.status == 422
    assert ([each.status for each in may], links) == ([422, 200], [False, True])
    assert "Say why you withdraw what somebody else wrote" in without.words
    assert (asked.status, gone.status) == (200, 302)
    for reader in (owner, desk):
        page = reader.get(thread)
        assert "withdrew this message" in page.words
        assert "Sent to the wrong practice" in page.words
        assert "card?" not in page.words
        assert "card?" not in reader.get(f"{said}/versions").words
    assert "Do you have the card?" in Browser(app).sign_in(auditor).get(f"{said}/versions").words
    assert desk.get(f"{said}/edit").status == 422


def test_no_internal_note_reaches_the_practice_by_any_address(app: Flask, talk: Talk) -> None:
    thread = begin(app, talk, talk.cast.biller)
    desk = Browser(app).sign_in(talk.cast.biller)
    desk.get(thread)
    desk.post(f"{thread}/reply", body="Zebra between us.", internal="1")
    note = message_in(desk.get(thread), "Zebra")
    desk.get(f"{thread}/said/{note}/edit")
    desk.post(f"{thread}/said/{note}/edit", body="Zebra still.", version="1", internal="")

    for user in (talk.cast.owner, talk.cast.clinician, talk.billing_person):
        browser = Browser(app).sign_in(user)
        pages = [
            browser.get(path)
            for path in (
                "/messages/", "/messages/?box=done", thread, f"{thread}/fresh?stamp=old",
                f"/claims/{talk.claim_id}?tab=messages", f"/messages/?practice={talk.practice_id}",
            )
        ]  # fmt: skip
        assert not [page for page in pages if "Zebra" in page.text or note in page.text]
        for way in ("edit", "withdraw", "versions"):
            assert browser.get(f"{thread}/said/{note}/{way}").status == 404
    assert "the practice cannot see this" in desk.get(thread).words


def test_a_photo_and_a_kept_document_come_along_and_lie_beside_the_claim(
    app: Flask, talk: Talk
) -> None:
    thread = begin(app, talk, talk.cast.biller)
    phone = Browser(app).sign_in(talk.cast.clinician)
    phone.get(thread)
    once = uuid4().hex

    def sent(body: str) -> Page:
        return phone.post(
            f"{thread}/reply", body=body, once=once, kind="eob",
            photo=(a_photo(), "eob.jpg"),
        )  # fmt: skip

    refused, answers = sent("x" * 20_001), [sent("Here it is."), sent("Here it is.")]

    assert refused.status == 422
    assert "20,000 characters" in refused.words
    assert [answer.status for answer in answers] == [302, 302], answers[0].words
    with talk.work() as session:
        kept = session.scalars(select(Document)).all()
        beside = session.scalars(select(DocumentLink.claim_id)).all()
        bodies = session.scalars(select(Message.body).order_by(Message.id)).all()
    assert [document.state for document in kept] == [DocumentState.STORED]
    assert talk.claim_id in beside
    assert list(bodies) == ["Do you have the card?", "Here it is."]
    desk = Browser(app).sign_in(talk.cast.biller)
    page = desk.get(thread)
    assert "eob.jpg" in page.words
    assert f'name="attached" value="{kept[0].id}"' in desk.get(f"{thread}/documents").text
    mine = desk.post(f"{thread}/reply", body="Thank you", attached=[str(kept[0].id)])
    foreign = desk.post(f"{thread}/reply", body="And this", attached=[str(uuid4())])
    other = phone.post(f"{thread}/reply", body="Another thing", once=once)
    again = re.search(r'name="once" value="([0-9a-f]{32})"', other.text)

    assert (mine.status, foreign.status, other.status) == (302, 422, 422)
    assert "Another thing" in other.text
    assert again is not None
    assert again.group(1) != once  # so that it can be sent after all
    assert "And this" in foreign.text


def test_what_a_practice_sends_is_taken_for_the_eob_where_one_is_asked_for(
    app: Flask, talk: Talk
) -> None:
    thread, about = begin(app, talk, talk.cast.biller), f"/messages/about/{talk.claim_id}"
    chosen = '<option selected value="{}">'

    phone, desk = Browser(app).sign_in(talk.cast.clinician), Browser(app).sign_in(talk.cast.biller)

    def kinds(browser: Browser) -> list[str]:
        pages = [browser.get(path).text for path in (thread, about)]
        return [kind for page in pages for kind in ("eob", "other") if chosen.format(kind) in page]

    before = kinds(phone)
    with talk.work() as session:
        claim = talk.claim(session)
        session.add(WantedEob(practice_id=claim.practice_id, claim_id=claim.id))
    wanted = kinds(phone)
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        row = session.scalars(select(WantedEob)).one()
        row.done_at = NOW
        session.get_one(Payer, talk.billing.payer.id).era_supported = False
    refused = phone.post(f"{thread}/reply", body=" ", kind="insurance_card")

    assert (before, wanted) == (["other"] * 2, ["eob"] * 2)
    assert (kinds(phone), kinds(desk)) == (["eob"] * 2, ["other"] * 2)
    assert chosen.format("insurance_card") in refused.text


def test_what_is_typed_is_kept_until_it_is_sent(app: Flask, talk: Talk) -> None:
    thread = begin(app, talk, talk.cast.biller)
    desk = Browser(app).sign_in(talk.cast.biller)
    desk.get(thread)

    kept = desk.post(f"{thread}/draft", body="Half a word", internal="1")
    elsewhere = Browser(app).sign_in(talk.cast.biller).get(thread)
    others = Browser(app).sign_in(talk.cast.administrator).get(thread)
    phone = Browser(app).sign_in(talk.cast.owner)
    phone.get(thread)

    assert kept.status == 204
    assert "Half a word</textarea>" in elsewhere.text
    assert "not sent yet" in elsewhere.words
    assert "Half a word" not in others.text
    assert phone.post(f"{thread}/draft", body="x", internal="1").status == 422
    desk.post(f"{thread}/reply", body="A whole word", internal="1")
    with talk.work() as session:
        assert session.scalars(select(MessageDraft)).all() == []


def test_what_is_typed_to_begin_a_thread_waits_in_its_form(app: Flask, talk: Talk) -> None:
    about, keep = f"/messages/about/{talk.claim_id}", "/messages/first-words"
    typed = {
        "about": "claim_id", "row": str(talk.claim_id), "subject": "Half", "body": "a word",
        "people": [str(talk.cast.owner.id)], "billers": "y",
    }  # fmt: skip
    desk = Browser(app).sign_in(talk.cast.biller)
    first = desk.get(about)

    kept = desk.post(keep, **typed)
    elsewhere = Browser(app).sign_in(talk.cast.biller).get(about)
    others = Browser(app).sign_in(talk.cast.administrator).get(about)
    practice = desk.get(f"/messages/about/practice/{talk.practice_id}")
    strangers = Browser(app).sign_in(talk.cast.stranger)
    strangers.get("/messages/")
    refused = strangers.post(keep, **typed)

    assert (kept.status, refused.status) == (204, 422)
    assert f'data-draft="{keep}"' in first.text
    assert 'value="Half"' in elsewhere.text
    assert "a word</textarea>" in elsewhere.text
    assert f'value="{talk.cast.owner.id}" checked' in elsewhere.text
    assert "not sent yet" in elsewhere.words
    assert not [page for page in (first, others, practice) if "a word" in page.text]
    assert desk.post(keep, **typed | {"row": "nonsense"}).status == 422
    assert desk.post(keep, **typed | {"subject": "x" * 121}).status == 422
    assert desk.post(keep, **typed, away="1").location == f"/claims/{talk.claim_id}"
    assert "a word" not in desk.get(about).text
    desk.post(keep, **typed)
    assert desk.post(about, subject="Half", body="A whole word").status == 302
    assert "a word" not in desk.get(about).text


def test_names_are_marked_and_offered_to_those_who_may_name_them(app: Flask, talk: Talk) -> None:
    thread = begin(app, talk, talk.cast.biller, body="Ask @Lee Example <b>")
    desk, phone = Browser(app).sign_in(talk.cast.biller), Browser(app).sign_in(talk.cast.owner)

    page, small = desk.get(thread), phone.get(thread)
    note = desk.post(f"{thread}/reply", body="For @Oona Owner", internal="1")

    assert '<b class="meant">@Lee Example</b> &lt;b&gt;' in page.text
    assert "Cleo Mockwell" in page.text
    assert "Cleo Mockwell" not in small.text
    assert note.status == 422
    assert "never sees an internal note" in note.words
    assert "For @Oona Owner" in note.text


def test_both_switches_say_what_they_do(app: Flask, talk: Talk) -> None:
    thread = begin(app, talk, talk.cast.biller)
    clinician, owner = Browser(app).sign_in(talk.cast.clinician), Browser(app)
    owner.sign_in(talk.cast.owner)
    people = f"/practices/{talk.practice_id}/people"
    assert owner.get(people).status == 200

    owner.post(f"{people}/{talk.cast.clinician.id}/messages", on="")
    for path in ("/messages/", thread):
        page = clinician.get(path)
        assert page.status == 422
        assert "Messages are switched off for you" in page.words
    assert clinician.get("/claims/mine").status == 200
    last = owner.post(f"{people}/{talk.cast.owner.id}/messages", on="")
    assert last.status == 422
    assert "somebody must hear" in last.words
    house = Browser(app).sign_in(talk.cast.administrator)
    switches = f"/practices/{talk.practice_id}/messages"
    assert "Neither reads nor writes messages" in house.get(switches).words
    house.post(f"{switches}/{talk.cast.clinician.id}", on="1")
    assert clinician.get(thread).status == 200
    house.post(switches, on="")
    assert "Messages are switched off for your practice" in clinician.get(thread).words
    assert clinician.post(f"{thread}/reply", body="Hello?").status == 422
    owner.post(f"{people}/messages", on="1")
    assert clinician.post(f"{thread}/reply", body="Hello?").status == 302
