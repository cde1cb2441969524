"""Documents remember who found them clean, what they carry, when they were looked at, and erased.

Safe because it only adds: every new column may be empty or has a default, and the previous release
writes none of them. What it stored without a scanner has no `scanned_at`: the daily look at what is
kept scans that first. `upload_id` is the browser's own name of one upload, so that an answer that
got lost and is asked for again makes one document.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0012_kept_documents", "0011_push"

MOMENTS = ("scanned_at", "checked_at", "damaged_at", "erased_at")


def upgrade() -> None:
    """Add what a document's keeping needs, and the indexes that the sweeps read."""
    for name in MOMENTS:
        op.add_column("documents", sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column(
        "documents", sa.Column("scanned_by", sa.Text(), server_default="", nullable=False)
    )
    op.add_column("documents", sa.Column("finding", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "documents",
        sa.Column("carries", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("documents", sa.Column("upload_id", sa.Uuid()))
    op.create_unique_constraint(
        op.f("uq_documents_practice_id_uploaded_by_id_upload_id"),
        "documents",
        ["practice_id", "uploaded_by_id", "upload_id"],
    )
    op.create_index("ix_documents_state", "documents", ["practice_id", "state", "id"])
    op.create_index("ix_documents_checked", "documents", ["practice_id", "state", "checked_at"])


def downgrade() -> None:
    """Take it back: what was found about documents is forgotten."""
    op.drop_index("ix_documents_checked", table_name="documents")
    op.drop_index("ix_documents_state", table_name="documents")
    op.drop_constraint(op.f("uq_documents_practice_id_uploaded_by_id_upload_id"), "documents")
    for name in ("upload_id", "carries", "finding", "scanned_by", *reversed(MOMENTS)):
        op.drop_column("documents", name)
