"""Who may take part in a practice's threads: its own people and the staff that bills for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.practices import Clinician
from backoffice.models.users import Membership, User
from backoffice.rules.roles import STAFF_ROLES, Permission, Role, may
from backoffice.services.access import held

READERS = frozenset({Role.PRACTICE_OWNER, Role.PRACTICE_BILLING})


@dataclass(frozen=True)
class Correspondent:
    """Somebody who may take part."""

    id: UUID
    name: str
    role: Role

    @property
    def is_staff(self) -> bool:
        """Whether they stand on the house's side."""
        return self.role in STAFF_ROLES


@dataclass(frozen=True)
class Circle:
    """All who may sign in and have messages switched on; clients and others have no account."""

    people: Mapping[UUID, Correspondent]
    assigned: frozenset[UUID]
    """Staff whose practice this is by membership; the others reach every practice."""
    clinicians: Mapping[UUID, UUID]
    """The user of each clinician row that has one."""

    @property
    def billers(self) -> frozenset[UUID]:
        """The group "all billers of this practice"."""
        return self.assigned

    @property
    def readers(self) -> frozenset[UUID]:
        """The group "owners and billing of the practice"."""
        return self._those(lambda each: each.role in READERS)

    @property
    def owners(self) -> frozenset[UUID]:
        """Those who hear when nobody else of the practice does."""
        return self._those(lambda each: each.role is Role.PRACTICE_OWNER)

    @property
    def staff(self) -> frozenset[UUID]:
        """Everybody on the house's side."""
        return self._those(lambda each: each.is_staff)

    @property
    def practice_side(self) -> frozenset[UUID]:
        """Everybody of the practice."""
        return self._those(lambda each: not each.is_staff)

    def other_side(self, *, ours: bool) -> frozenset[UUID]:
        """Return whom the house (`ours`) or the practice writes to."""
        return self.practice_side if ours else self.staff

    def always_there(self, *, ours: bool) -> frozenset[UUID]:
        """Return who hears on the other side where nobody else is left in a thread."""
        return self.owners if ours else self.billers or self.staff

    def clinician(self, clinician_id: UUID | None) -> frozenset[UUID]:
        """Return who signs in as a clinician, nobody where nobody does."""
        own = self.clinicians.get(clinician_id) if clinician_id else None
        return frozenset({own} if own else ())

    def named(self, ids: frozenset[UUID]) -> list[Correspondent]:
        """Return these people by name."""
        found = (self.people[each] for each in ids if each in self.people)
        return sorted(found, key=lambda each: (each.name, str(each.id)))

    def _those(self, wanted: Callable[[Correspondent], bool]) -> frozenset[UUID]:
        return frozenset(each.id for each in self.people.values() if wanted(each))


def circle_of(session: Session, practice_id: UUID) -> Circle:
    """Return who may take part in a practice's threads now."""
    members = session.execute(
        select(User.id, User.name, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(
            held(session, Membership.practice_id),
            Membership.practice_id == practice_id,
            Membership.ended_at.is_(None),
            Membership.messaging_on,
            User.disabled_at.is_(None),
            User.house_role.is_(None),
        )
    ).all()
    house = session.execute(
        select(User.id, User.name, User.house_role.label("role")).where(
            User.house_role.is_not(None), User.disabled_at.is_(None)
        )
    ).all()
    people = {
        found.id: Correspondent(found.id, found.name, found.role)
        for found in (*house, *members)
        if may(found.role, Permission.SEND_MESSAGES)
    }
    clinicians = session.execute(
        select(Clinician.id, Clinician.user_id).where(
            held(session, Clinician.practice_id),
            Clinician.practice_id == practice_id,
            Clinician.user_id.in_(people),
        )
    )
    return Circle(
        people=people,
        assigned=frozenset(
            found.id for found in members if found.id in people and found.role in STAFF_ROLES
        ),
        clinicians={found.id: found.user_id for found in clinicians if found.user_id},
    )
