"""One claim whole: its numbers, what it says, what was answered, every step and attempt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from backoffice.models.claims import Claim, ClaimStep, StepSource
from backoffice.models.practices import Practice
from backoffice.models.submissions import Attempt, Submission
from backoffice.models.users import User
from backoffice.rules.claim_facts import ClaimFacts, Frequency
from backoffice.rules.claim_status import EDITABLE, ClaimEvent, ClaimStatus
from backoffice.rules.identifiers import patient_control_number
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.accounts import Person
from backoffice.services.claims import attempts_of, facts_for, history, payer_number_of, thaw
from backoffice.services.refusal import NotVisible, Refused
from backoffice.services.submissions.sending import body_of
from backoffice.services.unbilled.reach import own_clinicians

FROM_OTHERS = frozenset(
    {StepSource.SENDING, StepSource.RESPONSE, StepSource.ACKNOWLEDGEMENT, StepSource.REMITTANCE}
)

SAYS_WHY = frozenset({ClaimEvent.REJECTED, ClaimEvent.DENIED, ClaimEvent.MORE_INFO_REQUIRED})
"""Answers whose words are worth a place in a list."""


class NotSentYet(Refused):
    """An attempt that is in no file has no bytes to show."""

    code = "not_sent_yet"

    def __init__(self) -> None:
        """Say so."""
        super().__init__("This attempt is in no file yet.")


@dataclass(frozen=True)
class Tried:
    """One attempt with where it stood last, who released it, and what was said of it."""

    attempt: Attempt
    status: ClaimStatus
    released_by: str
    answer: str


@dataclass(frozen=True)
class Record:
    """A claim as its page shows it on every tab. Numbers are None while nobody assigned them."""

    claim: Claim
    practice: Practice
    owner: User | None
    steps: Sequence[ClaimStep]
    attempts: Sequence[Attempt]
    clearinghouse_number: str | None
    payer_number: str | None
    people: Mapping[UUID, User]

    @property
    def answers(self) -> list[ClaimStep]:
        """Return what came from outside, oldest first."""
        return [step for step in self.steps if step.source in FROM_OTHERS]

    @property
    def tried(self) -> list[Tried]:
        """Return the attempts, newest first."""
        return [self._tried(attempt) for attempt in reversed(self.attempts)]

    def _tried(self, attempt: Attempt) -> Tried:
        steps = [step for step in self.steps if step.attempt_id == attempt.id]
        moved = [step for step in steps if step.moved]
        said = [step.words for step in moved if step.event in SAYS_WHY and step.words]
        released = [step.by_id for step in steps if step.event is ClaimEvent.RELEASED]
        person = self.people.get(released[0]) if released and released[0] else None
        return Tried(
            attempt=attempt,
            status=moved[-1].to_status if moved else self.claim.status,
            released_by=person.name if person else "Rule",
            answer=said[-1] if said else "",
        )


def claim_for(session: Session, claim_id: UUID, person: Person) -> Claim:
    """Return a claim that this person may come near, or raise NotVisible."""
    query = (
        visible(session, Claim)
        .where(Claim.id == claim_id)
        .options(
            joinedload(Claim.client),
            joinedload(Claim.policy),
            joinedload(Claim.payer),
            joinedload(Claim.clinician),
            joinedload(Claim.authorization),
            selectinload(Claim.lines),
        )
    )
    claim = session.scalars(query).one_or_none()
    own = own_clinicians(session, person)
    if claim is None or (own and claim.clinician_id not in own):
        raise NotVisible
    return claim


def record(session: Session, claim_id: UUID, *, person: Person) -> Record:
    """Return a claim with its history, and note that it was read."""
    claim = claim_for(session, claim_id, person)
    steps, attempts = history(session, claim.id), attempts_of(session, claim.id)
    named = {step.by_id for step in steps if step.by_id} | {claim.owner_id}
    people = {
        user.id: user for user in session.scalars(select(User).where(User.id.in_(named - {None})))
    }
    numbers = [each.clearinghouse_number for each in attempts if each.clearinghouse_number]
    audit.read(session, "claim", [claim.id], practice_id=claim.practice_id)
    return Record(
        claim=claim,
        practice=session.get_one(Practice, claim.practice_id),
        owner=people.get(claim.owner_id) if claim.owner_id else None,
        steps=steps,
        attempts=attempts,
        clearinghouse_number=numbers[-1] if numbers else None,
        payer_number=payer_number_of(session, claim) or None,
        people=people,
    )


@dataclass(frozen=True)
class Said:
    """What a claim says to its payer; `frozen_at` is None while edits still change it."""

    facts: ClaimFacts
    frozen_at: datetime | None


def said(session: Session, found: Record) -> Said:
    """Return what the newest attempt says, or would say if it were released now."""
    newest = found.attempts[-1] if found.attempts else None
    if newest and newest.content and found.claim.status not in EDITABLE:
        return Said(thaw(newest.content), newest.opened_at)
    number = newest.attempt_no + 1 if newest else 1
    draft = Attempt(
        practice_id=found.claim.practice_id,
        claim_id=found.claim.id,
        attempt_no=number,
        frequency=Frequency.ORIGINAL,
        payer_order=found.claim.payer_order,
        patient_control_number=patient_control_number(found.claim.number, number),
    )
    return Said(facts_for(session, found.claim, draft), None)


@dataclass(frozen=True)
class SentFile:
    """The exact bytes of a file that an attempt left in."""

    filename: str
    content: bytes


def file_of(session: Session, claim_id: UUID, attempt_no: int, *, person: Person) -> SentFile:
    """Return the 837P that an attempt is in, and note who took it. Raises NotSentYet.

    The file may carry other claims of the same practice: for people who see all of them only.
    """
    claim = claim_for(session, claim_id, person)
    attempts = {each.attempt_no: each for each in attempts_of(session, claim.id)}
    attempt = attempts.get(attempt_no)
    if attempt is None:
        raise NotVisible
    if attempt.submission_id is None:
        raise NotSentYet
    submission = one(session, Submission, attempt.submission_id)
    beside = visible(session, Claim).where(Claim.id.in_(_claims_in(session, submission)))
    session.scalars(beside).all()  # all that it carries is shown with it
    audit.took(
        session,
        "download",
        subject_kind="submission",
        subject_ids=[submission.id],
        practice_id=claim.practice_id,
    )
    return SentFile(submission.filename, body_of(submission))


def _claims_in(session: Session, submission: Submission) -> Select[UUID]:
    return select(Attempt.claim_id).where(
        held(session, Attempt.practice_id), Attempt.submission_id == submission.id
    )
