"""A practice whose people sign in, with a claim each of two clinicians, committed for real."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backoffice.models.claims import Claim, StepSource
from backoffice.models.notifications import Mail, Notice
from backoffice.models.users import User
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.roles import Role
from backoffice.services.access import one
from backoffice.services.accounts import Person, person
from backoffice.services.claims import advance
from backoffice.services.notifications import TERMS, MailTerms, Sender
from backoffice.services.work import WalledSession, sessions, unit_of_work
from tests.builders import NOW, a_clinician, a_practice
from tests.cast import Cast, a_cast, a_user, joins
from tests.databases import Database
from tests.services.billing import Billing, a_billing, a_claim

MINUTE = timedelta(minutes=1)
SENDER = Sender("http://localhost:8000", "cleanclaim.example")


@dataclass(frozen=True)
class Talk:
    """The stage: people, a claim of the cast's clinician, a claim of another clinician."""

    database: Database
    factory: sessionmaker[WalledSession]
    cast: Cast
    billing_person: User
    other_clinician: User
    billing: Billing
    claim_id: UUID
    other_claim_id: UUID

    @property
    def practice_id(self) -> UUID:
        """The practice."""
        return self.cast.practice.id

    def work(self) -> "Work":
        """One committed unit of work for the practice."""
        return Work(self.factory, self.practice_id)

    def claim(self, session: Session, claim_id: UUID | None = None) -> Claim:
        """The claim as it is now."""
        return one(session, Claim, claim_id or self.claim_id)

    def person(self, user: User) -> Person:
        """A user as the portal knows them."""
        with unit_of_work(self.factory, house=True, user_id=user.id) as session:
            found = person(session, user.id)
        assert found is not None
        return found

    def move(
        self,
        event: ClaimEvent,
        *,
        now: datetime = NOW,
        claim_id: UUID | None = None,
        by: UUID | None = None,
    ) -> None:
        """Let something happen to a claim, in a unit of work of its own."""
        with self.work() as session:
            claim = self.claim(session, claim_id)
            advance(session, claim, event, now=now, source=StepSource.RULE, by=by)

    def mails(self, user: User | None = None) -> list[Mail]:
        """All mails as they are now, the oldest first; one person's if named."""
        with self.work() as session:
            query = select(Mail).order_by(Mail.id)
            return list(session.scalars(query.where(Mail.user_id == user.id) if user else query))

    def notices(self) -> list[Notice]:
        """All notices as they are now."""
        with self.work() as session:
            return list(session.scalars(select(Notice).order_by(Notice.id)))


class Work:
    """`with talk.work() as session`: commits at the end."""

    def __init__(self, factory: sessionmaker[WalledSession], practice_id: UUID) -> None:
        self._unit = unit_of_work(factory, practices=[practice_id])

    def __enter__(self) -> Session:
        """Begin."""
        return self._unit.__enter__()

    def __exit__(self, *problem: object) -> bool | None:
        """Commit, or roll back."""
        return self._unit.__exit__(*problem)  # type: ignore[arg-type]  # what Python hands over


def a_talk(database: Database, terms: MailTerms | None = None) -> Talk:
    """Everybody and two Prepared claims; clients, payers and policies as the builders make them."""
    ids = (uuid4(), uuid4())
    with database.work(practices=ids, house=True) as session:
        billing = a_billing(session, ids[0])
        elsewhere = a_practice(session, ids[1], name="Juniper Row", short_name="Juniper Row")
        cast = a_cast(session, billing.practice, elsewhere)
        billing_person = a_user(session, "Bea Booker")
        joins(session, billing_person, billing.practice, Role.PRACTICE_BILLING)
        other = a_user(session, "Dana Fictiona")
        joins(session, other, billing.practice, Role.CLINICIAN)
        billing.clinician.user_id = cast.clinician.id
        second = a_clinician(
            session, billing.practice, first_name="Dana", last_name="Fictiona", user_id=other.id
        )
        claim = a_claim(session, billing)
        other_claim = a_claim(session, replace(billing, clinician=second))
    factory = sessions(database.engine, info={TERMS: terms or MailTerms()})
    return Talk(database, factory, cast, billing_person, other, billing, claim.id, other_claim.id)
