"""Who of a practice's people, and of the staff that bills for it, hears of something."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.practices import Clinician
from backoffice.models.users import Membership, User
from backoffice.rules.roles import STAFF_ROLES, Permission, Role, may
from backoffice.services.access import held

AUDIENCES = "mail_audiences"
READERS = frozenset({Role.PRACTICE_OWNER, Role.PRACTICE_BILLING})


@dataclass(frozen=True)
class Audience:
    """The people of one practice by what they hear of; ids of users who may sign in."""

    readers: frozenset[UUID]
    """Owners and billing people: they hear of every claim."""
    clinicians: Mapping[UUID, UUID]
    """The user of each clinician row that has one."""
    staff: frozenset[UUID]
    """The house's people who bill for this practice."""
    owners: frozenset[UUID]
    """The practice's owners."""
    leads: frozenset[UUID]
    """The billing leads of this practice; where there is none, the house's administrators."""
    administrators: frozenset[UUID]

    def about(self, clinician_id: UUID | None) -> frozenset[UUID]:
        """Return the practice's people who hear of one clinician's claims."""
        own = self.clinicians.get(clinician_id) if clinician_id else None
        return self.readers | ({own} if own else set())

    @property
    def practice_side(self) -> frozenset[UUID]:
        """Everybody of the practice."""
        return self.readers | frozenset(self.clinicians.values())


def audience_of(session: Session, practice_id: UUID) -> Audience:
    """Return a practice's people; read once for each unit of work."""
    known: dict[UUID, Audience] = session.info.setdefault(AUDIENCES, {})
    if practice_id not in known:
        known[practice_id] = _read(session, practice_id)
    return known[practice_id]


def _read(session: Session, practice_id: UUID) -> Audience:
    members = session.execute(
        select(Membership.user_id, Membership.role)
        .join(User, User.id == Membership.user_id)
        .where(
            held(session, Membership.practice_id),
            Membership.practice_id == practice_id,
            Membership.ended_at.is_(None),
            User.disabled_at.is_(None),
        )
    )
    roles = {member.user_id: member.role for member in members}
    clinicians = session.execute(
        select(Clinician.id, Clinician.user_id).where(
            held(session, Clinician.practice_id),
            Clinician.practice_id == practice_id,
            Clinician.user_id.in_(roles),
        )
    )
    administrators = _administrators(session)
    leads = frozenset(user for user, role in roles.items() if role is Role.BILLER_LEAD)
    return Audience(
        owners=frozenset(user for user, role in roles.items() if role is Role.PRACTICE_OWNER),
        leads=leads or administrators,
        administrators=administrators,
        readers=frozenset(user for user, role in roles.items() if role in READERS),
        clinicians={found.id: found.user_id for found in clinicians if found.user_id},
        staff=frozenset(
            user
            for user, role in roles.items()
            if role in STAFF_ROLES and may(role, Permission.SEND_MESSAGES)
        ),
    )


def _administrators(session: Session) -> frozenset[UUID]:
    query = select(User.id).where(User.house_role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
    return frozenset(session.scalars(query))
