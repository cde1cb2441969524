"""Remembers for a while which appointments an act set aside, so that it can be taken back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.users import OnceKey
from backoffice.services.refusal import NotVisible

_ACT = "set aside"


def keep(session: Session, appointment_ids: Sequence[UUID], *, by: UUID, now: datetime) -> UUID:
    """Remember what was set aside and return the key that takes it back."""
    key = new_id()
    session.add(
        OnceKey(
            user_id=by,
            key=f"undo:{key}",
            asked_hash=_ACT,
            answer={"appointments": [str(each) for each in appointment_ids]},
            created_at=now,
        )
    )
    session.flush()
    return key


def take_back(session: Session, key: UUID, *, by: UUID) -> list[UUID]:
    """Return what this person set aside under a key, once; then the key is gone."""
    kept = session.get(OnceKey, (by, f"undo:{key}"), with_for_update=True)
    if kept is None or kept.answer is None:
        raise NotVisible
    session.delete(kept)
    return [UUID(each) for each in kept.answer["appointments"]]
