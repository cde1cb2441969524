"""Turns stored rows into the facts that the rules judge: what was decided, and what is on books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.ledger import Posting
from backoffice.models.remittances import Adjustment, RemittanceClaim, RemittanceLine
from backoffice.rules.adjustments import Meaning, meaning_of
from backoffice.rules.claim_facts import AdjustmentFacts, PayerOrder
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.money import ZERO, total
from backoffice.rules.posting import (
    Account,
    ClaimOnBooks,
    LineOnBooks,
    PostingTerms,
    payer_receivable,
)
from backoffice.rules.posting.accounts import DENIED_UNDECIDED, PATIENT_RECEIVABLE
from backoffice.rules.remittance_facts import AdjudicatedClaim, AdjudicatedLine
from backoffice.services import postings
from backoffice.services.access import held, visible
from backoffice.services.remittances.storing import our_lines

NEXT = {PayerOrder.PRIMARY: PayerOrder.SECONDARY, PayerOrder.SECONDARY: PayerOrder.TERTIARY}


@dataclass(frozen=True)
class Decided:
    """One claim of a remittance: its row, its lines' rows and what they say."""

    row: RemittanceClaim
    lines: tuple[RemittanceLine, ...]
    facts: AdjudicatedClaim


def decided_of(session: Session, rows: Sequence[RemittanceClaim]) -> list[Decided]:
    """What remittance claims say, read with as few questions as one claim needs."""
    ids = [row.id for row in rows]
    by_claim: dict[UUID, list[RemittanceLine]] = {each: [] for each in ids}
    lines = visible(session, RemittanceLine).where(RemittanceLine.remittance_claim_id.in_(ids))
    for line in session.scalars(lines.order_by(RemittanceLine.position)):
        by_claim[line.remittance_claim_id].append(line)
    adjustments = _adjustments(session, ids)
    return [_decided(row, by_claim[row.id], adjustments) for row in rows]


def terms_for(session: Session, claim: Claim, facts: AdjudicatedClaim) -> PostingTerms:
    """Under which terms a claim's lines are posted: whose turn, and who owes the client's share.

    The next payer does while it has the claim: passed on by this one, or billed by us already.
    """
    return PostingTerms(order=claim.payer_order, patient_to=_owes_next(session, claim, facts))


def books_of(
    session: Session,
    claim: Claim,
    decided: Decided,
    *,
    answered_here: set[UUID],
) -> ClaimOnBooks:
    """Our side of a decided claim. `answered_here`: our lines that this remittance answers."""
    ours = {each.id: each for each in our_lines(session, [claim.id]).get(claim.id, [])}
    owed = postings.open_with(session, claim, payer_receivable(claim.payer_order))
    posted = posted_decisions(session, list(ours), but_not_of=decided.row.id)
    matched = [
        ours.get(each.service_line_id) if each.service_line_id else None for each in decided.lines
    ]
    return ClaimOnBooks(
        lines=tuple(
            _on_books(our, owed.get(our.id, ZERO), posted.get(our.id)) if our else None
            for our in matched
        ),
        unanswered=len(ours.keys() - answered_here - posted.keys()),
        closed=claim.status is ClaimStatus.VOIDED,
    )


def posted_decisions(
    session: Session, service_line_ids: Sequence[UUID], *, but_not_of: UUID | None = None
) -> dict[UUID, tuple[Posting, AdjudicatedLine]]:
    """The payer's decision on each of our lines that stands in the ledger, with its posting."""
    query = visible(session, RemittanceLine).where(
        RemittanceLine.service_line_id.in_(service_line_ids)
    )
    rows = {
        each.id: each for each in session.scalars(query) if each.remittance_claim_id != but_not_of
    }
    standing = postings.standing_of(session, rows)
    adjustments = _adjustments(session, [rows[each].remittance_claim_id for each in standing])
    found: dict[UUID, tuple[Posting, AdjudicatedLine]] = {}
    for line_id, posting in sorted(standing.items(), key=lambda each: each[1].id):
        row = rows[line_id]
        if row.service_line_id is not None:
            found[row.service_line_id] = (posting, _line_facts(row, adjustments))
    return found


def foldable(decided: Decided) -> AdjudicatedLine | None:
    """The one line of a claim with what was adjusted on the claim as a whole put on it.

    Exact for a claim of a single line; with more lines nobody can say which one it belongs to.
    """
    if len(decided.lines) != 1:
        return None
    (line,) = decided.facts.lines
    own = decided.facts.adjustments
    paid = line.paid_amount - total(each.amount for each in own)
    return replace(line, paid_amount=paid, adjustments=(*line.adjustments, *own))


def remaining_of(session: Session, claim: Claim) -> tuple[Decimal, Decimal, Decimal]:
    """What the ledger still holds of this claim: paid, the client's share, denied."""
    amounts = postings.amounts_of(session, claim)
    denied = total(postings.open_with(session, claim, DENIED_UNDECIDED).values())
    return amounts.insurance_paid, amounts.client_share, denied


_Adjustments = Mapping[UUID | None, Mapping[UUID, tuple[AdjustmentFacts, ...]]]


def _adjustments(session: Session, remittance_claim_ids: Sequence[UUID]) -> _Adjustments:
    """By line (None: of the claim as a whole), then by remittance claim."""
    query = visible(session, Adjustment).where(
        Adjustment.remittance_claim_id.in_(set(remittance_claim_ids))
    )
    found: dict[UUID | None, dict[UUID, tuple[AdjustmentFacts, ...]]] = {}
    for row in session.scalars(query.order_by(Adjustment.position)):
        facts = AdjustmentFacts(row.group, row.reason, row.amount, row.quantity)
        of_line = found.setdefault(row.remittance_line_id, {})
        earlier = of_line.get(row.remittance_claim_id, ())
        of_line[row.remittance_claim_id] = (*earlier, facts)
    return found


def _decided(
    row: RemittanceClaim, lines: Sequence[RemittanceLine], adjustments: _Adjustments
) -> Decided:
    facts = AdjudicatedClaim(
        patient_control_number=row.patient_control_number,
        status_code=row.claim_outcome,
        charge_amount=row.charge_amount,
        paid_amount=row.paid_amount,
        lines=tuple(_line_facts(line, adjustments) for line in lines),
        adjustments=adjustments.get(None, {}).get(row.id, ()),
        patient_amount=row.patient_responsibility_amount,
        payer_claim_control_number=row.payer_claim_control_number,
    )
    return Decided(row, tuple(lines), facts)


def _line_facts(row: RemittanceLine, adjustments: _Adjustments) -> AdjudicatedLine:
    return AdjudicatedLine(
        charge_amount=row.charge_amount,
        paid_amount=row.paid_amount,
        adjustments=adjustments.get(row.id, {}).get(row.remittance_claim_id, ()),
        procedure_code=row.procedure_code,
        modifiers=tuple(row.modifiers),
        submitted_procedure_code=row.submitted_procedure_code,
        line_control_number=row.line_control_number,
    )


def _on_books(
    our: ServiceLine, owed: Decimal, posted: tuple[Posting, AdjudicatedLine] | None
) -> LineOnBooks:
    return LineOnBooks(
        charge_amount=our.charge_amount,
        procedure_code=our.procedure_code,
        receivable=owed,
        modifiers=tuple(our.modifiers),
        posted=posted[1] if posted else None,
    )


def _owes_next(session: Session, claim: Claim, facts: AdjudicatedClaim) -> Account:
    following = NEXT.get(claim.payer_order)
    if following is None:
        return PATIENT_RECEIVABLE
    first = claim.primary_claim_id or claim.id
    billed = select(Claim.id).where(
        held(session, Claim.practice_id),
        Claim.primary_claim_id == first,
        Claim.payer_order == following,
        Claim.status != ClaimStatus.VOIDED,
    )
    if facts.crossed_over or session.scalar(billed.limit(1)) is not None:
        return payer_receivable(following)
    return PATIENT_RECEIVABLE


def shared_by(line: AdjudicatedLine, order: PayerOrder) -> Decimal:
    """The client's share of a line, by what its adjustments mean."""
    return total(
        each.amount
        for each in line.adjustments
        if meaning_of(each.group, each.reason, order=order) is Meaning.PATIENT
    )


def leaves_denied(line: AdjudicatedLine, order: PayerOrder) -> bool:
    """Whether something of a line is a person's to decide: nobody's by its code alone."""
    return any(
        meaning_of(each.group, each.reason, order=order) is Meaning.REVIEW
        for each in line.adjustments
        if each.amount != 0
    )
