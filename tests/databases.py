"""The fixtures of databases: one per xdist worker, one per test that commits, savepoints.

Each is a clone of one migrated template; everybody works as the app role, under the wall.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker
from sqlalchemy.pool import NullPool

from backoffice.config import Settings
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.sandbox.stack.keys import StackKeys
from backoffice.sandbox.stack.postgres import (
    APP,
    INTAKE,
    OWNER,
    RELAY,
    SEALER,
    SUPERUSER,
    Postgres,
)
from backoffice.services.work import (
    ANYWHERE,
    TENANCY,
    WalledSession,
    do_last_acts,
    sessions,
    tenancy_of,
    unit_of_work,
)
from tests.servers import PROJECT, Servers
from tests.wiping import Spares

_TEMPLATE = "migrated_template"
_FIELD_KEY = hashlib.sha256(b"field").digest()
_INDEX_KEY = hashlib.sha256(b"index").digest()


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """The name of the migrated database that all others are clones of."""
    done = servers.folder / "migrated"
    with servers.locked():
        if not done.exists():
            servers.postgres.make_database(_TEMPLATE)
            migrate(servers.postgres.url(OWNER, _TEMPLATE), "head")
            done.touch()
    return _TEMPLATE


def migrate(owner_url: str, revision: str) -> None:
    """Bring a database of the owner's to a revision."""
    config = Config(toml_file=PROJECT / "pyproject.toml")
    config.attributes["url"] = owner_url
    command.upgrade(config, revision)


@dataclass(frozen=True)
class Database:
    """One database under the wall: `work` commits for real, as the app role."""

    url: str
    owner_url: str
    engine: Engine
    urls: Mapping[str, str]
    """By role, of every role that signs in, and of the superuser."""

    def reached_by(self, settings: Settings) -> Settings:
        """Return the settings of a process that works on this database."""
        return replace(
            settings,
            database_url=self.url,
            relay_database_url=self.urls[RELAY],
            sealer_database_url=self.urls[SEALER],
            intake_database_url=self.urls[INTAKE],
        )

    @property
    def sessions(self) -> sessionmaker[WalledSession]:
        """The factory of walled sessions."""
        return sessions(self.engine)

    def work(
        self, *, practices: Iterable[UUID] = (), user_id: UUID | None = None, house: bool = False
    ) -> AbstractContextManager[Session]:
        """One committed unit of work for these practices, or for the house.

        It acts in the one practice. A stage of several is set by the superuser, whom no wall
        stops: the app's units write in one only.
        """
        own = list(practices)
        if len(own) > 1:
            return self._stage(own, house=house)
        return unit_of_work(self.sessions, practices=own, user_id=user_id, house=house)

    @contextmanager
    def _stage(self, practices: list[UUID], *, house: bool) -> Iterator[Session]:
        engine = create_engine(self.urls[SUPERUSER], poolclass=NullPool, hide_parameters=True)
        with sessions(engine)() as session:
            tenancy = tenancy_of(practices=practices, user_id=None, house=house)
            session.info[TENANCY] = tenancy | {"app.acting_practice": ANYWHERE}
            yield session
            do_last_acts(session)
            session.commit()
        engine.dispose()

    @contextmanager
    def intake(self) -> Iterator[Session]:
        """One committed unit of work of the intake role: what came before its practice is known."""
        engine = create_engine(self.urls[INTAKE], poolclass=NullPool, hide_parameters=True)
        with unit_of_work(sessions(engine), house=True) as session:
            yield session
        engine.dispose()


@pytest.fixture(scope="session")
def worker_database(servers: Servers, template: str, worker_id: str) -> Iterator[Database]:
    """This xdist worker's own database; keep what you write in it inside a savepoint."""
    with _cloned(servers.postgres, f"tests_{worker_id}", template) as database:
        yield database


@pytest.fixture(scope="session")
def database_url(worker_database: Database) -> str:
    """The address of this worker's database for the app role."""
    return worker_database.url


@pytest.fixture(scope="session")
def spares(servers: Servers, template: str) -> Iterator[Spares]:
    """Used databases, wiped for the next test."""
    made = Spares(servers.postgres, template)
    yield made
    made.drop_all()


@pytest.fixture
def fresh_database(servers: Servers, spares: Spares) -> Iterator[Database]:
    """A database of this test's alone, where commits are real and everybody may see them."""
    name = spares.take()
    with _reached(servers.postgres, name) as database:
        yield database
    spares.give_back(name)


@pytest.fixture
def empty_database(servers: Servers) -> Iterator[Database]:
    """A database without a table, for tests of the migrations themselves."""
    with _cloned(servers.postgres, f"empty_{uuid4().hex}", None) as database:
        yield database


@contextmanager
def _cloned(postgres: Postgres, name: str, template: str | None) -> Iterator[Database]:
    postgres.make_database(name, template=template)
    with _reached(postgres, name) as database:
        yield database
    postgres.drop_database(name)


@contextmanager
def _reached(postgres: Postgres, name: str) -> Iterator[Database]:
    url = postgres.url(APP, name)
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    roles = (APP, OWNER, RELAY, SEALER, INTAKE, SUPERUSER)
    urls = {role: postgres.url(role, name) for role in roles}
    yield Database(url, urls[OWNER], engine, urls)
    engine.dispose()


@pytest.fixture
def _connection(worker_database: Database, keyring: Keyring) -> Iterator[Connection]:
    # As the superuser, who may become the app and the intake role within the one transaction.
    engine = create_engine(worker_database.urls[SUPERUSER], poolclass=NullPool)
    with engine.connect() as connection:
        outer = connection.begin()
        yield connection
        outer.rollback()
    engine.dispose()


SessionFor = Callable[..., Session]


def _become_the_app(_session: Session, _begun: SessionTransaction, connection: Connection) -> None:
    connection.execute(text("SET LOCAL ROLE app"))


@contextmanager
def as_intake(session: Session) -> Iterator[Session]:
    """Do something in a session of `session_for` as the intake role does it.

    A session that sets a stage, or is the intake role's own, goes on as it is.
    """
    session.flush()
    is_app = session.scalar(text("SELECT current_user")) == APP
    if is_app:
        session.execute(text("SET LOCAL ROLE intake"))
    yield session
    session.flush()
    if is_app:
        session.execute(text("SET LOCAL ROLE app"))


@pytest.fixture
def session_for(_connection: Connection) -> Iterator[SessionFor]:
    """Make sessions for a tenancy: `session_for(practices=[...], user_id=..., house=...)`.

    They share one connection and one outer transaction, so they see each other's work and nothing
    stays; commits become savepoints. Use one after the other: the latest to begin sets the tenancy.
    """
    made: list[Session] = []

    def make(
        *, practices: Iterable[UUID] = (), user_id: UUID | None = None, house: bool = False
    ) -> Session:
        session = WalledSession(
            _connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        own = list(practices)
        session.info[TENANCY] = tenancy_of(
            practices=own,
            user_id=user_id,
            house=house,
            acting=own[0] if len(own) == 1 else None,
        )
        event.listen(session, "after_begin", _become_the_app)
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()


@pytest.fixture
def practice_id() -> UUID:
    """The practice that `session` works for; build it with this id."""
    return uuid4()


@pytest.fixture
def session(session_for: SessionFor, practice_id: UUID) -> Session:
    """A session of the app role for `practice_id` and the house; nothing it writes stays."""
    return session_for(practices=[practice_id], house=True)


@pytest.fixture(scope="session")
def settings(servers: Servers, worker_database: Database, redis_url: str) -> Settings:
    """Whole settings for this worker: its database, its Redis number, the shared S3 and mail."""
    keys = StackKeys.of(servers.folder)
    environment = servers.environment | {
        "DATABASE_URL": worker_database.url,
        "MIGRATION_DATABASE_URL": worker_database.owner_url,
        "RELAY_DATABASE_URL": worker_database.urls[RELAY],
        "SEALER_DATABASE_URL": worker_database.urls[SEALER],
        "INTAKE_DATABASE_URL": worker_database.urls[INTAKE],
        "REDIS_URL": redis_url,
        "MAIL_FROM": "no-reply@cleanclaim.example",
        "PORTAL_URL": "http://localhost:8000",
        "SECRET_KEY": keys.secret_key,
        "FIELD_KEYS": f"k1:{base64.b64encode(_FIELD_KEY).decode()}",
        "INDEX_KEY": base64.b64encode(_INDEX_KEY).decode(),
        "CLEARINGHOUSE_URL": "http://127.0.0.1:9/services",
        "CLEARINGHOUSE_KEY": keys.clearinghouse_key,
        "PUSH_KEY": keys.push_key,
        "SANDBOX": "1",
        "MAIL_BUNDLE_SECONDS": "5",
        "SUBMIT_DELAY_SECONDS": "0",
    }
    return Settings.from_environment(environment)


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    """The keys of sealed fields, installed for this process; the same in every run."""
    made = Keyring(field_keys={"k1": _FIELD_KEY}, index_key=_INDEX_KEY)
    install_keyring(made)
    return made


@pytest.fixture(autouse=True)
def _own_keys(keyring: Keyring) -> None:
    """Install them anew: a command that ran in this process has left the keys it was given."""
    install_keyring(keyring)
