"""Threads: what they may be about, who takes part, what changes in them and leaves its trace."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from backoffice.models.appointments import Appointment
from backoffice.models.base import new_id
from backoffice.models.clients import Client
from backoffice.models.documents import Document, DocumentKind, DocumentLink, DocumentState
from backoffice.models.messages import Message, MessageDraft, Receipt, Thread
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.models.users import Membership, User
from backoffice.rules.roles import Permission, Role
from backoffice.sandbox.stack.postgres import SUPERUSER
from backoffice.services import messages
from backoffice.services.access import one
from backoffice.services.messages import To, switches
from backoffice.services.messages.refusals import (
    AlreadyWithdrawn,
    ChangedMeanwhile,
    MentionUnseen,
    MessagingOffForYou,
    NobodyChosen,
    NotForNotes,
    NotTheirs,
    NotToAttach,
    ReasonNeeded,
    SaidOtherwise,
    SomebodyMustHear,
    TooLong,
)
from backoffice.services.messages.sides import shown_to
from backoffice.services.refusal import NotVisible
from backoffice.services.standing import unread_threads
from tests import builders
from tests.builders import NOW
from tests.cast import a_user, joins
from tests.databases import Database
from tests.record import on_record
from tests.talk import MINUTE, Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def start(talk: Talk, by: User, about: Any = None, **words: Any) -> UUID:
    """Begin a thread about a row (kind, id), the claim if none is named."""
    person = talk.person(by)
    with talk.work() as session:
        row = session.get_one(about[0], about[1]) if about else talk.claim(session)
        said: dict[str, Any] = {
            "subject": "New plan",
            "body": "Do you have the card?",
            "now": NOW,
        } | words
        return messages.start(session, row, by=person, **said).id


def say(talk: Talk, thread: UUID, by: User, body: str = "Yes.", **words: Any) -> UUID:
    person = talk.person(by)
    with talk.work() as session:
        return messages.reply(session, thread, by=person, body=body, now=NOW + MINUTE, **words).id


def edit(talk: Talk, thread: UUID, message: UUID, by: User, body: str, version: int = 1) -> None:
    person = talk.person(by)
    with talk.work() as session:
        messages.edit(
            session, thread, message, by=person, body=body, version=version, now=NOW + 2 * MINUTE
        )


def withdraw(talk: Talk, thread: UUID, message: UUID, by: User) -> None:
    person = talk.person(by)
    with talk.work() as session:
        messages.withdraw(
            session, thread, message, by=person, reason="Wrong client", now=NOW + 3 * MINUTE
        )


def traced(talk: Talk, thread: UUID, message: UUID, by: User) -> list[str | None]:
    person = talk.person(by)
    with talk.work() as session:
        return [each.body for each in messages.trace(session, thread, message, person).versions]


def taking_part(talk: Talk, thread: UUID) -> set[UUID]:
    with talk.work() as session:
        return set(session.scalars(select(Receipt.user_id).where(Receipt.thread_id == thread)))


def shown(talk: Talk, thread: UUID, user: User) -> messages.Conversation:
    person = talk.person(user)
    with talk.work() as session:
        return messages.conversation(session, thread, person)


def seen(talk: Talk, thread: UUID, user: User) -> list[str]:
    return [said.body for said in shown(talk, thread, user).messages]


def unread(talk: Talk, user: User) -> int:
    person = talk.person(user)
    with talk.work() as session:
        return unread_threads(session, person)


def switch(talk: Talk, user: User, *, on: bool, by: User | None = None) -> None:
    owner = talk.person(by or talk.cast.owner)
    with talk.work() as session:
        switches.switch_member(session, talk.practice_id, user.id, on=on, by=owner)


def somebody(talk: Talk, name: str, role: Role) -> User:
    """One more person of the practice."""
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        user = a_user(session, name)
        joins(session, user, session.get_one(Practice, talk.practice_id), role)
    return user


def a_document(session: Session, talk: Talk, by: User, state: DocumentState) -> UUID:
    row = Document(
        practice_id=talk.practice_id,
        document_key=f"t/{talk.practice_id}/{new_id()}",
        kind=DocumentKind.EOB,
        state=state,
        original_name="scan.pdf",
        content_type="application/pdf",
        uploaded_by_id=by.id,
    )
    session.add(row)
    session.flush()
    return row.id


def documents(talk: Talk, by: User, *states: DocumentState) -> list[UUID]:
    with talk.work() as session:
        return [a_document(session, talk, by, state) for state in states]


def test_a_thread_is_about_a_client_an_appointment_a_document_or_the_practice_alone(
    talk: Talk,
) -> None:
    with talk.work() as session:
        client_id = talk.claim(session).client_id
        appointment = builders.an_appointment(
            session,
            session.merge(talk.billing.client),
            session.merge(talk.billing.clinician),
            session.merge(talk.billing.facility),
        ).id
    (document,) = documents(talk, talk.cast.owner, DocumentState.STORED)
    abouts = {
        "client_id": (Client, (talk.practice_id, client_id)),
        "appointment_id": (Appointment, (talk.practice_id, appointment)),
        "document_id": (Document, (talk.practice_id, document)),
        "": (Practice, talk.practice_id),
    }

    threads = {column: start(talk, talk.cast.biller, row) for column, row in abouts.items()}

    with talk.work() as session:
        rows = {column: one(session, Thread, thread) for column, thread in threads.items()}
    assert rows["client_id"].client_id == client_id
    assert (rows["appointment_id"].appointment_id, rows["appointment_id"].client_id) == (
        appointment, client_id,
    )  # fmt: skip
    assert rows["document_id"].document_id == document
    assert rows[""].claim_id is rows[""].client_id is rows[""].document_id is None
    # the clinician meets what is about their own client and appointment, not the rest
    clinician = talk.cast.clinician
    assert seen(talk, threads["client_id"], clinician) == ["Do you have the card?"]
    assert clinician.id in taking_part(talk, threads["appointment_id"])
    for away in ("document_id", ""):
        with pytest.raises(NotVisible):
            seen(talk, threads[away], clinician)


def test_a_group_stays_a_group_and_who_comes_later_hears_what_is_said_from_then_on(
    talk: Talk,
) -> None:
    thread = start(talk, talk.cast.owner, to=To(billers=True))
    chosen = start(talk, talk.cast.biller, to=To(people=frozenset({talk.cast.clinician.id})))
    late = somebody(talk, "Nina New", Role.BILLER)

    before = taking_part(talk, thread)
    say(talk, thread, talk.cast.owner, "And one more.")

    assert before == {talk.cast.owner.id, talk.cast.biller.id}
    assert taking_part(talk, thread) == before | {late.id}
    assert unread(talk, late) == 1
    assert len(talk.mails(late)) == 1
    assert taking_part(talk, chosen) == {talk.cast.biller.id, talk.cast.clinician.id}
    with pytest.raises(NobodyChosen):
        start(talk, talk.cast.biller, to=To(people=frozenset({talk.cast.stranger.id})))


def test_whoever_is_switched_off_neither_reads_nor_writes_nor_hears_and_owners_hear_instead(
    talk: Talk,
) -> None:
    clinician, owner = talk.cast.clinician, talk.cast.owner
    thread = start(talk, talk.cast.biller, to=To(people=frozenset({clinician.id})))
    switch(talk, clinician, on=False)

    say(talk, thread, talk.cast.biller, "Are you there?")

    assert owner.id in taking_part(talk, thread)
    assert unread(talk, owner) == 1
    assert unread(talk, clinician) == 0
    assert not talk.person(clinician).practices_where(Permission.SEE_MESSAGES)
    with pytest.raises(NotVisible):
        seen(talk, thread, clinician)
    with pytest.raises(MessagingOffForYou):
        start(talk, clinician)
    with pytest.raises(NobodyChosen):
        start(talk, talk.cast.biller, to=To(people=frozenset({clinician.id})))
    fresh = start(talk, talk.cast.biller)
    assert clinician.id not in taking_part(talk, fresh)
    switch(talk, clinician, on=True)
    assert seen(talk, thread, clinician) == ["Do you have the card?", "Are you there?"]


def test_the_last_owner_who_hears_is_not_switched_off_and_only_owners_and_leads_switch(
    talk: Talk,
) -> None:
    second = somebody(talk, "Olga Owner", Role.PRACTICE_OWNER)
    switch(talk, talk.cast.owner, on=False, by=second)

    with pytest.raises(SomebodyMustHear):
        switch(talk, second, on=False, by=talk.cast.administrator)
    for nobody in (talk.cast.clinician, talk.cast.biller, talk.cast.stranger):
        with pytest.raises(NotVisible):
            switch(talk, talk.billing_person, on=False, by=nobody)
    with pytest.raises(NotVisible):  # the house's people are not the owner's to switch
        switch(talk, talk.cast.biller, on=False, by=second)
    with talk.work() as session:
        on = dict(session.execute(select(Membership.user_id, Membership.messaging_on)).all())
    assert [user for user, is_on in on.items() if not is_on] == [talk.cast.owner.id]


def test_an_edit_keeps_what_stood_there_and_is_its_authors_alone(talk: Talk) -> None:
    thread = start(talk, talk.cast.biller)
    message = say(talk, thread, talk.cast.clinician, "Plan A.")
    person = talk.person(talk.cast.biller)
    with talk.work() as session:
        messages.mark_read(session, thread, by=person, now=NOW + MINUTE)

    edit(talk, thread, message, talk.cast.clinician, "Plan B.")
    edit(talk, thread, message, talk.cast.clinician, "Plan C.", version=2)

    last = shown(talk, thread, talk.cast.biller).messages[-1]
    assert (last.body, last.version, last.edited_at) == ("Plan C.", 3, NOW + 2 * MINUTE)
    assert traced(talk, thread, message, talk.cast.owner) == ["Plan A.", "Plan B.", "Plan C."]
    assert unread(talk, talk.cast.biller) == 0
    with pytest.raises(NotTheirs):
        edit(talk, thread, message, talk.cast.biller, "Mine.", version=3)
    with pytest.raises(ChangedMeanwhile):
        edit(talk, thread, message, talk.cast.clinician, "Plan D.", version=2)
    with pytest.raises(TooLong, match="20,000"):
        edit(talk, thread, message, talk.cast.clinician, "x" * 20_001, version=3)


def test_a_withdrawn_message_leaves_who_and_why_and_its_words_to_auditors_alone(
    talk: Talk, fresh_database: Database
) -> None:
    with fresh_database.work(house=True) as session:
        auditor = a_user(session, "Audrey Looker", house_role=Role.AUDITOR)
    thread = start(talk, talk.cast.biller)
    message = say(talk, thread, talk.cast.biller, "About somebody else.")
    mails = talk.mails(talk.cast.owner)

    withdraw(talk, thread, message, talk.cast.biller)

    for reader in (talk.cast.owner, talk.cast.biller, auditor):
        last = shown(talk, thread, reader).messages[-1]
        assert (last.body, last.withdrawn_reason) == ("", "Wrong client")
        assert last.withdrawn_at == NOW + 3 * MINUTE
    assert traced(talk, thread, message, talk.cast.biller) == [None]
    assert traced(talk, thread, message, auditor) == ["About somebody else."]
    assert len(mails) == len(talk.mails(talk.cast.owner)) == 1
    with pytest.raises(AlreadyWithdrawn):
        withdraw(talk, thread, message, talk.cast.biller)
    with pytest.raises(AlreadyWithdrawn):
        edit(talk, thread, message, talk.cast.biller, "Again.", version=2)


def test_a_lead_withdraws_what_others_put_into_the_wrong_thread_with_a_reason(talk: Talk) -> None:
    lead = somebody(talk, "Lena Lead", Role.BILLER_LEAD)
    thread = start(talk, talk.cast.biller)
    theirs = say(talk, thread, talk.cast.clinician, "Robin Madeup was here.")
    ours = say(talk, thread, talk.cast.biller, "Who is that?")

    with pytest.raises(ReasonNeeded), talk.work() as session:
        messages.withdraw(session, thread, theirs, by=talk.person(lead), reason=" ", now=NOW)
    for nobody in (talk.cast.owner, talk.cast.biller, talk.billing_person):
        with pytest.raises(NotTheirs):
            withdraw(talk, thread, theirs, nobody)
    with pytest.raises(NotTheirs):
        withdraw(talk, thread, ours, talk.cast.owner)
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        session.get_one(Practice, talk.practice_id).messaging_on = False
    withdraw(talk, thread, theirs, lead)

    for reader in (talk.cast.owner, talk.cast.clinician, talk.cast.biller):
        said = shown(talk, thread, reader).messages[1]
        assert (said.body, said.author.name, said.withdrawn_by, said.withdrawn_reason) == (
            "", "Lee Example", "Lena Lead", "Wrong client",
        )  # fmt: skip
        assert not said.may_withdraw
    assert shown(talk, thread, lead).messages[2].may_withdraw
    assert not shown(talk, thread, talk.cast.owner).messages[2].may_withdraw
    assert traced(talk, thread, theirs, lead) == [None]
    assert traced(talk, thread, theirs, talk.cast.administrator) == ["Robin Madeup was here."]
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        (record,) = on_record(session, action="withdraw_message")
    assert record.detail == {"message": str(theirs), "author": str(talk.cast.clinician.id)}
    assert record.subject_ids == [thread]


def test_what_is_withdrawn_before_it_was_read_is_unread_no_more(talk: Talk) -> None:
    thread = start(talk, talk.cast.biller)
    person = talk.person(talk.cast.owner)
    with talk.work() as session:
        messages.mark_read(session, thread, by=person, now=NOW)
    message = say(talk, thread, talk.cast.biller, "Oops.")
    before = unread(talk, talk.cast.owner)

    withdraw(talk, thread, message, talk.cast.biller)

    assert (before, unread(talk, talk.cast.owner)) == (1, 0)
    assert shown(talk, thread, talk.cast.owner).unread_from is None


def test_a_note_stays_a_note_even_for_whoever_owns_the_tables(
    talk: Talk, fresh_database: Database
) -> None:
    thread = start(talk, talk.cast.biller)
    note = say(talk, thread, talk.cast.biller, "Between us.", internal=True)
    engine = sa.create_engine(fresh_database.urls[SUPERUSER], poolclass=NullPool)

    with (
        pytest.raises(ProgrammingError, match="only the words of a message change"),
        engine.begin() as connection,
    ):
        connection.execute(text("UPDATE messages SET internal = false WHERE id = :n"), {"n": note})

    with pytest.raises(NotForNotes):
        say(talk, thread, talk.cast.owner, internal=True)
    for reader in (talk.cast.owner, talk.cast.clinician):
        with pytest.raises(NotVisible):
            traced(talk, thread, note, reader)
        assert seen(talk, thread, reader) == ["Do you have the card?"]


def test_a_mention_makes_a_participant_and_a_note_mentions_the_house_alone(talk: Talk) -> None:
    thread = start(talk, talk.cast.biller, to=To(readers=True))
    before = taking_part(talk, thread)

    message = say(talk, thread, talk.cast.biller, "Ask @Dana Fictiona, not me@Lee Example.")
    say(talk, thread, talk.cast.biller, "Look, @Cleo Mockwell", internal=True)
    edit(talk, thread, message, talk.cast.biller, "Ask @Lee Example.")

    added = {talk.other_clinician.id, talk.cast.administrator.id, talk.cast.clinician.id}
    assert taking_part(talk, thread) - before == added
    assert shown(talk, thread, talk.cast.biller).messages[1].names == ("Lee Example",)
    assert len(talk.mails(talk.other_clinician)) == 1
    assert len(talk.mails(talk.cast.clinician)) == 1
    with pytest.raises(MentionUnseen, match="Oona Owner"):
        say(talk, thread, talk.cast.biller, "Not for @Oona Owner", internal=True)
    say(talk, thread, talk.cast.owner, "Hello @Sam Stranger, hello @ana sample")
    assert taking_part(talk, thread) - before == added


def test_a_form_sent_twice_says_one_thing(talk: Talk) -> None:
    thread = start(talk, talk.cast.biller, once="a")

    assert start(talk, talk.cast.biller, once="a") == thread
    first = say(talk, thread, talk.cast.biller, once="b")
    assert say(talk, thread, talk.cast.biller, once="b") == first
    with pytest.raises(SaidOtherwise):
        say(talk, thread, talk.cast.biller, "Something else.", once="b")
    assert seen(talk, thread, talk.cast.biller) == ["Do you have the card?", "Yes."]


def test_an_attached_document_lies_beside_the_claim_and_only_what_is_ours_can_be_attached(
    talk: Talk,
) -> None:
    owner, biller = talk.cast.owner, talk.cast.biller
    kept, on_its_way, refused = documents(
        talk, owner, DocumentState.STORED, DocumentState.QUARANTINED, DocumentState.REFUSED
    )
    thread = start(talk, biller)

    say(talk, thread, owner, "Here.", attached=(kept, on_its_way, kept))

    attached = shown(talk, thread, biller).messages[-1].attached
    assert [(each.id, each.name, each.is_kept) for each in attached] == [
        (kept, "scan.pdf", True),
        (on_its_way, "", False),
    ]
    with talk.work() as session:
        beside = set(session.scalars(select(DocumentLink.document_id)))
    assert beside >= {kept}
    for nothing, by in ((refused, owner), (on_its_way, biller), (new_id(), owner)):
        with pytest.raises(NotToAttach):
            say(talk, thread, by, "And this.", attached=(nothing,))
    assert len(seen(talk, thread, biller)) == 2


def test_a_draft_is_its_writers_alone_and_goes_when_it_is_said(talk: Talk) -> None:
    thread = start(talk, talk.cast.biller)
    writer, other = talk.person(talk.cast.biller), talk.person(talk.cast.administrator)

    def keep(body: str, *, internal: bool = False) -> None:
        with talk.work() as session:
            messages.keep_draft(session, thread, by=writer, body=body, internal=internal, now=NOW)

    keep("Half a")
    keep("Half a word", internal=True)
    with talk.work() as session:
        row = one(session, Thread, thread)
        mine, theirs = (
            messages.draft_of(session, row, writer),
            messages.draft_of(session, row, other),
        )
    assert mine is not None
    assert (mine.body, mine.internal, theirs) == ("Half a word", True, None)
    say(talk, thread, talk.cast.biller, "Half a word.", internal=True)
    keep("Again")
    keep("  ")
    with talk.work() as session:
        assert session.scalars(select(MessageDraft)).all() == []


def test_first_words_are_kept_for_each_row_and_go_when_the_thread_begins(talk: Talk) -> None:
    writer, other = talk.person(talk.cast.biller), talk.person(talk.cast.administrator)
    (document,) = documents(talk, talk.cast.owner, DocumentState.STORED)

    def rows(session: Session) -> list[messages.About]:
        claim = talk.claim(session)
        return [
            claim, talk.claim(session, talk.other_claim_id),
            session.get_one(Client, (talk.practice_id, claim.client_id)),
            session.get_one(Document, (talk.practice_id, document)),
            session.get_one(Practice, talk.practice_id),
        ]  # fmt: skip

    def keep(place: int, subject: str, body: str, to: To | None = None) -> None:
        words = messages.FirstWords(subject, body, to or To())
        with talk.work() as session:
            about = rows(session)[place]
            messages.keep_first_words(session, about, words, by=writer, now=NOW)

    def kept(person: Any = writer) -> list[str]:
        with talk.work() as session:
            found = (messages.first_words_of(session, row, person) for row in rows(session))
            return [f"{each.subject}: {each.body}" if each else "" for each in found]

    for place in range(5):
        keep(place, "Half", "a")
        keep(place, f"Half {place}", "a word", To(frozenset({other.id}), readers=True))
    keep(1, " ", "")
    assert kept() == [f"Half {n}: a word" if n != 1 else "" for n in range(5)]
    assert kept(other) == [""] * 5
    with talk.work() as session:
        mine = messages.first_words_of(session, rows(session)[4], writer)
    assert mine is not None
    assert (mine.people_ids, mine.readers, mine.billers) == ([other.id], True, False)
    with pytest.raises(TooLong):
        keep(2, "", "x" * 40_001)

    thread = start(talk, talk.cast.biller)
    with talk.work() as session:
        messages.keep_draft(session, thread, by=writer, body="Yes", internal=False, now=NOW)
        messages.drop_first_words(session, rows(session)[4], by=writer)

    assert kept() == ["", "", "Half 2: a word", "Half 3: a word", ""]
    with talk.work() as session:
        reply = messages.draft_of(session, one(session, Thread, thread), writer)
    assert reply is not None
    assert reply.body == "Yes"


def test_a_practices_people_find_no_note_by_any_way_there_is(talk: Talk) -> None:
    thread = start(talk, talk.cast.owner)
    before = {user.id: unread(talk, user) for user in (talk.cast.owner, talk.cast.clinician)}
    say(talk, thread, talk.cast.biller, "Zebra note.", internal=True)

    for user in (talk.cast.owner, talk.cast.clinician, talk.billing_person):
        person = talk.person(user)
        with talk.work() as session:
            found = messages.conversation(session, thread, person)
            (line,) = messages.threads(
                session, person, messages.Box.ALL, now=NOW + timedelta(hours=1)
            ).lines
            texts = list(session.scalars(select(Message.body).where(shown_to(person))))
        assert "Zebra" not in repr(found)
        assert line.last is not None
        assert (line.last.author.name, line.last_message_at) == ("Oona Owner", NOW)
        assert line.last.beginning == "Do you have the card?"
        assert texts == ["Do you have the card?"]
        assert unread(talk, user) == before.get(user.id, unread(talk, user))
