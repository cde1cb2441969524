"""Puts on record who did or read what, in the same transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.audit import AuditRecord

ACTOR = "actor"


@dataclass(frozen=True)
class Actor:
    """Who acts in this session: a person at an address, or (no user) the system itself."""

    user_id: UUID | None = None
    request_id: str = ""
    address: str = ""


def act_as(session: Session, actor: Actor) -> None:
    """Say once per session who its records are about."""
    session.info[ACTOR] = actor


def actor_of(session: Session) -> Actor:
    """Return who acts in this session; the system where nobody was named."""
    actor: Actor = session.info.get(ACTOR, Actor())
    return actor


def record(  # noqa: PLR0913 - an audit record is wide by nature
    session: Session,
    action: str,
    *,
    subject_kind: str,
    subject_ids: Iterable[UUID],
    practice_id: UUID | None,
    fields: Iterable[str] = (),
    detail: dict[str, Any] | None = None,
) -> None:
    """Add one record. `action` is a verb of the house; ids and field names only, never values."""
    actor = actor_of(session)
    session.add(
        AuditRecord(
            practice_id=practice_id,
            user_id=actor.user_id,
            action=action,
            subject_kind=subject_kind,
            subject_ids=list(subject_ids),
            fields=list(fields),
            detail=detail or {},
            request_id=actor.request_id,
            address=actor.address,
        )
    )
