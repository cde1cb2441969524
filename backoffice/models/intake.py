"""Intake batches: files uploaded, what a dry run found, what was taken in."""

import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import HouseRow
from backoffice.models.sealing import SealedText


class BatchState(enum.StrEnum):
    """How far a batch is."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    COMMITTING = "committing"
    COMMITTED = "committed"
    FAILED = "failed"


class IntakeBatch(HouseRow):
    """A set of files read through one mapping; the dry run first, then the commit."""

    __tablename__ = "intake_batches"

    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practices.id"))
    mapping: Mapped[str]
    agreement_on: Mapped[date | None]  # of the practices that these files begin
    state: Mapped[BatchState] = mapped_column(default=BatchState.UPLOADED)
    files: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # key, sha256, size
    file_names_sealed: Mapped[bytes | None]
    file_names = SealedText()  # JSON: what each file was called, in the order of `files`
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # kind -> new, changed, ...
    notes_sealed: Mapped[bytes | None]
    notes = SealedText()  # JSON: what was noticed; may say a file's or a column's own name
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    finished_at: Mapped[datetime | None]


class IntakeProblem(HouseRow):
    """A refused row: where it stands and what is wrong, never the value itself."""

    __tablename__ = "intake_problems"
    __table_args__ = (Index("ix_intake_problems_batch", "batch_id", "id"),)

    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practices.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("intake_batches.id"))
    file: Mapped[str]  # as the mapping calls it, whatever name it came under
    line: Mapped[int]
    field: Mapped[str]
    words: Mapped[str]
