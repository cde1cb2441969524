"""Forms of consents and disclosures."""

from wtforms import BooleanField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from backoffice.models.contract import DisclosureBasis
from backoffice.rules.part2 import ConsentKind
from backoffice.web.fields import DayField, Form

KINDS = {
    ConsentKind.TREATMENT_PAYMENT_OPERATIONS: "All treatment, payment and operations, once for all",
    ConsentKind.NAMED_RECIPIENT: "One recipient, named below",
}
BASES = {
    DisclosureBasis.REQUIRED_BY_LAW: "Required by law",
    DisclosureBasis.LEGAL_PROCEEDING: "Court or legal proceeding",
    DisclosureBasis.LAW_ENFORCEMENT: "Law enforcement",
    DisclosureBasis.OVERSIGHT: "Health oversight",
    DisclosureBasis.PUBLIC_HEALTH: "Public health",
    DisclosureBasis.IN_ERROR: "In error",
    DisclosureBasis.OTHER: "Something else",
    DisclosureBasis.AUTHORIZATION: "With the client's authorization",
    DisclosureBasis.TO_THE_CLIENT: "To the client",
    DisclosureBasis.TREATMENT_PAYMENT_OPERATIONS: "Treatment, payment or operations",
}


class FlagForm(Form):
    """Whether the client's records fall under 42 CFR Part 2."""

    is_part2 = BooleanField("Records of substance use treatment (42 CFR Part 2)")


class ConsentForm(Form):
    """A consent as it was signed."""

    kind = SelectField(
        "What was consented to",
        [InputRequired()],
        choices=[SelectChoice(kind.value, words) for kind, words in KINDS.items()],
    )
    recipient = StringField("Recipient", [Optional(), Length(max=200)])
    signed_on = DayField("Signed on", [InputRequired("When was it signed?")])
    expires_on = DayField("Ends on", [Optional()])


class RevokeForm(Form):
    """The day on which a consent was revoked in writing."""

    revoked_on = DayField("Revoked on", [InputRequired("When was it revoked?")])


class DisclosureForm(Form):
    """What left, as an accounting asks for it (45 CFR 164.528(b)(2))."""

    disclosed_on = DayField("Day", [InputRequired("When was it?")])
    recipient = StringField("To whom", [InputRequired("To whom?"), Length(max=200)])
    recipient_address = StringField("Their address, where known", [Optional(), Length(max=300)])
    what = StringField("What", [InputRequired("What was disclosed?"), Length(max=300)])
    purpose = StringField("Why", [InputRequired("Why?"), Length(max=300)])
    basis = SelectField(
        "Basis",
        [InputRequired()],
        choices=[SelectChoice(basis.value, words) for basis, words in BASES.items()],
    )
    silent_until = DayField("Silent until, when an agency asked in writing", [Optional()])


class WithdrawForm(Form):
    """Why a disclosure that was written down is none."""

    reason = StringField("Reason", [InputRequired("Say why."), Length(max=200)])
