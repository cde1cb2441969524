"""What finding messages and listing threads cost: python -m tests.bench.bench_message_search.

A million messages in 100,000 threads of 30 practices, one of them holding two fifths; words as
unevenly common as people's, two of them in each subject. MESSAGES in the environment makes it
smaller. Every search is a unit of work of its own, through the service, under the wall.
"""

import os
import statistics
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from random import Random
from time import perf_counter
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from backoffice.models.sealing import Keyring
from backoffice.rules.roles import Role
from backoffice.sandbox.stack.postgres import SUPERUSER
from backoffice.services import messages
from backoffice.services.accounts import Person
from backoffice.services.messages import Box, finding
from backoffice.services.work import unit_of_work
from tests.bench import with_servers
from tests.builders import NOW, a_practice
from tests.cast import a_user
from tests.databases import Database

MESSAGES = int(os.environ.get("MESSAGES", "1000000"))
THREADS, PRACTICES, VOCABULARY, TRIES = MESSAGES // 10, 30, 20_000, 60

FILL = """
CREATE FUNCTION pg_temp.at(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(1700000000000 + n * 50), 12, '0') || '7000' || '8000'
          || lpad(to_hex(n), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.whose(n bigint) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN n % 10 < 4 THEN 1 ELSE 2 + (n / 10 % {others})::int END $$;
DROP INDEX ix_messages_words;
INSERT INTO threads (practice_id, id, created_at, subject, state, owner_id, due_at, last_message_at)
SELECT practices[pg_temp.whose(n)], pg_temp.at(n), now(),
       'word' || floor({vocabulary} * random() ^ 4) || ' word' || floor({vocabulary} * random() ^ 4)
       || ' thread ' || n,
       CASE WHEN n % 20 > 0 THEN 'done' WHEN n % 60 = 0 THEN 'open'
            WHEN n % 60 = 20 THEN 'waiting_on_payer' ELSE 'waiting_on_practice' END,
       CASE WHEN n % 3 = 0 THEN CAST(:owner AS uuid) END,
       CASE WHEN n % 100 = 0 THEN CAST(:now AS timestamptz) - interval '1 hour' END,
       timestamptz '2026-01-01' + n * interval '1 minute'
  FROM generate_series(0, :threads - 1) AS n, (SELECT CAST(:practices AS uuid[]) AS practices) AS p;
INSERT INTO messages (practice_id, id, created_at, thread_id, author_id, internal, body, sent_at)
SELECT practices[pg_temp.whose(n / 10)], pg_temp.at(n), now(), pg_temp.at(n / 10),
       CAST(:owner AS uuid), n % 9 = 0, said.body, now()
  FROM generate_series(0, :messages - 1) AS n,
       (SELECT CAST(:practices AS uuid[]) AS practices) AS p,
       LATERAL (SELECT string_agg('word' || floor({vocabulary} * random() ^ 4 + 0 * k), ' ') AS body
                  FROM generate_series(1 + 0 * n, 12) AS k) AS said;
CREATE INDEX ix_messages_words ON messages USING gin ((to_tsvector('simple'::regconfig,
  translate(body, '-/.,_@:#', '        '))
  || array_to_tsvector(ARRAY['practice:'::text || practice_id::text]))) WITH (fastupdate = off);
ANALYZE messages; ANALYZE threads;
"""


def a_biller(user_id: UUID, practices: list[UUID]) -> Person:
    """Somebody who bills for these practices."""
    return Person(
        id=user_id,
        name="Ana Sample",
        email="ana@example.test",
        initials="AS",
        time_zone="America/New_York",
        roles=frozenset({Role.BILLER}),
        roles_by_practice={each: frozenset({Role.BILLER}) for each in practices},
        practices=(),
    )


def timed(what: str, act: Callable[[int], object], tries: int = TRIES) -> float:
    """Do it, say median, 95th percentile and the longest; returns the 95th in milliseconds."""
    took = []
    for number in range(tries):
        began = perf_counter()
        act(number)
        took.append((perf_counter() - began) * 1000)
    p95 = statistics.quantiles(took, n=20)[-1]
    sys.stdout.write(
        f"{what:<44}p50 {statistics.median(took):8.1f}  p95 {p95:8.1f}  most {max(took):8.1f} ms\n"
    )
    return p95


def fill(database: Database, owner: UUID, practices: list[UUID]) -> None:
    """Write it all as the superuser, the index of words last."""
    engine = sa.create_engine(database.urls[SUPERUSER], poolclass=NullPool)
    words = FILL.format(others=PRACTICES - 1, vocabulary=VOCABULARY)
    values = {
        "owner": owner, "practices": practices, "now": NOW,
        "threads": THREADS, "messages": MESSAGES,
    }  # fmt: skip
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in words.split(";\n"):
            if statement.strip():
                needed = {name: each for name, each in values.items() if f":{name}" in statement}
                connection.execute(sa.text(statement.replace("::", "\\:\\:")), needed)
    engine.dispose()


def test_a_million_messages_are_searched(fresh_database: Database, keyring: Keyring) -> None:
    with fresh_database.work(house=True) as session:
        owner = a_user(session, "Ana Sample").id
        practices = [
            a_practice(session, name=f"Practice {n}", short_name=f"P{n}").id
            for n in range(PRACTICES)
        ]
    began = perf_counter()
    fill(fresh_database, owner, practices)
    sys.stdout.write(
        f"\n{MESSAGES:,} messages, {THREADS:,} threads, filled in {perf_counter() - began:.0f} s;"
        f" {TRIES} tries each, load {os.getloadavg()[0]:.1f}\n"
    )
    dice = Random(7)
    worst = 0.0
    for who, own in {
        "all practices": practices, "the largest": practices[:1], "a small one": practices[-1:],
    }.items():  # fmt: skip
        person = a_biller(owner, own)

        def search(kind: str, _: int, own: list[UUID] = own, person: Person = person) -> None:
            with reading(fresh_database, own) as session:
                finding.find(session, words_of(kind, dice), person)

        for kind in ("rare", "common", "any two", "beginning"):
            worst = max(worst, timed(f"{who}: {kind}", partial(search, kind)))
    sys.stdout.write(f"worst p95 of a search: {worst:.1f} ms\n")
    time_the_boxes(fresh_database, a_biller(owner, practices), practices)


def words_of(kind: str, dice: Random) -> str:
    """Words as people look for them, the common ones as often as they are written."""

    def one() -> int:
        return int(VOCABULARY * dice.random() ** 4)

    if kind == "rare":
        return f"word{dice.randrange(VOCABULARY // 2, VOCABULARY)}"
    if kind == "common":
        return f"word{dice.randrange(5)}"
    return f"word{one()} word{one()}" if kind == "any two" else f"word{one() // 10}"


def reading(database: Database, practices: list[UUID]) -> AbstractContextManager[Session]:
    """One unit of work that reads these practices, as a page does."""
    return unit_of_work(database.sessions, practices=practices, reads=True)


def time_the_boxes(database: Database, person: Person, practices: list[UUID]) -> None:
    """List and count every box of 100,000 threads."""
    for box in Box:

        def listed(_: int, box: Box = box) -> None:
            with reading(database, practices) as session:
                messages.threads(session, person, box, now=NOW)

        timed(f"box {box.value}", listed, tries=20)

    def counted(_: int) -> None:
        with reading(database, practices) as session:
            messages.box_counts(session, person, now=NOW)

    timed("all boxes counted", counted, tries=20)


if __name__ == "__main__":
    with_servers.run(__file__)
