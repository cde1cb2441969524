"""The doctor names what is unsafe, each by its own line, and nothing that is as it should be."""

import os
import socketserver
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import redis
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from backoffice.config import Settings
from backoffice.models.field_keys import FieldKey
from backoffice.models.sealing import Keyring
from backoffice.sandbox.stack import valkey
from backoffice.sandbox.stack.parts import RunningPart, free_port, stop
from backoffice.sandbox.stack.postgres import SUPERUSER
from backoffice.services.doctor import Finding, Severity, environment, findings, outside
from tests.builders import NOW
from tests.cast import a_user
from tests.databases import Database
from tests.servers import Servers

ELSEWHERE: dict[str, Any] = {
    "portal_url": "https://portal.example",
    "sandbox": False,
    "migration_database_url": None,
    "database_url": "postgresql+psycopg://app:x@db.example/x?sslmode=verify-full",
    "relay_database_url": None,
    "sealer_database_url": None,
    "intake_database_url": "postgresql+psycopg://intake:x@db.example/x?sslmode=verify-full",
    "redis_url": "rediss://redis.example",
    "s3_endpoint_url": "https://s3.example",
    "smtp_url": "smtps://smtp.example",
    "clearinghouse_url": "https://clearinghouse.example",
}


def codes(found: list[Finding], severity: Severity = Severity.UNSAFE) -> set[str]:
    return {each.code for each in found if each.severity is severity}


def test_the_stack_of_the_tests_is_safe_but_for_what_only_a_laptop_lacks(
    settings: Settings, fresh_database: Database, keyring: Keyring
) -> None:
    own = replace(settings, database_url=fresh_database.url)

    found = findings(own, fresh_database.sessions, now=datetime.now(UTC))

    assert codes(found) == set()
    assert {"sandbox", "no_virus_scanner", "store_versions"} <= codes(found, Severity.NOTE)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"redis_url": "redis://redis.example"}, "no_tls"),
        ({"s3_endpoint_url": "http://s3.example"}, "no_tls"),
        ({"smtp_url": "smtp://smtp.example"}, "no_tls"),
        ({"clearinghouse_url": "http://clearinghouse.example"}, "no_tls"),
        ({"clamd_url": "tcp://clamd.example:3310"}, "no_tls"),
        ({"clamd_url": None}, "no_virus_scanner"),
        ({"database_url": "postgresql+psycopg://app:x@db.example/x"}, "database_tls"),
        ({"intake_database_url": "postgresql+psycopg://i:x@db.example/x?sslmode=require"},
         "database_tls"),
        ({"sandbox": True}, "sandbox"),
        ({"migration_database_url": "postgresql+psycopg://owner:x@127.0.0.1/x"}, "owner_at_hand"),
    ],
)  # fmt: skip
def test_each_unsafe_setting_is_named(
    settings: Settings, change: dict[str, Any], code: str
) -> None:
    safe = replace(settings, **ELSEWHERE)
    assert codes(list(environment.findings(safe))) == set()

    assert codes(list(environment.findings(replace(safe, **change)))) == {code}


def test_a_server_that_is_away_is_named(settings: Settings, closed_port: int) -> None:
    nowhere = f"127.0.0.1:{closed_port}"
    away = replace(
        settings,
        redis_url=f"redis://{nowhere}",
        s3_endpoint_url=f"http://{nowhere}",
        smtp_url=f"smtps://{nowhere}",
        clamd_url=f"tcp://{nowhere}",
    )

    wanted = {"redis_away", "store_away", "mail_away", "scanner_away"}
    assert codes(list(outside.findings(away, now=NOW))) == wanted


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("smtp+starttls://", "mail_tls"),
        ("smtps://", "mail_tls"),
        ("smtp://mailer:maildoorkey@", "mail_login"),
    ],
)
def test_a_mail_server_that_will_not_do_what_its_address_asks_is_named(
    settings: Settings, asked: str, code: str
) -> None:
    ours = replace(settings, smtp_url=settings.smtp_url.replace("smtp://", asked))

    assert codes(list(outside.findings(ours, now=NOW))) == {code}


@pytest.mark.parametrize(
    ("version", "code", "severity"),
    [
        ("ClamAV 1.4.1/27450/Fri Nov 20 08:41:02 2026", None, None),
        ("ClamAV 1.4.1/27450/Tue Nov  3 08:41:02 2026", "scanner_stale", Severity.NOTE),
        ("ClamAV 1.4.1/27450/Tue Sep  1 08:41:02 2026", "scanner_stale", Severity.UNSAFE),
        ("ClamAV 1.4.1", "scanner_undated", Severity.NOTE),
        ("Cleanclaim stand-in 1/knows EICAR only", "no_virus_scanner", Severity.NOTE),
    ],
)
def test_signatures_that_are_old_or_undated_are_named(
    version: str, code: str | None, severity: Severity | None, settings: Settings
) -> None:
    class Call(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.request.recv(64)
            self.wfile.write(f"{version}\0".encode())

    with socketserver.TCPServer(("127.0.0.1", 0), Call) as clamd:
        Thread(target=clamd.handle_request, daemon=True).start()
        joined = replace(settings, clamd_url=f"tcp://127.0.0.1:{clamd.server_address[1]}")

        found = list(outside.findings(joined, now=NOW))

    told = {(each.code, each.severity) for each in found if "scanner" in each.code}
    assert told == ({(code, severity)} if code else set())


def test_that_no_browser_can_be_knocked_at_is_told_and_is_not_unsafe(settings: Settings) -> None:
    mute = list(environment.findings(replace(settings, push_key=None)))

    assert "no_push" in codes(mute, Severity.NOTE)
    assert "no_push" not in codes(mute)
    given = environment.findings(replace(settings, push_key=bytes(31) + b"1"))
    assert "no_push" not in {each.code for each in given}


def test_a_redis_that_forgets_is_named(settings: Settings, own_redis: str) -> None:
    with redis.Redis.from_url(own_redis) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")

    found = list(outside.findings(replace(settings, redis_url=own_redis), now=NOW))
    assert "redis_evicts" in codes(found)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[str]:
    """The address of a server of this test's alone: what it sets, no other test meets."""
    port, password = free_port(), "only-here"
    running = RunningPart(valkey.part(tmp_path / "redis", port, password, os.environ))
    running.wait_until_ready(10)
    yield valkey.url(port, password)
    stop([running])


def test_what_the_database_lacks_is_named(
    settings: Settings, servers: Servers, fresh_database: Database, keyring: Keyring
) -> None:
    now = datetime.now(UTC)
    name = fresh_database.url.rpartition("/")[2]
    mighty = create_engine(servers.postgres.url(SUPERUSER, name), poolclass=NullPool)
    with mighty.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting, value in (("log_error_verbosity", "verbose"), ("log_statement", "all")):
            connection.execute(text(f"ALTER DATABASE \"{name}\" SET {setting} = '{value}'"))
        connection.execute(text("ALTER TABLE clients NO FORCE ROW LEVEL SECURITY"))
        connection.execute(text("CREATE TABLE loose (x int)"))
        connection.execute(text("ALTER TABLE loose OWNER TO app"))
    with fresh_database.work(house=True) as session:
        session.add(FieldKey(key_id="gone", first_used_at=now))
        session.add(FieldKey(key_id="k1", first_used_at=now - timedelta(days=400)))
        a_user(session, "Nofa Ctor")
    own = replace(settings, database_url=fresh_database.url)

    found = findings(own, fresh_database.sessions, now=now + timedelta(seconds=40))

    wanted = {"database_log", "no_wall", "app_owns", "key_missing", "clock_skew"}
    assert codes(found) == wanted
    assert sum(each.code == "database_log" for each in found) == 2
    assert {"old_key", "no_second_factor"} <= codes(found, Severity.NOTE)
