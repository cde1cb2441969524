"""Documents are cut by a worker."""

revision, down_revision = "0018_cutting", "0017_first_words"


def upgrade() -> None:
    """Not filled yet."""
