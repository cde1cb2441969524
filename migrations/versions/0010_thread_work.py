"""A thread as work: snoozed, promised, found by its words; canned replies; tasks.

Safe because it changes nothing yet.
"""

revision, down_revision = "0010_thread_work", "0009_threads"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
