"""New documents made of pages of others: split, merged, turned; what they came from stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.document_work import DocumentOrigin, Way
from backoffice.models.documents import Document, DocumentLink, DocumentStatus
from backoffice.services import audit
from backoffice.services.access import one, visible
from backoffice.services.accounts import Person
from backoffice.services.documents.examining import PDF
from backoffice.services.documents.reading import document_for, ready
from backoffice.services.refusal import Refused

MOST_MERGED = 20


class OnlyPdfs(Refused):
    """Pages are taken out of PDFs alone."""

    code = "only_pdfs"

    def __init__(self) -> None:
        """Say which."""
        super().__init__("Only PDFs that can be opened are split, merged and turned.")


class OfOnePractice(Refused):
    """Documents of several practices would have been merged."""

    code = "of_one_practice"

    def __init__(self) -> None:
        """Say what can be merged."""
        super().__init__(f"Merge 2 to {MOST_MERGED} PDFs, all of one practice.")


@dataclass(frozen=True)
class Part:
    """Some pages of a source, from 1, in the order taken."""

    source_id: UUID
    pages: Sequence[int]


def sources(session: Session, document_ids: Sequence[UUID], person: Person) -> list[Document]:
    """Return PDFs of one practice to take pages from, in the order asked for.

    Raises NotVisible, AlreadyWithdrawn, OnlyPdfs or OfOnePractice.
    """
    found = [ready(document_for(session, each, person)) for each in dict.fromkeys(document_ids)]
    if any(document.content_type != PDF or not document.pages for document in found):
        raise OnlyPdfs
    if len({document.practice_id for document in found}) != 1 or len(found) > MOST_MERGED:
        raise OfOnePractice
    return found


def made(
    session: Session, document_id: UUID, way: Way, parts: Sequence[Part], *, by: Person
) -> Document:
    """Say what a new document was made from: it lies beside what its sources lie beside.

    It takes over their owner, payer and day; the sources become Filed. No byte of theirs changes.
    """
    document = one(session, Document, document_id, lock=True)
    for place, part in enumerate(parts, start=1):
        source = one(session, Document, part.source_id, lock=True)
        _take_over(session, source, document)
        source.status = DocumentStatus.FILED
        session.add(
            DocumentOrigin(
                practice_id=document.practice_id,
                document_id=document.id,
                source_id=source.id,
                way=way,
                place=place,
                pages=list(part.pages),
                by_id=by.id,
            )
        )
    session.flush()
    audit.record(
        session,
        way.value,
        subject_kind="document",
        subject_ids=[document.id, *(part.source_id for part in parts)],
        practice_id=document.practice_id,
    )
    return document


def _take_over(session: Session, source: Document, document: Document) -> None:
    document.owner_id = document.owner_id or source.owner_id
    document.payer_id = document.payer_id or source.payer_id
    document.document_on = document.document_on or source.document_on
    if document.status is DocumentStatus.NEW and source.status is not DocumentStatus.DUPLICATE:
        document.status = source.status
    query = visible(session, DocumentLink).where(
        DocumentLink.document_id.in_([source.id, document.id])
    )
    links = session.scalars(query).all()
    there = {_about(link) for link in links if link.document_id == document.id}
    for about in {_about(link) for link in links} - there:
        claim_id, client_id, remittance_id, thread_id = about
        session.add(
            DocumentLink(
                practice_id=document.practice_id,
                document_id=document.id,
                claim_id=claim_id,
                client_id=client_id,
                remittance_id=remittance_id,
                thread_id=thread_id,
            )
        )
    session.flush()


def _about(link: DocumentLink) -> tuple[UUID | None, UUID | None, UUID | None, UUID | None]:
    return link.claim_id, link.client_id, link.remittance_id, link.thread_id
