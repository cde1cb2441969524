"""Locks that a worker holds while it works, on a connection of their own."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError


@contextmanager
def lock_on(engine: Engine, kind: str, subject_id: UUID) -> Iterator[bool]:
    """Hold the lock of one subject of a kind for as long as the block lasts.

    Yields False where another worker holds it. The database lets go of it when the process ends,
    however it ends.
    """
    digest = hashlib.sha256(kind.encode() + subject_id.bytes).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        is_ours = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key})
        try:
            yield bool(is_ours)
        finally:
            if is_ours:
                _let_go(connection, key)
    finally:
        connection.close()


def _let_go(connection: Connection, key: int) -> None:
    try:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
    except DBAPIError:
        connection.invalidate()  # the connection is gone, and the lock went with it
