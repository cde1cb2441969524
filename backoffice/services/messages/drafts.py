"""What somebody is about to say, in a thread or to begin one: kept until it is said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.messages import FIRST_WORDS_OF, MessageDraft, Thread
from backoffice.rules.roles import Permission
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.beginning import About, To, column_of, practice_of
from backoffice.services.messages.reading import thread_for
from backoffice.services.messages.refusals import NotForNotes, TooLong
from backoffice.services.messages.saying import MOST

KEPT = 2 * MOST
"""More than a message holds: what is too long to be sent is kept too."""
_ABOUT = [name for name in FIRST_WORDS_OF if name not in {"practice_id", "user_id"}]


@dataclass(frozen=True)
class FirstWords:
    """What is typed to begin a thread, as far as it goes."""

    subject: str
    body: str
    to: To


def keep_draft(
    session: Session, thread_id: UUID, *, by: Person, body: str, internal: bool, now: datetime
) -> None:
    """Keep what `by` has typed so far; nothing typed, nothing kept. Nobody else ever reads it."""
    thread = thread_for(session, thread_id, by)
    if internal and not by.may_in(thread.practice_id, Permission.WRITE_INTERNAL_NOTES):
        raise NotForNotes
    if len(body) > KEPT:
        raise TooLong(len(body), MOST)
    if not body.strip():
        drop_draft(session, thread, by=by)
        return
    typed = {"body": body, "internal": internal, "saved_at": now}
    session.execute(
        insert(MessageDraft)
        .values(
            practice_id=thread.practice_id,
            id=new_id(),
            created_at=now,
            thread_id=thread.id,
            user_id=by.id,
            **typed,
        )
        .on_conflict_do_update(index_elements=["practice_id", "thread_id", "user_id"], set_=typed)
    )


def draft_of(session: Session, thread: Thread, person: Person) -> MessageDraft | None:
    """Return what this person has typed and not sent."""
    query = visible(session, MessageDraft).where(
        MessageDraft.thread_id == thread.id, MessageDraft.user_id == person.id
    )
    return session.scalars(query).one_or_none()


def drop_draft(session: Session, thread: Thread, *, by: Person) -> None:
    """Forget it: it has been said, or taken back."""
    query = delete(MessageDraft).where(
        held(session, MessageDraft.practice_id),
        MessageDraft.practice_id == thread.practice_id,
        MessageDraft.thread_id == thread.id,
        MessageDraft.user_id == by.id,
    )
    session.execute(query.execution_options(synchronize_session=False))


def keep_first_words(
    session: Session, about: About, words: FirstWords, *, by: Person, now: datetime
) -> None:
    """Keep what `by` has typed to begin a thread about a row that they may come near.

    One such draft for each row and person; nothing typed, nothing kept. Raises TooLong.
    """
    if len(words.body) > KEPT:
        raise TooLong(len(words.body), MOST)
    if not (words.subject.strip() or words.body.strip()):
        drop_first_words(session, about, by=by)
        return
    typed = {
        "subject": words.subject,
        "body": words.body,
        "people_ids": sorted(words.to.people),
        "billers": words.to.billers,
        "readers": words.to.readers,
        "saved_at": now,
    }
    session.execute(
        insert(MessageDraft)
        .values(
            practice_id=practice_of(about),
            id=new_id(),
            created_at=now,
            user_id=by.id,
            internal=False,
            **column_of(about),
            **typed,
        )
        .on_conflict_do_update(
            index_elements=list(FIRST_WORDS_OF),
            index_where=MessageDraft.thread_id.is_(None),
            set_=typed,
        )
    )


def first_words_of(session: Session, about: About, person: Person) -> MessageDraft | None:
    """Return what this person has typed to begin a thread about a row, and not sent."""
    return session.scalars(
        visible(session, MessageDraft).where(_begins(about, person))
    ).one_or_none()


def drop_first_words(session: Session, about: About, *, by: Person) -> None:
    """Forget it: the thread has begun, or it was thrown away."""
    query = delete(MessageDraft).where(held(session, MessageDraft.practice_id), _begins(about, by))
    session.execute(query.execution_options(synchronize_session=False))


def _begins(about: About, person: Person) -> ColumnElement[bool]:
    """Return the condition "this person's draft of a thread about this row"."""
    named = column_of(about)
    return and_(
        MessageDraft.practice_id == practice_of(about),
        MessageDraft.thread_id.is_(None),
        MessageDraft.user_id == person.id,
        *(getattr(MessageDraft, name).is_not_distinct_from(named.get(name)) for name in _ABOUT),
    )
