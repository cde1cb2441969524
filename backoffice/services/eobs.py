"""EOBs that a practice is asked for, where a claim's payer sends no payment reports.

A claim that was accepted and has waited as long as its payer usually takes is asked for once: a
task for the house, a mail to the practice, reminded twice. An EOB beside the claim ends it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backoffice.models.claims import Claim
from backoffice.models.document_work import WantedEob
from backoffice.models.documents import Document, DocumentKind, DocumentLink, DocumentState
from backoffice.models.payers import Payer
from backoffice.models.tasks import Task, TaskKind
from backoffice.rules.claim_status import ClaimStatus
from backoffice.services import audit, notifications, tasks
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.refusal import NotVisible
from backoffice.services.unbilled.reach import own_clinicians

REMINDED_AFTER: Final = (timedelta(days=7), timedelta(days=14))
"""When the practice is reminded, counted from asking."""
AT_ONCE: Final = 200


def payers(session: Session) -> Sequence[Payer]:
    """Return every payer, by name."""
    return session.scalars(select(Payer).order_by(Payer.name_key, Payer.id)).all()


def set_payment_reports(session: Session, payer_id: UUID, *, sends: bool) -> Payer:
    """Say whether a payer sends payment reports (ERAs) at all, for all practices; on record.

    Raises NotVisible where there is no such payer.
    """
    payer = session.get(Payer, payer_id, with_for_update=True)
    if payer is None:
        raise NotVisible
    if payer.era_supported is not sends:
        payer.era_supported = sends
        audit.record(
            session,
            "change",
            subject_kind="payer",
            subject_ids=[payer.id],
            practice_id=None,
            fields=["payers.era_supported"],
        )
    return payer


def look_after(session: Session, *, now: datetime) -> None:
    """Do what is due in the session's practice: end what came, ask for what is late, remind."""
    for wanted in session.scalars(_open(session).where(_eob_beside(WantedEob.claim_id))):
        _end(session, wanted, now=now)
    for claim in session.scalars(_late(session, now)):
        _ask(session, claim, now=now)
    for wanted in session.scalars(_open(session).where(WantedEob.next_at <= now)):
        _remind(session, wanted, now=now)


def settle(session: Session, document_id: UUID, *, now: datetime) -> None:
    """End the waiting for EOBs that this document may be: it was kept, linked or called an EOB."""
    beside = select(DocumentLink.claim_id).where(
        held(session, DocumentLink.practice_id),
        DocumentLink.document_id == document_id,
        DocumentLink.claim_id.is_not(None),
    )
    came = _open(session).where(WantedEob.claim_id.in_(beside), _eob_beside(WantedEob.claim_id))
    for wanted in session.scalars(came):
        _end(session, wanted, now=now)


def awaited(session: Session, person: Person) -> Sequence[Claim]:
    """Return the claims whose EOB is wanted of the practice, of those this person comes near."""
    query = (
        visible(session, Claim)
        .join(
            WantedEob,
            (WantedEob.practice_id == Claim.practice_id) & (WantedEob.claim_id == Claim.id),
        )
        .where(WantedEob.done_at.is_(None))
        .order_by(WantedEob.id)
        .limit(AT_ONCE)
    )
    own = own_clinicians(session, person)
    return session.scalars(query.where(Claim.clinician_id.in_(own)) if own else query).all()


def is_awaited(session: Session, claim: Claim) -> bool:
    """Return whether the EOB of a claim is wanted of its practice still."""
    return session.scalar(_open(session).where(WantedEob.claim_id == claim.id)) is not None


def _late(session: Session, now: datetime) -> Select[Claim]:
    """Return claims that nobody was asked about, accepted for longer than their payer takes."""
    usual = func.make_interval(0, 0, 0, Payer.answer_days)
    return (
        visible(session, Claim)
        .join(Payer, Payer.id == Claim.payer_id)
        .where(
            Claim.status == ClaimStatus.ACCEPTED,
            Payer.era_supported.is_(False),
            Claim.status_since + usual < now,
            ~_eob_beside(Claim.id),
            ~exists().where(
                WantedEob.practice_id == Claim.practice_id, WantedEob.claim_id == Claim.id
            ),
        )
        .order_by(Claim.id)
        .limit(AT_ONCE)
    )


def _eob_beside(claim_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Return the condition "an EOB that can be opened lies beside this claim of the practice"."""
    return claim_id.in_(
        select(DocumentLink.claim_id)
        .join(
            Document,
            (Document.practice_id == DocumentLink.practice_id)
            & (Document.id == DocumentLink.document_id),
        )
        .where(
            Document.kind == DocumentKind.EOB,
            Document.state == DocumentState.STORED,
            DocumentLink.claim_id.is_not(None),
        )
    )


def _open(session: Session) -> Select[WantedEob]:
    return visible(session, WantedEob).where(WantedEob.done_at.is_(None)).order_by(WantedEob.id)


def _ask(session: Session, claim: Claim, *, now: datetime) -> None:
    wanted = WantedEob(
        practice_id=claim.practice_id,
        claim_id=claim.id,
        created_at=now,
        next_at=now + REMINDED_AFTER[0],
    )
    session.add(wanted)
    session.flush()
    tasks.raise_once(
        session,
        claim.practice_id,
        TaskKind.EOB_WANTED,
        _cause(claim.id),
        now=now,
        claim_id=claim.id,
        owner_id=claim.owner_id,
    )
    notifications.eob_wanted(session, claim, reminder=0, now=now)


def _remind(session: Session, wanted: WantedEob, *, now: datetime) -> None:
    claim = session.scalars(visible(session, Claim).where(Claim.id == wanted.claim_id)).one()
    wanted.reminders += 1
    following = REMINDED_AFTER[wanted.reminders :]
    wanted.next_at = wanted.created_at + following[0] if following else None
    notifications.eob_wanted(session, claim, reminder=wanted.reminders, now=now)


def _end(session: Session, wanted: WantedEob, *, now: datetime) -> None:
    wanted.done_at, wanted.next_at = now, None
    query = visible(session, Task).where(Task.cause == _cause(wanted.claim_id))
    for task in session.scalars(query):
        tasks.done(session, task.id, by=None, now=now)


def _cause(claim_id: UUID) -> str:
    return f"eob_wanted:{claim_id}"
