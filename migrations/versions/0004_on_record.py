"""The record: monthly partitions, seals in a table of their own.

Safe because it only adds.
"""

revision, down_revision = "0004_on_record", "0003_people"


def upgrade() -> None:
    """The record: monthly partitions, seals in a table of their own."""


def downgrade() -> None:
    """Take it back."""
