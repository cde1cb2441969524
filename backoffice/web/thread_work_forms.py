"""Forms of a thread as work: to whom, until when, a task of it."""

from uuid import UUID, uuid4

from wtforms import StringField
from wtforms.validators import Length, Optional

from backoffice.web.fields import DayField, Form

LONGEST_SEARCH = 200


def _id(words: str | None) -> UUID | None:
    try:
        return UUID(words or "")
    except ValueError:
        return None


class GiveForm(Form):
    """Whose it is from now on; empty is nobody's."""

    to = StringField("Person")

    @property
    def person(self) -> UUID | None:
        """Return who was chosen; what is no id is nobody's."""
        return _id(self.to.data)


class SnoozeForm(Form):
    """For how long: one of the usual answers, or a day."""

    sleep = StringField("For how long")
    until = DayField("Day", [Optional()])


class FindForm(Form):
    """Words to find, and where the page before ended."""

    q = StringField("Words")
    before = StringField()

    @property
    def older_than(self) -> UUID | None:
        """Return the message that the page before ended with."""
        return _id(self.before.data)


class FollowUpForm(Form):
    """What is to be done, and until when; `once` names the form, so that it is one task."""

    title = StringField("What is to be done", [Length(max=200)])
    due_on = DayField("Due", [Optional()])
    once = StringField()

    @property
    def key(self) -> UUID:
        """Return what names this form; one without a name is its own."""
        return _id(self.once.data) or uuid4()
