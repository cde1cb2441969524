"""What the sandbox clearinghouse remembers: one SQLite file, so that a restart loses nothing.

SQLite will do for a stand-in of one process: every request and every tick is one transaction under
one lock. Moments are seconds since 1970 by the sandbox's own clock.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS uploads (
    inbound_id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, filename TEXT NOT NULL,
    sender TEXT NOT NULL, isa13 TEXT NOT NULL, sha256 TEXT NOT NULL, arrived_at REAL NOT NULL,
    accepted INTEGER NOT NULL, why TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS uploads_by_number ON uploads (account, sender, isa13);
CREATE TABLE IF NOT EXISTS claims (
    claim_id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, inbound_id INTEGER NOT NULL,
    pcn TEXT NOT NULL, said TEXT NOT NULL, answered TEXT NOT NULL, submitter TEXT NOT NULL,
    adjudicated INTEGER NOT NULL, seed INTEGER NOT NULL, scenario TEXT NOT NULL, ends TEXT NOT NULL,
    payer_number TEXT NOT NULL, original_id INTEGER, superseded_by TEXT NOT NULL DEFAULT '',
    arrived_at REAL NOT NULL, last_era INTEGER);
CREATE INDEX IF NOT EXISTS claims_by_pcn ON claims (account, pcn);
CREATE INDEX IF NOT EXISTS claims_by_payer_number ON claims (account, payer_number);
CREATE TABLE IF NOT EXISTS steps (
    step_id INTEGER PRIMARY KEY AUTOINCREMENT, claim_id INTEGER NOT NULL, place INTEGER NOT NULL,
    due_at REAL NOT NULL, done INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS steps_due ON steps (done, due_at);
CREATE TABLE IF NOT EXISTS responses (
    response_id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, pcn TEXT NOT NULL,
    said_at REAL NOT NULL, line TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS eras (
    era_id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, offered_at REAL NOT NULL,
    listing TEXT NOT NULL, content BLOB NOT NULL, fetched INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS owed (
    account TEXT NOT NULL, payer_id TEXT NOT NULL, npi TEXT NOT NULL, tax_id TEXT NOT NULL,
    trace TEXT NOT NULL, cents INTEGER NOT NULL,
    PRIMARY KEY (account, payer_id, npi, tax_id, trace));
CREATE TABLE IF NOT EXISTS mailbox (
    place INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, content BLOB NOT NULL);
"""


class Store:
    """The memory. Everything runs inside `transaction`, which is whole or not at all."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One unit: committed at the end, rolled back on any exception; nested ones join."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def insert(self, statement: str, *values: Any) -> int:
        """Run an INSERT and give the new row's number."""
        with self._lock:
            return int(self._connection.execute(statement, values).lastrowid or 0)

    def run(self, statement: str, *values: Any) -> int:
        """Run a statement and give the number of rows it touched."""
        with self._lock:
            return self._connection.execute(statement, values).rowcount

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a SELECT."""
        with self._lock:
            found: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
            return found

    def next_number(self, name: str) -> int:
        """Count on: 1, 2, 3 ... under this name."""
        with self._lock:
            found = self._connection.execute(
                "INSERT INTO counters VALUES (?, 1)"
                " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                (name,),
            ).fetchone()
            return int(found["value"])

    def setting(self, name: str, otherwise: Any) -> Any:
        """A setting that outlives a restart."""
        found = self.row("SELECT value FROM settings WHERE name = ?", name)
        return json.loads(found["value"]) if found else otherwise

    def set(self, name: str, value: Any) -> None:
        """Change a setting."""
        self.run(
            "INSERT INTO settings VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            json.dumps(value),
        )

    def put_in_mailbox(self, kind: str, content: bytes) -> None:
        """Lay a file into the mailbox under a name of its own."""
        name = f"{self.next_number('mailbox'):06}.{kind}"
        self.insert("INSERT INTO mailbox (name, content) VALUES (?, ?)", name, content)

    def say(self, account: str, pcn: str, at: float, line: Mapping[str, Any]) -> int:
        """Put a response row behind the cursor."""
        return self.insert(
            "INSERT INTO responses (account, pcn, said_at, line) VALUES (?, ?, ?, ?)",
            account,
            pcn,
            at,
            json.dumps(line),
        )
