"""Stores one payment of an 835 as a practice's rows, each claim and line matched to ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.edi import remittance_835 as edi
from backoffice.jobs import Job, ask_for
from backoffice.models.claims import ServiceLine
from backoffice.models.inbound import InboundTransaction, TransactionState
from backoffice.models.payers import Payer
from backoffice.models.remittances import (
    Adjustment,
    MatchState,
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from backoffice.models.submissions import Attempt
from backoffice.rules.money import ZERO, total
from backoffice.rules.posting import ReviewReason
from backoffice.services.access import visible
from backoffice.services.inbound.payment_keys import payment_key, payment_keys
from backoffice.services.remittances.matching import (
    BY_OUR_NUMBER,
    BY_PAYER_NUMBER,
    attempt_by_payer_number,
    attempts_by_our_number,
    elsewhere,
    match_lines,
)


def store(
    session: Session, transaction_id: UUID, read: edi.Remittance, *, now: datetime
) -> Remittance | None:
    """Keep a payment given to this practice and ask for it to be posted.

    The same payment a second time is the remittance that stands. None when the transaction is not
    this practice's to read.
    """
    transaction = session.get(InboundTransaction, transaction_id, with_for_update=True)
    if transaction is None or transaction.state is not TransactionState.ATTRIBUTED:
        return None
    keys = payment_keys(read.payment)
    known = visible(session, Remittance).where(Remittance.payment_key.in_(keys))
    if standing := session.scalars(known).one_or_none():
        return standing
    remittance = _head(session, transaction, read, now=now)
    session.add(remittance)
    session.flush()
    _store_provider_adjustments(session, remittance, read.provider_adjustments)
    stored = [
        _claim_rows(remittance, place, each) for place, each in enumerate(read.claims, start=1)
    ]
    _match(session, remittance, stored)
    # Parents first: the rows know each other by id only.
    for rows in (
        [each.claim for each in stored],
        [line for each in stored for line in each.lines],
        [adjustment for each in stored for adjustment in each.adjustments],
    ):
        session.add_all(rows)
        session.flush()
    ask_for(
        session,
        Job.POST_REMITTANCE,
        subject_id=remittance.id,
        practice_id=remittance.practice_id,
        due_at=now,
    )
    return remittance


def our_lines(session: Session, claim_ids: Sequence[UUID]) -> Mapping[UUID, list[ServiceLine]]:
    """The service lines of claims, in their order."""
    found: dict[UUID, list[ServiceLine]] = {}
    query = visible(session, ServiceLine).where(ServiceLine.claim_id.in_(set(claim_ids)))
    for line in session.scalars(query.order_by(ServiceLine.position)):
        found.setdefault(line.claim_id, []).append(line)
    return found


@dataclass(frozen=True)
class _Rows:
    """The rows of one decided claim."""

    claim: RemittanceClaim
    lines: list[RemittanceLine]
    adjustments: list[Adjustment]


def _head(
    session: Session, transaction: InboundTransaction, read: edi.Remittance, *, now: datetime
) -> Remittance:
    payment = read.payment
    return Remittance(
        practice_id=transaction.practice_id,
        transaction_id=transaction.id,
        payment_key=payment_key(payment),
        payer_id=_payer_of(session, payment.payer),
        payer_name=payment.payer.name,
        payer_identifier=payment.originator_id,
        trace_number=payment.trace_number,
        payment_method=payment.method,
        paid_on=payment.payment_date,
        check_amount=payment.payment_amount,
        provider_adjustment_amount=total(each.amount for each in read.provider_adjustments),
        posted_amount=ZERO,
        undistributed_amount=payment.payment_amount,
        claim_count=len(read.claims),
        received_at=now,
    )


def _payer_of(session: Session, payer: edi.RemittanceParty) -> UUID | None:
    """Our payer, by its electronic id (N1*PR, REF*2U) or its very name; None when in doubt."""
    ids = {payer.id, payer.reference("2U")} - {""}
    by_id = session.scalars(select(Payer.id).where(Payer.electronic_id.in_(ids))).all()
    if len(by_id) == 1:
        return by_id[0]
    named = select(Payer.id).where(Payer.name_key == func.lower(payer.name))
    by_name = session.scalars(named).all()
    return by_name[0] if len(by_name) == 1 else None


def _store_provider_adjustments(
    session: Session, remittance: Remittance, found: Sequence[edi.ProviderAdjustment]
) -> None:
    session.add_all(
        ProviderAdjustment(
            practice_id=remittance.practice_id,
            remittance_id=remittance.id,
            position=place,
            npi=each.provider_id,
            reason=each.reason,
            reference=each.reference,
            amount=each.amount,
            state=MatchState.REVIEW,
        )
        for place, each in enumerate(found, start=1)
    )


def _claim_rows(remittance: Remittance, place: int, read: edi.RemittanceClaim) -> _Rows:
    insured = read.insured or read.patient
    claim = RemittanceClaim(
        practice_id=remittance.practice_id,
        remittance_id=remittance.id,
        position=place,
        patient_control_number=read.patient_control_number,
        claim_outcome=read.outcome,
        charge_amount=read.charge_amount,
        paid_amount=read.paid_amount,
        patient_responsibility_amount=read.patient_responsibility or ZERO,
        payer_claim_control_number=read.payer_claim_control_number,
        client_name=_name_of(read.patient),
        member_id=insured.id if insured else "",
        remarks=list(read.remarks),
        state=MatchState.UNMATCHED,
        reasons=[],
    )
    rows = _Rows(claim, [], _adjustment_rows(claim, None, read.adjustments))
    for position, each in enumerate(read.lines, start=1):
        line = _line_row(claim, position, each, read)
        rows.lines.append(line)
        rows.adjustments.extend(_adjustment_rows(claim, line, each.adjustments))
    return rows


def _line_row(
    claim: RemittanceClaim, position: int, read: edi.RemittanceLine, whole: edi.RemittanceClaim
) -> RemittanceLine:
    return RemittanceLine(
        practice_id=claim.practice_id,
        remittance_claim_id=claim.id,
        position=position,
        line_control_number=read.line_control_number,
        procedure_code=read.procedure_code,
        modifiers=list(read.modifiers),
        submitted_procedure_code=read.submitted_procedure_code,
        units=read.units,
        served_on=read.first_day or whole.first_day,
        charge_amount=read.charge_amount,
        paid_amount=read.paid_amount,
        allowed_amount=read.allowed_amount,
        remarks=list(read.remarks),
        state=MatchState.UNMATCHED,
        reasons=[],
    )


def _adjustment_rows(
    claim: RemittanceClaim, line: RemittanceLine | None, found: Sequence[edi.Adjustment]
) -> list[Adjustment]:
    return [
        Adjustment(
            practice_id=claim.practice_id,
            remittance_claim_id=claim.id,
            remittance_line_id=line.id if line else None,
            position=place,
            group=each.group,
            reason=each.reason,
            amount=each.amount,
            quantity=each.quantity,
        )
        for place, each in enumerate(found, start=1)
    ]


def _name_of(person: edi.RemittancePerson | None) -> str:
    return ", ".join(each for each in (person.name, person.first_name) if each) if person else ""


def _match(session: Session, remittance: Remittance, stored: Sequence[_Rows]) -> None:
    numbers = [each.claim.patient_control_number for each in stored]
    attempts = attempts_by_our_number(session, numbers)
    foreign = elsewhere(session, remittance.practice_id, numbers)
    found = [(each, _attempt_of(session, each.claim, attempts, foreign)) for each in stored]
    lines_of = our_lines(session, [attempt.claim_id for _, attempt in found if attempt])
    for rows, attempt in found:
        if attempt is not None:
            rows.claim.claim_id, rows.claim.attempt_id = attempt.claim_id, attempt.id
            rows.claim.state = MatchState.REVIEW
            match_lines(rows.lines, lines_of.get(attempt.claim_id, []))
        else:
            theirs = rows.claim.patient_control_number in foreign
            why = ReviewReason.OTHER_PRACTICE if theirs else ReviewReason.UNKNOWN_CLAIM
            rows.claim.reasons = [why.value]


def _attempt_of(
    session: Session, claim: RemittanceClaim, attempts: Mapping[str, Attempt], foreign: set[str]
) -> Attempt | None:
    attempt = attempts.get(claim.patient_control_number)
    if attempt is not None:
        claim.matched_by = BY_OUR_NUMBER
    elif claim.patient_control_number not in foreign:
        attempt = attempt_by_payer_number(session, claim)
        claim.matched_by = BY_PAYER_NUMBER if attempt else ""
    return attempt
