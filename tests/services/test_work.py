"""The wall: a transaction sees and writes the practices it works for, and no others."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from backoffice.models.base import Base, PracticeRow
from backoffice.models.clients import Client, Policy
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring, SealBroken, place_of
from backoffice.services.access import one
from backoffice.services.refusal import NotVisible
from backoffice.services.work import ActsElsewhere
from tests.builders import a_client, a_payer, a_policy, a_practice
from tests.databases import Database, SessionFor


@pytest.fixture
def two(fresh_database: Database, keyring: Keyring) -> tuple[Database, Client, Client]:
    """Two practices with a client each, committed."""
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        ours = a_client(session, a_practice(session, ids[0]))
        theirs = a_client(session, a_practice(session, ids[1], name="Juniper Row"))
    return fresh_database, ours, theirs


def test_a_transaction_without_a_tenancy_sees_nothing(
    two: tuple[Database, Client, Client],
) -> None:
    database, _, _ = two

    with database.work() as session:
        assert session.scalar(select(func.count()).select_from(Client)) == 0
        assert session.scalar(select(func.count()).select_from(Practice)) == 0


def test_raw_sql_sees_only_the_practices_worked_for(two: tuple[Database, Client, Client]) -> None:
    database, ours, _ = two

    with database.work(practices=[ours.practice_id]) as session:
        seen = session.execute(text("SELECT id FROM clients")).scalars().all()

    assert seen == [ours.id]


def test_another_practices_row_is_refused_like_an_absent_one(
    two: tuple[Database, Client, Client],
) -> None:
    database, ours, theirs = two

    with database.work(practices=[ours.practice_id]) as session:
        for row_id in (theirs.id, uuid4()):
            with pytest.raises(NotVisible):
                one(session, Client, row_id)


def test_a_row_cannot_be_written_into_another_practice(
    two: tuple[Database, Client, Client],
) -> None:
    database, ours, theirs = two

    with (
        pytest.raises(ActsElsewhere),
        database.work(practices=[ours.practice_id]) as session,
    ):
        session.add(Client(practice_id=theirs.practice_id, name_key="x"))


def test_a_row_cannot_point_into_another_practice(two: tuple[Database, Client, Client]) -> None:
    database, ours, theirs = two

    with database.work(practices=[ours.practice_id, theirs.practice_id]) as session:
        payer = a_payer(session)
        with pytest.raises(IntegrityError):
            a_policy(session, ours, payer, client_id=theirs.id)
        session.rollback()


@pytest.mark.parametrize("table", ["ledger_entries", "claim_steps", "audit_records", "messages"])
def test_what_is_only_added_to_cannot_be_changed_or_deleted(
    fresh_database: Database, table: str
) -> None:
    for act in (f"DELETE FROM {table}", f"UPDATE {table} SET created_at = now()"):
        with pytest.raises(DBAPIError, match="permission denied"), fresh_database.work() as session:
            session.execute(text(act))


def test_every_practice_table_is_walled_and_forced(fresh_database: Database) -> None:
    walled = {
        name
        for name, table in Base.metadata.tables.items()
        if any(
            mapper.local_table is table and issubclass(mapper.class_, PracticeRow)
            for mapper in Base.registry.mappers
        )
    }

    with fresh_database.work() as session:
        guarded = session.execute(
            text(
                "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
                " WHERE relrowsecurity AND relforcerowsecurity"
            )
        ).scalars()

        assert walled <= set(guarded)


def test_a_sealed_value_opens_only_in_its_own_row(
    session_for: SessionFor, keyring: Keyring
) -> None:
    practice_id = uuid4()
    session = session_for(practices=[practice_id], house=True)
    client = a_client(session, a_practice(session, practice_id))
    mine = a_policy(session, client, None, member_id="ABC123")
    other = a_policy(session, client, None, member_id="XYZ789")

    other.member_id_sealed = mine.member_id_sealed

    assert mine.member_id == "ABC123"
    assert b"ABC123" not in (mine.member_id_sealed or b"")
    with pytest.raises(SealBroken):
        keyring.open(place_of(other, "member_id"), other.member_id_sealed or b"")


def test_a_sealed_value_is_found_exactly_by_its_blind_index(
    session_for: SessionFor, keyring: Keyring
) -> None:
    practice_id = uuid4()
    session = session_for(practices=[practice_id], house=True)
    client = a_client(session, a_practice(session, practice_id))
    policy = a_policy(session, client, None, member_id="ABC123")

    wanted = keyring.blind_index(practice_id, "member_id", "ABC123")
    found = session.scalars(select(Policy).where(Policy.member_id_index == wanted)).all()

    assert found == [policy]
