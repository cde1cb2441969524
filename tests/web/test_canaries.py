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
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import pytest
import redis
import structlog
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from backoffice.config import Settings
from backoffice.gateways import logs
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.live import CHANNEL, RedisLive
from backoffice.gateways.mail import InMemoryMail, compose
from backoffice.gateways.queue import RqQueue
from backoffice.models.appointments import Appointment
from backoffice.models.clients import Client, Policy
from backoffice.models.documents import Document
from backoffice.models.messages import Thread
from backoffice.models.outbox import Errand
from backoffice.rules.claim_status import ClaimEvent
from backoffice.services.changes import announce_changes
from backoffice.services.submissions.building import build_files
from backoffice.web.extensions import DOCUMENTS
from backoffice.web.told import tell_of_requests
from tests.builders import NOW
from tests.canaries import CANARIES, found_in
from tests.databases import Database
from tests.pages import BASE, Browser
from tests.servers import Servers
from tests.services.eras import Check, Line, Paid, era, taken_in
from tests.talk import Talk, a_talk
from workers.runtime import Runtime, run

PDF = b"%PDF-1.4\n% " + CANARIES["document_words"].encode() + b"\n%%EOF\n"
SEALED = frozenset(
    {"ssn", "ssn_dashed", "birth_date", "birth_date_wire", "birth_date_words", "member_id",
     "file_name", "era_last_name", "era_member_id", "era_trace"}
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


@dataclass(frozen=True)
class Desk:
    """The stage, and what its sinks took in so far."""

    app: Flask
    talk: Talk
    settings: Settings
    log: io.StringIO
    mail: InMemoryMail
    heard: list[bytes]
    seen: list[str]
    """Addresses and headers of every answer; no body."""

    def biller(self) -> Browser:
        return self._noted(Browser(self.app).sign_in(self.talk.cast.biller))

    def administrator(self) -> Browser:
        return self._noted(Browser(self.app).sign_in(self.talk.cast.administrator))

    def clinician(self) -> Browser:
        return self._noted(Browser(self.app).sign_in(self.talk.cast.clinician))

    def _noted(self, browser: Browser) -> Browser:
        plain = browser.client.open

        def noting(*given: Any, **more: Any) -> Any:
            answer = plain(*given, **more)
            self.seen.append(answer.request.path)
            # the file's own name goes with the file, to whoever may open it
            kept = [each for each in answer.headers if each[0] != "Content-Disposition"]
            self.seen.extend(f"{name}: {value}" for name, value in kept)
            if answer.mimetype == "text/html":
                quoted = answer.text.split('"')
                self.seen.extend(
                    each for each in quoted if each.startswith("/") and "<" not in each
                )
            return answer

        browser.client.open = noting  # type: ignore[method-assign]  # it only listens
        return browser


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
        for name in ("last_name", "first_name", "middle_name", "street", "street2", "city"):
            setattr(person, name, CANARIES[name])
        person.ssn, person.birth_date = CANARIES["ssn"], CANARIES["birth_date"]
        person.gender_identity = CANARIES["gender_identity"]
        person.phone = CANARIES["phone"]
        policy = session.scalars(select(Policy)).one()
        policy.member_id = CANARIES["member_id"]
        policy.insured_last_name = CANARIES["insured_last_name"]
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


def walk_the_portal(desk: Desk) -> None:
    """What people do: look, edit, write, upload, take out, search, and mistype."""
    biller, claim = desk.biller(), desk.talk.claim_id
    with desk.talk.work() as session:
        client = session.scalars(select(Client)).one()
    page = f"/clients/{client.id}"
    for path in ("/today", "/claims", f"/claims/{claim}", page, "/unbilled", "/submissions/",
                 "/eras/", "/documents/", "/messages/", "/intake", "/claims/export",
                 "/claims/export?as=xlsx", "/unbilled/export"):  # fmt: skip
        assert biller.get(path).status in {200, 302}, path
    for tab in ("status", "history", "documents", "messages", "remittance"):
        assert biller.get(f"/claims/{claim}?tab={tab}").status == 200
    assert CANARIES["last_name"] in biller.get(page).text
    assert biller.post("/clients", words=CANARIES["search_words"]).status == 200
    typed = {f"client-{client.id}-{name}": CANARIES[name] for name in ("last_name", "city")}
    biller.post(page, version=client.version, **typed)
    wrong = {f"client-{client.id}-birth_date": CANARIES["intake_wrong_date"]}
    answer = biller.post(page, version=client.version, **wrong)
    assert answer.status in {409, 422}, desk.log.getvalue()[-3000:]
    about = f"/messages/about/{claim}"
    words = {"subject": CANARIES["message_subject"], "body": CANARIES["message_body"]}
    assert biller.post(about, **words).status == 302
    with desk.talk.work() as session:
        thread = session.scalars(select(Thread.id)).one()
    noted = {"body": CANARIES["internal_note"], "internal": "1"}
    assert biller.post(f"/messages/{thread}/reply", **noted).status == 302
    own = desk.clinician()
    assert own.post(f"/messages/{thread}/reply", body=CANARIES["reply_body"]).status == 302
    file = (io.BytesIO(PDF), CANARIES["file_name"] + ".pdf")
    added = {"practice": str(desk.talk.practice_id), "kind": "payer_letter", "file": file}
    assert biller.post("/documents/add", **added).status == 302
    with desk.talk.work() as session:
        document = session.scalars(select(Document.id)).one()
    assert biller.get(f"/documents/{document}").response.data == PDF
    reason = CANARIES["note_reason"]
    gone = desk.administrator().post(f"/documents/{document}/withdraw", reason=reason)
    assert gone.status == 302
    bring_files(desk, biller)


def bring_files(desk: Desk, biller: Browser) -> None:
    """A file with a good row and a refused one, beside one that is named after a patient."""
    rows = (
        "id,last_name,first_name,birth_date\n"
        f"c1,{CANARIES['intake_last_name']},{CANARIES['intake_first_name']},1994-02-11\n"
        f"c2,{CANARIES['intake_last_name']},Sam,{CANARIES['intake_wrong_date']}\n"
    )
    sent = {"mapping": "own", "practice": str(desk.talk.practice_id)}
    other = (io.BytesIO(b"day,name\n2026-12-25,Christmas\n"), CANARIES["file_name"] + ".csv")
    files = [(io.BytesIO(rows.encode()), "clients.csv"), other]
    answer = biller.post("/intake", files=files, **sent)
    assert answer.status == 302, answer.words
    batch = answer.location.removeprefix(BASE)
    work_off(desk)
    assert CANARIES["file_name"] in biller.get(batch).text
    assert biller.post(f"{batch}/commit").status == 302
    work_off(desk)
    assert biller.get(f"{batch}/refused").status == 200


def runtime_of(desk: Desk) -> Runtime:
    """A worker's runtime over the same database, documents and mailbox."""
    return Runtime(
        settings=desk.talk.database.reached_by(desk.settings),
        engine=desk.talk.database.engine,
        factory=desk.talk.factory,
        documents=cast(InMemoryDocuments, desk.app.extensions[DOCUMENTS]),
        mail=desk.mail,
        mailbox=None,
        clearinghouse_of=_crashing,
    )


def _crashing(_account: object) -> Any:
    """A gateway that breaks with a patient in its words."""
    raise ValueError(CANARIES["crash_words"])


def work_off(desk: Desk) -> None:
    """Run what waits as a worker would, whatever becomes of it."""
    runtime = runtime_of(desk)
    with runtime.work(None) as session:
        waiting = session.execute(select(Errand.id, Errand.job).where(Errand.done_at.is_(None)))
        found = [(errand_id, job) for errand_id, job in waiting]
    for errand_id, job in found:
        module, _, name = job.rpartition(".")
        shell = getattr(__import__(module, fromlist=[name]), name)
        run(shell.__wrapped__, errand_id, runtime)


def send_and_be_paid(desk: Desk) -> None:
    """A claim leaves in a file, its sending crashes, and an unknown person's payment comes in."""
    desk.talk.move(ClaimEvent.RELEASED)
    with desk.talk.work() as session:
        build_files(session, desk.talk.practice_id, now=NOW)
    paid = Paid("NOTOURS1", (Line("100", "80", (("CO", "45", "20"),)),))
    content = era(Check((paid,), trace=CANARIES["era_trace"]))
    content = content.replace(b"NM1*QC*1*SAMPLE*AVERY", b"NM1*QC*1*DUSKBERRY*AVERY")
    content = content.replace(b"NSH88120477", CANARIES["era_member_id"].encode())
    with desk.talk.database.intake() as session:
        taken_in(session, content)


def provoke_errors(desk: Desk) -> None:
    """What goes wrong: duplicates, wrong types, wrong addresses, a fault in a view."""
    biller = desk.biller()
    strange = quote(CANARIES["address_words"])
    nowhere = [f"/claims?payer={strange}", f"/{strange}", f"/claims/{strange}"]
    for path in nowhere:
        assert biller.client.get(
            path, base_url=BASE, headers={"Referer": f"{BASE}/{CANARIES['header_words']}"}
        ).status_code in {200, 404}
    del desk.seen[:]  # what was typed as an address comes back as one: the person's own words
    statement, told = "SELECT CAST(:words AS date)", list[str]()
    for words in (CANARIES["birth_date_words"] + "x", CANARIES["ssn_dashed"]):
        try:
            with desk.talk.work() as session:
                session.execute(text(statement), {"words": words})
        except SQLAlchemyError as problem:
            structlog.get_logger().error("fault", **logs.what_broke(problem))
            logging.getLogger("library").exception("It broke for %s", words)
            told.append(str(problem))
    assert len(told) == 2
    assert not found_in("".join(told))
    views = cast(dict[str, Any], desk.app.view_functions)

    def broken(**_: object) -> str:
        raise ValueError(CANARIES["crash_words"])

    broken.permission = views["today.show"].permission  # type: ignore[attr-defined]  # as the door reads it
    views["today.show"] = broken
    answer = biller.get("/today")
    assert answer.status == 500
    assert not found_in(answer.text)


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
    send_and_be_paid(desk)
    work_off(desk)
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
    assert {"clients", "policies", "remittance_claims", "intake_batches"} <= held.keys()
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
