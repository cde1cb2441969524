"""EOBs of payers that send no payment reports: asked for once, reminded twice, ended by one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from backoffice.models.notifications import Notice
from backoffice.models.sealing import Keyring
from backoffice.models.tasks import Task, TaskKind, TaskState
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.notices import Topic
from backoffice.services import eobs
from backoffice.services.documents import filing
from backoffice.services.documents.filing import Beside
from backoffice.services.refusal import NotVisible
from tests.builders import NOW
from tests.databases import Database
from tests.services.test_documents import keep
from tests.talk import Talk, a_talk

DAY = timedelta(days=1)


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def accept(talk: Talk, at: datetime) -> int:
    """The claim was accepted then, by a payer without payment reports; returns its usual days."""
    with talk.work() as session:
        claim = talk.claim(session)
        claim.status, claim.status_since = ClaimStatus.ACCEPTED, at
        payer_id, days = claim.payer_id, claim.payer.answer_days
    with talk.database.work(house=True) as session:
        eobs.set_payment_reports(session, payer_id, sends=False)
    return days


def look(talk: Talk, now: datetime) -> tuple[list[Task], int]:
    """Look after the practice; its tasks then, and how many mails asked anybody for an EOB."""
    with talk.work() as session:
        eobs.look_after(session, now=now)
    with talk.work() as session:
        told = select(Notice).where(Notice.topic == Topic.EOB_WANTED)
        return list(session.scalars(select(Task))), len(session.scalars(told).all())


def test_an_eob_is_asked_for_when_its_payer_is_late_and_reminded_of_until_it_lies_beside(
    talk: Talk,
) -> None:
    days = accept(talk, NOW)
    asked_at = NOW + days * DAY + timedelta(minutes=1)

    before, none = look(talk, NOW + days * DAY - timedelta(minutes=1))
    asked, first = look(talk, asked_at)
    assert (before, none) == ([], 0)
    assert [(task.kind, task.claim_id, task.state) for task in asked] == [
        (TaskKind.EOB_WANTED, talk.claim_id, TaskState.OPEN)
    ]
    assert first == 3  # owner, billing person, the claim's clinician; the other one hears nothing
    for wait, told in ((6, 1), (7, 2), (8, 2), (13, 2), (14, 3), (60, 3)):
        again, count = look(talk, asked_at + wait * DAY)
        assert (len(again), count) == (1, told * first), f"after {wait} days"
    with talk.work() as session:
        for who, wanted in ((talk.cast.clinician, [talk.claim_id]), (talk.other_clinician, [])):
            assert [each.id for each in eobs.awaited(session, talk.person(who))] == wanted

    keep(talk, talk.cast.owner, beside_claim=True)
    with talk.work() as session:
        assert session.scalars(select(Task.state)).all() == [TaskState.DONE]


def test_an_eob_that_is_kept_or_linked_ends_the_waiting_by_itself(talk: Talk) -> None:
    days = accept(talk, NOW)
    look(talk, NOW + (days + 1) * DAY)
    biller = talk.person(talk.cast.biller)

    eob = keep(talk, talk.cast.owner)  # beside nothing
    (still,), told = look(talk, NOW + (days + 2) * DAY)
    with talk.work() as session:
        filing.link_to(session, eob.id, Beside.CLAIM, talk.claim_id, by=biller)
        eobs.settle(session, eob.id, now=NOW + (days + 2) * DAY)

    assert still.state is TaskState.OPEN
    (done,), after = look(talk, NOW + (days + 40) * DAY)
    assert (done.state, done.done_by_id, after) == (TaskState.DONE, None, told)
    with talk.work() as session:
        assert eobs.awaited(session, talk.person(talk.cast.owner)) == []

    # a payer that sends reports after all, or is none
    with talk.work() as session:
        payer_id = talk.claim(session).payer_id
    with talk.database.work(house=True) as session:
        assert eobs.set_payment_reports(session, payer_id, sends=True).era_supported
        with pytest.raises(NotVisible):
            eobs.set_payment_reports(session, talk.claim_id, sends=True)
