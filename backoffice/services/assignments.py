"""Who of the house may have a thread or a task: whom it may be given to, and by whom."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backoffice.models.users import Membership, User
from backoffice.rules.roles import GRANTS, STAFF_ROLES, Permission, Role
from backoffice.services.access import held
from backoffice.services.accounts import Person
from backoffice.services.refusal import NotVisible, Refused

DOERS = frozenset(role for role in STAFF_ROLES if Permission.DO_TASKS in GRANTS[role])


class NotYoursToGive(Refused):
    """Somebody would give work to another, which is a lead's to do."""

    code = "not_yours_to_give"

    def __init__(self) -> None:
        """Say what one may."""
        super().__init__("You may take this yourself. A lead gives work to others.")


def doers(session: Session, practice_id: UUID) -> Sequence[User]:
    """Return the house's people who work for a practice, by name."""
    here = select(Membership.user_id).where(
        held(session, Membership.practice_id),
        Membership.practice_id == practice_id,
        Membership.ended_at.is_(None),
        Membership.role.in_(DOERS),
    )
    query = select(User).where(
        User.disabled_at.is_(None),
        or_(User.id.in_(here), User.house_role == Role.ADMINISTRATOR),
    )
    return session.scalars(query.order_by(User.name, User.id)).all()


def require_giving(session: Session, practice_id: UUID, to: UUID | None, *, by: Person) -> None:
    """Refuse to give a practice's work to somebody, or to nobody, who may not have it from `by`.

    Whoever does a practice's work takes it and lays it down; only a lead gives it to others.
    Raises NotYoursToGive, or NotVisible for a person who doesn't work for the practice.
    """
    if not by.may_in(practice_id, Permission.DO_TASKS):
        raise NotVisible
    if to in {None, by.id}:
        return
    if not by.may_in(practice_id, Permission.ASSIGN_WORK):
        raise NotYoursToGive
    if to not in {user.id for user in doers(session, practice_id)}:
        raise NotVisible
