"""The day at a glance: what waits in each queue, what to decide first, what has changed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from backoffice.models.appointments import Appointment, UnbilledTotal, WaitingOn
from backoffice.models.base import MoneyInCents
from backoffice.models.claims import Claim, ClaimStep
from backoffice.models.remittances import (
    Adjustment,
    Remittance,
    RemittanceClaim,
    RemittanceState,
)
from backoffice.rules.adjustments import words_for
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.rules.money import ZERO, total
from backoffice.rules.readiness import Readiness
from backoffice.services.access import held, visible
from backoffice.services.unbilled.choosing import risk_key

MOST_ROWS = 40
LOOK_BACK = timedelta(days=1)
SOON = timedelta(days=7)
US_TO_ACT = (ClaimStatus.SCRUB, ClaimStatus.REJECTED, ClaimStatus.DENIED, ClaimStatus.REOPENED)


class Waiting(StrEnum):
    """A queue of the day."""

    ERAS = "eras"
    REJECTED = "rejected"
    DENIED = "denied"
    SCRUB = "scrub"
    NEEDS_REVIEW = "needs_review"
    READY = "ready"
    MISSING = "missing"
    HELD = "held"
    FILING_SOON = "filing_soon"
    UNDISTRIBUTED = "undistributed"
    NO_ANSWER = "no_answer"
    PREPARED = "prepared"


OURS = (
    Waiting.ERAS,
    Waiting.REJECTED,
    Waiting.DENIED,
    Waiting.SCRUB,
    Waiting.READY,
    Waiting.PREPARED,
)
"""Queues that wait for us and share no row; Missing and Held wait for others."""


@dataclass(frozen=True)
class Heap:
    """How much waits in one queue and how old the oldest is."""

    count: int
    amount: Decimal
    oldest: date | datetime | None = None


@dataclass(frozen=True)
class ToDecide:
    """One row of the ranked queue: a claim, an ERA, or a practice's ready appointments."""

    kind: Waiting
    id: UUID
    practice_id: UUID
    client_name: str | None
    payer_name: str | None
    amount: Decimal
    due_on: date | None
    reason: str
    count: int
    rank: int


@dataclass(frozen=True)
class Change:
    """Claims that came to one status in the last day."""

    status: ClaimStatus
    count: int
    amount: Decimal
    at: datetime


def heaps(session: Session, *, today: date, now: datetime) -> dict[Waiting, Heap]:
    """Count every queue of the day for the practices this session sees."""
    found = _unbilled(session, today) | _claims(session, now) | _remittances(session)
    return {kind: found.get(kind, Heap(0, ZERO)) for kind in Waiting}


def _unbilled(session: Session, today: date) -> dict[Waiting, Heap]:
    oldest = dict(
        session.execute(
            select(Appointment.readiness, func.min(Appointment.served_on))
            .where(held(session, Appointment.practice_id), Appointment.unbilled)
            .group_by(Appointment.readiness)
        ).all()
    )
    rows = session.execute(
        select(
            UnbilledTotal.readiness,
            func.sum(UnbilledTotal.appointments),
            _money(UnbilledTotal.charge_amount),
        )
        .where(held(session, UnbilledTotal.practice_id))
        .group_by(UnbilledTotal.readiness)
    )
    found = {
        Waiting(readiness.value): Heap(int(count), amount, oldest.get(readiness))
        for readiness, count, amount in rows
    }
    soon = session.execute(
        select(func.count(), _money(Appointment.charge_amount), func.min(Appointment.deadline_on))
        .where(held(session, Appointment.practice_id), Appointment.unbilled)
        .where(Appointment.deadline_on.between(today, today + SOON))
    ).one()
    return found | {Waiting.FILING_SOON: Heap(soon[0], soon[1], soon[2])}


def _claims(session: Session, now: datetime) -> dict[Waiting, Heap]:
    def heap(condition: ColumnElement[bool] | InstrumentedAttribute[bool]) -> Heap:
        count, amount, oldest = session.execute(
            select(func.count(), _money(Claim.charge_amount), func.min(Claim.status_since)).where(
                held(session, Claim.practice_id), condition
            )
        ).one()
        return Heap(count, amount, oldest)

    silent = Claim.status.in_([ClaimStatus.SUBMITTED, ClaimStatus.RECEIVED, ClaimStatus.ACCEPTED])
    return {
        Waiting.REJECTED: heap(Claim.status == ClaimStatus.REJECTED),
        Waiting.DENIED: heap(Claim.status == ClaimStatus.DENIED),
        Waiting.SCRUB: heap(Claim.status == ClaimStatus.SCRUB),
        Waiting.PREPARED: heap(Claim.status == ClaimStatus.PREPARED),
        Waiting.NEEDS_REVIEW: heap(Claim.needs_review),
        Waiting.NO_ANSWER: heap(silent & (Claim.status_since < now - timedelta(days=30))),
    }


def _remittances(session: Session) -> dict[Waiting, Heap]:
    def heap(amount: InstrumentedAttribute[Decimal], condition: ColumnElement[bool]) -> Heap:
        count, total, oldest = session.execute(
            select(func.count(), _money(amount), func.min(Remittance.received_at)).where(
                held(session, Remittance.practice_id), condition
            )
        ).one()
        return Heap(count, total, oldest)

    review = Remittance.state == RemittanceState.NEEDS_REVIEW
    left = Remittance.undistributed_amount
    return {
        Waiting.ERAS: heap(Remittance.check_amount, review),
        Waiting.UNDISTRIBUTED: heap(left, left != ZERO),
    }


def _money(column: InstrumentedAttribute[Decimal]) -> ColumnElement[Decimal]:
    """Return the sum of a money column, 0.00 where there is nothing to add."""
    return func.coalesce(func.sum(column), literal(ZERO, MoneyInCents()), type_=MoneyInCents())


def to_decide(session: Session, *, today: date) -> list[ToDecide]:
    """Return what to decide first: money at risk x closeness of deadline, highest first."""
    rows = [
        *_claims_to_decide(session, today),
        *_eras_to_decide(session, today),
        *_ready_by_practice(session, today),
    ]
    return sorted(rows, key=lambda row: row.rank, reverse=True)[:MOST_ROWS]


def _claims_to_decide(session: Session, today: date) -> list[ToDecide]:
    query = (
        visible(session, Claim)
        .where(or_(Claim.status.in_(US_TO_ACT), Claim.needs_review))
        .options(joinedload(Claim.client), joinedload(Claim.payer))
        .order_by(Claim.filing_deadline_on, Claim.id)
        .limit(10 * MOST_ROWS)
    )
    found = list(session.scalars(query))
    reasons = _words_of_rejections(session, found) | _codes_of_denials(session, found)
    return [_claim_row(claim, reasons.get(claim.id, "")) for claim in found]


def _words_of_rejections(session: Session, found: list[Claim]) -> dict[UUID, str]:
    """Return what was said as claims were rejected, the latest word of each."""
    ids = [claim.id for claim in found if claim.status is ClaimStatus.REJECTED]
    query = (
        visible(session, ClaimStep)
        .where(ClaimStep.claim_id.in_(ids), ClaimStep.event == ClaimEvent.REJECTED)
        .where(ClaimStep.words_sealed.is_not(None) | (ClaimStep.words_plain != ""))
        .ext(distinct_on(ClaimStep.claim_id))
        .order_by(ClaimStep.claim_id, ClaimStep.id.desc())
    )
    return {step.claim_id: step.words or "" for step in session.scalars(query)}


def _codes_of_denials(session: Session, found: list[Claim]) -> dict[UUID, str]:
    """Return why claims were denied: the largest adjustment of each one's latest remittance."""
    ids = [claim.id for claim in found if claim.status is ClaimStatus.DENIED]
    query = (
        select(RemittanceClaim.claim_id, Adjustment.group, Adjustment.reason)
        .join(
            Adjustment,
            (Adjustment.practice_id == RemittanceClaim.practice_id)
            & (Adjustment.remittance_claim_id == RemittanceClaim.id),
        )
        .where(held(session, RemittanceClaim.practice_id), RemittanceClaim.claim_id.in_(ids))
        .ext(distinct_on(RemittanceClaim.claim_id))
        .order_by(RemittanceClaim.claim_id, RemittanceClaim.id.desc(), Adjustment.amount.desc())
    )
    return {
        claim_id: f"{group}-{reason} {words_for(reason)}"
        for claim_id, group, reason in session.execute(query)
        if claim_id
    }


def _claim_row(claim: Claim, reason: str) -> ToDecide:
    open_for = {ClaimStatus.DENIED: claim.corrected_deadline_on}
    due = open_for.get(claim.status) or claim.filing_deadline_on
    kind = Waiting.NEEDS_REVIEW
    if claim.status in US_TO_ACT and claim.status is not ClaimStatus.REOPENED:
        kind = Waiting(claim.status.value)
    amount = claim.balance_amount or claim.charge_amount
    return ToDecide(
        kind=kind,
        id=claim.id,
        practice_id=claim.practice_id,
        client_name=claim.client.name,
        payer_name=claim.payer.short_name,
        amount=amount,
        due_on=due,
        reason=reason or (claim.review_reason if kind is Waiting.NEEDS_REVIEW else ""),
        count=1,
        rank=risk_key(amount, due, claim.first_day),
    )


def _eras_to_decide(session: Session, today: date) -> list[ToDecide]:
    query = (
        visible(session, Remittance)
        .where(Remittance.state == RemittanceState.NEEDS_REVIEW)
        .order_by(Remittance.id)
        .limit(MOST_ROWS)
    )
    due = today + timedelta(days=1)  # money that is here already: ranked as if due tomorrow
    return [
        ToDecide(
            kind=Waiting.ERAS,
            id=row.id,
            practice_id=row.practice_id,
            client_name=None,
            payer_name=row.payer_name,
            amount=row.undistributed_amount,
            due_on=None,
            reason="",
            count=row.claim_count,
            rank=risk_key(row.undistributed_amount, due, today),
        )
        for row in session.scalars(query)
    ]


def _ready_by_practice(session: Session, today: date) -> list[ToDecide]:
    rows = session.execute(
        select(
            Appointment.practice_id,
            func.count(),
            _money(Appointment.charge_amount),
            func.min(Appointment.deadline_on),
        )
        .where(held(session, Appointment.practice_id), Appointment.unbilled)
        .where(Appointment.readiness == Readiness.READY)
        .group_by(Appointment.practice_id)
    )
    return [
        ToDecide(
            kind=Waiting.READY,
            id=practice_id,
            practice_id=practice_id,
            client_name=None,
            payer_name=None,
            amount=amount,
            due_on=due,
            reason="",
            count=count,
            rank=risk_key(amount, due, today),
        )
        for practice_id, count, amount, due in rows
    ]


def changes(session: Session, *, now: datetime) -> list[Change]:
    """Return what claims came to in the last day, newest first."""
    rows = session.execute(
        select(
            ClaimStep.to_status,
            func.count(ClaimStep.claim_id.distinct()),
            _money(Claim.charge_amount),
            func.max(ClaimStep.at),
        )
        .join(
            Claim,
            (Claim.practice_id == ClaimStep.practice_id) & (Claim.id == ClaimStep.claim_id),
        )
        .where(held(session, ClaimStep.practice_id), ClaimStep.moved)
        .where(ClaimStep.at > now - LOOK_BACK)
        .group_by(ClaimStep.to_status)
        .order_by(func.max(ClaimStep.at).desc())
    )
    return [Change(*row) for row in rows]


def waiting_on(kind: Waiting) -> WaitingOn:
    """Who must act: what a person of ours decides is ours."""
    return WaitingOn.PRACTICE if kind in {Waiting.MISSING, Waiting.HELD} else WaitingOn.US


def with_me(waiting: dict[Waiting, Heap]) -> Heap:
    """Add up what people of ours have to decide; each claim and appointment counts once."""
    ours = [heap for kind, heap in waiting.items() if kind in OURS]
    return Heap(sum(heap.count for heap in ours), total(heap.amount for heap in ours))
