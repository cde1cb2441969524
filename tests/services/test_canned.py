"""Canned replies: filled in for one thread, whose own stands before the house's and the shipped."""

import pytest

from backoffice.models.appointments import ReadinessFinding
from backoffice.models.replies import CannedReply
from backoffice.models.sealing import Keyring
from backoffice.rules.canned import DEFAULTS, Canned, MergeField, merged, unknown_fields
from backoffice.rules.readiness import FindingCode, Subject, Supplier, Weight
from backoffice.services import messages
from backoffice.services.messages import canned
from backoffice.services.messages.canned import ReplyWrong
from backoffice.services.refusal import NotVisible
from tests.builders import NOW
from tests.databases import Database
from tests.talk import Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def test_what_is_known_is_filled_in_and_the_rest_stands_out() -> None:
    values = {MergeField.CLAIM_NUMBER: "C-1", MergeField.SENDER: "{practice}"}

    assert merged("{claim number}, { sender }", values) == "C-1, {practice}"  # never read again
    assert merged("On {date of service}", values) == "On [date of service]"
    assert merged("{client} and {}", values) == "{client} and {}"
    assert unknown_fields("{client}, {sender}, {}") == ["client", ""]


def test_what_is_shipped_names_only_fields_that_there_are() -> None:
    names = [each.name.casefold() for each in DEFAULTS]

    assert len(names) == len(set(names)) >= 15
    assert [each.name for each in DEFAULTS if unknown_fields(each.body)] == []


def test_a_thread_is_offered_its_practices_replies_before_the_houses_and_the_shipped(
    talk: Talk,
) -> None:
    biller = talk.person(talk.cast.biller)
    with talk.database.work(house=True) as session:
        canned.add(session, None, Canned("Thank you, filed", "From the house, {sender}"))
        canned.add(session, None, Canned("Insurance card", "From the house"))
    with talk.database.work(practices=[talk.cast.elsewhere.id]) as session:
        canned.add(session, talk.cast.elsewhere.id, Canned("Theirs", "Theirs"))
    with talk.work() as session:
        card = canned.add(session, talk.practice_id, Canned("insurance CARD", "The card, please"))
        assert isinstance(card, CannedReply)
        claim = talk.claim(session)
        session.add(
            ReadinessFinding(
                practice_id=talk.practice_id,
                subject_kind=Subject.CLIENT,
                subject_id=claim.client_id,
                code=FindingCode.CLIENT_BIRTH_DATE_MISSING,
                field="birth_date",
                supplier=Supplier.PRACTICE,
                weight=Weight.BLOCKS,
            )
        )
        thread = messages.start(
            session, claim, by=biller, subject="A question", body="Hello", now=NOW
        )
        number = claim.our_number
    with talk.work() as session:
        found = {each.name: each.body for each in canned.offered(session, thread.id, biller)}
        canned.withdraw(session, canned.reply_of(session, card.id), now=NOW)
        after = {each.name: each.body for each in canned.offered(session, thread.id, biller)}
        with pytest.raises(NotVisible):
            canned.reply_of(session, card.id)
    with talk.database.work(house=True) as session:
        for hidden in ("Insurance card", "Diagnosis", "Diagnosis"):
            canned.hide(session, hidden, now=NOW)
        put_away = canned.kept(session).hidden
        with pytest.raises(NotVisible):
            canned.hide(session, "Thanks a lot", now=NOW)
    with talk.work() as session:
        without = {each.name: each.body for each in canned.offered(session, thread.id, biller)}
    with talk.database.work(house=True) as session:
        canned.bring_back(session, "Diagnosis", now=NOW)
    with talk.work() as session:
        again = {each.name for each in canned.offered(session, thread.id, biller)}

    assert put_away == {"Insurance card", "Diagnosis"}
    assert without["Insurance card"] == "From the house"  # ours by its name stays
    assert again - without.keys() == {"Diagnosis"}
    assert found["Thank you, filed"] == "From the house, Ana Sample"
    assert found["insurance CARD"] == "The card, please"
    assert after["Insurance card"] == "From the house"
    assert "Theirs" not in found
    assert "- " in found["Missing items"]
    assert "birth date is missing" in found["Missing items"]
    assert f"Claim {number} was denied" in found["Denied: filed late"]
    assert len(found) == len(DEFAULTS)


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [(" ", "Words", "name"), ("x" * 61, "Words", "name"), ("A", " ", "body"),
     ("A", "Dear {client name}", "body")],
)  # fmt: skip
def test_a_reply_without_name_words_or_with_an_unknown_field_is_refused(
    name: str, body: str, field: str
) -> None:
    with pytest.raises(ReplyWrong) as refused:
        canned.good(Canned(name, body))

    assert refused.value.field == field
