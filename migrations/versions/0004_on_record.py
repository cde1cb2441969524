"""The record: monthly partitions that are only added to, read by a role of its own, and sealed.

The months live in the schema `record`, where nobody is let in: rows go in through `audit_records`,
whose moment is the database's own (no role may write `created_at`). Reading is the role `auditor`,
under the wall; `search` owns the one function that finds records by subject. Seals are the role
`sealer`'s. Existing rows move over.

Not beside the previous release: its processes write `created_at` themselves and are refused here,
so they stop first. Nothing is lost: a write that cannot be recorded does not happen.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0004_on_record", "0003_people"

PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
OWN = f"practice_id = ANY ({PRACTICES})"
HOUSE = "(SELECT current_setting('app.house', true)) = 'on'"
WRITTEN = (
    "id, practice_id, user_id, job, action, subject_kind, subject_ids, client_ids, fields, detail,"
    " request_id, address, outcome"
)
MOVED = (
    "id, practice_id, user_id, action, subject_kind, subject_ids, fields, detail, request_id,"
    " address, outcome, created_at"
)
FIXED = "SET search_path = pg_catalog, pg_temp"
MONTHS_AHEAD = 13


def upgrade() -> None:
    """Set the old table aside, make the record, move the rows over, then open it to each role."""
    op.execute("ALTER TABLE audit_records RENAME TO earlier_records")
    op.execute("ALTER TABLE earlier_records RENAME CONSTRAINT pk_audit_records TO pk_earlier")
    op.execute("DROP INDEX ix_audit_records_practice")
    op.execute("CREATE SCHEMA record")
    make_record()
    make_seals()
    make_months()
    move_over()
    open_to_roles()
    find_by_subject()
    drop_old_months()


def make_record() -> None:
    """The record and the list of what is not sealed yet."""
    op.create_table(
        "audit_records",
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("client_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("created_at", "id", name=op.f("pk_audit_records")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index(
        "ix_audit_records_practice", "audit_records", ["practice_id", "created_at", "id"]
    )
    op.create_index("ix_audit_records_user", "audit_records", ["user_id", "created_at", "id"])
    op.create_index(
        "ix_audit_records_subjects",
        "audit_records",
        ["client_ids", "subject_ids"],
        postgresql_using="gin",
    )
    op.create_table(
        "audit_unsealed",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("recorded_at", "record_id", name=op.f("pk_audit_unsealed")),
    )
    op.execute(f"""
    CREATE FUNCTION note_unsealed() RETURNS trigger LANGUAGE plpgsql {FIXED} AS $$
    BEGIN
      INSERT INTO public.audit_unsealed (record_id, recorded_at)
      SELECT id, created_at FROM added;
      RETURN NULL;
    END $$""")
    op.execute("""
    CREATE TRIGGER note_unsealed AFTER INSERT ON audit_records
      REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_unsealed()""")


def make_seals() -> None:
    """A chain a month; the anchors are what was laid down outside the database."""
    op.create_table(
        "audit_chains",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("opened_on_month", sa.Date(), nullable=True),
        sa.Column("opened_on_seq", sa.BigInteger(), nullable=False),
        sa.Column("opening", sa.LargeBinary(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_audit_chains")),
    )
    op.create_table(
        "audit_seals",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("month", "seq", name=op.f("pk_audit_seals")),
        postgresql_partition_by="LIST (month)",
    )
    op.create_table(
        "audit_anchors",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("anchored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_audit_anchors")),
    )


def make_months() -> None:
    """Functions that make the partitions of one month, and of the months ahead."""
    op.execute(f"""
    CREATE FUNCTION make_record_month(day date) RETURNS void LANGUAGE plpgsql {FIXED} AS $$
    DECLARE
      first date := date_trunc('month', day)::date;
      records text := 'records_' || to_char(first, 'YYYY_MM');
      seals text := 'seals_' || to_char(first, 'YYYY_MM');
    BEGIN
      IF to_regclass('record.' || records) IS NOT NULL THEN RETURN; END IF;
      EXECUTE format('CREATE TABLE record.%I (LIKE public.audit_records INCLUDING ALL)', records);
      EXECUTE format('ALTER TABLE record.%I ENABLE ROW LEVEL SECURITY', records);
      EXECUTE format('ALTER TABLE record.%I FORCE ROW LEVEL SECURITY', records);
      EXECUTE format(
        'ALTER TABLE public.audit_records ATTACH PARTITION record.%I FOR VALUES FROM (%L) TO (%L)',
        records, first::timestamp AT TIME ZONE 'UTC',
        (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
      EXECUTE format('CREATE TABLE record.%I (LIKE public.audit_seals INCLUDING ALL)', seals);
      EXECUTE format(
        'ALTER TABLE public.audit_seals ATTACH PARTITION record.%I FOR VALUES IN (%L)',
        seals, first);
    END $$""")
    op.execute(f"""
    CREATE FUNCTION keep_record_months() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER {FIXED} AS $$
    DECLARE
      this_month date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
      last date := (this_month + interval '{MONTHS_AHEAD} months')::date;
    BEGIN
      IF to_regclass('record.records_' || to_char(this_month, 'YYYY_MM')) IS NOT NULL
         AND to_regclass('record.records_' || to_char(last, 'YYYY_MM')) IS NOT NULL
      THEN RETURN; END IF;
      PERFORM pg_advisory_xact_lock(hashtext('keep_record_months'));
      FOR ahead IN 0..{MONTHS_AHEAD} LOOP
        PERFORM public.make_record_month((this_month + make_interval(months => ahead))::date);
      END LOOP;
    END $$""")
    op.execute("REVOKE EXECUTE ON FUNCTION make_record_month(date) FROM PUBLIC")
    op.execute("REVOKE EXECUTE ON FUNCTION keep_record_months() FROM PUBLIC")


def move_over() -> None:
    """Make every month that has rows, and copy them; they are sealed in the order they came in."""
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute("SET LOCAL app.house = 'on'")
    op.execute("SELECT keep_record_months()")
    op.execute("""
      SELECT make_record_month(month) FROM (
        SELECT DISTINCT date_trunc('month', created_at AT TIME ZONE 'UTC')::date AS month
          FROM earlier_records) AS months""")
    op.execute(f"""
      INSERT INTO audit_records ({MOVED}, job, client_ids)
      SELECT {MOVED}, '', CASE WHEN subject_kind = 'client' THEN subject_ids ELSE '{{}}' END
        FROM earlier_records ORDER BY created_at, id""")
    op.execute("DROP TABLE earlier_records")


def open_to_roles() -> None:
    """The wall, and what each role may."""
    op.execute("ALTER TABLE audit_records ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_records FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_acts_are_recorded ON audit_records FOR INSERT"
        f" WITH CHECK (practice_id IS NULL OR {OWN} OR {HOUSE})"
    )
    op.execute(
        f"CREATE POLICY own_record_is_read ON audit_records FOR SELECT USING ({OWN} OR {HOUSE})"
    )
    op.execute("CREATE POLICY all_is_sealed ON audit_records FOR SELECT TO sealer USING (true)")
    op.execute("CREATE POLICY all_is_searched ON audit_records FOR SELECT TO search USING (true)")
    op.execute(f"GRANT INSERT ({WRITTEN}) ON audit_records TO app, intake")
    op.execute("GRANT INSERT ON audit_unsealed TO app, intake")
    op.execute("GRANT SELECT ON audit_records TO auditor, sealer, search")
    op.execute("GRANT SELECT ON audit_unsealed, audit_chains, audit_anchors TO app")
    op.execute("GRANT SELECT, DELETE ON audit_unsealed TO sealer")
    op.execute("GRANT SELECT, INSERT ON audit_seals, audit_anchors TO sealer")
    op.execute("GRANT SELECT, INSERT, UPDATE ON audit_chains TO sealer")
    op.execute("GRANT EXECUTE ON FUNCTION keep_record_months() TO app, sealer")


def find_by_subject() -> None:
    """The function that finds records by whom they are about.

    An index on a list of ids is out of reach under row security (its operator isn't leakproof);
    `search`, whom nobody signs in as, looks without it and keeps to the practices that are set.
    """
    op.execute(f"""
    CREATE FUNCTION records_about(subject uuid, before timestamptz, most integer)
    RETURNS TABLE (recorded_at timestamptz, record_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER {FIXED} AS $$
      SELECT created_at, id FROM public.audit_records
       WHERE (client_ids @> ARRAY[subject] OR subject_ids @> ARRAY[subject])
         AND created_at <= before
         AND ({OWN} OR {HOUSE})
       ORDER BY created_at DESC, id DESC LIMIT most
    $$""")
    op.execute("REVOKE EXECUTE ON FUNCTION records_about(uuid, timestamptz, integer) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION records_about(uuid, timestamptz, integer) TO auditor")
    op.execute("GRANT CREATE ON SCHEMA public TO search")
    op.execute("ALTER FUNCTION records_about(uuid, timestamptz, integer) OWNER TO search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM search")


def drop_old_months() -> None:
    """The function that lets whole months go: older than six years, and no hold touches a row.

    Holds stand in legal_holds (0005); a held month is kept whole, its seals with it.
    """
    op.execute(f"""
    CREATE FUNCTION drop_old_record_months() RETURNS TABLE (month date, outcome text)
    LANGUAGE plpgsql SECURITY DEFINER {FIXED} AS $$
    DECLARE
      kept_from date := date_trunc('month', (now() AT TIME ZONE 'UTC') - interval '6 years')::date;
      house_before text := coalesce(current_setting('app.house', true), '');
      practices_before text := coalesce(current_setting('app.practice_ids', true), '');
      old record;
      named text;
    BEGIN
      PERFORM set_config('app.house', 'on', true);
      FOR old IN
        SELECT replace(relname, 'records_', '') AS stem,
               to_date(replace(relname, 'records_', ''), 'YYYY_MM') AS began
          FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid
         WHERE inhparent = 'public.audit_records'::regclass ORDER BY relname
      LOOP
        CONTINUE WHEN old.began >= kept_from;
        SELECT string_agg(DISTINCT practice_id::text, ',') INTO named FROM public.audit_records
         WHERE created_at >= old.began::timestamp AT TIME ZONE 'UTC'
           AND created_at < (old.began + interval '1 month')::timestamp AT TIME ZONE 'UTC';
        PERFORM set_config('app.practice_ids', coalesce(named, ''), true);
        month := old.began;
        IF EXISTS (
          SELECT FROM public.legal_holds AS hold JOIN public.audit_records AS held
              ON held.practice_id = hold.practice_id
             AND (hold.kind = 'practice' OR held.client_ids @> ARRAY[hold.subject_id]
                  OR held.subject_ids @> ARRAY[hold.subject_id])
           WHERE hold.lifted_at IS NULL
             AND held.created_at >= old.began::timestamp AT TIME ZONE 'UTC'
             AND held.created_at < (old.began + interval '1 month')::timestamp AT TIME ZONE 'UTC')
        THEN
          outcome := 'held';
        ELSE
          EXECUTE format('DROP TABLE record.%I', 'records_' || old.stem);
          EXECUTE format('DROP TABLE record.%I', 'seals_' || old.stem);
          UPDATE public.audit_chains AS chain SET dropped_at = now() WHERE chain.month = old.began;
          outcome := 'dropped';
        END IF;
        RETURN NEXT;
      END LOOP;
      PERFORM set_config('app.house', house_before, true);
      PERFORM set_config('app.practice_ids', practices_before, true);
    END $$""")
    op.execute("REVOKE EXECUTE ON FUNCTION drop_old_record_months() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION drop_old_record_months() TO app")


def downgrade() -> None:
    """Take it back: the rows return to one table; seals and anchors go."""
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute("SET LOCAL app.house = 'on'")
    op.execute("ALTER TABLE audit_records RENAME TO later_records")
    op.execute("ALTER TABLE later_records RENAME CONSTRAINT pk_audit_records TO pk_later")
    op.execute("DROP INDEX ix_audit_records_practice")
    op.create_table(
        "audit_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_audit_records_practice_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_audit_records_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_records")),
    )
    op.create_index("ix_audit_records_practice", "audit_records", ["practice_id", "created_at"])
    op.execute(f"INSERT INTO audit_records ({MOVED}) SELECT {MOVED} FROM later_records")
    op.execute("DROP FUNCTION records_about(uuid, timestamptz, integer)")
    op.execute("DROP FUNCTION drop_old_record_months()")
    op.execute("DROP FUNCTION keep_record_months()")
    op.execute("DROP FUNCTION make_record_month(date)")
    for table in ("later_records", "audit_seals", "audit_chains", "audit_anchors"):
        op.drop_table(table)
    op.drop_table("audit_unsealed")
    op.execute("DROP FUNCTION note_unsealed()")
    op.execute("DROP SCHEMA record")
    op.execute("ALTER TABLE audit_records ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_records FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_practices ON audit_records USING ({OWN} OR {HOUSE})")
    op.execute("CREATE POLICY anybody_is_recorded ON audit_records FOR INSERT WITH CHECK (true)")
    op.execute("GRANT SELECT, INSERT ON audit_records TO app")
