"""Browsers that asked to be told by push.

Safe because it changes nothing yet.
"""

revision, down_revision = "0011_push", "0010_thread_work"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
