"""A thread as a PDF: all that was said, changed and taken back, for those who may have it."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader

from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.services import messages
from backoffice.services.messages.on_paper import thread_on_paper
from backoffice.services.refusal import NotVisible
from tests.builders import NOW
from tests.databases import Database
from tests.record import on_record
from tests.talk import Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def said(talk: Talk, thread: UUID, user: User, body: str, *, internal: bool = False) -> UUID:
    with talk.work() as session:
        return messages.reply(
            session, thread, by=talk.person(user), body=body, internal=internal, now=NOW
        ).id


def pages_of(talk: Talk, thread: UUID, user: User, *, notes: bool = False) -> list[str]:
    """The PDF's words page by page, in one line each."""
    with talk.work() as session:
        file = thread_on_paper(session, thread, talk.person(user), notes=notes, now=NOW)
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(file)).pages]


def test_all_that_was_said_changed_and_taken_back_is_on_paper(talk: Talk) -> None:
    biller, owner = talk.cast.biller, talk.cast.owner
    with talk.work() as session:
        claim = talk.claim(session)
        thread = messages.start(
            session, claim, by=talk.person(biller), subject="New <plan> & more",
            body="Do you have the <b>new</b> card?\nBoth sides \U0001f642", now=NOW,
        ).id  # fmt: skip
        number = claim.our_number
    changed = said(talk, thread, owner, "It ends in 7781")
    taken = said(talk, thread, owner, "Never mind, wrong client")
    said(talk, thread, biller, "Coverage looks wrong", internal=True)
    said(talk, thread, biller, "word " * 4000)
    with talk.work() as session:
        by = talk.person(owner)
        later = NOW + timedelta(hours=1)
        messages.edit(session, thread, changed, by=by, body="It ends in 7782", version=1, now=later)
        messages.withdraw(session, thread, taken, by=by, reason="Wrong thread", now=later)

    pages = pages_of(talk, thread, biller, notes=True)
    plain = " ".join(pages_of(talk, thread, biller))
    whole = " ".join(pages)

    assert len(pages) > 3
    for place, page in enumerate(pages, 1):
        assert f"Thread {thread}" in page
        assert "Harbor Lane Counseling" in page
        assert f"Page {place} of {len(pages)}" in page
    assert "New <plan> & more" in pages[0]
    assert f"Claim {number} · Client Avery Sample" in pages[0]
    assert "<b>new</b> card? Both sides [U+1F642]" in whole
    assert "2026-11-20 10:00:00 EST" in whole
    assert "It ends in 7782 Changed 2026-11-20 11:00:00 EST. Before:" in whole
    assert "Version 1, 2026-11-20 10:00:00 EST: It ends in 7781" in whole
    assert "Withdrawn 2026-11-20 11:00:00 EST by Oona Owner: Wrong thread" in whole
    assert "wrong client" not in whole  # taken back: for the record's readers alone
    assert "wrong client" in " ".join(pages_of(talk, thread, talk.cast.administrator))
    assert "internal note Coverage looks wrong" in whole
    assert "Coverage" not in plain
    assert "As the practice sees it" in plain
    with talk.work() as session:
        records = on_record(session, action="export", subject_kind="thread")
    assert [record.fields for record in records] == [
        ["messages", "notes"],
        ["messages"],
        ["messages"],
    ]


def test_a_practices_person_never_gets_the_notes_and_a_stranger_nothing(talk: Talk) -> None:
    with talk.work() as session:
        thread = messages.start(
            session, talk.claim(session), by=talk.person(talk.cast.biller), subject="Plan",
            body="Hello", now=NOW,
        ).id  # fmt: skip
        talk.claim(session).client.part2_since = NOW
    said(talk, thread, talk.cast.biller, "Coverage looks wrong", internal=True)

    asked = " ".join(pages_of(talk, thread, talk.cast.owner, notes=True))

    assert "Hello" in asked
    assert "Coverage" not in asked
    assert "42 CFR part 2" in asked
    with pytest.raises(NotVisible):
        pages_of(talk, uuid4(), talk.cast.biller)
