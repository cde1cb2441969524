"""${message}

The law: one idea; works beside the previous release; imports nothing of ours; says here why it is
safe. A table with practice_id gets `wall(table)`; every table gets `open_to_app(table, ...)` with
no more than the app needs, and docs/grants.md says so. Write the new number into
migrations/versions/HEAD.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = ${repr(up_revision)}, ${repr(down_revision)}

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
ACTING = "(SELECT nullif(current_setting('app.acting_practice', true), '')::uuid)"


def wall(table: str) -> None:
    """Show nobody, the owner included, rows of a practice that isn't set for the transaction.

    The app writes those of the practice that the transaction acts in; when the practice has left,
    what removes it takes them away.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_practices ON {table} USING (practice_id = ANY ({PRACTICES}))")
    for name, act, how in (
        ("acting_adds", "INSERT", "WITH CHECK"),
        ("acting_changes", "UPDATE", "USING"),
        ("acting_removes", "DELETE", "USING"),
    ):
        op.execute(
            f"CREATE POLICY {name} ON {table} AS RESTRICTIVE FOR {act} TO {APP}"
            f" {how} (practice_id = {ACTING})"
        )
    op.execute(f"GRANT SELECT, DELETE ON {table} TO remover")


def open_to_app(table: str, *, may: str) -> None:
    """Grant the app role what it needs on a table, e.g. may="SELECT, INSERT"."""
    op.execute(f"GRANT {may} ON {table} TO {APP}")


def upgrade() -> None:
    """${message}"""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take it back."""
    ${downgrades if downgrades else "pass"}
