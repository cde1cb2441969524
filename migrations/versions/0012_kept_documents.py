"""Documents scanned before anybody may open them, and held.

Safe because it changes nothing yet.
"""

revision, down_revision = "0012_kept_documents", "0011_push"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
