"""The form of when one's mails leave."""

from wtforms import IntegerField, SelectChoice, SelectField
from wtforms.validators import NumberRange, Optional

from backoffice.rules.notices import DIGEST_HOUR, LONGEST_UNREAD_MINUTES
from backoffice.services.notifications.wishes import Rhythm
from backoffice.web.fields import Form


def _hour_in_words(hour: int) -> str:
    if hour in {0, 12}:
        return "Midnight" if hour == 0 else "Noon"
    return f"{hour % 12} {'am' if hour < 12 else 'pm'}"


class RhythmForm(Form):
    """Minutes before an unread message is mailed, and the hour of the daily summary."""

    unread_minutes = IntegerField(
        "Minutes before an unread message is mailed",
        [
            Optional(),
            NumberRange(
                0, LONGEST_UNREAD_MINUTES, f"Between 0 and {LONGEST_UNREAD_MINUTES:,} minutes."
            ),
        ],
    )
    digest_hour = SelectField(
        "Hour of the daily summary",
        coerce=int,
        choices=[SelectChoice(hour, _hour_in_words(hour)) for hour in range(24)],
    )

    @classmethod
    def of(cls, rhythm: Rhythm) -> "RhythmForm":
        """Fill the form with what was chosen."""
        return cls(
            formdata=None,
            data={"unread_minutes": rhythm.unread_minutes, "digest_hour": rhythm.digest_hour},
        )

    @property
    def rhythm(self) -> Rhythm:
        """What was typed."""
        hour = self.digest_hour.data
        return Rhythm(self.unread_minutes.data, DIGEST_HOUR if hour is None else hour)
