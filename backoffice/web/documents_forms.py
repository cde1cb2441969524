"""Forms of documents: upload one, withdraw one."""

from typing import Any
from uuid import UUID

from flask_wtf.file import FileField, FileRequired
from wtforms import Field, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from backoffice.models.documents import DocumentKind, DocumentStatus
from backoffice.web.fields import DayField, Form
from backoffice.web.filters import label

KINDS = [(kind.value, label(kind)) for kind in DocumentKind]
STATUSES = [(status.value, label(status)) for status in DocumentStatus]


class IdField(Field):
    """A UUID that a script made; anything else is refused."""

    widget = HiddenInput()
    data: UUID | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it; nothing given is None."""
        self.data = None
        if valuelist and valuelist[0]:
            try:
                self.data = UUID(valuelist[0])
            except ValueError as wrong:
                raise ValueError("Load the page again.") from wrong


class AddForm(Form):
    """One file with what it is and what it is about."""

    practice = SelectField("Practice", [InputRequired()])
    kind = SelectField("Kind", [InputRequired()], choices=[SelectChoice(*kind) for kind in KINDS])
    claim = StringField("Claim", [Optional(), Length(max=24)])
    file = FileField("File", [FileRequired("Choose a file.")])
    upload_id = IdField("Upload")

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


class FilingForm(Form):
    """Where a document stands as work."""

    kind = SelectField(
        "Type",
        [InputRequired()],
        choices=[SelectChoice(kind.value, label(kind)) for kind in DocumentKind],
    )
    status = SelectField(
        "Status", [InputRequired()], choices=[SelectChoice(*status) for status in STATUSES]
    )
    owner = SelectField("Owner", [Optional()])
    payer = SelectField("Payer", [Optional()])
    document_on = DayField("Date on it", [Optional()])
    note = StringField("Note for the house", [Optional(), Length(max=500)])
