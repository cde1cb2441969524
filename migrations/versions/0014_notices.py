"""What each person wants to be told and when, the daily summaries, and addresses that bounced.

Safe because it only adds: what the previous release writes is told at once, as it was, and it never
reads what is kept for a summary. The index of notices that wait for a mail is made anew, narrower.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0014_notices", "0013_document_inbox"

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
ACTING = "(SELECT nullif(current_setting('app.acting_practice', true), '')::uuid)"


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


def practice_row(table: str, *columns: sa.schema.SchemaItem) -> None:
    """Make a walled table of rows about one person in one practice."""
    op.create_table(
        table,
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id")),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f(f"pk_{table}")),
    )
    wall(table)
    open_to_app(table, may="SELECT, INSERT, UPDATE")


def own(table: str, *columns: str) -> sa.UniqueConstraint:
    """Return a unique within the practice."""
    names = ("practice_id", *columns)
    return sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{'_'.join(names)}"))


def upgrade() -> None:
    """Make the tables of wishes and digests; let notices wait for a digest."""
    practice_row(
        "mail_wishes",
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("way", sa.String(32), nullable=False),
        own("mail_wishes", "user_id", "topic"),
    )
    practice_row(
        "mail_rhythms",
        sa.Column("unread_minutes", sa.Integer()),
        sa.Column("digest_hour", sa.Integer(), nullable=False),
        own("mail_rhythms", "user_id"),
        sa.CheckConstraint(
            "unread_minutes BETWEEN 0 AND 1440", name=op.f("ck_mail_rhythms_unread_within_a_day")
        ),
        sa.CheckConstraint(
            "digest_hour BETWEEN 0 AND 23", name=op.f("ck_mail_rhythms_hour_of_a_day")
        ),
    )
    practice_row(
        "digests",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mail_id", sa.Uuid()),
        own("digests", "user_id", "day"),
        sa.ForeignKeyConstraint(
            ["practice_id", "mail_id"],
            ["mails.practice_id", "mails.id"],
            name=op.f("fk_digests_practice_id_mail_id"),
        ),
    )
    op.create_table(
        "bounced_addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounced_addresses")),
        sa.UniqueConstraint("email_key", name=op.f("uq_bounced_addresses_email_key")),
    )
    open_to_app("bounced_addresses", may="SELECT, INSERT, DELETE")
    op.create_index("ix_mails_newest", "mails", ["id"])
    op.add_column("mails", sa.Column("opened_at", sa.DateTime(timezone=True)))
    op.add_column(
        "notices", sa.Column("way", sa.String(32), server_default="immediate", nullable=False)
    )
    op.add_column("notices", sa.Column("digest_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_notices_practice_id_digest_id"),
        "notices",
        "digests",
        ["practice_id", "digest_id"],
        ["practice_id", "id"],
    )
    op.create_index("ix_notices_digest", "notices", ["practice_id", "digest_id"])
    op.create_index("ix_notices_user", "notices", ["practice_id", "user_id", "created_at"])
    op.drop_index("ix_notices_loose", table_name="notices")
    op.create_index(
        "ix_notices_loose",
        "notices",
        ["practice_id"],
        postgresql_where="mail_id IS NULL AND way = 'immediate'",
    )


def downgrade() -> None:
    """Take it back: wishes are forgotten, and what waited for a digest is told by none."""
    op.drop_index("ix_notices_loose", table_name="notices")
    op.create_index(
        "ix_notices_loose", "notices", ["practice_id"], postgresql_where="mail_id IS NULL"
    )
    for index in ("ix_notices_user", "ix_notices_digest"):
        op.drop_index(index, table_name="notices")
    op.drop_constraint(op.f("fk_notices_practice_id_digest_id"), "notices")
    for name in ("digest_id", "way"):
        op.drop_column("notices", name)
    op.drop_column("mails", "opened_at")
    op.drop_index("ix_mails_newest", table_name="mails")
    for table in ("bounced_addresses", "digests", "mail_rhythms", "mail_wishes"):
        op.drop_table(table)
