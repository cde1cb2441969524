"""No answer shows anything of a patient that is not on record; the record's own pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from flask import Flask, g, request_finished
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from backoffice.models.audit import AuditRecord
from backoffice.models.base import PracticeRow
from backoffice.models.claims import Claim
from backoffice.rules.claim_status import ClaimEvent
from backoffice.sandbox.stack.postgres import SUPERUSER
from backoffice.services import audit
from backoffice.services.audit import Actor
from backoffice.services.audit.patients import TABLES
from backoffice.web.routes import Route
from tests.databases import Database
from tests.pages import Browser
from tests.record import on_record
from tests.talk import Talk, a_talk
from tests.web.door.people import Visitor
from tests.web.door.sides import Side, World
from tests.web.door.walk import ENDLESS, ITSELF, Answer, Door, Target
from tests.web.door.world import a_world

OF_NO_PATIENT = frozenset({"static"}) | ENDLESS | ITSELF

OF_EACH_REACH = (
    "administrator", "auditor", "biller", "practice_owner", "clinician", "two_roles",
)  # fmt: skip
"""What is on record hangs on the view and on how far somebody reaches: others share theirs."""


@dataclass(frozen=True)
class Asked:
    """One request of somebody signed in, and what came back."""

    what: str
    request_id: str
    answer: Answer


@pytest.fixture
def request_ids() -> Iterator[list[str]]:
    """The id of every request, in the order in which they were answered."""
    seen: list[str] = []

    def note(_app: Flask, **_: object) -> None:
        seen.append(g.request_id)

    with request_finished.connected_to(note):
        yield seen


def every_page(door: Door, request_ids: list[str]) -> Iterator[Asked]:
    """Everything that can be opened, by one of each reach, with both sides' ids."""
    world = door.world
    inside = [door.named(name) for name in OF_EACH_REACH]
    for route in door.routes:
        if "GET" not in route.methods or route.endpoint in OF_NO_PATIENT:
            continue
        for visitor in inside:
            for path in paths(door, route, visitor, (world.own, world.colleague)):
                answer = door.ask(visitor, "GET", path)
                yield Asked(f"{visitor.name} {route.rule}", request_ids[-1], answer)
    for visitor in inside:
        for side in (world.own, world.colleague):
            answer = door.ask(visitor, "POST", "/clients", {"q": side.token})
            yield Asked(f"{visitor.name} searches", request_ids[-1], answer)


def paths(door: Door, route: Route, visitor: Visitor, sides: tuple[Side, ...]) -> Iterator[str]:
    arguments = [named.argument for named in route.objects]
    for side in sides if arguments else sides[:1]:
        yield door.path(route, visitor, Target(side.name, dict.fromkeys(arguments, side)))


def by_request(database: Database, world: World) -> dict[str, list[AuditRecord]]:
    found: dict[str, list[AuditRecord]] = {}
    with database.work(practices=world.practice_ids, house=True) as session:
        for record in on_record(session):
            found.setdefault(record.request_id, []).append(record)
    return found


def test_every_answer_with_a_patient_in_it_left_one_record_that_names_them(
    app: Flask, fresh_database: Database, request_ids: list[str]
) -> None:
    world = a_world(app, fresh_database)
    door = Door.of(app, world)

    asked = list(every_page(door, request_ids))

    on_file = by_request(fresh_database, world)
    shown = [
        (each, side)
        for each in asked
        for side in (world.own, world.colleague)  # the others' words are their practices' too
        if side.token.encode() in each.answer.told()
    ]
    silent = []
    for each, side in shown:
        records = [row for row in on_file.get(each.request_id, []) if row.outcome == "done"]
        if not any(side.ids["client_id"] in row.client_ids for row in records):
            silent.append(f"{each.what}: {side.name}")
        assert all(row.user_id for row in records)
    assert sorted({each.partition(" ")[2] for each in silent}) == []
    assert len(shown) > 100
    twice = [
        each.what
        for each in asked
        if len({row.practice_id for row in on_file.get(each.request_id, [])})
        < len([row for row in on_file.get(each.request_id, []) if row.action == "read"])
    ]
    assert twice == []


def test_whoever_asks_for_what_is_not_theirs_is_on_record_and_what_is_absent_reads_the_same(
    app: Flask, fresh_database: Database
) -> None:
    talk = a_talk(fresh_database)
    nowhere = uuid4()

    stranger = Browser(app).sign_in(talk.cast.stranger)
    for claim_id in (talk.claim_id, nowhere):
        assert stranger.get(f"/claims/{claim_id}").status == 404
    clinician = Browser(app).sign_in(talk.cast.clinician)
    assert clinician.get(f"/claims/{talk.other_claim_id}").status == 404
    assert clinician.post(f"/claims/{talk.claim_id}/release").status == 403

    with fresh_database.work(house=True) as session:
        tries = on_record(session, action="try")
    assert [
        (each.user_id, each.subject_kind, each.subject_ids, each.outcome) for each in tries
    ] == [
        (talk.cast.stranger.id, "claim", [talk.claim_id], "absent"),
        (talk.cast.stranger.id, "claim", [nowhere], "absent"),
        (talk.cast.clinician.id, "claim", [talk.other_claim_id], "absent"),
        (talk.cast.clinician.id, "claim", [talk.claim_id], "denied"),
    ]


def test_what_cannot_be_recorded_is_neither_shown_nor_done(
    app: Flask, fresh_database: Database
) -> None:
    talk = a_talk(fresh_database)
    with talk.work() as session:
        client_id = talk.claim(session).client_id
    biller = Browser(app).sign_in(talk.cast.biller)
    pages = (f"/claims/{talk.claim_id}", "/claims", "/claims/export", f"/clients/{client_id}")
    before = [biller.get(path).status for path in pages]

    with _nothing_can_be_recorded(fresh_database):
        answers = [biller.get(path) for path in pages]
        done = biller.post(f"/claims/{talk.claim_id}/hold")

    assert before == [200] * len(pages)
    assert [each.status for each in answers] == [503] * len(pages)
    assert not any("Sample" in each.text for each in answers)
    assert not any("Content-Disposition" in each.response.headers for each in answers)
    assert done.status >= 500
    with talk.work() as session:
        assert talk.claim(session).status == "prepared"


@contextmanager
def _nothing_can_be_recorded(database: Database) -> Iterator[None]:
    engine = create_engine(
        database.urls[SUPERUSER], poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'full'; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER refuse BEFORE INSERT ON audit_records"
                " FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        )
        yield
        connection.execute(text("DROP TRIGGER refuse ON audit_records"))
        connection.execute(text("DROP FUNCTION refuse()"))
    engine.dispose()


class TestThePages:
    @pytest.fixture
    def talk(self, fresh_database: Database) -> Talk:
        return a_talk(fresh_database)

    def client_of(self, talk: Talk) -> UUID:
        with talk.work() as session:
            return talk.claim(session).client_id

    def test_the_practices_owner_sees_who_saw_a_client_and_what(
        self, app: Flask, talk: Talk
    ) -> None:
        client_id = self.client_of(talk)
        Browser(app).sign_in(talk.cast.biller).get(f"/claims/{talk.claim_id}")

        owner = Browser(app).sign_in(talk.cast.owner)
        page = owner.get(f"/record/clients/{client_id}")

        assert page.status == 200
        assert "Ana Sample Read Claim Done" in page.words
        assert "Oona Owner" not in page.words.split("Who saw this client")[-1].split("Ana")[0]
        assert "Oona Owner Read" in owner.get(f"/record/clients/{client_id}").words
        assert owner.get("/record").status == 403
        assert (
            Browser(app).sign_in(talk.cast.clinician).get(f"/record/clients/{client_id}").status
            == 403
        )
        assert (
            Browser(app).sign_in(talk.cast.stranger).get(f"/record/clients/{client_id}").status
            == 404
        )

    def test_the_whole_record_is_searched_by_person_act_day_and_subject_and_taken_out(
        self, app: Flask, talk: Talk
    ) -> None:
        client_id = self.client_of(talk)
        biller = Browser(app).sign_in(talk.cast.biller)
        biller.get(f"/claims/{talk.claim_id}")
        biller.get(f"/claims/{uuid4()}")

        stranger = Browser(app)
        stranger.get("/sign-in")
        stranger.post("/sign-in", email=talk.cast.biller.email, password="not it at all")
        with audit.acting(Actor(job="post_remittance")):
            talk.move(ClaimEvent.RELEASED)
        with audit.acting(Actor(job="backoffice keys rotate")):
            talk.move(ClaimEvent.RECALLED)

        boss = Browser(app).sign_in(talk.cast.administrator)
        everything = boss.get("/record")
        assert "Ana Sample not signed in Fail password" in everything.words
        assert "Post remittance automatic Change Claim" in everything.words
        assert "backoffice keys rotate Change Claim" in everything.words
        assert "Ana Sample Read Claim" in everything.words
        assert "Ana Sample Try 1 claim" in everything.words
        narrowed = boss.get(f"/record?act=try&user={talk.cast.biller.id}&subject={client_id}")
        assert "Nothing on record" in narrowed.words
        assert "Try" in boss.get("/record?act=try&outcome=absent").words
        assert "Nothing on record" in boss.get("/record?until=2020-01-01").words
        assert "Ana Sample Read Claim" in boss.get(f"/record?subject={talk.claim_id}").words
        assert boss.get("/record?subject=nonsense").status == 400

        taken = boss.get(f"/record/export?user={talk.cast.biller.id}").text.splitlines()
        assert taken[0].startswith("at,person,user_id")
        assert len(taken) == 3
        assert biller.get("/record/export").status == 403
        with talk.database.work(house=True) as session:
            (record,) = on_record(session, action="export", subject_kind="record")
        assert record.detail == {"rows": 2}


def test_the_cursor_leads_through_all_pages(app: Flask, fresh_database: Database) -> None:
    talk = a_talk(fresh_database)
    biller, boss = (
        Browser(app).sign_in(each) for each in (talk.cast.biller, talk.cast.administrator)
    )
    for _ in range(52):
        biller.get(f"/claims/{uuid4()}")

    first = boss.get("/record?act=try")
    following = first.text.split('rel="next"')[0].rpartition('href="')[2].split('"')[0]
    second = boss.get(following.replace("&amp;", "&"))

    assert first.words.count("Try 1 claim") == 50
    assert second.words.count("Try 1 claim") == 2
    assert "51–52 of 52" in second.words


def test_every_table_that_names_a_client_counts_as_patient_data() -> None:
    """A new table with a client or claim in it is noted when it is read, or says why not."""
    routed = {
        "document_links", "remittance_lines", "adjustments", "readiness_findings", "notices",
        "mails", "submissions", "acknowledgements", "receipts", "attempts", "wanted_eobs",
    }  # fmt: skip
    told = {model.__tablename__ for model in TABLES}

    found = {
        mapper.class_.__tablename__
        for mapper in PracticeRow.registry.mappers
        if issubclass(mapper.class_, PracticeRow)
        and {"client_id", "claim_id", "appointment_id", "thread_id"} & set(mapper.columns.keys())
    }

    assert found - told - routed == set()
    assert Claim in TABLES
