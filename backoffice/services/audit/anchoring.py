"""Lays the head of the chain down outside the database, once a day, where we can't rewrite it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from backoffice.gateways.documents import Documents
from backoffice.models.audit import AuditAnchor, AuditChain

PREFIX: Final = "a/"
"""What the keys of anchors begin with; the rest is random and says nothing."""
KEPT_FOR: Final = timedelta(days=6 * 366)


@dataclass(frozen=True)
class Head:
    """The newest seal at some moment: its month, number and hash."""

    month: date
    seq: int
    hash: bytes


def is_anchored(connection: Connection, *, now: datetime) -> bool:
    """Whether today's head (UTC) has been laid down."""
    today = now.astimezone(UTC).date()
    found = connection.execute(select(AuditAnchor.day).where(AuditAnchor.day == today))
    return found.one_or_none() is not None


def newest_head(connection: Connection) -> Head | None:
    """Return the newest seal; None while nothing has been sealed."""
    query = select(AuditChain.month, AuditChain.last_seq, AuditChain.last_hash)
    found = connection.execute(query.order_by(AuditChain.month.desc()).limit(1)).one_or_none()
    return Head(found.month, found.last_seq, found.last_hash) if found else None


def lay_down(documents: Documents, head: Head, *, now: datetime) -> str:
    """Put a head into the store, locked for six years where the store has locks; return its key."""
    key = f"{PREFIX}{uuid4()}"
    told = {
        "day": now.astimezone(UTC).date().isoformat(),
        "month": head.month.isoformat(),
        "seq": head.seq,
        "hash": head.hash.hex(),
    }
    content = json.dumps(told).encode()
    documents.put(
        key, content, sha256=hashlib.sha256(content).hexdigest(), keep_until=now + KEPT_FOR
    )
    return key


def note_anchor(connection: Connection, head: Head, key: str, *, now: datetime) -> None:
    """Remember that today's head was laid down, and where."""
    connection.execute(
        insert(AuditAnchor).values(
            day=now.astimezone(UTC).date(),
            month=head.month,
            seq=head.seq,
            document_key=key,
            anchored_at=now,
        )
    )


def laid_down(documents: Documents) -> dict[date, Head]:
    """Return the heads that the store holds, by day: from its own list, not from the database's.

    Of several of one day (two sealers, a crash between the two steps) the first counts.
    """
    heads: dict[date, Head] = {}
    for day, head in _read(documents):
        known = heads.get(day)
        if known is None or (head.month, head.seq) < (known.month, known.seq):
            heads[day] = head
    return heads


def _read(documents: Documents) -> Iterator[tuple[date, Head]]:
    for stored in documents.list(PREFIX):
        told = json.loads(documents.get(stored.key))
        yield (
            date.fromisoformat(told["day"]),
            Head(date.fromisoformat(told["month"]), told["seq"], bytes.fromhex(told["hash"])),
        )
