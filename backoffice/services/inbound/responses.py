"""Applies the clearinghouse's response rows to claims: any order, any number of times, one end."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim, ClaimStep, StepSource
from backoffice.models.inbound import InboundResponse, ResponseState
from backoffice.models.submissions import Attempt, AttemptOutcome
from backoffice.rules.answers import Speaker, Unclear, event_of_response
from backoffice.rules.claim_status import ClaimEvent
from backoffice.services.access import held, visible
from backoffice.services.claims.steps import advance, ask_for_person, locked

AT_ONCE = 500

REJECTED = "Rejected before it was decided: read the answer, correct, send again as original."
UNCLEAR = "The clearinghouse answered with a status that we do not know: read it as received."
DISAGREE = "The clearinghouse's responses and its acknowledgement files disagree."

_VERDICTS = frozenset({ClaimEvent.ACCEPTED, ClaimEvent.REJECTED})


def apply_responses(session: Session, practice_id: UUID, *, now: datetime) -> int:
    """Apply a practice's waiting responses in the order of their ids; returns how many.

    Call again until it returns 0. A response about no attempt of ours is kept as unmatched.
    """
    session.execute(select(func.pg_advisory_xact_lock(_lock_number(practice_id))))
    waiting = _waiting(session, practice_id)
    attempts = attempts_named(session, (_names(each) for each in waiting))
    claims = {
        claim.id: claim
        for claim in locked(session, {attempt.claim_id for attempt in attempts.values()})
    }
    touched: dict[UUID, Attempt] = {}
    for response in waiting:
        attempt = next((attempts[name] for name in _names(response) if name in attempts), None)
        if attempt is None:
            response.state = ResponseState.UNMATCHED
            continue
        _apply(session, response, claims[attempt.claim_id], attempt, now=now)
        touched[attempt.id] = attempt
    session.flush()
    for attempt in touched.values():
        _keep_numbers(session, attempt)
        note_disagreement(session, claims[attempt.claim_id], attempt)
    return len(waiting)


def attempts_named(session: Session, names: Iterable[Sequence[str]]) -> dict[str, Attempt]:
    """Attempts by each of the names that answers call them: control number or our trace."""
    wanted = {name for each in names for name in each if name}
    by_number = visible(session, Attempt).where(Attempt.patient_control_number.in_(wanted))
    found = {each.patient_control_number: each for each in session.scalars(by_number)}
    ids = [each for each in map(_as_id, wanted - found.keys()) if each]
    by_id = visible(session, Attempt).where(Attempt.id.in_(ids))
    return found | ({str(each.id): each for each in session.scalars(by_id)} if ids else {})


def note_disagreement(session: Session, claim: Claim, attempt: Attempt) -> None:
    """Ask for a person when one road only accepts and the other only rejects the same attempt."""
    query = (
        select(ClaimStep.source, ClaimStep.event)
        .where(held(session, ClaimStep.practice_id), ClaimStep.attempt_id == attempt.id)
        .where(ClaimStep.event.in_(_VERDICTS))
    )
    said: dict[StepSource, set[ClaimEvent]] = {}
    for source, event in session.execute(query):
        said.setdefault(source, set()).add(event)
    verdicts = [
        said[source]
        for source in (StepSource.RESPONSE, StepSource.ACKNOWLEDGEMENT)
        if source in said
    ]
    if len(verdicts) == 2 and not verdicts[0] & verdicts[1]:
        ask_for_person(claim, DISAGREE)


def _waiting(session: Session, practice_id: UUID) -> list[InboundResponse]:
    query = (
        select(InboundResponse)
        .where(
            InboundResponse.practice_id == practice_id,
            InboundResponse.state == ResponseState.WAITING,
        )
        .order_by(func.length(InboundResponse.response_id), InboundResponse.response_id)
        .limit(AT_ONCE)
    )
    return list(session.scalars(query))


def _names(response: InboundResponse) -> tuple[str, str]:
    return response.patient_control_number, response.trace


def _apply(
    session: Session, response: InboundResponse, claim: Claim, attempt: Attempt, *, now: datetime
) -> None:
    response.state = ResponseState.APPLIED
    speaker = Speaker.PAYER if response.from_payer else Speaker.CLEARINGHOUSE
    event = event_of_response(response.status, category=response.category, speaker=speaker)
    if isinstance(event, Unclear):
        claim.last_heard_at = max(now, claim.last_heard_at or now)
        ask_for_person(claim, UNCLEAR)
        return
    moved = advance(
        session,
        claim,
        event,
        now=now,
        source=StepSource.RESPONSE,
        source_id=response.id,
        attempt=attempt,
        words=response.message or "",
    )
    if moved and event is ClaimEvent.REJECTED:
        ask_for_person(claim, REJECTED)


def _keep_numbers(session: Session, attempt: Attempt) -> None:
    """The newest response that carries a number has the say; the payer's 835 outranks it."""
    query = (
        select(InboundResponse.clearinghouse_number, InboundResponse.payer_number)
        .where(
            held(session, InboundResponse.practice_id),  # type: ignore[arg-type]  # nullable here
            InboundResponse.patient_control_number == attempt.patient_control_number,
            InboundResponse.state == ResponseState.APPLIED,
        )
        .order_by(func.length(InboundResponse.response_id), InboundResponse.response_id)
    )
    for clearinghouse_number, payer_number in session.execute(query):
        attempt.clearinghouse_number = clearinghouse_number or attempt.clearinghouse_number
        if attempt.outcome is not AttemptOutcome.ADJUDICATED:
            attempt.payer_number = payer_number or attempt.payer_number


def _lock_number(practice_id: UUID) -> int:
    return int.from_bytes(practice_id.bytes[8:], "big", signed=True)


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
