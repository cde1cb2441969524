"""Sealed values open at their own place only, change keys under load; a needed key is missed."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary, select, text

from backoffice.cli.keys import count_all, reseal_all
from backoffice.models.base import Base
from backoffice.models.clients import Client
from backoffice.models.field_keys import FieldKey
from backoffice.models.sealing import Keyring, SealBroken, install_keyring
from backoffice.services import field_keys
from backoffice.services.field_keys import KeysMissing, KeyStillNeeded
from tests.builders import a_practice
from tests.databases import Database

NOW = datetime(2026, 5, 6, tzinfo=UTC)
SSN = "987-65-43{:02d}"
ROWS = 120


@pytest.fixture
def two_keys(keyring: Keyring) -> Iterator[Keyring]:
    """The process's keys after a new one was put first; as they were, afterwards."""
    yield Keyring({"k2": bytes(reversed(range(32))), **keyring.field_keys}, keyring.index_key)
    install_keyring(keyring)


@pytest.fixture
def practices(fresh_database: Database, keyring: Keyring) -> list[UUID]:
    """Two practices with sealed clients, the second with one."""
    with fresh_database.work(house=True) as session:
        found = [a_practice(session).id, a_practice(session, name="Other", mark="OT").id]
    for practice_id, count in zip(found, (ROWS, 1), strict=True):
        with fresh_database.work(practices=[practice_id]) as session:
            for number in range(count):
                client = Client(
                    practice_id=practice_id, last_name="Sample", name_key=f"sample {number}"
                )
                client.ssn, client.birth_date = SSN.format(number % 100), "1980-01-02"
                session.add(client)
    return found


def test_every_sealed_column_is_found_and_can_be_named() -> None:
    found = {(each.table.name, each.attribute) for each in field_keys.sealed_columns()}

    assert {("clients", "ssn"), ("policies", "member_id"), ("submissions", "body")} <= found
    by_hand = {
        (table.name, column.name.removesuffix("_sealed"))
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_sealed")
    }
    assert found == by_hand
    assert all(isinstance(each.column.type, LargeBinary) for each in field_keys.sealed_columns())


def test_keys_change_while_people_read_and_write(
    fresh_database: Database, practices: list[UUID], two_keys: Keyring
) -> None:
    install_keyring(two_keys)
    here, wrong, stop, written = practices[0], list[Exception](), threading.Event(), set[UUID]()

    def use(offset: int) -> None:
        number = offset
        while not stop.is_set():
            try:
                with fresh_database.work(practices=[here]) as session:
                    query = select(Client).order_by(Client.id).offset(number % ROWS).limit(1)
                    client = session.scalars(query).one()
                    assert client.ssn is not None
                    assert client.ssn.startswith("987-65-")
                    client.ssn = "987-65-9999"
                    written.add(client.id)
            except Exception as problem:  # noqa: BLE001 - counted: none may happen
                wrong.append(problem)
            number += 7

    users = [threading.Thread(target=use, args=(offset,)) for offset in (0, 3)]
    for user in users:
        user.start()
    sealed = reseal_all(fresh_database.sessions)
    stop.set()
    for user in users:
        user.join()

    assert wrong == []
    assert count_all(fresh_database.sessions) == {"k2": 2 * (ROWS + 1)}
    assert sealed + len(written) >= 2 * (ROWS + 1)
    install_keyring(Keyring({"k2": two_keys.field_keys["k2"]}, two_keys.index_key))
    with fresh_database.work(practices=practices) as session:
        clients = session.scalars(select(Client)).all()
        assert all(each.birth_date == "1980-01-02" for each in clients)
        assert {each.id for each in clients if each.ssn == "987-65-9999"} == written


def test_a_second_run_finds_nothing_to_do_and_an_interrupted_one_goes_on(
    fresh_database: Database, practices: list[UUID], two_keys: Keyring
) -> None:
    install_keyring(two_keys)
    column = next(each for each in field_keys.sealed_columns() if each.column.name == "ssn_sealed")
    with fresh_database.work(practices=[practices[0]]) as session:
        some = field_keys.reseal_some(session, column, most=50)
    assert len(some) == 50

    assert reseal_all(fresh_database.sessions) == 2 * (ROWS + 1) - 50
    assert reseal_all(fresh_database.sessions) == 0


def test_a_start_without_a_needed_key_is_refused_until_the_key_is_retired(
    fresh_database: Database, practices: list[UUID], two_keys: Keyring, keyring: Keyring
) -> None:
    def start(keys: Keyring) -> None:
        install_keyring(keys)
        with fresh_database.work(house=True) as session:
            field_keys.stand_ready(session, now=NOW)

    start(keyring)
    start(two_keys)
    alone = Keyring({"k2": two_keys.field_keys["k2"]}, two_keys.index_key)
    with pytest.raises(KeysMissing) as missing:
        start(alone)
    assert missing.value.key_ids == {"k1"}

    install_keyring(two_keys)
    with fresh_database.work(house=True) as session:
        with pytest.raises(KeyStillNeeded):
            field_keys.retire(session, "k2")
        field_keys.retire(session, "k1")
    start(alone)
    with fresh_database.work(house=True) as session:
        assert [key.key_id for key in session.scalars(select(FieldKey))] == ["k2"]


def test_a_value_moved_to_another_row_column_or_practice_does_not_open(
    fresh_database: Database, practices: list[UUID]
) -> None:
    here, there = practices
    with fresh_database.work(practices=practices) as session:
        first, second = session.scalars(
            select(Client).where(Client.practice_id == here).order_by(Client.id).limit(2)
        ).all()
        foreign = session.scalars(select(Client).where(Client.practice_id == there)).one()
        session.expunge_all()

    first.ssn_sealed, foreign_ssn = second.ssn_sealed, foreign.ssn_sealed
    with pytest.raises(SealBroken):
        _ = first.ssn
    second.birth_date_sealed = second.ssn_sealed
    with pytest.raises(SealBroken):
        _ = second.birth_date
    moved = Client(id=foreign.id, practice_id=here, last_name="x", name_key="x")
    moved.ssn_sealed = foreign_ssn
    with pytest.raises(SealBroken):
        _ = moved.ssn
    foreign.ssn_sealed = _last_bit_turned(foreign_ssn or b"")
    with pytest.raises(SealBroken):
        _ = foreign.ssn


def _last_bit_turned(sealed: bytes) -> bytes:
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


def test_the_same_value_has_another_index_in_another_practice(
    fresh_database: Database, practices: list[UUID], keyring: Keyring
) -> None:
    indexes = {keyring.blind_index(practice, "ssn", "987-65-4321") for practice in practices}

    assert len(indexes) == 2
    with fresh_database.work(practices=practices) as session:
        client = session.scalars(select(Client).limit(1)).one()
        assert client.ssn is not None
        assert client.ssn_index == keyring.blind_index(client.practice_id, "ssn", client.ssn)


def test_no_row_holds_a_sealed_value_in_the_clear(
    fresh_database: Database, practices: list[UUID]
) -> None:
    with fresh_database.work(practices=practices) as session:
        whole = "\n".join(
            row for (row,) in session.execute(text("SELECT clients::text FROM clients"))
        )

    assert len(whole.splitlines()) == ROWS + 1
    assert "987-65-43" not in whole
    assert b"987-65-43".hex() not in whole
    assert "1980-01-02" not in whole
    assert b"1980-01-02".hex() not in whole
