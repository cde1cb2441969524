"""The rows that a thread may be about, found for whoever is to begin one."""

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.base import PracticeRow
from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.documents import Document
from backoffice.models.practices import Practice
from backoffice.rules.roles import Permission
from backoffice.services import documents
from backoffice.services.access import practice_of
from backoffice.services.accounts import Person
from backoffice.services.claim_pages.record import claim_for
from backoffice.services.messages import About
from backoffice.services.refusal import NotVisible
from backoffice.services.unbilled.reach import appointment_for, client_for
from backoffice.web.extensions import me, work

PRACTICE = "practice_id"
_NEAR: Mapping[str, tuple[type[PracticeRow], Callable[[Session, UUID, Person], About]]] = {
    "claim_id": (Claim, claim_for),
    "client_id": (Client, client_for),
    "appointment_id": (Appointment, appointment_for),
    "document_id": (Document, documents.document_for),
}
"""What a thread may be about, and the way to a row of it that this person comes near."""
KINDS = (*_NEAR, PRACTICE)
"""The arguments by which addresses name what a thread is about."""


def practice_at(name: str, row_id: UUID) -> UUID:
    """Return the practice of what a thread is to be about; NotVisible to whom it is not open."""
    if name == PRACTICE:
        if not me().may_in(row_id, Permission.SEND_MESSAGES):
            raise NotVisible
        return row_id
    with work() as session:
        return practice_of(session, _NEAR[name][0], row_id)


def row_at(session: Session, name: str, row_id: UUID) -> About:
    """Return what a thread is to be about, or raise NotVisible."""
    if name == PRACTICE:
        return session.get_one(Practice, row_id)
    return _NEAR[name][1](session, row_id, me())
