"""Changing what people may do: each change is on record and ends all of their sessions."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.users import Membership, User
from backoffice.rules.roles import PRACTICE_ROLES, STAFF_ROLES, Permission, Reach, Role, reach_of
from backoffice.services import accounts, audit
from backoffice.services.accounts import Person
from backoffice.services.people import inviting
from backoffice.services.people.joining import (
    join,
    membership_of,
    need_house_role,
    need_place,
)
from backoffice.services.people.refusals import LastAdministrator, NotYourself, RoleNotGiven
from backoffice.services.refusal import NotVisible
from backoffice.services.work import act_in


def disable(session: Session, user_id: UUID, *, by: Person, now: datetime) -> None:
    """Close an account at once, wherever it is signed in; it can be opened again."""
    others = _administrators(session) - {user_id}
    user = _other(session, user_id, by)
    if user.house_role is Role.ADMINISTRATOR and not others:
        raise LastAdministrator
    if user.disabled_at is None:
        user.disabled_at = now
    inviting.void_around(session, user, now=now)
    _rights_changed(session, user.id, "disable_user", now=now)


def enable(session: Session, user_id: UUID, *, by: Person, now: datetime) -> None:
    """Open a closed account again, with the roles that it has."""
    user = _other(session, user_id, by)
    user.disabled_at = None
    _rights_changed(session, user.id, "enable_user", now=now)


def change_house_role(
    session: Session, user_id: UUID, role: Role | None, *, by: Person, now: datetime
) -> None:
    """Give a role of the house, or take it away; the last administrator stays one."""
    need_house_role(by)
    if role is not None and reach_of(role) is not Reach.EVERY_PRACTICE:
        raise RoleNotGiven
    others = _administrators(session) - {user_id}
    user = _other(session, user_id, by)
    if user.house_role is Role.ADMINISTRATOR is not role and not others:
        raise LastAdministrator
    before, user.house_role = user.house_role, role
    inviting.void_around(session, user, now=now)
    _rights_changed(session, user.id, "change_house_role", now=now, before=before, after=role)


def change_role(
    session: Session, user_id: UUID, practice_id: UUID, role: Role, *, by: Person, now: datetime
) -> None:
    """Give another role in a practice; an owner moves between the practice's own roles only."""
    user = _other(session, user_id, by)
    act_in(session, practice_id)
    membership = membership_of(session, practice_id, user_id)
    need_place(by, membership.role, [practice_id])
    need_place(by, role, [practice_id])
    before, membership.role = membership.role, role
    inviting.void_around(session, user, now=now, practice_id=practice_id)
    _rights_changed(
        session, user.id, "change_role", now=now, practice_id=practice_id, before=before, after=role
    )


def end_membership(
    session: Session, user_id: UUID, practice_id: UUID, *, by: Person, now: datetime
) -> None:
    """End what somebody is in a practice; the account stays."""
    user = _other(session, user_id, by)
    act_in(session, practice_id)
    membership = membership_of(session, practice_id, user_id)
    need_place(by, membership.role, [practice_id])
    membership.ended_at = now
    inviting.void_around(session, user, now=now, practice_id=practice_id)
    _rights_changed(session, user.id, "end_membership", now=now, practice_id=practice_id)


def assign(
    session: Session,
    user_id: UUID,
    practice_ids: Collection[UUID],
    role: Role,
    *,
    by: Person,
    now: datetime,
) -> None:
    """Make a biller's practices exactly these; where they belong to the practice they stay that.

    The session works for all practices that `by` may assign.
    """
    user = _other(session, user_id, by)
    open_to_by = by.practices_where(Permission.ASSIGN_PRACTICES)
    if role not in STAFF_ROLES or reach_of(role) is not Reach.ASSIGNED_PRACTICES:
        raise RoleNotGiven
    if not set(practice_ids) <= open_to_by:
        raise NotVisible
    running = {
        each.practice_id: each
        for each in session.scalars(
            select(Membership).where(
                Membership.user_id == user.id,
                Membership.practice_id.in_(open_to_by),
                Membership.ended_at.is_(None),
            )
        )
    }
    theirs = {key for key, each in running.items() if each.role in PRACTICE_ROLES}
    if theirs & set(practice_ids):
        raise RoleNotGiven("This person is one of the practice's own people there.")
    for practice_id in sorted(set(running) - theirs - set(practice_ids)):
        act_in(session, practice_id)
        running[practice_id].ended_at = now
        session.flush()
    for practice_id in sorted(practice_ids):
        act_in(session, practice_id)
        join(session, user.id, practice_id, role)
    inviting.void_around(session, user, now=now)
    _rights_changed(
        session, user.id, "assign_practices", now=now, after=role, count=len(practice_ids)
    )


def end_all_sessions(session: Session, user_id: UUID, *, by: Person, now: datetime) -> None:
    """Sign somebody out everywhere."""
    user = _other(session, user_id, by)
    _rights_changed(session, user.id, "end_all_sessions", now=now)


def remove_factors(session: Session, user_id: UUID, *, by: Person, now: datetime) -> None:
    """Take away somebody's second factors and recovery codes; the next sign-in sets up new ones.

    For a lost phone or key. They are told by email, in case it wasn't them who asked.
    """
    accounts.remove_factors(session, _other(session, user_id, by), now=now)


def _other(session: Session, user_id: UUID, by: Person) -> User:
    """Return somebody else's row, locked; NotVisible where there is none."""
    if user_id == by.id:
        raise NotYourself
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotVisible
    return user


def _administrators(session: Session) -> set[UUID]:
    """Return all who may sign in as administrators, locked before anything else is.

    Two who take the role from each other at once come one after the other: the second is refused.
    """
    query = (
        select(User.id)
        .where(User.house_role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
        .order_by(User.id)
        .with_for_update()
    )
    return set(session.scalars(query))


def _rights_changed(
    session: Session,
    user_id: UUID,
    action: str,
    *,
    now: datetime,
    practice_id: UUID | None = None,
    **detail: Role | int | None,
) -> None:
    audit.record(
        session,
        action,
        subject_kind="user",
        subject_ids=[user_id],
        practice_id=practice_id,
        detail=detail,
    )
    accounts.end_sessions(session, user_id, reason=action, now=now)
