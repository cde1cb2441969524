"""The record is only added to, sealed in chains, and kept six years unless it is held longer."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.pool import NullPool

from backoffice.gateways.documents import InMemoryDocuments
from backoffice.models.base import new_id
from backoffice.sandbox.stack.postgres import SEALER, SUPERUSER
from backoffice.services import audit
from backoffice.services.audit import anchoring, keeping
from backoffice.services.audit.sealing import seal
from backoffice.services.audit.verifying import Verification, Wrong, verify
from tests.databases import Database
from tests.record import on_record
from workers.sealer import keep_house, seal_waiting

NOW = datetime.now(UTC)


@pytest.fixture
def sealer(fresh_database: Database) -> Iterator[Engine]:
    """The sealer's own way in."""
    engine = create_engine(fresh_database.urls[SEALER], poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def intruder(fresh_database: Database) -> Iterator[Engine]:
    """Somebody with every right in the database, whom no wall and no trigger holds."""
    engine = create_engine(fresh_database.urls[SUPERUSER], poolclass=NullPool)
    yield engine
    engine.dispose()


def act(database: Database, count: int, *, practice_id: UUID | None = None) -> None:
    with database.work(practices=[practice_id] if practice_id else [], house=True) as session:
        for _ in range(count):
            audit.record(
                session,
                "edit",
                subject_kind="client",
                subject_ids=[uuid4()],
                practice_id=practice_id,
                fields=["phone"],
            )


def verified(sealer: Engine, documents: InMemoryDocuments | None = None) -> Verification:
    with sealer.begin() as connection:
        return verify(connection, anchors=anchoring.laid_down(documents) if documents else None)


def an_old_record(
    connection: Connection,
    at: datetime,
    *,
    practice_id: UUID | None = None,
    client_id: UUID | None = None,
) -> None:
    """One that came in at `at`: only a superuser can say so."""
    connection.execute(text("SELECT make_record_month(CAST(:day AS date))"), {"day": at.date()})
    connection.execute(
        text(
            "INSERT INTO audit_records (created_at, id, practice_id, job, action, subject_kind,"
            " subject_ids, client_ids, fields, detail, request_id, address, outcome) VALUES"
            " (:at, :id, :practice_id, '', 'read', 'client', '{}', :clients, '{}', '{}', '', '',"
            " 'done')"
        ),
        {
            "at": at,
            "id": new_id(),
            "practice_id": practice_id,
            "clients": [client_id] if client_id else [],
        },
    )


class TestOnlyAddedTo:
    def test_the_app_adds_and_can_neither_read_change_take_away_nor_date_a_record(
        self, fresh_database: Database
    ) -> None:
        act(fresh_database, 1)

        for forbidden in (
            "SELECT id FROM audit_records",
            "UPDATE audit_records SET action = 'x'",
            "DELETE FROM audit_records",
            "TRUNCATE audit_records",
            "INSERT INTO audit_records (created_at, id) VALUES (now(), gen_random_uuid())",
            "DELETE FROM audit_unsealed",
            "INSERT INTO audit_seals VALUES (now()::date, 1, gen_random_uuid(), now(), '')",
            "UPDATE audit_chains SET last_seq = 0",
            "SELECT make_record_month('2020-01-01')",
            "SELECT * FROM records_about(gen_random_uuid(), now(), 1)",
        ):
            with (
                pytest.raises(ProgrammingError, match="permission denied"),
                fresh_database.work(house=True) as session,
            ):
                session.execute(text(forbidden))
        with fresh_database.work(house=True) as session:
            assert len(on_record(session)) == 1

    def test_a_practice_records_and_reads_its_own(self, fresh_database: Database) -> None:
        mine, other = uuid4(), uuid4()
        act(fresh_database, 1, practice_id=mine)
        act(fresh_database, 1, practice_id=other)

        with (
            pytest.raises(DBAPIError, match="row-level security"),
            fresh_database.work(practices=[mine]) as session,
        ):
            audit.record(session, "edit", subject_kind="client", subject_ids=[], practice_id=other)
        with fresh_database.work(practices=[mine]) as session:
            (record,) = on_record(session)
            (by_subject,) = audit.about(session, record.subject_ids[0]).records
        assert record.practice_id == by_subject.practice_id == mine
        with fresh_database.work(practices=[other]) as session:
            assert audit.about(session, record.subject_ids[0]).records == []

    def test_pages_follow_each_other_without_a_gap(self, fresh_database: Database) -> None:
        practice, client = uuid4(), uuid4()
        with fresh_database.work(practices=[practice]) as session:
            for number in range(7):
                audit.record(
                    session,
                    f"act_{number}",
                    subject_kind="client",
                    subject_ids=[client],
                    practice_id=practice,
                )

        for asked in (audit.Asked(practice_id=practice), audit.Asked(subject_id=client)):
            seen, before = [], None
            with fresh_database.work(practices=[practice]) as session:
                for _ in range(3):
                    page = audit.found(
                        session, audit.Asked(**{**vars(asked), "before": before}), size=3
                    )
                    seen += [record.action for record in page.records]
                    before = page.next
            assert seen == [f"act_{number}" for number in reversed(range(7))]
            assert before is None


def _edit(connection: Connection) -> None:
    connection.execute(
        text(
            "UPDATE audit_records SET user_id = gen_random_uuid() WHERE id ="
            " (SELECT record_id FROM audit_seals WHERE seq = 77)"
        )
    )


def _delete(connection: Connection) -> None:
    connection.execute(
        text(
            "DELETE FROM audit_records WHERE id ="
            " (SELECT record_id FROM audit_seals WHERE seq = 77)"
        )
    )


def _insert(connection: Connection) -> None:
    connection.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger
    an_old_record(connection, NOW - timedelta(minutes=5))


def _reorder(connection: Connection) -> None:
    connection.execute(
        text(
            "UPDATE audit_seals AS s SET record_id = o.record_id, recorded_at = o.recorded_at"
            " FROM audit_seals AS o WHERE s.month = o.month AND (s.seq, o.seq) IN ((77,78),(78,77))"
        )
    )


def _cut(connection: Connection) -> None:
    connection.execute(
        text(
            "DELETE FROM audit_records WHERE id IN"
            " (SELECT record_id FROM audit_seals WHERE seq > 90)"
        )
    )
    connection.execute(text("DELETE FROM audit_seals WHERE seq > 90"))
    connection.execute(
        text(
            "UPDATE audit_chains SET last_seq = 90,"
            " last_hash = (SELECT hash FROM audit_seals WHERE seq = 90)"
        )
    )


class TestSeals:
    @pytest.mark.parametrize(
        ("tamper", "found"),
        [
            (_edit, [(Wrong.EDITED, 77)]),
            (_delete, [(Wrong.GONE, 77)]),
            (_insert, [(Wrong.NEVER_SEALED, None)]),
            (_reorder, [(Wrong.EDITED, 77), (Wrong.EDITED, 78)]),
            (_cut, [(Wrong.ANCHOR, 100)]),
        ],
    )
    def test_whoever_changes_the_record_is_found_at_the_spot(
        self,
        fresh_database: Database,
        sealer: Engine,
        intruder: Engine,
        tamper: Callable[[Connection], None],
        found: list[tuple[Wrong, int | None]],
    ) -> None:
        documents = InMemoryDocuments()
        act(fresh_database, 100)
        assert seal_waiting(sealer) == 100
        keep_house(sealer, documents, now=NOW)
        before = verified(sealer, documents)
        assert (before.holds, before.seals, before.anchors) == (True, 100, 1)

        with intruder.begin() as connection:
            tamper(connection)

        after = verified(sealer, documents)
        assert [(each.what, each.seq) for each in after.problems] == found

    def test_one_sealer_at_a_time_and_what_came_late_gets_a_later_seal(
        self, fresh_database: Database, sealer: Engine
    ) -> None:
        with fresh_database.work(house=True) as late:
            audit.record(late, "late", subject_kind="user", subject_ids=[], practice_id=None)
            act(fresh_database, 2)
            with sealer.begin() as first, sealer.begin() as second:
                assert seal(first) == 2
                assert seal(second) is None
        with sealer.begin() as connection:
            assert seal(connection) == 1
        assert verified(sealer).holds

    def test_the_lag_is_told_and_alarms_after_a_minute(
        self, fresh_database: Database, sealer: Engine
    ) -> None:
        act(fresh_database, 3)

        with fresh_database.work(house=True) as session:
            soon = audit.seal_lag(session, now=datetime.now(UTC))
            later = audit.seal_lag(session, now=datetime.now(UTC) + timedelta(seconds=61))
        assert (soon.waiting, soon.alarms, later.alarms) == (3, False, True)
        seal_waiting(sealer)
        with fresh_database.work(house=True) as session:
            assert audit.seal_lag(session, now=datetime.now(UTC)) == audit.SealLag(0, timedelta())

    def test_a_months_chain_begins_on_the_month_before_it(
        self, sealer: Engine, intruder: Engine
    ) -> None:
        with intruder.begin() as connection:
            for at in (NOW - timedelta(days=62), NOW - timedelta(days=31), NOW):
                an_old_record(connection, at)
        seal_waiting(sealer)
        assert verified(sealer).holds

        with intruder.begin() as connection:  # the first chain is rewritten whole
            connection.execute(
                text(
                    "UPDATE audit_chains SET opening = sha256('x') WHERE month ="
                    " (SELECT min(month) FROM audit_chains)"
                )
            )
        assert Wrong.OPENING in {each.what for each in verified(sealer).problems}

    def test_the_head_goes_out_once_a_day_under_a_key_without_meaning(
        self, fresh_database: Database, sealer: Engine
    ) -> None:
        documents = InMemoryDocuments()
        act(fresh_database, 1)
        seal_waiting(sealer)

        for hours in (0, 1):
            keep_house(sealer, documents, now=NOW + timedelta(seconds=hours))

        (stored,) = documents.list("")
        assert stored.key.startswith("a/")
        assert UUID(stored.key.removeprefix("a/"))
        with fresh_database.work(house=True) as session:
            assert keeping.last_anchored(session) == NOW


class TestMonths:
    def test_this_month_and_the_next_are_there_and_no_partition_swallows_the_rest(
        self, fresh_database: Database, intruder: Engine
    ) -> None:
        with fresh_database.work(house=True) as session:
            keeping.keep_months(session)
        with intruder.begin() as connection:
            months = connection.scalars(
                text(
                    "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid"
                    " WHERE inhparent = 'audit_records'::regclass AND relrowsecurity"
                    " AND relforcerowsecurity ORDER BY 1"
                )
            ).all()
            bounds = connection.scalars(
                text(
                    "SELECT pg_get_expr(relpartbound, pg_class.oid) FROM pg_class"
                    " JOIN pg_inherits ON inhrelid = pg_class.oid"
                    " WHERE inhparent = 'audit_records'::regclass"
                )
            ).all()
            assert len(months) == len(bounds) == 14
            assert months[0] == f"records_{datetime.now(UTC):%Y_%m}"
            assert "DEFAULT" not in bounds
            assert not connection.scalar(
                text("SELECT has_schema_privilege('app','record','USAGE')")
            )

    def test_a_missing_month_is_made_at_once_when_asked(
        self, fresh_database: Database, intruder: Engine
    ) -> None:
        this = f"{datetime.now(UTC):%Y_%m}"
        with intruder.begin() as connection:
            connection.execute(text(f"DROP TABLE record.records_{this}, record.seals_{this}"))
        with pytest.raises(DBAPIError, match="SQLSTATE 23514 audit_records"):
            act(fresh_database, 1)

        with fresh_database.work(house=True) as session:
            keeping.keep_months(session)

        act(fresh_database, 1)

    def test_six_years_are_kept_to_the_day_and_a_hold_keeps_a_month_longer(
        self, fresh_database: Database, sealer: Engine, intruder: Engine
    ) -> None:
        today = datetime.now(UTC)
        six_years = today.replace(year=today.year - 6, day=min(today.day, 28))
        kept, gone = six_years + timedelta(days=1), six_years.replace(day=1) - timedelta(days=1)
        held_practice, held_client = gone - timedelta(days=40), gone - timedelta(days=80)
        lifted = gone - timedelta(days=120)
        practice, client, other = uuid4(), uuid4(), uuid4()
        with intruder.begin() as connection:
            an_old_record(connection, kept)
            an_old_record(connection, gone)
            an_old_record(connection, held_practice, practice_id=practice)
            an_old_record(connection, held_client, practice_id=other, client_id=client)
            an_old_record(connection, lifted, practice_id=other)
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for whose, kind, subject, over in (
                (practice, "practice", practice, None),
                (other, "client", client, None),
                (other, "practice", other, today),
            ):
                connection.execute(
                    text(
                        "INSERT INTO legal_holds (practice_id, id, created_at, kind, subject_id,"
                        " reason, placed_by_id, lifted_at) VALUES (:whose, :id, now(), :kind,"
                        " :subject, 'audit', :id, :over)"
                    ),
                    {
                        "whose": whose, "id": new_id(), "kind": kind, "subject": subject,
                        "over": over,
                    },
                )  # fmt: skip
        seal_waiting(sealer)

        with fresh_database.work(house=True) as session:
            outcome = keeping.drop_old_months(session)

        def month(at: datetime) -> date:
            return at.date().replace(day=1)

        assert outcome == {
            month(lifted): "dropped",
            month(held_client): "held",
            month(held_practice): "held",
            month(gone): "dropped",
        }
        with intruder.begin() as connection:
            left = set(connection.scalars(text("SELECT created_at FROM audit_records")))
        assert left == {kept, held_practice, held_client}
        assert verified(sealer).holds
