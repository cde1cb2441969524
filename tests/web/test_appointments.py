"""The Unbilled queue in the portal: seen, filled in, set aside, billed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.clients import Client, Policy
from backoffice.models.users import OnceKey
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.readiness import Disposition, Readiness, Shape
from backoffice.services import unbilled
from tests import builders
from tests.builders import NOW
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import Browser, Page

HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Desk:
    """A practice with one whole client and one who lacks a member id, each with a session."""

    database: Database
    cast: Cast
    ready: UUID
    lacking: UUID
    lacking_client: UUID
    lacking_policy: UUID

    @property
    def practice_id(self) -> UUID:
        return self.cast.practice.id

    def appointment(self, appointment_id: UUID) -> Appointment:
        with self.database.work(practices=[self.practice_id]) as session:
            return session.get_one(Appointment, (self.practice_id, appointment_id))


@pytest.fixture
def desk(fresh_database: Database, keyring: object) -> Desk:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        practice = builders.a_practice(session, ids[0])
        elsewhere = builders.a_practice(session, ids[1], name="Juniper Row", mark="JR")
        builders.a_profile(session, practice)
        clinician = builders.a_clinician(session, practice)
        office = builders.a_facility(session, practice)
        payer = builders.a_payer(session, filing_days=20_000)
        account = builders.an_account(session)
        builders.a_practice_payer(session, practice, payer, account)
        whole = builders.a_client(session, practice)
        builders.a_policy(session, whole, payer)
        other = builders.a_client(
            session, practice, last_name="Pretend", first_name="Quinn", name_key="pretend, quinn"
        )
        policy = builders.a_policy(
            session, other, payer, member_id=None, member_id_shape=Shape.ABSENT
        )
        ready = builders.an_appointment(session, whole, clinician, office)
        lacking = builders.an_appointment(session, other, clinician, office)
        unbilled.judge_practice_anew(session, practice.id, now=NOW)
        cast = a_cast(session, practice, elsewhere)
        return Desk(fresh_database, cast, ready.id, lacking.id, other.id, policy.id)


@pytest.fixture
def biller(app: Flask, desk: Desk) -> Browser:
    return Browser(app).sign_in(desk.cast.biller)


def finding_in(page: Page) -> str:
    found = re.search(r'name="finding" value="([^"]+)"', page.text)
    assert found is not None, page.words
    return found.group(1)


def test_the_queue_tells_what_is_ready_and_what_is_missing(biller: Browser) -> None:
    page = biller.get("/unbilled")

    assert page.status == 200
    assert "2 appointments · $310.00" in page.words
    assert "Ready 1 · $155.00" in page.words
    assert "Missing 1 · $155.00" in page.words
    assert "Quinn Pretend" in page.words


def test_a_tab_shows_its_own_appointments_only(biller: Browser) -> None:
    page = biller.get("/unbilled?state=missing")

    assert "Quinn Pretend" in page.words
    assert "Avery Sample" not in page.words


FILTERED: Mapping[str, set[str]] = {
    "lacks=policy_member_id_missing": {"Quinn Pretend"},
    "code=90837": {"Quinn Pretend", "Avery Sample"},
    "code=90791": set(),
    "served=2026-11-01..2026-11-11": set(),
    "served=2026-11-12..2026-11-12": {"Quinn Pretend", "Avery Sample"},
    "owner=me": set(),
    "owner=nobody&sort=deadline": {"Quinn Pretend", "Avery Sample"},
    "sort=-amount&group=none": {"Quinn Pretend", "Avery Sample"},
    "after=nonsense&state=nonsense&age=x&payer=y": {"Quinn Pretend", "Avery Sample"},
}


def test_filters_and_sort_live_in_the_address(biller: Browser) -> None:
    for query, seen in FILTERED.items():
        page = biller.get(f"/unbilled?{query}")

        assert page.status == 200, query
        shown = {name for name in ("Quinn Pretend", "Avery Sample") if name in page.words}
        assert shown == seen, query


def test_the_drawer_says_what_is_missing_why_and_gives_the_field(
    biller: Browser, desk: Desk
) -> None:
    page = biller.get(f"/unbilled/{desk.lacking}/missing", **HTMX)

    assert page.status == 200
    assert "member ID is missing" in page.words
    assert "Blocks 1 appointment, $155.00" in page.words
    assert 'name="member_id"' in page.text


def test_without_script_the_drawer_is_part_of_the_page(biller: Browser, desk: Desk) -> None:
    answer = biller.get(f"/unbilled/{desk.lacking}/missing")

    page = biller.get(answer.location)

    assert page.status == 200
    assert 'name="member_id"' in page.text


def test_what_is_filled_in_frees_the_appointment_at_once(biller: Browser, desk: Desk) -> None:
    drawer = biller.get(f"/unbilled?open={desk.lacking}")

    answer = biller.post(
        f"/unbilled/{desk.lacking}/supply",
        finding=finding_in(drawer), member_id="nsh 8812-0477",
    )  # fmt: skip

    assert answer.status == 302
    assert desk.appointment(desk.lacking).readiness is Readiness.READY
    with desk.database.work(practices=[desk.practice_id]) as session:
        policy = session.get_one(Policy, (desk.practice_id, desk.lacking_policy))
        assert (policy.member_id, policy.member_id_shape) == ("NSH88120477", Shape.WELL_FORMED)


def test_a_wrong_value_stays_in_its_field_with_the_reason(biller: Browser, desk: Desk) -> None:
    drawer = biller.get(f"/unbilled?open={desk.lacking}")

    page = biller.post(
        f"/unbilled/{desk.lacking}/supply", finding=finding_in(drawer), member_id="NSH#1!"
    )

    assert page.status == 422
    assert "letters and digits only" in page.words
    assert 'value="NSH#1!"' in page.text
    assert desk.appointment(desk.lacking).readiness is Readiness.MISSING


def test_a_session_is_edited_from_its_row(biller: Browser, desk: Desk) -> None:
    form = biller.get(f"/unbilled/{desk.ready}/edit")
    assert form.status == 200

    answer = biller.post(f"/unbilled/{desk.ready}/edit", **session_fields(version=1))

    assert answer.status == 302, answer.words
    with desk.database.work(practices=[desk.practice_id]) as session:
        row = session.get_one(Appointment, (desk.practice_id, desk.ready))
        assert (row.served_on, row.diagnosis_codes) == (date(2026, 11, 11), ["F411", "F330"])
        assert [(each.procedure_code, each.modifiers) for each in row.lines] == [("90834", ["95"])]
        assert row.charge_amount == row.lines[0].charge_amount


def session_fields(*, version: int, **changes: object) -> dict[str, object]:
    given: dict[str, object] = {
        "version": version,
        "served_on": "2026-11-11",
        "place_of_service": "10",
        "clinician_id": "",
        "facility_id": "",
        "diagnosis_codes": "F41.1, f33.0",
        "note_signed": "y",
        "lines-0-procedure_code": "90834",
        "lines-0-modifiers": "95",
        "lines-0-units": "1",
        "lines-0-charge_amount": "130.00",
        "lines-0-diagnosis_pointers": "1 2",
    }
    return given | changes


def test_a_session_saved_by_somebody_else_is_not_overwritten_unseen(
    biller: Browser, desk: Desk
) -> None:
    biller.get(f"/unbilled/{desk.ready}/edit")
    biller.post(f"/unbilled/{desk.ready}/edit", **session_fields(version=1))

    page = biller.post(
        f"/unbilled/{desk.ready}/edit",
        **session_fields(version=1, **{"lines-0-charge_amount": "99.00"}),
    )

    assert page.status == 409
    assert "Somebody else saved this" in page.words
    assert 'value="99.00"' in page.text


def test_wrong_codes_are_told_at_their_fields(biller: Browser, desk: Desk) -> None:
    biller.get(f"/unbilled/{desk.ready}/edit")

    page = biller.post(
        f"/unbilled/{desk.ready}/edit", **session_fields(version=1, diagnosis_codes="F41.1 9Z")
    )

    assert page.status == 422
    assert "Diagnosis 2 has not the form" in page.words


def test_set_aside_leaves_the_queue_and_undo_brings_it_back(biller: Browser, desk: Desk) -> None:
    biller.get("/unbilled")
    biller.post("/unbilled/set-aside", appointment=str(desk.lacking), disposition="self_pay")
    assert desk.appointment(desk.lacking).disposition is Disposition.SELF_PAY
    page = biller.get("/unbilled")
    assert "1 marked self-pay" in page.words
    assert "Quinn Pretend" not in page.words
    undo = re.search(r'action="(/unbilled/undo/[^"]+)"', page.text)
    assert undo is not None

    biller.post(undo.group(1))

    assert "Quinn Pretend" in biller.get("/unbilled").words


def test_the_dry_run_says_what_goes_and_what_stays_and_why(biller: Browser, desk: Desk) -> None:
    biller.get("/unbilled")

    run = biller.post("/unbilled/dry-run", appointment=[str(desk.ready), str(desk.lacking)])

    assert "2 selected" in run.words
    assert "1 bill will go, $155.00" in run.words or "1 claim will go, $155.00" in run.words
    assert "1 will not, $155.00" in run.words
    assert "1 information missing" in run.words


def test_create_and_submit_makes_claims_once_however_often_it_is_sent(
    biller: Browser, desk: Desk
) -> None:
    biller.get("/unbilled")
    asked = {"appointment": [str(desk.ready), str(desk.lacking)], "act": "submit", "key": "k1"}

    first, again = biller.post("/unbilled/bill", **asked), biller.post("/unbilled/bill", **asked)

    assert (first.status, again.status) == (302, 302)
    with desk.database.work(practices=[desk.practice_id]) as session:
        claims = session.scalars(select(Claim)).all()
        assert [claim.status for claim in claims] == [ClaimStatus.QUEUED]
        assert session.scalar(select(func.count()).select_from(ServiceLine)) == 1
    assert desk.appointment(desk.ready).unbilled is False
    assert "1 claim created and submitted" in biller.get("/unbilled").words


def test_a_selection_is_billed_in_its_own_practices_and_no_other_is_opened(
    app: Flask, desk: Desk
) -> None:
    administrator = Browser(app).sign_in(desk.cast.administrator)
    administrator.get("/unbilled")

    answer = administrator.post("/unbilled/bill", appointment=str(desk.ready), key="k1")

    assert answer.status == 302
    with desk.database.work() as session:
        kept = session.scalars(select(OnceKey.key)).all()
    assert kept == [f"k1:{desk.practice_id}"]
    assert desk.appointment(desk.ready).unbilled is False


def test_another_selection_under_the_same_key_is_refused(biller: Browser, desk: Desk) -> None:
    biller.get("/unbilled")
    biller.post("/unbilled/bill", appointment=str(desk.lacking), act="create", key="k1")

    page = biller.post("/unbilled/bill", appointment=str(desk.ready), act="create", key="k1")

    assert page.status == 409
    assert desk.appointment(desk.ready).unbilled is True


def test_the_export_holds_the_whole_result(biller: Browser) -> None:
    answer = biller.get("/unbilled/export?state=ready")

    lines = answer.text.strip().splitlines()
    assert len(lines) == 2
    assert "Avery Sample" in lines[1]


def test_a_practices_owner_sees_what_is_needed_and_changes_nothing(app: Flask, desk: Desk) -> None:
    owner = Browser(app).sign_in(desk.cast.owner)

    page = owner.get("/unbilled")

    assert page.status == 200
    assert "member ID is missing" in page.words
    assert 'name="member_id"' not in owner.get(f"/unbilled/{desk.lacking}/missing", **HTMX).text
    refused = owner.post("/unbilled/bill", appointment=str(desk.ready), act="create")
    assert refused.status == 403
    assert owner.get(f"/unbilled/{desk.ready}/edit").status == 403


def test_an_appointment_that_lacks_two_things_waits_once(
    app: Flask, desk: Desk, fresh_database: Database
) -> None:
    practice_id = desk.cast.practice.id
    with fresh_database.work(practices=[practice_id], house=True) as session:
        client = session.get_one(Client, (practice_id, desk.lacking_client))
        client.birth_date, client.birth_date_shape = None, Shape.ABSENT
        session.flush()
        unbilled.judge_practice_anew(session, practice_id, now=NOW)
    owner = Browser(app).sign_in(desk.cast.owner)

    claims, requests = owner.get("/claims/mine"), owner.get("/unbilled")

    assert "2 answers needed for 1 appointment, $155.00" in claims.words
    assert "2 answers release 1 appointment $155.00 waiting" in requests.words


def test_a_clinician_without_own_clients_meets_nobodys(app: Flask, desk: Desk) -> None:
    clinician = Browser(app).sign_in(desk.cast.clinician)

    assert clinician.get(f"/unbilled/{desk.ready}/missing", **HTMX).status == 404
    assert clinician.get(f"/clients/{desk.lacking_client}").status == 404


def test_a_stranger_finds_nothing(app: Flask, desk: Desk) -> None:
    stranger = Browser(app).sign_in(desk.cast.stranger)

    assert "Quinn" not in stranger.get("/unbilled").words
    assert stranger.get(f"/unbilled/{desk.ready}/missing", **HTMX).status == 404
    assert stranger.get(f"/unbilled/{desk.ready}/edit").status == 404
    assert stranger.get(f"/clients/{desk.lacking_client}").status == 404
    stranger.post("/unbilled/set-aside", appointment=str(desk.ready), disposition="self_pay")
    assert desk.appointment(desk.ready).disposition is Disposition.BILL


def test_the_page_of_a_client_has_what_is_missing_on_top(biller: Browser, desk: Desk) -> None:
    page = biller.get(f"/clients/{desk.lacking_client}")

    assert page.status == 200
    assert "1 thing missing or wrong" in page.words
    assert f'href="#policy-{desk.lacking_policy}-member_id"' in page.text


def test_a_policy_saved_on_the_clients_page_frees_its_sessions(biller: Browser, desk: Desk) -> None:
    prefix = f"policy-{desk.lacking_policy}-"
    page = biller.get(f"/clients/{desk.lacking_client}")
    fields = {**typed_in(page, prefix), "version": 1, f"{prefix}member_id": "nsh-77"}

    answer = biller.post(f"/clients/{desk.lacking_client}/policies/{desk.lacking_policy}", **fields)

    assert answer.status == 302, answer.words
    assert desk.appointment(desk.lacking).readiness is Readiness.READY


def typed_in(page: Page, prefix: str) -> dict[str, object]:
    """What a record's form holds as it stands on the page."""
    inputs = re.findall(r"<input[^>]*>", page.text)
    found: dict[str, object] = {}
    for each in inputs:
        name, value = re.search(r'name="([^"]+)"', each), re.search(r'value="([^"]*)"', each)
        if name and name.group(1).startswith(prefix):
            found[name.group(1)] = value.group(1) if value else ""
    for name, options in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page.text, re.S
    ):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        if name.startswith(prefix):
            found[name] = chosen.group(1) if chosen else ""
    return found


def test_wrong_values_of_a_person_are_all_told_and_kept(biller: Browser, desk: Desk) -> None:
    prefix = f"client-{desk.lacking_client}-"
    page = biller.get(f"/clients/{desk.lacking_client}")
    fields = {
        **typed_in(page, prefix), "version": 1,
        f"{prefix}birth_date": "2099-01-01", f"{prefix}zip": "123",
    }  # fmt: skip

    answer = biller.post(f"/clients/{desk.lacking_client}", **fields)

    assert answer.status == 422
    assert "can't be a birth date" in answer.words.replace("&#39;", "'")
    assert "five or nine digits" in answer.words
    assert 'value="123"' in answer.text


def test_a_client_saved_meanwhile_is_compared_not_overwritten(biller: Browser, desk: Desk) -> None:
    prefix = f"client-{desk.lacking_client}-"
    page = biller.get(f"/clients/{desk.lacking_client}")
    fields = {**typed_in(page, prefix), "version": 1}
    biller.post(f"/clients/{desk.lacking_client}", **{**fields, f"{prefix}city": "Bangor"})

    answer = biller.post(f"/clients/{desk.lacking_client}", **{**fields, f"{prefix}city": "Bath"})

    assert answer.status == 409
    assert "City: Bangor" in answer.words
    assert 'value="Bath"' in answer.text
    with desk.database.work(practices=[desk.practice_id]) as session:
        assert session.get_one(Client, (desk.practice_id, desk.lacking_client)).city == "Bangor"


def test_policies_and_authorizations_are_added_and_withdrawn(biller: Browser, desk: Desk) -> None:
    biller.get(f"/clients/{desk.lacking_client}")
    client = f"/clients/{desk.lacking_client}"

    added = biller.post(f"{client}/policies")
    authorized = biller.post(f"{client}/policies/{desk.lacking_policy}/authorizations")
    silent = biller.post(f"{client}/policies/{desk.lacking_policy}/withdraw", reason="")
    withdrawn = biller.post(f"{client}/policies/{desk.lacking_policy}/withdraw", reason="Left plan")

    assert (added.status, authorized.status, silent.status, withdrawn.status) == (
        302,
        302,
        422,
        302,
    )
    assert desk.appointment(desk.lacking).policy_id != desk.lacking_policy


def test_clients_are_found_by_the_beginning_of_a_name(biller: Browser) -> None:
    biller.get("/clients")

    page = biller.post("/clients", q="pret")

    assert "Pretend, Quinn" in page.words
    assert "Sample" not in page.words.replace("Ana Sample", "")
