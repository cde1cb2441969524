"""What a conversation says no to, in words for people, each at the field it is about."""

from backoffice.services.refusal import Refused


class MessagingOff(Refused):
    """The practice has messages switched off."""

    code = "messaging_off"

    def __init__(self) -> None:
        """Say whose switch it is."""
        super().__init__("Messages are switched off for this practice.")


class MessagingOffForYou(Refused):
    """Messages are switched off for this person."""

    code = "messaging_off_for_you"

    def __init__(self) -> None:
        """Say who can change it."""
        super().__init__(
            "Messages are switched off for you. The practice's owner or an administrator"
            " can switch them on."
        )


class NotForNotes(Refused):
    """Internal notes are the house's own."""

    code = "not_for_notes"

    def __init__(self) -> None:
        """Say who writes them."""
        super().__init__("Internal notes are for billers only.", field="internal")


class NotForThePractice(Refused):
    """Whom a thread waits for is the house's to say."""

    code = "not_for_the_practice"

    def __init__(self) -> None:
        """Say who may."""
        super().__init__("Your biller closes a thread; a new message opens it again.")


class NothingSaid(Refused):
    """A message without words."""

    code = "nothing_said"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("Write something first.", field="body")


class TooLong(Refused):
    """A message of more than MOST characters."""

    code = "too_long"

    def __init__(self, length: int, most: int) -> None:
        """Say by how much."""
        super().__init__(
            f"A message holds {most:,} characters; this has {length:,}. Send it in two.",
            field="body",
        )


class MentionUnseen(Refused):
    """An internal note names somebody who will never see it."""

    code = "mention_unseen"

    def __init__(self, name: str) -> None:
        """Say whom."""
        super().__init__(
            f"{name} is of the practice and never sees an internal note."
            " Take the @ away, or reply.",
            field="body",
        )


class NotTheirs(Refused):
    """Words are changed by whoever wrote them."""

    code = "not_theirs"

    def __init__(self) -> None:
        """Say who may."""
        super().__init__("Only whoever wrote a message can change it.")


class ReasonNeeded(Refused):
    """Somebody else's words are taken away with a reason that everybody reads."""

    code = "reason_needed"

    def __init__(self) -> None:
        """Ask for it."""
        super().__init__("Say why you withdraw what somebody else wrote.", field="reason")


class AlreadyWithdrawn(Refused):
    """A withdrawn message stays withdrawn."""

    code = "message_withdrawn"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("This message has been withdrawn.")


class ChangedMeanwhile(Refused):
    """The message was changed in another window."""

    code = "message_changed"

    def __init__(self) -> None:
        """Say what to do; what was typed is kept."""
        super().__init__(
            "This message was changed in another window. Look at it, then save yours again.",
            field="body",
        )


class NotToAttach(Refused):
    """A document that is not there to be shared in this thread."""

    code = "not_to_attach"

    def __init__(self) -> None:
        """Say what may be."""
        super().__init__(
            "Only documents of this practice that are kept and open to you can be attached.",
            field="attached",
        )


class SaidOtherwise(Refused):
    """The same form was sent twice with different words."""

    code = "said_otherwise"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "This form was sent already, with other words. They are in the thread;"
            " send this as a new message.",
            field="body",
        )


class NobodyChosen(Refused):
    """Somebody who cannot take part was chosen."""

    code = "nobody_chosen"

    def __init__(self) -> None:
        """Say who may."""
        super().__init__(
            "Choose among the people who are offered: messages are switched on for them.",
            field="people",
        )


class SomebodyMustHear(Refused):
    """The last owner of a practice who hears cannot be switched off."""

    code = "somebody_must_hear"

    def __init__(self) -> None:
        """Say what can be done instead."""
        super().__init__(
            "This is the last owner who gets messages: somebody must hear."
            " Messages can be switched off for the whole practice."
        )
