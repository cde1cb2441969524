"""Batches: files brought through the portal or the command line, what a check found, the commit."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, tuple_
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.base import new_id
from backoffice.models.intake import BatchState, IntakeBatch, IntakeProblem
from backoffice.models.users import User
from backoffice.rules.roles import Permission, Reach, reach_of
from backoffice.services import audit
from backoffice.services.accounts import Person, person
from backoffice.services.audit import Actor
from backoffice.services.intake.directory import Scope
from backoffice.services.intake.outcome import Outcome
from backoffice.services.refusal import NotVisible, Refused

CHECK, COMMIT = "check", "commit"
AT_ONCE = 5_000
BRING_AGAIN = "The names of these files were not kept. Bring the files again."
_DUE = {CHECK: BatchState.CHECKING, COMMIT: BatchState.COMMITTING}


class NotToConfirm(Refused):
    """Only a batch that was checked can be saved, and only once."""

    code = "not_to_confirm"

    def __init__(self) -> None:
        """Say what stands in the way."""
        super().__init__("These files are not waiting to be saved.")


@dataclass(frozen=True)
class BroughtFile:
    """A file as it was brought: its name, where its bytes lie, their SHA-256 and their number."""

    name: str
    key: str
    sha256: str
    size: int

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it, without its name: people name files after patients."""
        return {"key": self.key, "sha256": self.sha256, "size": self.size}


@dataclass(frozen=True)
class Plan:
    """What a worker is to do for a batch: whose, through which mapping, with which files."""

    batch_id: UUID
    mapping: str
    files: Sequence[BroughtFile]
    scope: Scope
    dry_run: bool


def bring(  # noqa: PLR0913 - a batch has many parts, all named
    session: Session,
    batch_id: UUID,
    mapping: str,
    files: Sequence[BroughtFile],
    *,
    practice_id: UUID | None,
    now: datetime,
    agreement_on: date | None = None,
) -> IntakeBatch:
    """Remember files that lie in the store, and ask for their check.

    `agreement_on` is the first day of the agreement with practices that these files begin.
    """
    by_id = audit.actor_of(session).user_id
    batch = IntakeBatch(
        id=batch_id,
        created_at=now,
        practice_id=practice_id,
        mapping=mapping,
        agreement_on=agreement_on,
        by_id=by_id,
    )
    hold(batch, files)
    session.add(batch)
    session.flush()
    _record(session, batch, "bring")
    _ask(session, batch, CHECK, now=now)
    return batch


def hold(batch: IntakeBatch, files: Sequence[BroughtFile]) -> None:
    """Write down which files a batch is of; what they were called is sealed."""
    batch.files = [file.plain() for file in files]
    batch.file_names = json.dumps([file.name for file in files])


def files_of(batch: IntakeBatch) -> list[BroughtFile]:
    """Return the files of a batch; none where their names were not kept."""
    names = json.loads(batch.file_names or "[]")
    return [BroughtFile(name, **file) for name, file in zip(names, batch.files, strict=False)]


def notes_of(batch: IntakeBatch) -> list[str]:
    """Return what was noticed about a batch's files as a whole."""
    notes: list[str] = json.loads(batch.notes or "[]")
    return notes


def confirm(session: Session, batch: IntakeBatch, *, now: datetime) -> None:
    """Ask for what was checked to be saved; raises NotToConfirm when it isn't waiting for that."""
    session.refresh(batch, with_for_update=True)
    if batch.state is not BatchState.CHECKED:
        raise NotToConfirm
    batch.state, batch.rows_done = BatchState.COMMITTING, 0
    _record(session, batch, "confirm")
    _ask(session, batch, COMMIT, now=now)


def plan_of(session: Session, batch_id: UUID, turn: str) -> Plan | None:
    """Return what is to be done for a batch at this turn, None when it is done already.

    Whoever brought the files may bring them for the practices they have now, not those of then.
    """
    batch = session.get(IntakeBatch, batch_id, with_for_update=True)
    if batch is None:
        return None
    if turn == CHECK and batch.state is BatchState.UPLOADED:
        batch.state = BatchState.CHECKING
    if batch.state is not _DUE[turn]:
        return None
    files = files_of(batch)
    if not files:  # brought before names were sealed
        batch.state, batch.problem = BatchState.FAILED, BRING_AGAIN
        return None
    scope = _scope_of(session, batch)
    return Plan(batch.id, batch.mapping, files, scope, dry_run=turn == CHECK)


def _scope_of(session: Session, batch: IntakeBatch) -> Scope:
    if batch.by_id is None:
        return Scope(batch.practice_id, may_begin=True, agreement_on=batch.agreement_on)
    bringer = person(session, batch.by_id)
    if bringer is None or not bringer.may(Permission.IMPORT_FILES):
        return Scope(batch.practice_id, allowed=frozenset())
    return Scope(
        batch.practice_id,
        allowed=bringer.practices_where(Permission.IMPORT_FILES),
        may_begin=may_begin_practices(bringer),
        agreement_on=batch.agreement_on,
        actor=Actor(user_id=batch.by_id),
    )


def may_begin_practices(bringer: Person) -> bool:
    """Tell whether files of this person may begin practices: who has every practice anyway."""
    everywhere = any(reach_of(role) is Reach.EVERY_PRACTICE for role in bringer.roles)
    return everywhere and bringer.may(Permission.EDIT_PRACTICES)


def begun(session: Session, batch_id: UUID, *, rows_total: int) -> None:
    """Say about how many rows there are to read."""
    batch = session.get_one(IntakeBatch, batch_id)
    batch.rows_total, batch.rows_done = rows_total, 0


def progressed(session: Session, batch_id: UUID, *, rows_done: int) -> None:
    """Say how many rows were read so far."""
    batch = session.get_one(IntakeBatch, batch_id)
    batch.rows_done = rows_done
    batch.rows_total = max(batch.rows_total, rows_done)


def checked(session: Session, batch_id: UUID, outcome: Outcome) -> None:
    """Keep what a dry run found."""
    _keep(session, session.get_one(IntakeBatch, batch_id), outcome, BatchState.CHECKED)


def committed(session: Session, batch_id: UUID, outcome: Outcome, *, now: datetime) -> None:
    """Keep what was saved; in the very transaction that saved it."""
    batch = session.get_one(IntakeBatch, batch_id)
    _keep(session, batch, outcome, BatchState.COMMITTED)
    batch.finished_at = now


def failed(session: Session, batch_id: UUID, words: str, *, now: datetime) -> None:
    """Say why nothing came of a batch."""
    batch = session.get_one(IntakeBatch, batch_id)
    batch.state, batch.problem, batch.finished_at = BatchState.FAILED, words, now


def _keep(session: Session, batch: IntakeBatch, outcome: Outcome, state: BatchState) -> None:
    batch.state = state
    counts = dict(outcome.plain())
    batch.notes = json.dumps(counts.pop("notes"))
    batch.counts = counts
    batch.rows_done = batch.rows_total = outcome.total("rows")
    session.flush()
    session.execute(delete(IntakeProblem).where(IntakeProblem.batch_id == batch.id))
    for start in range(0, len(outcome.problems), AT_ONCE):
        session.execute(
            insert(IntakeProblem),
            [
                {
                    "id": new_id(),
                    "created_at": batch.created_at,
                    "practice_id": problem.practice_id or batch.practice_id,
                    "batch_id": batch.id,
                    "file": problem.file,
                    "line": problem.line,
                    "field": problem.field,
                    "words": problem.words,
                }
                for problem in outcome.problems[start : start + AT_ONCE]
            ],
        )


def _ask(session: Session, batch: IntakeBatch, turn: str, *, now: datetime) -> None:
    ask_for(session, Job.RUN_INTAKE, subject_id=batch.id, practice_id=None, due_at=now, turn=turn)


def _record(session: Session, batch: IntakeBatch, action: str) -> None:
    audit.record(
        session,
        action,
        subject_kind="intake_batch",
        subject_ids=[batch.id],
        practice_id=batch.practice_id,
    )


def _own(practices: Collection[UUID], user_id: UUID) -> ColumnElement[bool]:
    """Batches for the person's practices, and those for several that the person brought."""
    return or_(
        IntakeBatch.practice_id.in_(practices),
        and_(IntakeBatch.practice_id.is_(None), IntakeBatch.by_id == user_id),
    )


def batch_of(session: Session, batch_id: UUID, bringer: Person) -> IntakeBatch:
    """Return a batch this person may see, or raise NotVisible; the session is the house's."""
    found = session.scalars(
        select(IntakeBatch).where(
            IntakeBatch.id == batch_id,
            _own(bringer.practices_where(Permission.IMPORT_FILES), bringer.id),
        )
    ).one_or_none()
    if found is None:
        raise NotVisible
    return found


@dataclass(frozen=True)
class Listed:
    """One batch as a line of the list."""

    id: UUID
    created_at: datetime
    mapping: str
    state: BatchState
    by: str
    rows_total: int
    new: int
    changed: int
    unchanged: int
    refused: int


def recent(
    session: Session, bringer: Person, *, before: UUID | None = None, size: int
) -> Sequence[Listed]:
    """Return the latest batches that this person may see, newest first."""
    query = (
        select(IntakeBatch, User.name)
        .outerjoin(User, User.id == IntakeBatch.by_id)
        .where(_own(bringer.practices_where(Permission.IMPORT_FILES), bringer.id))
    )
    if before is not None:
        query = query.where(IntakeBatch.id < before)
    found = session.execute(query.order_by(IntakeBatch.id.desc()).limit(size))
    return [_listed(batch, name) for batch, name in found]


def _listed(batch: IntakeBatch, name: str | None) -> Listed:
    counted = totals(batch.counts)
    return Listed(
        id=batch.id,
        created_at=batch.created_at,
        mapping=batch.mapping,
        state=batch.state,
        by=name or "Command line",
        rows_total=batch.rows_total,
        new=counted["new"],
        changed=counted["changed"],
        unchanged=counted["unchanged"],
        refused=counted["refused"],
    )


def problems_of(
    session: Session, batch_id: UUID, *, after: UUID | None = None, size: int | None = None
) -> Sequence[IntakeProblem]:
    """Return a batch's refused rows in the order of the files; `after` one of them, or all."""
    query = select(IntakeProblem).where(IntakeProblem.batch_id == batch_id)
    order = (IntakeProblem.file, IntakeProblem.line, IntakeProblem.id)
    if after is not None:
        last = session.get(IntakeProblem, after)
        if last is not None and last.batch_id == batch_id:
            query = query.where(tuple_(*order) > tuple_(last.file, last.line, last.id))
    query = query.order_by(*order)
    return session.scalars(query if size is None else query.limit(size)).all()


def note_download(
    session: Session, batch: IntakeBatch, problems: Collection[IntakeProblem]
) -> None:
    """Put on record, for each practice in it, that the report on a batch was taken out.

    It names lines and fields, never a value: so it takes what bringing files takes, and no more.
    """
    counted = Counter(problem.practice_id or batch.practice_id for problem in problems)
    for practice_id in counted or {batch.practice_id: 0}:
        audit.record(
            session,
            "download",
            subject_kind="intake_batch",
            subject_ids=[batch.id],
            practice_id=practice_id,
            detail={"rows": counted[practice_id]},
        )


def problem_count(session: Session, batch_id: UUID) -> int:
    """Return how many things are wrong in a batch's files."""
    query = select(func.count()).select_from(IntakeProblem)
    return session.scalar(query.where(IntakeProblem.batch_id == batch_id)) or 0


def totals(counts: Mapping[str, Any]) -> dict[str, int]:
    """Add up what became of the rows of all files."""
    names = ("new", "changed", "unchanged", "refused", "skipped", "rows")
    return {name: sum(file[name] for file in counts.get("files", [])) for name in names}
