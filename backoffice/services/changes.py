"""Which rows a unit of work changed that people may be watching: told after its commit."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import any_, event, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction, sessionmaker
from sqlalchemy.types import Uuid

from backoffice.gateways.live import Change
from backoffice.models.claims import Claim, ClaimStep
from backoffice.services.work import WalledSession

CHANGED = "changed_rows"
KINDS = {Claim: "claim"}
"""What is watched, and its word on the wire and in pages (data-live)."""


def announce_changes(
    factory: sessionmaker[WalledSession], announce: Callable[[Sequence[Change]], None]
) -> None:
    """Have every session of a factory say, after each commit, which watched rows changed.

    Nothing is said of what was rolled back. `announce` must neither fail nor wait.
    """

    def tell(session: Session) -> None:
        if session.in_nested_transaction():
            return  # a savepoint: nobody else sees it yet
        rows = session.info.pop(CHANGED, {})
        announce([_change(row) for row in rows.values()])

    event.listen(factory, "after_flush", _gather)
    event.listen(factory, "after_commit", tell)
    event.listen(factory, "after_soft_rollback", _forget)


def _gather(session: Session, _: UOWTransaction) -> None:
    rows = session.info.setdefault(CHANGED, {})
    for row in (*session.new, *session.dirty):
        if type(row) in KINDS and (row in session.new or session.is_modified(row)):
            rows[row.id] = row


def _forget(session: Session, previous: SessionTransaction) -> None:
    if not previous.nested:
        session.info.pop(CHANGED, None)


def _change(row: Claim) -> Change:
    return Change(KINDS[type(row)], row.practice_id, row.id, row.version)


def moved_since(session: Session, practices: Collection[UUID], since: datetime) -> Sequence[Change]:
    """Return claims with a step since a moment, for those who can't hear of changes.

    Steps have ids in time order, so the primary key is walked from that moment on.
    """
    floor = UUID(int=int(since.timestamp() * 1000) << 80)
    own = literal(sorted(practices), ARRAY(Uuid()))
    steps = select(ClaimStep.claim_id).where(
        ClaimStep.practice_id == any_(own), ClaimStep.id >= floor
    )
    query = select(Claim.practice_id, Claim.id, Claim.version).where(
        Claim.practice_id == any_(own), Claim.id.in_(steps)
    )
    return [
        Change(KINDS[Claim], practice_id, claim_id, version)
        for practice_id, claim_id, version in session.execute(query)
    ]
