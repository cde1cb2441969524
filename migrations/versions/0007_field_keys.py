"""The ids of the field keys that sealed values may need, so that a start without one is refused.

Safe because it only adds. What is sealed already is looked through once for its keys' ids, as all
practices and the house; the ids stand in front of every sealed value.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0007_field_keys", "0006_walls"

APP = "app"
KEY_ID = "convert_from(substring({column} FROM 2 FOR get_byte({column}, 0)), 'UTF8')"


def upgrade() -> None:
    """Make the table and enter the keys that are in use."""
    op.create_table(
        "field_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_field_keys"),
    )
    op.execute(f"GRANT SELECT, INSERT, DELETE ON field_keys TO {APP}")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.execute("SELECT set_config('app.house', 'on', true)")
    op.execute(
        "SELECT set_config('app.practice_ids', coalesce(string_agg(id::text, ','), ''), true)"
        " FROM practices"
    )
    for table, column in sealed_columns():
        op.execute(
            f"INSERT INTO field_keys (key_id, first_used_at)"
            f" SELECT DISTINCT {KEY_ID.format(column=column)}, now() FROM {table}"
            f" WHERE length({column}) > 1 ON CONFLICT DO NOTHING"
        )


def sealed_columns() -> list[tuple[str, str]]:
    """Return every column whose name says that it is sealed."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'bytea'"
            " AND column_name LIKE '%\\_sealed' ORDER BY 1, 2"
        )
    )
    return [(str(table), str(column)) for table, column in found]


def downgrade() -> None:
    """Take it back."""
    op.drop_table("field_keys")
