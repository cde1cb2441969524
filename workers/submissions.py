"""Jobs of sending: build files, send them exactly once in effect, ask a second validator."""

import hashlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from backoffice.config import Settings
from backoffice.gateways.clearinghouse import (
    Accepted,
    Clearinghouse,
    Found,
    NotFound,
    Refused,
    SendResult,
    Unknown,
    WhyUnknown,
)
from backoffice.gateways.documents import Documents, KeyTaken
from backoffice.gateways.validator import objections
from backoffice.models.submissions import SubmissionState
from backoffice.services.submissions import answers, building, opinions, sending, withdrawing
from backoffice.services.submissions.sending import FrozenFile, Lease, Look, SendingTerms
from workers.locks import lock_on
from workers.runtime import Again, Runtime, Task, errand_job

CLOCKS_APART: Final = timedelta(minutes=15)
"""How far the clock that rang may be ahead of ours."""
_PLAY: Final = SendingTerms(lag=timedelta(seconds=20), ask_again=timedelta(seconds=5))
At = Callable[[str], None]
"""Told where a send has come to; tests end the process there."""


class CopyDiffers(Exception):
    """What lies in the document store under the file's key are other bytes."""


def terms_of(settings: Settings) -> SendingTerms:
    """Return the terms of sending: the sandbox's lists lag for seconds, not for minutes."""
    return _PLAY if settings.sandbox else SendingTerms()


@errand_job
def release_claims(task: Task, run: Runtime) -> Again | None:
    """Put a practice's claims whose undo window is over into files."""
    now = run.clock()
    with run.work(task.practice_id) as session:
        building.build_files(session, task.subject_id, now=now)
        following = building.next_release(session, task.subject_id)
    if following is not None and following - now <= CLOCKS_APART:
        return Again(max(following - now, timedelta(seconds=1)))
    return None


@errand_job
def transmit_submission(task: Task, run: Runtime) -> Again | None:
    """Send one frozen file; a second run finds it sent, or being sent, and does nothing."""
    return transmit(task, run, terms=terms_of(run.settings))


@errand_job
def second_opinion(task: Task, run: Runtime) -> None:
    """Show a file to another validator; what it says stops nothing, a refusal is looked at."""
    with run.work(task.practice_id) as session:
        frozen = sending.frozen_file(session, task.subject_id)
    said = objections(frozen.body)
    with run.work(task.practice_id) as session:
        opinions.keep_opinion(session, task.subject_id, said)


def transmit(
    task: Task, run: Runtime, *, terms: SendingTerms, at: At = lambda _: None
) -> Again | None:
    """Move one file on by what its state allows; None when nothing is left to do.

    Whoever moves it holds its lock all the while, so that a worker that was only paused is waited
    for, however long, and two never send at once.
    """
    with lock_on(run.engine, "submission", task.subject_id) as is_ours:
        if not is_ours:
            return Again(terms.busy)
        at("locked")
        with run.work(task.practice_id) as session:
            look = sending.look_at(session, task.subject_id, terms=terms)
            if look.state is SubmissionState.SENDING and sending.lapse(session, task.subject_id):
                return Again(timedelta(0))
        if look.state in {SubmissionState.PENDING, SubmissionState.UNKNOWN} and not look.wait:
            if look.state is SubmissionState.PENDING:
                _send(task, run, look, terms=terms, at=at)
            else:
                _ask(task, run, look, terms=terms)
            with run.work(task.practice_id) as session:
                look = sending.look_at(session, task.subject_id, terms=terms)
    return Again(look.wait) if look.state in UNSETTLED else None


UNSETTLED: Final = frozenset(
    {SubmissionState.PENDING, SubmissionState.SENDING, SubmissionState.UNKNOWN}
)


def _send(task: Task, run: Runtime, look: Look, *, terms: SendingTerms, at: At) -> None:
    with run.work(task.practice_id) as session:
        frozen = sending.frozen_file(session, task.subject_id)
    keep_copy(run.documents, frozen)
    clearinghouse = run.clearinghouse_of(look.account)
    at("kept")
    started = time.monotonic()
    with run.work(task.practice_id) as session:
        if withdrawing.withdraw_if_barred(session, task.subject_id, now=run.clock()):
            return
        lease = sending.begin(session, task.subject_id, terms=terms)
    if lease is None:
        return
    at("begun")
    if not terms.may_send(timedelta(seconds=time.monotonic() - started)):
        with run.work(task.practice_id) as session:
            answers.put_back(session, lease)
        return
    answer = clearinghouse.send(frozen.body, frozen.filename)
    at("answered")
    answer = _second_thought(clearinghouse, answer, lease, look, run)
    with run.work(task.practice_id) as session:
        answers.record(session, lease, answer, terms=terms, now=run.clock())
    at("recorded")


def _second_thought(
    clearinghouse: Clearinghouse, answer: SendResult, lease: Lease, look: Look, run: Runtime
) -> SendResult:
    """Doubt a refusal of any try but the first: it may be of a duplicate of what arrived before."""
    if not isinstance(answer, Refused) or answer.concerns_the_account or lease.tries == 1:
        return answer
    found = clearinghouse.find(look.filename, since=look.frozen_at, now=run.clock())
    if isinstance(found, Found):
        return Accepted(rows=())
    return answer if isinstance(found, NotFound) else Unknown(WhyUnknown.CONNECTION_LOST)


def _ask(task: Task, run: Runtime, look: Look, *, terms: SendingTerms) -> None:
    if look.was_heard_of:
        with run.work(task.practice_id) as session:
            answers.heard_of(session, task.subject_id, now=run.clock())
        return
    clearinghouse = run.clearinghouse_of(look.account)
    found = clearinghouse.find(look.filename, since=look.frozen_at, now=run.clock())
    with run.work(task.practice_id) as session:
        answers.looked_up(session, task.subject_id, found, terms=terms, now=run.clock())


def keep_copy(documents: Documents, frozen: FrozenFile) -> None:
    """See that the file's very bytes lie in the document store before anything leaves."""
    try:
        documents.put(frozen.document_key, frozen.body, sha256=frozen.sha256)
    except KeyTaken:
        kept = documents.get(frozen.document_key)
        if hashlib.sha256(kept).hexdigest() != frozen.sha256:
            raise CopyDiffers from None
