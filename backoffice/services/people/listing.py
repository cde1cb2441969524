"""People as administrators and owners see them: where, as what, with which second factor."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backoffice.models.factors import Factor
from backoffice.models.practices import Clinician, Practice
from backoffice.models.users import Membership, SignIn, User
from backoffice.rules.roles import PRACTICE_ROLES, Role
from backoffice.services.access import held, visible
from backoffice.services.refusal import NotVisible

MOST = 500


@dataclass(frozen=True)
class Seat:
    """What somebody is in one practice."""

    practice_id: UUID
    practice: str
    role: Role


@dataclass(frozen=True)
class Member:
    """One person in a list."""

    id: UUID
    name: str
    email: str
    house_role: Role | None
    seats: tuple[Seat, ...]
    has_factor: bool
    last_seen_at: datetime | None
    disabled_at: datetime | None

    @property
    def roles(self) -> tuple[Role, ...]:
        """Return the roles, each once: the house's, then those in practices."""
        own = [self.house_role] if self.house_role else []
        return tuple(dict.fromkeys([*own, *(seat.role for seat in self.seats)]))


def everybody(session: Session, *, words: str = "") -> Sequence[Member]:
    """Return all people (at most 500) by name, or those whose name or email has these words."""
    query = select(User).order_by(User.name, User.id).limit(MOST)
    for word in words.lower().split():
        like = f"%{word.replace('%', '').replace('_', '')}%"
        query = query.where(or_(func.lower(User.name).like(like), User.email_key.like(like)))
    return _members(session, session.scalars(query).all())


def somebody(session: Session, user_id: UUID) -> Member:
    """Return one person, or raise NotVisible."""
    user = session.get(User, user_id)
    if user is None:
        raise NotVisible
    return _members(session, [user])[0]


def people_of(session: Session, practice_id: UUID) -> Sequence[Member]:
    """Return a practice's own people; the billing company's are not the owner's to see."""
    query = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            held(session, Membership.practice_id),
            Membership.practice_id == practice_id,
            Membership.role.in_(PRACTICE_ROLES),
            Membership.ended_at.is_(None),
        )
        .order_by(User.name, User.id)
    )
    return _members(session, session.scalars(query).all())


def clinicians_without_account(session: Session, practice_id: UUID) -> Sequence[Clinician]:
    """Return the clinicians of a practice whom nobody signs in as yet."""
    query = visible(session, Clinician).where(
        Clinician.practice_id == practice_id,
        Clinician.user_id.is_(None),
        Clinician.withdrawn_at.is_(None),
    )
    return session.scalars(query.order_by(Clinician.name_key)).all()


def _members(session: Session, users: Sequence[User]) -> list[Member]:
    ids = [user.id for user in users]
    seats, seen = _seats(session, ids), _last_seen(session, ids)
    enrolled = set(session.scalars(select(Factor.user_id).where(Factor.user_id.in_(ids))))
    return [
        Member(
            id=user.id,
            name=user.name,
            email=user.email,
            house_role=user.house_role,
            seats=tuple(seats[user.id]),
            has_factor=user.id in enrolled,
            last_seen_at=seen.get(user.id),
            disabled_at=user.disabled_at,
        )
        for user in users
    ]


def _seats(session: Session, ids: Iterable[UUID]) -> Mapping[UUID, list[Seat]]:
    query = (
        select(Membership.user_id, Membership.role, Practice.id, Practice.short_name)
        .join(Practice, Practice.id == Membership.practice_id)
        .where(
            held(session, Membership.practice_id),
            Membership.user_id.in_(ids),
            Membership.ended_at.is_(None),
        )
        .order_by(Practice.short_name)
    )
    found: defaultdict[UUID, list[Seat]] = defaultdict(list)
    for row in session.execute(query):
        found[row.user_id].append(Seat(row.id, row.short_name, row.role))
    return found


def _last_seen(session: Session, ids: Iterable[UUID]) -> Mapping[UUID, datetime]:
    query = (
        select(SignIn.user_id, func.max(SignIn.last_seen_at).label("at"))
        .where(SignIn.user_id.in_(ids))
        .group_by(SignIn.user_id)
    )
    return {row.user_id: row.at for row in session.execute(query)}
