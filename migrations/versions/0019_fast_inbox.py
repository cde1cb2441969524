"""The documents' inbox at a hundred thousand: one index that all filters read, two facts kept.

Safe because it adds columns with defaults, indexes and triggers. `came_twice` says that an earlier
kept document of the practice has the very same bytes, `links` how many things it lies beside.
Looking either up for every row of a list took up to three seconds, so the database notes them where
they change: the previous release, which knows nothing of them, keeps them right too.
`ix_documents_recent` repeated the primary key and `ix_documents_status` began as the new index
does, which carries what is filtered by: a filter reads it alone. It is made while nobody writes
documents: over a hundred thousand, half a second.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0019_fast_inbox", "0018_cutting"

FILTERED_BY = (
    "kind",
    "state",
    "owner_id",
    "payer_id",
    "uploaded_by_id",
    "created_at",
    "came_twice",
    "links",
)
EARLIER = """EXISTS (SELECT FROM public.documents AS earlier
                      WHERE earlier.practice_id = d.practice_id AND earlier.sha256 = d.sha256
                        AND earlier.state = 'stored' AND earlier.id < d.id)"""


def upgrade() -> None:
    """Note what came twice and what lies beside something, then index it."""
    op.add_column(
        "documents", sa.Column("came_twice", sa.Boolean(), server_default="f", nullable=False)
    )
    op.add_column("documents", sa.Column("links", sa.Integer(), server_default="0", nullable=False))
    see_every_practice()
    op.execute(f"UPDATE documents AS d SET came_twice = true WHERE d.sha256 <> '' AND {EARLIER}")
    op.execute("""
        UPDATE documents AS d SET links = counted.links
          FROM (SELECT practice_id, document_id, count(*) AS links
                  FROM document_links GROUP BY 1, 2) AS counted
         WHERE counted.practice_id = d.practice_id AND counted.document_id = d.id""")
    note_copies()
    count_links()
    op.create_index(
        "ix_documents_inbox",
        "documents",
        ["practice_id", "status", "id"],
        postgresql_include=FILTERED_BY,
    )
    for replaced in ("recent", "status"):
        op.drop_index(f"ix_documents_{replaced}", table_name="documents")
    walk_by_status("owner_id", "payer_id")
    op.create_index("ix_document_words_newest", "document_words", ["document_id"])


def walk_by_status(*columns: str, then: tuple[str, ...] = ("status",)) -> None:
    """Let what one owner or payer has be walked status by status too."""
    for column in columns:
        name = f"ix_documents_{column.removesuffix('_id')}"
        op.drop_index(name, table_name="documents")
        op.create_index(
            name,
            "documents",
            ["practice_id", column, *then, "id"],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def see_every_practice() -> None:
    """Let this transaction meet the rows of all practices: the owner stands under the wall too."""
    op.execute("SELECT set_config('app.house', 'on', true)")
    op.execute(
        "SELECT set_config('app.practice_ids', coalesce(string_agg(id::text, ','), ''), true)"
        " FROM practices"
    )


def note_copies() -> None:
    """Keep `came_twice` right where a document becomes one of those kept, or ceases to be.

    Each locks the later copies by their ids upwards before it looks at them: two that move at
    once take turns, neither waits for what it holds itself, and the last one sees both.
    """
    op.execute(f"""
    CREATE FUNCTION note_copies() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog AS $$
    BEGIN
      PERFORM FROM public.documents AS d
        WHERE d.practice_id = NEW.practice_id AND d.sha256 = NEW.sha256 AND d.id > NEW.id
        ORDER BY d.id FOR UPDATE;
      UPDATE public.documents AS d SET came_twice = NOT d.came_twice
       WHERE d.practice_id = NEW.practice_id AND d.sha256 = NEW.sha256 AND d.id >= NEW.id
         AND d.came_twice <> {EARLIER};
      RETURN NULL;
    END $$""")
    op.execute("""
    CREATE TRIGGER note_copies_kept AFTER INSERT ON documents
      FOR EACH ROW WHEN (NEW.sha256 <> '' AND NEW.state = 'stored')
      EXECUTE FUNCTION note_copies()""")
    op.execute("""
    CREATE TRIGGER note_copies_moved AFTER UPDATE OF state ON documents
      FOR EACH ROW WHEN (NEW.sha256 <> '' AND (OLD.state = 'stored') <> (NEW.state = 'stored'))
      EXECUTE FUNCTION note_copies()""")


def count_links() -> None:
    """Keep `links` right; whoever removes a practice changes no document of it on the way."""
    op.execute("""
    CREATE FUNCTION count_document_links() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        UPDATE public.documents SET links = links + 1
         WHERE practice_id = NEW.practice_id AND id = NEW.document_id;
      ELSE
        UPDATE public.documents SET links = links - 1
         WHERE practice_id = OLD.practice_id AND id = OLD.document_id;
      END IF;
      RETURN NULL;
    END $$""")
    op.execute("""
    CREATE TRIGGER count_links_added AFTER INSERT ON document_links
      FOR EACH ROW EXECUTE FUNCTION count_document_links()""")
    op.execute("""
    CREATE TRIGGER count_links_taken AFTER DELETE ON document_links
      FOR EACH ROW WHEN (current_user <> 'remover') EXECUTE FUNCTION count_document_links()""")


def downgrade() -> None:
    """Take it back; both facts are looked up again."""
    op.drop_index("ix_document_words_newest", table_name="document_words")
    walk_by_status("owner_id", "payer_id", then=())
    op.create_index("ix_documents_recent", "documents", ["practice_id", "id"])
    op.create_index("ix_documents_status", "documents", ["practice_id", "status", "id"])
    op.drop_index("ix_documents_inbox", table_name="documents")
    for when in ("added", "taken"):
        op.execute(f"DROP TRIGGER count_links_{when} ON document_links")
    op.execute("DROP FUNCTION count_document_links()")
    for when in ("moved", "kept"):
        op.execute(f"DROP TRIGGER note_copies_{when} ON documents")
    op.execute("DROP FUNCTION note_copies()")
    op.drop_column("documents", "links")
    op.drop_column("documents", "came_twice")
