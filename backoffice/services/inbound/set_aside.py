"""What came in and waits for an administrator: files set aside, payments without a practice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models.inbound import (
    InboundFile,
    InboundKind,
    InboundResponse,
    InboundState,
    InboundTransaction,
    ResponseState,
    TransactionState,
)
from backoffice.rules.money import ZERO
from backoffice.services import audit

MOST_SHOWN = 200


@dataclass(frozen=True)
class SetAside:
    """Everything that waits. Amounts are checks' (BPR02)."""

    files: tuple[InboundFile, ...]
    quarantined: tuple[InboundTransaction, ...]
    unattributed: tuple[InboundTransaction, ...]
    unattributed_amount: Decimal
    unmatched_responses: int
    oldest_at: datetime | None


def set_aside(session: Session) -> SetAside:
    """Gather what house work sees; newest first."""
    files = _files(session)
    quarantined = _transactions(session, TransactionState.QUARANTINED)
    unattributed = _transactions(session, TransactionState.UNATTRIBUTED)
    amounts = select(func.sum(InboundTransaction.check_amount)).where(
        InboundTransaction.state == TransactionState.UNATTRIBUTED
    )
    responses = select(func.count()).where(InboundResponse.state == ResponseState.UNMATCHED)
    waiting = [*(each.received_at for each in files), *(each.created_at for each in unattributed)]
    return SetAside(
        files=tuple(files),
        quarantined=tuple(quarantined),
        unattributed=tuple(unattributed),
        unattributed_amount=session.scalar(amounts) or ZERO,
        unmatched_responses=session.scalar(responses) or 0,
        oldest_at=min(waiting, default=None),
    )


def raw_file(session: Session, file_id: UUID) -> InboundFile | None:
    """One file as it came, put on record: it may hold the data of several practices."""
    file = session.get(InboundFile, file_id)
    if file is not None:
        audit.record(
            session,
            "read_raw",
            subject_kind="inbound_file",
            subject_ids=[file.id],
            practice_id=file.practice_id,
        )
    return file


def _files(session: Session) -> Sequence[InboundFile]:
    query = (
        select(InboundFile)
        .where(
            InboundFile.state == InboundState.QUARANTINED,
            InboundFile.kind != InboundKind.RESPONSES,
        )
        .order_by(InboundFile.id.desc())
        .limit(MOST_SHOWN)
    )
    return session.scalars(query).all()


def _transactions(session: Session, state: TransactionState) -> Sequence[InboundTransaction]:
    query = (
        select(InboundTransaction)
        .where(InboundTransaction.state == state)
        .order_by(InboundTransaction.id.desc())
        .limit(MOST_SHOWN)
    )
    return session.scalars(query).all()
