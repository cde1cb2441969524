"""Which side of a practice a reader stands on, and so which messages are shown."""

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, literal, or_

from backoffice.models.messages import Message
from backoffice.services.accounts import Person


def shown_to(person: Person) -> ColumnElement[bool]:
    """Return the condition "a message for this reader's eyes".

    Internal notes are for the house's own people, in the practices where they are that.
    """
    ours = literal(sorted(person.staff_practices), ARRAY(Uuid()))
    return or_(Message.internal.is_(False), Message.practice_id == any_(ours))
