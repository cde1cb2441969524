"""Documents in the browser: taken in, listed, opened on record, withdrawn; by their own people."""

import io
import re
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.gateways.documents import DocumentsUnavailable, InMemoryDocuments
from backoffice.models.document_work import WantedEob
from backoffice.models.documents import Document, DocumentState
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.rules.part2 import NOTICE
from backoffice.rules.roles import Role
from backoffice.services import consenting
from backoffice.web.extensions import DOCUMENTS
from tests.builders import NOW
from tests.cast import a_user, joins
from tests.databases import Database
from tests.pages import Browser, Page
from tests.record import on_record
from tests.services.test_documents import PNG, a_pdf
from tests.talk import Talk, a_talk

NAME = "EOB Avery Sample.pdf"


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


@pytest.fixture
def lead(talk: Talk, fresh_database: Database) -> User:
    """May withdraw."""
    with fresh_database.work(practices=[talk.practice_id], house=True) as session:
        person = a_user(session, "Lena Leader")
        joins(session, person, talk.cast.practice, Role.BILLER_LEAD)
        return person


@pytest.fixture
def auditor(talk: Talk, fresh_database: Database) -> User:
    """Sees everything, changes nothing."""
    with fresh_database.work(house=True) as session:
        return a_user(session, "Audrey Looker", house_role=Role.AUDITOR)


def upload(
    app: Flask,
    talk: Talk,
    user: User,
    content: bytes | None = None,
    *,
    name: str = NAME,
    practice: UUID | None = None,
    claim: str = "",
) -> Page:
    """Send a file as a person would."""
    browser = Browser(app).sign_in(user)
    browser.get("/documents/add")
    return browser.post(
        "/documents/add",
        practice=str(practice or talk.practice_id),
        kind="eob",
        claim=claim,
        file=(io.BytesIO(a_pdf() if content is None else content), name),
    )


def kept(talk: Talk) -> list[Document]:
    with talk.work() as session:
        return list(session.scalars(select(Document).order_by(Document.id)))


@pytest.fixture
def document(app: Flask, talk: Talk) -> Document:
    """An EOB that the biller has put beside the clinician's claim."""
    with talk.work() as session:
        number = talk.claim(session).our_number
    answer = upload(app, talk, talk.cast.biller, claim=number)
    assert answer.status == 302, answer.words
    return kept(talk)[0]


def same_nothing(theirs: Page, nobodys: Page) -> bool:
    """Whether another's and nobody's read the same, but for what is drawn anew for each answer."""

    def plain(page: Page) -> str:
        return re.sub(r'[0-9a-f]{32}|content="[^"]+"|value="[^"]+"', "", page.text)

    return theirs.status == nobodys.status == 404 and plain(theirs) == plain(nobodys)


def test_an_uploaded_eob_is_listed_with_its_claim_and_given_back_byte_for_byte(
    app: Flask, talk: Talk, document: Document
) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)

    listed = browser.get("/documents/")
    given = browser.get(f"/documents/{document.id}")

    with talk.work() as session:
        client = talk.claim(session).client
    assert NAME in listed.words
    assert client.name in listed.words
    assert f"/claims/{talk.claim_id}" in listed.text
    assert f"/clients/{client.id}" in listed.text
    assert given.status == 200
    assert given.response.data == a_pdf()
    assert document.state is DocumentState.STORED


def test_a_document_is_given_so_that_it_cannot_run_or_show_or_stay(
    app: Flask, talk: Talk, document: Document
) -> None:
    given = Browser(app).sign_in(talk.cast.owner).get(f"/documents/{document.id}")

    headers = given.response.headers
    assert headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''EOB%20Avery%20Sample.pdf"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Type"] == "application/pdf"


def test_a_document_of_a_flagged_client_bears_the_notice_where_it_is_given_out(
    app: Flask, talk: Talk, document: Document
) -> None:
    plain = Browser(app).sign_in(talk.cast.biller).get("/documents/").words
    with talk.work() as session:
        consenting.mark(session, talk.claim(session).client_id, is_part2=True, now=NOW)

    desk = Browser(app).sign_in(talk.cast.biller).get("/documents/").words
    phone = Browser(app).sign_in(talk.cast.owner).get("/documents/").words

    assert NOTICE not in plain
    assert NOTICE in desk
    assert NOTICE in phone


def test_every_giving_is_on_record_with_who_it_was(
    app: Flask, talk: Talk, document: Document
) -> None:
    Browser(app).sign_in(talk.cast.owner).get(f"/documents/{document.id}")

    with talk.work() as session:
        (record,) = on_record(session, action="open")
        client_id = talk.claim(session).client_id
    assert record.user_id == talk.cast.owner.id
    assert record.subject_ids[0] == document.id
    assert record.client_ids == [client_id]


def test_the_claims_page_leads_to_a_form_that_knows_the_claim(app: Flask, talk: Talk) -> None:
    with talk.work() as session:
        number = talk.claim(session).our_number

    address = f"/documents/add?claim_id={talk.claim_id}"

    page = Browser(app).sign_in(talk.cast.biller).get(address)
    with talk.work() as session:
        session.add(WantedEob(practice_id=talk.practice_id, claim_id=talk.claim_id, reminders=0))
    asked = Browser(app).sign_in(talk.cast.clinician).get(address)

    assert f'value="{number}"' in page.text
    assert "is wanted" not in page.words
    assert f"The EOB of {number} is wanted" in asked.words
    assert '<option selected value="eob">' in asked.text


def test_a_practices_person_sends_a_photo_from_the_phone(app: Flask, talk: Talk) -> None:
    answer = upload(app, talk, talk.cast.clinician, PNG, name="IMG_1.png")
    phone = Browser(app).sign_in(talk.cast.clinician).get("/documents/")

    assert answer.status == 302
    assert "IMG_1.png" in phone.words
    assert [each.content_type for each in kept(talk)] == ["image/png"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>EOB</html>", "This is no PDF, JPEG, PNG, TIFF or HEIC"),
        (PNG + b"\x00" * 2000, "larger than 25 MB"),
    ],
    ids=["a page with a pdf's name", "over the limit"],
)
def test_what_is_not_taken_is_said_at_the_file_and_leaves_no_row(
    app: Flask, talk: Talk, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    monkeypatch.setattr("backoffice.services.documents.examining.LARGEST", 2000)

    refused = upload(app, talk, talk.cast.biller, content)

    assert refused.status == 422
    assert words in refused.words
    assert kept(talk) == []


def test_a_claim_that_is_not_there_is_said_at_its_field(app: Flask, talk: Talk) -> None:
    refused = upload(app, talk, talk.cast.biller, claim="C-1")

    assert refused.status == 422
    assert "There is no such claim in this practice." in refused.words
    assert kept(talk) == []


def test_the_same_file_again_is_kept_with_a_warning(
    app: Flask, talk: Talk, document: Document
) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)
    browser.get("/documents/add")
    browser.post(
        "/documents/add",
        practice=str(talk.practice_id),
        kind="eob",
        file=(io.BytesIO(a_pdf()), "again.pdf"),
    )

    page = browser.get("/documents/")

    assert "the very same file was here already" in page.words
    assert "New, twice" in page.words


class Away(InMemoryDocuments):
    """A store that does not answer."""

    def put(
        self, key: str, content: object, *, sha256: str, keep_until: datetime | None = None
    ) -> None:
        """Fail as S3 does when it is away."""
        raise DocumentsUnavailable("ConnectTimeout")


@pytest.fixture
def away(app: Flask) -> Iterator[None]:
    before = app.extensions[DOCUMENTS]
    app.extensions[DOCUMENTS] = Away()
    yield
    app.extensions[DOCUMENTS] = before


def test_while_the_store_is_away_nothing_counts_as_kept(app: Flask, talk: Talk, away: None) -> None:
    refused = upload(app, talk, talk.cast.biller)

    (waiting,) = kept(talk)
    listed = Browser(app).sign_in(talk.cast.biller)
    assert refused.status == 422
    assert "The store did not answer" in refused.words
    assert waiting.state is DocumentState.RECEIVING
    assert "Receiving" in listed.get("/documents/").words
    assert listed.get(f"/documents/{waiting.id}").status == 404
    assert talk.mails() == []


def test_bytes_that_are_not_those_taken_in_are_not_given(
    app: Flask, talk: Talk, document: Document
) -> None:
    store = app.extensions[DOCUMENTS]
    store.delete(document.document_key)
    flipped = b"%PDF-" + b"\x00" * 64
    store._stored[document.document_key] = (flipped, document.created_at)

    given = Browser(app).sign_in(talk.cast.biller).get(f"/documents/{document.id}")

    assert given.status == 500
    assert flipped not in given.response.data


def test_a_lead_withdraws_with_a_reason_and_nobody_opens_it_afterwards(
    app: Flask, talk: Talk, document: Document, lead: User
) -> None:
    browser = Browser(app).sign_in(lead)
    address = f"/documents/{document.id}/withdraw"
    asked = browser.get(address)
    bare = browser.post(address, reason=" ")
    done = browser.post(address, reason="Wrong client.")

    again = browser.post(address, reason="Once more.")

    assert asked.status == 200
    assert "Say why." in bare.words
    assert done.status == 302
    assert "Withdrawn" in browser.get("/documents/").words
    assert browser.get(f"/documents/{document.id}").status == 422
    assert again.status == 422
    assert kept(talk)[0].withdrawn_reason == "Wrong client."


def test_a_biller_does_not_withdraw(app: Flask, talk: Talk, document: Document) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)
    browser.get("/documents/")

    refused = browser.post(f"/documents/{document.id}/withdraw", reason="Mine.")

    assert refused.status == 403
    assert kept(talk)[0].state is DocumentState.STORED


def test_the_list_is_filtered_by_kind_state_and_claim(
    app: Flask, talk: Talk, document: Document
) -> None:
    browser = Browser(app).sign_in(talk.cast.biller)

    assert NAME in browser.get("/documents/?kind=eob&state=stored").words
    assert NAME in browser.get(f"/documents/?claim={talk.claim_id}").words
    assert NAME not in browser.get(f"/documents/?claim={talk.other_claim_id}").words
    nothing = browser.get("/documents/?kind=w9")
    assert NAME not in nothing.words
    assert "1 are hidden" in nothing.words


def test_another_practices_document_reads_like_none(
    app: Flask, talk: Talk, document: Document
) -> None:
    browser = Browser(app).sign_in(talk.cast.stranger)
    browser.get("/documents/")

    listed = browser.get("/documents/")

    assert NAME not in listed.words
    theirs, nobodys = (browser.get(f"/documents/{each}") for each in (document.id, uuid4()))
    assert same_nothing(theirs, nobodys)


def test_a_lead_of_another_practice_cannot_withdraw_it(
    app: Flask, talk: Talk, fresh_database: Database, document: Document
) -> None:
    with fresh_database.work(practices=[talk.cast.elsewhere.id], house=True) as session:
        stranger = a_user(session, "Leo Elsewhere")
        joins(session, stranger, talk.cast.elsewhere, Role.BILLER_LEAD)
    browser = Browser(app).sign_in(stranger)
    browser.get("/documents/")

    theirs, nobodys = (
        browser.post(f"/documents/{each}/withdraw", reason="x") for each in (document.id, uuid4())
    )

    assert same_nothing(theirs, nobodys)
    assert kept(talk)[0].state is DocumentState.STORED


def test_nothing_is_put_into_another_practice(app: Flask, talk: Talk) -> None:
    refused = upload(app, talk, talk.cast.stranger)

    assert refused.status == 422
    assert kept(talk) == []


def test_a_colleagues_document_reads_like_none_to_a_clinician(
    app: Flask, talk: Talk, document: Document
) -> None:
    browser = Browser(app).sign_in(talk.other_clinician)
    browser.get("/documents/")

    theirs, nobodys = (browser.get(f"/documents/{each}") for each in (document.id, uuid4()))

    assert NAME not in browser.get("/documents/").words
    assert same_nothing(theirs, nobodys)


def test_an_auditor_opens_and_adds_nothing(
    app: Flask, talk: Talk, document: Document, auditor: User
) -> None:
    browser = Browser(app).sign_in(auditor)

    listed = browser.get("/documents/")

    assert NAME in listed.words
    assert "Add document" not in listed.words
    assert browser.get(f"/documents/{document.id}").status == 200
    assert browser.get("/documents/add").status == 403
    assert browser.post("/documents/add", kind="eob").status == 403
    assert browser.get(f"/documents/{document.id}/withdraw").status == 403


def test_who_is_not_signed_in_gets_no_bytes(app: Flask, document: Document) -> None:
    answer = Browser(app).get(f"/documents/{document.id}")

    assert answer.status == 302
    assert answer.location.startswith("/sign-in?next=")
