"""The documents' inbox at a hundred thousand."""

revision, down_revision = "0019_fast_inbox", "0018_cutting"


def upgrade() -> None:
    """Not filled yet."""
