"""A thread as work: snoozed, promised, found by its words; canned replies; tasks.

Safe because it only adds: columns that may be empty or have a default, tables and a function that
the previous release does not know. The two indexes on messages are made while nobody writes one;
an index of words over a million messages takes about a minute.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0010_thread_work", "0009_threads"

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
ACTING = "(SELECT nullif(current_setting('app.acting_practice', true), '')::uuid)"
WORDS = (
    "to_tsvector('simple'::regconfig, translate(body, '-/.,_@:#', '        '))"
    " || array_to_tsvector(ARRAY['practice:'::text || practice_id::text])"
)
"""A dash belongs to no word: `CO-197` is found by `197`, else a number below zero."""
FOUND = "messages_found(text, uuid[], uuid[], uuid, integer)"
ABOUT, WHO = ("claim", "client", "thread", "document"), ("user", "owner", "done_by")
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


def upgrade() -> None:
    """Threads and practices first, then tasks, replies, and the search."""
    op.add_column("threads", moment("snoozed_until", nullable=True))
    op.add_column("threads", moment("asked_at", nullable=True))
    undone = sa.text("state <> 'done'")
    op.create_index(
        "ix_threads_undone",
        "threads",
        ["practice_id", "last_message_at", "id"],
        postgresql_where=undone,
    )
    op.create_index("ix_threads_newest", "threads", ["last_message_at", "id"])
    op.create_index("ix_threads_due", "threads", ["practice_id", "due_at"], postgresql_where=undone)
    op.create_index(
        "ix_threads_owner", "threads", ["practice_id", "owner_id"], postgresql_where=undone
    )
    op.add_column(
        "practices", sa.Column("response_hours", sa.Integer(), server_default="8", nullable=False)
    )
    op.add_column(
        "practices", sa.Column("opens_at", sa.Time(), server_default="09:00", nullable=False)
    )
    op.add_column(
        "practices", sa.Column("closes_at", sa.Time(), server_default="17:00", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_practices_closes_after_it_opens"), "practices", "closes_at > opens_at"
    )
    op.create_check_constraint(
        op.f("ck_practices_promise_is_no_debt"), "practices", "response_hours >= 0"
    )
    make_tasks()
    make_replies()
    find_messages()


def make_tasks() -> None:
    """What somebody of the house is to do, once for each cause."""
    make_walled(
        "tasks",
        word("kind"),
        text("cause"),
        text("title"),
        *(uuid(f"{about}_id") for about in ABOUT),
        *(uuid(f"{who}_id") for who in WHO),
        sa.Column("due_on", sa.Date(), nullable=True),
        word("state"),
        moment("done_at", nullable=True),
        *(within("tasks", f"{about}_id", f"{about}s") for about in ABOUT),
        *(to_user("tasks", f"{who}_id") for who in WHO),
        sa.UniqueConstraint("practice_id", "cause", name=op.f("uq_tasks_practice_id_cause")),
    )
    op.create_index("ix_tasks_state", "tasks", ["practice_id", "state", "due_on", "id"])


def make_replies() -> None:
    """Replies kept ready: the house's, which name nobody, and those for one practice."""
    op.create_table(
        "house_replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("created_at"),
        *reply_words(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_replies")),
    )
    open_to_app("house_replies", may="SELECT, INSERT, UPDATE")
    make_walled("canned_replies", *reply_words())


def find_messages() -> None:
    """Words are looked for by the role `search`, as in `clients_found`; ids come back.

    The practice stands among a message's words, so that a small one is found as fast as a large
    one. Planned anew each time: a rare word is looked up, a common one met on the way back from
    the newest message.
    """
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_index(
        "ix_messages_words",
        "messages",
        [sa.text(f"({WORDS})")],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index("ix_messages_newest", "messages", ["id"])
    op.execute("CREATE POLICY searched ON messages FOR SELECT TO search USING (true)")
    op.execute("GRANT SELECT (practice_id, id, thread_id, internal, body) ON messages TO search")
    op.execute(f"""
    CREATE FUNCTION messages_found(
      words text, noted uuid[], among uuid[], before_id uuid, most integer)
    RETURNS TABLE (practice_id uuid, message_id uuid)
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
        RETURN QUERY {select_found("m.practice_id = own[1]")};
      ELSE
        RETURN QUERY {select_found("m.practice_id = ANY (own)")};
      END IF;
    END $$""")
    op.execute(f"REVOKE EXECUTE ON FUNCTION {FOUND} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {FOUND} TO {APP}")
    op.execute("GRANT CREATE ON SCHEMA public TO search")
    op.execute(f"ALTER FUNCTION {FOUND} OWNER TO search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM search")


def select_found(whose: str) -> str:
    """The newest messages that hold the words; of one practice alone its key is walked back."""
    words = WORDS.replace("body", "m.body").replace("practice_id", "m.practice_id")
    return f"""
        SELECT m.practice_id, m.id FROM public.messages AS m
         WHERE {whose}
           AND ({words}) @@ wanted
           AND (NOT m.internal OR m.practice_id = ANY (noted))
           AND (among IS NULL OR m.thread_id = ANY (among))
           AND (before_id IS NULL OR m.id < before_id)
         ORDER BY m.id DESC LIMIT most"""


def make_walled(table: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a practice's table: its id is the practice's and its own."""
    op.create_table(
        table,
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("created_at"),
        *parts,
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f(f"pk_{table}")),
    )
    wall(table)
    open_to_app(table, may="SELECT, INSERT, UPDATE")


def to_user(table: str, column: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of a column that names a user."""
    return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_{table}_{column}"))


def within(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """Return the composite foreign key that keeps a reference inside its own practice."""
    return sa.ForeignKeyConstraint(
        ["practice_id", column],
        [f"{other}.practice_id", f"{other}.id"],
        name=op.f(f"fk_{table}_practice_id_{column}"),
    )


def reply_words() -> list[sa.Column[object]]:
    """What a reply is called, what it says, and since when it is out of use."""
    return [text("name"), text("body"), moment("withdrawn_at", nullable=True)]


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """A moment, aware."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def word(name: str) -> sa.Column[object]:
    """One of our codes."""
    return sa.Column(name, sa.String(32), nullable=False)


def text(name: str) -> sa.Column[object]:
    """A text."""
    return sa.Column(name, sa.Text(), nullable=False)


def uuid(name: str) -> sa.Column[object]:
    """An id that may be empty."""
    return sa.Column(name, sa.Uuid(), nullable=True)


def downgrade() -> None:
    """Take it back."""
    op.execute(f"DROP FUNCTION {FOUND}")
    op.execute("REVOKE ALL ON messages FROM search")
    op.execute("DROP POLICY searched ON messages")
    op.drop_index("ix_messages_newest", "messages")
    op.drop_index("ix_messages_words", "messages")
    for table in ("canned_replies", "house_replies", "tasks"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_practices_promise_is_no_debt"), "practices", type_="check")
    op.drop_constraint(op.f("ck_practices_closes_after_it_opens"), "practices", type_="check")
    for column in ("closes_at", "opens_at", "response_hours"):
        op.drop_column("practices", column)
    for index in ("ix_threads_owner", "ix_threads_due", "ix_threads_newest", "ix_threads_undone"):
        op.drop_index(index, "threads")
    op.drop_column("threads", "asked_at")
    op.drop_column("threads", "snoozed_until")
