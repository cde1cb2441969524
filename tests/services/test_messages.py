"""Threads: who takes part, who sees what, what is read, and the mail about what is not."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from backoffice.models.messages import Message, MessageVersion, Receipt, ThreadState
from backoffice.models.notifications import MailState
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.services import messages
from backoffice.services.messages import Box, MessagingOff, NotForNotes
from backoffice.services.messages.refusals import NotForThePractice
from backoffice.services.notifications import Letter, NotYet, sent, to_send
from backoffice.services.refusal import NotVisible
from backoffice.services.standing import unread_threads
from tests.builders import NOW
from tests.databases import Database
from tests.talk import MINUTE, SENDER, Talk, a_talk

SECOND = timedelta(seconds=1)


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


@pytest.fixture
def thread(talk: Talk) -> UUID:
    """Begun by the biller, about the clinician's claim."""
    return start(talk, talk.cast.biller)


def start(talk: Talk, by: User, claim_id: UUID | None = None) -> UUID:
    person = talk.person(by)
    with talk.work() as session:
        claim = talk.claim(session, claim_id)
        thread = messages.start(
            session,
            claim,
            by=person,
            subject="New plan",
            body="Do you have the new card?",
            now=NOW,
        )
        return thread.id


def say(
    talk: Talk, thread: UUID, by: User, body: str = "Yes.", *, internal: bool = False,
    after: timedelta = MINUTE,
) -> UUID:  # fmt: skip
    person = talk.person(by)
    with talk.work() as session:
        return messages.reply(
            session, thread, by=person, body=body, internal=internal, now=NOW + after
        ).id


def read(talk: Talk, thread: UUID, by: User, *, after: timedelta = MINUTE) -> None:
    person = talk.person(by)
    with talk.work() as session:
        messages.mark_read(session, thread, by=person, now=NOW + after)


def mail_leaves(talk: Talk, user: User, *, after: timedelta) -> bool:
    """Whether the person's open mail leaves at that moment."""
    (mail,) = [each for each in talk.mails(user) if each.state is MailState.QUEUED]
    with talk.work() as session:
        letter = to_send(session, mail.id, sender=SENDER, now=NOW + after)
        if isinstance(letter, Letter):
            sent(session, letter, now=NOW + after)
    return isinstance(letter, Letter)


def participants(talk: Talk, thread: UUID) -> set[UUID]:
    with talk.work() as session:
        return set(session.scalars(select(Receipt.user_id).where(Receipt.thread_id == thread)))


def seen_by(talk: Talk, thread: UUID, user: User) -> list[str]:
    person = talk.person(user)
    with talk.work() as session:
        return [said.body for said in messages.conversation(session, thread, person).messages]


def unread(talk: Talk, user: User) -> int:
    person = talk.person(user)
    with talk.work() as session:
        return unread_threads(session, person)


def test_a_billers_thread_goes_to_the_practices_readers_and_the_claims_clinician(
    talk: Talk, thread: UUID
) -> None:
    assert participants(talk, thread) == {
        talk.cast.biller.id,
        talk.cast.owner.id,
        talk.billing_person.id,
        talk.cast.clinician.id,
    }


def test_a_practices_thread_goes_to_those_who_bill_for_it(talk: Talk) -> None:
    thread = start(talk, talk.cast.clinician)

    assert talk.cast.biller.id in participants(talk, thread)
    assert talk.cast.stranger.id not in participants(talk, thread)


def test_a_reply_moves_the_thread_and_says_whom_it_waits_for(talk: Talk, thread: UUID) -> None:
    say(talk, thread, talk.cast.clinician)

    person = talk.person(talk.cast.biller)
    with talk.work() as session:
        (line,) = messages.threads(session, person, Box.MINE, now=NOW).lines
    assert line.state is ThreadState.OPEN
    assert line.last is not None
    assert (line.last.author.name, line.last.beginning) == ("Lee Example", "Yes.")
    assert line.last_message_at == NOW + MINUTE
    assert line.unread


def test_an_internal_note_is_seen_by_the_house_and_moves_nothing_that_the_practice_sees(
    talk: Talk, thread: UUID
) -> None:
    say(talk, thread, talk.cast.biller, "Coverage looks wrong.", internal=True)

    owner = talk.person(talk.cast.owner)
    with talk.work() as session:
        (line,) = messages.threads(session, owner, Box.ALL, now=NOW).lines
    assert "Coverage looks wrong." in seen_by(talk, thread, talk.cast.biller)
    assert "Coverage looks wrong." in seen_by(talk, thread, talk.cast.administrator)
    for reader in (talk.cast.owner, talk.cast.clinician, talk.billing_person):
        assert seen_by(talk, thread, reader) == ["Do you have the new card?"]
    assert line.last_message_at == NOW
    assert unread(talk, talk.cast.owner) == 1
    read(talk, thread, talk.cast.owner)
    assert unread(talk, talk.cast.owner) == 0


def test_an_internal_note_is_announced_to_nobody_of_the_practice(talk: Talk, thread: UUID) -> None:
    before = len(talk.notices())

    say(talk, thread, talk.cast.biller, "Between us.", internal=True)

    assert len(talk.notices()) == before


def test_a_practices_people_write_no_internal_notes(talk: Talk, thread: UUID) -> None:
    with pytest.raises(NotForNotes):
        say(talk, thread, talk.cast.owner, internal=True)


def test_nothing_that_was_said_changes_without_its_trace_whatever_the_app_sends(
    talk: Talk, thread: UUID
) -> None:
    note = say(talk, thread, talk.cast.biller, "Between us.", internal=True)

    for change in ("internal = false", "author_id = gen_random_uuid()", "sent_at = now()"):
        with pytest.raises(ProgrammingError, match="permission denied"), talk.work() as session:
            session.execute(text(f"UPDATE messages SET {change} WHERE id = :id"), {"id": note})
    for table in ("messages", "message_versions"):
        with pytest.raises(ProgrammingError, match="permission denied"), talk.work() as session:
            session.execute(text(f"DELETE FROM {table}"))
    with talk.work() as session:
        session.execute(text("UPDATE messages SET body = 'other' WHERE id = :id"), {"id": note})
        kept = session.scalars(select(MessageVersion)).all()
        now_stands = session.scalars(select(Message).where(Message.id == note)).one()
    assert [(version.number, version.body) for version in kept] == [(1, "Between us.")]
    assert (now_stands.version, now_stands.body) == (2, "other")


def test_a_clinician_meets_threads_about_own_claims_and_those_where_they_take_part(
    talk: Talk, thread: UUID
) -> None:
    other = start(talk, talk.cast.biller, talk.other_claim_id)

    clinician = talk.person(talk.cast.clinician)
    with talk.work() as session:
        own = [line.id for line in messages.threads(session, clinician, Box.ALL, now=NOW).lines]
        counts = messages.box_counts(session, clinician, now=NOW)
    assert own == [thread]
    assert counts[Box.ALL] == 1
    with pytest.raises(NotVisible):
        seen_by(talk, other, talk.cast.clinician)
    with pytest.raises(NotVisible):
        say(talk, other, talk.cast.clinician)
    assert seen_by(talk, other, talk.cast.owner) == ["Do you have the new card?"]


def test_reading_counts_for_who_takes_part_and_is_shown_to_the_writer(
    talk: Talk, thread: UUID
) -> None:
    read(talk, thread, talk.cast.clinician, after=3 * MINUTE)
    read(talk, thread, talk.cast.administrator)

    biller = talk.person(talk.cast.biller)
    with talk.work() as session:
        (said,) = messages.conversation(session, thread, biller).messages
    assert said.read
    assert said.read_at == NOW + 3 * MINUTE
    assert unread(talk, talk.cast.clinician) == 0
    assert unread(talk, talk.cast.owner) == 1
    assert talk.cast.administrator.id not in participants(talk, thread)


def test_a_reader_is_told_where_new_words_begin(talk: Talk, thread: UUID) -> None:
    read(talk, thread, talk.cast.owner)
    fresh = say(talk, thread, talk.cast.clinician)

    owner = talk.person(talk.cast.owner)
    with talk.work() as session:
        found = messages.conversation(session, thread, owner)
    assert found.unread_from == fresh


def test_a_done_thread_is_opened_again_by_a_reply_and_settled_by_the_house_alone(
    talk: Talk, thread: UUID
) -> None:
    biller, owner = talk.person(talk.cast.biller), talk.person(talk.cast.owner)
    with talk.work() as session:
        messages.settle(session, thread, ThreadState.DONE, by=biller)
        done = messages.box_counts(session, biller, now=NOW)
    say(talk, thread, talk.cast.owner)

    with talk.work() as session:
        again = messages.box_counts(session, biller, now=NOW)
    assert (done[Box.DONE], done[Box.MINE]) == (1, 0)
    assert (again[Box.DONE], again[Box.MINE]) == (0, 1)
    with pytest.raises(NotForThePractice), talk.work() as session:
        messages.settle(session, thread, ThreadState.DONE, by=owner)


def test_with_messages_switched_off_nothing_new_is_said_and_what_was_said_stays(
    talk: Talk, thread: UUID
) -> None:
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        session.get_one(Practice, talk.practice_id).messaging_on = False

    with pytest.raises(MessagingOff):
        say(talk, thread, talk.cast.biller)
    with pytest.raises(MessagingOff):
        start(talk, talk.cast.owner)
    assert seen_by(talk, thread, talk.cast.owner) == ["Do you have the new card?"]


def test_messages_keep_their_order_whatever_the_clock_of_the_machine_says(
    talk: Talk, thread: UUID
) -> None:
    with talk.work() as session:
        last = session.scalars(select(Message).where(Message.thread_id == thread)).one()
        ahead = UUID(int=last.id.int + (60_000 << 80))  # a minute ahead of this machine
        session.add(
            Message(
                id=ahead,
                practice_id=talk.practice_id,
                thread_id=thread,
                author_id=talk.cast.owner.id,
                body="From a fast clock.",
                sent_at=NOW,
            )
        )

    say(talk, thread, talk.cast.biller, "Afterwards.")

    assert seen_by(talk, thread, talk.cast.owner)[-1] == "Afterwards."


def test_read_at_one_fifty_nine_sends_nothing(talk: Talk, thread: UUID) -> None:
    read(talk, thread, talk.cast.owner, after=119 * SECOND)

    assert not mail_leaves(talk, talk.cast.owner, after=121 * SECOND)
    (mail,) = talk.mails(talk.cast.owner)
    assert (mail.state, mail.reason) == (MailState.SUPPRESSED, "read meanwhile")


def test_unread_at_two_minutes_sends_one_mail_that_says_who_and_when_and_not_what(
    talk: Talk, thread: UUID
) -> None:
    (mail,) = talk.mails(talk.cast.owner)
    with talk.work() as session:
        early = to_send(session, mail.id, sender=SENDER, now=NOW + 119 * SECOND)
        letter = to_send(session, mail.id, sender=SENDER, now=NOW + 121 * SECOND)

    assert early == NotYet(NOW + 2 * MINUTE)
    assert isinstance(letter, Letter)
    assert letter.mail.subject == "New secure message for Harbor Lane Counseling"
    assert "Ana Sample (biller) wrote to you at Nov 20, 10:00 am EST." in letter.mail.text
    assert "card" not in letter.mail.text + letter.mail.html
    assert f"http://localhost:8000/news/{mail.id}" in letter.mail.text


def test_five_messages_make_one_mail_and_none_until_they_are_read(talk: Talk, thread: UUID) -> None:
    for second in range(4):
        say(talk, thread, talk.cast.biller, f"And {second}.", after=second * SECOND)
    assert mail_leaves(talk, talk.cast.owner, after=2 * MINUTE)

    say(talk, thread, talk.cast.biller, "One more.", after=10 * MINUTE)
    unread_still = [mail.state for mail in talk.mails(talk.cast.owner)]
    read(talk, thread, talk.cast.owner, after=11 * MINUTE)
    say(talk, thread, talk.cast.biller, "And later.", after=12 * MINUTE)

    assert unread_still == [MailState.SENT]
    assert mail_leaves(talk, talk.cast.owner, after=14 * MINUTE)
    assert len(talk.mails(talk.cast.owner)) == 2


def test_a_later_message_waits_its_own_two_minutes_when_the_first_was_read(
    talk: Talk, thread: UUID
) -> None:
    read(talk, thread, talk.cast.owner, after=60 * SECOND)
    say(talk, thread, talk.cast.biller, "And one more.", after=90 * SECOND)

    assert not mail_leaves(talk, talk.cast.owner, after=121 * SECOND)
    assert mail_leaves(talk, talk.cast.owner, after=211 * SECOND)


def test_who_writes_gets_no_mail_about_it(talk: Talk, thread: UUID) -> None:
    assert talk.mails(talk.cast.biller) == []
    say(talk, thread, talk.cast.clinician)
    assert len(talk.mails(talk.cast.biller)) == 1
