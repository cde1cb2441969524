"""A document's life: announced with its key, stored, linked, withdrawn; never deleted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.base import new_id
from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentKind, DocumentLink, DocumentState
from backoffice.services import audit, notifications
from backoffice.services.access import one, visible
from backoffice.services.accounts import Person
from backoffice.services.documents.examining import PDF, Examined
from backoffice.services.refusal import Refused

MAY_TAKE: Final = timedelta(hours=1)
_LONGEST_NAME = 200
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class AlreadyWithdrawn(Refused):
    """The document is not among those kept (any more)."""

    code = "already_withdrawn"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("This document has been withdrawn.")


@dataclass(frozen=True)
class Arrival:
    """What came: from whom, for which practice, what it is, what it was called, about what."""

    practice_id: UUID
    kind: DocumentKind
    name: str
    found: Examined
    claim: Claim | None = None


def begin(session: Session, arrival: Arrival, *, by: Person, now: datetime) -> Document:
    """Announce a document and choose its key, before its bytes go anywhere.

    The key holds two ids and nothing of the file; the name is sealed.
    """
    document_id = new_id()
    document = Document(
        id=document_id,
        practice_id=arrival.practice_id,
        document_key=f"t/{arrival.practice_id}/{document_id}",
        kind=arrival.kind,
        state=DocumentState.RECEIVING,
        original_name=_plain_name(arrival.name),
        content_type=arrival.found.content_type,
        sha256=arrival.found.sha256,
        size=arrival.found.size,
        uploaded_by_id=by.id,
        created_at=now,
    )
    session.add(document)
    session.flush()
    if arrival.claim is not None:
        link(session, document, arrival.claim)
    _record(session, "receive", document)
    return document


def stored(session: Session, document_id: UUID, *, by: Person, now: datetime) -> Document:
    """Say that the bytes are where they belong: from now on the document can be read."""
    document = one(session, Document, document_id, lock=True)
    if document.state is not DocumentState.RECEIVING:
        raise AlreadyWithdrawn
    document.state = DocumentState.STORED
    _record(session, "store", document)
    notifications.document_shared(session, document, _listeners(session, document, by), now=now)
    if document.content_type == PDF:
        ask_for(
            session,
            Job.COUNT_PAGES,
            subject_id=document.id,
            practice_id=document.practice_id,
            due_at=now,
        )
    return document


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
    if document.state is not DocumentState.STORED:
        raise AlreadyWithdrawn
    document.state, document.withdrawn_at = DocumentState.WITHDRAWN, now
    document.withdrawn_reason = reason.strip()
    _record(session, "withdraw", document)
    return document


def note_pages(session: Session, document_id: UUID, pages: int | None) -> None:
    """Remember how many pages a document has, None where nobody can tell."""
    one(session, Document, document_id, lock=True).pages = pages


def overdue(session: Session, *, now: datetime) -> Sequence[Document]:
    """Return documents whose bytes never arrived in time."""
    query = visible(session, Document).where(
        Document.state == DocumentState.RECEIVING, Document.created_at < now - MAY_TAKE
    )
    return session.scalars(query.order_by(Document.id)).all()


def refuse(session: Session, document_id: UUID) -> None:
    """Give up on a document that never arrived; one that did meanwhile stays."""
    document = one(session, Document, document_id, lock=True)
    if document.state is DocumentState.RECEIVING:
        document.state = DocumentState.REFUSED
        _record(session, "refuse", document)


def _listeners(session: Session, document: Document, by: Person) -> frozenset[UUID]:
    """Return who hears of a document: the other side, its clinicians for their own claims only."""
    audience = notifications.audience_of(session, document.practice_id)
    if not by.staff_in(document.practice_id):
        return audience.staff - {by.id}
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


def _plain_name(name: str) -> str:
    """Return the last part of a file's name, without what could mislead its reader."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return _UNPRINTABLE.sub("", last).strip()[-_LONGEST_NAME:] or "document"


def _record(session: Session, action: str, document: Document) -> None:
    audit.record(
        session,
        action,
        subject_kind="document",
        subject_ids=[document.id],
        practice_id=document.practice_id,
    )
