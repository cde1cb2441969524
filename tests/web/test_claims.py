"""The pages of claims: what is listed, what one claim shows, which steps are offered and taken."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import event, select

from backoffice.models.claims import Claim, StepSource
from backoffice.models.messages import Message, Thread
from backoffice.models.submissions import Submission
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.services.claims import advance, attempts_of
from backoffice.services.submissions.building import build_files
from backoffice.services.submissions.sending import body_of
from backoffice.web.extensions import SETTINGS, db
from tests.builders import NOW, a_client, a_clinician, a_policy, a_practice, an_appointment
from tests.builders import a_claim as a_bare_claim
from tests.cast import Cast, a_cast
from tests.databases import Database
from tests.pages import Browser, Page
from tests.record import on_record
from tests.services import billing as ready
from tests.services.billing import Billing


@dataclass(frozen=True)
class Scene:
    """A practice ready to bill, its people, and a prepared claim."""

    cast: Cast
    billing: Billing
    claim: Claim

    @property
    def path(self) -> str:
        """The claim's page."""
        return f"/claims/{self.claim.id}"


@pytest.fixture
def scene(fresh_database: Database) -> Scene:
    ids = (uuid4(), uuid4())
    with fresh_database.work(practices=ids, house=True) as session:
        billing = ready.a_billing(session, ids[0])
        claim = ready.a_claim(session, billing)
        cast = a_cast(session, billing.practice, a_practice(session, ids[1], name="Juniper Row"))
        return Scene(cast, billing, claim)


@pytest.fixture
def biller(app: Flask, scene: Scene) -> Browser:
    return Browser(app).sign_in(scene.cast.biller)


def status_of(database: Database, scene: Scene, claim: Claim | None = None) -> ClaimStatus:
    with database.work(practices=[scene.cast.practice.id]) as session:
        row = session.get_one(Claim, (scene.cast.practice.id, (claim or scene.claim).id))
        return row.status


def claims_of(database: Database, scene: Scene, count: int, **values: Any) -> list[UUID]:
    """So many more claims of the same client, one for each day."""
    with database.work(practices=[scene.cast.practice.id]) as session:
        made = []
        for number in range(count):
            day = NOW.date() - timedelta(days=number)
            appointment = an_appointment(
                session,
                scene.billing.client,
                scene.billing.clinician,
                scene.billing.facility,
                served_on=day,
                charge=Decimal(100 + number),
            )
            given = {"profile_id": scene.billing.profile.id} | values
            made.append(a_bare_claim(session, scene.billing.policy, appointment, **given).id)
        return made


def listed(page: Page) -> list[str]:
    """The numbers of the claims on a page, in their order."""
    return re.findall(r">(C-\d+)</a></td>", page.text)


class TestTheList:
    def test_it_shows_a_claim_with_its_totals_and_no_other_practices_claims(
        self, app: Flask, scene: Scene, biller: Browser
    ) -> None:
        ours = biller.get("/claims")
        theirs = Browser(app).sign_in(scene.cast.stranger).get("/claims")

        assert listed(ours) == [scene.claim.our_number]
        assert "1 claim · $155.00 · 1 practice" in ours.words
        assert listed(theirs) == []
        assert "Sample" not in theirs.words.replace("Sam Stranger", "")

    def test_a_status_narrows_the_list_and_every_status_keeps_its_count(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        claims_of(fresh_database, scene, 3, status=ClaimStatus.DENIED)

        page = biller.get("/claims?status=denied")

        assert len(listed(page)) == 3
        assert "3 claims · $303.00" in page.words
        assert "All 4" in page.words
        assert "Prepared 1" in page.words
        assert "Rejected 0" in page.words

    def test_pages_follow_each_other_without_a_gap_or_a_repeat_and_lead_back(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        claims_of(fresh_database, scene, 120)

        for sort in ("", "served", "-served", "amount", "-amount", "since"):
            first = biller.get(f"/claims?sort={sort}")
            second = biller.get(neighbour(first, "next"))
            third = biller.get(neighbour(second, "next"))
            back = biller.get(neighbour(third, "prev"))

            seen = listed(first) + listed(second) + listed(third)
            assert len(seen) == len(set(seen)) == 121, sort
            assert listed(back) == listed(second), sort
            assert "51–100 of 121" in second.words
            assert "51–100 of 121" in back.words
            assert 'rel="next"' not in third.text

    def test_sorting_by_amount_puts_the_largest_first_when_asked_to(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        claims_of(fresh_database, scene, 5)

        page = biller.get("/claims?sort=-amount")

        amounts = re.findall(r'<td class="num">(\d+\.\d\d)</td>', page.text)
        assert amounts[0] == "155.00"
        assert listed(page)[0] == scene.claim.our_number

    def test_filters_stand_in_the_address_and_hide_what_does_not_match(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        claims_of(fresh_database, scene, 2, needs_review=True, review_reason="Look at it.")

        flagged = biller.get("/claims?review=yes")
        nobody = biller.get(f"/claims?payer={uuid4()}")
        mine = biller.get("/claims?owner=me")

        assert len(listed(flagged)) == 2
        assert "Needs review remove" in flagged.words
        assert "No claim matches 1 filter" in nobody.words
        assert "3 are hidden" in nobody.words
        assert listed(mine) == []

    def test_a_broken_address_filters_nothing(self, scene: Scene, biller: Browser) -> None:
        page = biller.get("/claims?status=gone&payer=x&sort=-no&after=1~2~3&served=..&silent=x")

        assert page.status == 200
        assert listed(page) == [scene.claim.our_number]

    def test_the_number_of_statements_does_not_grow_with_the_list(
        self, scene: Scene, biller: Browser, app: Flask, fresh_database: Database
    ) -> None:
        biller.get("/claims")  # connections open once
        few = statements(app, lambda: biller.get("/claims"))
        claims_of(fresh_database, scene, 40)
        many = statements(app, lambda: biller.get("/claims"))

        assert many == few

    def test_an_export_has_every_row_no_formula_and_is_on_record(
        self, scene: Scene, biller: Browser, app: Flask, fresh_database: Database
    ) -> None:
        with fresh_database.work(practices=[scene.cast.practice.id]) as session:
            client = a_client(session, scene.cast.practice, first_name="=HYPERLINK(1)")
            policy = a_policy(session, client, scene.billing.payer)
            appointment = an_appointment(
                session, client, scene.billing.clinician, scene.billing.facility
            )
            a_bare_claim(session, policy, appointment, profile_id=scene.billing.profile.id)

        answer = biller.get("/claims/export?status=prepared")

        lines = answer.text.splitlines()
        assert len(lines) == 3
        assert "'=HYPERLINK(1) Sample" in answer.text
        assert answer.response.headers["Content-Disposition"] == 'attachment; filename="claims.csv"'
        with fresh_database.work(practices=[scene.cast.practice.id], house=True) as session:
            (kept,) = on_record(session, action="export")
        assert kept.detail["rows"] == 2
        assert len(kept.client_ids) == 2
        assert kept.user_id == scene.cast.biller.id
        assert "as=xlsx" in biller.get("/claims?status=prepared&_scheme=javascript").text
        book = load_workbook(io.BytesIO(biller.get("/claims/export?as=xlsx").response.data))
        assert book.active["C2"].value.endswith("Sample")
        assert book.active["G2"].data_type == "n"
        assert biller.get("/claims/export?as=exe").status == 400
        assert Browser(app).sign_in(scene.cast.owner).get("/claims/export").status == 403


def neighbour(page: Page, rel: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*rel="{rel}"', page.text)
    assert found, f"no {rel} page"
    return found.group(1).replace("&amp;", "&")


def statements(app: Flask, act: Callable[[], object]) -> int:
    """How many statements a request sends."""
    seen: list[str] = []

    def count(*arguments: Any) -> None:
        seen.append(arguments[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    act()
    event.remove(engine, "before_cursor_execute", count)
    return len(seen)


class TestOneClaim:
    def test_it_shows_three_labelled_numbers_and_a_sum_that_closes(
        self, scene: Scene, biller: Browser
    ) -> None:
        page = biller.get(scene.path)

        assert f"Ours {scene.claim.our_number}" in page.words
        assert "Clearinghouse not assigned yet" in page.words
        assert "Payer not assigned yet" in page.words
        assert "Billed $155.00" in page.words
        assert "F41.1" in page.words
        assert "not sent: edits to the client still change it" in page.words

    def test_every_tab_opens(self, scene: Scene, biller: Browser) -> None:
        tabs = ["details", "status", "remittance", "history", "messages", "documents", "nonsense"]

        answers = {tab: biller.get(f"{scene.path}?tab={tab}").status for tab in tabs}

        assert set(answers.values()) == {200}, answers

    def test_a_reading_is_on_record(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        biller.get(scene.path)

        with fresh_database.work(practices=[scene.cast.practice.id], house=True) as session:
            (kept,) = on_record(session, action="read", subject_kind="claim")
        assert scene.claim.id in kept.subject_ids
        assert kept.client_ids == [scene.claim.client_id]
        assert kept.user_id == scene.cast.biller.id

    def test_another_practices_claim_reads_like_one_that_is_not_there(
        self, app: Flask, scene: Scene
    ) -> None:
        stranger = Browser(app).sign_in(scene.cast.stranger)

        theirs, absent = stranger.get(scene.path), stranger.get(f"/claims/{uuid4()}")

        assert theirs.status == absent.status == 404
        assert _without_id(theirs) == _without_id(absent)

    def test_what_was_sent_stays_as_it_was_after_the_client_moves(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        biller.get(scene.path)
        biller.post(f"{scene.path}/release")
        with fresh_database.work(practices=[scene.cast.practice.id]) as session:
            profile = session.merge(scene.billing.profile)
            profile.organization_name = "Another Name"

        page = biller.get(scene.path)

        assert "as sent" in page.words
        assert scene.cast.practice.name in page.words
        assert "Another Name" not in page.words

    def test_answers_are_shown_with_their_words_as_received(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        with fresh_database.work(practices=[scene.cast.practice.id]) as session:
            claim = ready.a_queued_claim(session, scene.billing)
            (attempt,) = attempts_of(session, claim.id)
            advance(
                session, claim, ClaimEvent.TRANSMITTED, now=NOW, source=StepSource.SENDING,
                attempt=attempt,
            )  # fmt: skip
            advance(
                session, claim, ClaimEvent.REJECTED, now=NOW, source=StepSource.RESPONSE,
                attempt=attempt, words="Subscriber not <found>",
            )  # fmt: skip

        answers = biller.get(f"/claims/{claim.id}?tab=status")
        history = biller.get(f"/claims/{claim.id}?tab=history")

        assert "It came back unread" in answers.words
        assert "Subscriber not &lt;found&gt;" in answers.text
        assert "Rejected, Subscriber not" in history.words
        assert "Submitted → Rejected" in history.words

    def test_a_deadline_is_met_once_a_payer_has_the_claim_and_a_rejection_keeps_it_running(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        day = NOW.date() + timedelta(days=40)
        (rejected, accepted) = (
            claims_of(fresh_database, scene, 1, status=status, filing_deadline_on=day)[0]
            for status in (ClaimStatus.REJECTED, ClaimStatus.ACCEPTED)
        )

        running = biller.get(f"/claims/{rejected}")
        met = biller.get(f"/claims/{accepted}")

        assert "left" in running.words.split("Filing")[1][:20]
        assert met.words.split("Filing")[1].strip().startswith("Met")


def _without_id(page: Page) -> str:
    return re.sub(r"[0-9a-f]{32}|csrf-token. content=.[^>]+", "", page.text)


class TestSteps:
    def test_only_legal_steps_are_offered(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        prepared = biller.get(scene.path)
        paid = biller.get(
            f"/claims/{claims_of(fresh_database, scene, 1, status=ClaimStatus.PAID)[0]}"
        )

        assert f'action="{scene.path}/release"' in prepared.text
        assert "/recall" not in prepared.text
        assert "/release" not in paid.text
        assert "/reopen" in paid.text

    def test_a_claim_is_submitted_and_taken_back_within_its_window(
        self, app: Flask, scene: Scene, fresh_database: Database
    ) -> None:
        app.extensions[SETTINGS] = replace(app.extensions[SETTINGS], submit_delay_seconds=600)
        with time_machine.travel(NOW, tick=True):
            biller = Browser(app).sign_in(scene.cast.biller)
            biller.get(scene.path)
            biller.post(f"{scene.path}/release")
            queued = biller.get(scene.path)
            biller.post(f"{scene.path}/recall")

        assert f"{scene.claim.our_number} submitted" in queued.words
        assert "Leaves in" in queued.words
        assert f'action="{scene.path}/recall"' in queued.text
        assert status_of(fresh_database, scene) is ClaimStatus.PREPARED

    def test_a_claim_that_our_check_stops_says_what_to_change(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        with fresh_database.work(practices=[scene.cast.practice.id]) as session:
            session.merge(scene.billing.profile).npi = "1234567890"
        biller.get(scene.path)

        biller.post(f"{scene.path}/release")
        page = biller.get(scene.path)

        assert status_of(fresh_database, scene) is ClaimStatus.SCRUB
        assert "Our own check stopped this claim." in page.words
        assert "NPI" in page.words.split("Our own check stopped")[1]

    def test_a_step_that_is_not_legal_is_refused_and_changes_nothing(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        biller.get(scene.path)

        answer = biller.post(f"{scene.path}/reopen")

        assert answer.status == 422
        assert status_of(fresh_database, scene) is ClaimStatus.PREPARED

    def test_an_unknown_step_is_not_there(self, scene: Scene, biller: Browser) -> None:
        biller.get(scene.path)
        assert biller.post(f"{scene.path}/destroy").status == 404

    @pytest.mark.parametrize("act", ["release", "recall", "hold", "reopen", "reviewed"])
    def test_a_practices_people_take_no_step_and_strangers_find_nothing(
        self, app: Flask, scene: Scene, fresh_database: Database, act: str
    ) -> None:
        owner, stranger = (
            Browser(app).sign_in(person) for person in (scene.cast.owner, scene.cast.stranger)
        )
        owner.get("/claims/mine")
        stranger.get("/claims")

        assert owner.post(f"{scene.path}/{act}").status == 403
        assert stranger.post(f"{scene.path}/{act}").status == 404
        assert status_of(fresh_database, scene) is ClaimStatus.PREPARED

    def test_a_review_ends_once(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        (flagged,) = claims_of(fresh_database, scene, 1, needs_review=True, review_reason="Look.")
        assert "Needs review: Look." in biller.get(f"/claims/{flagged}").words

        ended = biller.post(f"/claims/{flagged}/reviewed")
        again = biller.post(f"/claims/{flagged}/reviewed")

        assert ended.status == 302
        assert again.status == 422
        assert "Needs review" not in biller.get(f"/claims/{flagged}").words


class TestTheFile:
    def test_the_very_bytes_that_left_are_handed_out_and_that_is_on_record(
        self, app: Flask, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        with fresh_database.work(practices=[scene.cast.practice.id]) as session:
            claim = ready.a_queued_claim(session, scene.billing)
            build_files(session, scene.cast.practice.id, now=NOW)
            sent = body_of(session.scalars(select(Submission)).one())

        answer = biller.get(f"/claims/{claim.id}/attempts/1/837")

        assert answer.response.data == sent
        assert answer.response.headers["Content-Disposition"].startswith("attachment")
        with fresh_database.work(practices=[scene.cast.practice.id], house=True) as session:
            (kept,) = on_record(session, action="download")
        assert claim.id in kept.subject_ids
        owner = Browser(app).sign_in(scene.cast.owner)
        assert owner.get(f"/claims/{claim.id}/attempts/1/837").status == 403

    def test_an_attempt_that_has_not_left_has_no_file(
        self, scene: Scene, biller: Browser, fresh_database: Database
    ) -> None:
        with fresh_database.work(practices=[scene.cast.practice.id]) as session:
            claim = ready.a_queued_claim(session, scene.billing)

        assert biller.get(f"/claims/{claim.id}/attempts/1/837").status == 422
        assert biller.get(f"/claims/{claim.id}/attempts/2/837").status == 404


class TestAPracticesOwn:
    def test_the_owner_reads_the_practices_claims_in_plain_words(
        self, app: Flask, scene: Scene, fresh_database: Database
    ) -> None:
        claims_of(fresh_database, scene, 1, status=ClaimStatus.DENIED)

        page = Browser(app).sign_in(scene.cast.owner).get("/claims/mine")

        assert "2 in progress" in page.words
        assert "Northstar refused it. We are working on it; you need not act." in page.words
        assert "Avery Sample" in page.words

    def test_a_clinician_sees_their_own_clients_claims_alone(
        self, app: Flask, scene: Scene, fresh_database: Database
    ) -> None:
        with fresh_database.work(practices=[scene.cast.practice.id]) as session:
            own = a_clinician(session, scene.cast.practice, user_id=scene.cast.clinician.id)
            client = a_client(session, scene.cast.practice, first_name="Owna")
            policy = a_policy(session, client, scene.billing.payer)
            appointment = an_appointment(session, client, own, scene.billing.facility)
            claim = a_bare_claim(session, policy, appointment, profile_id=scene.billing.profile.id)

        clinician = Browser(app).sign_in(scene.cast.clinician)
        page = clinician.get("/claims/mine")

        assert "Owna Sample" in page.words
        assert "Avery Sample" not in page.words
        assert clinician.get(f"/claims/{claim.id}").status == 200
        assert clinician.get(scene.path).status == 404

    def test_a_clinician_meets_no_remittance_on_a_claim_and_an_owner_does(
        self, app: Flask, scene: Scene, fresh_database: Database
    ) -> None:
        with fresh_database.work(practices=[scene.cast.practice.id]) as session:
            session.merge(scene.billing.clinician).user_id = scene.cast.clinician.id
        clinician = Browser(app).sign_in(scene.cast.clinician)
        owner = Browser(app).sign_in(scene.cast.owner)

        shown = clinician.get(scene.path)

        assert shown.status == 200
        assert "tab=remittance" not in shown.text
        assert clinician.get(f"{scene.path}?tab=remittance").status == 403
        assert "tab=remittance" in owner.get(scene.path).text
        assert owner.get(f"{scene.path}?tab=remittance").status == 200

    def test_what_was_paid_this_month_is_added_up(
        self, app: Flask, scene: Scene, fresh_database: Database
    ) -> None:
        month = datetime(2026, 11, 3, 15, tzinfo=UTC)
        paid = {"status": ClaimStatus.PAID, "insurance_paid_amount": Decimal("80.25")}
        claims_of(fresh_database, scene, 2, status_since=month, **paid)
        claims_of(fresh_database, scene, 1, status_since=month - timedelta(days=20), **paid)

        with time_machine.travel(NOW):
            page = Browser(app).sign_in(scene.cast.owner).get("/claims/mine")

        assert "$160.50 paid this month" in page.words

    def test_more_than_a_phone_shows_is_a_page_further(
        self, app: Flask, scene: Scene, fresh_database: Database
    ) -> None:
        claims_of(fresh_database, scene, 60, status=ClaimStatus.ACCEPTED)
        owner = Browser(app).sign_in(scene.cast.owner)

        short = owner.get("/claims/mine")
        first = owner.get("/claims/mine?show=in_progress")
        second = owner.get(neighbour(first, "next"))

        assert "All 61" in short.words
        assert first.text.count("Avery Sample") == 50
        assert second.text.count("Avery Sample") == 11

    def test_the_owner_opens_a_claim_without_buttons_and_without_internal_threads(
        self, app: Flask, scene: Scene, fresh_database: Database
    ) -> None:
        with fresh_database.work(practices=[scene.cast.practice.id]) as session:
            for subject, internal in (("For us alone", True), ("For all of us", False)):
                thread = Thread(
                    practice_id=scene.cast.practice.id, subject=subject,
                    claim_id=scene.claim.id, last_message_at=NOW,
                )  # fmt: skip
                session.add(thread)
                session.flush()
                session.add(
                    Message(
                        practice_id=scene.cast.practice.id, thread_id=thread.id, body="words",
                        author_id=scene.cast.biller.id, internal=internal, sent_at=NOW,
                    )
                )  # fmt: skip

        owner = Browser(app).sign_in(scene.cast.owner)
        details = owner.get(scene.path)
        threads = owner.get(f"{scene.path}?tab=messages")
        staff = Browser(app).sign_in(scene.cast.biller).get(f"{scene.path}?tab=messages")

        assert "/release" not in details.text
        assert "For all of us" in threads.words
        assert "For us alone" not in threads.words
        assert "For us alone" in staff.words
