"""An 835 file among the documents: imported once, by who posts, and never for another practice."""

import io
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from backoffice.jobs import Job
from backoffice.models.documents import Document, DocumentState
from backoffice.models.inbound import InboundFile, InboundTransaction, TransactionState
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from backoffice.sandbox.stack.postgres import INTAKE
from backoffice.services.inbound import payments
from backoffice.services.inbound.keeping import RawFile
from backoffice.services.practices import note_payee
from backoffice.services.remittances import storing
from backoffice.services.work import sessions, unit_of_work
from backoffice.web.extensions import DOCUMENTS
from tests.builders import NOW, a_profile
from tests.databases import Database
from tests.pages import Browser, Page
from tests.record import on_record
from tests.services.eras import Check, Line, Paid, era, known_payee
from tests.services.test_documents import a_pdf
from tests.talk import Talk, a_talk

ANOTHERS_NPI, ANOTHERS_TAX_ID = "1234567893", "987654321"
ONE = Paid("NOBODYS1", (Line("155", "155"),))


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    made = a_talk(fresh_database)
    with fresh_database.work(practices=[made.practice_id], house=True) as session:
        known_payee(session, made.billing)
    elsewhere = made.cast.elsewhere
    with fresh_database.work(practices=[elsewhere.id], house=True) as session:
        note_payee(session, a_profile(session, elsewhere, npi=ANOTHERS_NPI, tax_id=ANOTHERS_TAX_ID))
    return made


def came_in(talk: Talk) -> list[InboundFile]:
    """What stands among the files that came in."""
    engine = create_engine(talk.database.urls[INTAKE], poolclass=NullPool)
    with unit_of_work(sessions(engine), house=True) as session:
        return list(session.scalars(select(InboundFile)))


def read_in(app: Flask, talk: Talk) -> None:
    """Do what the errand of the one file that came in asks for, up to the practice's own row."""
    (file,) = came_in(talk)
    read = payments.read_payments(app.extensions[DOCUMENTS].get(file.document_key))
    engine = create_engine(talk.database.urls[INTAKE], poolclass=NullPool)
    with unit_of_work(sessions(engine), house=True) as session:
        payments.take_in(session, file.id, read, now=NOW)
        transaction = session.scalars(select(InboundTransaction)).one()
    assert transaction.state is TransactionState.ATTRIBUTED
    with talk.work() as session:
        storing.store(session, transaction.id, read.payments[0].remittance, now=NOW)


def sent(browser: Browser, talk: Talk, content: bytes, kind: str = "era_file") -> UUID:
    """A document of these bytes, uploaded as a person would."""
    browser.get("/documents/add")
    answer = browser.post(
        "/documents/add",
        practice=str(talk.practice_id),
        kind=kind,
        file=(io.BytesIO(content), "payment.835" if kind == "era_file" else "eob.pdf"),
    )
    assert answer.status == 302, answer.words
    with talk.work() as session:
        newest = select(Document.id).order_by(Document.id.desc()).limit(1)
        return session.scalars(newest).one()


def imported(browser: Browser, document_id: UUID) -> Page:
    """Press the button; what its page says then."""
    browser.get(f"/documents/{document_id}/view")
    answer = browser.post(f"/documents/{document_id}/import")
    return browser.get(f"/documents/{document_id}/view") if answer.status == 302 else answer


def test_an_835_among_the_documents_comes_in_as_an_era_once(app: Flask, talk: Talk) -> None:
    biller = Browser(app).sign_in(talk.cast.biller)
    content = era(Check((ONE,)))
    document_id = sent(biller, talk, content)
    assert "Import as ERA" in biller.get(f"/documents/{document_id}/view").words

    after = imported(biller, document_id)
    (file,) = came_in(talk)
    with talk.database.work(house=True) as session:
        asked = session.scalars(
            select(Errand.subject_id).where(Errand.job == Job.READ_INBOUND_FILE)
        ).all()
    read_in(app, talk)
    read = biller.get(f"/documents/{document_id}/view")
    again = imported(biller, document_id)
    copy = imported(biller, sent(biller, talk, content))

    assert "Imported." in after.words
    assert "Import as ERA" not in after.words
    assert (asked, file.account_id) == ([file.id], None)
    assert file.sha256 == RawFile.of(content).sha256
    assert "ERA of Northstar Health" in read.words
    for refused in (again, copy):
        assert "This very file came in before" in refused.words
    assert len(came_in(talk)) == 1
    with talk.work() as session:
        actions = [each.action for each in on_record(session, subject_kind="document")]
    assert actions.count("import") == 1


def test_what_is_no_payment_of_this_practice_stays_a_document(app: Flask, talk: Talk) -> None:
    biller, owner = (Browser(app).sign_in(each) for each in (talk.cast.biller, talk.cast.owner))
    pdf = sent(biller, talk, a_pdf(), kind="eob")
    anothers = sent(biller, talk, era(Check((ONE,), npi=ANOTHERS_NPI, tax_id=ANOTHERS_TAX_ID)))
    own = sent(owner, talk, era(Check((ONE,), trace="EFT2")))

    no_report, not_ours = imported(biller, pdf), imported(biller, anothers)

    assert "There is no payment report (835) in this file. It stays a document." in no_report.words
    assert "is not made to this practice" in not_ours.words
    assert talk.cast.elsewhere.name not in not_ours.words
    assert "Import as ERA" not in biller.get(f"/documents/{pdf}/view").words
    assert "Import as ERA" not in owner.get(f"/documents/{own}/view").words
    assert owner.post(f"/documents/{own}/import").status == 403
    assert came_in(talk) == []
    with talk.work() as session:
        states = set(session.scalars(select(Document.state)))
    assert states == {DocumentState.STORED}
