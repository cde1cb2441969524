"""Forms of remittances: what a person decides about a line, a claim or a provider adjustment."""

from uuid import UUID

from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from backoffice.rules.posting import WriteOffReason
from backoffice.services.remittances.deciding import Outcome, PlacedAt
from backoffice.web.fields import Form
from backoffice.web.filters import label

OUTCOMES = [
    SelectChoice(Outcome.KEEP.value, "Keep what is denied in A/R, to correct, appeal or bill on"),
    SelectChoice(Outcome.CLIENT.value, "Make it the client's share"),
    SelectChoice(Outcome.WRITE_OFF.value, "Write it off"),
]
REASONS = [
    SelectChoice("", "Choose a reason"),
    *(SelectChoice(each.value, label(each)) for each in WriteOffReason),
]


class DecideForm(Form):
    """What becomes of what a line leaves denied."""

    outcome = RadioField("What becomes of it", [InputRequired()], choices=OUTCOMES)
    reason = SelectField("Reason, when written off", [Optional()], choices=REASONS)

    @property
    def write_off_reason(self) -> WriteOffReason | None:
        """The reason chosen."""
        return WriteOffReason(self.reason.data) if self.reason.data else None


class MatchForm(Form):
    """The claim of ours that an unmatched one is."""

    claim_id = SelectField("Claim", [InputRequired()], coerce=UUID, validate_choice=False)


class PlaceForm(Form):
    """Where a provider adjustment belongs."""

    at = SelectField(
        "Goes to", [InputRequired()], choices=[SelectChoice(each.value) for each in PlacedAt]
    )


class AttributeForm(Form):
    """Whose a payment is."""

    practice_id = SelectField("Practice", [InputRequired()], coerce=UUID, validate_choice=False)
