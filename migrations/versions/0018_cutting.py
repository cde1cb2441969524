"""Wishes for new documents made of pages of others: kept beside the errand of the worker that cuts.

Safe because it only adds two tables that the previous release does not know; while both releases
run, the previous one goes on cutting within its requests.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0018_cutting", "0017_first_words"

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
ACTING = "(SELECT nullif(current_setting('app.acting_practice', true), '')::uuid)"
WAYS = ("split", "merged", "turned")
STATES = ("waiting", "done", "failed")


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


def word(name: str, kind: str, values: tuple[str, ...]) -> sa.Column:
    """Return a column of one of our words."""
    return sa.Column(
        name, sa.Enum(*values, name=kind, native_enum=False, length=32), nullable=False
    )


def within(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """Return the composite foreign key that keeps a reference inside its own practice."""
    return sa.ForeignKeyConstraint(
        ["practice_id", column],
        [f"{other}.practice_id", f"{other}.id"],
        name=op.f(f"fk_{table}_practice_id_{column}"),
    )


def make_walled(table: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a practice's table: its id is the practice's and its own."""
    op.create_table(
        table,
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *parts,
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f(f"pk_{table}")),
    )
    wall(table)
    open_to_app(table, may="SELECT, INSERT, UPDATE")


def upgrade() -> None:
    """Make the wishes, then the pages that each is about."""
    make_walled(
        "cuttings",
        word("way", "madeby", WAYS),
        word("state", "cuttingstate", STATES),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_cuttings_by_id")),
    )
    make_walled(
        "cutting_parts",
        sa.Column("cutting_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("pages", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("turned", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("degrees", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Uuid()),
        within("cutting_parts", "cutting_id", "cuttings"),
        within("cutting_parts", "source_id", "documents"),
        within("cutting_parts", "document_id", "documents"),
        sa.UniqueConstraint(
            "practice_id",
            "cutting_id",
            "lot",
            "place",
            name=op.f("uq_cutting_parts_practice_id_cutting_id_lot_place"),
        ),
    )
    op.create_index(
        "ix_cutting_parts_source", "cutting_parts", ["practice_id", "source_id", "cutting_id"]
    )


def downgrade() -> None:
    """Take it back: wishes that wait are forgotten, what was made stays."""
    op.drop_table("cutting_parts")
    op.drop_table("cuttings")
