"""Documents: judged by their bytes, announced before stored, withdrawn and never deleted."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from pypdf import PdfWriter
from sqlalchemy import select, text

from backoffice.models.documents import Document, DocumentKind, DocumentState
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.services import documents
from backoffice.services.documents import Arrival, NotTaken, Wanted
from backoffice.services.documents.reading import NoSuchClaim
from backoffice.services.refusal import NotVisible
from tests.builders import NOW
from tests.clean import found_clean
from tests.databases import Database
from tests.record import on_record
from tests.talk import MINUTE, Talk, a_talk


def an_image(form: str, size: tuple[int, int] = (8, 6)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, form)
    return out.getvalue()


PNG, JPEG = an_image("PNG"), an_image("JPEG")


def a_pdf(pages: int = 2) -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(width=200, height=200)
    writer.write(out)
    return out.getvalue()


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def keep(
    talk: Talk,
    by: User,
    content: bytes = PNG,
    *,
    name: str = "eob.png",
    beside_claim: bool = False,
    stored: bool = True,
) -> Document:
    """A document of these bytes, as if the store had taken them."""
    person, found = talk.person(by), documents.examine(io.BytesIO(content))
    with talk.work() as session:
        claim = talk.claim(session) if beside_claim else None
        arrival = Arrival(talk.practice_id, DocumentKind.EOB, name, found, claim)
        document = documents.begin(session, arrival, by=person, now=NOW)
    if stored:
        with talk.work() as session:
            found_clean(session, document.id, now=NOW)
    return document


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (a_pdf(), "application/pdf")],
)
def test_a_file_is_what_its_bytes_say(content: bytes, kind: str) -> None:
    assert documents.examine(io.BytesIO(content)).content_type == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"MZ" + b"\x00" * 100,
        b"PK\x03\x04" + b"\x00" * 100,
        b"GIF89a" + b"\x00" * 100,
        b"junk" + a_pdf(),
        b"ISA*00*          *00*",
    ],
    ids=["empty", "html", "svg", "program", "zip", "gif", "junk before a pdf", "x12"],
)
def test_what_is_no_pdf_jpeg_or_png_is_not_taken(content: bytes) -> None:
    with pytest.raises(NotTaken):
        documents.examine(io.BytesIO(content))


def test_a_file_over_25_mb_is_not_taken() -> None:
    largest = PNG + b"\x00" * (25 * 1024 * 1024 - len(PNG))

    assert documents.examine(io.BytesIO(largest)).size == 25 * 1024 * 1024
    with pytest.raises(NotTaken):
        documents.examine(io.BytesIO(largest + b"\x00"))


def test_pages_of_a_pdf_are_counted_and_what_cannot_be_read_has_none() -> None:
    assert documents.pages_of(a_pdf(3)) == 3
    assert documents.pages_of(b"%PDF-1.7 and nothing else") is None
    assert documents.pages_of(b"") is None


def test_a_key_is_two_ids_and_the_name_is_sealed(talk: Talk) -> None:
    document = keep(talk, talk.cast.biller, name="C:\\scans\\Avery Sample\x00 \u202eEOB.pdf")

    with talk.work() as session:
        row = session.execute(
            text("SELECT document_key, original_name_sealed FROM documents")
        ).one()
    assert row.document_key == f"t/{talk.practice_id}/{document.id}"
    assert b"Avery" not in row.original_name_sealed
    assert document.original_name == "Avery Sample EOB.pdf.png"


def test_a_document_can_be_opened_once_its_bytes_are_there(talk: Talk) -> None:
    waiting = keep(talk, talk.cast.biller, stored=False)
    person = talk.person(talk.cast.biller)

    with pytest.raises(NotVisible), talk.work() as session:
        documents.opened(session, waiting.id, person)


def test_every_opening_is_on_record(talk: Talk) -> None:
    document, person = keep(talk, talk.cast.biller), talk.person(talk.cast.owner)

    with talk.work() as session:
        documents.opened(session, document.id, person)

    with talk.work() as session:
        actions = [each.action for each in on_record(session, subject_kind="document")]
    assert actions == ["receive", "arrive", "find_clean", "open"]


def test_an_upload_that_never_arrived_is_refused_after_an_hour_and_not_before(talk: Talk) -> None:
    waiting = keep(talk, talk.cast.biller, stored=False)

    with talk.work() as session:
        early = documents.overdue(session, now=NOW + timedelta(minutes=59))
        (late,) = documents.overdue(session, now=NOW + timedelta(minutes=61))
        documents.refuse(session, late.id)

    assert early == []
    with talk.work() as session:
        assert documents.overdue(session, now=NOW + timedelta(hours=9)) == []
    assert late.id == waiting.id
    assert late.state is DocumentState.REFUSED


def test_the_same_bytes_again_are_kept_and_said_to_be_doubled(talk: Talk) -> None:
    first, second = keep(talk, talk.cast.biller), keep(talk, talk.cast.owner, name="copy.png")
    other = keep(talk, talk.cast.owner, JPEG)

    person = talk.person(talk.cast.biller)
    with talk.work() as session:
        same = documents.same_as(session, second)
        lines = {line.id: line for line in documents.listed(session, person, Wanted()).lines}
    assert same is not None
    assert same.id == first.id
    assert [lines[each.id].doubled for each in (first, second, other)] == [False, True, False]


def test_a_withdrawn_document_is_listed_with_its_reason_and_cannot_be_opened(talk: Talk) -> None:
    document, person = keep(talk, talk.cast.biller), talk.person(talk.cast.biller)

    with talk.work() as session:
        documents.withdraw(session, document.id, reason=" Wrong client. ", now=NOW + MINUTE)

    with talk.work() as session:
        (line,) = documents.listed(session, person, Wanted()).lines
    assert (line.state, line.withdrawn_reason) == (DocumentState.WITHDRAWN, "Wrong client.")
    with pytest.raises(documents.AlreadyWithdrawn), talk.work() as session:
        documents.opened(session, document.id, person)
    with pytest.raises(documents.AlreadyWithdrawn), talk.work() as session:
        documents.withdraw(session, document.id, reason="again", now=NOW)


def test_a_clinician_meets_own_uploads_and_what_lies_beside_own_claims(talk: Talk) -> None:
    beside = keep(talk, talk.cast.biller, beside_claim=True)
    loose = keep(talk, talk.cast.biller, JPEG)
    own = keep(talk, talk.other_clinician, a_pdf())

    def seen(user: User) -> set[object]:
        person = talk.person(user)
        with talk.work() as session:
            return {line.id for line in documents.listed(session, person, Wanted()).lines}

    assert seen(talk.cast.clinician) == {beside.id}
    assert seen(talk.other_clinician) == {own.id}
    assert seen(talk.cast.owner) == {beside.id, loose.id, own.id}
    person = talk.person(talk.cast.clinician)
    with pytest.raises(NotVisible), talk.work() as session:
        documents.opened(session, loose.id, person)


def test_a_document_is_announced_to_the_other_side_by_its_kind(talk: Talk) -> None:
    keep(talk, talk.cast.biller, beside_claim=True)
    from_house = {mail.user_id for mail in talk.mails()}
    keep(talk, talk.cast.clinician, JPEG)

    assert from_house == {talk.cast.owner.id, talk.billing_person.id, talk.cast.clinician.id}
    assert {mail.user_id for mail in talk.mails()} - from_house == {talk.cast.biller.id}
    assert {notice.facts["kind"] for notice in talk.notices()} == {"eob"}


def test_pages_of_a_pdf_are_counted_by_a_job_and_an_image_has_none(talk: Talk) -> None:
    pdf, image = keep(talk, talk.cast.biller, a_pdf()), keep(talk, talk.cast.biller, PNG)

    with talk.database.work(house=True) as session:
        subjects = session.scalars(
            select(Errand.subject_id).where(Errand.job == "workers.documents.count_pages")
        ).all()
    assert subjects == [pdf.id]
    assert image.id not in subjects


def test_a_claim_is_found_by_our_number_within_the_practice_and_the_persons_reach(
    talk: Talk,
) -> None:
    clinician = talk.person(talk.cast.clinician)
    with talk.work() as session:
        own, other = talk.claim(session), talk.claim(session, talk.other_claim_id)
        practice = talk.practice_id
        for typed in (own.our_number, f" {own.number} ", own.our_number.lower()):
            found = documents.claim_by_number(session, practice, typed, clinician)
            assert found is own
        assert documents.claim_by_number(session, practice, " ", clinician) is None
        for typed in (other.our_number, "C-1", "Avery", "9" * 30):
            with pytest.raises(NoSuchClaim):
                documents.claim_by_number(session, practice, typed, clinician)


def test_the_list_is_paged_by_keyset_both_ways(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backoffice.services.documents.inbox.PAGE_SIZE", 2)
    made = [keep(talk, talk.cast.biller, PNG + bytes([n])).id for n in range(5)][::-1]
    person = talk.person(talk.cast.biller)

    with talk.work() as session:
        first = documents.listed(session, person, Wanted())
        second = documents.listed(session, person, Wanted(after=first.next))
        third = documents.listed(session, person, Wanted(after=second.next))
        back = documents.listed(session, person, Wanted(before=third.previous))

    assert [line.id for page in (first, second, third) for line in page.lines] == made
    assert (first.first, second.first, third.first) == (1, 3, 5)
    assert (first.previous, third.next) == (None, None)
    assert back.lines == second.lines
