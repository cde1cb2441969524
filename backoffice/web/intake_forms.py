"""The form that brings files in."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf.file import MultipleFileField
from wtforms import SelectField, ValidationError
from wtforms.validators import InputRequired, Optional

from backoffice.services.accounts import Chip
from backoffice.web.fields import DayField, Form

MOST_FILES = 40
NAMED = "The files name it"


class BringForm(Form):
    """Which mapping, whose practice, which files."""

    mapping = SelectField("Where the files come from", [InputRequired()])
    practice = SelectField("Practice")
    agreement_on = DayField("Agreement signed on", [Optional()])
    files = MultipleFileField("Files", [InputRequired("Choose at least one file.")])

    def offer(
        self, mappings: Mapping[str, str], practices: Sequence[Chip], *, may_begin: bool
    ) -> "BringForm":
        """Set what can be chosen; only files that may begin practices need an agreement's day."""
        if not may_begin:
            del self.agreement_on
        self.mapping.choices = list(mappings.items())
        self.practice.choices = [("", NAMED)] + [(str(each.id), each.name) for each in practices]
        return self

    def validate_files(self, field: Any) -> None:
        """Refuse what is no set of CSV files."""
        if len(field.data) > MOST_FILES:
            raise ValidationError(f"At most {MOST_FILES} files at once.")
        if not all((each.filename or "").lower().endswith((".csv", ".txt")) for each in field.data):
            raise ValidationError("Bring CSV files only.")
