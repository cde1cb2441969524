"""The acts: a charge, a decided line, a person's decision, money outside claims, a reversal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.ledger import LedgerEntry, Posting, PostingKind
from backoffice.models.practices import Practice
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.dates import today_in
from backoffice.rules.money import ZERO
from backoffice.rules.posting import (
    Account,
    Entries,
    Memo,
    PostingTerms,
    charge_line,
    payer_receivable,
)
from backoffice.rules.posting import post_line as entries_of_line
from backoffice.rules.posting import reverse as mirror_of
from backoffice.rules.posting.accounts import CHARGES, PATIENT_RECEIVABLE, move
from backoffice.rules.remittance_facts import AdjudicatedLine
from backoffice.services.access import one
from backoffice.services.postings.amounts import project, project_family
from backoffice.services.postings.books import (
    Home,
    balances_by_line,
    count_of,
    entries_by_line,
    home_of,
    lines_of,
    standing_where,
)
from backoffice.services.refusal import Refused

Moves = Mapping[UUID, Entries] | Mapping[None, Entries] | Mapping[UUID | None, Entries]


class MonthClosed(Refused):
    """The practice's books are closed through the day this would be posted on."""

    code = "month_closed"

    def __init__(self) -> None:
        """Say what stands in the way."""
        super().__init__("This practice's month is closed. Open it before posting.")


class AlreadyReversed(Refused):
    """The posting was taken back before."""

    code = "already_reversed"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("This posting has been taken back already.")


@dataclass(frozen=True)
class Occasion:
    """What brought a posting about: the remittance, the line of it, and the person, if any."""

    now: datetime
    remittance_id: UUID | None = None
    remittance_line_id: UUID | None = None
    by_id: UUID | None = None


def charge(session: Session, claim: Claim, *, now: datetime) -> Posting | None:
    """Bring the ledger to what a released claim charges; None where it says so already.

    Called at every release: the first charges each line, a later one posts only what a correction
    changed, and on a voided claim takes the charge back. A later payer's claim takes over what the
    client still owes of its lines instead.
    """
    session.flush()
    session.refresh(claim, with_for_update=True)
    if claim.primary_claim_id is not None:
        return _take_over(session, claim, Occasion(now))
    charged = balances_by_line(session, claim.id, CHARGES)
    asks = () if claim.status is ClaimStatus.VOIDED else lines_of(session, claim.id)
    lines = {line.id: line.charge_amount for line in asks}
    moves = {
        line_id: charge_line(
            lines.get(line_id, ZERO) + charged.get(line_id, ZERO), order=claim.payer_order
        )
        for line_id in {**lines, **charged}
    }
    return _post_next(session, PostingKind.CHARGE, claim, moves, Occasion(now))


def is_charged(session: Session, claim: Claim) -> bool:
    """Whether the ledger has ever been told of this claim's charge."""
    kind = Posting.kind == PostingKind.CHARGE
    return count_of(session, (Posting.claim_id == claim.id) & kind) > 0


def post_line(
    session: Session,
    claim: Claim,
    service_line_id: UUID,
    decided: AdjudicatedLine,
    terms: PostingTerms,
    occasion: Occasion,
) -> Posting:
    """Post what a payer decided on one line, once until it is taken back.

    `service_line_id` is a line of `claim`. Raises as rules.posting.post_line does.
    """
    line_id = occasion.remittance_line_id
    if line_id is None:
        raise ValueError("a remittance line is posted for its own id")
    if standing := standing_of(session, [line_id]).get(line_id):
        return standing
    home = home_of(session, claim)
    moves = {home.lines[service_line_id]: entries_of_line(decided, terms)}
    cause = f"line:{line_id}:{count_of(session, Posting.remittance_line_id == line_id)}"
    return _post(session, _Act(PostingKind.REMITTANCE_LINE, cause, claim, home), moves, occasion)


def decide(
    session: Session, claim: Claim, service_line_id: UUID, entries: Entries, occasion: Occasion
) -> Posting:
    """Post a person's decision on a denied amount: written off, the client's, or billed again."""
    home = home_of(session, claim)
    turn = count_of(session, Posting.remittance_line_id == occasion.remittance_line_id)
    act = _Act(PostingKind.DECISION, f"decision:{occasion.remittance_line_id}:{turn}", claim, home)
    return _post(session, act, {home.lines[service_line_id]: entries}, occasion)


def post_outside_claims(
    session: Session, *, practice_id: UUID, cause: str, entries: Entries, occasion: Occasion
) -> Posting:
    """Post money of a check that belongs to no claim: a PLB, or what was parked as unapplied."""
    kind = PostingKind.PROVIDER_ADJUSTMENT if cause.startswith("plb:") else PostingKind.UNAPPLIED
    if standing := standing_cause(session, cause):
        return standing
    turn = count_of(session, Posting.cause.startswith(f"{cause}:", autoescape=True))
    act = _Act(kind, f"{cause}:{turn}", None, Home(practice_id, None, {}))
    return _post(session, act, {None: entries}, occasion)


def reverse(session: Session, posting: Posting, occasion: Occasion) -> Posting:
    """Take a posting back by its mirror; the first one stays. Raises AlreadyReversed."""
    if count_of(session, Posting.reverses_id == posting.id):
        raise AlreadyReversed
    claim = one(session, Claim, posting.claim_id, lock=True) if posting.claim_id else None
    home = home_of(session, claim) if claim else Home(posting.practice_id, None, {})
    moves: dict[UUID | None, Entries] = {
        line_id: mirror_of(entries)
        for line_id, entries in entries_by_line(session, posting).items()
    }
    act = _Act(PostingKind.REVERSAL, f"reversal:{posting.id}", claim, home, posting.id)
    return _post(session, act, moves, occasion)


def standing_of(session: Session, remittance_line_ids: Iterable[UUID]) -> dict[UUID, Posting]:
    """The posting of each remittance line that stands: made, and not taken back."""
    found = standing_where(
        session,
        Posting.remittance_line_id.in_(list(remittance_line_ids)),
        Posting.kind == PostingKind.REMITTANCE_LINE,
    )
    return {each.remittance_line_id: each for each in found if each.remittance_line_id}


def decisions_of(session: Session, remittance_line_id: UUID) -> list[Posting]:
    """A person's standing decisions on what one line left denied, the newest first."""
    found = standing_where(
        session,
        Posting.remittance_line_id == remittance_line_id,
        Posting.kind == PostingKind.DECISION,
    )
    return sorted(found, key=lambda each: each.id, reverse=True)


def standing_cause(session: Session, cause: str) -> Posting | None:
    """The posting outside claims that a cause has made and that was not taken back."""
    found = standing_where(session, Posting.cause.startswith(f"{cause}:", autoescape=True))
    return found[0] if found else None


def open_with(session: Session, claim: Claim, account: Account) -> dict[UUID, Decimal]:
    """What an account holds of each line of a claim (debits less credits), by our line's id."""
    home = home_of(session, claim)
    held_there = balances_by_line(session, home.claim_id, account)
    return {line: held_there.get(there, ZERO) for line, there in home.lines.items()}


@dataclass(frozen=True)
class _Act:
    """A posting about to be made."""

    kind: PostingKind
    cause: str
    claim: Claim | None
    home: Home
    reverses_id: UUID | None = None


def _take_over(session: Session, claim: Claim, occasion: Occasion) -> Posting | None:
    """The client's share that an earlier payer left becomes this payer's to answer."""
    theirs = payer_receivable(claim.payer_order)
    home = home_of(session, claim)
    owed = balances_by_line(session, home.claim_id, PATIENT_RECEIVABLE)
    moves = {
        there: move(theirs, PATIENT_RECEIVABLE, owed.get(there, ZERO), Memo.NEXT_PAYER)
        for there in home.lines.values()
        if owed.get(there, ZERO) > 0
    }
    return _post_next(session, PostingKind.CHARGE, claim, moves, occasion)


def _post_next(
    session: Session,
    kind: PostingKind,
    claim: Claim,
    moves: Mapping[UUID, Entries],
    occasion: Occasion,
) -> Posting | None:
    if not any(moves.values()):
        project(session, claim)
        return None
    made = count_of(session, (Posting.claim_id == claim.id) & (Posting.kind == kind))
    act = _Act(kind, f"{kind.value}:{claim.id}:{made}", claim, home_of(session, claim))
    return _post(session, act, dict(moves), occasion)


def _post(
    session: Session,
    act: _Act,
    moves: Moves,
    occasion: Occasion,
) -> Posting:
    practice_id = act.home.practice_id
    posted_on = _day_of_posting(session, practice_id, occasion.now)
    posting = Posting(
        practice_id=practice_id,
        kind=act.kind,
        cause=act.cause,
        claim_id=act.claim.id if act.claim else None,
        remittance_id=occasion.remittance_id,
        remittance_line_id=occasion.remittance_line_id,
        reverses_id=act.reverses_id,
        posted_on=posted_on,
        by_id=occasion.by_id,
    )
    session.add(posting)
    session.flush()
    for line_id, entries in moves.items():
        session.add_all(
            LedgerEntry(
                practice_id=practice_id,
                posting_id=posting.id,
                claim_id=act.home.claim_id,
                service_line_id=line_id,
                debit=entry.debit,
                credit=entry.credit,
                amount=entry.amount,
                posted_on=posted_on,
                memo=entry.memo.value,
            )
            for entry in entries
        )
    session.flush()
    if act.home.claim_id is not None:
        project_family(session, act.home.claim_id)
    return posting


def _day_of_posting(session: Session, practice_id: UUID, now: datetime) -> date:
    practice = session.get_one(Practice, practice_id)
    today = today_in(practice.time_zone, now)
    if practice.closed_through is not None and practice.closed_through >= today:
        raise MonthClosed
    return today
