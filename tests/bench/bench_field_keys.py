"""What changing the key of sealed fields costs while people read and write: 10,000 clients.

Two readers and two writers work on the very rows all the while; none of them may meet an error.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from backoffice.cli.keys import count_all, reseal_all
from backoffice.models.base import new_id
from backoffice.models.clients import Client
from backoffice.models.sealing import Keyring, install_keyring
from tests.bench import with_servers
from tests.builders import a_practice
from tests.databases import Database

ROWS = 10_000
AT_ONCE = 1_000
BORN = "1980-01-02"


@pytest.fixture
def rotated(keyring: Keyring) -> Iterator[Keyring]:
    """A new key first, the old one behind it; afterwards the process's keys as they were."""
    yield Keyring({"k2": bytes(reversed(range(32))), **keyring.field_keys}, keyring.index_key)
    install_keyring(keyring)


@pytest.fixture
def here(fresh_database: Database) -> UUID:
    """The practice whose clients they are."""
    with fresh_database.work(house=True) as session:
        return a_practice(session).id


@pytest.fixture
def clients(fresh_database: Database, here: UUID, keyring: Keyring) -> dict[UUID, str]:
    """The SSN of each client of one practice, sealed under the old key with its birth date."""
    ssns = {new_id(): f"987-{number // 100:02}-{number:04}" for number in range(ROWS)}
    ids = list(ssns)
    for start in range(0, ROWS, AT_ONCE):
        with fresh_database.work(practices=[here]) as session:
            for client_id in ids[start : start + AT_ONCE]:
                client = Client(
                    practice_id=here, id=client_id, last_name="Sample", name_key="sample"
                )
                client.ssn, client.birth_date = ssns[client_id], BORN
                session.add(client)
    return ssns


def test_ten_thousand_rows_get_a_new_key_under_readers_and_writers(
    fresh_database: Database, here: UUID, clients: dict[UUID, str], rotated: Keyring
) -> None:
    install_keyring(rotated)
    stop, wrong, done = threading.Event(), list[Exception](), {"reads": 0, "writes": 0}
    ids = list(clients)

    def read(dice: random.Random) -> None:
        with fresh_database.work(practices=[here]) as session:
            client = session.scalars(select(Client).where(Client.id == dice.choice(ids))).one()
            assert (client.ssn, client.birth_date) == (clients[client.id], BORN)
        done["reads"] += 1

    def write(dice: random.Random, own: list[UUID]) -> None:
        with fresh_database.work(practices=[here]) as session:
            client = session.scalars(select(Client).where(Client.id == dice.choice(own))).one()
            client.ssn = clients[client.id]  # sealed anew by a person, as it happens
        done["writes"] += 1

    def go_on(act: Callable[[], None]) -> None:
        while not stop.is_set():
            try:
                act()
            except Exception as problem:  # noqa: BLE001 - counted: none may happen
                wrong.append(problem)

    dice = [random.Random(seed) for seed in range(4)]
    acts: list[Callable[[], None]] = [
        lambda: read(dice[0]),
        lambda: read(dice[1]),
        lambda: write(dice[2], ids[::2]),
        lambda: write(dice[3], ids[1::2]),
    ]
    users = [threading.Thread(target=go_on, args=(act,)) for act in acts]
    for user in users:
        user.start()
    began = time.perf_counter()
    sealed = reseal_all(fresh_database.sessions)
    took = time.perf_counter() - began
    stop.set()
    for user in users:
        user.join()

    sys.stdout.write(
        f"\n{ROWS:,} rows, {sealed:,} values sealed anew in {took:.1f} s beside"
        f" {done['reads']:,} reads and {done['writes']:,} writes: {len(wrong)} errors\n"
    )
    assert wrong == []
    assert min(done.values()) > 0
    assert count_all(fresh_database.sessions) == {"k2": 2 * ROWS}
    install_keyring(Keyring({"k2": rotated.field_keys["k2"]}, rotated.index_key))
    with fresh_database.work(practices=[here]) as session:
        found = {each.id: each.ssn for each in session.scalars(select(Client))}
    assert found == clients


if __name__ == "__main__":
    with_servers.run(__file__)
