"""Memberships: who may give which role, and giving it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backoffice.models.users import Membership
from backoffice.rules.roles import PRACTICE_ROLES, Permission, Reach, Role, reach_of
from backoffice.services.accounts import Person
from backoffice.services.people.refusals import RoleNotGiven
from backoffice.services.refusal import NotVisible


def need_house_role(by: Person) -> None:
    """Raise RoleNotGiven unless `by` may give roles of the house."""
    if not by.may(Permission.MANAGE_USERS):
        raise RoleNotGiven


def need_place(by: Person, role: Role, practice_ids: Collection[UUID]) -> None:
    """Raise RoleNotGiven unless `by` may give this role in all these practices.

    An administrator any role that is bound to practices; an owner the practice's own roles.
    """
    if reach_of(role) is Reach.EVERY_PRACTICE:
        raise RoleNotGiven
    by_house = set(practice_ids) <= by.practices_where(Permission.MANAGE_USERS)
    by_owner = role in PRACTICE_ROLES and set(practice_ids) <= by.practices_where(
        Permission.MANAGE_OWN_PEOPLE
    )
    if not (by_house or by_owner):
        raise RoleNotGiven


def join(session: Session, user_id: UUID, practice_id: UUID, role: Role) -> Membership:
    """Give somebody a role in the practice acted in; whoever left is taken back."""
    membership = session.scalars(_of(practice_id, user_id).with_for_update()).one_or_none()
    if membership is None:
        membership = Membership(practice_id=practice_id, user_id=user_id, role=role)
        session.add(membership)
    membership.role, membership.ended_at = role, None
    session.flush()
    return membership


def membership_of(session: Session, practice_id: UUID, user_id: UUID) -> Membership:
    """Return a running membership, locked, or raise NotVisible."""
    query = _of(practice_id, user_id).where(Membership.ended_at.is_(None))
    found = session.scalars(query.with_for_update()).one_or_none()
    if found is None:
        raise NotVisible
    return found


def _of(practice_id: UUID, user_id: UUID) -> Select[Membership]:
    return select(Membership).where(
        Membership.practice_id == practice_id, Membership.user_id == user_id
    )
