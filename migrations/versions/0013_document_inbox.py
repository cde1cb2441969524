"""Documents as work: status, owner, payer, links to more than claims, pages as pictures, words.

Safe because it adds, and what exists gets a default: every document kept so far is New and waits
for its pages to be read, every link keeps its claim. A link may be about a client, a remittance or
a thread instead, exactly one of the four; it goes when somebody takes it away, which the record
keeps. Words are found by the role `search`, as clients are: an operator that looks inside a text
isn't leakproof, so under the wall no index would serve it. The function answers ids, and of the
practices worked for only.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0013_document_inbox", "0012_kept_documents"

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
ACTING = "(SELECT nullif(current_setting('app.acting_practice', true), '')::uuid)"
FIXED = "SET search_path = pg_catalog, pg_temp"

STATUSES = ("new", "to_post", "needs_info", "posted", "filed", "duplicate")
PAGES_STATES = ("waiting", "ready", "partly", "none")
WAYS = ("split", "merged", "turned")
LINKED = {"client_id": "clients", "remittance_id": "remittances", "thread_id": "threads"}
SEARCH = "SELECT (practice_id, document_id, words)"
FEW_PRACTICES = 20
"""Up to so many practices their names are looked for among the words; beyond, rows are filtered."""


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


def word(name: str, kind: str, values: tuple[str, ...], default: str | None = None) -> sa.Column:
    """Return a column of one of our words."""
    enum = sa.Enum(*values, name=kind, native_enum=False, length=32)
    return sa.Column(name, enum, nullable=False, server_default=default)


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


def upgrade() -> None:
    """Add the columns, widen the links, make the tables, let words be found."""
    work_on_documents()
    link_to_more_than_claims()
    make_tables()
    find_documents()


def work_on_documents() -> None:
    """A document's standing as work, beside its keeping."""
    op.add_column("documents", word("status", "documentstatus", STATUSES, "new"))
    op.add_column("documents", word("pages_state", "pagesstate", PAGES_STATES, "waiting"))
    op.add_column("documents", sa.Column("document_on", sa.Date()))
    op.add_column("documents", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    for column, table in (("owner_id", "users"), ("payer_id", "payers")):
        op.add_column("documents", sa.Column(column, sa.Uuid()))
        op.create_foreign_key(op.f(f"fk_documents_{column}"), "documents", table, [column], ["id"])
    op.create_index("ix_documents_status", "documents", ["practice_id", "status", "id"])
    for column in ("owner_id", "payer_id"):
        op.create_index(
            f"ix_documents_{column.removesuffix('_id')}",
            "documents",
            ["practice_id", column, "id"],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def link_to_more_than_claims() -> None:
    """A link is about exactly one thing; taking it away is the app's, and on record."""
    op.alter_column("document_links", "claim_id", nullable=True)
    for column, table in LINKED.items():
        op.add_column("document_links", sa.Column(column, sa.Uuid()))
        op.create_foreign_key(
            op.f(f"fk_document_links_practice_id_{column}"),
            "document_links",
            table,
            ["practice_id", column],
            ["practice_id", "id"],
        )
        op.create_unique_constraint(
            op.f(f"uq_document_links_practice_id_document_id_{column}"),
            "document_links",
            ["practice_id", "document_id", column],
        )
        op.create_index(
            f"ix_document_links_{column.removesuffix('_id')}",
            "document_links",
            ["practice_id", column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_check_constraint(
        op.f("ck_document_links_about_one_thing"),
        "document_links",
        "num_nonnulls(claim_id, client_id, remittance_id, thread_id) = 1",
    )
    op.execute(f"GRANT DELETE ON document_links TO {APP}")


def make_tables() -> None:
    """Make what is read out of documents, what they were made from, and what EOBs are wanted."""
    make_walled(
        "document_pages",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("image_sha256", sa.Text(), nullable=False),
        sa.Column("thumbnail_sha256", sa.Text(), nullable=False),
        within("document_pages", "document_id", "documents"),
        sa.UniqueConstraint(
            "practice_id",
            "document_id",
            "page",
            name=op.f("uq_document_pages_practice_id_document_id_page"),
        ),
    )
    open_to_app("document_pages", may="SELECT, INSERT, DELETE")
    make_walled(
        "document_words",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        within("document_words", "document_id", "documents"),
        sa.UniqueConstraint(
            "practice_id",
            "document_id",
            name=op.f("uq_document_words_practice_id_document_id"),
        ),
    )
    op.create_index("ix_document_words_words", "document_words", ["words"], postgresql_using="gin")
    open_to_app("document_words", may="SELECT, INSERT, DELETE")
    make_walled(
        "document_origins",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        word("way", "madeby", WAYS),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("pages", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        within("document_origins", "document_id", "documents"),
        within("document_origins", "source_id", "documents"),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_document_origins_by_id")),
        sa.UniqueConstraint(
            "practice_id",
            "document_id",
            "place",
            name=op.f("uq_document_origins_practice_id_document_id_place"),
        ),
    )
    op.create_index("ix_document_origins_source", "document_origins", ["practice_id", "source_id"])
    open_to_app("document_origins", may="SELECT, INSERT")
    make_walled(
        "wanted_eobs",
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        within("wanted_eobs", "claim_id", "claims"),
        sa.UniqueConstraint(
            "practice_id", "claim_id", name=op.f("uq_wanted_eobs_practice_id_claim_id")
        ),
    )
    op.create_index(
        "ix_wanted_eobs_next",
        "wanted_eobs",
        ["practice_id", "next_at"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    open_to_app("wanted_eobs", may="SELECT, INSERT, UPDATE")


def find_documents() -> None:
    """Let the role `search` look through the words, and answer ids."""
    op.execute("CREATE POLICY searched ON document_words FOR SELECT TO search USING (true)")
    op.execute(f"GRANT {SEARCH} ON document_words TO search")
    found = """
        SELECT w.practice_id, w.document_id FROM public.document_words AS w
         WHERE w.practice_id = {whose} AND w.words @@ wanted
         ORDER BY w.document_id DESC LIMIT most"""
    op.execute(f"""
    CREATE FUNCTION documents_found(sought text, most integer)
    RETURNS TABLE (practice_id uuid, document_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    {FIXED} SET plan_cache_mode = force_custom_plan AS $$
    DECLARE
      own uuid[] := {PRACTICES};
      wanted tsquery := to_tsquery('simple', sought);
    BEGIN
      IF numnode(wanted) = 0 OR own IS NULL THEN
        RETURN;
      END IF;
      IF cardinality(own) <= {FEW_PRACTICES} THEN
        wanted := wanted && (
          SELECT string_agg(quote_literal('practice:' || one), ' | ')::tsquery
            FROM unnest(own) AS one);
      END IF;
      IF cardinality(own) = 1 THEN
        RETURN QUERY {found.format(whose="own[1]")};
      ELSE
        RETURN QUERY {found.format(whose="ANY (own)")};
      END IF;
    END $$""")
    op.execute("REVOKE EXECUTE ON FUNCTION documents_found(text, integer) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION documents_found(text, integer) TO {APP}")
    op.execute("GRANT CREATE ON SCHEMA public TO search")
    op.execute("ALTER FUNCTION documents_found(text, integer) OWNER TO search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM search")


def downgrade() -> None:
    """Take it back: links to anything but a claim go, and what was read out of documents."""
    op.execute("DROP FUNCTION documents_found(text, integer)")
    for table in ("wanted_eobs", "document_origins", "document_words", "document_pages"):
        op.drop_table(table)
    op.execute(f"REVOKE DELETE ON document_links FROM {APP}")
    op.execute("SELECT set_config('app.house', 'on', true)")
    op.execute(
        "SELECT set_config('app.practice_ids', coalesce(string_agg(id::text, ','), ''), true)"
        " FROM practices"
    )
    op.drop_constraint(op.f("ck_document_links_about_one_thing"), "document_links")
    op.execute("DELETE FROM document_links WHERE claim_id IS NULL")
    for column in LINKED:
        op.drop_column("document_links", column)
    op.alter_column("document_links", "claim_id", nullable=False)
    for column in ("status", "pages_state", "document_on", "note", "owner_id", "payer_id"):
        op.drop_column("documents", column)
