"""A thread from its first word on: start, reply, internal note, read, settle."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.messages import Message, Receipt, Thread, ThreadState
from backoffice.rules.roles import Permission
from backoffice.services.access import one, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.beginning import About, To, column_of, practice_of
from backoffice.services.messages.circle import Circle, circle_of
from backoffice.services.messages.drafts import drop_draft, drop_first_words
from backoffice.services.messages.once import remember, said_before
from backoffice.services.messages.reading import thread_for
from backoffice.services.messages.refusals import (
    MessagingOffForYou,
    NobodyChosen,
    NotForNotes,
    NotForThePractice,
)
from backoffice.services.messages.saying import Words, is_on, join, last_id, record, say
from backoffice.services.messages.timing import put_to_rest


def start(  # noqa: PLR0913 - a first message has many parts, all named
    session: Session,
    about: About,
    *,
    by: Person,
    subject: str,
    body: str,
    now: datetime,
    to: To | None = None,
    attached: tuple[UUID, ...] = (),
    once: str = "",
) -> Thread:
    """Begin a thread about a row that `by` may come near, with its first message.

    Unless `to` says otherwise it goes from the house to the practice's owners and billing people
    and the clinician of what it is about; from the practice to the claim's owner, or to all who
    bill for the practice. `once` names the form: sent twice, it starts one thread.
    """
    practice_id = practice_of(about)
    _may_write(session, practice_id, by)
    if known := said_before(session, once, f"{about.id}\n{subject}\n{body}", by=by, now=now):
        return one(session, Thread, known)
    circle = circle_of(session, practice_id)
    to = to or usual(circle, about, by=by)
    if not to.people <= frozenset(circle.people):
        raise NobodyChosen
    thread = Thread(
        practice_id=practice_id,
        subject=subject.strip(),
        owner_id=_owner(about) or (by.id if by.staff_in(practice_id) else None),
        with_billers=to.billers,
        with_readers=to.readers,
        last_message_at=now,
        **_columns(about),
    )
    session.add(thread)
    session.flush()
    join(session, thread, to.all_in(circle) | {by.id})
    record(session, "start_thread", thread)
    say(session, thread, Words(body, attached=attached), by=by, now=now)
    drop_first_words(session, about, by=by)
    remember(session, once, thread.id, by=by)
    return thread


def usual(circle: Circle, about: About, *, by: Person) -> To:
    """Return who takes part in a new thread unless somebody else is chosen."""
    if by.staff_in(practice_of(about)):
        clinician_id = about.clinician_id if isinstance(about, Claim | Appointment) else None
        return To(people=circle.clinician(clinician_id) - {by.id}, readers=True)
    owner = _owner(about)
    if owner in circle.staff:
        return To(people=frozenset({owner}))
    return To(billers=True)


def who_hears(session: Session, about: About, *, by: Person) -> frozenset[UUID]:
    """Return who takes part in a new thread unless chosen otherwise, besides who starts it."""
    circle = circle_of(session, practice_of(about))
    return usual(circle, about, by=by).all_in(circle) - {by.id}


def reply(  # noqa: PLR0913 - a message has many parts, all named
    session: Session,
    thread_id: UUID,
    *,
    by: Person,
    body: str,
    internal: bool = False,
    now: datetime,
    attached: tuple[UUID, ...] = (),
    once: str = "",
) -> Message:
    """Say something in a thread; an internal note stays with the house for good.

    `once` names the form: sent twice, it says one thing.
    """
    thread = thread_for(session, thread_id, by, lock=True)
    if internal and not by.may_in(thread.practice_id, Permission.WRITE_INTERNAL_NOTES):
        raise NotForNotes
    _may_write(session, thread.practice_id, by)
    said = f"{thread.id}\n{internal}\n{body}"
    if known := said_before(session, once, said, by=by, now=now):
        return one(session, Message, known)
    message = say(session, thread, Words(body, internal, attached), by=by, now=now)
    drop_draft(session, thread, by=by)
    remember(session, once, message.id, by=by)
    return message


def mark_read(session: Session, thread_id: UUID, *, by: Person, now: datetime) -> None:
    """Remember that a participant has seen all there is; others read without leaving a mark."""
    thread = thread_for(session, thread_id, by)
    receipt = session.scalars(
        visible(session, Receipt)
        .where(Receipt.thread_id == thread.id, Receipt.user_id == by.id)
        .with_for_update()
    ).one_or_none()
    last = last_id(session, thread, staff=by.staff_in(thread.practice_id))
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
    if state is ThreadState.DONE:
        put_to_rest(thread)
    record(session, f"thread_{state.value}", thread)


def _may_write(session: Session, practice_id: UUID, by: Person) -> None:
    if practice_id in by.silent:
        raise MessagingOffForYou
    is_on(session, practice_id)


def _owner(about: About) -> UUID | None:
    return about.owner_id if isinstance(about, Claim) else None


def _columns(about: About) -> dict[str, UUID | None]:
    """Return what a thread's row says of what it is about."""
    named: dict[str, UUID | None] = {**column_of(about)}
    if isinstance(about, Claim | Appointment):
        named["client_id"] = about.client_id
    return named
