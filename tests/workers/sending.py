"""A stage for the tests of sending: a database, committed claims, a clearinghouse."""

from base64 import b64encode
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

from backoffice.config import Settings
from backoffice.gateways.clearinghouse import Clearinghouse
from backoffice.gateways.documents import Documents, InMemoryDocuments
from backoffice.gateways.mail import InMemoryMail
from backoffice.models.claims import Claim
from backoffice.models.submissions import Submission, SubmissionState
from backoffice.sandbox.stack.postgres import RELAY
from backoffice.services.submissions.building import build_files
from backoffice.services.submissions.sending import SendingTerms
from backoffice.services.work import WalledSession, sessions
from tests.builders import NOW
from tests.databases import Database
from tests.services.billing import Billing, a_billing, a_queued_claim
from workers.runtime import Again, Runtime, Task
from workers.submissions import At, transmit

QUICK = SendingTerms(
    longest_send=timedelta(seconds=5),
    lag=timedelta(0),
    ask_again=timedelta(0),
    busy=timedelta(milliseconds=50),
    first_wait=timedelta(0),
    longest_wait=timedelta(0),
)
MOST_RINGS = 100
BRIEF = replace(
    QUICK,
    longest_send=timedelta(milliseconds=100),
    margin=timedelta(0),
    slack=timedelta(milliseconds=200),
)
"""A lease that passes in 0.3 seconds, so that tests need not wait for it."""


class Died(BaseException):
    """The process ended here: nothing after this line ran."""


def dies_at(place: str) -> At:
    """Make whoever comes to `place` end there."""

    def at(here: str) -> None:
        if here == place:
            raise Died

    return at


@dataclass(frozen=True)
class Stage:
    """One practice with all a claim needs, committed, and the runtime its workers get."""

    database: Database
    run: Runtime
    practice_id: UUID
    billings: list[Billing] = field(default_factory=list)

    @property
    def relay(self) -> sessionmaker[WalledSession]:
        """The relay's sessions."""
        url = self.database.urls[RELAY]
        return sessions(create_engine(url, poolclass=NullPool, hide_parameters=True))

    def queue(self, claims: int = 1) -> None:
        """Queue claims; the practice's records are made at the first call."""
        with self.database.work(practices=[self.practice_id], house=True) as session:
            if not self.billings:
                self.billings.append(a_billing(session, self.practice_id))
            for _ in range(claims):
                a_queued_claim(session, self.billings[0])

    def file_of(self, claims: int = 1) -> UUID:
        """Queue claims and build their one file; answers its id."""
        self.queue(claims)
        with self.database.work(practices=[self.practice_id]) as session:
            (built,) = build_files(session, self.practice_id, now=NOW)
            return built.id

    def transmit(
        self, submission_id: UUID, *, terms: SendingTerms = QUICK, at: At = lambda _: None
    ) -> Again | None:
        """One ring for one file."""
        task = Task(uuid4(), self.practice_id, submission_id, "", 0)
        return transmit(task, self.run, terms=terms, at=at)

    def settle(
        self, submission_id: UUID, *, terms: SendingTerms = QUICK, at: At = lambda _: None
    ) -> None:
        """Ring until the file asks for no further ring.

        On a busy machine a brief lease may be too short to send under: then the next ring sends.
        """
        for _ in range(MOST_RINGS):
            if self.transmit(submission_id, terms=terms, at=at) is None:
                return
        raise AssertionError(f"the file is still {self.state(submission_id)}")

    def submission(self, submission_id: UUID) -> Submission:
        """The file's row as it is now."""
        with self.database.work(practices=[self.practice_id]) as session:
            return session.get_one(Submission, (self.practice_id, submission_id))

    def state(self, submission_id: UUID) -> SubmissionState:
        """Where the file stands."""
        return self.submission(submission_id).state

    def claims(self) -> list[Claim]:
        """All claims as they are now."""
        with self.database.work(practices=[self.practice_id]) as session:
            return list(session.scalars(select(Claim).order_by(Claim.number)))


def a_stage(
    database: Database,
    settings: Settings,
    clearinghouse: Clearinghouse,
    documents: Documents | None = None,
) -> Stage:
    """A stage on a database of the test's own."""
    run = Runtime(
        settings=database.reached_by(settings),
        engine=database.engine,
        factory=database.sessions,
        documents=documents or InMemoryDocuments(),
        mail=InMemoryMail(),
        mailbox=None,
        clearinghouse_of=lambda _: clearinghouse,
    )
    return Stage(database, run, uuid4())


def environment_of(settings: Settings, clearinghouse_url: str) -> dict[str, str]:
    """The settings as the environment of another process."""
    keys = ",".join(
        f"{name}:{b64encode(key).decode()}" for name, key in settings.field_keys.items()
    )
    return {
        "DATABASE_URL": settings.database_url,
        "RELAY_DATABASE_URL": settings.relay_database_url or "",
        "INTAKE_DATABASE_URL": settings.intake_database_url,
        "REDIS_URL": settings.redis_url,
        "S3_ENDPOINT_URL": settings.s3_endpoint_url,
        "S3_BUCKET": settings.s3_bucket,
        "S3_ACCESS_KEY": settings.s3_access_key,
        "S3_SECRET_KEY": settings.s3_secret_key,
        "SMTP_URL": settings.smtp_url,
        "MAIL_FROM": settings.mail_from,
        "PORTAL_URL": settings.portal_url,
        "SECRET_KEY": settings.secret_key,
        "FIELD_KEYS": keys,
        "INDEX_KEY": b64encode(settings.index_key).decode(),
        "CLEARINGHOUSE_URL": clearinghouse_url,
        "CLEARINGHOUSE_KEY": settings.clearinghouse_key,
        "SANDBOX": "1",
    }
