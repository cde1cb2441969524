"""A document as work: where it stands, whose it is, what it is about; each change on record."""

import enum
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.base import PracticeRow
from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.documents import (
    Document,
    DocumentKind,
    DocumentLink,
    DocumentStatus,
)
from backoffice.models.messages import Thread
from backoffice.models.remittances import Remittance
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.accounts import Person
from backoffice.services.assignments import require_giving
from backoffice.services.documents.reading import document_for, ready
from backoffice.services.refusal import NotVisible


class Beside(enum.StrEnum):
    """What a document can lie beside."""

    CLAIM = "claim"
    CLIENT = "client"
    REMITTANCE = "remittance"
    THREAD = "thread"


_MODELS: Final[Mapping[Beside, type[PracticeRow]]] = {
    Beside.CLAIM: Claim,
    Beside.CLIENT: Client,
    Beside.REMITTANCE: Remittance,
    Beside.THREAD: Thread,
}
KEEP: Final = "keep"
"""Stands for "as it is" where None means nobody."""


@dataclass(frozen=True)
class Filing:
    """What is typed about a document as work."""

    kind: DocumentKind
    status: DocumentStatus
    owner_id: UUID | None
    payer_id: UUID | None
    document_on: date | None
    note: str


@dataclass(frozen=True)
class Sorting:
    """What is set of several documents at once; what is not named stays as it is."""

    kind: DocumentKind | None = None
    status: DocumentStatus | None = None
    owner: UUID | str | None = KEEP


def file(session: Session, document_id: UUID, filing: Filing, *, by: Person) -> Document:
    """Set all that is typed about one document. Raises NotVisible, NotYoursToGive."""
    document = _to_file(session, document_id, by)
    _own(session, document, filing.owner_id, by)
    _set(
        session,
        document,
        {
            "kind": filing.kind,
            "status": filing.status,
            "payer_id": filing.payer_id,
            "document_on": filing.document_on,
            "note": filing.note.strip(),
        },
    )
    return document


def sort(session: Session, document_ids: Sequence[UUID], sorting: Sorting, *, by: Person) -> int:
    """Set some things of several documents of one practice; returns how many they were."""
    for document_id in sorted(document_ids):
        document = _to_file(session, document_id, by)
        if sorting.owner is None or isinstance(sorting.owner, UUID):
            _own(session, document, sorting.owner, by)
        named = {"kind": sorting.kind, "status": sorting.status}
        _set(session, document, {name: value for name, value in named.items() if value})
    return len(document_ids)


def by_practice(session: Session, document_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return documents by the practice that each is of; raises NotVisible for one that is not."""
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    query = select(Document.practice_id, Document.id).where(
        held(session, Document.practice_id), Document.id.in_(document_ids)
    )
    for practice_id, document_id in session.execute(query):
        found[practice_id].append(document_id)
    if sum(len(among) for among in found.values()) != len(set(document_ids)):
        raise NotVisible
    return found


def link_to(
    session: Session, document_id: UUID, beside: Beside, row_id: UUID, *, by: Person
) -> DocumentLink:
    """Put a document beside a row of its own practice; twice is once. Raises NotVisible."""
    document = _to_file(session, document_id, by)
    row = one(session, _MODELS[beside], row_id)
    if row.practice_id != document.practice_id:
        raise NotVisible
    column = f"{beside}_id"
    known = session.scalars(
        visible(session, DocumentLink).where(
            DocumentLink.document_id == document.id, getattr(DocumentLink, column) == row_id
        )
    ).one_or_none()
    if known is not None:
        return known
    link = DocumentLink(
        practice_id=document.practice_id, document_id=document.id, **{column: row_id}
    )
    session.add(link)
    session.flush()
    _record(session, "link", document, {"link": str(link.id), str(beside): str(row_id)}, row)
    return link


def unlink(session: Session, document_id: UUID, link_id: UUID, *, by: Person) -> None:
    """Take a document away from what it lay beside; that it did stays on record.

    Twice is as once: a link that is gone changes nothing.
    """
    document = _to_file(session, document_id, by)
    link = session.scalars(
        visible(session, DocumentLink).where(
            DocumentLink.document_id == document.id, DocumentLink.id == link_id
        )
    ).one_or_none()
    if link is None:
        return
    beside, row_id = about(link)
    row = one(session, _MODELS[beside], row_id)
    session.delete(link)
    session.flush()
    _record(session, "unlink", document, {"link": str(link_id), str(beside): str(row_id)}, row)


def about(link: DocumentLink) -> tuple[Beside, UUID]:
    """Return what a link is about; the database holds it to exactly one thing."""
    for beside in Beside:
        row_id: UUID | None = getattr(link, f"{beside}_id")
        if row_id is not None:
            return beside, row_id
    raise AssertionError  # ck_document_links_about_one_thing


def _to_file(session: Session, document_id: UUID, by: Person) -> Document:
    """Return a document that can be opened and that this person may come near, held."""
    document = ready(document_for(session, document_id, by))
    return one(session, Document, document.id, lock=True)


def _own(session: Session, document: Document, owner_id: UUID | None, by: Person) -> None:
    if owner_id != document.owner_id:
        require_giving(session, document.practice_id, owner_id, by=by)
        _set(session, document, {"owner_id": owner_id})


def _set(session: Session, document: Document, values: Mapping[str, Any]) -> None:
    changed = {name for name, value in values.items() if getattr(document, name) != value}
    for name in changed:
        setattr(document, name, values[name])
    if changed:
        session.flush()
        audit.record(
            session,
            "file",
            subject_kind="document",
            subject_ids=[document.id],
            practice_id=document.practice_id,
            fields=sorted(f"documents.{name}" for name in changed),
        )


def _record(
    session: Session, action: str, document: Document, detail: dict[str, Any], row: PracticeRow
) -> None:
    client_id = row.id if isinstance(row, Client) else getattr(row, "client_id", None)
    audit.record(
        session,
        action,
        subject_kind="document",
        subject_ids=[document.id],
        practice_id=document.practice_id,
        detail=detail,
        client_ids=[client_id] if client_id else [],
    )
