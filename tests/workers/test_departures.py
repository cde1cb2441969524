"""A practice leaves: only read from its day on, exported whole, removed on schedule, all of it."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.mail import InMemoryMail
from backoffice.models.claims import Claim
from backoffice.models.contract import (
    Departure,
    DepartureState,
    HoldKind,
    LegalHold,
    RemovalBasis,
)
from backoffice.models.documents import DocumentKind
from backoffice.models.inbound import InboundFile
from backoffice.models.notifications import Notice
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.rules.agreements import HOUSE_ZONE
from backoffice.rules.dates import today_in
from backoffice.rules.notices import Topic
from backoffice.rules.part2 import ConsentKind
from backoffice.sandbox.stack.postgres import SUPERUSER
from backoffice.services import (
    agreements,
    claims,
    consenting,
    departures,
    documents,
    messages,
    notifications,
)
from backoffice.services.departures import NotPossible, Plan
from backoffice.services.submissions.building import build_files
from tests.clean import found_clean
from tests.databases import Database
from tests.servers import Servers
from tests.services.billing import NO_DELAY
from tests.services.eras import Check, known_payee, paid_clean, posted, sent
from tests.services.test_documents import a_pdf
from tests.talk import SENDER, Talk, a_talk
from workers.departures import move_on
from workers.runtime import Runtime, Task

STAYS = {"audit_records", "departures"}


@dataclass(frozen=True)
class Stage:
    """A practice with something in most tables, another one beside it, and a worker."""

    talk: Talk
    run: Runtime
    superuser_url: str

    @property
    def practice_id(self) -> UUID:
        return self.talk.practice_id

    @property
    def today(self) -> date:
        return today_in(HOUSE_ZONE, datetime.now(UTC))

    def announce(self, plan: Plan | None = None) -> UUID:
        by_contract = RemovalBasis.CONTRACT
        plan = plan or Plan(self.today, by_contract, self.today + timedelta(days=30))
        with self.talk.work() as session:
            by = self.talk.cast.administrator.id
            now = datetime.now(UTC)
            return departures.announce(session, self.practice_id, plan, by=by, now=now).id

    def work_off(self, departure_id: UUID) -> Departure:
        move_on(Task(uuid4(), None, departure_id, "", 0), self.run)
        with self.talk.database.work(house=True) as session:
            return session.get_one(Departure, departure_id)

    def rows(self, practice_id: UUID) -> dict[str, int]:
        """Count a practice's rows in every table that names one, by the catalog, past the wall."""
        with self._superuser() as connection:
            tables = connection.execute(
                "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
                " AND NOT c.relispartition AND a.attname = 'practice_id' AND NOT a.attisdropped"
            ).fetchall()
            counted = {}
            for (table,) in tables:
                query = sql.SQL("SELECT count(*) FROM {} WHERE practice_id = %s")
                found = connection.execute(query.format(sql.Identifier(table)), [practice_id])
                counted[table] = cast(tuple[int], found.fetchone())[0]
        return counted

    def let_a_month_pass(self, departure_id: UUID) -> None:
        """Move the departure back in time, which neither the app nor the owner can do."""
        with self._superuser() as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "UPDATE departures SET asked_at = asked_at - interval '31 days',"
                " leaves_on = leaves_on - 31, remove_on = remove_on - 31 WHERE id = %s",
                [departure_id],
            )

    def count(self, table: str) -> int:
        """Count all rows of a table, past the wall."""
        with self._superuser() as connection:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            return cast(tuple[int], connection.execute(query).fetchone())[0]

    def tell_of_elsewhere_too(self) -> str:
        """Have the remittance's file tell of another practice as well; returns the file's key."""
        with self._superuser() as connection:
            connection.execute(
                "CREATE TEMPORARY TABLE copied AS SELECT * FROM inbound_transactions"
            )
            connection.execute(
                "UPDATE copied SET id = gen_random_uuid(), position = position + 1,"
                " payment_key = payment_key || 'x', practice_id = %s",
                [self.talk.cast.elsewhere.id],
            )
            connection.execute("INSERT INTO inbound_transactions SELECT * FROM copied")
            found = connection.execute("SELECT document_key FROM inbound_files").fetchone()
        return cast(tuple[str], found)[0]

    def _superuser(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.superuser_url, autocommit=True)


@pytest.fixture
def stage(
    fresh_database: Database, keyring: Keyring, settings: Settings, servers: Servers
) -> Stage:
    talk = a_talk(fresh_database)
    run = Runtime(
        settings=fresh_database.reached_by(settings),
        engine=fresh_database.engine,
        factory=talk.factory,
        documents=InMemoryDocuments(),
        mail=InMemoryMail(),
        mailbox=None,
        clearinghouse_of=lambda _: pytest.fail("nobody outside has to do with it"),
    )
    name = make_url(fresh_database.url).database
    url = servers.postgres.url(SUPERUSER, str(name)).replace("+psycopg", "")
    made = Stage(talk, run, url)
    _fill(made)
    return made


def _fill(stage: Stage) -> None:
    """A sent claim, its money, a document, a message, a consent, an agreement."""
    talk, now = stage.talk, datetime.now(UTC)
    biller = talk.person(talk.cast.biller)
    with talk.work() as session:
        claim = talk.claim(session)
        claims.release(session, claim, by=None, now=now, delay=NO_DELAY)
        build_files(session, talk.practice_id, now=now)
        client_id = claim.client_id
        consenting.sign(
            session,
            client_id,
            consenting.Signed(ConsentKind.TREATMENT_PAYMENT_OPERATIONS, date(2026, 3, 1)),
            by=talk.cast.biller.id,
            today=stage.today,
            now=now,
        )
        consenting.mark(session, client_id, is_part2=True, now=now)
        days = agreements.Days(date(2020, 1, 1))
        agreements.agree(session, talk.practice_id, days, by=talk.cast.administrator.id)
        arrival = documents.Arrival(
            talk.practice_id, DocumentKind.EOB, "=EOB.pdf", documents.examine(io.BytesIO(a_pdf()))
        )
        document = documents.begin(session, arrival, by=biller, now=now)
        documents.link(session, document, claim)
        stage.run.documents.put(document.document_key, a_pdf(), sha256=document.sha256)
        found_clean(session, document.id, now=now)
        messages.start(session, claim, by=biller, subject="A question", body="Is it?", now=now)
    both = [talk.practice_id, talk.cast.elsewhere.id]
    with talk.database.work(practices=both, house=True) as session:
        known_payee(session, talk.billing)
        claim = sent(session.get_one(Claim, (talk.practice_id, talk.claim_id)))
        posted(session, Check((paid_clean(session, claim),)))
        for file in session.scalars(select(InboundFile)):
            body = b"the raw bytes of a remittance"
            sha256 = hashlib.sha256(body).hexdigest()
            stage.run.documents.put(file.document_key, body, sha256=sha256)


def opened(stage: Stage, departure: Departure) -> zipfile.ZipFile:
    content = stage.run.documents.get(str(departure.export_key))
    assert hashlib.sha256(content).hexdigest() == departure.export_sha256
    assert len(content) == departure.export_size
    return zipfile.ZipFile(io.BytesIO(content))


def table(archive: zipfile.ZipFile, name: str) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in archive.read(f"tables/{name}.jsonl").splitlines()]


def test_the_export_holds_every_row_and_every_byte_in_the_clear_and_proves_it(
    stage: Stage,
) -> None:
    departure = stage.work_off(stage.announce())

    archive, counted = opened(stage, departure), stage.rows(stage.practice_id)
    manifest = json.loads(archive.read("manifest.json"))
    assert departure.state is DepartureState.EXPORTED
    assert {name: manifest["rows"].get(name) for name in counted.keys() - STAYS} == {
        name: count for name, count in counted.items() if name not in STAYS
    }
    assert manifest["rows"]["audit_records"] == counted["audit_records"] - 1  # the export's own
    assert sum(1 for count in counted.values() if count) >= 25
    for file in manifest["files"]:
        content = archive.read(file["path"])
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["bytes"]
    listed = {each["path"] for each in manifest["files"]}
    assert set(archive.namelist()) == listed | {"manifest.json"}
    for name, count in manifest["rows"].items():
        rows = csv.reader(io.StringIO(archive.read(f"tables/{name}.csv").decode()))
        assert len(table(archive, name)) == count
        assert sum(1 for _ in rows) == count + 1

    (document,) = table(archive, "documents")
    assert {row["member_id"] for row in table(archive, "policies")} == {"NSH88120477"}
    assert {row["birth_date"] for row in table(archive, "clients")} == {"1994-02-11"}
    assert document["original_name"] == "=EOB.pdf"
    assert "'=EOB.pdf" in archive.read("tables/documents.csv").decode()
    assert archive.read(f"documents/{document['id']}.pdf") == a_pdf()
    assert archive.read("submissions/000000001.837").startswith(b"ISA*")
    assert b"42 CFR part 2" in archive.read("NOTICE.txt")
    assert {"password_hash", "member_id_sealed"}.isdisjoint(
        {*table(archive, "users")[0], *table(archive, "policies")[0]}
    )


def test_a_practice_is_removed_on_its_day_and_not_a_row_or_byte_is_left(stage: Stage) -> None:
    departure_id = stage.announce()
    stage.work_off(departure_id)
    elsewhere, had = stage.rows(stage.talk.cast.elsewhere.id), stage.rows(stage.practice_id)

    assert stage.work_off(departure_id).state is DepartureState.EXPORTED, "its day has not come"
    stage.let_a_month_pass(departure_id)
    assert stage.work_off(departure_id).state is DepartureState.EXPORTED, "nobody has fetched it"
    with stage.talk.work() as session:
        departures.fetched(session, departure_id, now=datetime.now(UTC))
    removed = stage.work_off(departure_id)

    left = {name: count for name, count in stage.rows(stage.practice_id).items() if count}
    assert removed.state is DepartureState.REMOVED
    assert left.keys() == STAYS
    assert left["audit_records"] > had["audit_records"]
    assert {name: count for name, count in removed.removed_counts.items() if count} == {
        name: count for name, count in had.items() if count and name not in STAYS
    }
    assert stage.rows(stage.talk.cast.elsewhere.id) == elsewhere
    assert list(stage.run.documents.list("")) == []
    assert removed.kept_totals[str(stage.today.year)]
    with stage.talk.database.work(house=True) as session:
        practice = session.get_one(Practice, stage.practice_id)
        assert (practice.name, practice.street) == (stage.talk.cast.practice.name, "")
    assert stage.count("inbound_files") == 0


def test_a_legal_hold_keeps_every_row_and_a_file_that_tells_of_others_stays(
    stage: Stage,
) -> None:
    key = stage.tell_of_elsewhere_too()
    departure_id = stage.announce()
    stage.work_off(departure_id)
    stage.let_a_month_pass(departure_id)
    with stage.talk.work() as session:
        departures.fetched(session, departure_id, now=datetime.now(UTC))
        hold = LegalHold(
            practice_id=stage.practice_id,
            kind=HoldKind.CLIENT,
            subject_id=uuid4(),
            reason="A letter from counsel",
            placed_by_id=stage.talk.cast.administrator.id,
        )
        session.add(hold)
    before = stage.rows(stage.practice_id)

    kept = stage.work_off(departure_id)
    with stage.talk.work() as session, pytest.raises(NotPossible, match="A legal hold stands"):
        departures.remove(session, departure_id)

    assert kept.state is DepartureState.EXPORTED
    assert stage.rows(stage.practice_id) == before
    with stage.talk.work() as session:
        session.get_one(LegalHold, (stage.practice_id, hold.id)).lifted_at = datetime.now(UTC)
    assert stage.work_off(departure_id).state is DepartureState.REMOVED
    assert stage.run.documents.exists(key)
    assert stage.count("inbound_files") == 1


def test_a_day_is_never_too_early_never_brought_nearer_and_may_be_called_off(
    stage: Stage,
) -> None:
    by, now = stage.talk.cast.administrator.id, datetime.now(UTC)
    soon = Plan(stage.today, RemovalBasis.CONTRACT, stage.today + timedelta(days=29))
    with stage.talk.work() as session, pytest.raises(NotPossible, match="30 days at least"):
        departures.announce(session, stage.practice_id, soon, by=by, now=now)

    departure_id = stage.announce(Plan(stage.today, RemovalBasis.RETENTION))
    departure = stage.work_off(departure_id)
    assert departure.remove_on == date(2033, 11, 12), "Maine: seven years after the last session"

    for name, value in {"remove_on": stage.today, "asked_at": now - timedelta(days=40)}.items():
        with stage.talk.work() as session:
            setattr(session.get_one(Departure, departure_id), name, value)
            with pytest.raises(IntegrityError, match="only_later"):
                session.flush()
            session.rollback()

    with stage.talk.work() as session:
        departures.cancel(session, departure_id, now=datetime.now(UTC))
        assert session.get_one(Practice, stage.practice_id).left_at is None
    assert stage.announce() != departure_id


def test_an_agreements_end_is_announced_once_at_each_of_its_alarms(stage: Stage) -> None:
    task = Task(uuid4(), stage.practice_id, stage.practice_id, "", 0)
    ends_on = stage.today + timedelta(days=30)
    with stage.talk.database.work(house=True) as session:
        session.get_one(Practice, stage.practice_id).agreement_ends_on = ends_on
        assert agreements.to_watch(session, now=datetime.now(UTC)) == [stage.practice_id]

    for _ in range(2):
        with stage.talk.work() as session:
            agreements.watch(session, task.subject_id, now=datetime.now(UTC))
    told = stage.talk.mails(stage.talk.cast.administrator)
    with stage.talk.work() as session:
        due = told[0].due_at
        letter = notifications.to_send(session, told[0].id, sender=SENDER, now=due)
        agreements.watch(session, task.subject_id, now=due + timedelta(days=24))

    assert [mail.topic for mail in told] == [Topic.AGREEMENT_ENDING]
    assert isinstance(letter, notifications.Letter)
    assert letter.mail.subject == f"The agreement with {stage.talk.cast.practice.name} ends soon"
    assert "ends in 30 days" in letter.mail.text
    with stage.talk.work() as session:
        notices = session.scalars(select(Notice).where(Notice.topic == Topic.AGREEMENT_ENDING))
        assert len(notices.all()) == 2, "thirty days before, and seven"
