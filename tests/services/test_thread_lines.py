"""A list of threads says of each whose turn it is, what was said last and what it is about."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from backoffice.models.clients import Client
from backoffice.models.messages import ThreadState
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.services import messages
from backoffice.services.messages import Box, Line, To
from tests.builders import NOW
from tests.databases import Database
from tests.talk import MINUTE, Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def start(talk: Talk, by: User, about: Any = None, **words: Any) -> UUID:
    """Begin a thread about a row (kind, id), the claim if none is named."""
    said: dict[str, Any] = {"subject": "New plan", "body": "Do you  have\nthe card?"} | words
    with talk.work() as session:
        row = session.get_one(about[0], about[1]) if about else talk.claim(session)
        return messages.start(session, row, by=talk.person(by), now=NOW, **said).id


def listed(talk: Talk, user: User) -> tuple[dict[UUID, Line], int]:
    """Everything open, and how many questions it took."""
    person, asked = talk.person(user), list[str]()
    with talk.work() as session:
        event.listen(
            session.connection(), "before_cursor_execute", lambda *told: asked.append(told[2])
        )
        found = messages.threads(session, person, Box.ALL, now=NOW).lines
    return {line.id: line for line in found}, len(asked)


def test_a_line_says_what_was_said_last_whose_it_is_and_what_it_is_about(talk: Talk) -> None:
    biller, clinician = talk.cast.biller, talk.cast.clinician
    with talk.work() as session:
        claim = talk.claim(session)
        client_id, number, name = claim.client_id, claim.our_number, claim.client.name
    own = start(talk, biller)
    _, few = listed(talk, biller)
    about_client = start(talk, biller, (Client, (talk.practice_id, client_id)))
    about_all = start(
        talk, biller, (Practice, talk.practice_id), to=To(frozenset({clinician.id})), body="x " * 99
    )
    with talk.work() as session:
        colleagues = messages.start(
            session, talk.claim(session, talk.other_claim_id), by=talk.person(biller),
            subject="Theirs", body="Look", now=NOW, to=To(frozenset({clinician.id})),
        )  # fmt: skip
        answer = messages.reply(
            session, about_client, by=talk.person(clinician), body="Yes.", now=NOW + MINUTE
        )
        messages.reply(
            session, own, by=talk.person(biller), body="Odd", internal=True, now=NOW + MINUTE
        )
        messages.withdraw(session, about_client, answer.id, by=talk.person(clinician), now=NOW)

    house, many = listed(talk, biller)
    theirs, _ = listed(talk, clinician)

    assert many == few + 1  # the clients of threads that are about no claim
    assert [(each.about.number, each.about.client_name) for each in (house[own], theirs[own])] == [
        (number, name)
    ] * 2
    assert house[about_client].about.client_name == theirs[about_client].about.client_name == name
    assert house[colleagues.id].about.number
    assert theirs[colleagues.id].about == house[about_all].about == type(house[own].about)()
    lasts = [house[each].last for each in (own, about_client, about_all)]
    assert [
        (each.author.name, each.beginning, each.internal, each.withdrawn) for each in lasts if each
    ] == [
        ("Ana Sample", "Odd", True, False),
        ("Lee Example", "", False, True),
        ("Ana Sample", "x " * 60, False, False),
    ]
    said = theirs[own].last
    assert said is not None
    assert said.beginning == "Do you have the card?"
    owner = house[own].owner
    assert owner is not None
    assert (owner.name, house[own].state) == ("Ana Sample", ThreadState.WAITING_ON_PRACTICE)
