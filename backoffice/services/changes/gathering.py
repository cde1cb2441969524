"""Keeps with each commit which watched rows it changed, and has that told once it stands."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import event, exists, insert, inspect, select
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction, sessionmaker

from backoffice.gateways.live import Change
from backoffice.models.claims import Claim
from backoffice.models.documents import DocumentLink
from backoffice.models.live import RecentChange
from backoffice.models.messages import Message, Receipt, Thread
from backoffice.services.access import held
from backoffice.services.work import WalledSession, act_in

GATHERED: Final = "changed_rows"
TOLD: Final = "changes_to_tell"
WATCHED: Final = (Claim, Thread, Message, Receipt, DocumentLink)
OF_THE_HOUSE: Final = frozenset({"snoozed_until"})
"""What a practice's people never see of a thread."""
NO_SIGHT: Final = frozenset({"mailed_through_id"})
"""What nobody sees of a receipt."""


@dataclass(frozen=True)
class _Reading:
    """Somebody has read on in a thread."""

    practice_id: UUID
    thread_id: UUID
    user_id: UUID
    before: UUID | None
    through: UUID


@dataclass
class _Gathered:
    """What this unit of work has changed so far: by practice, kind and id, for staff only or not.

    A claim's version is read at the end. Readings wait until then too: what was read may be notes.
    """

    rows: dict[tuple[UUID, str, UUID], bool] = field(default_factory=dict)
    claims: dict[UUID, Claim] = field(default_factory=dict)
    readings: list["_Reading"] = field(default_factory=list)
    joined: list[tuple[UUID, UUID]] = field(default_factory=list)

    def add(self, practice_id: UUID, kind: str, row_id: UUID, *, staff_only: bool = False) -> None:
        key = (practice_id, kind, row_id)
        self.rows[key] = self.rows.get(key, True) and staff_only


def announce_changes(
    factory: sessionmaker[WalledSession], announce: Callable[[Sequence[Change]], None]
) -> None:
    """Have every session of a factory keep which watched rows it changed, and then say so.

    Kept in the same transaction, said after its commit: nothing of what was rolled back.
    `announce` must neither fail nor wait.
    """

    def tell(session: Session) -> None:
        if not session.in_nested_transaction():  # a savepoint: nobody else sees it yet
            announce(session.info.pop(TOLD, ()))

    event.listen(factory, "after_flush", _gather)
    event.listen(factory, "before_commit", _keep)
    event.listen(factory, "after_commit", tell)
    event.listen(factory, "after_soft_rollback", _forget)


def note_change(
    session: Session, practice_id: UUID, kind: str, row_id: UUID, *, staff_only: bool
) -> None:
    """Have a change told that rows of its own do not show: what is shown beside a row is new."""
    found: _Gathered = session.info.setdefault(GATHERED, _Gathered())
    found.add(practice_id, kind, row_id, staff_only=staff_only)


def _gather(session: Session, _: UOWTransaction) -> None:
    for row in (*session.new, *session.dirty):
        if type(row) in WATCHED and (row in session.new or session.is_modified(row)):
            _GATHER[type(row)](session.info.setdefault(GATHERED, _Gathered()), row)
    for row in session.deleted:
        if type(row) is DocumentLink:
            _link(session.info.setdefault(GATHERED, _Gathered()), row)


def _claim(found: _Gathered, row: Claim) -> None:
    found.claims[row.id] = row
    found.add(row.practice_id, "claim", row.id)


def _thread(found: _Gathered, row: Thread) -> None:
    ours = bool(_changed(row)) and _changed(row) <= OF_THE_HOUSE
    found.add(row.practice_id, "thread", row.id, staff_only=ours)


def _message(found: _Gathered, row: Message) -> None:
    found.add(row.practice_id, "message", row.id, staff_only=row.internal)
    found.add(row.practice_id, "thread", row.thread_id, staff_only=row.internal)


def _receipt(found: _Gathered, row: Receipt) -> None:
    changed = _changed(row)
    if "read_through_id" in changed and row.read_through_id is not None:
        before = inspect(row).attrs.read_through_id.history.deleted
        found.readings.append(
            _Reading(
                practice_id=row.practice_id,
                thread_id=row.thread_id,
                user_id=row.user_id,
                before=before[0] if before else None,
                through=row.read_through_id,
            )
        )
    elif not changed <= NO_SIGHT or not changed:
        found.joined.append((row.practice_id, row.thread_id))


def _link(found: _Gathered, row: DocumentLink) -> None:
    if row.thread_id is not None:  # listed beside the thread, for all who come near it
        found.add(row.practice_id, "thread", row.thread_id)


_GATHER: Final[dict[type, Callable[[_Gathered, Any], None]]] = {
    Claim: _claim,
    Thread: _thread,
    Message: _message,
    Receipt: _receipt,
    DocumentLink: _link,
}


def _changed(row: Any) -> set[str]:
    state = inspect(row)
    return {each.key for each in state.mapper.column_attrs if state.attrs[each.key].history.added}


def _keep(session: Session) -> None:
    """Write what was changed as the last thing before the commit, each under its practice."""
    if session.in_nested_transaction():
        return
    session.flush()
    found: _Gathered | None = session.info.pop(GATHERED, None)
    if found is None:
        return
    for practice_id, thread_id in found.joined:
        # somebody joins with what they write: a note alone brings nobody before the practice
        known = found.rows.get((practice_id, "thread", thread_id), False)
        found.add(practice_id, "thread", thread_id, staff_only=known)
    for reading in found.readings:
        notes = not _told_the_practice(session, reading)
        found.add(reading.practice_id, "thread", reading.thread_id, staff_only=notes)
    session.info[TOLD] = list(_kept(session, found))


def _kept(session: Session, found: _Gathered) -> Iterator[Change]:
    wanted = sorted(found.rows.items())
    for practice_id, rows in groupby(wanted, key=lambda each: each[0][0]):
        act_in(session, practice_id)
        values = [_values(found, *key, staff_only=ours) for key, ours in rows]
        with_version = [each for each in values if "version" in each]
        without = [each for each in values if "version" not in each]
        for some in filter(None, (with_version, without)):
            written = insert(RecentChange).returning(
                RecentChange.kind,
                RecentChange.practice_id,
                RecentChange.subject_id,
                RecentChange.version,
                RecentChange.staff_only,
            )
            yield from (Change(*row) for row in session.execute(written, some))


def _values(
    found: _Gathered, practice_id: UUID, kind: str, row_id: UUID, *, staff_only: bool
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "practice_id": practice_id,
        "kind": kind,
        "subject_id": row_id,
        "staff_only": staff_only,
    }
    claim = found.claims.get(row_id)
    return values if claim is None else values | {"version": claim.version}


def _told_the_practice(session: Session, reading: _Reading) -> bool:
    """Whether somebody has now read what the practice sees, and not their own words or notes."""
    said = select(Message.id).where(
        held(session, Message.practice_id),
        Message.thread_id == reading.thread_id,
        Message.id <= reading.through,
        Message.author_id != reading.user_id,
        Message.internal.is_(False),
    )
    if reading.before is not None:
        said = said.where(Message.id > reading.before)
    return bool(session.scalar(select(exists(said))))


def _forget(session: Session, previous: SessionTransaction) -> None:
    if not previous.nested:
        session.info.pop(GATHERED, None)
        session.info.pop(TOLD, None)
