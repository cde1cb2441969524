"""Threads about more than claims, edits with their trace, attachments, mentions, switches.

Safe because it adds columns that have a default or may be empty, and tables of their own: processes
of the previous release write messages as before.

A message may change its words now, and nothing else of it: the right is on those columns alone,
and a trigger keeps what stood there before each change. Whether it is internal never changes,
whoever asks. A withdrawn message holds no words: they stand among its versions only.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0009_threads", "0008_intake_file_names"

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
ACTING = "(SELECT nullif(current_setting('app.acting_practice', true), '')::uuid)"
CHANGES = "body, version, edited_at, mentioned_ids, withdrawn_at, withdrawn_by_id, withdrawn_reason"
ABOUT = ("client_id", "appointment_id", "document_id")


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


def of_a_practice(table: str, *columns: sa.schema.SchemaItem) -> None:
    """Make a table of a practice's rows."""
    op.create_table(
        table,
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f(f"pk_{table}")),
    )


def inside(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return the key that keeps a reference inside its practice."""
    return sa.ForeignKeyConstraint(
        ["practice_id", column],
        [f"{target}.practice_id", f"{target}.id"],
        name=op.f(f"fk_{table}_practice_id_{column}"),
    )


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """Return an aware moment."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Columns, tables, rights, then what keeps the trace."""
    widen_threads()
    let_messages_change()
    make_tables()
    for table, may in {
        "message_versions": "SELECT, INSERT",
        "message_documents": "SELECT, INSERT",
        "message_drafts": "SELECT, INSERT, UPDATE, DELETE",
    }.items():
        wall(table)
        open_to_app(table, may=may)
    op.execute(f"GRANT UPDATE ({CHANGES}) ON messages TO {APP}")
    keep_the_trace()


def widen_threads() -> None:
    """What a thread may be about, and the groups that take part whoever is in them."""
    op.add_column(
        "memberships", sa.Column("messaging_on", sa.Boolean(), nullable=False, server_default="t")
    )
    op.add_column("threads", sa.Column("appointment_id", sa.Uuid(), nullable=True))
    for group in ("with_billers", "with_readers"):
        op.add_column("threads", sa.Column(group, sa.Boolean(), nullable=False, server_default="f"))
    op.create_foreign_key(
        op.f("fk_threads_practice_id_appointment_id"),
        "threads",
        "appointments",
        ["practice_id", "appointment_id"],
        ["practice_id", "id"],
    )
    for column in ABOUT:
        name = f"ix_threads_{column.removesuffix('_id')}"
        op.create_index(name, "threads", ["practice_id", column], unique=False)


def let_messages_change() -> None:
    """Where a message's words stand now, and that it is withdrawn."""
    op.add_column(
        "messages", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("messages", moment("edited_at", nullable=True))
    op.add_column(
        "messages",
        sa.Column("mentioned_ids", sa.ARRAY(sa.Uuid()), nullable=False, server_default="{}"),
    )
    op.add_column("messages", moment("withdrawn_at", nullable=True))
    op.add_column("messages", sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True))
    op.add_column(
        "messages", sa.Column("withdrawn_reason", sa.Text(), nullable=False, server_default="")
    )
    op.create_foreign_key(
        op.f("fk_messages_withdrawn_by_id"), "messages", "users", ["withdrawn_by_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_messages_withdrawn_holds_no_words"),
        "messages",
        "withdrawn_at IS NULL OR body = ''",
    )


def make_tables() -> None:
    """Versions, attachments, drafts."""
    of_a_practice(
        "message_versions",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        moment("written_at"),
        inside("message_versions", "message_id", "messages"),
        sa.UniqueConstraint(
            "practice_id",
            "message_id",
            "number",
            name=op.f("uq_message_versions_practice_id_message_id_number"),
        ),
    )
    of_a_practice(
        "message_documents",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        inside("message_documents", "message_id", "messages"),
        inside("message_documents", "document_id", "documents"),
        sa.UniqueConstraint(
            "practice_id",
            "message_id",
            "document_id",
            name=op.f("uq_message_documents_practice_id_message_id_document_id"),
        ),
    )
    op.create_index(
        "ix_message_documents_document", "message_documents", ["practice_id", "document_id"]
    )
    of_a_practice(
        "message_drafts",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        moment("saved_at"),
        inside("message_drafts", "thread_id", "threads"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_message_drafts_user_id")),
        sa.UniqueConstraint(
            "practice_id",
            "thread_id",
            "user_id",
            name=op.f("uq_message_drafts_practice_id_thread_id_user_id"),
        ),
    )


def keep_the_trace() -> None:
    """No change of a message without what stood there before; a note stays a note."""
    op.execute(
        """
        CREATE FUNCTION keep_message_version() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        BEGIN
          IF (NEW.practice_id, NEW.id, NEW.thread_id, NEW.author_id, NEW.internal, NEW.sent_at)
             IS DISTINCT FROM
             (OLD.practice_id, OLD.id, OLD.thread_id, OLD.author_id, OLD.internal, OLD.sent_at)
          THEN
            RAISE insufficient_privilege USING
              MESSAGE = 'permission denied: only the words of a message change';
          END IF;
          IF OLD.withdrawn_at IS NOT NULL THEN
            RAISE insufficient_privilege USING
              MESSAGE = 'permission denied: a withdrawn message stays withdrawn';
          END IF;
          NEW.version := OLD.version;
          IF NEW.body <> OLD.body THEN
            INSERT INTO message_versions
                   (practice_id, id, created_at, message_id, number, body, written_at)
            VALUES (OLD.practice_id, gen_random_uuid(), now(), OLD.id, OLD.version, OLD.body,
                    coalesce(OLD.edited_at, OLD.sent_at));
            NEW.version := OLD.version + 1;
          END IF;
          RETURN NEW;
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER keep_message_version BEFORE UPDATE ON messages"
        " FOR EACH ROW EXECUTE FUNCTION keep_message_version()"
    )


def downgrade() -> None:
    """Take it back; the trace of edits goes with its table."""
    op.execute("DROP TRIGGER keep_message_version ON messages")
    op.execute("DROP FUNCTION keep_message_version()")
    op.execute(f"REVOKE UPDATE ({CHANGES}) ON messages FROM {APP}")
    for table in ("message_drafts", "message_documents", "message_versions"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_messages_withdrawn_holds_no_words"), "messages", type_="check")
    for column in (
        "withdrawn_reason",
        "withdrawn_by_id",
        "withdrawn_at",
        "mentioned_ids",
        "edited_at",
        "version",
    ):
        op.drop_column("messages", column)
    for column in ABOUT:
        op.drop_index(f"ix_threads_{column.removesuffix('_id')}", table_name="threads")
    for column in ("with_readers", "with_billers", "appointment_id"):
        op.drop_column("threads", column)
    op.drop_column("memberships", "messaging_on")
