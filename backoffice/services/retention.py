"""How long what we keep is kept, and the legal holds that keep it longer."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.contract import HoldKind, LegalHold
from backoffice.models.documents import Document, DocumentLink
from backoffice.models.messages import Thread
from backoffice.models.practices import Practice
from backoffice.rules.retention import keep_until
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.refusal import Refused


class HoldWrong(Refused):
    """What was typed makes no hold."""

    code = "hold_wrong"


def document_kept_until(session: Session, document_id: UUID) -> date:
    """Return the day until which a document is kept: as the records of the clients it is about.

    The clock runs from the last service of each client, and the longest counts; of a document
    about no client from the day it came, as for a client whose birth date is not known.
    """
    document = one(session, Document, document_id)
    practice = session.get_one(Practice, document.practice_id)
    about = clients_of_document(session, document_id)
    clients = session.scalars(visible(session, Client).where(Client.id.in_(about))).all()
    came_on = document.created_at.date()
    last = _last_services(session, [client.id for client in clients])
    days = [
        keep_until(
            practice.state,
            last_service_on=max(last.get(client.id, came_on), came_on),
            born_on=client.born_on,
        )
        for client in clients
    ]
    return max(days, default=keep_until(practice.state, last_service_on=came_on, born_on=None))


def clients_of_document(session: Session, document_id: UUID) -> frozenset[UUID]:
    """Return whom a document is about: by its own link, a claim, or a thread about either."""
    links = session.scalars(
        visible(session, DocumentLink).where(DocumentLink.document_id == document_id)
    ).all()
    threads = session.scalars(
        visible(session, Thread).where(Thread.id.in_([each.thread_id for each in links]))
    ).all()
    about: list[DocumentLink | Thread] = [*links, *threads]
    claims = visible(session, Claim).where(Claim.id.in_([each.claim_id for each in about]))
    return frozenset(
        [
            *(claim.client_id for claim in session.scalars(claims)),
            *(each.client_id for each in about if each.client_id is not None),
        ]
    )


def _last_services(session: Session, client_ids: Sequence[UUID]) -> dict[UUID, date]:
    query = (
        select(Appointment.client_id, func.max(Appointment.served_on))
        .where(held(session, Appointment.practice_id), Appointment.client_id.in_(client_ids))
        .group_by(Appointment.client_id)
    )
    return dict(session.execute(query).all())


def place_hold(
    session: Session,
    practice_id: UUID,
    *,
    kind: HoldKind = HoldKind.PRACTICE,
    subject_id: UUID | None = None,
    reason: str,
    by: UUID,
) -> LegalHold:
    """Keep a practice, a client or a document until the hold is lifted. Raises HoldWrong."""
    if not reason.strip():
        raise HoldWrong("Say why it is held.", field="reason")
    if (kind is HoldKind.PRACTICE) is not (subject_id is None):
        raise HoldWrong("Say what is held: a client, a document, or the whole practice.")
    if kind is HoldKind.CLIENT and subject_id is not None:
        one(session, Client, subject_id)
    if kind is HoldKind.DOCUMENT and subject_id is not None:
        one(session, Document, subject_id)
    hold = LegalHold(
        practice_id=practice_id,
        kind=kind,
        subject_id=subject_id or practice_id,
        reason=reason.strip(),
        placed_by_id=by,
    )
    session.add(hold)
    session.flush()
    _record(session, "hold", hold)
    return hold


def lift_hold(session: Session, hold_id: UUID, *, by: UUID, now: datetime) -> LegalHold:
    """Let a held thing go its way again; twice is refused."""
    hold = one(session, LegalHold, hold_id, lock=True)
    if hold.lifted_at is not None:
        raise HoldWrong("This hold was lifted already.")
    hold.lifted_at, hold.lifted_by_id = now, by
    _record(session, "lift_hold", hold)
    return hold


def standing_holds(session: Session, practice_id: UUID) -> Sequence[LegalHold]:
    """Return what is held in a practice, the oldest hold first."""
    query = visible(session, LegalHold).where(
        LegalHold.practice_id == practice_id, LegalHold.lifted_at.is_(None)
    )
    return session.scalars(query.order_by(LegalHold.id)).all()


def is_held(session: Session, practice_id: UUID, *subjects: UUID) -> bool:
    """Whether the practice as a whole or one of these subjects is under a legal hold."""
    return any(
        hold.kind is HoldKind.PRACTICE or hold.subject_id in subjects
        for hold in standing_holds(session, practice_id)
    )


def _record(session: Session, action: str, hold: LegalHold) -> None:
    audit.record(
        session,
        action,
        subject_kind=hold.kind.value,
        subject_ids=[hold.subject_id],
        practice_id=hold.practice_id,
        detail={"hold": str(hold.id)},
    )
