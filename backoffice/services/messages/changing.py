"""Words that change after they were said, never silently: edited, or withdrawn with their trace."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.messages import Message, MessageVersion, Thread
from backoffice.models.users import User
from backoffice.rules.roles import Permission
from backoffice.services import audit, notifications
from backoffice.services.access import one, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.circle import circle_of
from backoffice.services.messages.reading import thread_for
from backoffice.services.messages.refusals import (
    AlreadyWithdrawn,
    ChangedMeanwhile,
    NotTheirs,
    ReasonNeeded,
)
from backoffice.services.messages.saying import is_on, join, plain, record, whom_it_means
from backoffice.services.messages.sides import shown_to
from backoffice.services.refusal import NotVisible


@dataclass(frozen=True)
class Version:
    """What a message said from `written_at` on; None where it is not this reader's to see."""

    number: int
    body: str | None
    written_at: datetime


@dataclass(frozen=True)
class Trace:
    """A message with everything it ever said, the oldest first; `withdrawn_by` where it was."""

    thread: Thread
    message: Message
    author: User
    versions: tuple[Version, ...]
    withdrawn_by: User | None


def edit(  # noqa: PLR0913 - which message, its new words and what they replace, all named
    session: Session,
    thread_id: UUID,
    message_id: UUID,
    *,
    by: Person,
    body: str,
    version: int,
    now: datetime,
) -> Message:
    """Change one's own words; what stood there before is kept and can be read.

    `version` is the one that was changed: where it is no longer the newest, ChangedMeanwhile.
    Whoever is newly named takes part and is told; nothing is unread again by an edit.
    """
    message = own_message(session, thread_id, message_id, by=by)
    thread = one(session, Thread, thread_id)
    words = plain(body)
    if message.version != version:
        raise ChangedMeanwhile
    if words == message.body:
        return message
    circle = circle_of(session, thread.practice_id)
    meant = whom_it_means(session, thread, words, circle, by=by, internal=message.internal)
    fresh = meant - set(message.mentioned_ids)
    message.body, message.edited_at, message.mentioned_ids = words, now, sorted(meant)
    session.flush()
    session.refresh(message, ["version"])
    record(session, "edit_message", thread)
    join(session, thread, fresh)
    notifications.message_posted(session, message, fresh)
    return message


def withdraw(
    session: Session,
    thread_id: UUID,
    message_id: UUID,
    *,
    by: Person,
    reason: str = "",
    now: datetime,
) -> Message:
    """Take words back: who, when and why stay, and the words for the record alone.

    One's own at any time; somebody else's, which may name whom this thread is not about, with
    WITHDRAW_MESSAGES and a reason: raises ReasonNeeded without one.
    """
    message = withdrawable(session, thread_id, message_id, by=by)
    if message.author_id != by.id and not reason.strip():
        raise ReasonNeeded
    message.body, message.mentioned_ids = "", []
    message.withdrawn_at, message.withdrawn_by_id = now, by.id
    message.withdrawn_reason = reason.strip()
    session.flush()
    session.refresh(message, ["version"])
    record(session, "withdraw_message", one(session, Thread, thread_id), of=message)
    return message


def message_for(
    session: Session, thread_id: UUID, message_id: UUID, person: Person
) -> tuple[Thread, Message]:
    """Return a message of a thread that this person may see, or raise NotVisible."""
    thread = thread_for(session, thread_id, person)
    query = visible(session, Message).where(
        Message.thread_id == thread.id, Message.id == message_id, shown_to(person)
    )
    message = session.scalars(query).one_or_none()
    if message is None:
        raise NotVisible
    return thread, message


def trace(session: Session, thread_id: UUID, message_id: UUID, person: Person) -> Trace:
    """Return all that a message ever said, and put the reading on record.

    What was withdrawn is read by those who may see the record, and by nobody else.
    """
    thread, message = message_for(session, thread_id, message_id, person)
    readable = message.withdrawn_at is None or person.may_in(
        thread.practice_id, Permission.SEE_AUDIT
    )
    kept = session.scalars(
        visible(session, MessageVersion)
        .where(MessageVersion.message_id == message.id)
        .order_by(MessageVersion.number)
    ).all()
    versions = [
        Version(each.number, each.body if readable else None, each.written_at) for each in kept
    ]
    if message.withdrawn_at is None:
        at = message.edited_at or message.sent_at
        versions.append(Version(message.version, message.body, at))
    audit.read(
        session, "message", [message.id], practice_id=thread.practice_id, fields=["versions"]
    )
    by = message.withdrawn_by_id
    return Trace(
        thread=thread,
        message=message,
        author=session.get_one(User, message.author_id),
        versions=tuple(versions),
        withdrawn_by=session.get(User, by) if by else None,
    )


def own_message(session: Session, thread_id: UUID, message_id: UUID, *, by: Person) -> Message:
    """Return a message that `by` wrote and may still change, its thread locked.

    Raises NotTheirs, AlreadyWithdrawn, and MessagingOff where nothing is written any more.
    """
    thread, message = _standing(session, thread_id, message_id, by=by)
    if message.author_id != by.id:
        raise NotTheirs
    is_on(session, thread.practice_id)
    return message


def withdrawable(session: Session, thread_id: UUID, message_id: UUID, *, by: Person) -> Message:
    """Return a message that `by` may withdraw, its thread locked; others' even with messages off.

    Raises NotTheirs, AlreadyWithdrawn, and MessagingOff for one's own.
    """
    thread, message = _standing(session, thread_id, message_id, by=by)
    if message.author_id == by.id:
        is_on(session, thread.practice_id)
    elif not by.may_in(thread.practice_id, Permission.WITHDRAW_MESSAGES):
        raise NotTheirs
    return message


def _standing(
    session: Session, thread_id: UUID, message_id: UUID, *, by: Person
) -> tuple[Thread, Message]:
    """Return a message that stands there still, with its thread, which is locked."""
    thread_for(session, thread_id, by, lock=True)
    thread, message = message_for(session, thread_id, message_id, by)
    session.refresh(message)
    if message.withdrawn_at is not None:
        raise AlreadyWithdrawn
    return thread, message
