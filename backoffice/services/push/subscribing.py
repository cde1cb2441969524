"""A person's own browsers: told by push from now on, or no longer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from backoffice.models.live import PushSubscription
from backoffice.models.sealing import keyring
from backoffice.services import audit
from backoffice.services.refusal import NotVisible

MOST: Final = 10
"""Of one person; the oldest makes room."""


@dataclass(frozen=True)
class Subscribed:
    """One browser that is told by push, as its owner knows it."""

    id: UUID
    browser: str
    since: datetime


def subscribe(
    session: Session, user_id: UUID, endpoint: str, *, browser: str, now: datetime
) -> None:
    """Tell this browser from now on; whoever used it before is told there no longer.

    The caller has looked whose address it is (gateways/push.py). Works for the house.
    """
    session.execute(delete(PushSubscription).where(_at(endpoint)))
    own = select(PushSubscription).where(PushSubscription.user_id == user_id)
    kept = session.scalars(own.order_by(PushSubscription.created_at.desc())).all()
    for old in kept[MOST - 1 :]:
        session.delete(old)
    session.add(
        PushSubscription(user_id=user_id, browser=browser, endpoint=endpoint, created_at=now)
    )
    _record(session, "push_on", user_id)


def stop(session: Session, user_id: UUID, endpoint: str) -> None:
    """Tell this browser of one's own no longer."""
    own = PushSubscription.user_id == user_id
    session.execute(delete(PushSubscription).where(_at(endpoint), own))
    _record(session, "push_off", user_id)


def stop_one(session: Session, user_id: UUID, subscription_id: UUID) -> None:
    """Tell one of one's browsers no longer; raises NotVisible for what is not one's own."""
    own = PushSubscription.user_id == user_id
    query = select(PushSubscription).where(PushSubscription.id == subscription_id, own)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotVisible
    session.delete(found)
    _record(session, "push_off", user_id)


def subscriptions_of(session: Session, user_id: UUID) -> Sequence[Subscribed]:
    """Return a person's browsers that are told by push, the oldest first."""
    query = select(PushSubscription).where(PushSubscription.user_id == user_id)
    rows = session.scalars(query.order_by(PushSubscription.created_at)).all()
    return [Subscribed(row.id, row.browser, row.created_at) for row in rows]


def _at(endpoint: str) -> ColumnElement[bool]:
    index = keyring().blind_index(None, "endpoint", endpoint)
    return PushSubscription.endpoint_index == index


def _record(session: Session, action: str, user_id: UUID) -> None:
    audit.record(session, action, subject_kind="user", subject_ids=[user_id], practice_id=None)
