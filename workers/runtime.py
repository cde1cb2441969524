"""What a job is given: settings, sessions, gateways; and the shell that every job runs in."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, wraps
from uuid import UUID

import structlog
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from backoffice.config import Settings, secret
from backoffice.gateways.ack_mailbox import AckMailbox, HttpFolder
from backoffice.gateways.clearinghouse import ClaimMd, Clearinghouse, Patience
from backoffice.gateways.documents import Documents, S3Documents
from backoffice.gateways.live import RedisLive
from backoffice.gateways.mail import Mail, SmtpMail
from backoffice.gateways.push import Push, push_from
from backoffice.gateways.scanner import NoScanner, Scanner, scanner_at
from backoffice.models.outbox import Errand
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.services import audit, field_keys
from backoffice.services.changes import announce_changes
from backoffice.services.notifications import TERMS, terms_from
from backoffice.services.work import WalledSession, sessions, unit_of_work
from workers.locks import lock_on

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
GO_ON_SECONDS = 5.0
AT_ONCE = 50
OWN_KEY = "CLEARINGHOUSE_KEY"
PATIENCE = Patience(connect=5, silence=30, whole=45)
"""At most 75 seconds for a send: services/submissions' terms hold a lease for longer than that."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Task:
    """One errand as a job sees it: whose, about what, at which try."""

    errand_id: UUID
    practice_id: UUID | None
    subject_id: UUID
    turn: str
    tries: int


@dataclass(frozen=True)
class Again:
    """A job's wish to be rung again: not a failure, only not yet."""

    after: timedelta


class AnotherPractices(Exception):
    """A job would have worked for a practice that its errand is not of."""


@dataclass(frozen=True)
class Runtime:
    """A worker's connections to the world; `only`: of one practice's errand, and of no other."""

    settings: Settings
    engine: Engine
    factory: sessionmaker[WalledSession]
    documents: Documents
    mail: Mail
    mailbox: AckMailbox | None
    clearinghouse_of: Callable[[ClearinghouseAccount], Clearinghouse]
    only: UUID | None = None
    scanner: Scanner = field(default_factory=NoScanner)
    push: Push | None = None
    """None: no key for it is given."""

    def clock(self) -> datetime:
        """Return this moment, aware."""
        return datetime.now(UTC)

    def work(self, practice_id: UUID | None) -> AbstractContextManager[Session]:
        """Open a unit of work for one practice, or for the house where there is none.

        Raises AnotherPractices where the row that an errand is about led to a practice that is
        not the errand's.
        """
        if practice_id is None:
            return unit_of_work(self.factory, house=True)
        if self.only not in {None, practice_id}:
            raise AnotherPractices
        return unit_of_work(self.factory, practices=[practice_id])

    def intake(self) -> AbstractContextManager[Session]:
        """Open a unit of work for what came in before its practice is known."""
        return unit_of_work(_intake_sessions(self.settings.intake_database_url), house=True)


@cache
def _intake_sessions(url: str) -> sessionmaker[WalledSession]:
    return sessions(create_engine(url, poolclass=NullPool, hide_parameters=True))


Job = Callable[[Task, Runtime], Again | None]


def runtime_from(settings: Settings) -> Runtime:
    """Join a runtime from settings."""
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    engine = create_engine(settings.database_url, hide_parameters=True)
    factory = sessions(engine, info={TERMS: terms_from(settings)})
    announce_changes(factory, RedisLive(settings.redis_url).tell)
    folder = settings.ack_mailbox_url

    def clearinghouse_of(account: ClearinghouseAccount) -> Clearinghouse:
        return ClaimMd(
            account.base_url or settings.clearinghouse_url,
            key_of(account, settings),
            patience=PATIENCE,
        )

    return Runtime(
        settings=settings,
        engine=engine,
        factory=factory,
        documents=documents_of(settings),
        mail=SmtpMail(url=settings.smtp_url, sender=settings.mail_from),
        mailbox=HttpFolder(folder) if folder else None,
        clearinghouse_of=clearinghouse_of,
        push=push_from(settings),
        scanner=scanner_at(settings.clamd_url),
    )


def documents_of(settings: Settings) -> Documents:
    """Return the store of documents that the settings name."""
    return S3Documents(
        endpoint_url=settings.s3_endpoint_url,
        bucket=settings.s3_bucket,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        region=settings.s3_region,
        encryption=settings.s3_encryption,
    )


class KeyNotGiven(Exception):
    """The environment lacks the key that a clearinghouse account refers to."""


def key_of(account: ClearinghouseAccount, settings: Settings) -> str:
    """Return an account's key: the settings' own, or the variable that the account names."""
    if account.secret_reference == OWN_KEY:
        return settings.clearinghouse_key
    key = secret(os.environ, account.secret_reference)
    if not key:
        raise KeyNotGiven(account.secret_reference)
    return key


@cache
def this_process() -> Runtime:
    """Return the runtime of this process, made from its environment once."""
    return runtime_from(Settings.from_environment(os.environ))


def stand_ready(runtime: Runtime) -> None:
    """Note the key that this process seals with; raises KeysMissing when another is needed."""
    with runtime.work(None) as session:
        field_keys.stand_ready(session, now=runtime.clock())


def errand_job(job: Job) -> Callable[[str], None]:
    """Make a function that RQ can be rung with: an errand's id in, safe to run twice.

    It finds the errand (done: nothing happens), runs the job, marks the errand done or says when
    to ring again. A failure is kept as its kind, never its words, and rung again later. Then it
    goes on with whatever else is due of the same job, for a while: a fork costs more than most.
    """

    @wraps(job)
    def shell(errand_id: str) -> None:
        run(job, UUID(errand_id), this_process())
        go_on(job, this_process())

    return shell


def run(job: Job, errand_id: UUID, runtime: Runtime) -> None:
    """Run one job for one errand; see errand_job.

    A long job is rung again while it runs: the errand's lock lets the second ring go by.
    """
    with lock_on(runtime.engine, "errand", errand_id) as is_ours:
        if is_ours:
            _run(job, errand_id, runtime)


def go_on(job: Job, runtime: Runtime) -> int:
    """Run the job for its other due errands, oldest first, until none is left or time is up.

    Returns how many were looked at. What another worker has locked or done goes by.
    """
    until, seen = time.monotonic() + GO_ON_SECONDS, 0
    tried: set[UUID] = set()
    while time.monotonic() < until:
        waiting = [one for one in _waiting(job, runtime) if one not in tried]
        if not waiting:
            break
        for errand_id in waiting:
            if time.monotonic() > until:
                break
            tried.add(errand_id)
            seen += 1
            run(job, errand_id, runtime)
    return seen


def _waiting(job: Job, runtime: Runtime) -> Sequence[UUID]:
    name = f"{job.__module__}.{job.__name__}"
    with runtime.work(None) as session:
        query = select(Errand.id).where(
            Errand.job == name, Errand.done_at.is_(None), Errand.due_at <= runtime.clock()
        )
        return session.scalars(query.order_by(Errand.due_at).limit(AT_ONCE)).all()


def _run(job: Job, errand_id: UUID, runtime: Runtime) -> None:
    with runtime.work(None) as session:
        errand = session.get(Errand, errand_id)
        if errand is None or errand.done_at is not None:
            return
        task = Task(errand.id, errand.practice_id, errand.subject_id, errand.turn, errand.tries)
    actor = audit.Actor(job=job.__name__, request_id=str(errand_id))
    try:
        with audit.acting(actor):
            again = job(task, replace(runtime, only=task.practice_id))
    except Exception as problem:  # noqa: BLE001 - a job never dies with words of a patient
        kind = type(problem).__name__
        log.error("job failed", job=job.__name__, errand=str(errand_id), kind=kind)
        _ring_later(runtime, task, wait=_back_off(task.tries), problem=kind)
        return
    if again is None:
        _done(runtime, task)
    else:
        _ring_later(runtime, task, wait=again.after, problem="")


def _back_off(tries: int) -> timedelta:
    return min(FIRST_WAIT * (1 << min(tries, 10)), LONGEST_WAIT)


def _done(runtime: Runtime, task: Task) -> None:
    with runtime.work(None) as session:
        errand = session.get_one(Errand, task.errand_id)
        errand.done_at, errand.problem = runtime.clock(), ""


def _ring_later(runtime: Runtime, task: Task, *, wait: timedelta, problem: str) -> None:
    with runtime.work(None) as session:
        errand = session.get_one(Errand, task.errand_id)
        errand.due_at, errand.rung_at = runtime.clock() + wait, None
        errand.problem = problem
        errand.tries += 1 if problem else 0
