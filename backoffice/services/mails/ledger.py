"""The mail ledger: which mails went to whom, about what kind of thing, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.notifications import Mail, MailState
from backoffice.models.users import User
from backoffice.rules.notices import Topic
from backoffice.services.access import held, visible
from backoffice.services.mails.addressees import people_of, resting

PAGE_SIZE = 50


@dataclass(frozen=True)
class Asked:
    """Which mails are looked for; nothing named, all of them, the newest first."""

    state: MailState | None = None
    topic: Topic | None = None
    user_id: UUID | None = None
    before: UUID | None = None


@dataclass(frozen=True)
class Entry:
    """One mail; `rests` says that its address is not written to any more."""

    id: UUID
    practice_id: UUID
    user_id: UUID
    name: str
    email: str
    topic: Topic
    state: MailState
    reason: str
    begun_at: datetime
    due_at: datetime
    sent_at: datetime | None
    opened_at: datetime | None
    tries: int
    rests: bool


@dataclass(frozen=True)
class Page:
    """Some entries, and after which mail the next ones stand."""

    entries: Sequence[Entry]
    next: UUID | None


def ledger(session: Session, asked: Asked) -> Page:
    """Return mails of the session's practices, the newest first."""
    query = visible(session, Mail).order_by(Mail.id.desc()).limit(PAGE_SIZE + 1)
    if asked.state is not None:
        query = query.where(Mail.state == asked.state)
    if asked.topic is not None:
        query = query.where(Mail.topic == asked.topic)
    if asked.user_id is not None:
        query = query.where(Mail.user_id == asked.user_id)
    if asked.before is not None:
        query = query.where(Mail.id < asked.before)
    found = session.scalars(query).all()
    shown = found[:PAGE_SIZE]
    people = people_of(session, {mail.user_id for mail in shown})
    rested = resting(session, people)
    return Page(
        [_entry(mail, people[mail.user_id], rested) for mail in shown],
        shown[-1].id if len(found) > PAGE_SIZE else None,
    )


def recipients(session: Session) -> Sequence[tuple[UUID, str]]:
    """Return whom the session's practices ever wrote to, by name."""
    written = select(Mail.user_id).where(held(session, Mail.practice_id)).distinct()
    query = select(User.id, User.name).where(User.id.in_(written)).order_by(User.name, User.id)
    return [(found.id, found.name) for found in session.execute(query)]


def _entry(mail: Mail, user: User, rested: frozenset[str]) -> Entry:
    return Entry(
        id=mail.id,
        practice_id=mail.practice_id,
        user_id=mail.user_id,
        name=user.name,
        email=user.email,
        topic=mail.topic,
        state=mail.state,
        reason=mail.reason,
        begun_at=mail.created_at,
        due_at=mail.due_at,
        sent_at=mail.sent_at,
        opened_at=mail.opened_at,
        tries=mail.tries,
        rests=user.email_key in rested,
    )
