"""Sends a scrubbed claim on its way, and takes it back while it is still here."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.claims import Claim, ClaimStep, StepSource
from backoffice.models.practices import Practice
from backoffice.models.submissions import Attempt, AttemptOutcome, ControlNumber
from backoffice.rules.claim_facts import Frequency
from backoffice.rules.claim_status import EDITABLE, ClaimEvent, ClaimStatus
from backoffice.rules.dates import today_in
from backoffice.rules.identifiers import patient_control_number
from backoffice.rules.scrub import ScrubFinding, has_errors, scrub
from backoffice.services import audit
from backoffice.services.access import held
from backoffice.services.claims.facts import facts_for, payer_number_of
from backoffice.services.claims.frozen import freeze
from backoffice.services.claims.permitted import findings_on_leaving
from backoffice.services.claims.steps import HEARD, MONEY, advance, attempts_of, locked
from backoffice.services.readiness_facts import payer_rules
from backoffice.services.refusal import NotVisible, Refused


class NotReleasable(Refused):
    """The claim is on its way already, or decided: it is reopened before it goes again."""

    code = "not_releasable"

    def __init__(self, status: ClaimStatus) -> None:
        """Say where it stands."""
        super().__init__(f"This claim is {status.value.replace('_', ' ')} and can't be submitted.")


class LeftAlready(Refused):
    """The claim stands in a file: it cannot be taken back any more."""

    code = "left_already"

    def __init__(self) -> None:
        """Say what can be done instead."""
        super().__init__("This claim has left. Wait for the answer, or reopen it afterwards.")


class PayerNumberMissing(Refused):
    """A claim that may be with the payer goes again only under the payer's number (REF*F8)."""

    code = "payer_number_missing"

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__(
            "The payer may have this claim already: a corrected one needs the payer's claim number,"
            " which is missing. Wait for the answer that brings it."
        )


def release(
    session: Session, claim: Claim, *, by: UUID | None, now: datetime, delay: timedelta
) -> tuple[ScrubFinding, ...]:
    """Freeze what a claim says and queue it, to leave when the undo window (`delay`) is over.

    Returns what the scrub found. With an error among it nothing is queued: the claim stands at
    Scrub and keeps the findings. A claim goes as an original (1) while no payer can have it: every
    earlier attempt was rejected, or taken back before it stood in a file. Any other goes as a
    replacement (7) under the payer's number. Raises NotReleasable or PayerNumberMissing.
    """
    claim = held_fast(session, claim)
    if claim.status not in EDITABLE:
        raise NotReleasable(claim.status)
    attempt = _next_attempt(session, claim, now=now)
    facts = facts_for(session, claim, attempt)
    practice = session.get_one(Practice, claim.practice_id)
    today = today_in(practice.time_zone, now)
    findings = (
        *findings_on_leaving(session, claim, on=today, now=now),
        *scrub(facts, on=today, rules=payer_rules(claim.payer)),
    )
    claim.scrub_findings = [as_stored(finding) for finding in findings]
    if has_errors(findings):
        advance(session, claim, ClaimEvent.SCRUB_FAILED, now=now, source=StepSource.RULE, by=by)
        return findings
    attempt.content = freeze(facts)
    session.add(attempt)
    session.flush()
    session.add(
        ControlNumber(
            patient_control_number=attempt.patient_control_number,
            practice_id=claim.practice_id,
            attempt_id=attempt.id,
        )
    )
    claim.release_at, claim.released_by_id = now + delay, by
    advance(
        session,
        claim,
        ClaimEvent.RELEASED,
        now=now,
        source=StepSource.PERSON if by else StepSource.RULE,
        by=by,
        attempt=attempt,
    )
    ask_for(
        session,
        Job.RELEASE_CLAIMS,
        subject_id=claim.practice_id,
        practice_id=claim.practice_id,
        due_at=now + delay,
        turn=(now + delay).isoformat(),
    )
    _record(session, "release", claim)
    return findings


def recall(session: Session, claim: Claim, *, by: UUID, now: datetime) -> None:
    """Take a queued claim back within its undo window. Raises LeftAlready."""
    _take_back(session, claim, ClaimEvent.RECALLED, by=by, now=now)


def hold(session: Session, claim: Claim, *, by: UUID, now: datetime, words: str = "") -> None:
    """Keep a claim from leaving: a queued one is taken back; `words` say why, for its history.

    Raises LeftAlready.
    """
    _take_back(session, claim, ClaimEvent.HELD, by=by, now=now, words=words)


def reopen(session: Session, claim: Claim, *, by: UUID, now: datetime) -> None:
    """Open a claim that has left for a new attempt. Raises StepNotPossible."""
    claim = held_fast(session, claim)
    for attempt in _open_attempts(session, claim):
        attempt.outcome, attempt.closed_at = AttemptOutcome.WITHDRAWN, now
    advance(session, claim, ClaimEvent.REOPENED, now=now, source=StepSource.PERSON, by=by)
    claim.needs_review, claim.review_reason = False, ""
    _record(session, "reopen", claim)


def held_fast(session: Session, claim: Claim) -> Claim:
    """Return the claim as it stands now, held until the commit. Raises NotVisible."""
    found = locked(session, [claim.id])
    if not found:
        raise NotVisible
    return found[0]


def as_stored(finding: ScrubFinding) -> dict[str, Any]:
    """Return a finding as a claim keeps it: code, severity, field, words, fix."""
    return asdict(finding)


def _next_attempt(session: Session, claim: Claim, *, now: datetime) -> Attempt:
    earlier = attempts_of(session, claim.id)
    number = max((attempt.attempt_no for attempt in earlier), default=0) + 1
    is_known = any(_may_be_with_payer(session, attempt) for attempt in earlier)
    if is_known and not payer_number_of(session, claim):
        raise PayerNumberMissing
    return Attempt(
        practice_id=claim.practice_id,
        claim_id=claim.id,
        attempt_no=number,
        frequency=Frequency.REPLACEMENT if is_known else Frequency.ORIGINAL,
        payer_order=claim.payer_order,
        patient_control_number=patient_control_number(claim.number, number),
        outcome=AttemptOutcome.OPEN,
        opened_at=now,
    )


def _may_be_with_payer(session: Session, attempt: Attempt) -> bool:
    """Whether a payer has, or may yet take in, what this attempt said."""
    if attempt.outcome is AttemptOutcome.REJECTED:
        return False
    if attempt.outcome is not AttemptOutcome.WITHDRAWN:
        return True
    return attempt.submission_id is not None and not _was_turned_away(session, attempt)


def _was_turned_away(session: Session, attempt: Attempt) -> bool:
    """Whether a rejection came after all, once its claim was reopened, and no money ever."""
    query = select(ClaimStep.event).where(
        held(session, ClaimStep.practice_id),
        ClaimStep.attempt_id == attempt.id,
        ClaimStep.source.in_(HEARD),
    )
    heard = set(session.scalars(query))
    return ClaimEvent.REJECTED in heard and not heard & MONEY


def _take_back(
    session: Session,
    claim: Claim,
    event: ClaimEvent,
    *,
    by: UUID,
    now: datetime,
    words: str = "",
) -> None:
    claim = held_fast(session, claim)
    attempts = _open_attempts(session, claim) if claim.status is ClaimStatus.QUEUED else []
    if any(attempt.submission_id is not None for attempt in attempts):
        raise LeftAlready
    advance(
        session,
        claim,
        event,
        now=now,
        source=StepSource.PERSON,
        by=by,
        attempt=attempts[0] if attempts else None,
        words=words,
    )
    claim.release_at = None
    _record(session, event.value, claim)


def _open_attempts(session: Session, claim: Claim) -> list[Attempt]:
    return [
        attempt
        for attempt in attempts_of(session, claim.id)
        if attempt.outcome is AttemptOutcome.OPEN
    ]


def _record(session: Session, action: str, claim: Claim) -> None:
    audit.record(
        session,
        action,
        subject_kind="claim",
        subject_ids=[claim.id],
        practice_id=claim.practice_id,
    )
