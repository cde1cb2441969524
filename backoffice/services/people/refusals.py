"""Why a change of somebody's rights is not made."""

from backoffice.services.refusal import Refused


class LinkRefused(Refused):
    """A link that works no more, or never did; or is somebody else's. All read the same."""

    code = "link_refused"

    def __init__(self) -> None:
        """Say what to do, and nothing of which it is."""
        super().__init__("This link was used already, or its time is over. Ask for a new one.")


class NotYourself(Refused):
    """Somebody was about to take away their own rights."""

    code = "not_yourself"

    def __init__(self) -> None:
        """Say who can."""
        super().__init__("You cannot change your own rights. Another administrator can.")


class LastAdministrator(Refused):
    """Nobody would be left to let people in."""

    code = "last_administrator"

    def __init__(self) -> None:
        """Say what to do first."""
        super().__init__("This is the last administrator. Make somebody else one first.")


class RoleNotGiven(Refused):
    """A role that cannot be given here, or not by this person."""

    code = "role_not_given"

    def __init__(self, words: str = "This role cannot be given here.") -> None:
        """Say why."""
        super().__init__(words, field="role")


class BelongsAlready(Refused):
    """The person has a place there."""

    code = "belongs_already"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("This person belongs there already. Change their role.", field="email")


class EmailTaken(Refused):
    """Another account signs in with this email; said only to who may see all people."""

    code = "email_taken"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("This email address cannot be used.", field="email")


class ReasonMissing(Refused):
    """A reason that nobody could review."""

    code = "reason_missing"

    def __init__(self) -> None:
        """Say how much is asked."""
        super().__init__("Say why, in at least ten characters.", field="reason")


LEAST_REASON = 10


def need_reason(words: str) -> str:
    """Return a reason stripped, or raise ReasonMissing."""
    reason = " ".join(words.split())
    if len(reason) < LEAST_REASON:
        raise ReasonMissing
    return reason
