"""Applies TA1, 999 and 277CA files: which files and claims of ours were taken or refused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.edi import ack_277, ack_999, ack_ta1
from backoffice.edi.envelope import EnvelopeReader, InterchangeReply
from backoffice.edi.problems import ProblemLog
from backoffice.models.base import new_id
from backoffice.models.claims import StepSource
from backoffice.models.inbound import InboundFile, InboundState
from backoffice.models.payers import ClearinghouseAccount, Payer
from backoffice.models.submissions import (
    Acknowledgement,
    AcknowledgementKind,
    Attempt,
    AttemptOutcome,
    Submission,
)
from backoffice.rules.answers import (
    NEEDS_PERSON,
    Speaker,
    Unclear,
    event_of_277,
    event_of_999,
)
from backoffice.rules.claim_status import ClaimEvent
from backoffice.services.access import held, visible
from backoffice.services.claims.steps import advance, ask_for_person, locked
from backoffice.services.inbound.responses import (
    REJECTED,
    UNCLEAR,
    attempts_named,
    note_disagreement,
)

_DUPLICATE_INTERCHANGE = "025"  # TA105: an earlier sending of this very file arrived
_WHOLE_FILE = "The acknowledgement of this claim's file needs a person: read it as received."


@dataclass(frozen=True)
class FileVerdict:
    """What a TA1 or 999 says of one file of ours, by its interchange number (ISA13 = GS06).

    `claims` are the control numbers that a 999 names as at fault when only a part was refused.
    """

    kind: AcknowledgementKind
    receiver_id: str  # who it was sent to: the account's sender
    interchange_number: int
    code: str
    event: ClaimEvent | Unclear | None
    claims: frozenset[str] = frozenset()
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ClaimVerdict:
    """What one STC of a 277CA says of one claim."""

    patient_control_number: str
    trace: str
    payer_number: str
    event: ClaimEvent | Unclear
    words: str


@dataclass(frozen=True)
class Heard:
    """All that one acknowledgement file says."""

    files: tuple[FileVerdict, ...]
    claims: tuple[ClaimVerdict, ...]
    problems: int

    @property
    def is_empty(self) -> bool:
        """Nothing in it is an acknowledgement that we know."""
        return not self.files and not self.claims


def read_acknowledgements(content: bytes, *, payer_ids: frozenset[str]) -> Heard:
    """Read a file of TA1, 999 and 277CA; whoever is not among `payer_ids` is no payer."""
    log = ProblemLog()
    files: list[FileVerdict] = []
    claims: list[ClaimVerdict] = []
    for unit in EnvelopeReader([content], log):
        if isinstance(unit, InterchangeReply):
            files += _of_ta1(ack_ta1.read_reply(unit, log))
        elif unit.set_id == "999":
            files += _of_999(ack_999.read_set(unit, log))
        elif unit.set_id == "277":
            claims += _of_277(ack_277.read_set(unit, log), payer_ids)
    return Heard(tuple(files), tuple(claims), log.errors)


def payer_ids(session: Session) -> frozenset[str]:
    """The electronic ids that payers answer under."""
    query = select(Payer.electronic_id).where(Payer.electronic_id.is_not(None))
    return frozenset(each for each in session.scalars(query) if each)


def submissions_named(session: Session, verdict: FileVerdict) -> list[tuple[UUID, UUID]]:
    """(practice, submission) of the files a verdict may be about: one, unless numbers clash."""
    accounts = select(ClearinghouseAccount.id)
    named = accounts.where(ClearinghouseAccount.sender_id == verdict.receiver_id)
    senders = session.scalars(named).all() or session.scalars(accounts).all()
    query = select(Submission.practice_id, Submission.id).where(
        held(session, Submission.practice_id),
        Submission.account_id.in_(senders),
        Submission.interchange_number == verdict.interchange_number,
    )
    return [(practice, submission) for practice, submission in session.execute(query)]


def apply_to_file(
    session: Session,
    submission_id: UUID,
    verdict: FileVerdict,
    *,
    file_id: UUID,
    now: datetime,
) -> None:
    """Keep what was said of a file of ours and tell its claims; a second time changes nothing."""
    submission = session.scalars(
        visible(session, Submission).where(Submission.id == submission_id)
    ).one()
    if not _is_first(session, submission, verdict, file_id=file_id, now=now):
        return
    if verdict.event is None:
        return
    attempts = list(
        session.scalars(visible(session, Attempt).where(Attempt.submission_id == submission_id))
    )
    claims = {each.id: each for each in locked(session, {each.claim_id for each in attempts})}
    for attempt in attempts:
        event = verdict.event
        if verdict.claims:
            named = attempt.patient_control_number in verdict.claims
            event = ClaimEvent.REJECTED if named else NEEDS_PERSON
        claim = claims[attempt.claim_id]
        if isinstance(event, Unclear):
            if attempt.outcome is AttemptOutcome.OPEN:
                ask_for_person(claim, _WHOLE_FILE)
            continue
        moved = advance(
            session,
            claim,
            event,
            now=now,
            source=StepSource.ACKNOWLEDGEMENT,
            source_id=file_id,
            attempt=attempt,
        )
        if moved and event is ClaimEvent.REJECTED:
            ask_for_person(claim, REJECTED)


def apply_to_claims(
    session: Session, verdicts: Iterable[ClaimVerdict], *, file_id: UUID, now: datetime
) -> set[str]:
    """Tell claims what a 277CA says of each; a second time leaves only another step behind.

    Returns the control numbers that no claim here answers to.
    """
    said, unknown = list(verdicts), set[str]()
    attempts = attempts_named(session, ((v.patient_control_number, v.trace) for v in said))
    claims = {
        each.id: each for each in locked(session, {each.claim_id for each in attempts.values()})
    }
    for verdict in said:
        attempt = attempts.get(verdict.patient_control_number) or attempts.get(verdict.trace)
        if attempt is None:
            unknown.add(verdict.patient_control_number)
            continue
        claim = claims[attempt.claim_id]
        if isinstance(verdict.event, Unclear):
            ask_for_person(claim, UNCLEAR)
            continue
        moved = advance(
            session,
            claim,
            verdict.event,
            now=now,
            source=StepSource.ACKNOWLEDGEMENT,
            source_id=file_id,
            attempt=attempt,
            words=verdict.words,
        )
        if moved and verdict.event is ClaimEvent.REJECTED:
            ask_for_person(claim, REJECTED)
        if verdict.payer_number and attempt.outcome is not AttemptOutcome.ADJUDICATED:
            attempt.payer_number = verdict.payer_number
        note_disagreement(session, claim, attempt)
    session.flush()
    return unknown


def finish_file(session: Session, file_id: UUID, *, problem: str, now: datetime) -> None:
    """Note that an acknowledgement file was read, or why it is set aside."""
    file = session.get_one(InboundFile, file_id)
    file.state = InboundState.QUARANTINED if problem else InboundState.READ
    file.problem, file.read_at = problem, now


def _is_first(
    session: Session, submission: Submission, verdict: FileVerdict, *, file_id: UUID, now: datetime
) -> bool:
    added = session.execute(
        insert(Acknowledgement)
        .values(
            practice_id=submission.practice_id,
            id=new_id(),
            created_at=now,
            submission_id=submission.id,
            inbound_file_id=file_id,
            kind=verdict.kind,
            code=verdict.code,
            detail=verdict.detail,
        )
        .on_conflict_do_nothing(index_elements=["practice_id", "submission_id", "inbound_file_id"])
        .returning(Acknowledgement.id)
    )
    return added.first() is not None


def _of_ta1(reply: ack_ta1.InterchangeAcknowledgement) -> Iterator[FileVerdict]:
    if not reply.control_number.isdecimal():
        return
    refused = not reply.is_accepted
    event: ClaimEvent | Unclear | None = None
    if refused and reply.note != _DUPLICATE_INTERCHANGE:
        event = ClaimEvent.REJECTED if reply.verdict == "R" else NEEDS_PERSON
    yield FileVerdict(
        kind=AcknowledgementKind.TA1,
        receiver_id=reply.interchange.receiver_id.strip() if reply.interchange else "",
        interchange_number=int(reply.control_number),
        code=reply.verdict,
        event=event,
        detail={"note": reply.note},
    )


def _of_999(heard: ack_999.Acknowledgement) -> Iterator[FileVerdict]:
    if not heard.group_control_number.isdecimal():
        return
    events = {event_of_999(each.verdict) for each in heard.sets} or {event_of_999(heard.verdict)}
    errors = [error for each in heard.sets for error in each.errors]
    named = frozenset(each.patient_control_number for each in errors) - {""}
    mixed = len(events) > 1
    yield FileVerdict(
        kind=AcknowledgementKind.A999,
        receiver_id=heard.interchange.receiver_id.strip() if heard.interchange else "",
        interchange_number=int(heard.group_control_number),
        code=heard.verdict,
        event=NEEDS_PERSON if mixed else events.pop(),
        claims=named if mixed else frozenset(),
        detail={
            "sets": [{"set": each.control_number, "code": each.verdict} for each in heard.sets],
            "errors": [
                {"segment": each.segment_id, "position": each.position, "code": each.code}
                for each in errors[:50]
            ],
        },
    )


def _of_277(report: ack_277.StatusReport, payers: frozenset[str]) -> Iterator[ClaimVerdict]:
    speaker = Speaker.PAYER if report.source_id in payers else Speaker.CLEARINGHOUSE
    for claim in report.claims:
        for status in claim.statuses:
            yield ClaimVerdict(
                patient_control_number=claim.patient_control_number,
                trace=claim.trace,
                payer_number=claim.payer_claim_control_number,
                event=event_of_277(
                    [code.category for code in status.codes], action=status.action, speaker=speaker
                ),
                words=status.words,
            )
