"""Asks for a knock at the browsers of whoever does not read a message in time: web push."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.live import PushSubscription
from backoffice.models.messages import Message
from backoffice.rules.notices import Topic
from backoffice.services.notifications.wishes import wait_of


def knock_when_unread(session: Session, message: Message, listeners: Iterable[UUID]) -> None:
    """Have these people's browsers told when their mails would leave, by an errand each.

    Whether the message still waits then is looked at by whoever knocks (services/push).
    """
    query = select(PushSubscription).where(PushSubscription.user_id.in_(set(listeners)))
    for told in session.scalars(query.order_by(PushSubscription.id)):
        wait = wait_of(session, message.practice_id, told.user_id, Topic.UNREAD_MESSAGE)
        ask_for(
            session,
            Job.SEND_PUSH,
            subject_id=told.id,
            practice_id=message.practice_id,
            due_at=message.sent_at + wait,
            turn=str(message.id),
        )
