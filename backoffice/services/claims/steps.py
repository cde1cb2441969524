"""Moves a claim: the only place where a claim's status is set, one step of history each time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from backoffice.models.claims import Claim, ClaimStep, ServiceLine, StepSource
from backoffice.models.submissions import Attempt, AttemptOutcome
from backoffice.rules.claim_status import (
    FROM_OUTSIDE,
    ClaimEvent,
    ClaimStatus,
    Effect,
    EventNotPossible,
    Step,
    step,
)
from backoffice.services import notifications
from backoffice.services.access import held, visible
from backoffice.services.refusal import ChangedElsewhere, Refused

HEARD: Final = frozenset({StepSource.RESPONSE, StepSource.ACKNOWLEDGEMENT, StepSource.REMITTANCE})
MONEY: Final = frozenset(
    {
        ClaimEvent.PAID,
        ClaimEvent.DENIED,
        ClaimEvent.APPLIED_TO_DEDUCTIBLE,
        ClaimEvent.REVERSED,
    }
)
CLOSES: Final = {
    ClaimEvent.REJECTED: AttemptOutcome.REJECTED,
    ClaimEvent.PAID: AttemptOutcome.ADJUDICATED,
    ClaimEvent.DENIED: AttemptOutcome.ADJUDICATED,
    ClaimEvent.APPLIED_TO_DEDUCTIBLE: AttemptOutcome.ADJUDICATED,
    ClaimEvent.RECALLED: AttemptOutcome.WITHDRAWN,
    ClaimEvent.HELD: AttemptOutcome.WITHDRAWN,
    ClaimEvent.SCRUB_FAILED: AttemptOutcome.WITHDRAWN,
}
"""What a step makes of the attempt it is about."""


class StepNotPossible(Refused):
    """The claim cannot take this step from where it stands."""

    code = "step_not_possible"

    def __init__(self, problem: EventNotPossible) -> None:
        """Say where the claim stands and what was asked."""
        was, asked = (each.value.replace("_", " ") for each in (problem.status, problem.event))
        super().__init__(f"A claim that is {was} cannot be {asked}.")


def locked(session: Session, claim_ids: Iterable[UUID]) -> list[Claim]:
    """Return claims as they stand now, held until the commit, in the order of their ids.

    Whoever moves several claims takes them so: nobody waits in a circle, and none moves meanwhile.
    """
    query = visible(session, Claim).where(Claim.id.in_(set(claim_ids))).order_by(Claim.id)
    return list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def advance(  # noqa: PLR0913 - a step of history has many parts, all named
    session: Session,
    claim: Claim,
    event: ClaimEvent,
    *,
    now: datetime,
    source: StepSource,
    source_id: UUID | None = None,
    by: UUID | None = None,
    attempt: Attempt | None = None,
    words: str = "",
) -> bool:
    """Let `event` happen to a claim and keep it in its history; True when its status moved.

    Facts from outside are never refused: late or repeated ones are kept and change nothing, ones
    that contradict where the claim stands are kept and ask for a person. `words` are what was
    said, as received. An `attempt` older than the claim's newest never moves the claim.

    Raises StepNotPossible for what our own people or machinery may not do from here, and
    ChangedElsewhere when somebody else moved the claim since it was read.
    """
    try:
        following = _step_of(session, claim, event, attempt)
    except EventNotPossible as problem:
        raise StepNotPossible(problem) from None
    moved = following.effect is Effect.MOVES
    taken = ClaimStep(
        practice_id=claim.practice_id,
        claim_id=claim.id,
        attempt_id=attempt.id if attempt else None,
        event=event,
        from_status=claim.status,
        to_status=following.status,
        moved=moved,
        source=source,
        source_id=source_id,
        by_id=by,
        words=words,
        at=now,
    )
    session.add(taken)
    if moved:
        claim.status, claim.status_since = following.status, now
        if following.status is ClaimStatus.VOIDED:
            _let_lines_go(session, claim)
    if source in HEARD:
        claim.last_heard_at = max(now, claim.last_heard_at or now)
    if following.effect is Effect.ASKS:
        ask_for_person(claim, "An answer does not fit where this claim stands.")
    if attempt is not None and following.effect in {Effect.MOVES, Effect.STAYS}:
        _close(attempt, event, now=now)
    _write(session)
    notifications.claim_moved(session, claim, taken)
    return moved


def ask_for_person(claim: Claim, reason: str) -> None:
    """Put a claim before somebody's eyes, with our reason; an earlier reason stays first."""
    known = claim.review_reason if claim.needs_review else ""
    claim.needs_review = True
    if reason not in known:
        claim.review_reason = f"{known} {reason}".strip()


def history(session: Session, claim_id: UUID) -> list[ClaimStep]:
    """Return all that happened to a claim, oldest first."""
    query = visible(session, ClaimStep).where(ClaimStep.claim_id == claim_id)
    return list(session.scalars(query.order_by(ClaimStep.at, ClaimStep.id)))


def attempts_of(session: Session, claim_id: UUID) -> list[Attempt]:
    """Return a claim's attempts, oldest first."""
    query = visible(session, Attempt).where(Attempt.claim_id == claim_id)
    return list(session.scalars(query.order_by(Attempt.attempt_no)))


def _step_of(session: Session, claim: Claim, event: ClaimEvent, attempt: Attempt | None) -> Step:
    overtaken = attempt is not None and event in FROM_OUTSIDE and _has_newer(session, attempt)
    if not overtaken:
        return step(claim.status, event)
    # Money for an attempt that a newer one has replaced: true, perhaps, and nobody may overlook it.
    return Step(Effect.ASKS if event in MONEY else Effect.STALE, claim.status)


def _has_newer(session: Session, attempt: Attempt) -> bool:
    newer = select(Attempt.id).where(
        held(session, Attempt.practice_id),
        Attempt.claim_id == attempt.claim_id,
        Attempt.attempt_no > attempt.attempt_no,
    )
    return session.scalar(newer.limit(1)) is not None


def _close(attempt: Attempt, event: ClaimEvent, *, now: datetime) -> None:
    """End the attempt; a decision outranks an earlier rejection of the same attempt."""
    outcome = CLOSES.get(event)
    if outcome is None or attempt.outcome is outcome:
        return
    attempt.outcome, attempt.closed_at = outcome, now


def _let_lines_go(session: Session, claim: Claim) -> None:
    """A voided claim holds its appointment lines no longer: they may be billed anew."""
    query = visible(session, ServiceLine).where(ServiceLine.claim_id == claim.id)
    for line in session.scalars(query):
        line.live = False


def _write(session: Session) -> None:
    """Compare and set: the row must still be as it was read."""
    try:
        session.flush()
    except StaleDataError:
        raise ChangedElsewhere from None
