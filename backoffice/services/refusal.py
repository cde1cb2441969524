"""A use case's "no", in words for people; web shows it, workers record its code."""


class Refused(Exception):
    """The use case will not do this. `words` are shown to the person; `field` names the cause."""

    code = "refused"

    def __init__(self, words: str, *, field: str = "") -> None:
        """Say why, in words without patient data."""
        super().__init__(words)
        self.words = words
        self.field = field


class NotVisible(Refused):
    """Absent, or another practice's: the two are not told apart."""

    code = "not_visible"

    def __init__(self) -> None:
        """Say nothing about which of the two it is."""
        super().__init__("There is nothing here.")


class ChangedElsewhere(Refused):
    """Somebody else saved this first; what was typed is kept on the page."""

    code = "changed_elsewhere"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("Somebody else saved this since you opened it. Compare and save again.")
