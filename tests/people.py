"""The stage of tests about people: two practices with everybody, and the mails they are sent."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import func, select

from backoffice.models.audit import AuditRecord
from backoffice.models.people import AccountMail, AccountTopic
from backoffice.models.practices import Clinician
from backoffice.models.users import Membership, SignIn, User
from backoffice.rules.roles import Role
from backoffice.services.accounts import Person, person
from tests.builders import a_clinician, a_practice
from tests.cast import Cast, a_cast, joins
from tests.databases import Database
from tests.record import on_record


@dataclass(frozen=True)
class House:
    """The cast in a database of its own; Robin is a clinician whom nobody signs in as yet."""

    database: Database
    cast: Cast
    robin: UUID

    @property
    def here(self) -> UUID:
        """The practice of the cast."""
        return self.cast.practice.id

    @property
    def there(self) -> UUID:
        """The stranger's practice."""
        return self.cast.elsewhere.id

    def person(self, user: User) -> Person | None:
        """A user as the portal knows them now."""
        with self.database.work(house=True, user_id=user.id) as session:
            return person(session, user.id)

    def user(self, email: str) -> User | None:
        """The account of an email."""
        with self.database.work(house=True) as session:
            return session.scalars(select(User).where(User.email_key == email)).one_or_none()

    def link(self, topic: AccountTopic, recipient: str) -> str:
        """The path of the link in the newest mail of a topic to an address."""
        with self.database.work(house=True) as session:
            found = session.scalars(
                select(AccountMail)
                .where(AccountMail.topic == topic, AccountMail.recipient == recipient)
                .order_by(AccountMail.id.desc())
                .limit(1)
            ).one()
            return f"/link/{found.token}"

    def mailed(self, topic: AccountTopic) -> list[str]:
        """To whom mails of a topic are on their way."""
        with self.database.work(house=True) as session:
            query = select(AccountMail.recipient).where(
                AccountMail.topic == topic, AccountMail.recipient != ""
            )
            return sorted(session.scalars(query))

    def roles_here(self) -> dict[str, Role]:
        """Who is what in the practice, by name."""
        with self.database.work(practices=[self.here]) as session:
            query = (
                select(User.name, Membership.role)
                .join(Membership, Membership.user_id == User.id)
                .where(Membership.practice_id == self.here, Membership.ended_at.is_(None))
            )
            return {row.name: row.role for row in session.execute(query)}

    def clinician_user(self) -> UUID | None:
        """Who signs in as Robin."""
        with self.database.work(practices=[self.here]) as session:
            return session.get_one(Clinician, (self.here, self.robin)).user_id

    def open_sessions(self, user: User) -> int:
        """How many sessions of somebody are not ended."""
        with self.database.work(house=True) as session:
            query = select(func.count()).select_from(SignIn)
            count = session.scalar(
                query.where(SignIn.user_id == user.id, SignIn.revoked_at.is_(None))
            )
            return count or 0

    def on_record(self, action: str) -> list[AuditRecord]:
        """What the record says of an action, the oldest first."""
        with self.database.work(house=True) as session:
            return on_record(session, action=action)


def a_house(database: Database) -> House:
    """Set the stage."""
    ids = (uuid4(), uuid4())
    with database.work(practices=ids, house=True) as session:
        practice = a_practice(session, ids[0])
        elsewhere = a_practice(
            session, ids[1], name="Juniper Row", short_name="Juniper Row", mark="JR"
        )
        cast = a_cast(session, practice, elsewhere)
        robin = a_clinician(
            session, practice, first_name="Robin", name_key="example, robin", npi="1245319599"
        )
        joins(session, cast.owner, elsewhere, Role.PRACTICE_BILLING)
        return House(database, cast, robin.id)
