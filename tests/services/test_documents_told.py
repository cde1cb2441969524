"""Open pages of threads hear when a document beside them can be opened, moves, or goes."""

from uuid import UUID

from backoffice.gateways.live import Change
from backoffice.gateways.scanner import Verdict
from backoffice.models.base import new_id
from backoffice.models.documents import Document, DocumentKind, DocumentState
from backoffice.models.sealing import Keyring
from backoffice.services import documents, messages
from backoffice.services.changes import announce_changes
from backoffice.services.documents import filing
from backoffice.services.documents.filing import Beside
from tests.builders import NOW
from tests.databases import Database
from tests.talk import Talk, a_talk


def a_document(talk: Talk) -> UUID:
    row = Document(
        practice_id=talk.practice_id,
        document_key=f"t/{talk.practice_id}/{new_id()}",
        kind=DocumentKind.EOB,
        state=DocumentState.QUARANTINED,
        original_name="eob.jpg",
        content_type="image/jpeg",
        uploaded_by_id=talk.cast.biller.id,
    )
    with talk.work() as session:
        session.add(row)
    return row.id


def test_threads_hear_of_the_documents_beside_them(
    fresh_database: Database, keyring: Keyring
) -> None:
    talk, told = a_talk(fresh_database), list[Change]()
    biller, announced = talk.person(talk.cast.biller), set[tuple[UUID, bool]]()
    announce_changes(talk.factory, told.extend)
    brought, noted, beside_claim, alone = (a_document(talk) for _ in range(4))
    with talk.work() as session:
        claim = talk.claim(session)
        about_claim, other = (
            messages.start(session, about, by=biller, subject="S", body="B", now=NOW).id
            for about in (claim, talk.claim(session, talk.other_claim_id))
        )
        messages.reply(session, other, by=biller, body="Here", now=NOW, attached=(brought,))
        messages.reply(
            session, other, by=biller, body="Look", internal=True, now=NOW, attached=(noted,)
        )
        row = session.get_one(Document, (talk.practice_id, beside_claim))
        documents.link(session, row, talk.claim(session))

    def heard() -> set[tuple[UUID, bool]]:
        found = {(each.id, each.staff_only) for each in told if each.kind == "thread"}
        told.clear()
        return found

    announced = heard()
    assert announced == {(about_claim, False), (other, False)}
    for document, thread in (
        (brought, {(other, False)}), (noted, {(other, False)}),
        (beside_claim, {(about_claim, False)}), (alone, set()),
    ):  # fmt: skip
        with talk.work() as session:
            documents.judged(session, document, Verdict("", "test"), now=NOW)
        assert heard() == thread
    with talk.work() as session:
        link = filing.link_to(session, alone, Beside.THREAD, about_claim, by=biller)
    assert heard() == {(about_claim, False)}
    with talk.work() as session:
        filing.unlink(session, alone, link.id, by=biller)
    assert heard() == {(about_claim, False)}
    with talk.work() as session:
        documents.withdraw(session, beside_claim, reason="Wrong page", now=NOW)
    assert heard() == {(about_claim, False)}
