"""The people of the tests: a biller, a practice's people who may only read, a stranger."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backoffice.models.practices import Practice
from backoffice.models.users import Membership, User
from backoffice.rules.roles import Role
from backoffice.services.accounts import hash_password
from tests.builders import a_practice

PASSWORD = "correct horse battery staple"
_HASH = hash_password(PASSWORD)


@dataclass(frozen=True)
class Cast:
    """One person for each way of standing to a practice; the stranger's is another practice."""

    practice: Practice
    elsewhere: Practice
    administrator: User
    biller: User
    owner: User
    clinician: User
    stranger: User


def a_user(session: Session, name: str, *, house_role: Role | None = None) -> User:
    """A person who signs in with PASSWORD."""
    email = f"{name.lower().replace(' ', '.')}@example.test"
    user = User(email=email, email_key=email, name=name, password_hash=_HASH, house_role=house_role)
    session.add(user)
    session.flush()
    return user


def joins(session: Session, user: User, practice: Practice, role: Role) -> Membership:
    """The person's role in a practice."""
    membership = Membership(practice_id=practice.id, user_id=user.id, role=role)
    session.add(membership)
    session.flush()
    return membership


def a_cast(session: Session, practice: Practice, elsewhere: Practice | None = None) -> Cast:
    """Everybody, in a session that works for both practices (or for the house)."""
    other = elsewhere or a_practice(
        session, name="Juniper Row", short_name="Juniper Row", mark="JR"
    )
    cast = Cast(
        practice=practice,
        elsewhere=other,
        administrator=a_user(session, "Cleo Mockwell", house_role=Role.ADMINISTRATOR),
        biller=a_user(session, "Ana Sample"),
        owner=a_user(session, "Oona Owner"),
        clinician=a_user(session, "Lee Example"),
        stranger=a_user(session, "Sam Stranger"),
    )
    joins(session, cast.biller, practice, Role.BILLER)
    joins(session, cast.owner, practice, Role.PRACTICE_OWNER)
    joins(session, cast.clinician, practice, Role.CLINICIAN)
    joins(session, cast.stranger, other, Role.BILLER)
    return cast
