"""Says something in a thread: start, reply, internal note, read, settle."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.claims import Claim
from backoffice.models.messages import Message, Receipt, Thread, ThreadState
from backoffice.models.practices import Practice
from backoffice.models.users import User
from backoffice.rules.roles import Permission
from backoffice.services import audit, notifications
from backoffice.services.access import visible
from backoffice.services.accounts import Person
from backoffice.services.messages.reading import thread_for
from backoffice.services.refusal import Refused


class MessagingOff(Refused):
    """The practice has messages switched off."""

    code = "messaging_off"

    def __init__(self) -> None:
        """Say whose switch it is."""
        super().__init__("Messages are switched off for this practice.")


class NotForNotes(Refused):
    """Internal notes are the house's own."""

    code = "not_for_notes"

    def __init__(self) -> None:
        """Say who writes them."""
        super().__init__("Internal notes are for billers only.", field="internal")


class NotForThePractice(Refused):
    """Whom a thread waits for is the house's to say."""

    code = "not_for_the_practice"

    def __init__(self) -> None:
        """Say who may."""
        super().__init__("Your biller closes a thread; a new message opens it again.")


class NothingSaid(Refused):
    """A message without words."""

    code = "nothing_said"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("Write something first.", field="body")


def start(
    session: Session, claim: Claim, *, by: Person, subject: str, body: str, now: datetime
) -> Thread:
    """Begin a thread about a claim that `by` may come near, with its first message.

    From the house it goes to the practice's owners and billing people and the claim's clinician;
    from the practice to the claim's owner, or to all who bill for the practice.
    """
    _is_on(session, claim.practice_id)
    thread = Thread(
        practice_id=claim.practice_id,
        subject=subject.strip(),
        claim_id=claim.id,
        client_id=claim.client_id,
        owner_id=claim.owner_id or (by.id if by.staff_in(claim.practice_id) else None),
        last_message_at=now,
    )
    session.add(thread)
    session.flush()
    _join(session, thread, who_hears(session, claim, by=by) | {by.id})
    _record(session, "start_thread", thread)
    _say(session, thread, by=by, body=body, internal=False, now=now)
    return thread


def who_hears(session: Session, claim: Claim, *, by: Person) -> frozenset[UUID]:
    """Return who takes part in a new thread about a claim, besides the one who starts it."""
    audience = notifications.audience_of(session, claim.practice_id)
    house = frozenset(each for each in audience.staff if each == claim.owner_id)
    if not by.staff_in(claim.practice_id):
        house = house or audience.staff
    return (audience.about(claim.clinician_id) | house) - {by.id}


def reply(
    session: Session,
    thread_id: UUID,
    *,
    by: Person,
    body: str,
    internal: bool = False,
    now: datetime,
) -> Message:
    """Say something in a thread; an internal note stays with the house for good."""
    thread = thread_for(session, thread_id, by, lock=True)
    if internal and not by.may_in(thread.practice_id, Permission.WRITE_INTERNAL_NOTES):
        raise NotForNotes
    _is_on(session, thread.practice_id)
    _join(session, thread, {by.id})
    return _say(session, thread, by=by, body=body, internal=internal, now=now)


def mark_read(session: Session, thread_id: UUID, *, by: Person, now: datetime) -> None:
    """Remember that a participant has seen all there is; others read without leaving a mark."""
    thread = thread_for(session, thread_id, by)
    receipt = session.scalars(
        visible(session, Receipt)
        .where(Receipt.thread_id == thread.id, Receipt.user_id == by.id)
        .with_for_update()
    ).one_or_none()
    last = _last_id(session, thread, staff=by.staff_in(thread.practice_id))
    if receipt is None or last is None:
        return
    if receipt.read_through_id is None or receipt.read_through_id < last:
        receipt.read_through_id, receipt.read_at = last, now


def settle(session: Session, thread_id: UUID, state: ThreadState, *, by: Person) -> None:
    """Say whom a thread waits for, or that it is done; a reply opens it again."""
    thread = thread_for(session, thread_id, by, lock=True)
    if not by.staff_in(thread.practice_id):
        raise NotForThePractice
    thread.state = state
    _record(session, f"thread_{state.value}", thread)


def _say(
    session: Session, thread: Thread, *, by: Person, body: str, internal: bool, now: datetime
) -> Message:
    words = body.replace("\r\n", "\n").strip()
    if not words:
        raise NothingSaid
    message = Message(
        id=_next_id(session, thread),
        practice_id=thread.practice_id,
        thread_id=thread.id,
        author_id=by.id,
        internal=internal,
        body=words,
        sent_at=now,
    )
    session.add(message)
    if not internal:  # a note moves nothing that the practice can see
        thread.last_message_at = now
        ours = by.staff_in(thread.practice_id)
        thread.state = ThreadState.WAITING_ON_PRACTICE if ours else ThreadState.OPEN
    session.flush()
    _record(session, "write_note" if internal else "write_message", thread)
    notifications.message_posted(session, message, _listeners(session, thread, message))
    return message


def _next_id(session: Session, thread: Thread) -> UUID:
    """Return an id after the thread's last one, whatever the clocks of two machines say."""
    last = _last_id(session, thread, staff=True)
    fresh = new_id()
    return fresh if last is None or fresh > last else UUID(int=last.int + 1)


def _last_id(session: Session, thread: Thread, *, staff: bool) -> UUID | None:
    query = visible(session, Message).where(Message.thread_id == thread.id)
    if not staff:
        query = query.where(Message.internal.is_(False))
    last = session.scalars(query.order_by(Message.id.desc()).limit(1)).one_or_none()
    return last.id if last else None


def _listeners(session: Session, thread: Thread, message: Message) -> set[UUID]:
    query = select(Receipt.user_id).where(
        Receipt.practice_id == thread.practice_id,
        Receipt.thread_id == thread.id,
        Receipt.user_id != message.author_id,
    )
    listeners = set(session.scalars(query))
    if not message.internal:
        return listeners
    audience = notifications.audience_of(session, thread.practice_id)
    house = select(User.id).where(User.id.in_(listeners), User.house_role.is_not(None))
    return (listeners & audience.staff) | set(session.scalars(house))


def _join(session: Session, thread: Thread, user_ids: Iterable[UUID]) -> None:
    known = set(
        session.scalars(
            select(Receipt.user_id).where(
                Receipt.practice_id == thread.practice_id, Receipt.thread_id == thread.id
            )
        )
    )
    for user_id in sorted(set(user_ids) - known):
        session.add(Receipt(practice_id=thread.practice_id, thread_id=thread.id, user_id=user_id))
    session.flush()


def _is_on(session: Session, practice_id: UUID) -> None:
    if not session.get_one(Practice, practice_id).messaging_on:
        raise MessagingOff


def _record(session: Session, action: str, thread: Thread) -> None:
    audit.record(
        session,
        action,
        subject_kind="thread",
        subject_ids=[thread.id],
        practice_id=thread.practice_id,
    )
