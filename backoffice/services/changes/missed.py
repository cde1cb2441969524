"""What changed that somebody has not seen yet: asked of the database, which is the truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, delete, func, not_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from backoffice.gateways.live import Change
from backoffice.models.live import RecentChange
from backoffice.services.access import held
from backoffice.services.changes.seen import Seen

KEPT: Final = timedelta(days=1)
MOST: Final = 500
"""So many changes are named to whoever missed them; of more, they look at everything anew."""


class _Snapshot(UserDefinedType[str]):
    """PostgreSQL's pg_snapshot, as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "pg_snapshot"


class _TransactionId(UserDefinedType[str]):
    """PostgreSQL's xid8, as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


@dataclass(frozen=True)
class Missed:
    """The changes in the order of their transactions, and up to where one has seen with them.

    `changes` None: too many, or too long ago; only looking at everything anew helps.
    """

    changes: Sequence[Change] | None
    seen: Seen


def missed_since(session: Session, since: Seen | None, *, now: datetime) -> Missed:
    """Return what this session's practices changed that `since` has not seen; each exactly once.

    With `since` None it only says where one stands who begins to look now.
    """
    snapshot = session.scalars(select(cast(func.pg_current_snapshot(), Text))).one()
    seen = Seen.taken(snapshot, now)
    if since is None:
        return Missed((), seen)
    if since.is_too_old(now) or since.ceiling > int(snapshot.split(":")[1]):
        return Missed(None, seen)
    rows = session.execute(
        select(
            RecentChange.kind,
            RecentChange.practice_id,
            RecentChange.subject_id,
            RecentChange.version,
            RecentChange.staff_only,
        )
        .where(
            held(session, RecentChange.practice_id),
            RecentChange.xid >= since.floor,
            not_(_visible_in(since.snapshot)),
            _visible_in(snapshot),
        )
        .order_by(RecentChange.xid, RecentChange.id)
        .limit(MOST + 1)
    ).all()
    return Missed(None if len(rows) > MOST else [Change(*row) for row in rows], seen)


def forget_old(session: Session, *, now: datetime) -> None:
    """Forget what every open page has long seen; the session acts in one practice."""
    session.execute(
        delete(RecentChange).where(
            held(session, RecentChange.practice_id), RecentChange.created_at < now - KEPT
        )
    )


def _visible_in(snapshot: str) -> ColumnElement[bool]:
    number = cast(cast(RecentChange.xid, Text), _TransactionId())
    return func.pg_visible_in_snapshot(number, cast(snapshot, _Snapshot()))
