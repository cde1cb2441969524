"""Threads as the lines of a list: whose turn it is, who said what last, what it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.messages import Message, Thread, ThreadState
from backoffice.models.users import User
from backoffice.services.access import visible
from backoffice.services.accounts import Person
from backoffice.services.messages.reading import unread_of
from backoffice.services.messages.sides import shown_to
from backoffice.services.unbilled.reach import clients_met, limited_practices, own_clinicians

SHOWN = 120
"""Characters of the last message that a line shows."""


@dataclass(frozen=True)
class LastSaid:
    """The newest message that this reader sees: who wrote it and how it begins, on one line.

    A withdrawn one begins with nothing.
    """

    author: User
    beginning: str
    internal: bool
    withdrawn: bool


@dataclass(frozen=True)
class AboutWords:
    """The claim's number and the client that a thread is about, as far as open to its reader."""

    number: str = ""
    client_name: str = ""


@dataclass(frozen=True)
class Line:
    """A thread in a list. `due_at` is until when the practice is promised an answer."""

    id: UUID
    practice_id: UUID
    subject: str
    state: ThreadState
    last_message_at: datetime
    last: LastSaid | None
    about: AboutWords
    unread: bool
    owner: User | None
    due_at: datetime | None
    snoozed_until: datetime | None


def lines(session: Session, shown: Sequence[Thread], person: Person) -> list[Line]:
    """Return threads as lines, in their order; as many questions for one as for a page of them."""
    last = _last_messages(session, shown, person)
    about = _abouts(session, shown, person)
    unread = unread_of(session, shown, person)
    owners = _users(session, {thread.owner_id for thread in shown if thread.owner_id})
    return [
        Line(
            id=thread.id,
            practice_id=thread.practice_id,
            subject=thread.subject,
            state=thread.state,
            last_message_at=thread.last_message_at,
            last=last.get(thread.id),
            about=about.get(thread.id, AboutWords()),
            unread=thread.id in unread,
            owner=owners.get(thread.owner_id) if thread.owner_id else None,
            due_at=thread.due_at,
            snoozed_until=thread.snoozed_until,
        )
        for thread in shown
    ]


def _last_messages(
    session: Session, among: Sequence[Thread], person: Person
) -> dict[UUID, LastSaid]:
    query = (
        visible(session, Message)
        .where(Message.thread_id.in_([thread.id for thread in among]), shown_to(person))
        .ext(distinct_on(Message.thread_id))
        .order_by(Message.thread_id, Message.id.desc())
        .options(joinedload(Message.author))
    )
    return {
        each.thread_id: LastSaid(
            author=each.author,
            beginning=" ".join(each.body[: 2 * SHOWN].split())[:SHOWN],
            internal=each.internal,
            withdrawn=each.withdrawn_at is not None,
        )
        for each in session.scalars(query)
    }


def _abouts(session: Session, among: Sequence[Thread], person: Person) -> dict[UUID, AboutWords]:
    """Return what threads are about; nothing of a claim or client that this reader comes not near.

    Whoever was asked into a thread does not come near its claim by that.
    """
    claims = _claims(session, {each.claim_id for each in among if each.claim_id}, person)
    clients = _clients(
        session, {each.client_id for each in among if each.client_id and not each.claim_id}, person
    )
    found = {}
    for thread in among:
        if thread.claim_id in claims:
            claim = claims[thread.claim_id]
            found[thread.id] = AboutWords(claim.our_number, claim.client.name)
        elif thread.client_id in clients and not thread.claim_id:
            found[thread.id] = AboutWords(client_name=clients[thread.client_id].name)
    return found


def _claims(session: Session, ids: set[UUID], person: Person) -> Mapping[UUID | None, Claim]:
    if not ids:
        return {}
    query = visible(session, Claim).where(Claim.id.in_(ids)).options(joinedload(Claim.client))
    if own := own_clinicians(session, person):
        limited = limited_practices(session, person)
        query = query.where(or_(Claim.practice_id.not_in(limited), Claim.clinician_id.in_(own)))
    return {claim.id: claim for claim in session.scalars(query)}


def _clients(session: Session, ids: set[UUID], person: Person) -> Mapping[UUID | None, Client]:
    if not ids:
        return {}
    found = session.scalars(visible(session, Client).where(Client.id.in_(ids))).all()
    return {client.id: client for client in clients_met(session, found, person)}


def _users(session: Session, user_ids: set[UUID]) -> dict[UUID, User]:
    return {user.id: user for user in session.scalars(select(User).where(User.id.in_(user_ids)))}
