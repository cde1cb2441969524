"""Recomputes the chains: is the record still what was sealed, whole and in its order?"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select, text

from backoffice.models.audit import AuditChain
from backoffice.services.audit.anchoring import Head
from backoffice.services.audit.sealing import DIGEST, canonical, link, opening_of

_MOST_TOLD = 1_000

_SEALS = text(f"""
  SELECT s.seq, s.record_id, s.hash, {DIGEST} AS digest, r.id IS NULL AS is_gone
    FROM audit_seals AS s
    LEFT JOIN audit_records AS r ON r.created_at = s.recorded_at AND r.id = s.record_id
   WHERE s.month = :month ORDER BY s.seq""")  # noqa: S608 - only a constant goes in
_UNSEALED = text("""
  SELECT r.id FROM audit_records AS r
   WHERE r.created_at >= CAST(:month AS date)::timestamp AT TIME ZONE 'UTC'
     AND r.created_at < (CAST(:month AS date) + interval '1 month')::timestamp AT TIME ZONE 'UTC'
     AND NOT EXISTS (SELECT FROM audit_seals AS s WHERE s.month = :month
                      AND s.record_id = r.id AND s.recorded_at = r.created_at)
     AND NOT EXISTS (SELECT FROM audit_unsealed AS u
                      WHERE u.recorded_at = r.created_at AND u.record_id = r.id)
   ORDER BY r.created_at, r.id LIMIT :most""")
_MONTHS = text("""
  SELECT DISTINCT date_trunc('month', created_at AT TIME ZONE 'UTC')::date AS month
    FROM audit_records UNION SELECT month FROM audit_chains ORDER BY month""")


class Wrong(enum.StrEnum):
    """What can be wrong with a chain."""

    EDITED = "edited"  # the record, or its place in the order, is not what was sealed here
    GONE = "gone"  # sealed, and no record
    NEVER_SEALED = "never sealed"  # a record that came in past the sealer
    GAP = "gap"  # a number is missing
    CUT = "cut"  # the chain ends elsewhere than it did
    OPENING = "opening"  # the month does not begin on the one before it
    ANCHOR = "anchor"  # not what was laid down outside the database


@dataclass(frozen=True)
class Problem:
    """One thing found wrong; ids and numbers only."""

    what: Wrong
    month: date
    seq: int | None = None
    record_id: UUID | None = None


@dataclass(frozen=True)
class Verification:
    """How much was looked at, and what is wrong."""

    months: int
    seals: int
    anchors: int
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(
    connection: Connection, *, month: date | None = None, anchors: Mapping[date, Head] | None = None
) -> Verification:
    """Recompute all chains, or one month's; compare with the heads that were laid down outside.

    As the sealer role. A record that still waits for its seal is no problem (see seal_lag).
    """
    canonical(connection)
    chains = {row.month: row for row in connection.execute(select(*AuditChain.__table__.c))}
    months = [month] if month else list(connection.scalars(_MONTHS))
    problems: list[Problem] = []
    seals = 0
    for each in months:
        chain = chains.get(each)
        if chain is not None and chain.dropped_at is None:
            counted, found = _verify_chain(connection, chain, chains)
            seals += counted
            problems += found
        if chain is None or chain.dropped_at is None:
            unsealed = connection.scalars(_UNSEALED, {"month": each, "most": _MOST_TOLD})
            problems += [Problem(Wrong.NEVER_SEALED, each, record_id=row_id) for row_id in unsealed]
    known = {day: head for day, head in (anchors or {}).items() if head.month in set(months)}
    problems += _against_anchors(connection, chains, known)
    return Verification(len(months), seals, len(known), tuple(problems))


def _verify_chain(
    connection: Connection, chain: Row[Any], chains: Mapping[date, Row[Any]]
) -> tuple[int, list[Problem]]:
    """Each seal is compared on the one stored before it: so every wrong spot is told, not one."""
    problems = list(_opening(connection, chain, chains))
    before, expected, seq = chain.opening, 1, 0
    for seq, record_id, sealed, digest, is_gone in connection.execute(
        _SEALS, {"month": chain.month}
    ):
        if seq != expected:
            problems.append(Problem(Wrong.GAP, chain.month, expected))
        elif is_gone:
            problems.append(Problem(Wrong.GONE, chain.month, seq, record_id))
        elif link(before, digest) != sealed:
            problems.append(Problem(Wrong.EDITED, chain.month, seq, record_id))
        before, expected = sealed, seq + 1
    if (seq, before) != (chain.last_seq, chain.last_hash):
        problems.append(Problem(Wrong.CUT, chain.month, seq))
    return seq, problems


def _opening(
    connection: Connection, chain: Row[Any], chains: Mapping[date, Row[Any]]
) -> Iterator[Problem]:
    earlier = chains.get(chain.opened_on_month) if chain.opened_on_month else None
    if chain.opened_on_month is None:
        head: bytes | None = bytes(32)
    elif earlier is None:
        head = None
    elif earlier.dropped_at is not None:
        return  # its seals are gone by schedule; the anchors still hold its head
    else:
        head = _hash_at(connection, earlier, chain.opened_on_seq)
    if head is None or opening_of(chain.month, head) != chain.opening:
        yield Problem(Wrong.OPENING, chain.month, 0)


def _against_anchors(
    connection: Connection, chains: Mapping[date, Row[Any]], anchors: Mapping[date, Head]
) -> Iterator[Problem]:
    for _, head in sorted(anchors.items()):
        chain = chains.get(head.month)
        if chain is not None and chain.dropped_at is not None:
            continue
        if chain is None or _hash_at(connection, chain, head.seq) != head.hash:
            yield Problem(Wrong.ANCHOR, head.month, head.seq)


def _hash_at(connection: Connection, chain: Row[Any], seq: int) -> bytes | None:
    """Return the hash of one seal of a chain; of seal 0, what the chain opens on."""
    if seq == 0:
        return bytes(chain.opening)
    found: bytes | None = connection.scalar(
        text("SELECT hash FROM audit_seals WHERE month = :month AND seq = :seq"),
        {"month": chain.month, "seq": seq},
    )
    return found
