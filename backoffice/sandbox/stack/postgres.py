"""An embedded PostgreSQL: its cluster, its roles, its databases."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from backoffice.sandbox.stack.binaries import postgres_bin
from backoffice.sandbox.stack.keys import StackKeys
from backoffice.sandbox.stack.parts import Part, PartFailed

SUPERUSER = "postgres"
OWNER = "owner"
APP = "app"
RELAY = "relay"
SEALER = "sealer"
INTAKE = "intake"
_ROLES = Path(__file__).resolve().parents[3] / "migrations" / "roles.sql"

# An error's detail may carry what somebody typed, and so may its first line ("invalid input syntax
# for type integer: ..."): no statement's error is logged, the program hears of it anyway.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "150",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_statement": "none",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# For a cluster that is thrown away with the tests that made it.
_EPHEMERAL = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "scram_iterations": "1",  # thousands of sign-ins, with passwords that live as long
    "autovacuum": "off",  # its statistics would make every used database unlike a fresh one
}


class ClusterOfAnotherVersion(Exception):
    """The data folder was made by another major version of PostgreSQL."""


@dataclass(frozen=True)
class Passwords:
    """Of the superuser (ours alone) and of every role that signs in; see migrations/roles.sql."""

    superuser: str
    owner: str
    app: str
    relay: str
    sealer: str
    intake: str

    @classmethod
    def of(cls, keys: StackKeys) -> "Passwords":
        """Return a stack's."""
        return cls(
            superuser=keys.postgres_superuser,
            owner=keys.postgres_owner,
            app=keys.postgres_app,
            relay=keys.postgres_relay,
            sealer=keys.postgres_sealer,
            intake=keys.postgres_intake,
        )

    def by_role(self) -> dict[str, str]:
        """Return the password of each role that migrations/roles.sql lets in."""
        return {
            OWNER: self.owner,
            APP: self.app,
            RELAY: self.relay,
            SEALER: self.sealer,
            INTAKE: self.intake,
        }


class Postgres:
    """A cluster below `folder`, listening on one loopback port."""

    def __init__(
        self,
        folder: Path,
        port: int,
        passwords: Passwords,
        environment: Mapping[str, str],
        *,
        ephemeral: bool = False,
    ) -> None:
        self.port = port
        self._folder = folder.resolve()
        self._data = self._folder / "data"
        self._log = self._folder.parent / "log" / "postgres.log"
        self._passwords = passwords
        self._bin = postgres_bin(environment)
        self._identity = _Identity.fitting([self._bin, self._folder])
        self._environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self._ephemeral = ephemeral

    def part(self) -> Part:
        """Make the cluster if it is missing; answer how to run it."""
        self._make_cluster()
        chosen = _SETTINGS | (_EPHEMERAL if self._ephemeral else {})
        settings = [f"--{name}={value}" for name, value in chosen.items()]
        program = [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        return Part(
            name="postgres",
            command=[*self._identity.prefix, *program, *settings],
            environment=self._environment,
            log=self._log,
            ready=self._answers,
            stop_signal=signal.SIGINT,
            cwd=Path("/"),
            user=self._identity.user,
        )

    def url(self, role: str, database: str) -> str:
        """The address of a database for SUPERUSER or a role that signs in."""
        known = {SUPERUSER: self._passwords.superuser, **self._passwords.by_role()}
        return f"postgresql+psycopg://{role}:{known[role]}@127.0.0.1:{self.port}/{database}"

    def make_roles(self) -> None:
        """The roles that migrations/roles.sql names, each with its password."""
        with self.superuser() as connection:
            connection.execute(_ROLES.read_bytes())
            for role, password in self._passwords.by_role().items():
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                        sql.Identifier(role), sql.Literal(password)
                    )
                )

    def make_database(self, name: str, *, template: str | None = None) -> bool:
        """A database of the owner's, empty or cloned; False when it is there already."""
        with self.superuser() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if known.fetchone():
                return False
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                    sql.Identifier(name),
                    sql.Identifier(OWNER),
                    sql.Identifier(template or "template0"),
                )
            )
        return True

    def drop_database(self, name: str) -> None:
        """Drop a database and whoever is connected to it."""
        with self.superuser() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def rename_database(self, name: str, new: str) -> None:
        """Give a database that nobody is connected to another name."""
        with self.superuser() as connection:
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(name), sql.Identifier(new)
                )
            )

    def revision_of(self, database: str) -> str | None:
        """Which migration a database has come to; None before the first."""
        with self.superuser(database) as connection:
            try:
                found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            except psycopg.errors.UndefinedTable:
                return None
        return str(found[0]) if found else None

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        """A connection past every wall: for making databases, and for tests."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self._passwords.superuser,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _answers(self) -> bool:
        try:
            with self.superuser():
                return True
        except psycopg.OperationalError:
            return False

    def _make_cluster(self) -> None:
        version_file = self._data / "PG_VERSION"
        if version_file.exists():
            self._refuse_another_version(version_file.read_text().strip())
            self._identity.own(self._folder)
            return
        shutil.rmtree(self._data, ignore_errors=True)  # what an interrupted initdb left
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        password_file = self._folder / "password"
        # initdb cannot read a pipe under another user: a real file, and nobody else's
        password_file.touch(mode=0o600)
        password_file.write_text(self._passwords.superuser)
        self._identity.own(self._folder)
        try:
            self._run_initdb(password_file)
        finally:
            password_file.unlink()

    def _run_initdb(self, password_file: Path) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        uid, gid = self._identity.user or (None, None)
        program = [str(self._bin / "initdb"), "-D", str(self._data), "-U", SUPERUSER]
        how = ["--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8"]
        where = ["--locale=C.UTF-8", "--no-instructions"]
        where += ["--no-sync", "--set=scram_iterations=1"] if self._ephemeral else []
        with self._log.open("ab") as log:
            made = subprocess.run(  # noqa: S603  (our own command line)
                [*self._identity.prefix, *program, *how, *where],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
                check=False,
            )
        if made.returncode:
            raise PartFailed("postgres", "could not make its cluster", self._log)

    def _refuse_another_version(self, version: str) -> None:
        answer = subprocess.run(  # noqa: S603  (our own command line)
            [self._bin / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        ours = answer.stdout.split()[2].split(".")[0]
        if ours != version:
            raise ClusterOfAnotherVersion(
                f"{self._data} was made by PostgreSQL {version}, this is {ours}: "
                "start with --fresh, or set POSTGRES_BIN"
            )


@dataclass(frozen=True)
class _Identity:
    """Whom PostgreSQL runs as: it refuses root, so root hands it to nobody."""

    user: tuple[int, int] | None
    prefix: tuple[str, ...]

    @classmethod
    def fitting(cls, paths: list[Path]) -> "_Identity":
        if os.geteuid() != 0:
            return cls(None, ())
        nobody = pwd.getpwnam("nobody")
        who = (nobody.pw_uid, nobody.pw_gid)
        if all(_lets_others_through(path) for path in paths):
            return cls(who, ())
        # Below a closed folder such as root's home, nobody gets there only with the right to
        # pass; access(2), which initdb asks, heeds that right only without the fix-up of root's
        # ids. The drop happens in setpriv, after which the death signal must be asked anew.
        setpriv = shutil.which("setpriv", path=os.defpath) or "setpriv"
        drop = [f"--reuid={who[0]}", f"--regid={who[1]}", "--clear-groups"]
        keep = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        heed = ["--securebits=+no_setuid_fixup", "--pdeathsig=INT"]
        return cls(None, (setpriv, *drop, *keep, *heed, "--"))

    def own(self, folder: Path) -> None:
        """Give the folder and all in it to whom PostgreSQL runs as."""
        if os.geteuid() != 0:
            return
        nobody = pwd.getpwnam("nobody")
        if folder.stat().st_uid == nobody.pw_uid:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)


def _lets_others_through(path: Path) -> bool:
    """Whether every folder above may be passed by a stranger."""
    resolved = path.resolve()
    return all(not above.exists() or above.stat().st_mode & 0o001 for above in resolved.parents)
