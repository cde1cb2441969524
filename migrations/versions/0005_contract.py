"""Agreements, consents, disclosures, holds, departures; the function that removes a practice.

Safe because it only adds. A practice without an agreement is closed from now on: an administrator
enters the day it was signed. Rows are removed by one function alone, which belongs to the owner and
asks for itself whether the day has come and nothing is held; the app may call it and cannot delete.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0005_contract", "0004_on_record"

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
OWN = f"practice_id = ANY ({PRACTICES})"
HOUSE = "(SELECT current_setting('app.house', true)) = 'on'"
KEPT = "SELECT, INSERT, UPDATE"
ADDED_ONLY = "SELECT, INSERT"
TOLD_IN_FILES = ("inbound_files", "inbound_transactions", "inbound_responses")


def wall(table: str, policy: str = OWN) -> None:
    """Let nobody, the owner included, see rows of a practice that isn't set for the transaction."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_practices ON {table} USING ({policy})")


def open_to_app(table: str, *, may: str) -> None:
    """Grant the app role what it needs on a table, e.g. may="SELECT, INSERT"."""
    op.execute(f"GRANT {may} ON {table} TO {APP}")


def moment(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    """Return a timestamptz column."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def word(name: str, *kinds: str) -> sa.Column[str]:
    """Return a column that holds one of a few words."""
    return sa.Column(name, sa.Enum(*kinds, name=name, native_enum=False, length=32), nullable=False)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """Return a text column."""
    return sa.Column(name, sa.Text(), nullable=nullable)


def day(name: str, *, nullable: bool = False) -> sa.Column[sa.Date]:
    """Return a date column."""
    return sa.Column(name, sa.Date(), nullable=nullable)


def uuid(name: str, *, nullable: bool = False) -> sa.Column[sa.Uuid]:
    """Return a column of ids."""
    return sa.Column(name, sa.Uuid(), nullable=nullable)


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


def make_walled(table: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a practice's table: its id is the practice's and its own."""
    op.create_table(
        table,
        uuid("practice_id"),
        uuid("id"),
        moment("created_at"),
        *parts,
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f(f"fk_{table}_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f(f"pk_{table}")),
    )


def make_tables() -> None:
    """Make what a practice's people and ours write down."""
    make_walled(
        "agreements",
        day("begins_on", nullable=True),
        day("ends_on", nullable=True),
        uuid("document_id", nullable=True),
        text("note"),
        uuid("by_id"),
        within("agreements", "document_id", "documents"),
        to_user("agreements", "by_id"),
    )
    make_walled(
        "consents",
        uuid("client_id"),
        word("kind", "treatment_payment_operations", "named_recipient"),
        text("recipient"),
        day("signed_on"),
        day("expires_on", nullable=True),
        day("revoked_on", nullable=True),
        uuid("document_id", nullable=True),
        uuid("by_id"),
        sa.CheckConstraint(
            "expires_on >= signed_on", name=op.f("ck_consents_ends_after_it_begins")
        ),
        within("consents", "client_id", "clients"),
        within("consents", "document_id", "documents"),
        to_user("consents", "by_id"),
    )
    op.create_index("ix_consents_client", "consents", ["practice_id", "client_id"])
    make_walled(
        "disclosures",
        uuid("client_id"),
        day("disclosed_on"),
        text("recipient"),
        text("recipient_address"),
        text("what"),
        text("purpose"),
        word("basis", "required_by_law", "public_health", "oversight", "legal_proceeding",
             "law_enforcement", "in_error", "other", "authorization", "to_the_client",
             "treatment_payment_operations"),
        day("silent_until", nullable=True),
        uuid("by_id"),
        moment("withdrawn_at", nullable=True),
        text("withdrawn_reason"),
        within("disclosures", "client_id", "clients"),
        to_user("disclosures", "by_id"),
    )  # fmt: skip
    op.create_index(
        "ix_disclosures_client", "disclosures", ["practice_id", "client_id", "disclosed_on"]
    )
    make_walled(
        "legal_holds",
        word("kind", "practice", "client", "document"),
        uuid("subject_id"),
        text("reason"),
        uuid("placed_by_id"),
        moment("lifted_at", nullable=True),
        uuid("lifted_by_id", nullable=True),
        to_user("legal_holds", "placed_by_id"),
        to_user("legal_holds", "lifted_by_id"),
    )
    op.create_index(
        "ix_legal_holds_standing",
        "legal_holds",
        ["practice_id"],
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def make_departures() -> None:
    """Make the table of practices that leave, which outlives their rows."""
    op.create_table(
        "departures",
        uuid("id"),
        moment("created_at"),
        uuid("practice_id"),
        word("state", "announced", "left", "exported", "removed", "cancelled"),
        moment("asked_at"),
        uuid("asked_by_id"),
        day("leaves_on"),
        word("basis", "retention", "contract"),
        day("remove_on"),
        text("export_key", nullable=True),
        text("export_sha256"),
        sa.Column("export_size", sa.Integer(), nullable=False),
        sa.Column("export_counts", postgresql.JSONB(), nullable=False),
        moment("exported_at", nullable=True),
        moment("fetched_at", nullable=True),
        moment("removed_at", nullable=True),
        sa.Column("removed_counts", postgresql.JSONB(), nullable=False),
        sa.Column("kept_totals", postgresql.JSONB(), nullable=False),
        sa.Column("keys_to_erase", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "remove_on >= leaves_on", name=op.f("ck_departures_removal_follows_leaving")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_departures_practice_id")
        ),
        to_user("departures", "asked_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departures")),
    )
    op.create_index(
        "uq_departures_live",
        "departures",
        ["practice_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    )


def keep_departure_days() -> None:
    """When it was asked for is the database's to say, and removal only moves later."""
    op.execute("""
    CREATE FUNCTION keep_departure_days() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        NEW.asked_at = now();
      ELSIF NEW.asked_at <> OLD.asked_at OR NEW.practice_id <> OLD.practice_id
            OR NEW.remove_on < OLD.remove_on THEN
        RAISE EXCEPTION 'a departure only moves later' USING ERRCODE = 'check_violation',
          CONSTRAINT = 'ck_departures_only_later';
      END IF;
      RETURN NEW;
    END $$""")
    op.execute("""
    CREATE TRIGGER keep_departure_days BEFORE INSERT OR UPDATE ON departures
      FOR EACH ROW EXECUTE FUNCTION keep_departure_days()""")


def remove_by_function() -> None:
    """The one way rows of a practice go: all of them, in the order that foreign keys allow."""
    op.execute("""
    CREATE FUNCTION remove_practice(departure uuid) RETURNS jsonb
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      leaving departures%ROWTYPE;
      tables text[];
      one_table text;
      gone bigint;
      removed jsonb = '{}';
      before_practices text = current_setting('app.practice_ids', true);
      before_acting text = current_setting('app.acting_practice', true);
      before_house text = current_setting('app.house', true);
      everybody text;
      own_files uuid[];
      keys text[];
      moved boolean = true;
    BEGIN
      SELECT * INTO leaving FROM departures WHERE id = departure FOR UPDATE;
      IF NOT FOUND OR leaving.state <> 'exported' THEN
        RAISE EXCEPTION 'nothing to remove' USING ERRCODE = 'check_violation',
          CONSTRAINT = 'ck_departures_exported_first';
      END IF;
      IF leaving.remove_on > (now() AT TIME ZONE 'America/New_York')::date
         OR leaving.asked_at > now() - interval '30 days'
         OR (leaving.basis = 'contract' AND leaving.fetched_at IS NULL) THEN
        RAISE EXCEPTION 'its day has not come' USING ERRCODE = 'check_violation',
          CONSTRAINT = 'ck_departures_on_its_day';
      END IF;
      -- files of the house that tell of this practice and of nobody else go with it
      PERFORM set_config('app.house', 'on', true);
      SELECT string_agg(id::text, ',') INTO everybody FROM practices;
      PERFORM set_config('app.practice_ids', everybody, true);
      WITH told AS (
        SELECT file_id, practice_id FROM inbound_transactions
        UNION SELECT file_id, practice_id FROM inbound_responses
        UNION SELECT inbound_file_id, practice_id FROM acknowledgements)
      SELECT coalesce(array_agg(one.file_id), '{}') INTO own_files
        FROM (SELECT file_id FROM told GROUP BY file_id
              HAVING bool_and(practice_id IS NOT DISTINCT FROM leaving.practice_id)) AS one;
      SELECT coalesce(array_agg(key), '{}') INTO keys FROM (
        SELECT document_key AS key FROM inbound_files WHERE id = ANY (own_files)
        UNION SELECT file ->> 'key' FROM intake_batches, jsonb_array_elements(files) AS file
               WHERE practice_id = leaving.practice_id AND file ->> 'key' <> '') AS kept;
      -- from here on the wall itself confines what is deleted
      PERFORM set_config('app.practice_ids', leaving.practice_id::text, true),
              set_config('app.acting_practice', leaving.practice_id::text, true);
      IF EXISTS (SELECT 1 FROM legal_holds
                  WHERE practice_id = leaving.practice_id AND lifted_at IS NULL) THEN
        RAISE EXCEPTION 'a legal hold stands' USING ERRCODE = 'check_violation',
          CONSTRAINT = 'ck_departures_nothing_held';
      END IF;
      SELECT array_agg(c.relname ORDER BY c.relname) INTO tables
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
         AND NOT c.relispartition AND a.attname = 'practice_id' AND NOT a.attisdropped
         AND c.relname <> 'departures' AND c.relname NOT LIKE 'audit%';
      WHILE moved AND cardinality(tables) > 0 LOOP
        moved = false;
        FOREACH one_table IN ARRAY tables LOOP
          BEGIN
            EXECUTE format('DELETE FROM %I WHERE practice_id = $1', one_table)
              USING leaving.practice_id;
            GET DIAGNOSTICS gone = ROW_COUNT;
            removed = removed || jsonb_build_object(one_table, gone);
            tables = array_remove(tables, one_table);
            moved = true;
          EXCEPTION WHEN foreign_key_violation THEN
            NULL;  -- another table's rows go first
          END;
        END LOOP;
      END LOOP;
      IF cardinality(tables) > 0 THEN
        RAISE EXCEPTION 'rows point in a circle' USING ERRCODE = 'foreign_key_violation',
          CONSTRAINT = 'ck_departures_no_circle';
      END IF;
      DELETE FROM inbound_files WHERE id = ANY (own_files);
      UPDATE practices
         SET removed_at = now(), phone = '', street = '', street2 = '', playbook = ''
       WHERE id = leaving.practice_id;
      UPDATE departures
         SET state = 'removed', removed_at = now(), removed_counts = removed, keys_to_erase = keys
       WHERE id = departure;
      PERFORM set_config('app.practice_ids', coalesce(before_practices, ''), true),
              set_config('app.acting_practice', coalesce(before_acting, ''), true),
              set_config('app.house', coalesce(before_house, ''), true);
      RETURN removed;
    END $$""")
    for table in TOLD_IN_FILES:  # of nobody yet, or of several: the function looks at all of them
        op.execute(
            f"CREATE POLICY looked_at_for_removal ON {table} TO CURRENT_USER USING ({HOUSE})"
        )
    op.execute("REVOKE EXECUTE ON FUNCTION remove_practice(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION remove_practice(uuid) TO {APP}")


def upgrade() -> None:
    """Columns, tables, walls, then what holds the removal."""
    op.add_column("practices", day("agreement_ends_on", nullable=True))
    op.add_column("practices", moment("removed_at", nullable=True))
    op.add_column("clients", moment("part2_since", nullable=True))
    op.add_column("intake_batches", day("agreement_on", nullable=True))
    make_tables()
    make_departures()
    for table, may in {
        "agreements": ADDED_ONLY,
        "consents": KEPT,
        "disclosures": KEPT,
        "legal_holds": KEPT,
    }.items():
        wall(table)
        open_to_app(table, may=may)
    wall("departures", f"{OWN} OR {HOUSE}")
    open_to_app("departures", may=KEPT)
    keep_departure_days()
    remove_by_function()


def downgrade() -> None:
    """Take it back."""
    for table in TOLD_IN_FILES:
        op.execute(f"DROP POLICY looked_at_for_removal ON {table}")
    op.execute("DROP FUNCTION remove_practice(uuid)")
    for table in ("departures", "legal_holds", "disclosures", "consents", "agreements"):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_departure_days()")
    op.drop_column("intake_batches", "agreement_on")
    op.drop_column("clients", "part2_since")
    op.drop_column("practices", "removed_at")
    op.drop_column("practices", "agreement_ends_on")
