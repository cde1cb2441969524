"""Forms of a session: its day, place and codes, and its lines. What they mean the services say."""

from typing import Any

from wtforms import BooleanField, FieldList, FormField, SelectField, StringField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice

from backoffice.services.appointments import TypedLine, TypedSession
from backoffice.services.typed_values import PLACES, Blank, Options, WrongValue, row_id
from backoffice.web.fields import Form

_PLACES: Options = [("", "As its location"), *PLACES[1:]]


def choices_of(options: Options) -> list[Any]:
    """Return the choices of a select field."""
    return [SelectChoice(value=value, label=label) for value, label in options]


class LineForm(PlainForm):
    """One service line as typed; an empty one is no line."""

    procedure_code = StringField("Procedure")
    modifiers = StringField("Modifiers")
    units = StringField("Units")
    charge_amount = StringField("Charge")
    diagnosis_pointers = StringField("Diagnoses")


class SessionForm(Form):
    """The session behind an appointment."""

    served_on = StringField("Date of service")
    place_of_service = SelectField(
        "Place of service", choices=choices_of(PLACES), validate_choice=False
    )
    clinician_id = SelectField("Clinician", validate_choice=False)
    facility_id = SelectField("Location", validate_choice=False)
    diagnosis_codes = StringField("Diagnosis codes")
    note_signed = BooleanField("Note signed")
    lines = FieldList(FormField(LineForm), label="Lines")

    def typed(self) -> TypedSession:
        """Return what was typed, as the service takes it."""
        return TypedSession(
            served_on=self.served_on.data or "",
            place_of_service=self.place_of_service.data or "",
            diagnosis_codes=self.diagnosis_codes.data or "",
            clinician_id=row_id(self.clinician_id.data or ""),
            facility_id=row_id(self.facility_id.data or ""),
            note_signed=bool(self.note_signed.data),
            lines=[
                TypedLine(**{name: value or "" for name, value in line.form.data.items()})
                for line in self.lines
            ],
        )


def say_wrong(form: Any, wrong: WrongValue, prefix: str = "") -> None:
    """Put what a service found wrong under the fields it is about; lines keep theirs too."""
    for name, words in wrong.problems.items():
        parts = name.split("-")
        if parts[0] == "lines" and len(parts) == 3:
            form.lines[int(parts[1])].form[parts[2]].errors = [words]
            form.lines.errors = [words]
        elif name in form:
            form[name].errors = [words]
        else:
            form.form_errors.append(words)


def form_for(name: str, blanks: tuple[Blank, ...]) -> type[Form]:
    """Return a form with a field for each blank, worded as everywhere else."""
    fields: dict[str, Any] = {}
    for blank in blanks:
        if blank.options or blank.kind == "choice":
            fields[blank.name] = SelectField(
                blank.label,
                choices=choices_of(blank.options),
                description=blank.hint,
                validate_choice=False,  # the service reads it, with words of its own
            )
        else:
            fields[blank.name] = StringField(blank.label, description=blank.hint)
    return type(name, (Form,), fields)
