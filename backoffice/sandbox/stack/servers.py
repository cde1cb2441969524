"""The embedded servers together: which are needed, how they start, how they are reached."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backoffice.sandbox.stack import mail, s3, scanner, valkey
from backoffice.sandbox.stack.keys import StackKeys
from backoffice.sandbox.stack.parts import Part, free_port
from backoffice.sandbox.stack.postgres import (
    APP,
    INTAKE,
    OWNER,
    RELAY,
    SEALER,
    Passwords,
    Postgres,
)
from backoffice.sandbox.stack.supervisor import Supervisor

DATABASE = "cleanclaim"
_PREFERRED = {"postgres": 54320, "valkey": 63790, "s3": 9090, "smtp": 1025, "mail page": 8025,
              "scanner": 3310}  # fmt: skip
START_SECONDS = 60.0
_DATABASES = {
    "DATABASE_URL": APP,
    "MIGRATION_DATABASE_URL": OWNER,
    "RELAY_DATABASE_URL": RELAY,
    "SEALER_DATABASE_URL": SEALER,
    "INTAKE_DATABASE_URL": INTAKE,
}


@dataclass(frozen=True)
class Servers:
    """What was started; `environment` is what Settings read to reach them."""

    environment: Mapping[str, str]
    postgres: Postgres | None
    """None when DATABASE_URL names a server that is not ours."""
    mail_page: str | None
    """Where caught mail is read; None when SMTP_URL names a real mail server."""

    def is_at(self, revision: str) -> bool:
        """Whether our own database is migrated to this revision; of another's we know nothing."""
        return self.postgres is not None and self.postgres.revision_of(DATABASE) == revision


def start_servers(
    supervisor: Supervisor,
    folder: Path,
    keys: StackKeys,
    told: Mapping[str, str],
    *,
    ephemeral: bool = False,
) -> Servers:
    """Start what `told` does not replace, wait until all answer, make roles and bucket.

    `told` is the outer environment: DATABASE_URL, REDIS_URL, S3_ENDPOINT_URL, SMTP_URL and
    CLAMD_URL each keep one server from starting. Ephemeral servers take any ports and spare the
    disk.
    """
    ports = {name: free_port(0 if ephemeral else port) for name, port in _PREFERRED.items()}
    parts: list[Part] = []
    environment: dict[str, str] = {}
    postgres = page = None
    if not told.get("DATABASE_URL"):
        passwords = Passwords.of(keys)
        postgres = Postgres(
            folder / "postgres", ports["postgres"], passwords, told, ephemeral=ephemeral
        )
        environment |= {name: postgres.url(role, DATABASE) for name, role in _DATABASES.items()}
    if not told.get("REDIS_URL"):
        parts.append(valkey.part(folder / "valkey", ports["valkey"], keys.redis, told))
        environment["REDIS_URL"] = valkey.url(ports["valkey"], keys.redis)
    if not told.get("S3_ENDPOINT_URL"):
        pair = (keys.s3_access_key, keys.s3_secret_key)
        parts.append(s3.part(folder / "s3", ports["s3"], pair, told))
        environment |= {
            "S3_ENDPOINT_URL": s3.url(ports["s3"]),
            "S3_BUCKET": s3.BUCKET,
            "S3_ACCESS_KEY": keys.s3_access_key,
            "S3_SECRET_KEY": keys.s3_secret_key,
        }
    if not told.get("SMTP_URL"):
        page_port = ports["mail page"]
        parts.append(mail.part(folder / "mail", ports["smtp"], page_port, os.environ))
        environment["SMTP_URL"] = f"smtp://127.0.0.1:{ports['smtp']}"
        page = f"http://localhost:{page_port}"
    if not told.get("CLAMD_URL"):
        parts.append(scanner.part(folder, ports["scanner"], os.environ))
        environment["CLAMD_URL"] = scanner.url(ports["scanner"])
    supervisor.spawn(parts)
    if postgres:
        # initdb takes longest: the others come up meanwhile
        supervisor.start([postgres.part()], START_SECONDS)
        postgres.make_roles()
        postgres.make_database(DATABASE)
    supervisor.wait_until_ready(START_SECONDS)
    return Servers(environment, postgres, page)
