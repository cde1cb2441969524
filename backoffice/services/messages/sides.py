"""Which side of a practice a reader stands on, and so which messages are shown."""

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, literal, or_

from backoffice.models.messages import Message, Receipt
from backoffice.services.accounts import Person


def shown_to(person: Person) -> ColumnElement[bool]:
    """Return the condition "a message for this reader's eyes".

    Internal notes are for the house's own people, in the practices where they are that.
    """
    ours = literal(sorted(person.staff_practices), ARRAY(Uuid()))
    return or_(Message.internal.is_(False), Message.practice_id == any_(ours))


def unread_by(person: Person) -> ColumnElement[bool]:
    """Return the condition "a message that its Receipt's person has still to read".

    What they wrote themselves, what was withdrawn, and all of a practice where messages are
    switched off for them, is not.
    """
    return and_(
        Message.author_id != person.id,
        Message.withdrawn_at.is_(None),
        or_(Receipt.read_through_id.is_(None), Message.id > Receipt.read_through_id),
        Receipt.practice_id.not_in(person.silent),
        shown_to(person),
    )
