"""Invitations, resets, changed emails, assignments and broken glass.

Safe because it only adds.
"""

revision, down_revision = "0003_people", "0002_second_factors"


def upgrade() -> None:
    """Invitations, resets, changed emails, assignments and broken glass."""


def downgrade() -> None:
    """Take it back."""
