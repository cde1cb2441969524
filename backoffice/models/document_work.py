"""What is made of documents: pages, words, new documents of their pages; EOBs that are awaited."""

import enum
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import PracticeRow, within_practice

MADE_OF = ".made"
"""Ends the folder beside a document's key where what is made of it lies; a store over plain folders
has no room for one below it."""


class DocumentPage(PracticeRow):
    """One page as a picture and as a small one; the bytes lie in the store, by ids alone.

    Both are made again from the document at any time; the digests say that they are ours.
    """

    __tablename__ = "document_pages"
    __table_args__ = (
        within_practice("document_id", "documents"),
        UniqueConstraint("practice_id", "document_id", "page"),
    )

    document_id: Mapped[UUID]
    page: Mapped[int]  # from 1
    width: Mapped[int]  # pixels of the picture
    height: Mapped[int]
    image_sha256: Mapped[str]
    thumbnail_sha256: Mapped[str]

    @property
    def image_key(self) -> str:
        """Where the picture lies in the store."""
        return f"t/{self.practice_id}/{self.document_id}{MADE_OF}/{self.page}"

    @property
    def thumbnail_key(self) -> str:
        """Where the small picture lies in the store."""
        return f"{self.image_key}s"


class DocumentWords(PracticeRow):
    """The words of a document that has text, for finding it; nobody is shown them."""

    __tablename__ = "document_words"
    __table_args__ = (
        within_practice("document_id", "documents"),
        UniqueConstraint("practice_id", "document_id"),
        Index("ix_document_words_words", "words", postgresql_using="gin"),
        Index("ix_document_words_newest", "document_id"),
    )

    document_id: Mapped[UUID]
    words: Mapped[str] = mapped_column(TSVECTOR)


class Way(enum.StrEnum):
    """How a document was made from others."""

    SPLIT = "split"
    MERGED = "merged"
    TURNED = "turned"


class DocumentOrigin(PracticeRow):
    """A document was made from pages of another, which stays as it came."""

    __tablename__ = "document_origins"
    __table_args__ = (
        within_practice("document_id", "documents"),
        within_practice("source_id", "documents"),
        UniqueConstraint("practice_id", "document_id", "place"),
        Index("ix_document_origins_source", "practice_id", "source_id"),
    )

    document_id: Mapped[UUID]
    source_id: Mapped[UUID]
    way: Mapped[Way]
    place: Mapped[int]  # which of the sources, from 1
    pages: Mapped[list[int]]  # of the source, from 1, in the order taken
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))


class CuttingState(enum.StrEnum):
    """How far a wish for new documents is."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Cutting(PracticeRow):
    """A wish for new documents made of pages of others: a worker fulfils it whole or not at all."""

    __tablename__ = "cuttings"

    way: Mapped[Way]
    state: Mapped[CuttingState] = mapped_column(default=CuttingState.WAITING)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    problem: Mapped[str] = mapped_column(default="")  # why it failed, in words without a patient
    ended_at: Mapped[datetime | None]


class CuttingPart(PracticeRow):
    """The pages of one source that go into one of the new documents of a wish."""

    __tablename__ = "cutting_parts"
    __table_args__ = (
        within_practice("cutting_id", "cuttings"),
        within_practice("source_id", "documents"),
        within_practice("document_id", "documents"),
        UniqueConstraint("practice_id", "cutting_id", "lot", "place"),
        Index("ix_cutting_parts_source", "practice_id", "source_id", "cutting_id"),
    )

    cutting_id: Mapped[UUID]
    source_id: Mapped[UUID]
    lot: Mapped[int]  # which of the new documents, from 1
    place: Mapped[int]  # which of that one's sources, from 1
    pages: Mapped[list[int]]  # of the source, from 1, in the order taken
    turned: Mapped[list[int]]  # those of them that are turned
    degrees: Mapped[int] = mapped_column(default=0)  # clockwise
    document_id: Mapped[UUID | None]  # the new document, once it is made


class WantedEob(PracticeRow):
    """The practice was asked for the EOB of a claim whose payer sends no payment reports."""

    __tablename__ = "wanted_eobs"
    __table_args__ = (
        within_practice("claim_id", "claims"),
        UniqueConstraint("practice_id", "claim_id"),
        Index("ix_wanted_eobs_next", "practice_id", "next_at", postgresql_where="done_at IS NULL"),
    )

    claim_id: Mapped[UUID]
    reminders: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]  # when to remind; None: not any more
    done_at: Mapped[datetime | None]
