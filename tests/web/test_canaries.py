"""Forty canaries go through every feature; then every sink is read, decoded, and holds none."""

import base64
import io
import json
import logging
import pickle
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
import redis
import structlog
from flask import Flask
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways import logs
from backoffice.gateways.live import CHANNEL, RedisLive
from backoffice.gateways.mail import InMemoryMail, compose
from backoffice.gateways.queue import RqQueue
from backoffice.models.appointments import Appointment
from backoffice.models.clients import Client, Policy
from backoffice.models.outbox import Errand
from backoffice.services.changes import announce_changes
from backoffice.web.extensions import DOCUMENTS
from backoffice.web.told import tell_of_requests
from tests.canaries import CANARIES, found_in
from tests.canary_walk import (
    Desk,
    be_answered_and_paid,
    look_at_what_came,
    provoke_errors,
    send,
    walk_the_portal,
    work_off,
)
from tests.databases import Database
from tests.servers import Servers
from tests.talk import a_talk

SEALED = frozenset(
    {"ssn", "ssn_dashed", "birth_date", "birth_date_wire", "birth_date_words", "member_id",
     "file_name", "era_last_name", "era_member_id", "era_trace", "era_reference", "payer_words"}
)  # fmt: skip
"""What no table may hold in the clear, inside the wall or outside it."""
ALL_TABLES = (
    "SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relkind IN ('r', 'm')"
    " AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    " AND c.relnamespace::regnamespace::text NOT LIKE 'pg\\_%' ORDER BY 1"
)
OUTSIDE_THE_WALL = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema IN ('public', 'record')"
    " AND table_type = 'BASE TABLE' AND table_name IN ('errands', 'once_keys', 'sign_ins',"
    " 'control_numbers', 'payee_identities', 'mails', 'notices', 'account_mails', 'field_keys',"
    " 'inbound_files', 'intake_batches', 'intake_problems', 'users', 'clearinghouse_accounts',"
    " 'throttles')"
)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as every process writes it, into memory."""
    sink = io.StringIO()
    handler = logging.StreamHandler(sink)
    handler.setFormatter(logs._Formatter("web"))
    structlog.configure(
        processors=[logs._Stamp("web"), logs.only_allowed, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(sink),
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield sink
    root.removeHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def desk(
    app: Flask, settings: Settings, fresh_database: Database, log: io.StringIO
) -> Iterator[Desk]:
    """A practice whose client is made of canaries, everything outside listening."""
    tell_of_requests(app)
    talk = a_talk(fresh_database)
    heard: list[bytes] = []
    client = redis.Redis.from_url(settings.redis_url)
    client.flushdb()
    stop = threading.Event()
    subscribed = threading.Thread(target=_listen, args=(settings.redis_url, heard, stop))
    subscribed.start()
    announce_changes(talk.factory, RedisLive(settings.redis_url).tell)
    with talk.work() as session:
        person = session.scalars(select(Client)).one()
        for name in ("last_name", "first_name", "middle_name", "street", "city"):
            setattr(person, name, CANARIES[name])
        person.ssn, person.birth_date = CANARIES["ssn"], CANARIES["birth_date"]
        person.gender_identity = CANARIES["gender_identity"]
        person.phone = CANARIES["phone"]
        policy = session.scalars(select(Policy)).one()
        policy.member_id = CANARIES["member_id"]
        for name in ("insured_last_name", "insured_first_name", "insured_street"):
            setattr(policy, name, CANARIES[name])
        policy.group_number, policy.group_name = CANARIES["group_number"], CANARIES["group_name"]
        for appointment in session.scalars(select(Appointment)):
            appointment.diagnosis_codes = [CANARIES["diagnosis"]]
    yield Desk(app, talk, settings, log, InMemoryMail(), heard, [])
    stop.set()
    subscribed.join()
    client.flushdb()
    client.close()


def _listen(url: str, heard: list[bytes], stop: threading.Event) -> None:
    with redis.Redis.from_url(url) as client, client.pubsub() as channel:
        channel.subscribe(CHANNEL)
        while not stop.is_set():
            message = channel.get_message(timeout=0.1)
            if message and isinstance(message["data"], bytes):
                heard.append(message["data"])


def redis_dump(url: str) -> Iterator[bytes]:
    """Every key of a Redis database with all it holds."""
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter("*"):
            yield key
            kind = client.type(key)
            if kind == b"string":
                yield client.get(key) or b""
            elif kind == b"hash":
                for pair in client.hgetall(key).items():
                    yield from pair
            elif kind == b"list":
                yield from client.lrange(key, 0, -1)
            elif kind == b"zset":
                yield from client.zrange(key, 0, -1)
            elif kind == b"set":
                yield from client.smembers(key)


def ring_all(desk: Desk) -> None:
    """Ring for every errand, done or not, over the real Redis."""
    queue = RqQueue(desk.settings.redis_url)
    with desk.talk.database.work(house=True) as session:
        for errand_id, job in session.execute(select(Errand.id, Errand.job)).all():
            queue.ring(job, str(errand_id))


def rows_outside(desk: Desk, servers: Servers) -> Iterator[tuple[str, str]]:
    """Every row, as text, of the tables that may hold nothing of a patient."""
    database = desk.talk.database.url.rpartition("/")[2]
    with servers.postgres.superuser(database) as connection:
        tables = [name for (name,) in connection.execute(OUTSIDE_THE_WALL).fetchall()]
        for table in (*tables, "audit_records"):
            rows = connection.execute(f"SELECT t::text FROM {table} AS t").fetchall()
            for (row,) in rows:
                yield table, str(row)


def dump(desk: Desk, servers: Servers) -> dict[str, bytes]:
    """Every table whole, as a backup or a stolen disk would give it away."""
    database = desk.talk.database.url.rpartition("/")[2]
    with servers.postgres.superuser(database) as connection:
        tables = [name for (name,) in connection.execute(ALL_TABLES).fetchall()]
        whole: dict[str, bytes] = {}
        for table in tables:
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as rows:
                whole[table] = b"".join(bytes(row) for row in rows)
    return whole


def test_forty_canaries_go_through_every_feature_and_none_comes_out(
    desk: Desk, servers: Servers
) -> None:
    assert len(CANARIES) == 40
    walk_the_portal(desk)
    file_id = send(desk)
    be_answered_and_paid(desk, file_id)
    look_at_what_came(desk)
    seen = list(desk.seen)
    provoke_errors(desk)
    work_off(desk)
    ring_all(desk)
    time.sleep(0.2)

    sinks: dict[str, list[bytes | str]] = {
        "log": list(desk.log.getvalue().splitlines()),
        "redis": list(redis_dump(desk.settings.redis_url)),
        "live": list(desk.heard),
        "mail": [bytes(compose(mail, sender="a@b.example")) for mail in desk.mail.sent],
        "decoded mail": [mail.subject + mail.text + mail.html for mail in desk.mail.sent],
        "documents": [each.key for each in desk.app.extensions[DOCUMENTS].list("")],
        "addresses and headers": list(seen),
        "PostgreSQL's log": [(servers.folder / "log" / "postgres.log").read_bytes()[-60_000:]],
        "rows": [f"{table} {row}" for table, row in rows_outside(desk, servers)],
    }

    empty = [name for name, held in sinks.items() if not held]
    assert empty == [], "a sink that took nothing in proves nothing"
    leaks = {
        f"{name}: {canary}": held
        for name, all_held in sinks.items()
        for held in all_held
        for canary in found_in(held)
    }
    assert leaks == {}
    assert len(sinks["log"]) > 30

    held = {table: found_in(rows) for table, rows in dump(desk, servers).items()}
    assert {
        "clients",
        "policies",
        "remittance_claims",
        "provider_adjustments",
        "claim_steps",
    } <= held.keys()
    assert "last_name" in held["clients"], "a dump without the client proves nothing"
    plain = {table: names & SEALED for table, names in held.items() if names & SEALED}
    assert plain == {}


WRAPPED: dict[str, Callable[[str], bytes]] = {
    "plain": lambda word: word.encode(),
    "another case": lambda word: word.upper().encode(),
    "percent": lambda word: quote(word).encode(),
    "every letter in percent": lambda word: "".join(f"%{ord(c):02X}" for c in word).encode(),
    "base64": lambda word: base64.b64encode(f"{{'name': '{word}'}}".encode()),
    "base64 in the middle": lambda word: b"key=" + base64.b64encode(b"x" + word.encode()) + b";",
    "zlib": lambda word: zlib.compress(word.encode() * 3),
    "base64 of zlib": lambda word: base64.b64encode(zlib.compress(b"exc " + word.encode())),
    "utf-16": lambda word: word.encode("utf-16-le"),
    "utf-16 the other way": lambda word: word.encode("utf-16-be"),
    "pickle": lambda word: pickle.dumps({"args": (word,)}),
    "json": lambda word: "".join(f"\\u{ord(c):04x}" for c in word).encode(),
    "hexadecimal": lambda word: word.encode().hex().encode(),
    "quoted-printable": lambda word: "".join(f"={ord(c):02X}" for c in word).encode(),
    "html": lambda word: "".join(f"&#{ord(c)};" for c in word).encode(),
}


@pytest.mark.parametrize("how", WRAPPED)
def test_a_planted_leak_is_found_however_it_is_wrapped(how: str) -> None:
    missed = [name for name, word in CANARIES.items() if name not in found_in(WRAPPED[how](word))]

    assert missed == []


def test_what_holds_no_canary_is_not_suspected() -> None:
    assert found_in(b"Quill feather, claims.show 200 F32.1 0193-4c2f") == set()


def test_a_leak_into_the_log_is_found(desk: Desk) -> None:
    desk.log.write(json.dumps({"event": "x", "client": CANARIES["last_name"]}))

    assert found_in(desk.log.getvalue()) == {"last_name"}
