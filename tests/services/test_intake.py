"""Files taken in: what comes of each row, once and again, and what a dry run leaves behind."""

import csv
import shutil
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment, AppointmentLine
from backoffice.models.claims import Claim
from backoffice.models.clients import Client, Policy
from backoffice.models.outbox import Errand
from backoffice.models.payers import Payer, PracticePayer
from backoffice.models.practices import BillingProfile, Clinician, PayeeIdentity, Practice
from backoffice.models.sealing import Keyring
from backoffice.rules.readiness import Readiness, Shape
from backoffice.services import intake
from backoffice.services.intake import Outcome, Scope
from backoffice.services.intake.merging import CLAIMED_LINE, ON_A_CLAIM
from backoffice.services.intake.running import NO_AGREEMENT
from backoffice.services.work import practices_of
from tests.builders import NOW, a_claim, a_practice
from tests.databases import Database
from tests.record import on_record

OWN_FILES = Path(__file__).parents[1] / "samples" / "intake"
BEGINNING = Scope(may_begin=True, agreement_on=date(2020, 1, 1))
EVERYTHING = {
    "practices.csv": 2,
    "payers.csv": 3,
    "locations.csv": 2,
    "clinicians.csv": 3,
    "clients.csv": 3,
    "policies.csv": 3,
    "appointments.csv": 3,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = tmp_path / "export"
    shutil.copytree(OWN_FILES, copied)
    return copied


@pytest.fixture
def database(fresh_database: Database, keyring: Keyring) -> Database:
    return fresh_database


def bring(
    database: Database,
    folder: Path,
    scope: Scope | None = None,
    *,
    mapping: str = "own",
    dry_run: bool = False,
) -> Outcome:
    files = {path.name: path for path in folder.iterdir()}
    export = intake.opened(intake.named(mapping), files)
    return intake.take_in(database.sessions, export, scope or BEGINNING, now=NOW, dry_run=dry_run)


def counts(outcome: Outcome, name: str) -> dict[str, int]:
    return {report.file: getattr(report, name) for report in outcome.files}


def rewrite(
    path: Path, row_id: str, changes: Mapping[str, str], practice: str = "p-harbor"
) -> None:
    """Change cells of one row of one file."""
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        header, rows = list(reader.fieldnames or ()), list(reader)
    for row in rows:
        if row["id"] == row_id and row.get("practice_id", practice) == practice:
            row.update(changes)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)


def everyone(database: Database) -> dict[str, UUID]:
    with database.work(house=True) as session:
        found = session.execute(select(Practice.source_id, Practice.id)).all()
    return {str(source_id): row_id for source_id, row_id in found}


def one(session: Session, model: Any, source_id: str) -> Any:
    (practice_id,) = practices_of(session)
    query = select(model).where(model.practice_id == practice_id, model.source_id == source_id)
    return session.scalars(query).one()


def claim_the_session(session: Session) -> Claim:
    profile = session.scalars(select(BillingProfile)).one()
    policy, visit = one(session, Policy, "po-1"), one(session, Appointment, "a-1")
    return a_claim(session, policy, visit, profile_id=profile.id)


def versions(database: Database) -> dict[UUID, int]:
    with database.work(practices=everyone(database).values()) as session:
        return {
            row_id: version
            for model in (Client, Policy, Appointment)
            for row_id, version in session.execute(select(model.id, model.version))
        }


def test_every_row_of_our_own_format_becomes_a_record(database: Database, folder: Path) -> None:
    outcome = bring(database, folder)

    assert counts(outcome, "new") == EVERYTHING
    assert outcome.problems == []
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        client = one(session, Client, "cl-1")
        assert (client.name, client.born_on, client.ssn) == (
            "Avery Sample", date(1994, 2, 11), "999123456",
        )  # fmt: skip
        assert (client.name_key, client.ssn_last4, client.phone, client.zip) == (
            "sample, avery", "3456", "2075550177", "041012345",
        )  # fmt: skip
        policy = one(session, Policy, "po-1")
        assert (policy.member_id, policy.member_id_shape) == ("NSH88120477", Shape.WELL_FORMED)
        child = one(session, Policy, "po-2")
        assert (child.relationship_code, child.insured_birth_date) == ("19", "1965-05-05")
        session_of_two = one(session, Appointment, "a-1")
        assert session_of_two.charge_amount == Decimal("175.00")
        assert session_of_two.diagnosis_codes == ["F411", "F331"]
        assert [(line.procedure_code, line.modifiers, line.diagnosis_pointers)
                for line in session_of_two.lines] == [
            ("90837", ["95"], [1, 2]), ("90785", [], []),
        ]  # fmt: skip
        assert one(session, Appointment, "a-2").served_on == date(2026, 11, 12)  # in New York
        supervised = one(session, Clinician, "c-2")
        assert supervised.supervisor_id == one(session, Clinician, "c-1").id
        profile = session.scalars(select(BillingProfile)).one()
        assert (profile.tax_id, profile.npi) == ("123456789", "1234567893")


def test_the_same_files_twice_change_nothing(database: Database, folder: Path) -> None:
    bring(database, folder)
    before = versions(database)

    again = bring(database, folder)

    assert counts(again, "unchanged") == EVERYTHING
    assert (again.total("new"), again.total("changed"), again.practices) == (0, 0, set())
    assert versions(database) == before


def test_a_dry_run_counts_the_same_and_leaves_nothing(database: Database, folder: Path) -> None:
    outcome = bring(database, folder, dry_run=True)

    assert counts(outcome, "new") == EVERYTHING
    with database.work(house=True) as session:
        for model in (Practice, Payer, PayeeIdentity, Errand):
            assert session.scalar(select(func.count()).select_from(model)) == 0, model
        assert on_record(session) == []


def test_a_corrected_row_updates_and_an_empty_cell_erases_nothing(
    database: Database, folder: Path
) -> None:
    bring(database, folder)
    rewrite(folder / "clients.csv", "cl-1", {"last_name": "Samples", "phone": "", "ssn": ""})

    outcome = bring(database, folder)

    assert counts(outcome, "changed") == dict.fromkeys(EVERYTHING, 0) | {"clients.csv": 1}
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        client = one(session, Client, "cl-1")
        assert (client.last_name, client.name_key) == ("Samples", "samples, avery")
        assert (client.phone, client.ssn, client.version) == ("2075550177", "999123456", 2)


def test_what_people_corrected_stays_while_the_source_says_the_same(
    database: Database, folder: Path
) -> None:
    bring(database, folder)
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        one(session, Client, "cl-1").phone = "2075550199"

    outcome = bring(database, folder)

    assert outcome.total("changed") == 0
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        assert one(session, Client, "cl-1").phone == "2075550199"


@pytest.mark.parametrize(
    ("file", "row_id", "cells", "field"),
    [
        ("clients.csv", "cl-1", {"birth_date": "1994-02-30"}, "birth_date"),
        ("clients.csv", "cl-1", {"birth_date": "2031-02-11"}, "birth_date"),
        ("clients.csv", "cl-1", {"ssn": "12-34"}, "ssn"),
        ("clients.csv", "cl-1", {"id": ""}, "id"),
        ("clients.csv", "cl-2", {"id": "cl-1"}, "id"),
        ("policies.csv", "po-1", {"client_id": "nobody"}, "client_id"),
        ("policies.csv", "po-1", {"payer_id": "nobody"}, "payer_id"),
        ("policies.csv", "po-1", {"relationship": "cousin"}, "relationship"),
        ("clinicians.csv", "c-2", {"supervisor_id": "nobody"}, "supervisor_id"),
        ("clinicians.csv", "c-2", {"supervisor_id": "c-2"}, "supervisor_id"),
        ("appointments.csv", "a-1", {"charge_1": "-155.00"}, "charge_1"),
        ("appointments.csv", "a-1", {"charge_1": "155.005"}, "charge_1"),
        ("appointments.csv", "a-1", {"units_1": "0"}, "units_1"),
        ("appointments.csv", "a-1", {"served_on": "2026-13-01"}, "served_on"),
        ("appointments.csv", "a-1", {"served_on": ""}, "served_on"),
        ("appointments.csv", "a-1", {"status": "done"}, "status"),
        ("appointments.csv", "a-1", {"client_id": "nobody"}, "client_id"),
        ("appointments.csv", "a-1", {"practice_id": "p-nobody"}, "practice_id"),
        ("practices.csv", "p-juniper", {"time_zone": "Mars/Base"}, "time_zone"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_refused_by_line_and_field_and_never_quoted(
    database: Database, folder: Path, file: str, row_id: str, cells: dict[str, str], field: str
) -> None:
    rewrite(folder / file, row_id, cells)

    outcome = bring(database, folder)

    mine = [problem for problem in outcome.problems if problem.file == file]
    assert [problem.field for problem in mine] == [field]
    assert all(value not in mine[0].words for value in cells.values() if value)
    assert counts(outcome, "refused")[file] == 1
    assert counts(outcome, "new")[file] == EVERYTHING[file] - 1


def test_missing_facts_never_refuse_a_row(database: Database, folder: Path) -> None:
    (folder / "payers.csv").write_text("practice_id,id,name\np-harbor,pay-1,Northstar Health\n")
    (folder / "clinicians.csv").write_text("practice_id,id,last_name\np-harbor,c-1,Example\n")
    (folder / "appointments.csv").write_text(
        "practice_id,id,client_id,served_on,status\np-harbor,a-1,cl-1,2026-11-12,completed\n"
    )
    (folder / "policies.csv").write_text("practice_id,id,client_id\np-harbor,po-1,cl-1\n")

    outcome = bring(database, folder)

    assert outcome.problems == []
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        assert one(session, Policy, "po-1").relationship_code == ""
        assert one(session, Appointment, "a-1").charge_amount == Decimal("0.00")


def test_what_readiness_judges_is_kept_and_not_refused(database: Database, folder: Path) -> None:
    rewrite(folder / "clients.csv", "cl-1", {"phone": "call the office", "zip": "4101"})
    rewrite(folder / "clinicians.csv", "c-1", {"npi": "123"})
    rewrite(folder / "appointments.csv", "a-1", {"diagnosis_codes": "XYZ"})

    outcome = bring(database, folder)

    assert outcome.problems == []
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        assert one(session, Client, "cl-1").phone == "call the office"
        assert one(session, Appointment, "a-1").diagnosis_codes == ["XYZ"]


def test_an_appointment_on_a_live_claim_is_not_changed_by_a_file(
    database: Database, folder: Path
) -> None:
    bring(database, folder)
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        claim_the_session(session)
    rewrite(folder / "appointments.csv", "a-1", {"charge_1": "160.00"})
    rewrite(folder / "appointments.csv", "a-2", {"charge_1": "90.00"})

    outcome = bring(database, folder)

    assert [(each.line, each.words) for each in outcome.problems] == [(2, ON_A_CLAIM)]
    assert counts(outcome, "changed")["appointments.csv"] == 1
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        assert one(session, Appointment, "a-1").charge_amount == Decimal("175.00")
        assert one(session, Appointment, "a-2").charge_amount == Decimal("90.00")


def test_a_line_gone_from_the_source_goes_unless_a_claim_named_it(
    database: Database, folder: Path
) -> None:
    bring(database, folder)
    gone = {"procedure_code_2": "", "units_2": "", "charge_2": ""}
    rewrite(folder / "appointments.csv", "a-1", gone)

    outcome = bring(database, folder)

    assert counts(outcome, "changed")["appointments.csv"] == 1
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        row = one(session, Appointment, "a-1")
        assert (len(row.lines), row.charge_amount, row.version) == (1, Decimal("155.00"), 2)


def test_a_line_of_an_earlier_claim_can_not_go(database: Database, folder: Path) -> None:
    bring(database, folder)
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        claim = claim_the_session(session)
        for line in claim.lines:
            line.live = False
    gone = {"procedure_code_2": "", "units_2": "", "charge_2": ""}
    rewrite(folder / "appointments.csv", "a-1", gone)

    outcome = bring(database, folder)

    assert [each.words for each in outcome.problems] == [CLAIMED_LINE]
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        lines = session.scalars(select(AppointmentLine)).all()
        assert len([line for line in lines if line.procedure_code == "90785"]) == 1


def test_a_payer_is_the_houses_own_and_never_altered_by_a_file(
    database: Database, folder: Path
) -> None:
    with database.work(house=True) as session:
        session.add(
            Payer(
                name="NORTHSTAR", short_name="NS", name_key="northstar", electronic_id="NSH01",
                filing_code="BL",
            )
        )  # fmt: skip

    bring(database, folder)

    with database.work(house=True) as session:
        payers = {payer.name: payer for payer in session.scalars(select(Payer))}
    assert sorted(payers) == ["Bayside Mutual", "NORTHSTAR"]
    assert payers["NORTHSTAR"].filing_code == "BL"


def test_two_ids_of_a_source_may_mean_one_payer(database: Database, folder: Path) -> None:
    with (folder / "payers.csv").open("a") as file:
        file.write("p-harbor,pay-2,Northstar PPO,NSH01,CI\n")
    rewrite(folder / "policies.csv", "po-2", {"payer_id": "pay-2"})

    outcome = bring(database, folder)

    assert outcome.problems == []
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        link = session.scalars(select(PracticePayer)).one()
        assert (link.source_id, link.aliases) == ("pay-1", ["pay-2"])
        assert one(session, Policy, "po-2").payer_id == one(session, Policy, "po-1").payer_id


def test_a_corrected_payer_id_moves_its_policies(database: Database, folder: Path) -> None:
    rewrite(folder / "payers.csv", "pay-1", {"electronic_id": ""})
    bring(database, folder)
    rewrite(folder / "payers.csv", "pay-1", {"electronic_id": "NSH02"})

    outcome = bring(database, folder)

    assert counts(outcome, "changed")["payers.csv"] == 1
    with database.work(practices=[everyone(database)["p-harbor"]]) as session:
        moved = session.get_one(Payer, one(session, Policy, "po-1").payer_id)
        assert moved.electronic_id == "NSH02"


def test_files_that_name_no_practice_need_one_and_go_there(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "clients.csv").write_text("id,last_name\nx,Sample\n")
    with pytest.raises(intake.NoPractice):
        bring(database, tmp_path)
    with database.work(house=True) as session:
        practice = a_practice(session)

    outcome = bring(database, tmp_path, Scope(practice.id))

    assert counts(outcome, "new") == {"clients.csv": 1}


def test_rows_of_a_practice_one_may_not_touch_are_refused_as_if_it_were_not_there(
    database: Database, folder: Path
) -> None:
    bring(database, folder)
    mine = everyone(database)["p-harbor"]
    rewrite(folder / "clients.csv", "cl-1", {"last_name": "Stolen"}, practice="p-juniper")

    outcome = bring(database, folder, Scope(allowed=frozenset({mine})))

    refused = {problem.words for problem in outcome.problems}
    assert refused == {"No practice of this id is known."}
    assert counts(outcome, "refused")["clients.csv"] == 1
    assert outcome.total("changed") == 0


def test_readiness_follows_at_once_when_few_rows_changed(database: Database, folder: Path) -> None:
    bring(database, folder)
    rewrite(folder / "appointments.csv", "a-1", {"charge_1": "160.00"})

    bring(database, folder)

    with database.work(practices=[everyone(database)["p-harbor"]], house=True) as session:
        row = one(session, Appointment, "a-1")
        assert (row.unbilled, row.readiness) == (True, Readiness.READY)
        asked = session.scalars(select(Errand.job)).all()
    assert asked == ["workers.readiness.refresh_readiness"] * 2  # of the first time: two practices


def test_what_was_written_is_on_record_by_ids(database: Database, folder: Path) -> None:
    bring(database, folder)

    with database.work(practices=everyone(database).values(), house=True) as session:
        client = session.scalars(select(Client.id).where(Client.last_name == "Sample")).one()
        records = on_record(session, action="intake")
    assert any(client in record.subject_ids for record in records)


def test_without_an_agreement_a_practice_begins_and_its_clients_wait(
    database: Database, folder: Path
) -> None:
    waiting = bring(database, folder, Scope(may_begin=True))
    after_it = bring(database, folder, Scope(may_begin=True, agreement_on=date(2020, 1, 1)))

    assert counts(waiting, "new") == EVERYTHING | {
        "clients.csv": 0, "policies.csv": 0, "appointments.csv": 0,
    }  # fmt: skip
    assert {(problem.file, problem.words) for problem in waiting.problems} == {
        (name, NO_AGREEMENT) for name in ("clients.csv", "policies.csv", "appointments.csv")
    }
    assert after_it.total("new") == 0, "files do not give a known practice its agreement"


def test_an_agreement_that_has_ended_takes_in_nobody(database: Database, folder: Path) -> None:
    bring(database, folder)
    with database.work(house=True) as session:
        for practice in session.scalars(select(Practice)):
            practice.agreement_ends_on = date(2026, 11, 19)
    rewrite(folder / "clients.csv", "cl-1", {"first_name": "Other"})

    outcome = bring(database, folder)

    assert outcome.total("changed") == 0
    assert NO_AGREEMENT in {problem.words for problem in outcome.problems}
