"""Forms of messages: a new thread, a reply, a state."""

from typing import cast

from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from backoffice.models.messages import ThreadState
from backoffice.web.fields import Form

LONGEST = 10_000


class StartForm(Form):
    """The first message of a thread."""

    subject = StringField("Subject", [DataRequired("Say what it is about."), Length(max=120)])
    body = TextAreaField("Message", [DataRequired("Write something first."), Length(max=LONGEST)])


class ReplyForm(Form):
    """A reply, or an internal note where the house's people write one."""

    body = TextAreaField("Message", [DataRequired("Write something first."), Length(max=LONGEST)])
    internal = RadioField("Who sees it", [Optional()], choices=["", "1"], default="")

    @property
    def is_internal(self) -> bool:
        """Whether it stays with the house."""
        return cast(str, self.internal.data) == "1"


class SettleForm(Form):
    """Whom a thread waits for, or that it is done."""

    state = SelectField("State", choices=[state.value for state in ThreadState])
