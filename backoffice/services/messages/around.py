"""Who is near a thread just now, as its reader may know it. Never on record, never kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.gateways.presence import Doing, Turn
from backoffice.models.messages import Receipt, Thread
from backoffice.models.users import User
from backoffice.services.access import held
from backoffice.services.accounts import Person
from backoffice.services.messages.reading import reach
from backoffice.services.refusal import NotVisible


@dataclass(frozen=True)
class Near:
    """Somebody who has the thread open, or writes in it."""

    name: str
    writes: bool


def who_is_near(
    session: Session, thread_id: UUID, person: Person, around: Mapping[UUID, Doing]
) -> Sequence[Near]:
    """Return the others before a thread that this person may come near; raises NotVisible.

    A practice's people see who takes part, and never that anybody writes an internal note.
    """
    staff = person.staff_in(practice_near(session, thread_id, person))
    others = around.keys() - {person.id}
    seen = others if staff else others & _participants(session, thread_id)
    users = session.scalars(select(User).where(User.id.in_(seen)).order_by(User.name))
    return [Near(user.name, writes=_shown(around[user.id], staff=staff)) for user in users]


def practice_near(session: Session, thread_id: UUID, person: Person) -> UUID:
    """Return whose a thread is that this person may come near, or raise NotVisible.

    Nothing of the thread is read: that somebody is there is no reading of it.
    """
    query = select(Thread.practice_id).where(
        held(session, Thread.practice_id), Thread.id == thread_id, reach(session, person)
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotVisible
    return found


def is_for_staff_only(session: Session, thread_id: UUID, person: Person, turn: Turn) -> bool:
    """Whether a practice's people would see no difference in what somebody of staff does now."""
    if person.id not in _participants(session, thread_id):
        return True
    return _as_practice_sees(turn.before) is _as_practice_sees(turn.after)


def _shown(doing: Doing, *, staff: bool) -> bool:
    return doing is Doing.WRITING or (staff and doing is Doing.NOTING)


def _as_practice_sees(doing: Doing | None) -> Doing | None:
    return Doing.HERE if doing is Doing.NOTING else doing


def _participants(session: Session, thread_id: UUID) -> frozenset[UUID]:
    query = select(Receipt.user_id).where(
        held(session, Receipt.practice_id), Receipt.thread_id == thread_id
    )
    return frozenset(session.scalars(query))
