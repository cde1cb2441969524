"""Messages found by their words or their thread's subject: newest first, each practice's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, cast, func, select
from sqlalchemy.orm import Session, joinedload

from backoffice.models.messages import Message, Thread
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.reading import reach
from backoffice.services.messages.sides import shown_to
from backoffice.services.unbilled.reach import limited_practices

PAGE_SIZE = 50
MOST_WORDS = 8
SHORTEST_BEGINNING = 3
"""Shorter words are looked for as they are: too many begin with them."""
_NO_SIGNS = str.maketrans(dict.fromkeys("-/.,_@:#'\\", " "))
"""What belongs to no word, as in the index of words; the last two mean something in a query."""
AROUND = 70
"""Characters shown on either side of what was found."""


@dataclass(frozen=True)
class Place:
    """Where in some words one of those looked for stands: `before`, the `hit` itself, `after`."""

    before: str
    hit: str
    after: str


@dataclass(frozen=True)
class Found:
    """A message with some of its words, and its thread's subject."""

    message: Message
    thread: Thread
    body: Place
    subject: Place

    @property
    def sent_at(self) -> datetime:
        """Return when it was said."""
        return self.message.sent_at


@dataclass(frozen=True)
class Findings:
    """One page of what was found; `older` is where the next one begins."""

    found: Sequence[Found]
    older: UUID | None


def find(session: Session, words: str, person: Person, *, before: UUID | None = None) -> Findings:
    """Return messages that hold all the words, or words that begin with them, newest first.

    A thread whose subject holds them is found through the first message said in it. Only what
    this person may come near: the words are looked for by the database role `search` among their
    practices' threads, internal notes where they are staff; what comes back are ids, and rows are
    loaded as all others. Withdrawn words are gone from here.
    """
    parts = _parts(words)
    if not parts:
        return Findings([], None)
    hits = session.execute(_looked_for(session, parts, person, before)).all()
    shown = hits[:PAGE_SIZE]
    rows = (
        session.scalars(
            visible(session, Message)
            .where(Message.id.in_([hit.message_id for hit in shown]), shown_to(person))
            .options(joinedload(Message.author))
        )
        .unique()
        .all()
    )
    threads = _threads(session, {row.thread_id for row in rows}, person)
    near = {row.id: row for row in rows if row.thread_id in threads}
    ordered = [near[hit.message_id] for hit in shown if hit.message_id in near]
    found = [_found(row, threads[row.thread_id], parts) for row in ordered]
    return Findings(found, shown[-1].place if len(hits) > PAGE_SIZE else None)


def _parts(words: str) -> list[str]:
    """Return the words to look for, without what means something in a query of the database."""
    plain = words.lower().translate(_NO_SIGNS).split()
    return [part for part in plain if any(sign.isalnum() for sign in part)][:MOST_WORDS]


def _looked_for(session: Session, parts: Sequence[str], person: Person, before: UUID | None) -> Any:
    """Return the select of ids and places among them, one more than a page holds."""
    query = " & ".join(
        f"'{part}':*" if len(part) >= SHORTEST_BEGINNING else f"'{part}'" for part in parts
    )
    ids = ARRAY(Uuid())
    among = _near(session, person)
    call = func.messages_found(
        query,
        bindparam(None, sorted(person.staff_practices), type_=ids),
        cast(None, ids) if among is None else bindparam(None, among, type_=ids),
        cast(None, Uuid()) if before is None else bindparam(None, before, type_=Uuid()),
        PAGE_SIZE + 1,
    )
    told = call.table_valued("practice_id", "message_id", "place")
    return select(told.c.message_id, told.c.place)


def _near(session: Session, person: Person) -> list[UUID] | None:
    """Return the threads that a person is limited to, None where they see their practices whole.

    A clinician's are few; looked for among them, no page comes out short.
    """
    if not limited_practices(session, person) and not person.silent:
        return None
    near = select(Thread.id).where(held(session, Thread.practice_id), reach(session, person))
    return list(session.scalars(near))


def _threads(session: Session, ids: set[UUID], person: Person) -> dict[UUID, Thread]:
    query = visible(session, Thread).where(Thread.id.in_(ids), reach(session, person))
    return {thread.id: thread for thread in session.scalars(query)}


def _found(message: Message, thread: Thread, parts: Sequence[str]) -> Found:
    body, subject = (" ".join(words.split()) for words in (message.body, thread.subject))
    return Found(
        message=message,
        thread=thread,
        body=_place(body, parts, around=AROUND),
        subject=_place(subject, parts, around=len(subject)),
    )


def _place(words: str, parts: Sequence[str], *, around: int) -> Place:
    """Cut words down to the place where the first of those looked for stands."""
    lower = words.lower()
    if len(lower) != len(words):  # a letter that is two in small: places would not fit
        lower = words
    places = [(lower.find(part), len(part)) for part in parts if part in lower]
    at, length = min(places, default=(0, 0))
    first = max(at - around, 0)
    last = at + length + around
    return Place(
        before=f"{'… ' if first else ''}{words[first:at]}",
        hit=words[at : at + length],
        after=f"{words[at + length : last]}{' …' if last < len(words) else ''}",
    )
