"""The record as tests read it: as the auditor, oldest first."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.audit import AuditRecord
from backoffice.services.audit.reading import as_auditor


def on_record(session: Session, **values: Any) -> list[AuditRecord]:
    """The records whose columns have these values, among those the session may see."""
    query = select(AuditRecord).filter_by(**values)
    with as_auditor(session):
        return list(session.scalars(query.order_by(AuditRecord.created_at, AuditRecord.id)).all())
