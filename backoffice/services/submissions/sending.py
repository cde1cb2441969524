"""What a file's state allows next: the lease, its fence, and the bytes as they were frozen.

    PENDING -> SENDING (lease) -> SENT | REFUSED | PENDING (certainly not taken) | UNKNOWN
    SENDING, lease passed, nobody sending -> UNKNOWN
    PENDING -> WITHDRAWN (a claim in it may not leave any more: withdrawing.py)
    UNKNOWN -> asked about -> SENT | PENDING (certainly not there) | NEEDS_PERSON

All moments that decide are the database's: workers' clocks may differ.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.claims import ClaimStep
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.sealing import keyring, place_of
from backoffice.models.submissions import Attempt, Submission, SubmissionState
from backoffice.services.access import held, one
from backoffice.services.claims import HEARD

LAPSED: Final = "lapsed"
"""A worker ended in the middle of a send."""


@dataclass(frozen=True)
class SendingTerms:
    """How long things may take. A send never lasts longer than `longest_send`.

    `lag`: how long a clearinghouse's list may not yet show what it took; an earlier "not found"
    is not believed. `patience`: after so long in UNKNOWN a person is asked.
    """

    longest_send: timedelta = timedelta(seconds=75)
    margin: timedelta = timedelta(seconds=10)
    slack: timedelta = timedelta(seconds=5)
    lag: timedelta = timedelta(minutes=15)
    ask_again: timedelta = timedelta(seconds=60)
    patience: timedelta = timedelta(hours=4)
    busy: timedelta = timedelta(seconds=5)
    first_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(minutes=15)

    @property
    def lease(self) -> timedelta:
        """How long a worker may hold a file in SENDING."""
        return self.longest_send + self.margin + self.slack

    def may_send(self, elapsed: timedelta) -> bool:
        """Whether enough of the lease is left, after `elapsed` on a monotonic clock."""
        return elapsed <= self.slack

    def back_off(self, tries: int) -> timedelta:
        """Return how long to wait after a number of failed tries."""
        return min(self.first_wait * (1 << min(max(tries - 1, 0), 10)), self.longest_wait)


@dataclass(frozen=True)
class FrozenFile:
    """A file's bytes as frozen, and where its copy belongs."""

    filename: str
    document_key: str
    sha256: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Look:
    """Where a file stands right now. `wait` is how long nothing can be done about it."""

    state: SubmissionState
    wait: timedelta
    filename: str
    frozen_at: datetime
    unknown_for: timedelta
    was_heard_of: bool
    account: ClearinghouseAccount


@dataclass(frozen=True)
class Lease:
    """The right to send one file once, until it passes; `token` fences what is recorded."""

    submission_id: UUID
    token: UUID
    tries: int


def moment(session: Session) -> datetime:
    """Return the database's clock, not the transaction's start."""
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now


def look_at(session: Session, submission_id: UUID, *, terms: SendingTerms) -> Look:
    """Return where a file stands and for how long to leave it alone. Raises NotVisible."""
    submission = one(session, Submission, submission_id)
    now = moment(session)
    until = {
        SubmissionState.PENDING: submission.next_try_at,
        SubmissionState.UNKNOWN: submission.next_try_at,
        SubmissionState.SENDING: submission.lease_until,
    }.get(submission.state)
    return Look(
        state=submission.state,
        wait=max(until - now, timedelta(0)) if until else timedelta(0),
        filename=submission.filename,
        frozen_at=submission.created_at,
        unknown_for=now - (submission.unknown_since or now),
        was_heard_of=_was_heard_of(session, submission_id),
        account=submission.account,
    )


def frozen_file(session: Session, submission_id: UUID) -> FrozenFile:
    """Return the bytes of a file as they were frozen. Raises NotVisible."""
    submission = one(session, Submission, submission_id)
    return FrozenFile(
        submission.filename, submission.document_key, submission.sha256, body_of(submission)
    )


def body_of(submission: Submission) -> bytes:
    """Open a file's sealed bytes."""
    return keyring().open(place_of(submission, "body"), submission.body_sealed)


def begin(session: Session, submission_id: UUID, *, terms: SendingTerms) -> Lease | None:
    """Say durably, before the network, that this file is being sent; None when it is not due."""
    token = new_id()
    claimed = session.execute(
        update(Submission)
        .where(
            held(session, Submission.practice_id),
            Submission.id == submission_id,
            Submission.state == SubmissionState.PENDING,
            or_(
                Submission.next_try_at.is_(None),
                Submission.next_try_at <= func.clock_timestamp(),
            ),
        )
        .values(
            state=SubmissionState.SENDING,
            lease_token=token,
            lease_until=func.clock_timestamp() + terms.lease,
            tries=Submission.tries + 1,
            version=Submission.version + 1,
        )
        .returning(Submission.tries)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return None if claimed is None else Lease(submission_id, token, claimed)


def lapse(session: Session, submission_id: UUID) -> bool:
    """Turn a file whose lease has passed into UNKNOWN; False when it is not (any more) so.

    Only for whoever holds the file's lock: then nobody is sending it.
    """
    lapsed = session.execute(
        update(Submission)
        .where(
            held(session, Submission.practice_id),
            Submission.id == submission_id,
            Submission.state == SubmissionState.SENDING,
            Submission.lease_until <= func.clock_timestamp(),
        )
        .values(
            state=SubmissionState.UNKNOWN,
            lease_token=None,
            lease_until=None,
            unknown_since=func.clock_timestamp(),
            next_try_at=None,
            answer_code=LAPSED,
            version=Submission.version + 1,
        )
        .returning(Submission.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return lapsed is not None


def _was_heard_of(session: Session, submission_id: UUID) -> bool:
    """Whether any of a file's claims was answered: then the file has arrived."""
    query = (
        select(ClaimStep.id)
        .join(
            Attempt,
            (Attempt.practice_id == ClaimStep.practice_id) & (Attempt.id == ClaimStep.attempt_id),
        )
        .where(
            held(session, ClaimStep.practice_id),
            Attempt.submission_id == submission_id,
            ClaimStep.source.in_(HEARD),
        )
    )
    return session.scalar(query.limit(1)) is not None
