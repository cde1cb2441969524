"""Keeps what was fetched: raw file, its rows and the cursor in one transaction, each thing once.

The bytes lie in the document store before any row names them.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.gateways.clearinghouse import (
    ClaimRow,
    EraListing,
    ResponsePage,
    RowMessage,
    Sender,
)
from backoffice.jobs import Job, ask_for
from backoffice.models.base import new_id
from backoffice.models.inbound import (
    InboundFile,
    InboundKind,
    InboundResponse,
    InboundState,
    ResponseState,
)
from backoffice.models.payers import ClearinghouseAccount
from backoffice.models.submissions import ControlNumber


@dataclass(frozen=True)
class RawFile:
    """Bytes as they came, and the opaque key they are stored at."""

    content: bytes
    key: str

    @property
    def sha256(self) -> str:
        """The hash in hex: a file is known by it."""
        return hashlib.sha256(self.content).hexdigest()

    @classmethod
    def of(cls, content: bytes) -> "RawFile":
        """A new file of the house."""
        return cls(content, f"h/{new_id()}")


def raw_page(page: ResponsePage) -> RawFile:
    """The rows of a page as they came, as JSON."""
    return RawFile.of(_as_json([dict(row.raw) for row in page.rows]))


def raw_listing(listing: EraListing) -> RawFile:
    """What is listed of one remittance as it came, as JSON, under its id."""
    return RawFile.of(_as_json({"eraid": listing.era_id, **listing.raw}))


def keep_responses(
    session: Session,
    account_id: UUID,
    page: ResponsePage,
    raw: RawFile,
    *,
    asked_from: str,
    now: datetime,
) -> None:
    """Keep a page of responses, move the cursor, and ask for each practice's to be applied.

    A row seen before changes nothing. The cursor moves only from where it was asked from: a second
    poll that comes late cannot take it back.
    """
    account = session.get_one(ClearinghouseAccount, account_id, with_for_update=True)
    account.last_polled_at = now
    if page.rows:
        account.last_heard_at = now
        file = _file_row(session, raw, InboundKind.RESPONSES, account_id=account_id, now=now)
        known = _practices_of(session, page.rows)
        fresh = {each for each in _keep_rows(session, file, page.rows, known) if each}
        for practice_id in sorted(fresh):
            ask_for(
                session,
                Job.APPLY_RESPONSES,
                subject_id=practice_id,
                practice_id=practice_id,
                due_at=now,
                turn=str(file.id),
            )
    if page.grew and account.response_cursor == asked_from:
        account.response_cursor = page.cursor


def keep_file(
    session: Session,
    kind: InboundKind,
    raw: RawFile,
    *,
    account_id: UUID,
    remote_id: str,
    now: datetime,
) -> UUID | None:
    """Keep one file and ask for it to be read; None when it is known already.

    A remittance is known by its id or its bytes, an acknowledgement by its bytes only: a mailbox
    may give the name of an earlier file to a new one.
    """
    file = _new_file(session, kind, raw, account_id=account_id, remote_id=remote_id, now=now)
    if file is None:
        return None
    job = Job.READ_INBOUND_FILE if kind is InboundKind.ERA else Job.APPLY_ACKNOWLEDGEMENT
    ask_for(session, job, subject_id=file.id, practice_id=None, due_at=now)
    return file.id


def keep_sent(session: Session, raw: RawFile, *, remote_id: str, now: datetime) -> UUID | None:
    """Keep an 835 file that no clearinghouse gave, and ask for it to be read.

    It is known by its bytes alone: None when they came before, from whichever side.
    """
    kind = InboundKind.ERA
    file = _file_row(session, raw, kind, account_id=None, remote_id=remote_id, now=now)
    if file.document_key != raw.key:
        return None
    ask_for(session, Job.READ_INBOUND_FILE, subject_id=file.id, practice_id=None, due_at=now)
    return file.id


def set_aside_era(
    session: Session,
    raw: RawFile,
    *,
    account_id: UUID,
    remote_id: str,
    problem: str,
    now: datetime,
) -> UUID | None:
    """Keep the listing of a remittance whose bytes we were not given, for a person to see.

    `raw` holds the listing as it came. None when the remittance is known already.
    """
    kind = InboundKind.ERA
    file = _new_file(session, kind, raw, account_id=account_id, remote_id=remote_id, now=now)
    if file is None:
        return None
    file.state, file.problem = InboundState.QUARANTINED, problem
    return file.id


def known_remote_ids(
    session: Session, account_id: UUID, kind: InboundKind, remote_ids: Iterable[str]
) -> set[str]:
    """Which of these files we hold already, so that they need not be fetched again."""
    query = select(InboundFile.remote_id).where(
        InboundFile.account_id == account_id,
        InboundFile.kind == kind,
        InboundFile.remote_id.in_(list(remote_ids)),
    )
    return {each for each in session.scalars(query) if each}


def advance_era_cursor(
    session: Session, account_id: UUID, *, asked_from: str, cursor: str, now: datetime
) -> None:
    """Move the cursor of remittances past files that are all kept."""
    account = session.get_one(ClearinghouseAccount, account_id, with_for_update=True)
    account.last_polled_at = now
    if account.era_cursor == asked_from:
        account.era_cursor = cursor


def practices_of_numbers(session: Session, numbers: Sequence[str]) -> dict[str, UUID]:
    """The practice of each of our patient control numbers that is known."""
    query = select(ControlNumber.patient_control_number, ControlNumber.practice_id).where(
        ControlNumber.patient_control_number.in_(list(numbers))
    )
    return {row.patient_control_number: row.practice_id for row in session.execute(query)}


def _new_file(
    session: Session,
    kind: InboundKind,
    raw: RawFile,
    *,
    account_id: UUID,
    remote_id: str,
    now: datetime,
) -> InboundFile | None:
    # Two polls of one account wait for each other here, so that neither meets the other's row.
    account = session.get_one(ClearinghouseAccount, account_id, with_for_update=True)
    if kind is InboundKind.ERA and known_remote_ids(session, account_id, kind, [remote_id]):
        return None
    file = _file_row(session, raw, kind, account_id=account_id, remote_id=remote_id, now=now)
    if file.document_key != raw.key:
        return None
    account.last_heard_at = now
    return file


def _file_row(
    session: Session,
    raw: RawFile,
    kind: InboundKind,
    *,
    account_id: UUID | None,
    now: datetime,
    remote_id: str | None = None,
) -> InboundFile:
    """The row of these bytes: new, or the one that has held them since they first came."""
    session.execute(
        insert(InboundFile)
        .values(
            id=new_id(),
            created_at=now,
            account_id=account_id,
            kind=kind,
            remote_id=remote_id,
            sha256=raw.sha256,
            size=len(raw.content),
            document_key=raw.key,
            state=InboundState.RECEIVED,
            problem="",
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=["kind", "sha256"])
    )
    query = select(InboundFile).where(InboundFile.kind == kind, InboundFile.sha256 == raw.sha256)
    return session.scalars(query).one()


def _as_json(came: object) -> bytes:
    return json.dumps(came, default=str, sort_keys=True).encode()


def _practices_of(session: Session, rows: Sequence[ClaimRow]) -> dict[str, UUID]:
    numbers = {row.patient_control_number for row in rows} | {row.trace for row in rows}
    found = practices_of_numbers(session, sorted(numbers - {""}))
    by_attempt = select(ControlNumber.attempt_id, ControlNumber.practice_id).where(
        ControlNumber.attempt_id.in_([each for each in map(_as_id, numbers) if each])
    )
    return found | {str(attempt): practice for attempt, practice in session.execute(by_attempt)}


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _keep_rows(
    session: Session, file: InboundFile, rows: Sequence[ClaimRow], known: dict[str, UUID]
) -> list[UUID | None]:
    """Add the rows not seen before; returns the practice of each that was added.

    What came without a response id has no place in the order of answers: it moves nothing, and is
    kept under the hash of its row for a person to see.
    """
    said = [(row, message, _id_of(row, message)) for row in rows for message in _messages_of(row)]
    seen = set(
        session.scalars(
            select(InboundResponse.response_id).where(
                InboundResponse.account_id == file.account_id,
                InboundResponse.response_id.in_([response_id for _, _, response_id in said]),
            )
        )
    )
    added: list[UUID | None] = []
    for row, message, response_id in said:
        if response_id in seen:
            continue
        seen.add(response_id)
        practice_id = known.get(row.patient_control_number) or known.get(row.trace)
        if not message.response_id:
            practice_id = None
        from_payer = row.sender is Sender.PAYER
        session.add(
            InboundResponse(
                practice_id=practice_id,
                account_id=file.account_id,
                file_id=file.id,
                response_id=response_id,
                patient_control_number=row.patient_control_number,
                trace=row.trace,
                clearinghouse_number=row.clearinghouse_claim_number,
                payer_number=row.sender_claim_number if from_payer else "",
                from_payer=from_payer,
                status=message.status or row.status,
                category=message.category,
                message=message.words,
                said_at=row.said_at,
                state=ResponseState.WAITING if practice_id else ResponseState.UNMATCHED,
            )
        )
        added.append(practice_id)
    session.flush()
    return added


def _messages_of(row: ClaimRow) -> tuple[RowMessage, ...]:
    return row.messages or (RowMessage("", row.status, "", "", "", ""),)


def _id_of(row: ClaimRow, message: RowMessage) -> str:
    """The clearinghouse's response id, or a name made of the row as it came and the message."""
    if message.response_id:
        return message.response_id
    came = _as_json([dict(row.raw), asdict(message)])
    return f"row-{hashlib.sha256(came).hexdigest()}"
