"""Threads: what is written before a thread begins."""

revision, down_revision = "0017_first_words", "0016_remover"


def upgrade() -> None:
    """Not filled yet."""
