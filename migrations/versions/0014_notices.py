"""What each person wants to be told and when, and what became of each mail.

Safe because it changes nothing yet.
"""

revision, down_revision = "0014_notices", "0013_document_inbox"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
