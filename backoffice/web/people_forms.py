"""Forms of people: invite, give a role, assign practices; links from mails; broken glass."""

from collections.abc import Iterable
from uuid import UUID

from wtforms import (
    PasswordField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from backoffice.rules.roles import PRACTICE_ROLES, Reach, Role, reach_of
from backoffice.services.accounts import Chip
from backoffice.services.people.inviting import Place
from backoffice.web.fields import Form
from backoffice.web.filters import label

MOST = 254
_EMAIL = Regexp(r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+$", message="Type one email address.")


def choices(roles: Iterable[Role]) -> list[SelectChoice]:
    """Return roles to choose from, in the order of the table."""
    wanted = set(roles)
    return [SelectChoice(role.value, label(role)) for role in Role if role in wanted]


class PracticesField(SelectMultipleField):
    """Practices as tick boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class InviteForm(Form):
    """Whom to invite, as what, to where; an owner's has the practice already."""

    email = StringField("Email", [InputRequired(), Length(max=MOST), _EMAIL])
    name = StringField("Name", [DataRequired(), Length(max=120)])
    role = SelectField("Role", [InputRequired()])
    practices = PracticesField("Practices", [Optional()])
    clinician = SelectField("Clinician", [Optional()])

    def offer(self, roles: Iterable[Role], practices: Iterable[Chip]) -> "InviteForm":
        """Offer these roles and practices."""
        self.role.choices = choices(roles)
        self.practices.choices = [SelectChoice(str(each.id), each.name) for each in practices]
        self.clinician.choices = [SelectChoice("", "Nobody yet")]
        return self

    @property
    def place(self) -> Place:
        """What the form invites to."""
        clinician = self.clinician.data
        return Place(
            role=Role(self.role.data),
            practice_ids=tuple(UUID(each) for each in self.practices.data or ()),
            clinician_id=UUID(clinician) if clinician else None,
        )


class EmailForm(Form):
    """One email address."""

    email = StringField("Email", [InputRequired(), Length(max=MOST), _EMAIL])


class RoleForm(Form):
    """Another role in one practice, or none there any more."""

    role = SelectField("Role", [InputRequired()])

    @classmethod
    def of_the_practice(cls) -> "RoleForm":
        """Make the form with the roles that a practice's own people have."""
        form = cls()
        form.role.choices = [*choices(PRACTICE_ROLES), SelectChoice("", "No role any more")]
        return form

    @classmethod
    def of_the_house(cls) -> "RoleForm":
        """Make the form with the roles that reach every practice."""
        form = cls()
        reaching = [role for role in Role if reach_of(role) is Reach.EVERY_PRACTICE]
        form.role.choices = [*choices(reaching), SelectChoice("", "None of the house")]
        form.role.validators = [Optional()]
        return form


class AssignForm(Form):
    """A biller's practices, all of them."""

    role = SelectField("Role", [InputRequired()], choices=choices({Role.BILLER, Role.BILLER_LEAD}))
    practices = PracticesField("Practices", [Optional()])

    @classmethod
    def among(cls, practices: Iterable[Chip], **given: object) -> "AssignForm":
        """Make the form for the practices that may be assigned."""
        form = cls(**given)
        form.practices.choices = [SelectChoice(str(each.id), each.name) for each in practices]
        return form


class PasswordForm(Form):
    """A new password, twice; whether it will do is for services/accounts to say."""

    password = PasswordField("New password", [InputRequired()])
    again = PasswordField(
        "The same again", [InputRequired(), EqualTo("password", "The two are not the same.")]
    )


class JoinForm(PasswordForm):
    """A new account: the invitation's name may be corrected."""

    name = StringField("Your name", [DataRequired(), Length(max=120)])


class BreakForm(Form):
    """Which practice, and why."""

    practice = SelectField("Practice", [InputRequired()])
    reason = TextAreaField("Why you need to read it", [DataRequired("Say why."), Length(max=500)])


class ReviewForm(Form):
    """What the reviewer found."""

    words = TextAreaField("What you found", [DataRequired("Say what."), Length(max=500)])


class RevealForm(Form):
    """Why an identifier is needed whole."""

    reason = SelectField("Why you need it", [InputRequired()])
