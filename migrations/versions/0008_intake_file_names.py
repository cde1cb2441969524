"""What intake files were called is sealed, and so is what was noticed of them by name.

Safe because it adds two empty columns. SQL has no keys, so the names and notes that stand there in
the clear are dropped: a batch that still waits to be read fails with words that say to bring its
files again. Processes of the previous release read and write on; what they write is in the clear
until they are restarted.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0008_intake_file_names", "0007_field_keys"

TABLE = "intake_batches"


def upgrade() -> None:
    """Make room for what is sealed; forget what is in the clear."""
    op.add_column(TABLE, sa.Column("file_names_sealed", sa.LargeBinary(), nullable=True))
    op.add_column(TABLE, sa.Column("notes_sealed", sa.LargeBinary(), nullable=True))
    clear_names()


def clear_names() -> None:
    """Take the names out of `files` and the notes out of `counts`, as the house, under the wall."""
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.execute("SELECT set_config('app.house', 'on', true)")
    op.execute(
        f"UPDATE {TABLE} SET counts = counts - 'notes', files ="
        " (SELECT coalesce(jsonb_agg(file - 'name' ORDER BY place), '[]')"
        "    FROM jsonb_array_elements(files) WITH ORDINALITY AS each (file, place))"
    )


def downgrade() -> None:
    """Take it back; the previous release reads a name beside every file."""
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.execute("SELECT set_config('app.house', 'on', true)")
    op.execute(
        f"UPDATE {TABLE} SET files ="
        " (SELECT coalesce(jsonb_agg(file || '{\"name\": \"\"}' ORDER BY place), '[]')"
        "    FROM jsonb_array_elements(files) WITH ORDINALITY AS each (file, place))"
    )
    op.drop_column(TABLE, "notes_sealed")
    op.drop_column(TABLE, "file_names_sealed")
