"""Whether a message still waits for somebody, and what became of a knock at their browser."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.live import PushSubscription
from backoffice.models.messages import Message, Receipt
from backoffice.rules.roles import Permission
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.sides import shown_to

MOST_FAILURES: Final = 20
"""Knocks in a row that a push service did not take, after which an address is let go."""


def still_first(session: Session, message_id: UUID, person: Person) -> bool:
    """Whether this message is the first of its thread that waits for a person.

    Later ones are not told of: their reader has been told and not come yet.
    """
    said = visible(session, Message).where(Message.id == message_id, shown_to(person))
    message = session.scalars(said).one_or_none()
    if message is None or not person.may_in(message.practice_id, Permission.SEE_MESSAGES):
        return False
    in_thread = Receipt.thread_id == message.thread_id
    receipt = session.scalars(
        visible(session, Receipt).where(in_thread, Receipt.user_id == person.id)
    ).one_or_none()
    waiting = select(Message.id).where(
        held(session, Message.practice_id),
        Message.thread_id == message.thread_id,
        Message.author_id != person.id,
        shown_to(person),
    )
    if receipt is not None and receipt.read_through_id is not None:
        waiting = waiting.where(Message.id > receipt.read_through_id)
    first = session.scalars(waiting.order_by(Message.id).limit(1)).one_or_none()
    return first == message.id


def address_for(session: Session, subscription_id: UUID) -> tuple[str, UUID] | None:
    """Return a browser's address and whose it is; None when it is told no longer."""
    row = session.get(PushSubscription, subscription_id)
    if row is None or row.endpoint is None:
        return None
    return row.endpoint, row.user_id


def knocked(session: Session, subscription_id: UUID, *, now: datetime) -> None:
    """Write down that a browser was told."""
    row = session.get(PushSubscription, subscription_id, with_for_update=True)
    if row is not None:
        row.last_sent_at, row.failures = now, 0


def gone(session: Session, subscription_id: UUID) -> None:
    """Let go of an address that its browser has withdrawn."""
    row = session.get(PushSubscription, subscription_id, with_for_update=True)
    if row is not None:
        session.delete(row)


def failed(session: Session, subscription_id: UUID) -> int:
    """Count a knock that was not taken; returns how many in a row. Too many: the address goes."""
    row = session.get(PushSubscription, subscription_id, with_for_update=True)
    if row is None:
        return 0
    row.failures += 1
    if row.failures >= MOST_FAILURES:
        session.delete(row)
    return row.failures
