"""Claims past their undo window become files: bytes, numbers and the wish to send, at once."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.base import new_id
from backoffice.models.claims import Claim, StepSource
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.practices import Practice
from backoffice.models.sealing import keyring, place_of
from backoffice.models.submissions import Attempt, AttemptOutcome, Submission, SubmissionState
from backoffice.rules.claim_facts import BillingFacts, ClaimFacts
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.rules.dates import time_zone, today_in
from backoffice.rules.money import total
from backoffice.rules.scrub import has_errors, scrub
from backoffice.services import postings
from backoffice.services.access import held
from backoffice.services.claim_files import FileHeader, claim_file
from backoffice.services.claims import (
    advance,
    as_stored,
    ask_for_person,
    findings_on_leaving,
    thaw,
)
from backoffice.services.readiness_facts import payer_rules
from backoffice.services.refusal import ChangedElsewhere
from backoffice.services.submissions.routing import account_for

TEST_USAGE: Final = "T"  # ISA15
ONE_IN: Final = 20
"""Of the files after the first of a payer route, one in so many gets a second opinion."""
OPINION_AFTER: Final = timedelta(minutes=2)
"""So that it stands beside a batch's sends, never in their way."""
MOST_CLAIMS: Final = 2_000
"""Of one run, so that it ends well within its job's time limit, whatever waits."""

NOT_WRITABLE: Final = "This claim holds something that the claim file cannot carry."
ON_TRIAL: Final = FileHeader(
    sender_name="TRIAL",
    sender_id="TRIAL",
    contact_name="TRIAL",
    contact_phone="2125550100",
    receiver_name="TRIAL",
    receiver_id="TRIAL",
    interchange_number="000000001",
    group_number="1",
    set_number="0001",
    reference="1",
    is_test=True,
)


@dataclass(frozen=True)
class Ready:
    """One claim on its way, with what it was frozen to say."""

    claim: Claim
    attempt: Attempt
    facts: ClaimFacts


@dataclass(frozen=True)
class Route:
    """What the claims of one file have in common: one billing provider to one payer."""

    account_id: UUID
    profile_id: UUID
    payer_id: UUID
    billing: BillingFacts


def build_files(
    session: Session, practice_id: UUID, *, now: datetime, most: int = MOST_CLAIMS
) -> list[Submission]:
    """Put a practice's claims whose undo window is over into files, and ask for their sending.

    One file for each billing provider and payer route, up to the account's claims per file. Bytes
    and control numbers are frozen here, the charges are posted and the errands written, all in
    this one transaction. A claim that would not pass any more is shown with its findings instead.

    No more than `most` claims are taken at once, the oldest first; next_release tells of the
    others. Whoever builds for the same practice meanwhile waits for this transaction to end. Raises
    ChangedElsewhere, and files nothing, when a claim went into another file all the same.
    """
    _take_turn(session, practice_id)
    practice = session.get_one(Practice, practice_id)
    routes: dict[Route, list[Ready]] = {}
    for ready in _due(session, practice_id, now=now, most=most):
        if not _passes(session, ready, on=today_in(practice.time_zone, now), now=now):
            continue
        account_id = account_for(session, practice_id=practice_id, payer_id=ready.claim.payer_id)
        route = Route(account_id, ready.claim.profile_id, ready.claim.payer_id, ready.facts.billing)
        routes.setdefault(route, []).append(ready)
    built = []
    for route, members in routes.items():
        account = _locked_account(session, route.account_id)
        for start in range(0, len(members), account.claims_per_file):
            part = members[start : start + account.claims_per_file]
            built.append(_freeze(session, practice, account, route, part, now=now))
    return built


def next_release(session: Session, practice_id: UUID) -> datetime | None:
    """Return when the next queued claim of a practice may leave; None where none waits."""
    query = select(func.min(Claim.release_at)).where(
        held(session, Claim.practice_id),
        Claim.practice_id == practice_id,
        Claim.status == ClaimStatus.QUEUED,
        _unfiled(),
    )
    return session.scalar(query)


def _take_turn(session: Session, practice_id: UUID) -> None:
    """Build alone, until the commit: a claim's lock says nothing of its attempt being in a file.

    Whoever waited for a claim only would still see its attempt as it was before the wait.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"),
        {"turn": f"files {practice_id}"},
    )


def _due(session: Session, practice_id: UUID, *, now: datetime, most: int) -> Iterator[Ready]:
    query = (
        select(Claim, Attempt)
        .join(Attempt, (Attempt.practice_id == Claim.practice_id) & (Attempt.claim_id == Claim.id))
        .where(
            held(session, Claim.practice_id),
            Claim.practice_id == practice_id,
            Claim.status == ClaimStatus.QUEUED,
            Claim.release_at <= now,
            Attempt.outcome == AttemptOutcome.OPEN,
            Attempt.submission_id.is_(None),
        )
        .order_by(Claim.id)
        .limit(most)
        .with_for_update(of=Claim)
        .execution_options(populate_existing=True)
    )
    for claim, attempt in session.execute(query).all():
        yield Ready(claim, attempt, thaw(attempt.content or ""))


def _unfiled() -> ColumnElement[bool]:
    attempt = select(Attempt.id).where(
        Attempt.practice_id == Claim.practice_id,
        Attempt.claim_id == Claim.id,
        Attempt.outcome == AttemptOutcome.OPEN,
        Attempt.submission_id.is_(None),
    )
    return attempt.exists()


def _passes(session: Session, ready: Ready, *, on: date, now: datetime) -> bool:
    """Take the last look: a payer's rules, the agreement, a consent may have changed meanwhile."""
    claim = ready.claim
    findings = (
        *findings_on_leaving(session, claim, on=on, now=now),
        *scrub(ready.facts, on=on, rules=payer_rules(claim.payer)),
    )
    writable = _is_writable(ready.facts, now=now)
    if writable and not has_errors(findings):
        return True
    claim.scrub_findings = [as_stored(finding) for finding in findings]
    claim.release_at = None
    if not writable:
        ask_for_person(claim, NOT_WRITABLE)
    advance(
        session,
        claim,
        ClaimEvent.SCRUB_FAILED,
        now=now,
        source=StepSource.RULE,
        attempt=ready.attempt,
    )
    return False


def _is_writable(facts: ClaimFacts, *, now: datetime) -> bool:
    """Whether X12 can carry the claim at all: one that can't must not keep others from leaving."""
    try:
        claim_file([facts], header=ON_TRIAL, now=now)
    except ValueError:
        return False
    return True


def _locked_account(session: Session, account_id: UUID) -> ClearinghouseAccount:
    """Hold the account until the commit: its counter moves with the files that use it."""
    query = select(ClearinghouseAccount).where(ClearinghouseAccount.id == account_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def _freeze(
    session: Session,
    practice: Practice,
    account: ClearinghouseAccount,
    route: Route,
    part: Sequence[Ready],
    *,
    now: datetime,
) -> Submission:
    number = account.next_interchange
    account.next_interchange = number + 1
    written = claim_file(
        [ready.facts for ready in part],
        header=header_of(account, number),
        now=now.astimezone(time_zone(practice.time_zone)),
    )
    submission_id = new_id()
    is_first = _is_first(session, route)
    submission = Submission(
        practice_id=practice.id,
        id=submission_id,
        account_id=route.account_id,
        profile_id=route.profile_id,
        payer_id=route.payer_id,
        interchange_number=number,
        filename=f"{number:09d}.837",
        sha256=hashlib.sha256(written.data).hexdigest(),
        body_sealed=b"",
        document_key=f"t/{practice.id}/{submission_id}",
        claim_count=len(part),
        charge_amount=total(ready.facts.charge_amount for ready in part),
        state=SubmissionState.PENDING,
    )
    submission.body_sealed = keyring().seal(place_of(submission, "body"), written.data)
    session.add(submission)
    session.flush()
    _file(session, submission_id, part)
    for ready in part:
        postings.charge(session, ready.claim, now=now)
    _ask(session, Job.TRANSMIT_SUBMISSION, submission, due_at=now)
    if is_first or number % ONE_IN == 0:
        _ask(session, Job.SECOND_OPINION, submission, due_at=now + OPINION_AFTER)
    return submission


def _file(session: Session, submission_id: UUID, part: Sequence[Ready]) -> None:
    """Note which file the attempts stand in: each in one only, whatever else happens."""
    filed = session.scalars(
        update(Attempt)
        .where(
            held(session, Attempt.practice_id),
            Attempt.id.in_([ready.attempt.id for ready in part]),
            Attempt.outcome == AttemptOutcome.OPEN,
            Attempt.submission_id.is_(None),
        )
        .values(submission_id=submission_id)
        .returning(Attempt.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    if len(filed) != len(part):
        raise ChangedElsewhere


def header_of(account: ClearinghouseAccount, number: int) -> FileHeader:
    """Return who sends to whom under one number: ISA13 = GS06, told again in ST02 and BHT03.

    A 999 repeats GS06 and ST02 but never ISA13, so all of them are the file's own.
    """
    return FileHeader(
        sender_name=account.sender_name,
        sender_id=account.sender_id,
        contact_name=account.contact_name,
        contact_phone=account.contact_phone,
        receiver_name=account.receiver_name,
        receiver_id=account.receiver_id,
        interchange_number=f"{number:09d}",
        group_number=str(number),
        set_number=f"{number:04d}",
        reference=f"{number:09d}",
        is_test=account.usage == TEST_USAGE,
    )


def _is_first(session: Session, route: Route) -> bool:
    query = select(Submission.id).where(
        held(session, Submission.practice_id),
        Submission.account_id == route.account_id,
        Submission.payer_id == route.payer_id,
    )
    return session.scalar(query.limit(1)) is None


def _ask(session: Session, job: Job, submission: Submission, *, due_at: datetime) -> None:
    ask_for(
        session,
        job,
        subject_id=submission.id,
        practice_id=submission.practice_id,
        due_at=due_at,
    )
