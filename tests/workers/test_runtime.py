"""A job works for its errand's practice, and for no other that a row may lead it to."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.clearinghouse import InMemoryClearinghouse
from backoffice.jobs import Job, ask_for
from backoffice.models.outbox import Errand
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from tests.builders import NOW, a_practice
from tests.databases import Database
from tests.workers.sending import Stage, a_stage
from workers.runtime import Again, Runtime, Task, run


@pytest.fixture
def stage(fresh_database: Database, settings: Settings, keyring: Keyring) -> Stage:
    return a_stage(fresh_database, settings, InMemoryClearinghouse())


def test_an_errand_of_one_practice_opens_no_unit_of_work_for_another(stage: Stage) -> None:
    here, elsewhere, seen = stage.practice_id, uuid4(), []
    with stage.database.work(practices=[here, elsewhere], house=True) as session:
        a_practice(session, here)
        a_practice(session, elsewhere, name="Juniper Row")
        for turn, practice_id in (("own", here), ("led astray", here), ("house", None)):
            ask_for(
                session,
                Job.BEGIN_DAY,
                subject_id=elsewhere,
                practice_id=practice_id,
                due_at=NOW,
                turn=turn,
            )

    def look(task: Task, runtime: Runtime) -> Again | None:
        practice_id: UUID = here if task.turn == "own" else elsewhere
        with runtime.work(practice_id) as session:
            assert session.get(Practice, practice_id) is not None
            seen.append(task.turn)
        return None

    with stage.database.work(house=True) as session:
        errands = session.scalars(select(Errand)).all()
    for errand in errands:
        run(look, errand.id, stage.run)

    assert sorted(seen) == ["house", "own"]
    with stage.database.work(house=True) as session:
        problems = {each.turn: each.problem for each in session.scalars(select(Errand))}
    assert problems == {"own": "", "house": "", "led astray": "AnotherPractices"}
