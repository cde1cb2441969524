"""Tasks: one for each cause, taken by whoever does the work, given by a lead, listed by day."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from backoffice.models.sealing import Keyring
from backoffice.models.tasks import Task, TaskKind, TaskState
from backoffice.models.users import User
from backoffice.rules.roles import Role
from backoffice.services import tasks
from backoffice.services.access import one
from backoffice.services.assignments import NotYoursToGive, doers
from backoffice.services.refusal import NotVisible
from backoffice.services.tasks import PAGE_SIZE, Pile
from tests.builders import NOW
from tests.cast import a_user, joins
from tests.databases import Database
from tests.record import on_record
from tests.talk import MINUTE, Talk, a_talk


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def a_lead(talk: Talk) -> User:
    """Leads the billers of the practice."""
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        lead = a_user(session, "Lia Leader")
        joins(session, lead, talk.billing.practice, Role.BILLER_LEAD)
    return lead


def raised(session: Session, talk: Talk, cause: str, **about: object) -> Task:
    return tasks.raise_once(
        session, talk.practice_id, TaskKind.FOLLOW_UP, cause, now=NOW, **about  # type: ignore[arg-type]  # a test's own words
    )  # fmt: skip


def test_one_cause_is_one_task_however_often_it_is_asked_for(talk: Talk) -> None:
    user = talk.cast.owner
    with talk.work() as session:
        first = tasks.raise_once(
            session, talk.practice_id, TaskKind.MAIL_BOUNCED, "mail_bounced:1", now=NOW,
            user_id=user.id,
        )  # fmt: skip
    with talk.work() as session:
        tasks.done(session, first.id, by=None, now=NOW + MINUTE)
        again = tasks.raise_once(
            session, talk.practice_id, TaskKind.MAIL_BOUNCED, "mail_bounced:1", now=NOW,
            title="Anew",
        )  # fmt: skip
        other = raised(session, talk, "mail_bounced:2")

    assert again.id == first.id != other.id
    assert (again.title, again.user_id, again.state) == ("", user.id, TaskState.DONE)
    with talk.work() as session:
        assert len(on_record(session, action="raise_task")) == 2


def test_a_task_is_taken_by_its_doers_given_by_a_lead_and_never_to_a_stranger(talk: Talk) -> None:
    lead = a_lead(talk)
    biller, leader = talk.person(talk.cast.biller), talk.person(lead)
    with talk.work() as session:
        task = raised(session, talk, "a").id
        tasks.give(session, task, biller.id, by=biller)
        assert tasks.mine_open(session, biller) == 1
        with pytest.raises(NotYoursToGive):
            tasks.give(session, task, leader.id, by=biller)
        with pytest.raises(NotVisible):
            tasks.give(session, task, talk.cast.stranger.id, by=leader)
        with pytest.raises(NotVisible):
            tasks.give(session, task, talk.cast.owner.id, by=leader)
        with pytest.raises(NotVisible):
            tasks.give(session, task, talk.cast.owner.id, by=talk.person(talk.cast.owner))
        tasks.give(session, task, leader.id, by=leader)
        assert tasks.mine_open(session, biller) == 0
        tasks.give(session, task, None, by=leader)

        names = {user.name for user in doers(session, talk.practice_id)}
        assert one(session, Task, task).owner_id is None
    assert names == {"Ana Sample", "Cleo Mockwell", "Lia Leader"}


def test_tasks_are_listed_by_day_page_by_page_each_with_what_it_is_about(talk: Talk) -> None:
    biller = talk.person(talk.cast.biller)
    with talk.work() as session:
        claim = talk.claim(session)
        late = raised(session, talk, "late", due_on=date(2026, 11, 30)).id
        early = raised(
            session, talk, "early", due_on=date(2026, 11, 21), claim_id=claim.id,
            client_id=claim.client_id, owner_id=biller.id,
        ).id  # fmt: skip
        for number in range(PAGE_SIZE):
            raised(session, talk, f"whenever:{number}")
        over = raised(session, talk, "over").id
        tasks.done(session, over, by=biller.id, now=NOW)

    with talk.work() as session:
        first = tasks.tasks(session, biller, Pile.ALL)
        assert first.older is not None
        second = tasks.tasks(session, biller, Pile.ALL, after=first.older)
        counts = tasks.counts(session, biller)
        done = tasks.tasks(session, biller, Pile.DONE)
        tasks.reopen(session, over)
        reopened = tasks.counts(session, biller)
        claim_number = claim.our_number

    seen = [line.task.id for line in (*first.lines, *second.lines)]
    assert seen[:2] == [early, late]
    assert len(seen) == len(set(seen)) == PAGE_SIZE + 2
    assert second.older is None
    about = first.lines[0]
    assert (about.claim, about.client, about.owner) == (claim_number, "Avery Sample", "Ana Sample")
    assert counts == {Pile.MINE: 1, Pile.UNASSIGNED: 51, Pile.ALL: 52, Pile.DONE: 1}
    assert [line.task.id for line in done.lines] == [over]
    assert (reopened[Pile.ALL], reopened[Pile.DONE]) == (53, 0)


def test_a_task_of_another_practice_is_not_there(talk: Talk) -> None:
    with talk.work() as session:
        task = raised(session, talk, "a").id
    elsewhere = talk.cast.elsewhere.id

    with talk.database.work(practices=[elsewhere]) as session:
        assert tasks.tasks(session, talk.person(talk.cast.stranger), Pile.ALL).lines == []
        for nobody in (task, uuid4()):
            with pytest.raises(NotVisible):
                tasks.done(session, nobody, by=None, now=NOW)
    assert isinstance(task, UUID)
