"""What somebody is about to say in a thread, kept until it is said: nothing typed is lost."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.messages import MessageDraft, Thread
from backoffice.rules.roles import Permission
from backoffice.services.access import held, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.reading import thread_for
from backoffice.services.messages.refusals import NotForNotes, TooLong
from backoffice.services.messages.saying import MOST

KEPT = 2 * MOST
"""More than a message holds: what is too long to be sent is kept too."""


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
