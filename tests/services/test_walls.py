"""Nothing of another practice comes through, whichever way is tried; and the trying can fail."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.pool import NullPool

from backoffice.models.appointments import UnbilledTotal
from backoffice.models.base import new_id
from backoffice.models.clients import Client, Policy
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.submissions import ControlNumber
from backoffice.rules.readiness import Readiness
from backoffice.sandbox.stack.postgres import INTAKE, OWNER, RELAY, SEALER, SUPERUSER
from backoffice.services.refusal import NotVisible
from backoffice.services.work import ActsElsewhere, act_in, sessions, unit_of_work
from tests.builders import a_client, a_policy, a_practice
from tests.databases import Database
from tests.services.walls import CANARY, READS, WRITES, Path, Two

LEAST = 29
"""Kinds of path that safety.md counts."""


@pytest.fixture
def two(fresh_database: Database, keyring: object) -> Two:
    """Two practices with a client each; theirs is called like nobody else."""
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        ours = a_client(session, a_practice(session, ids[0]))
        theirs = a_client(
            session,
            a_practice(session, ids[1], name="Juniper Row"),
            name_key=f"{CANARY}, avery",
            last_name=CANARY,
            source_id="c-1",
        )
        policy = a_policy(session, theirs, None)
        session.add(
            ControlNumber(patient_control_number="THEIRS1", practice_id=ids[1], attempt_id=new_id())
        )
        nobody = UUID(int=0)
        session.add(
            UnbilledTotal(
                practice_id=ids[1],
                payer_id=nobody,
                clinician_id=nobody,
                readiness=Readiness.READY,
                appointments=1,
                charge_amount=Decimal(1),
            )
        )
    return Two(ids[0], ours.id, ids[1], theirs.id, policy.id, "THEIRS1", "c-1")


def read_through(database: Database, two: Two, path: Path) -> bool:
    """Whether a unit for our practice sees anything of theirs; a refusal is nothing."""
    try:
        with database.work(practices=[two.our_practice]) as session:
            return CANARY in str(path(session, two))
    except Exception:  # noqa: BLE001 - however it is refused
        return False


def written_through(database: Database, two: Two, path: Path, practices: list[UUID]) -> bool:
    """Whether a unit that acts in our practice changes anything of theirs."""
    before = theirs_as_it_is(database, two)
    try:
        with unit_of_work(
            database.sessions, practices=practices, acting=two.our_practice
        ) as session:
            path(session, two)
    except Exception:  # noqa: BLE001, S110 - however it is refused, what stands is compared
        pass
    return bool(theirs_as_it_is(database, two) != before)


def theirs_as_it_is(database: Database, two: Two) -> Any:
    with superuser(database) as session:
        return [
            session.execute(
                text(f"SELECT * FROM {table} WHERE practice_id = :theirs ORDER BY 2, 3"),
                {"theirs": two.their_practice},
            ).all()
            for table in ("clients", "policies", "unbilled_totals", "control_numbers")
        ] + [session.scalars(text("SELECT practice_id FROM policies ORDER BY id")).all()]


class superuser:  # noqa: N801 - reads as a word after `with`
    """A session that no wall stops."""

    def __init__(self, database: Database) -> None:
        self._engine = create_engine(database.urls[SUPERUSER], poolclass=NullPool)
        self._session = Session(self._engine)

    def __enter__(self) -> Session:
        return self._session

    def __exit__(self, *_: object) -> None:
        self._session.commit()
        self._session.close()


def leaks(database: Database, two: Two) -> list[str]:
    both = [two.our_practice, two.their_practice]
    found = [name for name, path in READS.items() if read_through(database, two, path)]
    for name, path in WRITES.items():
        if written_through(database, two, path, [two.our_practice]):
            found.append(name)
        if written_through(database, two, path, both):
            found.append(f"{name}, though theirs may be read")
    return found


def test_no_path_leads_to_another_practice(fresh_database: Database, two: Two) -> None:
    assert len(READS) + len(WRITES) >= LEAST
    assert leaks(fresh_database, two) == []


def test_a_hole_in_the_wall_is_found(fresh_database: Database, two: Two) -> None:
    with superuser(fresh_database) as session:
        session.execute(text("ALTER TABLE clients DISABLE ROW LEVEL SECURITY"))

    found = leaks(fresh_database, two)

    assert {"plain_sql", "core_update", "insert_for_another", "core_select"} <= set(found)


def test_a_policy_that_forgets_where_one_acts_is_found(fresh_database: Database, two: Two) -> None:
    with superuser(fresh_database) as session:
        session.execute(text("DROP POLICY acting_changes ON clients"))

    assert "core_update, though theirs may be read" in leaks(fresh_database, two)


def test_the_fence_alone_keeps_the_orm_inside_and_each_session_in_its_own_practice(
    fresh_database: Database, two: Two
) -> None:
    engine = create_engine(fresh_database.urls[SUPERUSER], poolclass=NullPool)
    seen = []
    for practice in (two.our_practice, two.their_practice):
        with unit_of_work(sessions(engine), practices=[practice]) as session:
            clients = session.scalars(select(Client)).all()
            joined = session.scalars(select(Policy).options(joinedload(Policy.client))).all()
            counted = session.scalar(select(func.count(Client.id)))
            got = session.get(Client, two.their_key)
            seen.append(([c.id for c in clients], len(joined), counted, got is not None))
    assert seen == [([two.our_client], 0, 1, False), ([two.their_client], 1, 1, True)]


def test_a_unit_for_several_practices_reads_all_and_writes_only_where_it_acts(
    fresh_database: Database, two: Two
) -> None:
    both = [two.our_practice, two.their_practice]
    with unit_of_work(fresh_database.sessions, practices=both, acting=both[0]) as session:
        found = {each.id: each for each in session.scalars(select(Client))}
        assert found.keys() == {two.our_client, two.their_client}
        found[two.our_client].last_name = "Changed"

    with (
        pytest.raises(ActsElsewhere),
        unit_of_work(fresh_database.sessions, practices=both, acting=both[0]) as session,
    ):
        session.get_one(Client, two.their_key).last_name = "Changed"

    with (
        pytest.raises(ActsElsewhere),
        unit_of_work(fresh_database.sessions, practices=both) as session,
    ):
        session.get_one(Client, (both[0], two.our_client)).last_name = "Again"


def test_a_file_for_several_practices_acts_in_one_after_the_other(
    fresh_database: Database, two: Two
) -> None:
    both = [two.our_practice, two.their_practice]
    with unit_of_work(fresh_database.sessions, practices=both) as session:
        for practice_id, client_id in zip(both, (two.our_client, two.their_client), strict=True):
            act_in(session, practice_id)
            session.get_one(Client, (practice_id, client_id)).last_name = "Both"
        with pytest.raises(NotVisible):
            act_in(session, uuid4())

    with fresh_database.work(practices=both) as session:
        assert {each.last_name for each in session.scalars(select(Client))} == {"Both"}


@pytest.fixture
def as_role(fresh_database: Database) -> Iterator[Any]:
    """Ask something as one of the roles; None when the database refuses."""
    engines = {
        role: create_engine(fresh_database.urls[role], poolclass=NullPool)
        for role in (RELAY, SEALER, INTAKE, OWNER)
    }

    def ask(role: str, words: str) -> Any:
        with engines[role].connect() as connection:
            try:
                return connection.execute(text(words)).all()
            except DBAPIError:
                return None

    yield ask
    for engine in engines.values():
        engine.dispose()


def test_the_narrow_roles_see_what_they_are_for_and_nothing_else(
    fresh_database: Database, two: Two, as_role: Any
) -> None:
    with fresh_database.work(house=True) as session:
        session.add(
            ClearinghouseAccount(
                name="Main", sender_id="S", sender_name="S", contact_name="C", contact_phone="1",
                receiver_id="R", receiver_name="R",
            )
        )  # fmt: skip

    assert as_role(RELAY, "SELECT id, job, due_at FROM errands") == []
    assert len(as_role(INTAKE, "SELECT name FROM clearinghouse_accounts")) == 1
    for role in (RELAY, SEALER, INTAKE):
        assert as_role(role, "SELECT name_key FROM clients") is None, role
    for column in ("practice_id", "subject_id", "problem"):
        assert as_role(RELAY, f"SELECT {column} FROM errands") is None, column
    for role in (RELAY, INTAKE):
        assert as_role(role, "SELECT * FROM clients_found(ARRAY['z'], 9)") is None, role
        assert as_role(role, "SET ROLE search") is None, role
        assert as_role(role, "SET ROLE auditor") is None, role
    assert as_role(OWNER, "SELECT name_key FROM clients") == []


def test_what_no_practice_is_known_for_is_shown_to_the_intake_alone(
    fresh_database: Database, two: Two
) -> None:
    planted = text(
        "INSERT INTO inbound_files (id, created_at, kind, sha256, size, document_key, state,"
        " problem, received_at) VALUES (gen_random_uuid(), now(), 'era', 'x', 1, 'h/1', 'received',"
        " '', now())"
    )
    with fresh_database.intake() as session:
        session.execute(planted)

    asked = text("SELECT count(*) FROM inbound_files")
    with fresh_database.intake() as session:
        assert session.scalar(asked) == 1
    with fresh_database.work(house=True) as session:
        assert session.scalar(asked) == 0
    with fresh_database.work(practices=[two.our_practice]) as session:
        assert session.scalar(asked) == 0
    with pytest.raises(DBAPIError), fresh_database.work(house=True) as session:
        session.execute(planted)
