"""A document whose bytes have arrived and that a scanner has found clean."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.gateways.scanner import Verdict
from backoffice.models.documents import Document
from backoffice.services import documents

CLEAN: Final = Verdict("", "In memory 1")
FOUND: Final = Verdict("Eicar-Test-Signature", "In memory 1")


def found_clean(session: Session, document_id: UUID, *, now: datetime) -> Document:
    """Take an announced document all the way to STORED."""
    documents.arrived(session, document_id, now=now)
    return documents.judged(session, document_id, CLEAN, now=now)
