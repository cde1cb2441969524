"""A file that has not left is taken back when a claim in it may not leave any more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.claims import Claim, StepSource
from backoffice.models.clients import Client
from backoffice.models.practices import Practice
from backoffice.models.submissions import Attempt, Submission, SubmissionState
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.dates import today_in
from backoffice.rules.scrub import ScrubFinding, has_errors
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.claims import advance, as_stored, findings_on_leaving, locked
from backoffice.services.practices import agreement_in_force

Barred = dict[UUID, tuple[ScrubFinding, ...]]
"""Claims that may not leave, each with what keeps it here."""


def withdraw_if_barred(session: Session, submission_id: UUID, *, now: datetime) -> bool:
    """Take a file back that has certainly not arrived, where a claim in it may not leave any more.

    The agreement may have ended since the file was built, a consent been revoked or run out, a
    client come under 42 CFR Part 2. Such a claim stands at Scrub with its findings; the others are
    queued as they were and go in a new file, under the same control numbers, which nobody has seen.
    The file's bytes and its interchange number are used no more. Only for whoever holds the file's
    lock, just before the lease; True when the file was taken back.
    """
    barred = _barred(session, submission_id, now=now)
    if not barred:
        return False
    submission = one(session, Submission, submission_id, lock=True)
    if submission.state is not SubmissionState.PENDING:
        return False
    submission.state, submission.next_try_at = SubmissionState.WITHDRAWN, None
    submission.answer_code = ""
    query = visible(session, Attempt).where(Attempt.submission_id == submission_id)
    attempts = {attempt.claim_id: attempt for attempt in session.scalars(query)}
    for claim in locked(session, attempts):
        attempts[claim.id].submission_id = None
        if claim.id in barred:
            _keep_here(session, claim, attempts[claim.id], barred[claim.id], now=now)
    session.flush()
    _build_anew(session, submission, now=now)
    audit.record(
        session,
        "withdraw",
        subject_kind="submission",
        subject_ids=[submission.id],
        practice_id=submission.practice_id,
        detail={"kept_here": len(barred), "claims": len(attempts)},
    )
    return True


def _barred(session: Session, submission_id: UUID, *, now: datetime) -> Barred:
    """Ask about the claims that something may keep here: all of them, or those under Part 2."""
    claims = _in_question(session, submission_id, now=now)
    if not claims:
        return {}
    practice = session.get_one(Practice, claims[0].practice_id)
    today = today_in(practice.time_zone, now)
    found = {claim.id: findings_on_leaving(session, claim, on=today, now=now) for claim in claims}
    return {claim_id: findings for claim_id, findings in found.items() if has_errors(findings)}


def _in_question(session: Session, submission_id: UUID, *, now: datetime) -> Sequence[Claim]:
    query = (
        visible(session, Claim)
        .join(Attempt, (Attempt.practice_id == Claim.practice_id) & (Attempt.claim_id == Claim.id))
        .where(Attempt.submission_id == submission_id)
    )
    practice_id = session.scalars(
        select(Submission.practice_id).where(
            held(session, Submission.practice_id), Submission.id == submission_id
        )
    ).one()
    if agreement_in_force(session.get_one(Practice, practice_id), now=now):
        query = query.join(Claim.client).where(Client.part2_since.is_not(None))
    return session.scalars(query.order_by(Claim.id)).all()


def _keep_here(
    session: Session,
    claim: Claim,
    attempt: Attempt,
    findings: tuple[ScrubFinding, ...],
    *,
    now: datetime,
) -> None:
    claim.scrub_findings = [as_stored(finding) for finding in findings]
    claim.release_at = None
    advance(
        session,
        claim,
        ClaimEvent.SCRUB_FAILED,
        now=now,
        source=StepSource.RULE,
        attempt=attempt,
    )


def _build_anew(session: Session, submission: Submission, *, now: datetime) -> None:
    """Ask for the claims that may leave; where none is left the build finds nothing to do."""
    ask_for(
        session,
        Job.RELEASE_CLAIMS,
        subject_id=submission.practice_id,
        practice_id=submission.practice_id,
        due_at=now,
        turn=f"withdrawn {submission.id}",
    )
