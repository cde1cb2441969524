"""Fetches what came back and takes it in: responses, remittance files, acknowledgements.

Bytes go to the document store before any row names them; a cursor moves in the transaction that
keeps its rows; a mailbox file is removed only after its row is committed.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import select

from backoffice.gateways.ack_mailbox import AckMailbox, MailboxFileGone, MailboxUnreachable
from backoffice.gateways.clearinghouse import (
    Clearinghouse,
    ClearinghouseAnswerUnreadable,
    ClearinghouseRefused,
    ClearinghouseUnreachable,
    EraListing,
)
from backoffice.models.inbound import InboundFile, InboundKind, InboundState
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.practices import Practice
from backoffice.services.inbound import acknowledgements, keeping, payments, responses
from backoffice.services.inbound.keeping import RawFile, practices_of_numbers
from backoffice.services.work import unit_of_work
from workers.runtime import Again, Runtime, Task, errand_job

_SEVERAL_FILES = "It fits more than one file that we sent: nothing was applied."
_NO_FILE = "It fits no file that we sent."
_NOT_KNOWN = "There is no acknowledgement (TA1, 999, 277CA) in this file."
_REFUSED = "The clearinghouse lists this remittance and refuses to give it: ask them for it."
_UNREADABLE = "The clearinghouse gave this remittance in a form we cannot read: ask them for it."

log = structlog.get_logger()


@errand_job
def poll_clearinghouse(task: Task, runtime: Runtime) -> Again | None:
    """Ask one account for responses and remittances, and the mailbox for acknowledgements.

    Each is asked whatever became of the others. Raises in the end what the clearinghouse's answer
    was wrong with, so that the errand shows it.
    """
    with runtime.work(None) as session:
        account = session.get(ClearinghouseAccount, task.subject_id)
    if account is None:
        return None
    poll = _Poll(runtime, account.id, runtime.clearinghouse_of(account))
    wrong: list[Exception] = []
    for ask in (poll.responses, poll.eras):
        try:
            ask()
        except ClearinghouseUnreachable:
            log.warning("clearinghouse not reached", account=str(account.id))
        except (ClearinghouseRefused, ClearinghouseAnswerUnreadable) as answer:
            wrong.append(answer)
    if runtime.mailbox is not None:
        poll.mailbox(runtime.mailbox)
    if wrong:
        raise wrong[0]
    return None


@errand_job
def apply_responses(task: Task, runtime: Runtime) -> Again | None:
    """Let a practice's waiting responses move its claims."""
    applied = responses.AT_ONCE
    while applied:
        with runtime.work(task.subject_id) as session:
            applied = responses.apply_responses(session, task.subject_id, now=runtime.clock())
    return None


@errand_job
def read_inbound_file(task: Task, runtime: Runtime) -> Again | None:
    """Read an 835 file: each payment once, given to its practice or set aside."""
    file = _received(runtime, task.subject_id)
    if file is not None:
        read = payments.read_payments(runtime.documents.get(file.document_key))
        with runtime.intake() as session:
            payments.take_in(session, file.id, read, now=runtime.clock())
    return None


@errand_job
def apply_acknowledgement(task: Task, runtime: Runtime) -> Again | None:
    """Read a TA1, 999 or 277CA file and tell the files and claims it is about."""
    file = _received(runtime, task.subject_id)
    if file is None:
        return None
    with runtime.work(None) as session:
        payer_ids = acknowledgements.payer_ids(session)
        practices = list(session.scalars(select(Practice.id)))
    content = runtime.documents.get(file.document_key)
    heard = acknowledgements.read_acknowledgements(content, payer_ids=payer_ids)
    problem = _NOT_KNOWN if heard.is_empty else ""
    for verdict in heard.files:
        problem = _apply_to_file(runtime, file.id, verdict, practices) or problem
    foreign = _apply_to_claims(runtime, file.id, heard.claims)
    if foreign:
        words = "claim in it is" if foreign == 1 else "claims in it are"
        problem = f"{problem} {foreign} {words} none of ours.".strip()
    with runtime.intake() as session:
        acknowledgements.finish_file(session, file.id, problem=problem, now=runtime.clock())
    return None


@dataclass(frozen=True)
class _Poll:
    """One round of asking one account."""

    runtime: Runtime
    account_id: UUID
    clearinghouse: Clearinghouse

    def responses(self) -> None:
        """Page by page until the cursor stands still."""
        grew = True
        while grew:
            cursor = self._account().response_cursor
            page = self.clearinghouse.responses(cursor)
            raw = keeping.raw_page(page)
            if page.rows:
                self._store(raw)
            with self.runtime.intake() as session:
                keeping.keep_responses(
                    session,
                    self.account_id,
                    page,
                    raw,
                    asked_from=cursor,
                    now=self.runtime.clock(),
                )
            grew = page.grew

    def eras(self) -> None:
        """Fetch each remittance not held yet; the cursor passes a page when all of it is kept."""
        grew = True
        while grew:
            cursor = self._account().era_cursor
            page = self.clearinghouse.eras(cursor)
            with self.runtime.intake() as session:
                held = keeping.known_remote_ids(
                    session, self.account_id, InboundKind.ERA, [each.era_id for each in page.eras]
                )
            for era in page.eras:
                if era.era_id not in held:
                    self._era(era)
            with self.runtime.intake() as session:
                keeping.advance_era_cursor(
                    session,
                    self.account_id,
                    asked_from=cursor,
                    cursor=page.cursor,
                    now=self.runtime.clock(),
                )
            grew = page.grew

    def _era(self, era: EraListing) -> None:
        """Fetch one remittance; one that we are not given is set aside and holds up no other."""
        try:
            content = self.clearinghouse.fetch_era(era.era_id)
        except ClearinghouseRefused as refused:
            if refused.concerns_the_account:
                raise
            self._set_aside(era, _REFUSED)
        except ClearinghouseAnswerUnreadable:
            self._set_aside(era, _UNREADABLE)
        else:
            self._keep(InboundKind.ERA, content, era.era_id)

    def mailbox(self, box: AckMailbox) -> None:
        """Keep each file that lies in the box, then take it out."""
        try:
            for file in box.list():
                self._keep(InboundKind.ACKNOWLEDGEMENT, box.fetch(file.name), file.name)
                box.remove(file.name)
        except (MailboxUnreachable, MailboxFileGone):
            log.warning("mailbox not read to its end", account=str(self.account_id))

    def _account(self) -> ClearinghouseAccount:
        with self.runtime.work(None) as session:
            return session.get_one(ClearinghouseAccount, self.account_id)

    def _keep(self, kind: InboundKind, content: bytes, remote_id: str) -> None:
        raw = RawFile.of(content)
        self._store(raw)
        with self.runtime.intake() as session:
            kept = keeping.keep_file(
                session,
                kind,
                raw,
                account_id=self.account_id,
                remote_id=remote_id,
                now=self.runtime.clock(),
            )
        if kept is None:
            self.runtime.documents.delete(raw.key)

    def _set_aside(self, era: EraListing, problem: str) -> None:
        raw = keeping.raw_listing(era)
        self._store(raw)
        with self.runtime.intake() as session:
            kept = keeping.set_aside_era(
                session,
                raw,
                account_id=self.account_id,
                remote_id=era.era_id,
                problem=problem,
                now=self.runtime.clock(),
            )
        if kept is None:
            self.runtime.documents.delete(raw.key)

    def _store(self, raw: RawFile) -> None:
        self.runtime.documents.put(raw.key, raw.content, sha256=raw.sha256)


def _received(runtime: Runtime, file_id: UUID) -> InboundFile | None:
    """The file, unless it was taken in before."""
    with runtime.intake() as session:
        file = session.get(InboundFile, file_id)
    return file if file is not None and file.state is InboundState.RECEIVED else None


def _apply_to_file(
    runtime: Runtime,
    file_id: UUID,
    verdict: acknowledgements.FileVerdict,
    practices: list[UUID],
) -> str:
    """Tell the one file of ours that is meant; returns what stands against it."""
    with unit_of_work(runtime.factory, practices=practices, reads=True) as session:
        named = acknowledgements.submissions_named(session, verdict)
    if len(named) != 1:
        return _SEVERAL_FILES if named else _NO_FILE
    practice_id, submission_id = named[0]
    with runtime.work(practice_id) as session:
        acknowledgements.apply_to_file(
            session, submission_id, verdict, file_id=file_id, now=runtime.clock()
        )
    return ""


def _apply_to_claims(
    runtime: Runtime, file_id: UUID, verdicts: tuple[acknowledgements.ClaimVerdict, ...]
) -> int:
    """Tell each practice's claims; returns how many claims are none of ours."""
    numbers = [name for each in verdicts for name in (each.patient_control_number, each.trace)]
    with runtime.work(None) as session:
        known = practices_of_numbers(session, sorted({name for name in numbers if name}))
    foreign: set[str] = set()
    by_practice: dict[UUID, list[acknowledgements.ClaimVerdict]] = {}
    for verdict in verdicts:
        practice = known.get(verdict.patient_control_number) or known.get(verdict.trace)
        if practice is None:
            foreign.add(verdict.patient_control_number)
        else:
            by_practice.setdefault(practice, []).append(verdict)
    for practice_id, said in by_practice.items():
        with runtime.work(practice_id) as session:
            foreign |= acknowledgements.apply_to_claims(
                session, said, file_id=file_id, now=runtime.clock()
            )
    return len(foreign)
