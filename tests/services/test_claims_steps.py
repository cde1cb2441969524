"""Every event leaves a step; late, repeated and contradicting ones change nothing."""

import itertools
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from backoffice.models.claims import StepSource
from backoffice.models.submissions import AttemptOutcome
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.services import claims
from backoffice.services.refusal import ChangedElsewhere
from tests.builders import NOW
from tests.cast import a_user
from tests.databases import Database
from tests.services.billing import NO_DELAY, a_billing, a_claim, a_queued_claim

LATER = NOW + timedelta(hours=1)


def test_a_late_answer_is_kept_and_moves_nothing(session: Session, practice_id: UUID) -> None:
    claim = a_queued_claim(session, a_billing(session, practice_id))
    (attempt,) = claims.attempts_of(session, claim.id)

    first, late = (
        claims.advance(
            session, claim, event, now=moment, source=StepSource.REMITTANCE, attempt=attempt
        )
        for event, moment in [(ClaimEvent.PAID, NOW), (ClaimEvent.RECEIVED_BY_PAYER, LATER)]
    )

    last = claims.history(session, claim.id)[-1]
    assert (first, late) == (True, False)
    assert (last.event, last.moved) == (ClaimEvent.RECEIVED_BY_PAYER, False)
    assert claim.status is ClaimStatus.PAID
    assert (claim.status_since, claim.last_heard_at) == (NOW, LATER)
    assert not claim.needs_review


def test_answers_end_alike_in_whatever_order_they_come(session: Session, practice_id: UUID) -> None:
    billing = a_billing(session, practice_id)
    answers = [
        ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE,
        ClaimEvent.RECEIVED_BY_PAYER,
        ClaimEvent.ACCEPTED,
        ClaimEvent.DENIED,
    ]

    ends = set()
    for order in itertools.permutations(answers):
        claim = a_queued_claim(session, billing)
        for event in [*order, *order]:
            claims.advance(session, claim, event, now=NOW, source=StepSource.RESPONSE)
        ends.add((claim.status, claim.needs_review))

    assert ends == {(ClaimStatus.DENIED, False)}


def test_money_for_a_replaced_attempt_asks_for_a_person(
    session: Session, practice_id: UUID
) -> None:
    person = a_user(session, "Ana Sample").id
    claim = a_queued_claim(session, a_billing(session, practice_id))
    (old,) = claims.attempts_of(session, claim.id)
    claims.advance(
        session, claim, ClaimEvent.REJECTED, now=NOW, source=StepSource.RESPONSE, attempt=old
    )
    claims.reopen(session, claim, by=person, now=NOW)
    claims.release(session, claim, by=person, now=NOW, delay=NO_DELAY)

    moved = claims.advance(
        session, claim, ClaimEvent.PAID, now=NOW, source=StepSource.REMITTANCE, attempt=old
    )

    assert not moved
    assert claim.status is ClaimStatus.QUEUED
    assert claim.needs_review
    assert old.outcome is AttemptOutcome.REJECTED


def test_a_step_that_is_not_possible_is_refused_in_words(
    session: Session, practice_id: UUID
) -> None:
    claim = a_claim(session, a_billing(session, practice_id))

    with pytest.raises(claims.StepNotPossible) as refused:
        claims.advance(session, claim, ClaimEvent.RECALLED, now=NOW, source=StepSource.PERSON)

    assert refused.value.words == "A claim that is prepared cannot be recalled."


def test_two_people_who_move_the_same_claim_do_not_both_win(fresh_database: Database) -> None:
    practice_id = uuid4()
    with fresh_database.work(practices=[practice_id], house=True) as session:
        claim_id = a_claim(session, a_billing(session, practice_id)).id

    with fresh_database.work(practices=[practice_id]) as slow:
        (seen,) = claims.locked(slow, [claim_id])
        slow.commit()  # read, and let go: as a page that stands open
        with fresh_database.work(practices=[practice_id]) as quick:
            (same,) = claims.locked(quick, [claim_id])
            claims.advance(quick, same, ClaimEvent.DOWNLOADED, now=NOW, source=StepSource.PERSON)
        with pytest.raises(ChangedElsewhere):
            claims.advance(
                slow, seen, ClaimEvent.SUBMITTED_EXTERNALLY, now=NOW, source=StepSource.PERSON
            )
        slow.rollback()

    with fresh_database.work(practices=[practice_id]) as session:
        (claim,) = claims.locked(session, [claim_id])
        steps = claims.history(session, claim_id)
    assert claim.status is ClaimStatus.DOWNLOADED
    assert [step.event for step in steps] == [ClaimEvent.CREATED, ClaimEvent.DOWNLOADED]
