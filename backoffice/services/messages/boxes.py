"""Lists of threads: the house's boxes by whose turn it is, a practice's own list, their counts."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from backoffice.models.messages import Thread, ThreadState
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.lines import Line, lines
from backoffice.services.messages.reading import reach

PAGE_SIZE = 50
COUNTED_TO = 1000
NEARLY = timedelta(hours=1)
"""A promise that runs out within this is nearly broken."""


class Box(enum.StrEnum):
    """Which threads a list shows. A practice's people have two: all that is open, and done."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    ALL = "all"
    PRACTICE = "practice"
    PAYER = "payer"
    LATE = "late"
    SNOOZED = "snoozed"
    DONE = "done"


OF_THE_PRACTICE = (Box.ALL, Box.DONE)


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
class Listing:
    """One page of threads; `older` is where the next one begins."""

    lines: Sequence[Line]
    older: Cursor | None


@dataclass(frozen=True)
class Promised:
    """How many threads were promised an answer by now, and how many will be within the hour."""

    late: int
    nearly: int


def threads(
    session: Session, person: Person, box: Box, *, now: datetime, after: Cursor | None = None
) -> Listing:
    """Return a page of threads, the newest word first."""
    query = (
        _in_box(session, person, box, now)
        .order_by(Thread.last_message_at.desc(), Thread.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if after is not None:
        query = query.where(tuple_(Thread.last_message_at, Thread.id) < tuple_(*after))
    found = session.scalars(query).all()
    shown = found[:PAGE_SIZE]
    more = len(found) > PAGE_SIZE
    return Listing(
        lines(session, shown, person),
        Cursor(shown[-1].last_message_at, shown[-1].id) if more else None,
    )


def box_counts(session: Session, person: Person, *, now: datetime) -> dict[Box, int]:
    """Return how many threads each box holds; of those done not more than COUNTED_TO."""
    open_boxes = [box for box in Box if box is not Box.DONE]
    query = (
        select(*(func.count().filter(_belongs(box, person, now)) for box in open_boxes))
        .select_from(Thread)
        .where(reach(session, person), Thread.state != ThreadState.DONE)
    )
    found = dict(zip(open_boxes, session.execute(query).one(), strict=True))
    done = (
        select(Thread.id)
        .where(reach(session, person), Thread.state == ThreadState.DONE)
        .limit(COUNTED_TO)
    )
    found[Box.DONE] = session.scalar(select(func.count()).select_from(done.subquery())) or 0
    return found


def promised(session: Session, *, now: datetime) -> Promised:
    """Count the broken promises and those that break within the hour."""
    late, nearly = session.execute(
        select(
            func.count().filter(Thread.due_at <= now),
            func.count().filter(Thread.due_at > now),
        ).where(
            held(session, Thread.practice_id),
            Thread.state != ThreadState.DONE,
            Thread.due_at <= now + NEARLY,
        )
    ).one()
    return Promised(late, nearly)


def _in_box(session: Session, person: Person, box: Box, now: datetime) -> Select[Thread]:
    query = visible(session, Thread).where(reach(session, person), _belongs(box, person, now))
    return query if box is Box.DONE else query.where(Thread.state != ThreadState.DONE)


def _belongs(box: Box, person: Person, now: datetime) -> ColumnElement[bool]:
    """Return the condition "in this box", of threads that are not done where it is not said.

    What is snoozed stays out of the boxes of work until its moment has come; a practice's people
    know nothing of snoozing, so all that is open holds it too.
    """
    awake = or_(Thread.snoozed_until.is_(None), Thread.snoozed_until <= now)
    conditions: Mapping[Box, ColumnElement[bool]] = {
        Box.MINE: and_(Thread.owner_id == person.id, awake),
        Box.UNASSIGNED: and_(Thread.owner_id.is_(None), awake),
        Box.ALL: Thread.state != ThreadState.DONE,
        Box.PRACTICE: and_(Thread.state == ThreadState.WAITING_ON_PRACTICE, awake),
        Box.PAYER: and_(Thread.state == ThreadState.WAITING_ON_PAYER, awake),
        Box.LATE: Thread.due_at <= now,
        Box.SNOOZED: Thread.snoozed_until > now,
        Box.DONE: Thread.state == ThreadState.DONE,
    }
    return conditions[box]
