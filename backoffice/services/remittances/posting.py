"""Posts a remittance: clean lines by themselves, denied ones kept receivable, the rest waits.

May run any number of times: what is posted stays posted, what waited is judged again.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import all_, literal, or_, select
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.claims import Claim, ClaimStep, StepSource
from backoffice.models.ledger import Posting
from backoffice.models.payers import Payer
from backoffice.models.practices import Practice
from backoffice.models.remittances import (
    MatchState,
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
    RemittanceState,
)
from backoffice.models.submissions import Attempt
from backoffice.rules.answers import Decision, Unclear, decision_of, event_of_ledger
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.dates import deadline_after_remittance, today_in
from backoffice.rules.posting import (
    REVIEW_WORDS,
    ClaimReview,
    PostingTerms,
    ReviewReason,
    kept_as_denied,
    review_claim,
    review_provider_adjustment,
)
from backoffice.rules.posting.checks import provider_adjustment
from backoffice.rules.remittance_facts import AdjudicatedLine
from backoffice.rules.remittance_facts import ProviderAdjustment as ProviderAdjustmentFacts
from backoffice.services import postings
from backoffice.services.access import held, one, visible
from backoffice.services.claims.steps import advance, ask_for_person, locked
from backoffice.services.remittances.facts import (
    Decided,
    books_of,
    decided_of,
    posted_decisions,
    remaining_of,
    terms_for,
)

HELD = "held"  # a person wants to look again
UNPOSTED = "unposted"  # a person took the posting back
UNAPPLIED = "unapplied"  # the money of an unmatched claim is parked
TAKEN_BACK = "taken_back"  # the payer took the decision back

_ASKED = "Its remittance needs a decision"
_BY_PERSON = {HELD, UNPOSTED}
# Posted although a person is to look: the money stays receivable, as denied and undecided.
_DENIED = {ReviewReason.DENIED_LINE, ReviewReason.DENIED_CLAIM}
# The status of a claim does not follow a decision that may not be about it.
_DOUBTFUL = {ReviewReason.ORDER_DIFFERS, ReviewReason.OTHER_PRACTICE}


@dataclass(frozen=True)
class _Check:
    """One run over a remittance: its row, and our lines that its claims answer."""

    remittance: Remittance
    answered: dict[UUID, set[UUID]]
    now: datetime

    def occasion(self, line: RemittanceLine) -> postings.Occasion:
        """What brings a line's posting about."""
        return postings.Occasion(self.now, self.remittance.id, line.id)


def post_remittance(session: Session, remittance_id: UUID, *, now: datetime) -> Remittance:
    """Post what is clean, say why the rest waits, and move the claims; one worker at a time."""
    remittance = one(session, Remittance, remittance_id, lock=True)
    rows = _claims_of(session, remittance)
    check = _Check(remittance, _answered(session, rows), now)
    claims = {each.id: each for each in locked(session, _families(session, rows))}
    # Whatever is taken back is taken back before anything is decided anew.
    for row in sorted(rows, key=lambda each: each.claim_outcome != "22"):
        if row.claim_id is not None and row.state is not MatchState.POSTED:
            post_claim(session, check, decided_of(session, [row])[0], claims[row.claim_id])
    _post_provider_adjustments(session, check)
    settle(session, remittance)
    return remittance


def post_matched(session: Session, row: RemittanceClaim, *, now: datetime) -> None:
    """Post one claim of a remittance that a person has just matched, as far as it is clean."""
    remittance = one(session, Remittance, row.remittance_id, lock=True)
    check = _Check(remittance, _answered(session, _claims_of(session, remittance)), now)
    claims = {each.id: each for each in locked(session, _families(session, [row]))}
    if row.claim_id is not None:
        post_claim(session, check, decided_of(session, [row])[0], claims[row.claim_id])
    settle(session, remittance)


def post_claim(session: Session, check: _Check, decided: Decided, claim: Claim) -> None:
    """Post one decided claim as far as it is clean and tell the claim what was decided."""
    if claim.primary_claim_id is None and not postings.is_charged(session, claim):
        postings.charge(session, claim, now=check.now)
    terms = terms_for(session, claim, decided.facts)
    books = books_of(session, claim, decided, answered_here=check.answered.get(claim.id, set()))
    review = review_claim(decided.facts, books, terms)
    if decided.facts.is_reversal:
        _take_back(session, check, decided, claim, review)
        return
    _post_lines(session, check, decided, claim, review, terms)
    _tell(session, check, decided, claim, review)
    _ask_for_waiting_payers(session, check, claim)


def settle(session: Session, remittance: Remittance) -> None:
    """Bring a remittance's amounts and state to what its postings and lines say."""
    session.flush()
    remittance.posted_amount = postings.cash_of(session, remittance.id, of_claims=True)
    moved = postings.cash_of(session, remittance.id)
    remittance.undistributed_amount = remittance.check_amount - moved
    open_claims = _some_open(session, RemittanceClaim, remittance.id)
    open_adjustments = _some_open(session, ProviderAdjustment, remittance.id)
    whole = not open_claims and not open_adjustments and remittance.undistributed_amount == 0
    remittance.state = RemittanceState.POSTED if whole else RemittanceState.NEEDS_REVIEW
    session.flush()


def stop_asking(claim: Claim) -> None:
    """All of a claim's remittance is decided; what else was asked about it stays."""
    claim.review_reason = re.sub(rf"{_ASKED}[^.]*\.\s*", "", claim.review_reason).strip()
    claim.needs_review = bool(claim.review_reason)


def settle_claim(row: RemittanceClaim, lines: Sequence[RemittanceLine]) -> None:
    """A decided claim is posted when all of its lines are."""
    done = bool(lines) and all(each.state is MatchState.POSTED for each in lines)
    row.state = MatchState.POSTED if done else MatchState.REVIEW


def _claims_of(session: Session, remittance: Remittance) -> list[RemittanceClaim]:
    query = visible(session, RemittanceClaim).where(RemittanceClaim.remittance_id == remittance.id)
    return list(session.scalars(query.order_by(RemittanceClaim.position)))


def _answered(session: Session, rows: Iterable[RemittanceClaim]) -> dict[UUID, set[UUID]]:
    """Our lines that these claims answer, by our claim: one claim may come in several parts."""
    by_row = {row.id: row.claim_id for row in rows if row.claim_id}
    query = select(RemittanceLine.remittance_claim_id, RemittanceLine.service_line_id).where(
        held(session, RemittanceLine.practice_id),
        RemittanceLine.remittance_claim_id.in_(by_row),
        RemittanceLine.service_line_id.is_not(None),
    )
    found: dict[UUID, set[UUID]] = {}
    for row_id, line_id in session.execute(query):
        if line_id is not None:
            found.setdefault(by_row[row_id], set()).add(line_id)
    return found


def _families(session: Session, rows: Iterable[RemittanceClaim]) -> set[UUID]:
    """The claims of these rows with the earlier and later payers' claims for the same services."""
    ids = {row.claim_id for row in rows if row.claim_id}
    query = select(Claim.id, Claim.primary_claim_id).where(
        held(session, Claim.practice_id),
        or_(Claim.id.in_(ids), Claim.primary_claim_id.in_(ids)),
    )
    return {each for pair in session.execute(query) for each in pair if each}


def _post_lines(
    session: Session,
    check: _Check,
    decided: Decided,
    claim: Claim,
    review: ClaimReview,
    terms: PostingTerms,
) -> None:
    blocked = set(review.reasons) - _DENIED
    standing = postings.standing_of(session, [line.id for line in decided.lines])
    for line, facts, reasons in zip(decided.lines, decided.facts.lines, review.lines, strict=True):
        if line.id in standing or _BY_PERSON & set(line.reasons):
            continue
        line.reasons = [each.value for each in reasons]
        line.state = MatchState.REVIEW
        if not blocked and not set(reasons) - _DENIED:
            _post_one_line(session, check, claim, line, facts, terms)
    decided.row.reasons = [each.value for each in review.reasons]
    settle_claim(decided.row, decided.lines)


def _post_one_line(
    session: Session,
    check: _Check,
    claim: Claim,
    line: RemittanceLine,
    facts: AdjudicatedLine,
    terms: PostingTerms,
) -> None:
    if line.service_line_id is None:
        return
    decisions = kept_as_denied(facts, terms)
    kept = PostingTerms(
        order=terms.order,
        also_contractual=terms.also_contractual,
        decisions=decisions,
        patient_to=terms.patient_to,
    )
    postings.post_line(session, claim, line.service_line_id, facts, kept, check.occasion(line))
    line.state = MatchState.REVIEW if line.reasons else MatchState.POSTED


def _tell(
    session: Session, check: _Check, decided: Decided, claim: Claim, review: ClaimReview
) -> None:
    """Let the decision happen to the claim, once for each decided claim."""
    if _was_told(session, decided.row):
        return
    attempt = _attempt_of(session, decided.row)
    decision = decision_of(decided.facts, order=claim.payer_order)
    doubtful = _DOUBTFUL & set(review.reasons)
    if isinstance(decision.event, Unclear) or doubtful:
        ask_for_person(claim, _words(review))
        return
    _advance(session, check, decided, claim, decision.event, attempt)
    if attempt is not None and decided.row.payer_claim_control_number:
        attempt.payer_number = decided.row.payer_claim_control_number
    _note_denial(session, check, claim, decision)
    if decided.row.state is not MatchState.POSTED:
        ask_for_person(claim, _words(review))
    session.flush()


def _note_denial(session: Session, check: _Check, claim: Claim, decision: Decision) -> None:
    claim.denied_lines = len(decision.denied_lines)
    if decision.event is not ClaimEvent.DENIED and not decision.denied_lines:
        return
    payer = session.get_one(Payer, claim.payer_id)
    zone = session.get_one(Practice, claim.practice_id).time_zone
    decided_on = check.remittance.paid_on or today_in(zone, check.now)
    claim.corrected_deadline_on = deadline_after_remittance(decided_on, payer.corrected_days)
    claim.appeal_deadline_on = deadline_after_remittance(decided_on, payer.appeal_days)


def _take_back(
    session: Session, check: _Check, decided: Decided, claim: Claim, review: ClaimReview
) -> None:
    """Reverse what the payer takes back, when it pairs exactly with what is posted."""
    decided.row.reasons = [each.value for each in review.reasons]
    for line, reasons in zip(decided.lines, review.lines, strict=True):
        line.state, line.reasons = MatchState.REVIEW, [each.value for each in reasons]
    pairs = set(review.reasons) == {ReviewReason.REVERSAL} and not any(review.lines)
    if not pairs or not decided.lines:
        decided.row.state = MatchState.REVIEW
        ask_for_person(claim, _words(review))
        return
    ours = [line.service_line_id for line in decided.lines if line.service_line_id]
    standing = posted_decisions(session, ours, but_not_of=decided.row.id)
    for line in decided.lines:
        if line.service_line_id is not None:
            posting, _ = standing[line.service_line_id]
            take_back_posting(session, posting, check.occasion(line))
            line.state = MatchState.POSTED
    decided.row.state = MatchState.POSTED
    attempt = _attempt_of(session, decided.row)
    _advance(session, check, decided, claim, ClaimEvent.REVERSED, attempt)
    paid, patient, denied = remaining_of(session, claim)
    still = event_of_ledger(paid=paid, patient=patient, denied=denied)
    if still is not None:
        _advance(session, check, decided, claim, still, attempt)


def take_back_posting(session: Session, posting: Posting, occasion: postings.Occasion) -> None:
    """Reverse a line's posting with whatever people decided on it, and close its line."""
    line_id = posting.remittance_line_id
    if line_id is not None:
        for decision in postings.decisions_of(session, line_id):
            postings.reverse(session, decision, occasion)
    postings.reverse(session, posting, occasion)
    if line_id is None or line_id == occasion.remittance_line_id:
        return
    line = one(session, RemittanceLine, line_id)
    if line.state is not MatchState.POSTED:
        line.state, line.reasons = MatchState.POSTED, [TAKEN_BACK]
        row = one(session, RemittanceClaim, line.remittance_claim_id)
        siblings = visible(session, RemittanceLine).where(
            RemittanceLine.remittance_claim_id == row.id
        )
        settle_claim(row, list(session.scalars(siblings)))
        if row.remittance_id != occasion.remittance_id:
            settle(session, one(session, Remittance, row.remittance_id, lock=True))


def _advance(
    session: Session,
    check: _Check,
    decided: Decided,
    claim: Claim,
    event: ClaimEvent,
    attempt: Attempt | None,
) -> None:
    advance(
        session,
        claim,
        event,
        now=check.now,
        source=StepSource.REMITTANCE,
        source_id=decided.row.id,
        attempt=attempt,
    )


def _post_provider_adjustments(session: Session, check: _Check) -> None:
    query = visible(session, ProviderAdjustment).where(
        ProviderAdjustment.remittance_id == check.remittance.id,
        ProviderAdjustment.state != MatchState.POSTED,
    )
    for row in session.scalars(query.order_by(ProviderAdjustment.position)):
        facts = ProviderAdjustmentFacts(row.reason, row.amount, row.reference or "")
        if review_provider_adjustment(facts):
            continue
        postings.post_outside_claims(
            session,
            practice_id=row.practice_id,
            cause=f"plb:{row.id}",
            entries=provider_adjustment(facts),
            occasion=postings.Occasion(check.now, check.remittance.id),
        )
        row.state = MatchState.POSTED


def _ask_for_waiting_payers(session: Session, check: _Check, claim: Claim) -> None:
    """A later payer's remittance that came first is judged again, now that this one is in."""
    query = (
        select(RemittanceClaim.remittance_id)
        .join(
            Claim,
            (Claim.practice_id == RemittanceClaim.practice_id)
            & (Claim.id == RemittanceClaim.claim_id),
        )
        .where(
            held(session, RemittanceClaim.practice_id),
            RemittanceClaim.state == MatchState.REVIEW,
            RemittanceClaim.remittance_id != check.remittance.id,
            Claim.primary_claim_id == claim.id,
        )
        .distinct()
    )
    for remittance_id in session.scalars(query):
        ask_for(
            session,
            Job.POST_REMITTANCE,
            subject_id=remittance_id,
            practice_id=claim.practice_id,
            due_at=check.now,
            turn=str(check.remittance.id),
        )


def _attempt_of(session: Session, row: RemittanceClaim) -> Attempt | None:
    return one(session, Attempt, row.attempt_id) if row.attempt_id else None


def _was_told(session: Session, row: RemittanceClaim) -> bool:
    query = select(ClaimStep.id).where(
        held(session, ClaimStep.practice_id),
        ClaimStep.claim_id == row.claim_id,
        ClaimStep.source_id == row.id,
    )
    return session.scalar(query.limit(1)) is not None


def _words(review: ClaimReview) -> str:
    reasons = [*review.reasons, *(each for line in review.lines for each in line)]
    return f"{_ASKED}: {REVIEW_WORDS[reasons[0]].lower()}." if reasons else f"{_ASKED}."


def _some_open(
    session: Session, model: type[RemittanceClaim | ProviderAdjustment], remittance_id: UUID
) -> bool:
    query = select(model.id).where(
        held(session, model.practice_id),
        model.remittance_id == remittance_id,
        model.state != MatchState.POSTED,
    )
    if model is RemittanceClaim:
        query = query.where(literal(UNAPPLIED) != all_(RemittanceClaim.reasons))
    return session.scalar(query.limit(1)) is not None
