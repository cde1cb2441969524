"""Invitations, resets, changed emails and broken glass; the mails about somebody's own account.

Safe because it only adds. Invitations, links and account mails stand outside the wall (reasons in
docs/tables-without-practice.md): they are read before a practice is known. Broken glass is walled,
and read by its own person as memberships are.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0003_people", "0002_second_factors"

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
OWN = f"practice_id = ANY ({PRACTICES})"
MYSELF = "user_id = (SELECT nullif(current_setting('app.user_id', true), '')::uuid)"
KEPT = "SELECT, INSERT, UPDATE"


def open_to_app(table: str, *, may: str) -> None:
    """Grant the app role what it needs on a table, e.g. may="SELECT, INSERT"."""
    op.execute(f"GRANT {may} ON {table} TO {APP}")


def moment(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    """Return a timestamptz column."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def user(name: str, *, nullable: bool = False) -> sa.Column[sa.Uuid]:
    """Return a column that names a user; its foreign key stands apart."""
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def to_user(table: str, column: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of a column that names a user."""
    return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Make the tables of people, walled or opened."""
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("created_at"),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("practice_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        user("invited_by_id"),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        moment("expires_at"),
        moment("accepted_at", nullable=True),
        user("accepted_by_id", nullable=True),
        moment("revoked_at", nullable=True),
        to_user("invitations", "invited_by_id"),
        to_user("invitations", "accepted_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    op.create_index("ix_invitations_email_key", "invitations", ["email_key"])
    op.create_index(
        "ix_invitations_practice_ids", "invitations", ["practice_ids"], postgresql_using="gin"
    )
    op.create_table(
        "account_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("created_at"),
        sa.Column("kind", sa.String(32), nullable=False),
        user("user_id", nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("new_email", sa.Text(), nullable=False),
        moment("expires_at"),
        moment("used_at", nullable=True),
        moment("voided_at", nullable=True),
        to_user("account_links", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_links_token_hash")),
    )
    op.create_index("ix_account_links_user_id", "account_links", ["user_id"])
    op.create_table(
        "account_mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("created_at"),
        sa.Column("topic", sa.String(32), nullable=False),
        user("user_id", nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        moment("sent_at", nullable=True),
        to_user("account_mails", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_mails")),
    )
    op.create_index("ix_account_mails_user_id", "account_mails", ["user_id"])
    for table in ("invitations", "account_links", "account_mails"):
        open_to_app(table, may=KEPT)
    op.create_table(
        "broken_glass",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("created_at"),
        user("user_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        moment("began_at"),
        moment("ends_at"),
        moment("reviewed_at", nullable=True),
        user("reviewed_by_id", nullable=True),
        sa.Column("review_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_broken_glass_practice_id")
        ),
        to_user("broken_glass", "user_id"),
        to_user("broken_glass", "reviewed_by_id"),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_broken_glass")),
    )
    op.create_index("ix_broken_glass_user_id", "broken_glass", ["user_id", "ends_at"])
    op.create_index("ix_broken_glass_practice", "broken_glass", ["practice_id", "began_at"])
    op.execute("ALTER TABLE broken_glass ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE broken_glass FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_practices ON broken_glass USING ({OWN} OR {MYSELF}) WITH CHECK ({OWN})"
    )
    open_to_app("broken_glass", may=KEPT)


def downgrade() -> None:
    """Take it back."""
    for table in ("broken_glass", "account_mails", "account_links", "invitations"):
        op.drop_table(table)
