"""Form fields that read what people type: every field stripped, money and days exact."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.widgets import TextInput

from backoffice.rules.money import NotMoney, dollars

_DAY_FORMS = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y")


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


class Form(FlaskForm):
    """The base of all forms: strips what was typed."""

    class Meta(FlaskForm.Meta):
        """Add the stripping filter to every text field."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            """Bind a field; text fields get the filter first."""
            filters = list(unbound_field.kwargs.get("filters", []))
            if issubclass(unbound_field.field_class, StringField):
                filters.insert(0, _stripped)
                options = {**options, "filters": filters}
            return unbound_field.bind(form=form, **options)


class MoneyField(Field):
    """Dollars as typed ("1,240.50", "$85"), exact to the cent."""

    widget = TextInput()
    data: Decimal | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data:.2f}" if self.data is not None else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read dollars or say that they are not."""
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = dollars(valuelist[0])
            except NotMoney as wrong:
                raise ValueError("Type an amount like 125.00.") from wrong


class DayField(Field):
    """A day as typed: 2026-11-22 or 11/22/2026."""

    widget = TextInput()
    data: date | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""  # as an input of type date reads it

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a day or say that it is none."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        for form in _DAY_FORMS:
            try:
                self.data = datetime.strptime(valuelist[0].strip(), form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
            return
        raise ValueError("Type a day like 11/22/2026.")
