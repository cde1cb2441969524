"""Forms of agreements, departures and holds."""

from wtforms import HiddenField, SelectChoice, SelectField, StringField, validators
from wtforms.validators import AnyOf, InputRequired, Length, Optional

from backoffice.models.contract import HoldKind, RemovalBasis
from backoffice.web.fields import DayField, Form

REMOVALS = {
    RemovalBasis.RETENTION: "When the state's years are over",
    RemovalBasis.CONTRACT: "On a day of the contract: the practice keeps its records itself",
}


class AgreementForm(Form):
    """An agreement's days."""

    begins_on = DayField("First day", [InputRequired("When does it begin?")])
    ends_on = DayField("Last day", [Optional()])
    note = StringField("Where the signed paper lies", [Optional(), Length(max=200)])


class LeaveForm(Form):
    """When a practice leaves and when its rows go."""

    leaves_on = DayField("It leaves on", [InputRequired("When does it leave?")])
    basis = SelectField(
        "Its rows are removed",
        [InputRequired()],
        choices=[SelectChoice(basis.value, words) for basis, words in REMOVALS.items()],
    )
    contract_on = DayField("Day of the contract", [Optional()])


class HoldForm(Form):
    """Why something is held, and what: a client, a document, or the whole practice."""

    kind = HiddenField(default=HoldKind.PRACTICE.value, validators=[AnyOf(list(HoldKind))])
    subject = HiddenField(validators=[Optional(), validators.UUID()])
    reason = StringField("Reason", [InputRequired("Say why it is held."), Length(max=300)])
