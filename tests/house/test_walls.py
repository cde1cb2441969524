"""The schema is walled: every table of a practice, every reference, every right as written down."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from backoffice.models.base import Base, PracticeRow
from backoffice.sandbox.stack.postgres import SUPERUSER
from tests.databases import Database
from tests.house.project import PROJECT

ALLOWED = PROJECT / "docs" / "tables-without-practice.md"
GRANTS = PROJECT / "docs" / "grants.md"
ACTING = {"acting_adds", "acting_changes", "acting_removes"}

TABLES = """
SELECT relname, relrowsecurity, relforcerowsecurity, relispartition,
       EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'practice_id'
                AND NOT attisdropped),
       ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = c.oid)
  FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = ANY
       (ARRAY['public', 'record']::regnamespace[])"""

NOT_ACTED_IN = {"audit_records"}
"""Walled and added to whatever the acting practice is: a reading of several is on record."""

WITHOUT_KEY = {
    "acknowledgements.inbound_file_id",  # a row of the house's, met before its practice is known
    "billing_profiles.payer_id",  # payers are shared by all practices, and a younger word
    "control_numbers.attempt_id",  # a directory: it may outlive what it found
    "finding_tallies.subject_id", "readiness_findings.subject_id",  # one of several tables
    "mails.subject_id", "notices.subject_id",  # one of several tables
    "recent_changes.subject_id",  # one of several tables
    "unbilled_totals.payer_id", "unbilled_totals.clinician_id",  # "nobody" is the nil id
    "claim_steps.source_id", "legal_holds.subject_id",  # one of several tables
    "documents.upload_id",  # a browser's own name for one upload; no row of ours
    "audit_records.user_id", "audit_records.request_id",  # the record outlives whom it names
}  # fmt: skip


def rows(database: Database, words: str) -> list[Any]:
    """Ask the catalog."""
    engine = sa.create_engine(database.urls[SUPERUSER], poolclass=NullPool)
    with engine.connect() as connection:
        return list(connection.execute(sa.text(words)).all())


def named_in(path: Path) -> set[str]:
    """The tables that stand in the first column of a page's tables."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("| `")]
    return {name for line in lines for name in re.findall(r"`(\w+)`", line.split("|")[1])}


def unwalled(database: Database) -> list[str]:
    """Tables that lack a part of the wall and stand on no list."""
    without = named_in(ALLOWED)
    judged = {str(row[0]): _lacks(row, without) for row in rows(database, TABLES)}
    return [f"{name}: {lack}" for name, lack in judged.items() if lack]


def _lacks(row: Any, without: set[str]) -> str:
    name, enabled, forced, is_part, has_practice, policies = row
    walled = enabled and forced
    if is_part:
        return "" if walled or not name.startswith("records_") else "a part without FORCE"
    if not has_practice and name != "practices":
        return "" if name in without else "no practice_id"
    if name in {"errands"}:
        return ""  # with practice_id and outside the wall: see the list
    if not (walled and policies):
        return "no wall"
    return "" if name in NOT_ACTED_IN or set(policies) >= ACTING else "written in any practice"


def test_every_table_is_walled_or_stands_on_the_list_with_its_reason(
    worker_database: Database,
) -> None:
    assert unwalled(worker_database) == []
    assert all(
        line.count("|") == 3 for line in ALLOWED.read_text().splitlines() if line[:3] == "| `"
    )


@pytest.mark.parametrize(
    "hole",
    [
        "CREATE TABLE planted (id uuid PRIMARY KEY)",
        "CREATE TABLE planted (practice_id uuid, id uuid)",
        "ALTER TABLE clients NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY acting_adds ON clients",
        "ALTER TABLE record.records_2099_01 DISABLE ROW LEVEL SECURITY",
    ],
)
def test_a_hole_in_the_schema_is_found(
    worker_database: Database, hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = sa.create_engine(worker_database.urls[SUPERUSER], poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT make_record_month('2099-01-01')"))
        connection.execute(sa.text(hole))
        monkeypatch.setattr(
            f"{__name__}.rows", lambda _, words: list(connection.execute(sa.text(words)).all())
        )

        assert len(unwalled(worker_database)) == 1
        connection.rollback()


def practice_tables() -> Iterable[sa.Table]:
    return (table for table in Base.metadata.tables.values() if "practice_id" in table.c)


def test_every_reference_within_a_practice_is_a_composite_key() -> None:
    loose, bare = set(), set()
    for table in practice_tables():
        for key in table.foreign_key_constraints:
            target = key.elements[0].column.table
            inside = "practice_id" in target.c and not target.c.practice_id.nullable
            if inside and "practice_id" not in key.column_keys:
                loose.add(f"{table.name}.{key.column_keys[0]}")
        for column in table.c:
            is_id = column.name.endswith("_id") and isinstance(column.type, sa.Uuid)
            if is_id and not column.foreign_keys and column.name != "practice_id":
                bare.add(f"{table.name}.{column.name}")

    assert loose == set()
    assert bare <= WITHOUT_KEY | {"errands.subject_id", "payee_identities.profile_id"}


def test_no_unique_of_a_practices_table_reaches_over_practices() -> None:
    wide = {table.name for table in practice_tables() if any(map(_is_wide, _uniques(table)))}
    walled = {
        mapper.local_table.name  # type: ignore[attr-defined]  # a Table, typed as FromClause
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, PracticeRow)
    }

    assert wide & walled == {"submissions"}
    assert wide <= named_in(ALLOWED) | {"submissions"}


def _uniques(table: sa.Table) -> Iterable[Any]:
    yield from (each for each in table.constraints if isinstance(each, sa.UniqueConstraint))
    yield from (each for each in table.indexes if each.unique)
    yield table.primary_key


def _is_wide(unique: Any) -> bool:
    return "practice_id" not in {column.name for column in unique.columns}


def test_functions_fix_their_path_and_run_with_anothers_rights_only_where_it_is_their_point(
    worker_database: Database,
) -> None:
    found = rows(
        worker_database,
        "SELECT proname::text, pg_get_userbyid(proowner)::text, proconfig::text,"
        " has_function_privilege('public', oid, 'EXECUTE') FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosecdef",
    )

    assert {(name, owner) for name, owner, _, _ in found} == {
        ("clients_found", "search"),
        ("documents_found", "search"),
        ("messages_found", "search"),
        ("records_about", "search"),
        ("keep_record_months", "owner"),
        ("drop_old_record_months", "owner"),
        ("remove_practice", "remover"),
    }
    assert all(path and "search_path=" in str(path) for _, _, path, _ in found)
    assert not any(everybody for _, _, _, everybody in found)


def test_no_view_shows_more_than_whoever_asks_may_see(worker_database: Database) -> None:
    assert (
        rows(
            worker_database,
            "SELECT relname::text FROM pg_class WHERE relkind IN ('v', 'm')"
            " AND relnamespace = 'public'::regnamespace"
            " AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)",
        )
        == []
    )


def granted(database: Database) -> list[str]:
    """What each role may on each table, as lines of docs/grants.md."""
    found = rows(
        database,
        """
        SELECT grantee::text, table_name::text,
               string_agg(DISTINCT privilege_type, ', ' ORDER BY privilege_type)
          FROM information_schema.table_privileges
         WHERE table_schema IN ('public', 'record')
           AND grantee NOT IN ('owner', 'postgres', 'remover')
         GROUP BY 1, 2
        UNION ALL
        SELECT grantee::text, table_name::text,
               string_agg(privilege_type || ' (' || columns || ')', ', ' ORDER BY privilege_type)
          FROM (SELECT c.grantee, c.table_name, c.privilege_type,
                       string_agg(column_name, ', ' ORDER BY column_name) AS columns
                  FROM information_schema.column_privileges c
                 WHERE table_schema IN ('public', 'record')
                   AND grantee NOT IN ('owner', 'postgres', 'remover')
                   AND NOT EXISTS (SELECT FROM information_schema.table_privileges t
                                    WHERE t.grantee = c.grantee AND t.table_name = c.table_name
                                      AND t.table_schema = c.table_schema
                                      AND t.privilege_type = c.privilege_type)
                 GROUP BY 1, 2, 3) AS partly
         GROUP BY 1, 2""",
    )
    return sorted(f"| `{table}` | {role} | {may} |" for role, table, may in found)


def test_who_removes_a_practice_takes_away_its_rows_and_may_nothing_else(
    worker_database: Database,
) -> None:
    found = rows(
        worker_database,
        "SELECT table_name::text, string_agg(DISTINCT privilege_type, ', ' ORDER BY privilege_type)"
        " FROM information_schema.table_privileges WHERE grantee = 'remover' GROUP BY 1",
    )
    may_sign_in = rows(worker_database, "SELECT rolcanlogin FROM pg_roles WHERE rolname='remover'")
    own = {table.name for table in practice_tables() if not table.name.startswith("audit")}

    assert {name for name, may in found if may == "DELETE, SELECT"} == own - {"departures"}
    assert {name: may for name, may in found if may != "DELETE, SELECT"} == {
        "departures": "SELECT", "practices": "SELECT"
    }  # fmt: skip
    assert may_sign_in == [(False,)]


def test_each_role_may_what_is_written_down_and_nothing_else(worker_database: Database) -> None:
    written = [line for line in GRANTS.read_text().splitlines() if line.startswith("| `")]

    assert granted(worker_database) == sorted(written)
