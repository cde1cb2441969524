"""The only door to rows: what a session's practices hold, and nothing else."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backoffice.models.base import PracticeRow
from backoffice.services.refusal import NotVisible
from backoffice.services.work import own_practices

Row = TypeVar("Row", bound=PracticeRow)


def held(session: Session, practice_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Return the condition "of one of this session's practices" on a practice_id column."""
    return practice_id == any_(own_practices(session))


def visible(session: Session, model: type[Row]) -> Select[Row]:
    """Return a select of the rows that this session's practices hold.

    The practices stand in the query (the fence) and in the transaction (the wall, which would
    hold without it): so the primary key (practice_id, id) serves look-ups by id.
    """
    return select(model).where(held(session, model.practice_id))


def one(session: Session, model: type[Row], row_id: UUID, *, lock: bool = False) -> Row:
    """Return one visible row or raise NotVisible; `lock` holds it until the commit."""
    query = visible(session, model).where(model.id == row_id)
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotVisible
    return found


def practice_of(session: Session, model: type[Row], row_id: UUID) -> UUID:
    """Return whose a visible row is, or raise NotVisible: where a change of it is to act."""
    query = select(model.practice_id).where(held(session, model.practice_id), model.id == row_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotVisible
    return found


def one_under(session: Session, model: type[Row], row_id: UUID, **parent: UUID) -> Row:
    """Return one visible row of the parent that its address names (client_id=...).

    Raises NotVisible where the two do not belong together: whoever swaps an id in an address finds
    nothing.
    """
    row = one(session, model, row_id)
    if any(getattr(row, name) != value for name, value in parent.items()):
        raise NotVisible
    return row
