"""Documents as work: status, owner, links, pages, words.

Safe because it changes nothing yet.
"""

revision, down_revision = "0013_document_inbox", "0012_kept_documents"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
