"""Seals records in chains, one a month: a hash over each record and over the seal before it.

The sealer works on a connection of its own role, apart from every business transaction: chaining
inside them would make each wait for the one before.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, text, update
from sqlalchemy.orm import Session

from backoffice.models.audit import AuditChain, AuditUnsealed

LAG_ALARM: Final = timedelta(seconds=60)
AT_ONCE: Final = 10_000
_LOCK: Final = 0x5EA1
_NOTHING: Final = bytes(32)

DIGEST: Final = (
    "sha256(convert_to(ROW(r.id, r.practice_id, r.user_id, r.job, r.action, r.subject_kind,"
    " r.subject_ids, r.client_ids, r.fields, r.detail, r.request_id, r.address, r.outcome,"
    " r.created_at)::text, 'UTF8'))"
)
"""A record's canonical form, hashed where it lies: its text as a row, in UTC and ISO dates.

A column added later must not come into it: what is sealed stays as it was.
"""
_TAKEN = text(f"""
  WITH taken AS (
    DELETE FROM audit_unsealed WHERE (recorded_at, record_id) IN (
      SELECT recorded_at, record_id FROM audit_unsealed
       ORDER BY recorded_at, record_id LIMIT :most)
    RETURNING recorded_at, record_id)
  SELECT t.recorded_at, t.record_id, {DIGEST} AS digest,
         date_trunc('month', t.recorded_at AT TIME ZONE 'UTC')::date AS month
    FROM taken AS t JOIN audit_records AS r ON r.created_at = t.recorded_at AND r.id = t.record_id
   ORDER BY t.recorded_at, t.record_id""")  # noqa: S608 - only the constant above goes in
_SEAL = text("""
  INSERT INTO audit_seals (month, seq, record_id, recorded_at, hash)
  SELECT :month, * FROM unnest(
    CAST(:seqs AS bigint[]), CAST(:ids AS uuid[]), CAST(:moments AS timestamptz[]),
    CAST(:hashes AS bytea[]))""")


@dataclass(frozen=True)
class SealLag:
    """How many records wait for their seal, and for how long the oldest has."""

    waiting: int
    behind: timedelta

    @property
    def alarms(self) -> bool:
        """Whether the sealer is late enough to worry."""
        return self.behind > LAG_ALARM


def seal_lag(session: Session, *, now: datetime) -> SealLag:
    """Return how far behind the sealer is."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(AuditUnsealed.recorded_at))
    ).one()
    behind = now - oldest if oldest else timedelta()
    return SealLag(waiting, max(behind, timedelta()))


def canonical(connection: Connection) -> None:
    """Have the database write moments as the canonical form has them, in this transaction."""
    connection.execute(text("SET LOCAL TimeZone = 'UTC'"))
    connection.execute(text("SET LOCAL DateStyle = 'ISO, MDY'"))


def link(before: bytes, digest: bytes) -> bytes:
    """Return the hash of a seal: over the seal before it and the record's digest."""
    return hashlib.sha256(before + digest).digest()


def opening_of(month: date, before: bytes) -> bytes:
    """Return what a month's chain opens on: the head of the chain before it, as it stood then."""
    return hashlib.sha256(month.isoformat().encode() + before).digest()


def seal(connection: Connection, *, most: int = AT_ONCE) -> int | None:
    """Seal what is unsealed, oldest first; returns how many, None while another sealer is at it.

    One transaction of the caller's. A record that was committed late gets a later number.
    """
    if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}):
        return None
    canonical(connection)
    taken = connection.execute(_TAKEN, {"most": most}).all()
    by_month = sorted(taken, key=lambda row: row.month)
    for month, rows in groupby(by_month, key=lambda row: row.month):
        _extend(connection, month, list(rows))
    return len(taken)


def _extend(connection: Connection, month: date, rows: Sequence[Row[Any]]) -> None:
    seq, head = _end_of(connection, month)
    hashes = []
    for row in rows:
        head = link(head, row.digest)
        hashes.append(head)
    values: dict[str, Any] = {
        "month": month,
        "seqs": list(range(seq + 1, seq + 1 + len(rows))),
        "ids": [row.record_id for row in rows],
        "moments": [row.recorded_at for row in rows],
        "hashes": hashes,
    }
    connection.execute(_SEAL, values)
    connection.execute(
        update(AuditChain)
        .where(AuditChain.month == month)
        .values(last_seq=seq + len(rows), last_hash=head)
    )


def _end_of(connection: Connection, month: date) -> tuple[int, bytes]:
    """Return the end of a month's chain; open it on the month before where it isn't begun."""
    ends = select(AuditChain.month, AuditChain.last_seq, AuditChain.last_hash)
    known = connection.execute(ends.where(AuditChain.month == month)).one_or_none()
    if known is not None:
        return known.last_seq, known.last_hash
    earlier = connection.execute(
        ends.where(AuditChain.month < month).order_by(AuditChain.month.desc()).limit(1)
    ).one_or_none()
    opening = opening_of(month, earlier.last_hash if earlier else _NOTHING)
    connection.execute(
        insert(AuditChain).values(
            month=month,
            opened_on_month=earlier.month if earlier else None,
            opened_on_seq=earlier.last_seq if earlier else 0,
            opening=opening,
            last_seq=0,
            last_hash=opening,
        )
    )
    return 0, opening
