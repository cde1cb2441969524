"""What a person does about what waits: accept, hold, match, park, attribute, take back.

Nothing is edited: money is posted, decided on by a posting of its own, or reversed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.ledger import LedgerEntry
from backoffice.models.remittances import (
    MatchState,
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from backoffice.rules.money import ZERO
from backoffice.rules.posting import (
    Account,
    Entries,
    LineOutOfBalance,
    WriteOffReason,
    kept_as_denied,
)
from backoffice.rules.posting.accounts import DENIED_UNDECIDED, INTEREST, RECOUPMENT, REFUND
from backoffice.rules.posting.checks import (
    ProviderAdjustmentUndecided,
    park_unapplied,
    provider_adjustment,
)
from backoffice.rules.posting.lines import give_denied_to_patient, write_off_denied
from backoffice.rules.remittance_facts import ProviderAdjustment as ProviderAdjustmentFacts
from backoffice.services import audit, postings
from backoffice.services.access import one, visible
from backoffice.services.claims.steps import attempts_of
from backoffice.services.refusal import Refused
from backoffice.services.remittances.facts import (
    decided_of,
    foldable,
    posted_decisions,
    terms_for,
)
from backoffice.services.remittances.matching import BY_PERSON, match_lines
from backoffice.services.remittances.posting import (
    HELD,
    UNAPPLIED,
    UNPOSTED,
    post_matched,
    settle,
    settle_claim,
    stop_asking,
    take_back_posting,
)
from backoffice.services.remittances.storing import our_lines


class Outcome(StrEnum):
    """What becomes of the money that a line leaves denied."""

    KEEP = "keep"  # stays receivable, to be corrected, appealed or billed on
    WRITE_OFF = "write_off"
    CLIENT = "client"  # the client's share


class PlacedAt(StrEnum):
    """Where a person puts a provider adjustment."""

    RECOUPMENT = "recoupment"
    INTEREST = "interest"
    REFUND = "refund"


_ACCOUNTS: dict[PlacedAt, Account] = {
    PlacedAt.RECOUPMENT: RECOUPMENT,
    PlacedAt.INTEREST: INTEREST,
    PlacedAt.REFUND: REFUND,
}


class CannotPost(Refused):
    """What the payer says of this line cannot be posted as it stands."""

    code = "cannot_post"


class NotAllowed(Refused):
    """The decision needs a permission that this person lacks."""

    code = "not_allowed"


@dataclass(frozen=True)
class By:
    """Who decides, when, and whether they may give money up (Permission.WRITE_OFF)."""

    user_id: UUID
    now: datetime
    may_write_off: bool = False


def accept(
    session: Session,
    line_id: UUID,
    *,
    outcome: Outcome,
    reason: WriteOffReason | None = None,
    by: By,
) -> None:
    """Post a waiting line as the payer decided it and settle what it leaves denied.

    Writing off needs its permission and a reason. Raises CannotPost where the line matches none of
    ours or does not add up: that is never repaired.
    """
    entries_for = _decision(outcome, reason, by)
    line, row, remittance = _locked(session, line_id)
    claim = _claim_of(session, row)
    occasion = postings.Occasion(by.now, remittance.id, line.id, by.user_id)
    if line.id not in postings.standing_of(session, [line.id]):
        _post_as_decided(session, claim, row, line, occasion)
    service_line_id = _our_line(line)
    denied = _denied_of(session, line)
    if denied > 0 and entries_for is not None:
        entries = entries_for(denied)
        postings.decide(session, claim, service_line_id, entries, occasion)
    line.state = MatchState.POSTED
    _settle(session, row, remittance)
    _record(session, "accept", line.id, row, {"outcome": outcome.value})


def accept_without_lines(session: Session, remittance_claim_id: UUID, *, by: By) -> UUID:
    """Take note of a decided claim that pays nothing and names no line: nothing is posted.

    Returns the remittance's id.
    """
    row, remittance = _locked_claim(session, remittance_claim_id)
    if row.paid_amount != 0 or row.claim_id is None or _lines_of(session, row):
        raise CannotPost("This claim has lines or money: decide on those.")
    row.state = MatchState.POSTED
    settle(session, remittance)
    _record(session, "accept", row.id, row, {"by": str(by.user_id)})
    return row.remittance_id


def hold(session: Session, line_id: UUID, *, by: By) -> None:
    """Leave a line as it is until somebody looks again."""
    line, row, _ = _locked(session, line_id)
    if HELD not in line.reasons:
        line.reasons = [*line.reasons, HELD]
    _record(session, "hold", line.id, row, {})


def unpost(session: Session, line_id: UUID, *, by: By) -> None:
    """Take a posted line back by reversing entries; it waits again, and stays until decided."""
    line, row, remittance = _locked(session, line_id)
    posting = postings.standing_of(session, [line.id]).get(line.id)
    if posting is None:
        raise CannotPost("Nothing of this line is posted.")
    occasion = postings.Occasion(by.now, remittance.id, line.id, by.user_id)
    take_back_posting(session, posting, occasion)
    line.reasons = [*(each for each in line.reasons if each != UNPOSTED), UNPOSTED]
    line.state = MatchState.REVIEW
    _settle(session, row, remittance)
    _record(session, "unpost", line.id, row, {})


def match(session: Session, remittance_claim_id: UUID, claim_id: UUID, *, by: By) -> None:
    """Say that an unmatched claim is ours; then it posts as any other, as far as it is clean."""
    row, _ = _locked_claim(session, remittance_claim_id)
    if row.claim_id is not None:
        raise CannotPost("This claim is matched already.")
    if UNAPPLIED in row.reasons:
        _take_unapplied_back(session, row, by)
    claim = one(session, Claim, claim_id)
    attempts = attempts_of(session, claim.id)
    lines = _lines_of(session, row)
    match_lines(lines, our_lines(session, [claim.id]).get(claim.id, []))
    row.claim_id, row.attempt_id = claim.id, attempts[-1].id if attempts else None
    row.matched_by, row.state, row.reasons = BY_PERSON, MatchState.REVIEW, []
    session.flush()
    _record(session, "match", row.id, row, {"claim": str(claim.id)})
    post_matched(session, row, now=by.now)


def park(session: Session, remittance_claim_id: UUID, *, by: By) -> None:
    """Keep the money of an unmatched claim as unapplied, so that the check may close."""
    row, remittance = _locked_claim(session, remittance_claim_id)
    if row.claim_id is not None:
        raise CannotPost("This claim is matched: decide on its lines.")
    postings.post_outside_claims(
        session,
        practice_id=row.practice_id,
        cause=f"unapplied:{row.id}",
        entries=park_unapplied(row.paid_amount),
        occasion=postings.Occasion(by.now, remittance.id, None, by.user_id),
    )
    if UNAPPLIED not in row.reasons:
        row.reasons = [*row.reasons, UNAPPLIED]
    settle(session, remittance)
    _record(session, "park", row.id, row, {})


def place(session: Session, adjustment_id: UUID, at: PlacedAt | None, *, by: By) -> None:
    """Post a provider adjustment to its own account, or to the one a person names.

    Raises CannotPost for a code that has none and no account named.
    """
    row = one(session, ProviderAdjustment, adjustment_id)
    remittance = one(session, Remittance, row.remittance_id, lock=True)
    session.refresh(row, with_for_update=True)
    facts = ProviderAdjustmentFacts(row.reason, row.amount, row.reference or "")
    try:
        entries = provider_adjustment(facts, account=_ACCOUNTS[at] if at else None)
    except ProviderAdjustmentUndecided as undecided:
        raise CannotPost("Say where this adjustment belongs.", field="at") from undecided
    postings.post_outside_claims(
        session,
        practice_id=row.practice_id,
        cause=f"plb:{row.id}",
        entries=entries,
        occasion=postings.Occasion(by.now, remittance.id, None, by.user_id),
    )
    row.state = MatchState.POSTED
    settle(session, remittance)
    audit.record(
        session,
        "place",
        subject_kind="provider_adjustment",
        subject_ids=[row.id],
        practice_id=row.practice_id,
    )


def _locked(session: Session, line_id: UUID) -> tuple[RemittanceLine, RemittanceClaim, Remittance]:
    line = one(session, RemittanceLine, line_id)
    row = one(session, RemittanceClaim, line.remittance_claim_id)
    remittance = one(session, Remittance, row.remittance_id, lock=True)
    session.refresh(line)
    return line, row, remittance


def _locked_claim(
    session: Session, remittance_claim_id: UUID
) -> tuple[RemittanceClaim, Remittance]:
    """The claim with its remittance, which is locked first everywhere: posting begins with it."""
    row = one(session, RemittanceClaim, remittance_claim_id)
    remittance = one(session, Remittance, row.remittance_id, lock=True)
    session.refresh(row, with_for_update=True)
    return row, remittance


def _claim_of(session: Session, row: RemittanceClaim) -> Claim:
    if row.claim_id is None:
        raise CannotPost("Match this claim to one of ours first.")
    claim = one(session, Claim, row.claim_id)
    session.refresh(claim, with_for_update=True)
    return claim


def _our_line(line: RemittanceLine) -> UUID:
    if line.service_line_id is None:
        raise CannotPost("No line of this claim matches: hold it, or ask the payer.")
    return line.service_line_id


def _post_as_decided(
    session: Session,
    claim: Claim,
    row: RemittanceClaim,
    line: RemittanceLine,
    occasion: postings.Occasion,
) -> None:
    """Post what the payer says. A denial of the same line that it overtakes is taken back first."""
    (decided,) = decided_of(session, [row])
    facts = decided.facts.lines[[each.id for each in decided.lines].index(line.id)]
    if any(each.amount != 0 for each in decided.facts.adjustments):
        folded = foldable(decided)
        if folded is None:
            raise CannotPost("The payer adjusted the claim as a whole: no line can take it alone.")
        facts = folded
    service_line_id = _our_line(line)
    earlier = posted_decisions(session, [service_line_id], but_not_of=row.id).get(service_line_id)
    if earlier is not None and earlier[1].paid_amount == 0:
        take_back_posting(session, earlier[0], occasion)
    terms = terms_for(session, claim, decided.facts)
    kept = replace(terms, decisions=kept_as_denied(facts, terms))
    try:
        postings.post_line(session, claim, service_line_id, facts, kept, occasion)
    except LineOutOfBalance as wrong:
        raise CannotPost("This line does not add up; it is never repaired.") from wrong


def _decision(
    outcome: Outcome, reason: WriteOffReason | None, by: By
) -> Callable[[Decimal], Entries] | None:
    if outcome is Outcome.KEEP:
        return None
    if outcome is Outcome.CLIENT:
        return give_denied_to_patient
    if not by.may_write_off:
        raise NotAllowed("Writing off is for a lead or an administrator.")
    if reason is None:
        raise CannotPost("Say why this is written off.", field="reason")
    return partial(write_off_denied, reason=reason)


def _denied_of(session: Session, line: RemittanceLine) -> Decimal:
    """What this line's posting left denied and no decision has moved since."""
    made = [
        *postings.standing_of(session, [line.id]).values(),
        *postings.decisions_of(session, line.id),
    ]
    query = visible(session, LedgerEntry).where(
        LedgerEntry.posting_id.in_([each.id for each in made])
    )
    left = ZERO
    for entry in session.scalars(query):
        left += entry.amount if entry.debit == DENIED_UNDECIDED else ZERO
        left -= entry.amount if entry.credit == DENIED_UNDECIDED else ZERO
    return left


def _lines_of(session: Session, row: RemittanceClaim) -> list[RemittanceLine]:
    query = visible(session, RemittanceLine).where(RemittanceLine.remittance_claim_id == row.id)
    return list(session.scalars(query.order_by(RemittanceLine.position)))


def _settle(session: Session, row: RemittanceClaim, remittance: Remittance) -> None:
    session.flush()
    settle_claim(row, _lines_of(session, row))
    if row.claim_id is not None and row.state is MatchState.POSTED:
        stop_asking(one(session, Claim, row.claim_id))
    settle(session, remittance)


def _take_unapplied_back(session: Session, row: RemittanceClaim, by: By) -> None:
    posting = postings.standing_cause(session, f"unapplied:{row.id}")
    if posting is not None:
        occasion = postings.Occasion(by.now, row.remittance_id, None, by.user_id)
        postings.reverse(session, posting, occasion)


def _record(
    session: Session, action: str, subject_id: UUID, row: RemittanceClaim, detail: dict[str, str]
) -> None:
    client = one(session, Claim, row.claim_id).client_id if row.claim_id else None
    audit.record(
        session,
        action,
        subject_kind="remittance",
        subject_ids=[row.remittance_id, subject_id],
        practice_id=row.practice_id,
        detail=detail,
        client_ids=[client] if client else [],
    )
