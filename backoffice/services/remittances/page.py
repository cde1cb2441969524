"""One remittance as a page: the check as a sum that closes, and what waits with its reason."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.remittances import (
    MatchState,
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from backoffice.rules.adjustments import words_for
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.money import ZERO, total
from backoffice.rules.posting import REVIEW_WORDS, ReviewReason
from backoffice.rules.posting.checks import PROVIDER_ADJUSTMENTS
from backoffice.rules.remittance_facts import AdjudicatedLine
from backoffice.services import audit, postings
from backoffice.services.access import held, one, visible
from backoffice.services.remittances.facts import (
    Decided,
    decided_of,
    leaves_denied,
    shared_by,
)
from backoffice.services.remittances.matching import Candidate, candidates_for
from backoffice.services.remittances.posting import HELD, TAKEN_BACK, UNAPPLIED, UNPOSTED

MOST_CLEAN_SHOWN = 200

_OTHER_WORDS = {
    HELD: "Held",
    UNPOSTED: "Taken back by hand",
    TAKEN_BACK: "Taken back by the payer",
    UNAPPLIED: "Parked as unapplied",
}


@dataclass(frozen=True)
class Entry:
    """One line of the remittance beside ours. `settled` says how a waiting one was ended.

    `leaves_denied`: an amount that is neither contractual, nor the client's, nor settled earlier.
    """

    id: UUID
    place: int
    row: RemittanceClaim
    line: RemittanceLine | None
    claim: Claim | None
    served_on: date | None
    client_share: Decimal | None
    words: str
    more: str
    settled: str
    posted: bool
    leaves_denied: bool = False


@dataclass(frozen=True)
class Unmatched:
    """One claim that matches none of ours, with its likeliest ones."""

    row: RemittanceClaim
    lines: tuple[RemittanceLine, ...]
    candidates: tuple[Candidate, ...]
    place: int
    count: int
    parked: bool


@dataclass(frozen=True)
class Placed:
    """A provider adjustment in our words; `effect` is signed as it moves the check."""

    row: ProviderAdjustment
    words: str
    goes_to: str
    effect: Decimal


@dataclass(frozen=True)
class Page:
    """All of one remittance. check = posted + PLB + unapplied + undistributed."""

    remittance: Remittance
    provider_adjustment_effect: Decimal
    unapplied_amount: Decimal
    clean: tuple[Entry, ...]
    clean_claims: int
    clean_lines: int
    clean_amount: Decimal
    review: tuple[Entry, ...]
    review_amount: Decimal
    unmatched: Unmatched | None
    unmatched_amount: Decimal
    provider_adjustments: tuple[Placed, ...]


def show(session: Session, remittance_id: UUID, *, unmatched_place: int = 1) -> Page:
    """Gather one remittance."""
    remittance = one(session, Remittance, remittance_id)
    query = visible(session, RemittanceClaim).where(RemittanceClaim.remittance_id == remittance.id)
    rows = list(session.scalars(query.order_by(RemittanceClaim.position)))
    decided = decided_of(session, rows)
    claims = _claims(session, rows)
    matched = [each for each in decided if each.row.claim_id]
    entries = [entry for each in matched for entry in _entries(session, each, claims)]
    clean = [each for each in entries if each.posted and not each.words]
    review = [each for each in entries if not (each.posted and not each.words)]
    strangers = [each for each in decided if not each.row.claim_id]
    placed = _placed(session, remittance)
    outside = postings.cash_of(session, remittance.id, of_claims=False)
    unapplied = total(each.row.paid_amount for each in strangers if UNAPPLIED in each.row.reasons)
    return Page(
        remittance=remittance,
        provider_adjustment_effect=outside - unapplied,
        unapplied_amount=unapplied,
        clean=tuple(clean[:MOST_CLEAN_SHOWN]),
        clean_claims=len({each.row.id for each in clean}),
        clean_lines=len(clean),
        clean_amount=_paid(clean),
        review=tuple(review),
        review_amount=_paid([each for each in review if not each.settled]),
        unmatched=_unmatched(session, strangers, unmatched_place),
        unmatched_amount=total(
            each.row.paid_amount for each in strangers if UNAPPLIED not in each.row.reasons
        ),
        provider_adjustments=tuple(placed),
    )


def entry_of(session: Session, line_id: UUID) -> Entry:
    """One line, to decide on."""
    line = one(session, RemittanceLine, line_id)
    row = one(session, RemittanceClaim, line.remittance_claim_id)
    (decided,) = decided_of(session, [row])
    entries = _entries(session, decided, _claims(session, [row]))
    return next(each for each in entries if each.id == line_id)


def reason_words(reason: str) -> str:
    """One reason of a line or claim in words."""
    if reason in _OTHER_WORDS:
        return _OTHER_WORDS[reason]
    return REVIEW_WORDS[ReviewReason(reason)]


def _claims(session: Session, rows: list[RemittanceClaim]) -> dict[UUID, Claim]:
    ids = {row.claim_id for row in rows if row.claim_id}
    query = visible(session, Claim).where(Claim.id.in_(ids))
    return {each.id: each for each in session.scalars(query)}


def _entries(session: Session, decided: Decided, claims: dict[UUID, Claim]) -> list[Entry]:
    claim = claims.get(decided.row.claim_id) if decided.row.claim_id else None
    if not decided.lines:
        return [_claim_entry(decided, claim)]
    order = claim.payer_order if claim else PayerOrder.PRIMARY
    return [
        _line_entry(decided, claim, line, facts, order)
        for line, facts in zip(decided.lines, decided.facts.lines, strict=True)
    ]


def _line_entry(
    decided: Decided,
    claim: Claim | None,
    line: RemittanceLine,
    facts: AdjudicatedLine,
    order: PayerOrder,
) -> Entry:
    posted = line.state is MatchState.POSTED
    blocking = [] if posted else [each for each in decided.row.reasons if each != "reversal"]
    reasons = [*line.reasons, *blocking]
    told = [f"{each.group}-{each.reason} {words_for(each.reason)}" for each in facts.adjustments]
    if line.submitted_procedure_code not in {"", line.procedure_code}:
        told.insert(0, f"sent as {line.submitted_procedure_code}")
    return Entry(
        id=line.id,
        place=decided.row.position,
        row=decided.row,
        line=line,
        claim=claim,
        served_on=line.served_on,
        client_share=shared_by(facts, order),
        words="; ".join(dict.fromkeys(reason_words(each) for each in reasons)),
        more=", ".join(told),
        settled="Accepted" if posted and reasons else "",
        posted=posted,
        leaves_denied=leaves_denied(facts, order),
    )


def _claim_entry(decided: Decided, claim: Claim | None) -> Entry:
    posted = decided.row.state is MatchState.POSTED
    adjustments = decided.facts.adjustments
    return Entry(
        id=decided.row.id,
        place=decided.row.position,
        row=decided.row,
        line=None,
        claim=claim,
        served_on=claim.first_day if claim else None,
        client_share=None,
        words="; ".join(reason_words(each) for each in decided.row.reasons),
        more=", ".join(
            f"{each.group}-{each.reason} {words_for(each.reason)}" for each in adjustments
        ),
        settled="Noted" if posted else "",
        posted=posted,
    )


def _paid(entries: list[Entry]) -> Decimal:
    return total(each.line.paid_amount if each.line else each.row.paid_amount for each in entries)


def _unmatched(session: Session, strangers: list[Decided], place: int) -> Unmatched | None:
    if not strangers:
        return None
    place = min(max(place, 1), len(strangers))
    found = strangers[place - 1]
    return Unmatched(
        row=found.row,
        lines=found.lines,
        candidates=tuple(candidates_for(session, found.row, found.lines)),
        place=place,
        count=len(strangers),
        parked=UNAPPLIED in found.row.reasons,
    )


def _placed(session: Session, remittance: Remittance) -> list[Placed]:
    query = visible(session, ProviderAdjustment).where(
        ProviderAdjustment.remittance_id == remittance.id
    )
    found = []
    for row in session.scalars(query.order_by(ProviderAdjustment.position)):
        rule = PROVIDER_ADJUSTMENTS.get(row.reason)
        posted = row.state is MatchState.POSTED
        goes_to = "Nothing yet" if not posted else "Posted"
        if posted and rule is not None:
            goes_to = f"Ledger: {rule.account.kind.value}"
        words = rule.words if rule else "Adjustment of an unknown kind"
        found.append(Placed(row, words, goes_to, ZERO - row.amount))
    return found


def note_raw(session: Session, remittance: Remittance) -> None:
    """Put on record that a remittance is shown as it came, and whose claims are in it."""
    claims = select(RemittanceClaim.claim_id).where(
        held(session, RemittanceClaim.practice_id), RemittanceClaim.remittance_id == remittance.id
    )
    session.scalars(visible(session, Claim).where(Claim.id.in_(claims))).all()
    audit.took(
        session,
        "read_raw",
        subject_kind="remittance",
        subject_ids=[remittance.id],
        practice_id=remittance.practice_id,
    )
