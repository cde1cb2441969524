"""Puts on record who did what, in the same transaction; what is read is gathered (see shown)."""

import enum
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from backoffice.models.audit import AuditRecord
from backoffice.models.claims import Claim
from backoffice.services.access import held
from backoffice.services.audit import patients
from backoffice.services.audit.shown import MOST_SUBJECTS, READ, Shown, Sight, gathered

ACTOR = "actor"
LOOKING = frozenset({READ, "open", "open_mail", "download", "export", "read_raw"})
"""Acts that change nothing."""
_NAMED = "named_on_record"
_RECORDS = cast(Table, AuditRecord.__table__)


class Outcome(enum.StrEnum):
    """How it ended: absent and denied tries showed nothing."""

    DONE = "done"
    REFUSED = "refused"
    DENIED = "denied"
    ABSENT = "absent"


@dataclass(frozen=True)
class Actor:
    """Who acts in this session: a person at an address, or a job or command by its name."""

    user_id: UUID | None = None
    request_id: str = ""
    address: str = ""
    job: str = ""
    device: str = ""
    """A browser in a few plain words; for mails about safety, not kept on the record."""


_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Say who acts in every session of this block that does not say it itself: a job, a command."""
    before = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(before)


def act_as(session: Session, actor: Actor) -> None:
    """Say once per session who its records are about."""
    session.info[ACTOR] = actor


def actor_of(session: Session) -> Actor:
    """Return who acts in this session; the system where nobody was named."""
    actor: Actor = session.info.get(ACTOR) or _acting.get() or Actor()
    return actor


def record(  # noqa: PLR0913 - an audit record is wide by nature
    session: Session,
    action: str,
    *,
    subject_kind: str,
    subject_ids: Iterable[UUID],
    practice_id: UUID | None,
    fields: Iterable[str] = (),
    detail: dict[str, Any] | None = None,
    client_ids: Collection[UUID] = (),
    outcome: Outcome = Outcome.DONE,
) -> None:
    """Add one record. `action` is a verb of the house; ids and field names only, never values.

    Whom it is about is found among the rows that the session holds, and added to `client_ids`.
    Its moment is the database's. Nobody can read it back here: the app may only add.
    """
    actor, subjects = actor_of(session), list(subject_ids)
    known = patients.clients_of(session, practice_id, subject_kind, subjects)
    values = {
        "practice_id": practice_id,
        "user_id": actor.user_id,
        "job": actor.job,
        "action": action,
        "subject_kind": subject_kind,
        "subject_ids": subjects,
        "client_ids": sorted(known | set(client_ids)),
        "fields": list(fields),
        "detail": detail or {},
        "request_id": actor.request_id,
        "address": actor.address,
        "outcome": outcome.value,
    }
    if action not in LOOKING:
        session.info.setdefault(_NAMED, set()).update(subjects)
    # inline: to get the moment back would be to read
    session.connection().execute(insert(_RECORDS).inline().values(values))


def named_in(session: Session) -> set[UUID]:
    """Return the subjects that this unit of work has put on record as changed."""
    named: set[UUID] = session.info.get(_NAMED, set())
    return named


def read(
    session: Session,
    subject_kind: str,
    subject_ids: Iterable[UUID],
    *,
    practice_id: UUID,
    fields: Iterable[str] = (),
) -> None:
    """Say that these are about to be shown, where rows are read column by column.

    Rows read whole are noted by themselves. Within a request all of it becomes one record before
    the answer leaves; elsewhere it is recorded at once.
    """
    ids = list(subject_ids)
    shown = gathered()
    if shown is not None:
        shown.note(practice_id, subject_kind, ids, fields=fields)
    elif ids:
        record(
            session,
            READ,
            subject_kind=subject_kind,
            subject_ids=ids,
            practice_id=practice_id,
            fields=fields,
        )


def took(  # noqa: PLR0913 - as wide as record()
    session: Session,
    action: str,
    *,
    subject_kind: str,
    subject_ids: Iterable[UUID],
    practice_id: UUID,
    fields: Iterable[str] = (),
    detail: dict[str, Any] | None = None,
) -> None:
    """Say that somebody takes something out (open, download, export): more than a page's reading.

    Within a request it names the record of the whole answer; elsewhere it is recorded at once.
    """
    shown = gathered()
    if shown is None:
        record(
            session,
            action,
            subject_kind=subject_kind,
            subject_ids=subject_ids,
            practice_id=practice_id,
            fields=fields,
            detail=detail,
        )
        return
    sight = shown.of(practice_id)
    sight.action = action
    sight.detail.update(detail or {})
    sight.note(subject_kind, subject_ids)
    sight.clients |= patients.clients_of(
        session, practice_id, subject_kind, sight.subjects[subject_kind]
    )
    sight.fields.update(fields)


def put_on_record(
    session: Session, shown: Shown, *, about: Iterable[str], outcome: Outcome = Outcome.DONE
) -> None:
    """Write what an answer shows: one record a practice (several of an export of very many).

    `about` are the kinds that the answer's address names, for the record's own subject.
    """
    named = list(about)
    for practice_id, sight in sorted(shown.sights.items()):
        sight.clients |= clients_of_claims(session, sight.claims - sight.known_claims)
        if sight.action != READ or any(sight.subjects.values()):
            _write_sight(session, practice_id, sight, sight.main_kind(named), outcome)


def clients_of_claims(session: Session, claim_ids: set[UUID]) -> set[UUID]:
    """Look up whose these claims are: of what is told of a claim whose own row is not at hand."""
    if not claim_ids:
        return set()
    query = select(Claim.client_id).where(held(session, Claim.practice_id), Claim.id.in_(claim_ids))
    return set(session.scalars(query))


def _write_sight(
    session: Session, practice_id: UUID, sight: Sight, kind: str, outcome: Outcome
) -> None:
    """Write one sight: the subjects it is about first; clients stand apart but as its subject."""
    main = sight.subjects.get(kind, set())
    rest = {
        row_id for each, ids in sight.subjects.items() if each != "client" for row_id in ids
    } - main
    subjects = [*sorted(main), *sorted(rest)]
    clients = sorted(sight.clients)
    counts = {each: len(ids) for each, ids in sorted(sight.subjects.items()) if ids}
    for start in range(0, max(len(subjects), len(clients), 1), MOST_SUBJECTS):
        record(
            session,
            sight.action,
            subject_kind=kind,
            subject_ids=subjects[start : start + MOST_SUBJECTS],
            practice_id=practice_id,
            fields=sorted(sight.fields),
            detail={**sight.detail, "shown": counts},
            client_ids=clients[start : start + MOST_SUBJECTS],
            outcome=outcome,
        )
