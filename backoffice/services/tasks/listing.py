"""Tasks in piles (mine, nobody's, all, done), those due first, each with what it is about."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.orm import Session

from backoffice.models.base import PracticeRow
from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.messages import Thread
from backoffice.models.tasks import Task, TaskState
from backoffice.models.users import User
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.cursors import Cursor

PAGE_SIZE = 50
COUNTED_TO = 1000
NO_DAY = date.max


class Pile(enum.StrEnum):
    """Which tasks a list shows."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    ALL = "all"
    DONE = "done"


@dataclass(frozen=True)
class Line:
    """A task in a list, with the words for what it is about."""

    task: Task
    owner: str
    person: str
    """Whom it is about, of those who sign in."""
    claim: str
    client: str
    thread: str


@dataclass(frozen=True)
class Listing:
    """One page of tasks; `older` is where the next one begins."""

    lines: Sequence[Line]
    older: Cursor | None


def tasks(session: Session, person: Person, pile: Pile, *, after: Cursor | None = None) -> Listing:
    """Return a page of tasks: those due first, then the oldest; of those done the newest."""
    by_day = func.coalesce(Task.due_on, literal(NO_DAY))
    query = visible(session, Task).where(_belongs(pile, person)).limit(PAGE_SIZE + 1)
    if pile is Pile.DONE:
        query = query.order_by(Task.id.desc())
        beyond: ColumnElement[bool] | None = Task.id < after.row_id if after else None
    else:
        query = query.order_by(by_day, Task.id)
        place = (day_of(after.value), after.row_id) if after else ()
        beyond = tuple_(by_day, Task.id) > tuple_(*place) if after else None
    found = session.scalars(query if beyond is None else query.where(beyond)).all()
    shown = found[:PAGE_SIZE]
    begun = after.position if after else 0
    return Listing(
        _lines(session, shown),
        _cursor(shown[-1], begun + len(shown)) if len(found) > PAGE_SIZE else None,
    )


def counts(session: Session, person: Person) -> dict[Pile, int]:
    """Return how many tasks each pile holds; of those done not more than COUNTED_TO."""
    return {pile: _count(session, _belongs(pile, person)) for pile in Pile}


def mine_open(session: Session, person: Person) -> int:
    """Count what is this person's to do."""
    return _count(session, _belongs(Pile.MINE, person))


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    some = select(Task.id).where(held(session, Task.practice_id), condition).limit(COUNTED_TO)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _belongs(pile: Pile, person: Person) -> ColumnElement[bool]:
    undone = Task.state == TaskState.OPEN
    conditions: Mapping[Pile, ColumnElement[bool]] = {
        Pile.MINE: undone & (Task.owner_id == person.id),
        Pile.UNASSIGNED: undone & Task.owner_id.is_(None),
        Pile.ALL: undone,
        Pile.DONE: Task.state == TaskState.DONE,
    }
    return conditions[pile]


def day_of(words: str) -> date:
    """Read the day that a cursor carries; raises ValueError for what is none."""
    return date.fromisoformat(words)


def _cursor(last: Task, position: int) -> Cursor:
    return Cursor((last.due_on or NO_DAY).isoformat(), last.id, position)


def _lines(session: Session, shown: Sequence[Task]) -> list[Line]:
    people = _people(session, shown)
    claims = _named(session, shown, Claim, "claim_id")
    clients = _named(session, shown, Client, "client_id")
    threads = _named(session, shown, Thread, "thread_id")
    return [
        Line(
            task=task,
            owner=people.get(task.owner_id, ""),
            person=people.get(task.user_id, ""),
            claim=claims[task.claim_id].our_number if task.claim_id in claims else "",
            client=clients[task.client_id].name if task.client_id in clients else "",
            thread=threads[task.thread_id].subject if task.thread_id in threads else "",
        )
        for task in shown
    ]


def _people(session: Session, shown: Sequence[Task]) -> dict[UUID | None, str]:
    ids = {each for task in shown for each in (task.owner_id, task.user_id) if each}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(ids))).all())


def _named(
    session: Session, shown: Sequence[Task], model: type[PracticeRow], column: str
) -> dict[UUID | None, Any]:
    """Return the rows that tasks name in one column, by id."""
    ids = {getattr(task, column) for task in shown} - {None}
    if not ids:
        return {}
    query = visible(session, model).where(model.id.in_(ids))
    return {row.id: row for row in session.scalars(query)}
