"""Threads: what is typed before one begins, subjects that are found, shipped replies put away.

Safe because it only adds: drafts get columns that may be empty or have a default, and may now be
without a thread; the previous release writes those of replies as before. `messages_found` tells a
third column, which the previous release does not ask for. The index of subjects is made while
nobody begins a thread; over a hundred thousand of them it takes about a second.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0017_first_words", "0016_remover"

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
ABOUT = ("claim", "client", "appointment", "document")
FOUND = "messages_found(text, uuid[], uuid[], uuid, integer)"
FEW_PRACTICES = 20
"""Up to so many practices their names are looked for among the words; beyond, rows are filtered."""


def words(column: str, practice_id: str = "practice_id") -> str:
    """What is looked through: the words of a column, and whose they are."""
    return (
        f"to_tsvector('simple'::regconfig, translate({column}, '-/.,_@:#', '        '))"
        f" || array_to_tsvector(ARRAY['practice:'::text || {practice_id}::text])"
    )


def upgrade() -> None:
    """Drafts first, then what is put away, then the search."""
    keep_first_words()
    put_shipped_replies_away()
    find_subjects()


def keep_first_words() -> None:
    """A draft is of a reply, or of a thread about one thing: a person has one of each."""
    op.alter_column("message_drafts", "thread_id", nullable=True)
    for about in ABOUT:
        op.add_column("message_drafts", sa.Column(f"{about}_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_message_drafts_practice_id_{about}_id"),
            "message_drafts",
            f"{about}s",
            ["practice_id", f"{about}_id"],
            ["practice_id", "id"],
        )
    op.add_column(
        "message_drafts", sa.Column("subject", sa.Text(), server_default="", nullable=False)
    )
    op.add_column(
        "message_drafts",
        sa.Column("people_ids", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
    )
    for group in ("billers", "readers"):
        op.add_column(
            "message_drafts", sa.Column(group, sa.Boolean(), server_default="f", nullable=False)
        )
    op.create_check_constraint(
        op.f("ck_message_drafts_of_one_thing"),
        "message_drafts",
        "num_nonnulls(thread_id, claim_id, client_id, appointment_id, document_id) <= 1",
    )
    op.create_index(
        "ix_message_drafts_first_words",
        "message_drafts",
        ["practice_id", "user_id", *(f"{about}_id" for about in ABOUT)],
        unique=True,
        postgresql_where=sa.text("thread_id IS NULL"),
        postgresql_nulls_not_distinct=True,
    )


def put_shipped_replies_away() -> None:
    """Which of the replies that came with the house it does not want to be offered."""
    op.create_table(
        "hidden_replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hidden_replies")),
        sa.UniqueConstraint("name", name=op.f("uq_hidden_replies_name")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON hidden_replies TO {APP}")


def find_subjects() -> None:
    """A thread whose subject holds the words is found through the first thing said in it."""
    op.execute("SET LOCAL statement_timeout = '5min'")
    op.create_index(
        "ix_threads_words",
        "threads",
        [sa.text(f"({words('subject')})")],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index("ix_threads_begun", "threads", ["id"])
    op.execute("CREATE POLICY searched ON threads FOR SELECT TO search USING (true)")
    op.execute("GRANT SELECT (practice_id, id, subject) ON threads TO search")
    make_function("practice_id uuid, message_id uuid, place uuid", said_or_subject)


def make_function(tells: str, select: Callable[[str], str]) -> None:
    """Make the function anew: what it tells has changed, so that it cannot be replaced."""
    op.execute(f"DROP FUNCTION {FOUND}")
    op.execute(f"""
    CREATE FUNCTION messages_found(
      words text, noted uuid[], among uuid[], before_id uuid, most integer)
    RETURNS TABLE ({tells})
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
    DECLARE
      own uuid[] := {PRACTICES};
      wanted tsquery := to_tsquery('simple', words);
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
        RETURN QUERY {select("= own[1]")};
      ELSE
        RETURN QUERY {select("= ANY (own)")};
      END IF;
    END $$""")
    op.execute(f"REVOKE EXECUTE ON FUNCTION {FOUND} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {FOUND} TO {APP}")
    op.execute("GRANT CREATE ON SCHEMA public TO search")
    op.execute(f"ALTER FUNCTION {FOUND} OWNER TO search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM search")


def said(whose: str, *, place: str = "") -> str:
    """The newest messages that hold the words, as 0010 finds them."""
    return f"""
        SELECT m.practice_id, m.id{place} FROM public.messages AS m
         WHERE m.practice_id {whose}
           AND ({words("m.body", "m.practice_id")}) @@ wanted
           AND (NOT m.internal OR m.practice_id = ANY (noted))
           AND (among IS NULL OR m.thread_id = ANY (among))
           AND (before_id IS NULL OR m.id < before_id)
         ORDER BY m.id DESC LIMIT most"""


def said_or_subject(whose: str) -> str:
    """These, and the first message of each thread whose subject holds the words.

    A thread stands where its own id would among the messages, a moment before its first one: so
    pages follow each other. One whose first message holds the words too is found by that alone.
    """
    return f"""
        SELECT f.practice_id, f.id, f.place FROM (
          ({said(whose, place=", m.id AS place")})
          UNION ALL
          (SELECT t.practice_id, first.id, t.id FROM public.threads AS t
            CROSS JOIN LATERAL (
              SELECT m.id, m.body FROM public.messages AS m
               WHERE m.practice_id = t.practice_id AND m.thread_id = t.id
                 AND (NOT m.internal OR m.practice_id = ANY (noted))
               ORDER BY m.id LIMIT 1) AS first
            WHERE t.practice_id {whose}
              AND ({words("t.subject", "t.practice_id")}) @@ wanted
              AND (among IS NULL OR t.id = ANY (among))
              AND (before_id IS NULL OR t.id < before_id)
              AND NOT ({words("first.body", "t.practice_id")}) @@ wanted
            ORDER BY t.id DESC LIMIT most)
        ) AS f ORDER BY f.place DESC LIMIT most"""


def downgrade() -> None:
    """Take it back; what was typed before a thread began goes with its columns."""
    make_function("practice_id uuid, message_id uuid", said)
    op.execute("REVOKE ALL ON threads FROM search")
    op.execute("DROP POLICY searched ON threads")
    for index in ("ix_threads_begun", "ix_threads_words"):
        op.drop_index(index, "threads")
    op.drop_table("hidden_replies")
    op.drop_index("ix_message_drafts_first_words", "message_drafts")
    op.drop_constraint(op.f("ck_message_drafts_of_one_thing"), "message_drafts", type_="check")
    op.execute("ALTER TABLE message_drafts NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM message_drafts WHERE thread_id IS NULL")
    op.execute("ALTER TABLE message_drafts FORCE ROW LEVEL SECURITY")
    for column in ("subject", "people_ids", "billers", "readers", *(f"{a}_id" for a in ABOUT)):
        op.drop_column("message_drafts", column)
    op.alter_column("message_drafts", "thread_id", nullable=False)
