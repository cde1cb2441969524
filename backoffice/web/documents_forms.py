"""Forms of documents: upload one, withdraw one."""

from typing import Any
from uuid import UUID

from flask_wtf.file import FileField, FileRequired
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from backoffice.models.documents import DocumentKind
from backoffice.web.fields import Form
from backoffice.web.filters import label

KINDS = [(kind.value, label(kind)) for kind in DocumentKind if kind is not DocumentKind.ERA_FILE]
"""What a person uploads; ERA files come in through the clearinghouse."""


class AddForm(Form):
    """One file with what it is and what it is about."""

    practice = SelectField("Practice", [InputRequired()])
    kind = SelectField("Kind", [InputRequired()], choices=[SelectChoice(*kind) for kind in KINDS])
    claim = StringField("Claim", [Optional(), Length(max=24)])
    file = FileField("File", [FileRequired("Choose a file.")])

    @property
    def practice_id(self) -> UUID:
        """The practice chosen."""
        return UUID(self.practice.data)

    @classmethod
    def for_practices(cls, practices: Any, **given: Any) -> "AddForm":
        """Make the form for those practices that the person may choose from."""
        form = cls(**given)
        form.practice.choices = [
            SelectChoice(str(practice.id), practice.name) for practice in practices
        ]
        if len(practices) == 1 and not form.practice.data:
            form.practice.data = str(practices[0].id)
        return form


class WithdrawForm(Form):
    """Why a document goes out of sight."""

    reason = StringField("Reason", [DataRequired("Say why."), Length(max=200)])
