"""Roles with less than the app's, and one acting practice for every write.

A transaction reads the practices that it was opened for (app.practice_ids) and writes in the one
that it acts in (app.acting_practice), whatever SQL is sent. What came in before its practice is
known is the role `intake`'s; the relay sees when which errand is due; `search` owns the function
that looks for clients by words. Every reference inside a practice is a composite foreign key now,
checked at the commit where rows are written before what they point to, and no unique tells one
practice what another holds.

Not beside the previous release: its processes do not say where they act, so they stop first.
"""

from alembic import op

revision, down_revision = "0006_walls", "0005_contract"

PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
OWN = f"practice_id = ANY ({PRACTICES})"
HOUSE = "(SELECT current_setting('app.house', true)) = 'on'"
ACTING = "(SELECT nullif(current_setting('app.acting_practice', true), '')::uuid)"
FIXED = "SET search_path = pg_catalog, pg_temp"

BEFORE_THEIR_PRACTICE = ("inbound_files", "inbound_responses", "inbound_transactions")
DIRECTORIES = ("control_numbers", "payee_identities")
INTAKE = {
    "inbound_files": "SELECT, INSERT, UPDATE",
    "inbound_responses": "SELECT, INSERT, UPDATE",
    "inbound_transactions": "SELECT, INSERT, UPDATE",
    "clearinghouse_accounts": "SELECT, UPDATE",
    "control_numbers": "SELECT",
    "payee_identities": "SELECT",
    "errands": "SELECT, INSERT",
}
RELAY = "SELECT (id, job, due_at, rung_at, done_at), UPDATE (rung_at)"
SEARCH = "SELECT (practice_id, id, name_key)"

REFERENCES = (
    ("claim_steps", "attempt_id", "attempts"),
    ("remittance_claims", "attempt_id", "attempts"),
    ("postings", "remittance_line_id", "remittance_lines"),
    ("receipts", "read_through_id", "messages"),
    ("receipts", "mailed_through_id", "messages"),
)
UNIQUES = (
    ("attempts", "patient_control_number"),
    ("claims", "number"),
    ("documents", "document_key"),
)


def upgrade() -> None:
    """Narrow the house, then say where is written, then close what schema can close."""
    op.execute("SET LOCAL statement_timeout = 0")
    give_the_intake_its_own()
    op.execute(f"GRANT {RELAY} ON errands TO relay")
    wall_the_directories()
    act_in_one_practice()
    keep_references_inside()
    keep_uniques_inside()
    find_clients()


def give_the_intake_its_own() -> None:
    """What no practice is known for is seen by the intake role, and by the app no more."""
    for table in BEFORE_THEIR_PRACTICE:
        op.execute(f"DROP POLICY own_practices ON {table}")
        op.execute(f"CREATE POLICY own_practices ON {table} USING ({OWN})")
        op.execute(
            f"CREATE POLICY taken_in ON {table} TO intake USING ({HOUSE}) WITH CHECK ({HOUSE})"
        )
    for table, may in INTAKE.items():
        op.execute(f"GRANT {may} ON {table} TO intake")
    op.execute(f"REVOKE INSERT ON {', '.join(BEFORE_THEIR_PRACTICE)} FROM app")
    op.execute("REVOKE UPDATE ON inbound_files FROM app")


def wall_the_directories() -> None:
    """Known to all, since an answer finds its practice by them; written by that practice alone."""
    for table in DIRECTORIES:
        op.execute(f"REVOKE UPDATE ON {table} FROM app")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY known_to_all ON {table} FOR SELECT USING (true)")
        op.execute(f"CREATE POLICY own_are_added ON {table} FOR INSERT WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY own_are_removed ON {table} FOR DELETE USING ({OWN})")


def act_in_one_practice() -> None:
    """Three more policies on every walled table: what the app writes is the acting practice's.

    Where the house writes too (who may go where, files for several practices), it still does.
    """
    op.execute(f"""
    DO $law$
    DECLARE
      walled record;
      whose text;
    BEGIN
      FOR walled IN
        SELECT relname, pg_get_expr(polqual, polrelid) LIKE '%app.house%' AS by_the_house
          FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
         WHERE polname IN ('own_practices', 'known_to_all') ORDER BY relname
      LOOP
        whose := CASE walled.relname WHEN 'practices' THEN 'id' ELSE 'practice_id' END
              || $$ = {ACTING}$$
              || CASE WHEN walled.by_the_house THEN $$ OR {HOUSE}$$ ELSE '' END;
        EXECUTE format(
          'CREATE POLICY acting_adds ON %I AS RESTRICTIVE FOR INSERT TO app WITH CHECK (%s)',
          walled.relname, whose);
        EXECUTE format(
          'CREATE POLICY acting_changes ON %I AS RESTRICTIVE FOR UPDATE TO app USING (%s)',
          walled.relname, whose);
        EXECUTE format(
          'CREATE POLICY acting_removes ON %I AS RESTRICTIVE FOR DELETE TO app USING (%s)',
          walled.relname, whose);
      END LOOP;
    END $law$""")


def keep_references_inside() -> None:
    """The references that were ids only."""
    for table, column, target in REFERENCES:
        op.create_foreign_key(
            op.f(f"fk_{table}_practice_id_{column}"),
            table,
            target,
            ["practice_id", column],
            ["practice_id", "id"],
            deferrable=True,
            initially="DEFERRED",
        )


def keep_uniques_inside() -> None:
    """A unique of one practice, so that refusing a row says nothing about another's."""
    for table, column in UNIQUES:
        op.drop_constraint(op.f(f"uq_{table}_{column}"), table, type_="unique")
        name = op.f(f"uq_{table}_practice_id_{column}")
        op.create_unique_constraint(name, table, ["practice_id", column])


def find_clients() -> None:
    """Words are looked for by a role whom no row security keeps from its work; ids come back.

    An operator that looks inside a text isn't leakproof, so under the wall it would be tried on
    every row of every practice only after the wall's own condition, one by one.
    """
    op.execute("CREATE POLICY searched ON clients FOR SELECT TO search USING (true)")
    op.execute(f"GRANT {SEARCH} ON clients TO search")
    op.execute(f"""
    CREATE FUNCTION clients_found(words text[], most integer)
    RETURNS TABLE (practice_id uuid, client_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER {FIXED} AS $$
      SELECT practice_id, id FROM public.clients
       WHERE {OWN} AND NOT EXISTS (
         SELECT FROM unnest(words) AS word
          WHERE NOT starts_with(name_key, word) AND strpos(name_key, ' ' || word) = 0)
       ORDER BY NOT starts_with(name_key, words[1]), name_key, id LIMIT most
    $$""")
    op.execute("REVOKE EXECUTE ON FUNCTION clients_found(text[], integer) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION clients_found(text[], integer) TO app")
    op.execute("GRANT CREATE ON SCHEMA public TO search")
    op.execute("ALTER FUNCTION clients_found(text[], integer) OWNER TO search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM search")


def downgrade() -> None:
    """Take it back."""
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute("DROP FUNCTION clients_found(text[], integer)")
    op.execute("REVOKE ALL ON clients FROM search")
    op.execute("DROP POLICY searched ON clients")
    for table, column in UNIQUES:
        op.drop_constraint(op.f(f"uq_{table}_practice_id_{column}"), table, type_="unique")
        op.create_unique_constraint(op.f(f"uq_{table}_{column}"), table, [column])
    for table, column, _ in REFERENCES:
        op.drop_constraint(op.f(f"fk_{table}_practice_id_{column}"), table, type_="foreignkey")
    op.execute("""
    DO $law$
    DECLARE
      written record;
    BEGIN
      FOR written IN
        SELECT relname, polname FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
         WHERE polname IN ('acting_adds', 'acting_changes', 'acting_removes')
      LOOP
        EXECUTE format('DROP POLICY %I ON %I', written.polname, written.relname);
      END LOOP;
    END $law$""")
    for table in DIRECTORIES:
        for policy in ("known_to_all", "own_are_added", "own_are_removed"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"GRANT UPDATE ON {table} TO app")
    op.execute("REVOKE ALL ON errands FROM relay")
    op.execute("GRANT UPDATE ON inbound_files TO app")
    op.execute(f"GRANT INSERT ON {', '.join(BEFORE_THEIR_PRACTICE)} TO app")
    for table in INTAKE:
        op.execute(f"REVOKE ALL ON {table} FROM intake")
    for table in BEFORE_THEIR_PRACTICE:
        op.execute(f"DROP POLICY taken_in ON {table}")
        op.execute(f"DROP POLICY own_practices ON {table}")
        op.execute(f"CREATE POLICY own_practices ON {table} USING ({OWN} OR {HOUSE})")
