"""Documents: key, digest and size here; the bytes live in the document store."""

import enum
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
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


class DocumentStatus(enum.StrEnum):
    """Where a document stands as work; whether it can be read at all is its state."""

    NEW = "new"
    TO_POST = "to_post"
    NEEDS_INFO = "needs_info"
    POSTED = "posted"
    FILED = "filed"
    DUPLICATE = "duplicate"


class PagesState(enum.StrEnum):
    """How far its pages are there as pictures: all of them, the first ones, or none can be."""

    WAITING = "waiting"
    READY = "ready"
    PARTLY = "partly"
    NONE = "none"


class Document(PracticeRow):
    """A file shared between a practice and its billers."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("practice_id", "document_key"),
        Index(
            "ix_documents_inbox", "practice_id", "status", "id",
            postgresql_include=[  # all that the list is filtered by
                "kind", "state", "owner_id", "payer_id", "uploaded_by_id", "created_at",
                "came_twice", "links",
            ],
        ),
        Index("ix_documents_sha256", "practice_id", "sha256"),
        Index(
            "ix_documents_owner", "practice_id", "owner_id", "status", "id",
            postgresql_where="owner_id IS NOT NULL",
        ),
        Index(
            "ix_documents_payer", "practice_id", "payer_id", "status", "id",
            postgresql_where="payer_id IS NOT NULL",
        ),
        UniqueConstraint("practice_id", "uploaded_by_id", "upload_id"),
        Index("ix_documents_state", "practice_id", "state", "id"),
        Index("ix_documents_checked", "practice_id", "state", "checked_at"),
    )  # fmt: skip

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

    status: Mapped[DocumentStatus] = mapped_column(default=DocumentStatus.NEW, server_default="new")
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    payer_id: Mapped[UUID | None] = mapped_column(ForeignKey("payers.id"))
    document_on: Mapped[date | None]  # the day that stands on it
    note: Mapped[str] = mapped_column(default="", server_default="")  # staff's, never shown outside
    # Noted by the database itself: an earlier kept one has its bytes, and what it lies beside.
    came_twice: Mapped[bool] = mapped_column(default=False, server_default="f")
    links: Mapped[int] = mapped_column(default=0, server_default="0")
    pages_state: Mapped[PagesState] = mapped_column(
        default=PagesState.WAITING, server_default="waiting"
    )


class DocumentLink(PracticeRow):
    """A document beside the one thing it is about: a claim, a client, a remittance or a thread."""

    __tablename__ = "document_links"
    __table_args__ = (
        within_practice("document_id", "documents"),
        within_practice("claim_id", "claims"),
        within_practice("client_id", "clients"),
        within_practice("remittance_id", "remittances"),
        within_practice("thread_id", "threads"),
        CheckConstraint(
            "num_nonnulls(claim_id, client_id, remittance_id, thread_id) = 1",
            name="about_one_thing",
        ),
        UniqueConstraint("practice_id", "document_id", "claim_id"),
        UniqueConstraint("practice_id", "document_id", "client_id"),
        UniqueConstraint("practice_id", "document_id", "remittance_id"),
        UniqueConstraint("practice_id", "document_id", "thread_id"),
        Index("ix_document_links_claim", "practice_id", "claim_id"),
        *(
            Index(
                f"ix_document_links_{about}",
                "practice_id",
                f"{about}_id",
                postgresql_where=f"{about}_id IS NOT NULL",
            )
            for about in ("client", "remittance", "thread")
        ),
    )

    document_id: Mapped[UUID]
    claim_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None]
    remittance_id: Mapped[UUID | None]
    thread_id: Mapped[UUID | None]
