"""Which tables hold patient data, what their rows are called on record, and whose they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from backoffice.models.appointments import Appointment, AppointmentLine
from backoffice.models.base import PracticeRow
from backoffice.models.claims import Claim, ClaimStep, ServiceLine
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.contract import Consent, Disclosure
from backoffice.models.documents import Document
from backoffice.models.ledger import LedgerEntry, Posting
from backoffice.models.messages import Message, MessageDraft, MessageVersion, Thread
from backoffice.models.remittances import Remittance, RemittanceClaim
from backoffice.models.submissions import Attempt
from backoffice.models.tasks import Task


@dataclass(frozen=True)
class Held:
    """How a row of patient data is named on record: its kind, and where its id and client stand.

    A part is named as the whole that it belongs to: a service line as its claim.
    """

    kind: str
    id_column: str = "id"
    client_column: str | None = None


TABLES: dict[type[Any], Held] = {
    Client: Held("client", client_column="id"),
    Policy: Held("policy", client_column="client_id"),
    Authorization: Held("authorization", client_column="client_id"),
    Consent: Held("consent", client_column="client_id"),
    Disclosure: Held("disclosure", client_column="client_id"),
    Appointment: Held("appointment", client_column="client_id"),
    AppointmentLine: Held("appointment", "appointment_id"),
    Claim: Held("claim", client_column="client_id"),
    ServiceLine: Held("claim", "claim_id"),
    ClaimStep: Held("claim", "claim_id"),
    Attempt: Held("claim", "claim_id"),
    Posting: Held("claim", "claim_id"),
    LedgerEntry: Held("claim", "claim_id"),
    Thread: Held("thread", client_column="client_id"),
    Message: Held("thread", "thread_id"),
    MessageDraft: Held("thread", "thread_id"),
    MessageVersion: Held("message", "message_id"),
    Task: Held("task", client_column="client_id"),
    Document: Held("document"),
    Remittance: Held("remittance"),
    RemittanceClaim: Held("remittance", "remittance_id"),
}
"""Every table whose rows say something of a patient; what is read of them is put on record.

Not here: what is only counted or routed by (submissions, mails, findings), and intake's problems,
which name a line and never a value.
"""

_WHOLES: dict[str, type[PracticeRow]] = {
    held.kind: model for model, held in TABLES.items() if held.id_column == "id"
}


def clients_of(
    session: Session, practice_id: UUID | None, kind: str, subject_ids: Iterable[UUID]
) -> set[UUID]:
    """Return the clients whom these subjects are about, as far as the session holds the rows."""
    model = _WHOLES.get(kind)
    column = TABLES[model].client_column if model else None
    if model is None or column is None:
        return set()
    if column == "id":
        return set(subject_ids)
    rows = (_held(session, model, practice_id, row_id) for row_id in subject_ids)
    return {row.__dict__[column] for row in rows if row and row.__dict__.get(column)}


def _held(
    session: Session, model: type[PracticeRow], practice_id: UUID | None, row_id: UUID
) -> Any:
    """Return a row that the session has at hand, new ones included; asks the database for none."""
    key = identity_key(model, (practice_id, row_id))
    known = session.identity_map.get(key)
    if known is not None:
        return known
    return next((row for row in session.new if isinstance(row, model) and row.id == row_id), None)
