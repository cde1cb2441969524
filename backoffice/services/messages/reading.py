"""Threads as their readers see them: lists, and one conversation with who has read what."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from backoffice.models.claims import Claim
from backoffice.models.messages import Message, Receipt, Thread, ThreadState
from backoffice.models.users import Membership, User
from backoffice.rules.roles import STAFF_ROLES
from backoffice.services import audit
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.sides import shown_to
from backoffice.services.refusal import NotVisible
from backoffice.services.unbilled.reach import limited_practices, own_clinicians

PAGE_SIZE = 50


class Box(enum.StrEnum):
    """Which threads a list shows."""

    MINE = "mine"
    ALL = "all"
    DONE = "done"


class Cursor(NamedTuple):
    """The last thread of a page."""

    last_message_at: datetime
    thread_id: UUID

    def __str__(self) -> str:
        """Return it as it stands in an address."""
        return f"{self.last_message_at.isoformat()}~{self.thread_id}"

    @classmethod
    def read(cls, words: str | None) -> "Cursor | None":
        """Read a cursor from an address; None for none or for what is no cursor."""
        at, separator, thread_id = (words or "").partition("~")
        try:
            moment = datetime.fromisoformat(at)
            return cls(moment, UUID(thread_id)) if separator and moment.tzinfo else None
        except ValueError:
            return None


@dataclass(frozen=True)
class Line:
    """A thread in a list."""

    id: UUID
    practice_id: UUID
    subject: str
    state: ThreadState
    last_message_at: datetime
    last_author: str
    unread: bool


@dataclass(frozen=True)
class Listing:
    """One page of threads; `older` is where the next one begins."""

    lines: Sequence[Line]
    older: Cursor | None


@dataclass(frozen=True)
class Said:
    """One message as its reader sees it.

    `read` is whether somebody of the other side has read it; `read_at` is known for the last
    message of a reading only, and for a reader's own message alone.
    """

    id: UUID
    author: User
    mine: bool
    body: str
    sent_at: datetime
    internal: bool
    read: bool
    read_at: datetime | None


@dataclass(frozen=True)
class Conversation:
    """A thread with its messages; `unread_from` is the first that its reader has not seen."""

    thread: Thread
    messages: Sequence[Said]
    owner: User | None
    participants: Sequence[User]
    """Those of the other side who take part."""
    unread_from: UUID | None

    @property
    def stamp(self) -> str:
        """What changes whenever the conversation looks different."""
        last = self.messages[-1].id if self.messages else ""
        return f"{last}.{sum(said.read for said in self.messages)}.{self.thread.state.value}"


def reach(session: Session, person: Person) -> ColumnElement[bool]:
    """Return the condition "a thread this person may come near".

    A clinician meets threads about their own claims and those where they take part.
    """
    here = held(session, Thread.practice_id)
    own = own_clinicians(session, person)
    if not own:
        return here
    about_own = exists().where(
        Claim.practice_id == Thread.practice_id,
        Claim.id == Thread.claim_id,
        Claim.clinician_id.in_(own),
    )
    free = Thread.practice_id.not_in(limited_practices(session, person))
    return and_(here, or_(free, about_own, _takes_part(person)))


def thread_for(session: Session, thread_id: UUID, person: Person, *, lock: bool = False) -> Thread:
    """Return a thread that this person may come near, or raise NotVisible."""
    query = visible(session, Thread).where(Thread.id == thread_id, reach(session, person))
    thread = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if thread is None:
        raise NotVisible
    return thread


def threads(session: Session, person: Person, box: Box, *, after: Cursor | None = None) -> Listing:
    """Return a page of threads, the newest word first."""
    query = (
        _in_box(session, person, box)
        .order_by(Thread.last_message_at.desc(), Thread.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if after is not None:
        query = query.where(tuple_(Thread.last_message_at, Thread.id) < tuple_(*after))
    found = session.scalars(query).all()
    shown = found[:PAGE_SIZE]
    last = _last_messages(session, shown, person)
    unread = unread_of(session, shown, person)
    lines = [
        Line(
            id=thread.id,
            practice_id=thread.practice_id,
            subject=thread.subject,
            state=thread.state,
            last_message_at=thread.last_message_at,
            last_author=last[thread.id].author.name if thread.id in last else "",
            unread=thread.id in unread,
        )
        for thread in shown
    ]
    more = len(found) > PAGE_SIZE
    return Listing(lines, Cursor(shown[-1].last_message_at, shown[-1].id) if more else None)


def box_counts(session: Session, person: Person) -> dict[Box, int]:
    """Return how many threads each box holds."""
    return {
        box: session.scalar(
            select(func.count()).select_from(_in_box(session, person, box).subquery())
        )
        or 0
        for box in Box
    }


def unread_of(session: Session, among: Sequence[Thread], person: Person) -> frozenset[UUID]:
    """Return which of some threads hold a message that this person takes part in unread."""
    query = (
        select(Receipt.thread_id)
        .join(
            Message,
            (Message.practice_id == Receipt.practice_id) & (Message.thread_id == Receipt.thread_id),
        )
        .where(
            held(session, Receipt.practice_id),
            Receipt.user_id == person.id,
            Receipt.thread_id.in_([thread.id for thread in among]),
            Message.author_id != person.id,
            or_(Receipt.read_through_id.is_(None), Message.id > Receipt.read_through_id),
            shown_to(person),
        )
        .distinct()
    )
    return frozenset(session.scalars(query))


def conversation(session: Session, thread_id: UUID, person: Person) -> Conversation:
    """Return a thread with what this person may see of it; `put_on_record` when it is shown."""
    thread = thread_for(session, thread_id, person)
    messages = session.scalars(
        visible(session, Message)
        .where(Message.thread_id == thread.id, shown_to(person))
        .options(joinedload(Message.author))
        .order_by(Message.id)
    ).all()
    receipts = session.scalars(
        visible(session, Receipt).where(Receipt.thread_id == thread.id)
    ).all()
    sides = _staff_among(session, thread.practice_id, [each.user_id for each in receipts])
    on_our_side = person.staff_in(thread.practice_id)
    others = [each for each in receipts if sides[each.user_id] is not on_our_side]
    mine = next((each for each in receipts if each.user_id == person.id), None)
    return Conversation(
        thread=thread,
        messages=[_said(message, others, person) for message in messages],
        owner=session.get(User, thread.owner_id) if thread.owner_id else None,
        participants=_users(session, [each.user_id for each in others]),
        unread_from=_first_unread(messages, mine, person),
    )


def put_on_record(session: Session, shown: Conversation) -> None:
    """Note that a thread was read."""
    audit.read(session, "thread", [shown.thread.id], practice_id=shown.thread.practice_id)


def _in_box(session: Session, person: Person, box: Box) -> Select[Thread]:
    query = visible(session, Thread).where(reach(session, person))
    if box is Box.MINE:
        query = query.where(_takes_part(person))
    done = Thread.state == ThreadState.DONE
    return query.where(done if box is Box.DONE else ~done)


def _takes_part(person: Person) -> ColumnElement[bool]:
    return exists().where(
        Receipt.practice_id == Thread.practice_id,
        Receipt.thread_id == Thread.id,
        Receipt.user_id == person.id,
    )


def _last_messages(
    session: Session, among: Sequence[Thread], person: Person
) -> dict[UUID, Message]:
    query = (
        visible(session, Message)
        .where(Message.thread_id.in_([thread.id for thread in among]), shown_to(person))
        .ext(distinct_on(Message.thread_id))
        .order_by(Message.thread_id, Message.id.desc())
        .options(joinedload(Message.author))
    )
    return {message.thread_id: message for message in session.scalars(query)}


def _staff_among(
    session: Session, practice_id: UUID, user_ids: Sequence[UUID]
) -> Mapping[UUID, bool]:
    """Return for each user whether they stand on the house's side of this practice."""
    found = session.execute(
        select(User.id, User.house_role, Membership.role)
        .outerjoin(
            Membership,
            (Membership.user_id == User.id) & (Membership.practice_id == practice_id),
        )
        .where(User.id.in_(user_ids))
    )
    return {each.id: each.house_role is not None or each.role in STAFF_ROLES for each in found}


def _users(session: Session, user_ids: Sequence[UUID]) -> list[User]:
    return list(session.scalars(select(User).where(User.id.in_(user_ids)).order_by(User.name)))


def _said(message: Message, others: Sequence[Receipt], person: Person) -> Said:
    mine = message.author_id == person.id
    through = [each for each in others if (each.read_through_id or message.id) >= message.id]
    readers = [each for each in through if each.read_through_id is not None]
    exact = [each.read_at for each in readers if each.read_through_id == message.id]
    return Said(
        id=message.id,
        author=message.author,
        mine=mine,
        body=message.body,
        sent_at=message.sent_at,
        internal=message.internal,
        read=mine and not message.internal and bool(readers),
        read_at=min((at for at in exact if at), default=None) if mine else None,
    )


def _first_unread(
    messages: Sequence[Message], receipt: Receipt | None, person: Person
) -> UUID | None:
    through = receipt.read_through_id if receipt else None
    fresh = (
        message.id
        for message in messages
        if message.author_id != person.id and (through is None or message.id > through)
    )
    return next(fresh, None) if receipt else None
