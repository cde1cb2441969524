"""Documents: key, digest and size here; the bytes live in the document store."""

import enum
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import PracticeRow, within_practice
from backoffice.models.sealing import SealedText
from backoffice.rules.document_state import DocumentState as DocumentState


class DocumentKind(enum.StrEnum):
    """What a document is."""

    EOB = "eob"
    ERA_FILE = "era_file"
    INSURANCE_CARD = "insurance_card"
    PAYER_LETTER = "payer_letter"
    DENIAL = "denial"
    AUTHORIZATION = "authorization"
    ENROLLMENT_FORM = "enrollment_form"
    W9 = "w9"
    OTHER = "other"


class Document(PracticeRow):
    """A file shared between a practice and its billers."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("practice_id", "document_key"),
        Index("ix_documents_recent", "practice_id", "id"),
        Index("ix_documents_sha256", "practice_id", "sha256"),
        UniqueConstraint("practice_id", "uploaded_by_id", "upload_id"),
        Index("ix_documents_state", "practice_id", "state", "id"),
        Index("ix_documents_checked", "practice_id", "state", "checked_at"),
    )

    document_key: Mapped[str]  # t/<practice>/<document>: nothing of the file's name
    kind: Mapped[DocumentKind]
    state: Mapped[DocumentState] = mapped_column(default=DocumentState.RECEIVING)
    original_name_sealed: Mapped[bytes | None]
    original_name = SealedText()
    content_type: Mapped[str]
    sha256: Mapped[str] = mapped_column(default="")
    size: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int | None]
    uploaded_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(default="")
    upload_id: Mapped[UUID | None]  # the browser's name of one upload: asked again, one document
    scanned_at: Mapped[datetime | None]
    scanned_by: Mapped[str] = mapped_column(default="", server_default="")  # scanner, signatures
    finding: Mapped[str] = mapped_column(default="", server_default="")  # what the scanner named
    carries: Mapped[list[str]] = mapped_column(  # what a PDF has beside pages: scripts, files
        default=list, server_default=text("'{}'")
    )
    checked_at: Mapped[datetime | None]  # when the bytes were last compared with sha256
    damaged_at: Mapped[datetime | None]  # they were gone or others: since when we know
    erased_at: Mapped[datetime | None]


class DocumentLink(PracticeRow):
    """A document beside the claim it is about."""

    __tablename__ = "document_links"
    __table_args__ = (
        within_practice("document_id", "documents"),
        within_practice("claim_id", "claims"),
        UniqueConstraint("practice_id", "document_id", "claim_id"),
        Index("ix_document_links_claim", "practice_id", "claim_id"),
    )

    document_id: Mapped[UUID]
    claim_id: Mapped[UUID]
