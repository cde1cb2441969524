"""Who did or saw what: rows are only added, by month, and sealed in chains."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base, new_id


class AuditRecord(Base):
    """One act, one reading or one refused try. Ids and names of fields only, never a value.

    The moment is the database's own; practice and user are not foreign keys, since the record
    outlives both. `client_ids` are the clients whom it is about, whatever the subject.
    """

    __tablename__ = "audit_records"
    __table_args__ = (
        Index("ix_audit_records_practice", "practice_id", "created_at", "id"),
        Index("ix_audit_records_user", "user_id", "created_at", "id"),
        Index("ix_audit_records_subjects", "client_ids", "subject_ids", postgresql_using="gin"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    created_at: Mapped[datetime] = mapped_column(
        primary_key=True, server_default=func.clock_timestamp()
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    practice_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    job: Mapped[str] = mapped_column(default="")  # who acted where no person did
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_ids: Mapped[list[UUID]] = mapped_column(default=list)
    client_ids: Mapped[list[UUID]] = mapped_column(default=list)
    fields: Mapped[list[str]] = mapped_column(default=list)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="done")


class AuditUnsealed(Base):
    """A record that the sealer has not come to yet; a trigger adds it, the sealer takes it away."""

    __tablename__ = "audit_unsealed"

    recorded_at: Mapped[datetime] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)


class AuditChain(Base):
    """The chain of one month (its first day, UTC): what it opened on, and how far it has come."""

    __tablename__ = "audit_chains"

    month: Mapped[date] = mapped_column(primary_key=True)
    opened_on_month: Mapped[date | None]
    opened_on_seq: Mapped[int] = mapped_column(BigInteger)
    opening: Mapped[bytes]
    last_seq: Mapped[int] = mapped_column(BigInteger)
    last_hash: Mapped[bytes]
    dropped_at: Mapped[datetime | None]


class AuditSeal(Base):
    """The seal of one record: its hash covers the record and the seal before it."""

    __tablename__ = "audit_seals"
    __table_args__ = ({"postgresql_partition_by": "LIST (month)"},)

    month: Mapped[date] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    record_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    hash: Mapped[bytes]


class AuditAnchor(Base):
    """Where a day's head was laid down outside the database."""

    __tablename__ = "audit_anchors"

    day: Mapped[date] = mapped_column(primary_key=True)
    month: Mapped[date]
    seq: Mapped[int] = mapped_column(BigInteger)
    document_key: Mapped[str]
    anchored_at: Mapped[datetime]
