"""Whoever is signed in: which roles, for which practices."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.people import BrokenGlass
from backoffice.models.practices import Practice
from backoffice.models.users import Membership, User
from backoffice.rules.roles import (
    AFTER_LEAVING,
    BROKEN_GLASS,
    CONVERSATION,
    PRACTICE_ROLES,
    Identifier,
    Permission,
    Reach,
    Role,
    Shown,
    may,
    reach_of,
    shown_to,
)
from backoffice.services.practices import has_agreement


@dataclass(frozen=True)
class Chip:
    """A practice as shown beside every row: two letters, a hue for life, the short name."""

    id: UUID
    name: str
    short_name: str
    mark: str
    hue: int


@dataclass(frozen=True)
class Person:
    """A signed-in person with all that views ask about them (Flask-Login's current_user)."""

    id: UUID
    name: str
    email: str
    initials: str
    time_zone: str
    roles: frozenset[Role]
    roles_by_practice: Mapping[UUID, frozenset[Role]]
    practices: tuple[Chip, ...]
    clinician_ids: frozenset[UUID] = frozenset()
    glass: Mapping[UUID, datetime] = field(default_factory=dict)
    """Practices open by broken glass, each until when: to be read, not written."""
    left: frozenset[UUID] = frozenset()
    """Practices that have left: only read, until their rows are removed."""
    silent: frozenset[UUID] = frozenset()
    """Practices where messages are switched off for this person: neither read nor written."""
    keys_on: bool = True

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return the id as Flask-Login wants it."""
        return str(self.id)

    def may(self, permission: Permission) -> bool:
        """Whether any of the person's roles grants this, in whichever practice."""
        return any(may(role, permission) for role in self.roles)

    def practices_where(self, permission: Permission) -> frozenset[UUID]:
        """Return the practices in which the person's role there grants this."""
        own = frozenset(
            practice_id
            for practice_id, roles in self.roles_by_practice.items()
            if any(may(role, permission) for role in roles)
        )
        if permission not in AFTER_LEAVING:
            own -= self.left
        if permission in CONVERSATION:
            own -= self.silent
        return own | frozenset(self.glass) if permission in BROKEN_GLASS else own

    def may_in(self, practice_id: UUID, permission: Permission) -> bool:
        """Whether the person's role in this practice grants this."""
        return practice_id in self.practices_where(permission)

    @property
    def practice_ids(self) -> frozenset[UUID]:
        """Return the practices whose rows this person may come near."""
        return frozenset(practice.id for practice in self.practices)

    @property
    def works_for_house(self) -> bool:
        """Whether this is one of the billing company's own people in any practice: the frame."""
        return not self.roles <= PRACTICE_ROLES

    def staff_in(self, practice_id: UUID) -> bool:
        """Whether this person stands on the house's side of this practice."""
        return practice_id in self.staff_practices

    @property
    def staff_practices(self) -> frozenset[UUID]:
        """Return the practices where this person stands on the house's side."""
        return frozenset(
            practice_id
            for practice_id, roles in self.roles_by_practice.items()
            if not roles <= PRACTICE_ROLES
        ) | frozenset(self.glass)

    def shown(self, practice_id: UUID, identifier: Identifier) -> Shown:
        """Return how much of an identifier of this practice's rows a page shows this person."""
        if practice_id in self.glass:
            return shown_to([Role.AUDITOR], identifier)
        return shown_to(self.roles_by_practice.get(practice_id, ()), identifier)

    @property
    def own_clients_only(self) -> frozenset[UUID]:
        """Return where this is a clinician, who comes near their own clients alone."""
        return frozenset(
            practice_id
            for practice_id, roles in self.roles_by_practice.items()
            if all(reach_of(role) is Reach.OWN_CLIENTS for role in roles)
        )


def email_key(email: str) -> str:
    """Return an email as we compare it."""
    return unicodedata.normalize("NFKC", email).strip().lower()


def person(session: Session, user_id: UUID, *, now: datetime | None = None) -> Person | None:
    """Return a person with roles and practices, None when absent or disabled.

    A practice without an agreement in force is nobody's to open: this is the portal's gate to it.
    The session works for the house (to list practices) and for this user (own memberships).
    """
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        return None
    memberships = session.scalars(
        select(Membership).where(Membership.user_id == user_id, Membership.ended_at.is_(None))
    ).all()
    roles = frozenset(membership.role for membership in memberships)
    if user.house_role is not None:
        roles = frozenset({user.house_role})
    if not roles:
        return None
    here = has_agreement() & Practice.removed_at.is_(None)
    query = select(Practice).where(here).order_by(Practice.short_name)
    glass: dict[UUID, datetime] = {}
    if not any(reach_of(role) is Reach.EVERY_PRACTICE for role in roles):
        own = {m.practice_id for m in memberships}
        if any(may(role, Permission.BREAK_GLASS) for role in roles):
            glass = _broken_by(session, user_id, now=now, own=own)
        query = query.where(Practice.id.in_(own | set(glass)))
    practices = session.scalars(query).all()
    chips = tuple(
        Chip(practice.id, practice.name, practice.short_name, practice.mark, practice.hue)
        for practice in practices
    )
    return Person(
        id=user.id,
        name=user.name,
        email=user.email,
        initials=user.initials,
        time_zone=user.time_zone,
        roles=roles,
        roles_by_practice=_roles_by_practice(user, memberships, chips),
        practices=chips,
        glass={chip.id: glass[chip.id] for chip in chips if chip.id in glass},
        left=frozenset(each.id for each in practices if each.left_at is not None),
        silent=frozenset(each.practice_id for each in memberships if not each.messaging_on),
    )


def _broken_by(
    session: Session, user_id: UUID, *, now: datetime | None, own: Collection[UUID]
) -> dict[UUID, datetime]:
    """Return the practices open to somebody by broken glass, each until when."""
    moment = now or datetime.now(UTC)
    query = select(BrokenGlass).where(
        BrokenGlass.user_id == user_id,
        BrokenGlass.began_at <= moment,
        BrokenGlass.ends_at > moment,
        BrokenGlass.practice_id.not_in(own),
    )
    found = session.scalars(query.order_by(BrokenGlass.ends_at))
    return {broken.practice_id: broken.ends_at for broken in found}


def _roles_by_practice(
    user: User, memberships: Sequence[Membership], practices: Sequence[Chip]
) -> dict[UUID, frozenset[Role]]:
    """Say what somebody is in each practice; a role that reaches all of them holds in all.

    Where the glass is broken they are nothing: it lets them in.
    """
    if user.house_role is not None:
        return {practice.id: frozenset({user.house_role}) for practice in practices}
    everywhere = {m.role for m in memberships if reach_of(m.role) is Reach.EVERY_PRACTICE}
    found = {
        practice.id: frozenset(
            everywhere | {m.role for m in memberships if m.practice_id == practice.id}
        )
        for practice in practices
    }
    return {practice_id: roles for practice_id, roles in found.items() if roles}
