"""What the queue costs: its plans under row security, and the keyset that walks them."""

import re
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from backoffice.models.appointments import Appointment
from backoffice.rules.readiness import Readiness
from backoffice.services.cursors import Cursor
from backoffice.services.unbilled import queue
from backoffice.services.unbilled.wanted import PARSERS, Sort, Wanted
from tests import builders
from tests.databases import Database

MANY = 6000
_FILL = text("""
    INSERT INTO appointments
        (practice_id, id, created_at, client_id, served_on, status, note_signed, disposition,
         disposition_reason, diagnosis_codes, charge_amount, missing_count, held_count,
         warning_count, readiness, unbilled, risk_key, waiting_on, version)
    SELECT :practice, gen_random_uuid(), now(), :client, DATE '2026-01-01' + n % 300, 'completed',
           true, 'bill', '', '{F411}', 15500 + n, 0, 0, 0,
           (ARRAY['ready', 'missing', 'held'])[1 + n % 3], true, n % 997, 'us', 1
      FROM generate_series(1, :many) AS n
""")


@pytest.fixture(scope="module")
def practices() -> tuple[UUID, UUID]:
    return uuid4(), uuid4()


@pytest.fixture
def crowded(fresh_database: Database, keyring: object, practices: tuple[UUID, UUID]) -> Database:
    """Two practices with some thousands of unbilled appointments each."""
    with fresh_database.work(practices=practices, house=True) as session:
        for practice_id in practices:
            practice = builders.a_practice(session, practice_id)
            client = builders.a_client(session, practice)
            given = {"practice": practice_id, "client": client.id, "many": MANY}
            session.execute(_FILL, given)
    owner = create_engine(fresh_database.owner_url, poolclass=NullPool)
    with owner.begin() as connection:  # only the owner may
        connection.execute(text("ANALYZE appointments"))
    owner.dispose()
    return fresh_database


def plan_of(session: Session, wanted: Wanted) -> str:
    compiled = queue.page_query(session, wanted).compile(
        session.get_bind(), compile_kwargs={"literal_binds": True}
    )
    typed = re.sub(
        r"unnest\((ARRAY\[[^]]*\])\)",
        lambda each: f"unnest(CAST({each[1]} AS {'uuid' if '-' in each[1] else 'text'}[]))",
        str(compiled),
    )
    return "\n".join(session.scalars(text(f"EXPLAIN {typed}")))


def test_a_page_walks_its_index_under_row_security(
    crowded: Database, practices: tuple[UUID, UUID]
) -> None:
    indexes = {
        Sort.RISK: "ix_appointments_queue_risk",
        Sort.SERVED: "ix_appointments_queue_served",
    }
    with crowded.work(practices=practices) as session:
        plans = {
            sort: plan_of(session, Wanted(sort=sort, down=sort is Sort.RISK)) for sort in indexes
        }

    for sort, index in indexes.items():
        assert index in plans[sort]
        assert "Seq Scan on appointments" not in plans[sort]


def test_pages_forward_meet_every_appointment_once_and_backward_again(
    crowded: Database, practices: tuple[UUID, UUID]
) -> None:
    for sort in Sort:
        for down in (True, False):
            pages_meet_everything(crowded, practices, sort, down=down)


def pages_meet_everything(
    crowded: Database, practices: tuple[UUID, UUID], sort: Sort, *, down: bool
) -> None:
    days = (date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=3))
    wanted = Wanted(sort=sort, down=down, served_from=days[0], served_to=days[1])
    with crowded.work(practices=practices[:1]) as session:
        everything = session.scalar(
            select(func.count()).select_from(Appointment).where(Appointment.served_on <= days[1])
        )
        total = queue.totals(session, wanted).all
        seen: list[UUID] = []
        after: Cursor | None = None
        while True:
            page = queue.page(session, replaced(wanted, after=after), total_of_tab=total)
            assert page.first == len(seen) + 1
            seen += [entry.id for entry in page.entries]
            if page.next is None:
                break
            after = Cursor.read(str(page.next), PARSERS[sort])
        back = queue.page(session, replaced(wanted, before=page.previous), total_of_tab=total)

    assert len(seen) == len(set(seen)) == everything == total.count
    tail = len(page.entries)
    assert [entry.id for entry in back.entries] == seen[-tail - len(back.entries) : -tail]
    assert back.last == len(seen) - tail


def replaced(
    wanted: Wanted, *, after: Cursor | None = None, before: Cursor | None = None
) -> Wanted:
    return Wanted(
        sort=wanted.sort,
        down=wanted.down,
        served_from=wanted.served_from,
        served_to=wanted.served_to,
        after=after,
        before=before,
    )


def test_other_filters_are_counted_to_ten_thousand_and_on_request_to_the_end(
    crowded: Database, practices: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COUNTED_TO", 1000)
    early = Wanted(served_from=date(2026, 1, 1))
    with crowded.work(practices=practices) as session:
        counted = queue.totals(session, early).ready
        exact = queue.totals(session, Wanted(served_from=date(2026, 1, 1), exact=True)).of(
            Readiness.READY
        )

    assert (counted.count, counted.exact) == (1000, False)
    assert (exact.count, exact.exact) == (2 * MANY // 3, True)
