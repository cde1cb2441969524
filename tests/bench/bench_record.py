"""What the record costs: a page with and without its line, sealing and verifying 50,000 lines.

A page without its line is the same request with gathering switched off, turn by turn in one run.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from backoffice.sandbox.stack.postgres import SEALER, SUPERUSER
from backoffice.services.audit import shown
from backoffice.services.audit.verifying import Wrong, verify
from tests.bench import with_servers
from tests.builders import NOW, a_claim, an_appointment
from tests.databases import Database
from tests.pages import Browser
from tests.talk import Talk, a_talk
from workers.sealer import seal_waiting

RECORDS = 50_000
CLAIMS = 60
ROUNDS = 60


@pytest.fixture
def sealer(fresh_database: Database) -> Iterator[Engine]:
    engine = create_engine(fresh_database.urls[SEALER], poolclass=NullPool)
    yield engine
    engine.dispose()


def test_fifty_thousand_are_sealed_and_verified_and_one_edit_is_found(
    fresh_database: Database, sealer: Engine
) -> None:
    owner = create_engine(fresh_database.urls[SUPERUSER], poolclass=NullPool)
    with owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_records (id, job, action, subject_kind, subject_ids, client_ids,"
                " fields, detail, request_id, address, outcome, practice_id) SELECT"
                " gen_random_uuid(), '', 'read', 'claim', ARRAY[gen_random_uuid()],"
                " ARRAY[gen_random_uuid()], '{claims,clients}', '{\"shown\": {\"claim\": 1}}',"
                " 'r' || n, '127.0.0.1', 'done', gen_random_uuid()"
                " FROM generate_series(1, :many) AS n"
            ),
            {"many": RECORDS},
        )
        connection.execute(text("ANALYZE audit_records"))

    began = time.perf_counter()
    assert seal_waiting(sealer) == RECORDS
    sealed = time.perf_counter() - began
    times = []
    for _ in range(3):
        began = time.perf_counter()
        with sealer.begin() as connection:
            assert verify(connection).holds
        times.append(time.perf_counter() - began)
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE audit_records SET action = 'x' WHERE id ="
                " (SELECT record_id FROM audit_seals WHERE seq = 40777)"
            )
        )
    with sealer.begin() as connection:
        (problem,) = verify(connection).problems
    owner.dispose()

    sys.stdout.write(f"\n{RECORDS:,} sealed in {sealed:.2f} s, verified in {min(times):.2f} s\n")
    assert (problem.what, problem.seq) == (Wrong.EDITED, 40777)


def many_claims(talk: Talk) -> None:
    with talk.work() as session:
        for _ in range(CLAIMS):
            visit = an_appointment(
                session, talk.billing.client, talk.billing.clinician, talk.billing.facility,
                charge=Decimal(100), served_on=NOW.date(),
            )  # fmt: skip
            a_claim(session, talk.billing.policy, visit, profile_id=talk.billing.profile.id)


@pytest.mark.parametrize("opened", ["/claims", "one claim"])
def test_a_page_with_its_line_against_the_same_without(
    app: Flask, fresh_database: Database, opened: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = a_talk(fresh_database)
    many_claims(talk)
    biller = Browser(app).sign_in(talk.cast.biller)
    path = opened if opened.startswith("/") else f"/claims/{talk.claim_id}"
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(ROUNDS):
        recorded = number % 2 == 0
        with monkeypatch.context() as patched:
            if not recorded:
                patched.setattr(shown, "gathered", lambda: None)
            began = time.perf_counter()
            assert biller.get(path).status == 200
            taken[recorded].append(time.perf_counter() - began)
    with_line, without = (statistics.median(taken[each]) * 1000 for each in (True, False))
    ratio = with_line / without
    sys.stdout.write(f"\n{opened}: {with_line:.1f} ms, {without:.1f} ms without: {ratio:.2f}\n")


if __name__ == "__main__":
    with_servers.run(__file__)
