"""What the last plain texts said is sealed.

Safe because it changes nothing yet.
"""

revision, down_revision = "0015_shown_words", "0014_notices"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
