"""One thing said in a thread: its words, what it brings along, who joins by it and who hears it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.messages import Message, Receipt, Thread, ThreadState
from backoffice.models.practices import Practice
from backoffice.services import audit, notifications
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.attaching import attach
from backoffice.services.messages.circle import Circle, circle_of
from backoffice.services.messages.mentions import mentioned
from backoffice.services.messages.refusals import (
    MentionUnseen,
    MessagingOff,
    NothingSaid,
    TooLong,
)
from backoffice.services.messages.timing import note_said

MOST = 20_000
"""Characters of one message."""


@dataclass(frozen=True)
class Words:
    """What is to be said, with the documents that it brings along."""

    body: str
    internal: bool = False
    attached: tuple[UUID, ...] = ()


def say(session: Session, thread: Thread, words: Words, *, by: Person, now: datetime) -> Message:
    """Say something in a thread that is locked; an internal note stays with the house for good."""
    circle = circle_of(session, thread.practice_id)
    body = plain(words.body)
    meant = whom_it_means(session, thread, body, circle, by=by, internal=words.internal)
    message = Message(
        id=_next_id(session, thread),
        practice_id=thread.practice_id,
        thread_id=thread.id,
        author_id=by.id,
        internal=words.internal,
        body=body,
        mentioned_ids=sorted(meant),
        sent_at=now,
    )
    session.add(message)
    if not words.internal:  # a note moves nothing that the practice can see
        thread.last_message_at = now
        ours = by.staff_in(thread.practice_id)
        thread.state = ThreadState.WAITING_ON_PRACTICE if ours else ThreadState.OPEN
        note_said(session, thread, ours=ours, now=now)
    session.flush()
    attach(session, thread, message, words.attached, by=by)
    record(session, "write_note" if words.internal else "write_message", thread)
    listeners = _listeners(session, thread, message, circle, by=by)
    join(session, thread, listeners | {by.id})
    notifications.message_posted(session, message, listeners)
    return message


def plain(body: str) -> str:
    """Return words as they are kept; raises NothingSaid and TooLong."""
    words = body.replace("\r\n", "\n").strip()
    if not words:
        raise NothingSaid
    if len(words) > MOST:
        raise TooLong(len(words), MOST)
    return words


def whom_it_means(
    session: Session, thread: Thread, body: str, circle: Circle, *, by: Person, internal: bool
) -> frozenset[UUID]:
    """Return whom "@Name" in these words means, `by` left out.

    The practice's people name each other and the staff who take part; the staff name everybody,
    in an internal note each other: MentionUnseen where it names somebody who will not see it.
    """
    may_name = frozenset(circle.people)
    if not by.staff_in(thread.practice_id):
        may_name &= circle.practice_side | taking_part(session, thread)
    meant = mentioned(body, circle.named(may_name)) - {by.id}
    unseen = circle.named(meant - circle.staff) if internal else []
    if unseen:
        raise MentionUnseen(unseen[0].name)
    return meant


def taking_part(session: Session, thread: Thread) -> frozenset[UUID]:
    """Return who takes part in a thread, people who have left the practice among them."""
    query = select(Receipt.user_id).where(
        held(session, Receipt.practice_id),
        Receipt.practice_id == thread.practice_id,
        Receipt.thread_id == thread.id,
    )
    return frozenset(session.scalars(query))


def join(session: Session, thread: Thread, user_ids: Iterable[UUID]) -> None:
    """Let people take part from now on; who does already is left alone."""
    for user_id in sorted(set(user_ids) - taking_part(session, thread)):
        session.add(Receipt(practice_id=thread.practice_id, thread_id=thread.id, user_id=user_id))
    session.flush()


def last_id(session: Session, thread: Thread, *, staff: bool) -> UUID | None:
    """Return the newest message that this side sees."""
    query = visible(session, Message).where(Message.thread_id == thread.id)
    if not staff:
        query = query.where(Message.internal.is_(False))
    last = session.scalars(query.order_by(Message.id.desc()).limit(1)).one_or_none()
    return last.id if last else None


def is_on(session: Session, practice_id: UUID) -> None:
    """Raise MessagingOff where the practice has messages switched off."""
    if not session.get_one(Practice, practice_id).messaging_on:
        raise MessagingOff


def record(session: Session, action: str, thread: Thread, *, of: Message | None = None) -> None:
    """Put what was done in a thread on record; with the message and its author where it is one."""
    audit.record(
        session,
        action,
        subject_kind="thread",
        subject_ids=[thread.id],
        practice_id=thread.practice_id,
        detail={"message": str(of.id), "author": str(of.author_id)} if of else None,
    )


def _next_id(session: Session, thread: Thread) -> UUID:
    """Return an id after the thread's last one, whatever the clocks of two machines say."""
    last = last_id(session, thread, staff=True)
    fresh = new_id()
    return fresh if last is None or fresh > last else UUID(int=last.int + 1)


def _listeners(
    session: Session, thread: Thread, message: Message, circle: Circle, *, by: Person
) -> frozenset[UUID]:
    """Return who hears of a message: participants, groups as they are now, and who is named.

    Whoever left the practice or has messages switched off does not. Where that leaves nobody on
    the other side, its owners (or billers) do: nothing is said into an empty room.
    """
    hear = taking_part(session, thread) | frozenset(message.mentioned_ids)
    if thread.with_billers:
        hear |= circle.billers
    if thread.with_readers:
        hear |= circle.readers
    hear &= frozenset(circle.people)
    if message.internal:
        return (hear & circle.staff) - {by.id}
    ours = by.staff_in(thread.practice_id)
    if not hear & circle.other_side(ours=ours):
        hear |= circle.always_there(ours=ours)
    return hear - {by.id}
