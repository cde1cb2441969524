"""Takes in an 835 file that was sent as a document: by the road of those that are fetched.

It is kept and read as any other, so what came before comes in once: the same bytes by their digest,
the same payment by its number. Who sent it is a practice, not a payer: no payment of it may be
another practice's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.documents import Document
from backoffice.models.inbound import InboundFile, InboundKind, InboundTransaction
from backoffice.services import audit
from backoffice.services.inbound.keeping import RawFile, keep_sent
from backoffice.services.inbound.payments import FileRead, practice_of
from backoffice.services.refusal import Refused

TYPE: Final = "application/edi-x12"
"""Of which type a document is that may hold payments."""


class NoPaymentReport(Refused):
    """The file holds no 835 transaction."""

    code = "no_payment_report"

    def __init__(self) -> None:
        """Say what stays."""
        super().__init__("There is no payment report (835) in this file. It stays a document.")


class CameBefore(Refused):
    """These very bytes were taken in before, from whichever side."""

    code = "came_before"

    def __init__(self) -> None:
        """Say where they are."""
        super().__init__("This very file came in before: its payments are among the ERAs.")


class AnothersPayment(Refused):
    """A payment in the file is known to be another practice's."""

    code = "anothers_payment"

    def __init__(self) -> None:
        """Say what happened, and not whose it is."""
        super().__init__(
            "A payment in this file is not made to this practice. Nothing was imported; an"
            " administrator can say what it is."
        )


def require_own(session: Session, document: Document, read: FileRead) -> None:
    """Refuse a file that is no 835, came before, or pays another practice.

    The session is the intake role's. Whose a payment is nobody knows is none of the three: it waits
    for an administrator, as one that was fetched does. Raises NoPaymentReport, CameBefore,
    AnothersPayment.
    """
    if not read.payments:
        raise NoPaymentReport
    if file_of(session, document) is not None:
        raise CameBefore
    owners = {practice_of(session, each.remittance) for each in read.payments}
    if owners - {None, document.practice_id}:
        raise AnothersPayment


def take(session: Session, document: Document, raw: RawFile, *, now: datetime) -> UUID:
    """Keep a document's bytes as a file that came in, and ask for it to be read; on record.

    The bytes lie under the file's own key by then. Raises CameBefore, also where somebody else was
    quicker.
    """
    file_id = keep_sent(session, raw, remote_id=f"document:{document.id}", now=now)
    if file_id is None:
        raise CameBefore
    audit.record(
        session,
        "import",
        subject_kind="document",
        subject_ids=[document.id],
        practice_id=document.practice_id,
        detail={"inbound_file": str(file_id)},
    )
    return file_id


def file_of(session: Session, document: Document) -> InboundFile | None:
    """Return the file that came in with a document's very bytes, however it came."""
    query = select(InboundFile).where(
        InboundFile.kind == InboundKind.ERA, InboundFile.sha256 == document.sha256
    )
    return session.scalars(query).one_or_none()


def payments_of(session: Session, document: Document) -> Sequence[UUID] | None:
    """Return the ids of the payments that came in with a document's bytes; None: they did not."""
    file = file_of(session, document)
    if file is None:
        return None
    query = select(InboundTransaction.id).where(InboundTransaction.file_id == file.id)
    return session.scalars(query.order_by(InboundTransaction.position)).all()
