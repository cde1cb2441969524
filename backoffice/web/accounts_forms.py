"""Forms of signing in and of one's own account."""

from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from backoffice.services.accounts import OldPasswordWrong, PasswordRefused
from backoffice.services.accounts.passwords import LEAST_CHARACTERS, MOST_CHARACTERS
from backoffice.web.fields import Form


class SignInForm(Form):
    """Email and password."""

    email = StringField("Email", [InputRequired(), Length(max=254)])
    password = PasswordField("Password", [InputRequired(), Length(max=MOST_CHARACTERS)])


class FactorNameForm(Form):
    """What somebody calls one of their factors."""

    name = StringField("Name", [InputRequired(), Length(max=40)])


class NewPasswordForm(Form):
    """The password as it was and as it is to be; what it must be like says the service."""

    old_password = PasswordField("Password now", [InputRequired(), Length(max=MOST_CHARACTERS)])
    new_password = PasswordField(
        "New password",
        [InputRequired(), Length(max=2 * MOST_CHARACTERS)],
        description=f"At least {LEAST_CHARACTERS} characters. Several unrelated words are good.",
    )

    def refuse(self, problem: PasswordRefused) -> None:
        """Put the service's no under the field that it is about."""
        field = self.old_password if isinstance(problem, OldPasswordWrong) else self.new_password
        field.errors = [problem.words]
