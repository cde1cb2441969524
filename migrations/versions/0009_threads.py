"""Threads about more than claims, edits with their trace, attachments, mentions, switches.

Safe because it changes nothing yet.
"""

revision, down_revision = "0009_threads", "0008_intake_file_names"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
