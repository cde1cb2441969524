"""What earlier payers decided, for a later payer's claim (loops 2320 and 2430)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.remittances import (
    Adjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from backoffice.rules.claim_facts import (
    AdjustmentFacts,
    LineAdjudicationFacts,
    OtherPayerFacts,
)
from backoffice.rules.remittance_facts import DECIDED_AS, DENIED_OUTRIGHT
from backoffice.services.access import held, one, visible
from backoffice.services.claims.people import coverage_facts

Decisions = dict[UUID, tuple[LineAdjudicationFacts, ...]]
"""By appointment line: what each earlier payer decided on it."""


def other_payers_of(
    session: Session, claim: Claim
) -> tuple[tuple[OtherPayerFacts, ...], Decisions]:
    """Return the payers before this claim's and their decisions on its lines.

    A payer that hasn't answered yet brings no decision; the scrub then holds the claim back.
    """
    others: list[OtherPayerFacts] = []
    decisions: Decisions = {}
    earlier_id, seen = claim.primary_claim_id, {claim.id}
    while earlier_id is not None and earlier_id not in seen:
        seen.add(earlier_id)
        earlier = one(session, Claim, earlier_id)
        decided = _latest_decision(session, earlier)
        others.append(_other(session, earlier, decided))
        if decided is not None:
            for line_id, decision in _line_decisions(session, earlier, *decided):
                decisions[line_id] = (*decisions.get(line_id, ()), decision)
        earlier_id = earlier.primary_claim_id
    return tuple(others), decisions


def decided_on(session: Session, claim: Claim) -> date | None:
    """Return the day of a payer's newest decision on a claim; a later payer's clock starts then."""
    decided = _latest_decision(session, claim)
    return None if decided is None else decided[1].paid_on


def _latest_decision(session: Session, claim: Claim) -> tuple[RemittanceClaim, Remittance] | None:
    """Return the payer's newest word on a claim; reversals and forwards decide nothing."""
    query = (
        select(RemittanceClaim, Remittance)
        .join(
            Remittance,
            (Remittance.practice_id == RemittanceClaim.practice_id)
            & (Remittance.id == RemittanceClaim.remittance_id),
        )
        .where(
            held(session, RemittanceClaim.practice_id),
            RemittanceClaim.claim_id == claim.id,
            RemittanceClaim.claim_outcome.in_([*DECIDED_AS, DENIED_OUTRIGHT]),
        )
        .order_by(Remittance.received_at.desc(), RemittanceClaim.position.desc())
        .limit(1)
    )
    found = session.execute(query).first()
    return None if found is None else (found[0], found[1])


def _other(
    session: Session, earlier: Claim, decided: tuple[RemittanceClaim, Remittance] | None
) -> OtherPayerFacts:
    coverage = coverage_facts(
        earlier.policy, earlier.payer, earlier.client, order=earlier.payer_order
    )
    if decided is None:
        return OtherPayerFacts(coverage=coverage)
    claim, remittance = decided
    of_claim = Adjustment.remittance_line_id.is_(None)
    return OtherPayerFacts(
        coverage=coverage,
        paid_amount=claim.paid_amount,
        remaining_patient_amount=claim.patient_responsibility_amount or None,
        adjudicated_on=remittance.paid_on or remittance.received_at.date(),
        payer_claim_control_number=claim.payer_claim_control_number,
        adjustments=_adjustments(_adjustments_of(session, claim, of_claim)),
    )


def _line_decisions(
    session: Session, earlier: Claim, claim: RemittanceClaim, remittance: Remittance
) -> Iterable[tuple[UUID, LineAdjudicationFacts]]:
    ours = {
        line.id: line
        for line in session.scalars(
            visible(session, ServiceLine).where(ServiceLine.claim_id == earlier.id)
        )
    }
    lines = visible(session, RemittanceLine).where(
        RemittanceLine.remittance_claim_id == claim.id, RemittanceLine.service_line_id.in_(ours)
    )
    for line in session.scalars(lines.order_by(RemittanceLine.position)):
        own = ours[line.service_line_id] if line.service_line_id else None
        if own is None:
            continue
        of_line = Adjustment.remittance_line_id == line.id
        yield (
            own.appointment_line_id,
            LineAdjudicationFacts(
                payer_id=earlier.payer.electronic_id or "",
                paid_amount=line.paid_amount,
                procedure_code=line.procedure_code,
                modifiers=tuple(line.modifiers),
                units=line.units if line.units is not None else Decimal(own.units),
                adjustments=_adjustments(_adjustments_of(session, claim, of_line)),
                adjudicated_on=remittance.paid_on or remittance.received_at.date(),
            ),
        )


def _adjustments_of(
    session: Session, claim: RemittanceClaim, condition: ColumnElement[bool]
) -> list[Adjustment]:
    query = visible(session, Adjustment).where(
        Adjustment.remittance_claim_id == claim.id, condition
    )
    return list(session.scalars(query.order_by(Adjustment.position)))


def _adjustments(rows: Iterable[Adjustment]) -> tuple[AdjustmentFacts, ...]:
    return tuple(AdjustmentFacts(row.group, row.reason, row.amount, row.quantity) for row in rows)
