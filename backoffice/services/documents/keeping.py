"""A document's life: announced with its key, arrived, found clean, linked, withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.gateways.scanner import Verdict
from backoffice.jobs import Job, ask_for
from backoffice.models.base import new_id
from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentKind, DocumentLink
from backoffice.models.users import Membership
from backoffice.rules.document_state import DocumentEvent, DocumentState, next_state
from backoffice.rules.roles import PRACTICE_ROLES
from backoffice.services import audit, eobs, notifications
from backoffice.services.access import held, one, visible
from backoffice.services.accounts import Person
from backoffice.services.documents.examining import PDF, Examined
from backoffice.services.documents.naming import plain_name
from backoffice.services.documents.told import tell_threads
from backoffice.services.refusal import Refused

MAY_TAKE: Final = timedelta(hours=1)
SCANNED_AT_ONCE: Final = timedelta(seconds=30)
"""How long whoever took the bytes in has to scan them before a job does."""
log = structlog.get_logger()


class AlreadyWithdrawn(Refused):
    """The document is not among those kept (any more)."""

    code = "already_withdrawn"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("This document has been withdrawn.")


class AnotherUpload(Refused):
    """An upload's own id came again with other bytes."""

    code = "another_upload"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("This is another file than the one begun. Choose it anew.", field="file")


class NotClean(Refused):
    """The scanner found malware: the file is not kept."""

    code = "not_clean"

    def __init__(self, finding: str) -> None:
        """Say what was found, and what is safe to do."""
        super().__init__(
            f"The virus scanner stopped this file ({finding}). It was not kept and nobody can"
            " open it. Scan the device that it came from, then send a clean copy.",
            field="file",
        )


@dataclass(frozen=True)
class Arrival:
    """What came: from whom, for which practice, what it is, what it was called, about what.

    `upload_id` is the browser's own name of this upload: with it asking again is the same upload.
    `document_id` is given where the bytes lie under it already.
    """

    practice_id: UUID
    kind: DocumentKind
    name: str
    found: Examined
    claim: Claim | None = None
    upload_id: UUID | None = None
    document_id: UUID | None = None


def key_of(practice_id: UUID, document_id: UUID) -> str:
    """Return where a document's bytes lie in the store: two ids, and nothing of the file."""
    return f"t/{practice_id}/{document_id}"


def advance(session: Session, document: Document, event: DocumentEvent) -> bool:
    """Let an event take a locked document on; returns whether it leads anywhere from here.

    The only place that moves a document. What happened goes on record with it.
    """
    state = next_state(document.state, event)
    if state is None:
        return False
    document.state = state
    audit.record(
        session,
        event.value,
        subject_kind="document",
        subject_ids=[document.id],
        practice_id=document.practice_id,
    )
    return True


def begin(session: Session, arrival: Arrival, *, by: Person, now: datetime) -> Document:
    """Announce a document and choose its key, before its bytes go anywhere.

    An upload that was begun before is given back as it stands. Raises AnotherUpload where its bytes
    are others now.
    """
    return _begun(session, arrival, by) or announce(session, arrival, by_id=by.id, now=now)


def announce(session: Session, arrival: Arrival, *, by_id: UUID, now: datetime) -> Document:
    """Write down a new document whose bytes have not arrived; its name is sealed."""
    document_id = arrival.document_id or new_id()
    document = Document(
        id=document_id,
        practice_id=arrival.practice_id,
        document_key=key_of(arrival.practice_id, document_id),
        kind=arrival.kind,
        state=DocumentState.RECEIVING,
        original_name=plain_name(arrival.name, arrival.found.content_type),
        content_type=arrival.found.content_type,
        sha256=arrival.found.sha256,
        size=arrival.found.size,
        uploaded_by_id=by_id,
        upload_id=arrival.upload_id,
        created_at=now,
    )
    session.add(document)
    session.flush()
    if arrival.claim is not None:
        link(session, document, arrival.claim)
    _record(session, "receive", document)
    return document


def _begun(session: Session, arrival: Arrival, by: Person) -> Document | None:
    if arrival.upload_id is None:
        return None
    query = visible(session, Document).where(
        Document.practice_id == arrival.practice_id,
        Document.uploaded_by_id == by.id,
        Document.upload_id == arrival.upload_id,
    )
    known = session.scalars(query).one_or_none()
    if known is not None and known.sha256 != arrival.found.sha256:
        raise AnotherUpload
    return known


def arrived(session: Session, document_id: UUID, *, now: datetime) -> Document:
    """Say that the bytes are where they belong; they wait for a scanner's word.

    Whoever brought them may scan at once; a job does it where nobody has.
    """
    document = one(session, Document, document_id, lock=True)
    if advance(session, document, DocumentEvent.ARRIVED):
        ask_for(
            session,
            Job.SCAN_DOCUMENT,
            subject_id=document.id,
            practice_id=document.practice_id,
            due_at=now + SCANNED_AT_ONCE,
        )
    return document


def judged(session: Session, document_id: UUID, verdict: Verdict, *, now: datetime) -> Document:
    """Take a scanner's word on a document's bytes: clean, it can be read from now on.

    Infected, its bytes are to be erased at once, in every version. What is neither waiting nor
    kept stays as it is.
    """
    document = one(session, Document, document_id, lock=True)
    waited = document.state is DocumentState.QUARANTINED
    if verdict.is_clean and document.state is DocumentState.STORED:
        document.scanned_at, document.scanned_by = now, verdict.by  # looked at anew
        return document
    event = DocumentEvent.FOUND_CLEAN if verdict.is_clean else DocumentEvent.FOUND_INFECTED
    if not advance(session, document, event):
        return document
    document.scanned_at, document.scanned_by = now, verdict.by
    document.finding = verdict.finding
    tell_threads(session, document)
    if not verdict.is_clean:
        _ask(session, Job.ERASE_DOCUMENT, document, now)
        log.warning("infected", document=str(document.id), practice=str(document.practice_id))
    elif waited:
        document.checked_at = now
        notifications.document_shared(session, document, _listeners(session, document), now=now)
        _ask(session, Job.READ_PAGES, document, now)
        eobs.settle(session, document.id, now=now)
        if document.content_type == PDF:
            _ask(session, Job.COUNT_PAGES, document, now)
    return document


def waiting(session: Session) -> Sequence[Document]:
    """Return the documents that no scanner has judged yet, the oldest first."""
    query = visible(session, Document).where(Document.state == DocumentState.QUARANTINED)
    return session.scalars(query.order_by(Document.id)).all()


def ring_for_waiting(session: Session, *, now: datetime) -> None:
    """Ask again for a scan of what waits, once a day: its errand may have been lost."""
    for document in waiting(session):
        ask_for(
            session,
            Job.SCAN_DOCUMENT,
            subject_id=document.id,
            practice_id=document.practice_id,
            due_at=now,
            turn=f"{now:%Y-%m-%d}",
        )


def link(session: Session, document: Document, claim: Claim) -> None:
    """Put a document beside a claim of its own practice; twice changes nothing."""
    known = visible(session, DocumentLink).where(
        DocumentLink.document_id == document.id, DocumentLink.claim_id == claim.id
    )
    if session.scalars(known).one_or_none() is None:
        session.add(
            DocumentLink(
                practice_id=document.practice_id, document_id=document.id, claim_id=claim.id
            )
        )
        session.flush()


def withdraw(session: Session, document_id: UUID, *, reason: str, now: datetime) -> Document:
    """Take a document out of sight, with the reason; row and bytes stay."""
    document = one(session, Document, document_id, lock=True)
    if not advance(session, document, DocumentEvent.WITHDRAWN):
        raise AlreadyWithdrawn
    document.withdrawn_at, document.withdrawn_reason = now, reason.strip()
    tell_threads(session, document)
    return document


def note_pages(
    session: Session, document_id: UUID, pages: int | None, carries: Sequence[str] = ()
) -> None:
    """Remember how many pages a document has, None where nobody can tell, and what else it has."""
    document = one(session, Document, document_id, lock=True)
    document.pages, document.carries = pages, list(carries)


def overdue(session: Session, *, now: datetime) -> Sequence[Document]:
    """Return documents whose bytes never arrived in time."""
    query = visible(session, Document).where(
        Document.state == DocumentState.RECEIVING, Document.created_at < now - MAY_TAKE
    )
    return session.scalars(query.order_by(Document.id)).all()


def refuse(session: Session, document_id: UUID) -> None:
    """Give up on a document that never arrived; one that did meanwhile stays."""
    advance(session, one(session, Document, document_id, lock=True), DocumentEvent.GIVEN_UP)


def _listeners(session: Session, document: Document) -> frozenset[UUID]:
    """Return who hears of a document: the other side, its clinicians for their own claims only."""
    audience = notifications.audience_of(session, document.practice_id)
    if _came_from_the_practice(session, document):
        return audience.staff - {document.uploaded_by_id}
    query = (
        select(Claim.clinician_id)
        .join(
            DocumentLink,
            (DocumentLink.practice_id == Claim.practice_id) & (DocumentLink.claim_id == Claim.id),
        )
        .where(
            DocumentLink.practice_id == document.practice_id,
            DocumentLink.document_id == document.id,
        )
    )
    return audience.readers.union(*(audience.about(each) for each in session.scalars(query)))


def _came_from_the_practice(session: Session, document: Document) -> bool:
    roles = select(Membership.role).where(
        held(session, Membership.practice_id),
        Membership.practice_id == document.practice_id,
        Membership.user_id == document.uploaded_by_id,
    )
    found = set(session.scalars(roles))
    return bool(found) and found <= PRACTICE_ROLES


def _ask(session: Session, job: Job, document: Document, now: datetime) -> None:
    ask_for(session, job, subject_id=document.id, practice_id=document.practice_id, due_at=now)


def _record(session: Session, action: str, document: Document) -> None:
    audit.record(
        session,
        action,
        subject_kind="document",
        subject_ids=[document.id],
        practice_id=document.practice_id,
    )
