"""Bringing files through the portal: checked by the worker, read on the page, saved once."""

import io
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from backoffice.config import Settings
from backoffice.gateways.documents import Documents
from backoffice.gateways.mail import InMemoryMail
from backoffice.models.clients import Client
from backoffice.models.intake import BatchState, IntakeBatch
from backoffice.models.outbox import Errand
from backoffice.models.users import User
from backoffice.services.intake import batches
from backoffice.web.extensions import DOCUMENTS
from tests.builders import a_practice
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import BASE, Browser
from tests.record import on_record
from workers import intake as job
from workers.runtime import Runtime, run

CLIENTS = (
    b"id,last_name,first_name,birth_date\nc1,Sample,Avery,1994-02-11\nc2,Oddly,Sam,1994-02-30\n"
)


@pytest.fixture
def cast_of(fresh_database: Database) -> Cast:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        practice = a_practice(session, ids[0])
        return a_cast(session, practice, a_practice(session, ids[1], name="Juniper Row"))


@pytest.fixture
def runtime(app: Flask, settings: Settings, fresh_database: Database) -> Runtime:
    def nobody(_account: object) -> None:
        raise AssertionError("intake asks no clearinghouse")

    return Runtime(
        settings=settings,
        engine=fresh_database.engine,
        factory=fresh_database.sessions,
        documents=cast(Documents, app.extensions[DOCUMENTS]),
        mail=InMemoryMail(),
        mailbox=None,
        clearinghouse_of=nobody,  # type: ignore[arg-type]  # never called
    )


def work_off(database: Database, runtime: Runtime) -> int:
    """Run every intake errand that waits, as a worker would; return how many there were."""
    with database.work(house=True) as session:
        waiting = session.scalars(
            select(Errand.id).where(Errand.done_at.is_(None), Errand.job.contains("intake"))
        ).all()
    for errand_id in waiting:
        run(job.run_intake.__wrapped__, errand_id, runtime)  # type: ignore[attr-defined]  # wraps keeps it
    return len(waiting)


def upload(
    app: Flask, user: User, practice_id: UUID | None, files: dict[str, bytes]
) -> tuple[Browser, str]:
    browser = Browser(app).sign_in(user)
    browser.get("/intake")
    answer = browser.post(
        "/intake",
        mapping="own",
        practice=str(practice_id or ""),
        files=[(io.BytesIO(content), name) for name, content in files.items()],
    )
    assert answer.status == 302, answer.words
    return browser, answer.location.removeprefix(BASE)


def test_files_are_checked_then_saved_and_the_page_tells_both(
    app: Flask, cast_of: Cast, fresh_database: Database, runtime: Runtime
) -> None:
    practice = cast_of.practice
    browser, page = upload(app, cast_of.biller, practice.id, {"clients.csv": CLIENTS})
    assert "Checking" in browser.get(page).words

    assert work_off(fresh_database, runtime) == 1
    checked = browser.get(page)
    assert "Nothing saved yet" in checked.words
    assert "Save 1 new, 0 changed" in checked.words
    assert "birth_date" in checked.words
    assert "1994-02-30" not in checked.text
    with fresh_database.work(practices=[practice.id]) as session:
        assert session.scalars(select(Client)).all() == []

    assert browser.post(f"{page}/commit").status == 302
    assert work_off(fresh_database, runtime) == 1
    assert "Saved." in browser.get(page).words
    with fresh_database.work(practices=[practice.id]) as session:
        assert [client.name for client in session.scalars(select(Client))] == ["Avery Sample"]


def test_a_batch_is_saved_once_and_only_after_its_check(
    app: Flask, cast_of: Cast, fresh_database: Database, runtime: Runtime
) -> None:
    browser, page = upload(app, cast_of.biller, cast_of.practice.id, {"clients.csv": CLIENTS})

    assert browser.post(f"{page}/commit").status == 422
    work_off(fresh_database, runtime)
    assert browser.post(f"{page}/commit").status == 302
    assert browser.post(f"{page}/commit").status == 422


def test_the_report_names_line_and_field(
    app: Flask, cast_of: Cast, fresh_database: Database, runtime: Runtime
) -> None:
    browser, page = upload(app, cast_of.biller, cast_of.practice.id, {"clients.csv": CLIENTS})
    work_off(fresh_database, runtime)

    report = browser.get(f"{page}/refused")

    assert report.text.splitlines()[1].startswith("clients.csv,3,birth_date,")
    assert "attachment" in report.response.headers["Content-Disposition"]
    with fresh_database.work(practices=[cast_of.practice.id]) as session:
        (taken,) = on_record(session, action="download")
        assert (taken.user_id, taken.subject_kind) == (cast_of.biller.id, "intake_batch")
        assert (page.endswith(str(taken.subject_ids[0])), taken.detail) == (True, {"rows": 1})


def test_the_progress_bar_reloads_the_page_when_the_work_is_done(
    app: Flask, cast_of: Cast, fresh_database: Database, runtime: Runtime
) -> None:
    browser, page = upload(app, cast_of.biller, cast_of.practice.id, {"clients.csv": CLIENTS})

    going = browser.get(f"{page}/progress", **{"HX-Request": "true"})
    work_off(fresh_database, runtime)
    done = browser.get(f"{page}/progress", **{"HX-Request": "true"})

    assert "HX-Refresh" not in going.response.headers
    assert "hx-get" in going.text
    assert done.response.headers["HX-Refresh"] == "true"


def test_what_a_file_was_called_is_told_on_the_page_and_sealed_in_the_row(
    app: Flask, cast_of: Cast, fresh_database: Database, runtime: Runtime
) -> None:
    files = {"Clients.CSV": CLIENTS, "avery-sample-1994.csv": b"day,name\n2026-12-25,Christmas\n"}
    browser, page = upload(app, cast_of.biller, cast_of.practice.id, files)

    work_off(fresh_database, runtime)

    shown = browser.get(page)
    assert "avery-sample-1994.csv is no file of this export" in shown.words
    assert browser.get(f"{page}/refused").text.splitlines()[1].startswith("clients.csv,3,")
    with fresh_database.work(house=True) as session:
        batch = session.scalars(select(IntakeBatch)).one()
        names = [file.name for file in batches.files_of(batch)]
        row = session.scalars(text("SELECT b::text FROM intake_batches AS b")).one()
    assert sorted(names) == ["Clients.CSV", "avery-sample-1994.csv"]
    assert "avery" not in row
    assert b"avery".hex() not in row


def test_a_batch_whose_names_were_not_kept_asks_for_its_files_again(
    app: Flask, cast_of: Cast, fresh_database: Database, runtime: Runtime
) -> None:
    browser, page = upload(app, cast_of.biller, cast_of.practice.id, {"clients.csv": CLIENTS})
    with fresh_database.work(house=True) as session:
        session.scalars(select(IntakeBatch)).one().file_names = None

    work_off(fresh_database, runtime)

    assert batches.BRING_AGAIN in browser.get(page).words


def test_files_that_can_not_be_read_say_why_and_nothing_is_saved(
    app: Flask, cast_of: Cast, fresh_database: Database, runtime: Runtime
) -> None:
    files = {"holidays.csv": b"day,name\n2026-12-25,Christmas\n"}
    browser, page = upload(app, cast_of.biller, cast_of.practice.id, files)

    work_off(fresh_database, runtime)

    shown = browser.get(page)
    assert "None of the files belongs to this mapping" in shown.words
    assert "Nothing was saved" in shown.words


def test_files_can_not_be_brought_for_a_practice_that_is_not_the_persons(
    app: Flask, cast_of: Cast, fresh_database: Database
) -> None:
    browser = Browser(app).sign_in(cast_of.biller)
    browser.get("/intake")

    answer = browser.post(
        "/intake",
        mapping="own",
        practice=str(cast_of.elsewhere.id),
        files=[(io.BytesIO(CLIENTS), "clients.csv")],
    )

    assert answer.status == 422
    with fresh_database.work(house=True) as session:
        assert session.scalars(select(IntakeBatch)).all() == []


def test_strangers_find_nothing_and_readers_may_not(
    app: Flask, cast_of: Cast, fresh_database: Database
) -> None:
    _, page = upload(app, cast_of.biller, cast_of.practice.id, {"clients.csv": CLIENTS})
    stranger = Browser(app).sign_in(cast_of.stranger)
    reader = Browser(app).sign_in(cast_of.clinician)

    for path in (page, f"{page}/refused", f"{page}/progress"):
        assert stranger.get(path).status == 404
        assert reader.get(path).status == 403
    assert stranger.post(f"{page}/commit").status == 404
    assert reader.get("/intake").status == 403


def test_a_batch_rung_twice_is_read_once(
    app: Flask, cast_of: Cast, fresh_database: Database, runtime: Runtime
) -> None:
    upload(app, cast_of.biller, cast_of.practice.id, {"clients.csv": CLIENTS})
    work_off(fresh_database, runtime)
    with fresh_database.work(house=True) as session:
        session.scalars(select(Errand)).one().done_at = None

    work_off(fresh_database, runtime)

    with fresh_database.work(house=True) as session:
        batch = session.scalars(select(IntakeBatch)).one()
    assert batch.state is BatchState.CHECKED


def test_every_mapping_that_ships_can_be_chosen(app: Flask, cast_of: Cast) -> None:
    page = Browser(app).sign_in(cast_of.biller).get("/intake")

    shipped = Path(job.__file__).parents[1] / "backoffice/services/intake/mappings"
    for mapping in shipped.glob("*.toml"):
        assert f'value="{mapping.stem}"' in page.text
