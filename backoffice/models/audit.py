"""Who did or read what: rows are only added."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import HouseRow


class AuditRecord(HouseRow):
    """One act or one reading of patient data. Ids only."""

    __tablename__ = "audit_records"
    __table_args__ = (Index("ix_audit_records_practice", "practice_id", "created_at"),)

    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practices.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_ids: Mapped[list[UUID]] = mapped_column(default=list)
    fields: Mapped[list[str]] = mapped_column(default=list)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="done")
