"""What open and closed browsers are told by: recent changes by id, and addresses for pushes.

Safe because it only adds. A change carries the number of the transaction that wrote it, so that
"what did I not see yet" is asked of a snapshot and not of a clock or an order of ids. Addresses for
pushes belong to people, outside the wall (reason in docs/tables-without-practice.md).
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0011_push", "0010_thread_work"

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
ACTING = "(SELECT nullif(current_setting('app.acting_practice', true), '')::uuid)"
THIS_TRANSACTION = sa.text("pg_current_xact_id()::text::bigint")


def wall(table: str) -> None:
    """Show nobody, the owner included, rows of a practice that isn't set for the transaction.

    The app writes those of the practice that the transaction acts in.
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


def open_to_app(table: str, *, may: str) -> None:
    """Grant the app role what it needs on a table, e.g. may="SELECT, INSERT"."""
    op.execute(f"GRANT {may} ON {table} TO {APP}")


def upgrade() -> None:
    """Recent changes and addresses for pushes."""
    op.create_table(
        "recent_changes",
        sa.Column("practice_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, server_default=THIS_TRANSACTION),
        sa.Column("staff_only", sa.Boolean, nullable=False),
        sa.Column("xid", sa.BigInteger, nullable=False, server_default=THIS_TRANSACTION),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_recent_changes_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_recent_changes")),
    )
    op.create_index("ix_recent_changes_xid", "recent_changes", ["practice_id", "xid"])
    op.create_index("ix_recent_changes_created_at", "recent_changes", ["practice_id", "created_at"])
    wall("recent_changes")
    open_to_app("recent_changes", may="SELECT, INSERT, DELETE")
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("browser", sa.Text, nullable=False),
        sa.Column("endpoint_sealed", sa.LargeBinary, nullable=False),
        sa.Column("endpoint_index", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_sent_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_push_subscriptions_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscriptions")),
        sa.UniqueConstraint("endpoint_index", name=op.f("uq_push_subscriptions_endpoint_index")),
    )
    op.create_index("ix_push_subscriptions_user_id", "push_subscriptions", ["user_id"])
    open_to_app("push_subscriptions", may="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Take it back."""
    op.drop_table("push_subscriptions")
    op.drop_table("recent_changes")
