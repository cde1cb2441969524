"""Messages found by their words: by those who may read them, newest first, whole pages of them."""

from uuid import UUID

import pytest
from sqlalchemy import text

from backoffice.models.messages import Message
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.services import messages
from backoffice.services.messages import finding
from backoffice.services.messages.finding import PAGE_SIZE, find
from tests.builders import NOW
from tests.databases import Database
from tests.talk import Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def begun(
    talk: Talk, user: User, body: str, *, claim_id: UUID | None = None, subject: str = "Plan"
) -> UUID:
    with talk.work() as session:
        return messages.start(
            session, talk.claim(session, claim_id), by=talk.person(user), subject=subject,
            body=body, now=NOW,
        ).id  # fmt: skip


def found(talk: Talk, user: User, words: str) -> list[str]:
    with talk.work() as session:
        return [each.message.body for each in find(session, words, talk.person(user)).found]


def test_words_find_what_holds_them_all_or_begins_with_them(talk: Talk) -> None:
    biller = talk.cast.biller
    begun(talk, biller, "Authorization A-77 ran out; CO-197 again.")
    begun(talk, biller, "The Müller card, front and back")

    for words in ("authorization", "AUTHOR ran", "co-197", "a-77 again", "197"):
        assert found(talk, biller, words) == ["Authorization A-77 ran out; CO-197 again."], words
    assert found(talk, biller, "müller") == ["The Müller card, front and back"]
    assert len(found(talk, biller, "the")) == 1
    for nothing in ("ut", "authorization card", "", "  ", "'':*", "& | !", "\\", "'; DROP", "%"):
        assert found(talk, biller, nothing) == [], nothing


def test_a_finding_shows_the_place_and_older_ones_follow(talk: Talk) -> None:
    biller = talk.person(talk.cast.biller)
    thread = begun(talk, talk.cast.biller, "Before " * 40 + "needle" + " after" * 40)
    with talk.work() as session:
        for number in range(PAGE_SIZE + 1):
            messages.reply(session, thread, by=biller, body=f"Card {number}", now=NOW)

    with talk.work() as session:
        (one,) = find(session, "needle", biller).found
        first = find(session, "card", biller)
        second = find(session, "card", biller, before=first.older)

    assert one.body.hit == "needle"
    assert one.body.before.startswith("… ")
    assert one.body.after.endswith(" …")
    assert len(one.body.before + one.body.after) < 200
    bodies = [each.message.body for each in (*first.found, *second.found)]
    assert bodies == [f"Card {number}" for number in reversed(range(PAGE_SIZE + 1))]
    assert second.older is None


def test_a_thread_is_found_by_its_subject_through_its_first_message_once(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "PAGE_SIZE", 2)
    biller = talk.person(talk.cast.biller)
    older = begun(talk, talk.cast.biller, "Front and back?", subject="New insurance card")
    again = begun(talk, talk.cast.biller, "Which one?", subject="Card again")
    last = begun(talk, talk.cast.owner, "The card is here", subject="A CARD, at last")
    with talk.work() as session:
        messages.reply(session, older, by=biller, body="Still waiting", now=NOW)

    with talk.work() as session:
        first = find(session, "card", biller)
        second = find(session, "card", biller, before=first.older)
        (one,) = find(session, "insur card", biller).found

    assert [each.thread.id for each in first.found] == [last, again]
    assert [each.thread.id for each in second.found] == [older]
    assert second.older is None
    assert (one.message.body, one.body.hit) == ("Front and back?", "")
    assert one.subject == finding.Place("New ", "insur", "ance card")
    assert found(talk, talk.cast.clinician, "insurance") == ["Front and back?"]
    colleagues = begun(
        talk, talk.cast.biller, "Who knows", claim_id=talk.other_claim_id, subject="Their insurance"
    )
    assert found(talk, talk.cast.clinician, "insurance") == ["Front and back?"]
    assert found(talk, talk.cast.owner, "insurance") == ["Who knows", "Front and back?"]
    with talk.database.work(practices=[talk.cast.elsewhere.id]) as session:
        assert find(session, "insurance", talk.person(talk.cast.stranger)).found == []
    with talk.work() as session:
        assert colleagues in {each.thread.id for each in find(session, "insurance", biller).found}


def test_nobody_finds_what_they_may_not_read(talk: Talk) -> None:
    biller, owner, clinician = talk.cast.biller, talk.cast.owner, talk.cast.clinician
    thread = begun(talk, biller, "Shared needle")
    begun(talk, biller, "Another's needle", claim_id=talk.other_claim_id)
    with talk.work() as session:
        person = talk.person(biller)
        messages.reply(session, thread, by=person, body="Noted needle", internal=True, now=NOW)
        gone = messages.reply(session, thread, by=person, body="Gone needle", now=NOW)
        messages.withdraw(session, thread, gone.id, by=person, now=NOW)
        edited = messages.reply(session, thread, by=person, body="Old needle", now=NOW)
        messages.edit(session, thread, edited.id, by=person, body="Straw", version=1, now=NOW)

    assert set(found(talk, biller, "needle")) == {
        "Shared needle", "Another's needle", "Noted needle",
    }  # fmt: skip
    assert set(found(talk, owner, "needle")) == {"Shared needle", "Another's needle"}
    assert found(talk, clinician, "needle") == ["Shared needle"]
    elsewhere = [talk.cast.elsewhere.id]
    with talk.database.work(practices=elsewhere) as session:
        stranger = talk.person(talk.cast.stranger)
        assert find(session, "needle", stranger).found == []
        # and whatever it is given, the function keeps to the transaction's practices
        asked = "SELECT count(*) FROM messages_found('needle', :all, NULL, NULL, 50)"
        every = [talk.practice_id, *elsewhere]
        assert session.scalar(text(asked), {"all": every}) == 0
        assert session.get(Message, (talk.practice_id, gone.id)) is None
