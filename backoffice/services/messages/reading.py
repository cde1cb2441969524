"""Threads as their readers see them: lists, and one conversation with who has read what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.messages import Message, Receipt, Thread
from backoffice.models.users import Membership, User
from backoffice.rules.roles import STAFF_ROLES, Permission
from backoffice.services import audit
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.attaching import Attached, attached_to
from backoffice.services.messages.sides import shown_to, unread_by
from backoffice.services.refusal import NotVisible
from backoffice.services.unbilled.reach import limited_practices, own_clinicians


@dataclass(frozen=True)
class Said:
    """One message as its reader sees it; a withdrawn one has no body any more.

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
    version: int
    edited_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_reason: str
    may_withdraw: bool
    """Whether this reader may: it is theirs, or they may take away what others wrote."""
    names: tuple[str, ...]
    """Whom "@Name" in its words means."""
    attached: tuple[Attached, ...]


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
        read = sum(said.read for said in self.messages)
        changes = sum(said.version for said in self.messages)
        arrived = sum(each.is_kept for said in self.messages for each in said.attached)
        return f"{last}.{read}.{changes}.{arrived}.{self.thread.state.value}"


def reach(session: Session, person: Person) -> ColumnElement[bool]:
    """Return the condition "a thread this person may come near".

    A clinician meets threads about their own claims, appointments and clients, and those where
    they take part. Nobody does where messages are switched off for them.
    """
    here = and_(held(session, Thread.practice_id), Thread.practice_id.not_in(person.silent))
    own = own_clinicians(session, person)
    if not own:
        return here
    about_own = exists().where(
        Claim.practice_id == Thread.practice_id,
        Claim.id == Thread.claim_id,
        Claim.clinician_id.in_(own),
    )
    met_here = exists().where(
        Appointment.practice_id == Thread.practice_id,
        Appointment.id == Thread.appointment_id,
        Appointment.clinician_id.in_(own),
    )
    own_client = exists().where(
        Thread.claim_id.is_(None),
        Thread.appointment_id.is_(None),
        Appointment.practice_id == Thread.practice_id,
        Appointment.client_id == Thread.client_id,
        Appointment.clinician_id.in_(own),
    )
    free = Thread.practice_id.not_in(limited_practices(session, person))
    return and_(here, or_(free, about_own, met_here, own_client, _takes_part(person)))


def thread_for(session: Session, thread_id: UUID, person: Person, *, lock: bool = False) -> Thread:
    """Return a thread that this person may come near, or raise NotVisible."""
    query = visible(session, Thread).where(Thread.id == thread_id, reach(session, person))
    thread = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if thread is None:
        raise NotVisible
    return thread


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
            unread_by(person),
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
    attached = attached_to(session, messages)
    names = _names(session, messages)
    return Conversation(
        thread=thread,
        messages=[
            _said(
                message,
                others,
                person,
                names=names,
                attached=attached.get(message.id, ()),
            )
            for message in messages
        ],
        owner=session.get(User, thread.owner_id) if thread.owner_id else None,
        participants=_users(session, [each.user_id for each in others]),
        unread_from=_first_unread(messages, mine, person),
    )


def put_on_record(session: Session, shown: Conversation) -> None:
    """Note that a thread was read."""
    audit.read(session, "thread", [shown.thread.id], practice_id=shown.thread.practice_id)


def _takes_part(person: Person) -> ColumnElement[bool]:
    return exists().where(
        Receipt.practice_id == Thread.practice_id,
        Receipt.thread_id == Thread.id,
        Receipt.user_id == person.id,
    )


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


def _names(session: Session, messages: Sequence[Message]) -> Mapping[UUID | None, str]:
    """Return the names of everybody whom some messages mean, or who withdrew them."""
    ids = {user_id for message in messages for user_id in message.mentioned_ids}
    ids |= {message.withdrawn_by_id for message in messages if message.withdrawn_by_id}
    found = session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {each.id: each.name for each in found}


def _said(
    message: Message,
    others: Sequence[Receipt],
    person: Person,
    *,
    names: Mapping[UUID | None, str],
    attached: tuple[Attached, ...],
) -> Said:
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
        version=message.version,
        edited_at=message.edited_at,
        withdrawn_at=message.withdrawn_at,
        withdrawn_by=names.get(message.withdrawn_by_id, ""),
        withdrawn_reason=message.withdrawn_reason,
        may_withdraw=message.withdrawn_at is None
        and (mine or person.may_in(message.practice_id, Permission.WITHDRAW_MESSAGES)),
        names=tuple(names[each] for each in message.mentioned_ids if each in names),
        attached=attached,
    )


def _first_unread(
    messages: Sequence[Message], receipt: Receipt | None, person: Person
) -> UUID | None:
    through = receipt.read_through_id if receipt else None
    fresh = (
        message.id
        for message in messages
        if message.author_id != person.id
        and message.withdrawn_at is None
        and (through is None or message.id > through)
    )
    return next(fresh, None) if receipt else None
