"""Wipes a used database clean for the next test: a new clone would cost ten times as much.

A test that changed more than rows (the schema, a right, statistics), or that left too many of them,
costs its database: the next test gets a clone.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from backoffice.sandbox.stack.postgres import Postgres

_MOST_BYTES = 8 * 2**20
"""Deleted rows stay where they were: grown by this much, a database is not worth a wipe."""

_OF_US = "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
_USED = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND {_OF_US} AND pg_relation_size(c.oid) > 0 ORDER BY 1, 2
"""
_BYTES = f"""
    SELECT sum(pg_table_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND {_OF_US}
"""
# A row of these that is new or gone says that the schema, a right or a statistic was changed.
_CATALOGUES = (
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_default_acl",
    "pg_index",
    "pg_namespace",
    "pg_policy",
    "pg_proc",
    "pg_statistic",
    "pg_trigger",
)
_BUT = {"pg_namespace": " WHERE nspname !~ '^pg_(toast_)?temp_'"}
"""Room for somebody's temporary tables, which stays when they are gone."""
_SHAPE = " UNION ALL ".join(
    f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM {name}{_BUT.get(name, '')}"
    for name in _CATALOGUES
)
_COUNTERS = "SELECT schemaname, sequencename, start_value, last_value FROM pg_sequences"
_HANG_UP = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

Table = tuple[str, str]
"""Its schema and its name."""


@dataclass(frozen=True)
class Pristine:
    """A database as the migrations left it, for others to be wiped back to."""

    contents: dict[Table, Any]
    """What is in each table that the migrations fill; all other tables are empty."""
    counters: list[Any]
    shape: list[Any]
    size: int

    @classmethod
    def of(cls, connection: psycopg.Connection) -> "Pristine":
        """Look at a fresh clone, as the superuser."""
        filled = _filled(connection)
        return cls(
            contents={table: _content(connection, table) for table in filled},
            counters=connection.execute(_COUNTERS).fetchall(),
            shape=connection.execute(_SHAPE).fetchall(),
            size=_size(connection),
        )

    def wipe(self, connection: psycopg.Connection) -> bool:
        """End whoever is still connected and empty the tables; whether all is as it was."""
        connection.execute(_HANG_UP)
        if _size(connection) > self.size + _MOST_BYTES:
            return False
        if connection.execute(_SHAPE).fetchall() != self.shape:
            return False
        # without triggers and foreign keys: what may only be appended to is emptied too
        connection.execute("SET session_replication_role = replica")
        for table in _filled(connection):
            if table not in self.contents:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(*table)))
        for schema, name, start, last in self.counters:
            counter = sql.Identifier(schema, name).as_string()
            connection.execute(
                "SELECT setval(%s::regclass, %s, %s)",
                [counter, start if last is None else last, last is not None],
            )
        return all(_content(connection, table) == was for table, was in self.contents.items())


@dataclass
class Spares:
    """The databases of one xdist worker that no test uses now."""

    postgres: Postgres
    template: str
    _names: list[str] = field(default_factory=list)
    _pristine: Pristine | None = None

    def take(self) -> str:
        """The name of a database as the migrations left it; no test ever had one of this name.

        So whoever an earlier test left behind knocks at a name that is gone.
        """
        name = f"fresh_{uuid4().hex}"
        if self._names and self._renamed(self._names.pop(), name):
            return name
        self.postgres.make_database(name, template=self.template)
        if self._pristine is None:
            with self.postgres.superuser(name) as connection:
                self._pristine = Pristine.of(connection)
        return name

    def _renamed(self, old: str, name: str) -> bool:
        """Whether it got the name; one where somebody knocked since the wipe is not clean."""
        try:
            self.postgres.rename_database(old, name)
        except psycopg.errors.ObjectInUse:
            self.postgres.drop_database(old)
            return False
        return True

    def give_back(self, name: str) -> None:
        """Wipe a database for the next test, or drop it if that does not make it as it was."""
        assert self._pristine
        with self.postgres.superuser(name) as connection:
            clean = self._pristine.wipe(connection)
        if clean:
            self._names.append(name)
        else:
            self.postgres.drop_database(name)

    def drop_all(self) -> None:
        """Leave none."""
        while self._names:
            self.postgres.drop_database(self._names.pop())


def _filled(connection: psycopg.Connection) -> list[Table]:
    used: list[Table] = list(connection.execute(_USED).fetchall())  # an empty one may be large
    if not used:
        return []
    asked = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(number, sql.Identifier(*table))
        for number, table in enumerate(used)
    ]
    return [used[number] for (number,) in connection.execute(sql.SQL(" UNION ALL ").join(asked))]


def _content(connection: psycopg.Connection, table: Table) -> Any:
    rows = sql.SQL("SELECT count(*), md5(string_agg(r::text, '|' ORDER BY r::text)) FROM {} r")
    return connection.execute(rows.format(sql.Identifier(*table))).fetchone()


def _size(connection: psycopg.Connection) -> int:
    found = connection.execute(_BYTES).fetchone()
    return int(found[0]) if found else 0
