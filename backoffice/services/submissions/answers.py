"""What a send or a look-up ended in, recorded behind the fence of the lease."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.gateways.clearinghouse import (
    Accepted,
    CannotTell,
    ClaimRow,
    Found,
    Lookup,
    NotAccepted,
    NotFound,
    Refused,
    Sender,
    SendResult,
    Unknown,
)
from backoffice.models.claims import Claim, StepSource
from backoffice.models.submissions import Attempt, Submission, SubmissionState
from backoffice.rules.answers import NEEDS_PERSON, Speaker, event_of_response
from backoffice.rules.claim_status import ClaimEvent
from backoffice.services.access import one, visible
from backoffice.services.claims import advance, ask_for_person, locked
from backoffice.services.submissions.sending import Lease, SendingTerms, moment

NOT_SENT: Final = "not_sent"
"""Too little of the lease was left, so that nothing was sent."""
_FILE_REFUSED: Final = "The clearinghouse turned the whole file away."
_REJECTED: Final = "The clearinghouse rejected this claim."
_UNCLEAR: Final = "The clearinghouse's answer is unclear; read it in the history."
_SPEAKERS: Final = {
    Sender.CLEARINGHOUSE: Speaker.CLEARINGHOUSE,
    Sender.PAYER: Speaker.PAYER,
    Sender.UNSAID: Speaker.UNSAID,
}


def record(
    session: Session, lease: Lease, answer: SendResult, *, terms: SendingTerms, now: datetime
) -> bool:
    """Record how a send ended; False when the lease is no longer ours, and nothing is recorded.

    Accepted: SENT, its claims transmitted and their rows applied. Refused: REFUSED, its claims
    rejected, or held back for a while where our account is at fault. Not accepted: PENDING again
    with the same bytes. Unknown: UNKNOWN.
    """
    submission = _fenced(session, lease)
    if submission is None:
        return False
    submission.lease_token = submission.lease_until = None
    if isinstance(answer, Accepted):
        arrived(session, submission, answer.rows, now=now)
    elif isinstance(answer, Refused):
        _refused(session, submission, answer, terms=terms, now=now)
    elif isinstance(answer, NotAccepted):
        wait = terms.back_off(submission.tries)
        if answer.retry_after_seconds:
            wait = max(wait, timedelta(seconds=answer.retry_after_seconds))
        _wait_pending(session, submission, answer.why.value, wait=wait)
    else:
        _unknown(session, submission, answer)
    session.flush()
    return True


def put_back(session: Session, lease: Lease) -> bool:
    """Give back a lease under which nothing was sent; False when it is no longer ours."""
    submission = _fenced(session, lease)
    if submission is None:
        return False
    submission.lease_token = submission.lease_until = None
    _wait_pending(session, submission, NOT_SENT, wait=timedelta(0))
    session.flush()
    return True


def looked_up(
    session: Session, submission_id: UUID, answer: Lookup, *, terms: SendingTerms, now: datetime
) -> None:
    """Record what the clearinghouse says of a file in UNKNOWN.

    Found: SENT. Not found is believed only after the list's lag, then the same bytes go again.
    Whoever cannot tell is asked again, until our patience ends and a person is asked.
    """
    submission = one(session, Submission, submission_id, lock=True)
    if submission.state is not SubmissionState.UNKNOWN:
        return
    here = moment(session)
    unknown_for = here - (submission.unknown_since or here)
    if isinstance(answer, Found):
        arrived(session, submission, (), now=now)
    elif isinstance(answer, NotFound) and unknown_for >= terms.lag:
        submission.unknown_since = None
        _wait_pending(session, submission, "not_found", wait=timedelta(0))
    elif unknown_for >= terms.patience:
        submission.state, submission.next_try_at = SubmissionState.NEEDS_PERSON, None
    else:
        code = answer.why.value if isinstance(answer, CannotTell) else "not_found_yet"
        submission.answer_code = code
        submission.next_try_at = here + terms.ask_again
    session.flush()


def heard_of(session: Session, submission_id: UUID, *, now: datetime) -> None:
    """Record that answers about a file's claims have come: so it arrived, whatever we know."""
    submission = one(session, Submission, submission_id, lock=True)
    if submission.state in {SubmissionState.UNKNOWN, SubmissionState.NEEDS_PERSON}:
        arrived(session, submission, (), now=now)
        session.flush()


def arrived(
    session: Session, submission: Submission, rows: Iterable[ClaimRow], *, now: datetime
) -> None:
    """Mark a file as sent and its claims as transmitted; apply what was said of each at once."""
    submission.state, submission.sent_at = SubmissionState.SENT, now
    submission.next_try_at = submission.unknown_since = None
    submission.answer_code = ""
    said = {row.patient_control_number: row for row in rows}
    for attempt, claim in _claims_in(session, submission):
        attempt.sent_at = now
        advance(
            session,
            claim,
            ClaimEvent.TRANSMITTED,
            now=now,
            source=StepSource.SENDING,
            source_id=submission.id,
            attempt=attempt,
        )
        if attempt.patient_control_number in said:
            _apply(session, claim, attempt, said[attempt.patient_control_number], now=now)


def _fenced(session: Session, lease: Lease) -> Submission | None:
    submission = one(session, Submission, lease.submission_id, lock=True)
    ours = submission.lease_token == lease.token
    return submission if ours and submission.state is SubmissionState.SENDING else None


def _refused(
    session: Session,
    submission: Submission,
    answer: Refused,
    *,
    terms: SendingTerms,
    now: datetime,
) -> None:
    code = answer.errors[0].code if answer.errors else "refused"
    if answer.concerns_the_account:
        # Our key or address is at fault, not the file: it waits, and the page says why.
        _wait_pending(session, submission, f"account: {code}", wait=terms.longest_wait)
        return
    submission.state, submission.answer_code = SubmissionState.REFUSED, code
    words = " ".join(f"{error.code} {error.words}".strip() for error in answer.errors)
    for attempt, claim in _claims_in(session, submission):
        attempt.sent_at = now
        _reject(session, claim, attempt, words=words, reason=_FILE_REFUSED, now=now)


def _reject(
    session: Session, claim: Claim, attempt: Attempt, *, words: str, reason: str, now: datetime
) -> None:
    advance(
        session,
        claim,
        ClaimEvent.REJECTED,
        now=now,
        source=StepSource.RESPONSE,
        attempt=attempt,
        words=words,
    )
    ask_for_person(claim, reason)


def _wait_pending(session: Session, submission: Submission, code: str, *, wait: timedelta) -> None:
    submission.state, submission.answer_code = SubmissionState.PENDING, code
    submission.next_try_at = moment(session) + wait


def _unknown(session: Session, submission: Submission, answer: Unknown) -> None:
    submission.state, submission.answer_code = SubmissionState.UNKNOWN, answer.why.value
    submission.unknown_since, submission.next_try_at = moment(session), None


def _claims_in(session: Session, submission: Submission) -> list[tuple[Attempt, Claim]]:
    """Return the attempts of a file with their claims, held, in the order of the claims."""
    query = visible(session, Attempt).where(Attempt.submission_id == submission.id)
    attempts = {attempt.claim_id: attempt for attempt in session.scalars(query)}
    return [(attempts[claim.id], claim) for claim in locked(session, attempts)]


def _apply(
    session: Session, claim: Claim, attempt: Attempt, row: ClaimRow, *, now: datetime
) -> None:
    """Apply what was said of one claim as the file was taken."""
    if row.clearinghouse_claim_number:
        attempt.clearinghouse_number = row.clearinghouse_claim_number
    category = next((each.category for each in row.messages if each.category), "")
    event = event_of_response(row.status, category=category, speaker=_SPEAKERS[row.sender])
    words = " ".join(message.words for message in row.messages if message.words)
    if event is NEEDS_PERSON:
        ask_for_person(claim, _UNCLEAR)
        return
    if event is ClaimEvent.REJECTED:
        _reject(session, claim, attempt, words=words, reason=_REJECTED, now=now)
        return
    advance(
        session,
        claim,
        event,
        now=now,
        source=StepSource.RESPONSE,
        source_id=attempt.submission_id,
        attempt=attempt,
        words=words,
    )
