"""Forms of signing in."""

from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from backoffice.web.fields import Form


class SignInForm(Form):
    """Email and password."""

    email = StringField("Email", [InputRequired(), Length(max=254)])
    password = PasswordField("Password", [InputRequired(), Length(max=128)])
