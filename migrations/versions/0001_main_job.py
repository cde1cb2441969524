"""The tables of the main job, with the wall from row one.

Safe because nothing stands yet. A table with practice_id gets `wall(table)`; every table gets
`open_to_app(table, ...)` with no more than the app needs: history, ledger and audit are only added
to. Tables that hold no patient and must be read before a practice is known stand outside the wall,
each with its reason in docs/tables-without-practice.md.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0001_main_job", None

APP = "app"
PRACTICES = (
    "(SELECT string_to_array(nullif(current_setting('app.practice_ids', true), ''), ','))::uuid[]"
)
OWN = f"practice_id = ANY ({PRACTICES})"
HOUSE = "(SELECT current_setting('app.house', true)) = 'on'"
MYSELF = "user_id = (SELECT nullif(current_setting('app.user_id', true), '')::uuid)"
NIL = "'00000000-0000-0000-0000-000000000000'::uuid"

KEPT = "SELECT, INSERT, UPDATE"
ADDED_ONLY = "SELECT, INSERT"
PASSING = "SELECT, INSERT, UPDATE, DELETE"

WALLED = {
    "acknowledgements": ADDED_ONLY,
    "adjustments": ADDED_ONLY,
    "appointment_lines": PASSING,  # replaced whole when an appointment is corrected
    "appointments": KEPT,
    "attempts": KEPT,
    "authorizations": KEPT,
    "billing_profiles": KEPT,
    "claim_steps": ADDED_ONLY,
    "claims": KEPT,
    "clients": KEPT,
    "clinicians": KEPT,
    "document_links": KEPT,
    "documents": KEPT,
    "enrollments": KEPT,
    "finding_tallies": PASSING,
    "ledger_entries": ADDED_ONLY,
    "mails": KEPT,
    "messages": ADDED_ONLY,
    "notices": KEPT,
    "policies": KEPT,
    "postings": ADDED_ONLY,
    "practice_payers": KEPT,
    "provider_adjustments": KEPT,
    "readiness_findings": PASSING,
    "receipts": KEPT,
    "remittance_claims": KEPT,
    "remittance_lines": KEPT,
    "remittances": KEPT,
    "service_facilities": KEPT,
    "service_lines": KEPT,
    "submissions": KEPT,
    "threads": KEPT,
    "unbilled_totals": PASSING,
}
HOUSE_OR_PRACTICE = {
    "inbound_files": KEPT,
    "inbound_responses": KEPT,
    "inbound_transactions": KEPT,
    "intake_batches": KEPT,
    "intake_problems": PASSING,
}
WITHOUT_WALL = {
    "clearinghouse_accounts": KEPT,
    "control_numbers": KEPT,
    "errands": PASSING,
    "once_keys": PASSING,
    "payee_identities": KEPT,
    "payers": KEPT,
    "sign_ins": PASSING,
    "users": KEPT,
}


def wall(table: str, policy: str = OWN) -> None:
    """Let nobody, the owner included, see rows of a practice that isn't set for the transaction."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_practices ON {table} USING ({policy})")


def open_to_app(table: str, *, may: str) -> None:
    """Grant the app role what it needs on a table, e.g. may="SELECT, INSERT"."""
    op.execute(f"GRANT {may} ON {table} TO {APP}")


def stand_up_walls() -> None:
    """Wall every table and open it as far as the app needs."""
    for table, may in WALLED.items():
        wall(table)
        open_to_app(table, may=may)
    for table, may in HOUSE_OR_PRACTICE.items():
        wall(table, f"{OWN} OR {HOUSE}")
        open_to_app(table, may=may)
    for table, may in WITHOUT_WALL.items():
        open_to_app(table, may=may)
    wall("practices", f"id = ANY ({PRACTICES}) OR {HOUSE}")
    open_to_app("practices", may=KEPT)
    wall("memberships", f"{OWN} OR {MYSELF} OR {HOUSE}")
    open_to_app("memberships", may=KEPT)
    wall("audit_records", f"{OWN} OR {HOUSE}")
    op.execute("CREATE POLICY anybody_is_recorded ON audit_records FOR INSERT WITH CHECK (true)")
    open_to_app("audit_records", may=ADDED_ONLY)
    op.execute(f"GRANT USAGE ON SEQUENCE claim_numbers TO {APP}")


def keep_unbilled_totals() -> None:
    """Statement triggers that keep the queue's counts and money true, whoever writes."""
    moved = """
      INSERT INTO unbilled_totals AS kept
        (practice_id, payer_id, clinician_id, readiness, appointments, charge_amount)
      SELECT practice_id, payer, clinician, readiness, sum(number), sum(cents)
        FROM ({moves}) AS moves
       GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0 OR sum(cents) <> 0 ORDER BY 1, 2, 3, 4
      ON CONFLICT (practice_id, payer_id, clinician_id, readiness) DO UPDATE
        SET appointments = kept.appointments + excluded.appointments,
            charge_amount = kept.charge_amount + excluded.charge_amount;"""
    rows = f"""
      SELECT practice_id, coalesce(payer_id, {NIL}) AS payer,
             coalesce(clinician_id, {NIL}) AS clinician, readiness,
             {{sign}}1 AS number, {{sign}}charge_amount AS cents
        FROM {{table}} WHERE unbilled"""
    came = rows.format(sign="", table="after_rows")
    went = rows.format(sign="-", table="before_rows")
    op.execute(f"""
    CREATE FUNCTION keep_unbilled_totals() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN {moved.format(moves=came)}
      ELSE {moved.format(moves=came + " UNION ALL " + went)}
      END IF;
      RETURN NULL;
    END $$""")
    op.execute("""
    CREATE TRIGGER keep_totals_on_insert AFTER INSERT ON appointments
      REFERENCING NEW TABLE AS after_rows
      FOR EACH STATEMENT EXECUTE FUNCTION keep_unbilled_totals()""")
    op.execute("""
    CREATE TRIGGER keep_totals_on_update AFTER UPDATE ON appointments
      REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
      FOR EACH STATEMENT EXECUTE FUNCTION keep_unbilled_totals()""")


def refuse_closed_months() -> None:
    """No ledger entry on or before the day through which its practice is closed."""
    op.execute("""
    CREATE FUNCTION refuse_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM practices
                  WHERE id = NEW.practice_id AND closed_through >= NEW.posted_on) THEN
        RAISE EXCEPTION 'the month is closed' USING ERRCODE = 'check_violation',
          CONSTRAINT = 'ck_ledger_entries_month_is_open';
      END IF;
      RETURN NEW;
    END $$""")
    op.execute("""
    CREATE TRIGGER refuse_closed_month BEFORE INSERT ON ledger_entries
      FOR EACH ROW EXECUTE FUNCTION refuse_closed_month()""")


def make_tables() -> None:
    """Make the tables, oldest word first."""
    op.create_table(
        "clearinghouse_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("claim_md", name="accountkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("base_url", sa.Text(), nullable=True),
        sa.Column("secret_reference", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_phone", sa.Text(), nullable=False),
        sa.Column("receiver_id", sa.Text(), nullable=False),
        sa.Column("receiver_name", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("claims_per_file", sa.Integer(), nullable=False),
        sa.Column("next_interchange", sa.Integer(), nullable=False),
        sa.Column("response_cursor", sa.Text(), nullable=False),
        sa.Column("era_cursor", sa.Text(), nullable=False),
        sa.Column("last_polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconcile_first", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearinghouse_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_clearinghouse_accounts_name")),
    )
    op.create_table(
        "payers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("electronic_id", sa.Text(), nullable=True),
        sa.Column("filing_code", sa.Text(), nullable=False),
        sa.Column("filing_days", sa.Integer(), nullable=False),
        sa.Column("corrected_days", sa.Integer(), nullable=False),
        sa.Column("appeal_days", sa.Integer(), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("lines_per_claim", sa.Integer(), nullable=False),
        sa.Column("several_dates_per_claim", sa.Boolean(), nullable=False),
        sa.Column("member_id_pattern", sa.Text(), nullable=True),
        sa.Column("claim_enrollment_needed", sa.Boolean(), nullable=False),
        sa.Column("era_enrollment_needed", sa.Boolean(), nullable=False),
        sa.Column("era_supported", sa.Boolean(), nullable=False),
        sa.Column("crossover", sa.Boolean(), nullable=False),
        sa.Column("taxonomy_required", sa.Boolean(), nullable=False),
        sa.Column("authorization_required", sa.Boolean(), nullable=False),
        sa.Column("supervisor_required", sa.Boolean(), nullable=False),
        sa.Column("referral_required", sa.Boolean(), nullable=False),
        sa.Column("telehealth_places", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("telehealth_modifiers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("one_of_modifiers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("line_control_length", sa.Integer(), nullable=False),
        sa.Column("local_states", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payers")),
        sa.UniqueConstraint("electronic_id", name=op.f("uq_payers_electronic_id")),
    )
    op.create_index("ix_payers_name_key", "payers", ["name_key"], unique=False)
    op.create_table(
        "practices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("hue", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("solo", "group", name="practicekind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("street2", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("zip", sa.Text(), nullable=False),
        sa.Column("note_gate", sa.Boolean(), nullable=False),
        sa.Column("messaging_on", sa.Boolean(), nullable=False),
        sa.Column("playbook", sa.Text(), nullable=False),
        sa.Column("closed_through", sa.Date(), nullable=True),
        sa.Column("agreement_on", sa.Date(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practices")),
        sa.UniqueConstraint("source_id", name=op.f("uq_practices_source_id")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column(
            "house_role",
            sa.Enum(
                "administrator",
                "biller_lead",
                "biller",
                "auditor",
                "practice_owner",
                "clinician",
                "practice_billing",
                name="role",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_key", name=op.f("uq_users_email_key")),
    )
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
    op.create_index(
        "ix_audit_records_practice", "audit_records", ["practice_id", "created_at"], unique=False
    )
    op.create_table(
        "clients",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("source_digest", sa.LargeBinary(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("suffix", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("birth_date_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("birth_date_index", sa.LargeBinary(), nullable=True),
        sa.Column(
            "birth_date_shape",
            sa.Enum(
                "absent", "malformed", "well_formed", name="shape", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("ssn_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("ssn_index", sa.LargeBinary(), nullable=True),
        sa.Column("ssn_last4", sa.Text(), nullable=False),
        sa.Column(
            "sex", sa.Enum("M", "F", "U", name="sex", native_enum=False, length=32), nullable=True
        ),
        sa.Column("gender_identity", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("street2", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("zip", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column(
            "billing_type",
            sa.Enum("insurance", "self_pay", name="billingtype", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_clients_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_clients")),
        sa.UniqueConstraint(
            "practice_id", "source_id", name=op.f("uq_clients_practice_id_source_id")
        ),
    )
    op.create_index(
        "ix_clients_birth_date_index", "clients", ["practice_id", "birth_date_index"], unique=False
    )
    op.create_index("ix_clients_name", "clients", ["practice_id", "name_key"], unique=False)
    op.create_index("ix_clients_ssn_index", "clients", ["practice_id", "ssn_index"], unique=False)
    op.create_table(
        "clinicians",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("source_digest", sa.LargeBinary(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("credentials", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("taxonomy", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("supervisor_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id", "supervisor_id"],
            ["clinicians.practice_id", "clinicians.id"],
            name=op.f("fk_clinicians_practice_id_supervisor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_clinicians_practice_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_clinicians_user_id")),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_clinicians")),
        sa.UniqueConstraint(
            "practice_id", "source_id", name=op.f("uq_clinicians_practice_id_source_id")
        ),
    )
    op.create_index("ix_clinicians_name", "clinicians", ["practice_id", "name_key"], unique=False)
    op.create_table(
        "control_numbers",
        sa.Column("patient_control_number", sa.Text(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_control_numbers_practice_id")
        ),
        sa.PrimaryKeyConstraint("patient_control_number", name=op.f("pk_control_numbers")),
    )
    op.create_table(
        "documents",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "eob",
                "era_file",
                "insurance_card",
                "payer_letter",
                "denial",
                "authorization",
                "enrollment_form",
                "w9",
                "other",
                name="documentkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "receiving",
                "stored",
                "refused",
                "withdrawn",
                name="documentstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("original_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("uploaded_by_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_documents_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["users.id"], name=op.f("fk_documents_uploaded_by_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_documents")),
        sa.UniqueConstraint("document_key", name=op.f("uq_documents_document_key")),
    )
    op.create_index("ix_documents_recent", "documents", ["practice_id", "id"], unique=False)
    op.create_index("ix_documents_sha256", "documents", ["practice_id", "sha256"], unique=False)
    op.create_table(
        "errands",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_errands_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errands")),
        sa.UniqueConstraint(
            "job", "subject_id", "turn", name=op.f("uq_errands_job_subject_id_turn")
        ),
    )
    op.create_index(
        "ix_errands_due", "errands", ["due_at"], unique=False, postgresql_where="done_at IS NULL"
    )
    op.create_table(
        "finding_tallies",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("missing_count", sa.Integer(), nullable=False),
        sa.Column("held_count", sa.Integer(), nullable=False),
        sa.Column("warning_count", sa.Integer(), nullable=False),
        sa.Column("held_for", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_finding_tallies_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "subject_id", name=op.f("pk_finding_tallies")),
    )
    op.create_table(
        "inbound_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "responses",
                "era",
                "acknowledgement",
                name="inboundkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "read",
                "duplicate",
                "quarantined",
                name="inboundstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["clearinghouse_accounts.id"], name=op.f("fk_inbound_files_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_inbound_files_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_files")),
        sa.UniqueConstraint("kind", "sha256", name=op.f("uq_inbound_files_kind_sha256")),
    )
    op.create_index("ix_inbound_files_state", "inbound_files", ["state"], unique=False)
    op.create_index(
        "uq_inbound_files_era",
        "inbound_files",
        ["account_id", "remote_id"],
        unique=True,
        postgresql_where="kind = 'era'",
    )
    op.create_table(
        "intake_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "uploaded",
                "checking",
                "checked",
                "committing",
                "committed",
                "failed",
                name="batchstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("files", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_intake_batches_by_id")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_intake_batches_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_batches")),
    )
    op.create_table(
        "mails",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "topic",
            sa.Enum(
                "claim_status",
                "unread_message",
                "document_shared",
                name="topic",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sent",
                "suppressed",
                "failed",
                name="mailstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_mails_practice_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mails_user_id")),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_mails")),
    )
    op.create_index("ix_mails_state", "mails", ["practice_id", "state", "due_at"], unique=False)
    op.create_index(
        "uq_mails_open_bundle",
        "mails",
        ["practice_id", "user_id", "topic", "subject_id"],
        unique=True,
        postgresql_where="state = 'queued'",
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "memberships",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "administrator",
                "biller_lead",
                "biller",
                "auditor",
                "practice_owner",
                "clinician",
                "practice_billing",
                name="role",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_memberships_practice_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "practice_id", "user_id", name=op.f("uq_memberships_practice_id_user_id")
        ),
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"], unique=False)
    op.create_table(
        "once_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("asked_hash", sa.Text(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_once_keys_user_id")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_once_keys")),
    )
    op.create_table(
        "payee_identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("tax_id_index", sa.LargeBinary(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_payee_identities_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_identities")),
        sa.UniqueConstraint(
            "npi",
            "tax_id_index",
            "profile_id",
            name=op.f("uq_payee_identities_npi_tax_id_index_profile_id"),
        ),
    )
    op.create_index(op.f("ix_payee_identities_npi"), "payee_identities", ["npi"], unique=False)
    op.create_index(
        op.f("ix_payee_identities_tax_id_index"), "payee_identities", ["tax_id_index"], unique=False
    )
    op.create_table(
        "practice_payers",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("aliases", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["clearinghouse_accounts.id"],
            name=op.f("fk_practice_payers_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["payer_id"], ["payers.id"], name=op.f("fk_practice_payers_payer_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_practice_payers_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_practice_payers")),
        sa.UniqueConstraint(
            "practice_id", "payer_id", name=op.f("uq_practice_payers_practice_id_payer_id")
        ),
        sa.UniqueConstraint(
            "practice_id", "source_id", name=op.f("uq_practice_payers_practice_id_source_id")
        ),
    )
    op.create_table(
        "readiness_findings",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "subject_kind",
            sa.Enum(
                "practice",
                "billing_profile",
                "clinician",
                "location",
                "client",
                "policy",
                "enrollment",
                "authorization",
                "appointment",
                name="subject",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column(
            "supplier",
            sa.Enum("us", "practice", "clinician", name="supplier", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "weight",
            sa.Enum("blocks", "holds", "warns", name="weight", native_enum=False, length=32),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_readiness_findings_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_readiness_findings")),
        sa.UniqueConstraint(
            "practice_id",
            "subject_id",
            "code",
            "field",
            name=op.f("uq_readiness_findings_practice_id_subject_id_code_field"),
        ),
    )
    op.create_index(
        "ix_readiness_findings_code", "readiness_findings", ["practice_id", "code"], unique=False
    )
    op.create_table(
        "service_facilities",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("source_digest", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place_of_service", sa.Text(), nullable=True),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("street2", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("zip", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_service_facilities_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_service_facilities")),
        sa.UniqueConstraint(
            "practice_id", "source_id", name=op.f("uq_service_facilities_practice_id_source_id")
        ),
    )
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_user_id"), "sign_ins", ["user_id"], unique=False)
    op.create_table(
        "unbilled_totals",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column(
            "readiness",
            sa.Enum("ready", "missing", "held", name="readiness", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("appointments", sa.Integer(), nullable=False),
        sa.Column("charge_amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_unbilled_totals_practice_id")
        ),
        sa.PrimaryKeyConstraint(
            "practice_id", "payer_id", "clinician_id", "readiness", name=op.f("pk_unbilled_totals")
        ),
    )
    op.create_table(
        "billing_profiles",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("person", "organization", name="entitykind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("organization_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("tax_id_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("tax_id_index", sa.LargeBinary(), nullable=True),
        sa.Column(
            "tax_id_shape",
            sa.Enum(
                "absent", "malformed", "well_formed", name="shape", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("tax_id_last4", sa.Text(), nullable=False),
        sa.Column(
            "tax_id_kind",
            sa.Enum("ein", "ssn", name="taxidkind", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("taxonomy", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("street2", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("zip", sa.Text(), nullable=False),
        sa.Column("pay_to_street", sa.Text(), nullable=False),
        sa.Column("pay_to_street2", sa.Text(), nullable=False),
        sa.Column("pay_to_city", sa.Text(), nullable=False),
        sa.Column("pay_to_state", sa.Text(), nullable=False),
        sa.Column("pay_to_zip", sa.Text(), nullable=False),
        sa.Column("show_service_facility", sa.Boolean(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=True),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id", "clinician_id"],
            ["clinicians.practice_id", "clinicians.id"],
            name=op.f("fk_billing_profiles_practice_id_clinician_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_billing_profiles_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_billing_profiles")),
        sa.UniqueConstraint(
            "practice_id", "source_id", name=op.f("uq_billing_profiles_practice_id_source_id")
        ),
    )
    op.create_index(
        "ix_billing_profiles_choice",
        "billing_profiles",
        ["practice_id", "payer_id", "clinician_id"],
        unique=False,
    )
    op.create_table(
        "enrollments",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("837P", "835", name="enrollmentkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "not_required",
                "to_enroll",
                "submitted",
                "document_required",
                "accepted",
                "rejected",
                "not_supported",
                "no_clients_on_file",
                name="enrollmentstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["payer_id"], ["payers.id"], name=op.f("fk_enrollments_payer_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "clinician_id"],
            ["clinicians.practice_id", "clinicians.id"],
            name=op.f("fk_enrollments_practice_id_clinician_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_enrollments_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_enrollments")),
        sa.UniqueConstraint(
            "practice_id",
            "payer_id",
            "clinician_id",
            "kind",
            name=op.f("uq_enrollments_practice_id_payer_id_clinician_id_kind"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "inbound_responses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.Column("patient_control_number", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("clearinghouse_number", sa.Text(), nullable=False),
        sa.Column("payer_number", sa.Text(), nullable=False),
        sa.Column("from_payer", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("message_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "applied",
                "unmatched",
                name="responsestate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["clearinghouse_accounts.id"],
            name=op.f("fk_inbound_responses_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["inbound_files.id"], name=op.f("fk_inbound_responses_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_inbound_responses_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_responses")),
        sa.UniqueConstraint(
            "account_id", "response_id", name=op.f("uq_inbound_responses_account_id_response_id")
        ),
    )
    op.create_index("ix_inbound_responses_state", "inbound_responses", ["state"], unique=False)
    op.create_table(
        "inbound_transactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("set_control_number", sa.Text(), nullable=False),
        sa.Column("payer_name", sa.Text(), nullable=False),
        sa.Column("payee_npi", sa.Text(), nullable=False),
        sa.Column("payee_tax_id_index", sa.LargeBinary(), nullable=True),
        sa.Column("payment_key", sa.Text(), nullable=False),
        sa.Column("claims_key", sa.Text(), nullable=False),
        sa.Column("check_amount", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("claim_count", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "unattributed",
                "attributed",
                "duplicate",
                "quarantined",
                name="transactionstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["inbound_files.id"], name=op.f("fk_inbound_transactions_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_inbound_transactions_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_transactions")),
        sa.UniqueConstraint(
            "file_id", "position", name=op.f("uq_inbound_transactions_file_id_position")
        ),
    )
    op.create_index(
        "ix_inbound_transactions_payment", "inbound_transactions", ["payment_key"], unique=False
    )
    op.create_index(
        "ix_inbound_transactions_state", "inbound_transactions", ["state"], unique=False
    )
    op.create_table(
        "intake_problems",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["intake_batches.id"], name=op.f("fk_intake_problems_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_intake_problems_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_problems")),
    )
    op.create_index("ix_intake_problems_batch", "intake_problems", ["batch_id", "id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "topic",
            sa.Enum(
                "claim_status",
                "unread_message",
                "document_shared",
                name="topic",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "mail_id"],
            ["mails.practice_id", "mails.id"],
            name=op.f("fk_notices_practice_id_mail_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_notices_practice_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id")),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "practice_id",
            "user_id",
            "topic",
            "cause",
            name=op.f("uq_notices_practice_id_user_id_topic_cause"),
        ),
    )
    op.create_index(
        "ix_notices_loose",
        "notices",
        ["practice_id"],
        unique=False,
        postgresql_where="mail_id IS NULL",
    )
    op.create_index("ix_notices_mail", "notices", ["practice_id", "mail_id"], unique=False)
    op.create_table(
        "policies",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("source_digest", sa.LargeBinary(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=True),
        sa.Column(
            "payer_order",
            sa.Enum("P", "S", "T", name="payerorder", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("member_id_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("member_id_index", sa.LargeBinary(), nullable=True),
        sa.Column(
            "member_id_shape",
            sa.Enum(
                "absent", "malformed", "well_formed", name="shape", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("group_number", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("relationship_code", sa.Text(), nullable=False),
        sa.Column("insured_last_name", sa.Text(), nullable=False),
        sa.Column("insured_first_name", sa.Text(), nullable=False),
        sa.Column("insured_birth_date_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "insured_birth_date_shape",
            sa.Enum(
                "absent", "malformed", "well_formed", name="shape", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "insured_sex",
            sa.Enum("M", "F", "U", name="sex", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("insured_street", sa.Text(), nullable=False),
        sa.Column("insured_street2", sa.Text(), nullable=False),
        sa.Column("insured_city", sa.Text(), nullable=False),
        sa.Column("insured_state", sa.Text(), nullable=False),
        sa.Column("insured_zip", sa.Text(), nullable=False),
        sa.Column("insurance_type", sa.Text(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["payer_id"], ["payers.id"], name=op.f("fk_policies_payer_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "client_id"],
            ["clients.practice_id", "clients.id"],
            name=op.f("fk_policies_practice_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_policies_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_policies")),
        sa.UniqueConstraint(
            "practice_id", "source_id", name=op.f("uq_policies_practice_id_source_id")
        ),
    )
    op.create_index("ix_policies_client", "policies", ["practice_id", "client_id"], unique=False)
    op.create_index(
        "ix_policies_member_id_index", "policies", ["practice_id", "member_id_index"], unique=False
    )
    op.create_index("ix_policies_payer", "policies", ["practice_id", "payer_id"], unique=False)
    op.create_table(
        "authorizations",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("uses_allowed", sa.Integer(), nullable=True),
        sa.Column("uses_spent", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "client_id"],
            ["clients.practice_id", "clients.id"],
            name=op.f("fk_authorizations_practice_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "policy_id"],
            ["policies.practice_id", "policies.id"],
            name=op.f("fk_authorizations_practice_id_policy_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_authorizations_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_authorizations")),
        sa.UniqueConstraint(
            "practice_id", "source_id", name=op.f("uq_authorizations_practice_id_source_id")
        ),
    )
    op.create_index(
        "uq_authorizations_active",
        "authorizations",
        ["practice_id", "policy_id"],
        unique=True,
        postgresql_where="active",
    )
    op.create_table(
        "remittances",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("payment_key", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=True),
        sa.Column("payer_name", sa.Text(), nullable=False),
        sa.Column("payer_identifier", sa.Text(), nullable=False),
        sa.Column("trace_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("payment_method", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("check_amount", sa.BigInteger(), nullable=False),
        sa.Column("provider_adjustment_amount", sa.BigInteger(), nullable=False),
        sa.Column("posted_amount", sa.BigInteger(), nullable=False),
        sa.Column("undistributed_amount", sa.BigInteger(), nullable=False),
        sa.Column("claim_count", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "needs_review",
                "posted",
                name="remittancestate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["payer_id"], ["payers.id"], name=op.f("fk_remittances_payer_id")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_remittances_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["inbound_transactions.id"],
            name=op.f("fk_remittances_transaction_id"),
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_remittances")),
        sa.UniqueConstraint(
            "practice_id", "payment_key", name=op.f("uq_remittances_practice_id_payment_key")
        ),
    )
    op.create_index(
        "ix_remittances_state", "remittances", ["practice_id", "state", "id"], unique=False
    )
    op.create_table(
        "submissions",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("interchange_number", sa.Integer(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("claim_count", sa.Integer(), nullable=False),
        sa.Column("charge_amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "sending",
                "unknown",
                "sent",
                "refused",
                "needs_person",
                name="submissionstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unknown_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_code", sa.Text(), nullable=False),
        sa.Column("second_opinion", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["clearinghouse_accounts.id"], name=op.f("fk_submissions_account_id")
        ),
        sa.ForeignKeyConstraint(["payer_id"], ["payers.id"], name=op.f("fk_submissions_payer_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "profile_id"],
            ["billing_profiles.practice_id", "billing_profiles.id"],
            name=op.f("fk_submissions_practice_id_profile_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_submissions_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_submissions")),
        sa.UniqueConstraint(
            "account_id",
            "interchange_number",
            name=op.f("uq_submissions_account_id_interchange_number"),
        ),
    )
    op.create_index("ix_submissions_state", "submissions", ["practice_id", "state"], unique=False)
    op.create_table(
        "acknowledgements",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("inbound_file_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "TA1", "999", "277CA", name="acknowledgementkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "submission_id"],
            ["submissions.practice_id", "submissions.id"],
            name=op.f("fk_acknowledgements_practice_id_submission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_acknowledgements_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_acknowledgements")),
        sa.UniqueConstraint(
            "practice_id",
            "submission_id",
            "inbound_file_id",
            name=op.f("uq_acknowledgements_practice_id_submission_id_inbound_file_id"),
        ),
    )
    op.create_table(
        "appointments",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("source_digest", sa.LargeBinary(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column("facility_id", sa.Uuid(), nullable=True),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "scheduled",
                "completed",
                "no_show",
                "cancelled",
                "late_cancelled",
                name="appointmentstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note_signed", sa.Boolean(), nullable=False),
        sa.Column(
            "disposition",
            sa.Enum(
                "bill",
                "self_pay",
                "filed_elsewhere",
                "not_billable",
                name="disposition",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("disposition_reason", sa.Text(), nullable=False),
        sa.Column("place_of_service", sa.Text(), nullable=True),
        sa.Column("diagnosis_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("charge_amount", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=True),
        sa.Column("payer_id", sa.Uuid(), nullable=True),
        sa.Column("profile_id", sa.Uuid(), nullable=True),
        sa.Column("enrollment_id", sa.Uuid(), nullable=True),
        sa.Column("authorization_id", sa.Uuid(), nullable=True),
        sa.Column("missing_count", sa.Integer(), nullable=False),
        sa.Column("held_count", sa.Integer(), nullable=False),
        sa.Column("warning_count", sa.Integer(), nullable=False),
        sa.Column(
            "readiness",
            sa.Enum("ready", "missing", "held", name="readiness", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("held_for", sa.Text(), nullable=True),
        sa.Column("unbilled", sa.Boolean(), nullable=False),
        sa.Column("deadline_on", sa.Date(), nullable=True),
        sa.Column("risk_key", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column(
            "waiting_on",
            sa.Enum(
                "us", "practice", "payer", "client", name="waitingon", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "charge_amount >= 0", name=op.f("ck_appointments_charge_is_not_negative")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_appointments_owner_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["payers.id"], name=op.f("fk_appointments_payer_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "authorization_id"],
            ["authorizations.practice_id", "authorizations.id"],
            name=op.f("fk_appointments_practice_id_authorization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "client_id"],
            ["clients.practice_id", "clients.id"],
            name=op.f("fk_appointments_practice_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "clinician_id"],
            ["clinicians.practice_id", "clinicians.id"],
            name=op.f("fk_appointments_practice_id_clinician_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "enrollment_id"],
            ["enrollments.practice_id", "enrollments.id"],
            name=op.f("fk_appointments_practice_id_enrollment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "facility_id"],
            ["service_facilities.practice_id", "service_facilities.id"],
            name=op.f("fk_appointments_practice_id_facility_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "policy_id"],
            ["policies.practice_id", "policies.id"],
            name=op.f("fk_appointments_practice_id_policy_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "profile_id"],
            ["billing_profiles.practice_id", "billing_profiles.id"],
            name=op.f("fk_appointments_practice_id_profile_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_appointments_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_appointments")),
        sa.UniqueConstraint(
            "practice_id", "source_id", name=op.f("uq_appointments_practice_id_source_id")
        ),
    )
    op.create_index(
        "ix_appointments_authorization",
        "appointments",
        ["practice_id", "authorization_id"],
        unique=False,
    )
    op.create_index(
        "ix_appointments_client", "appointments", ["practice_id", "client_id"], unique=False
    )
    op.create_index(
        "ix_appointments_clinician", "appointments", ["practice_id", "clinician_id"], unique=False
    )
    op.create_index(
        "ix_appointments_enrollment", "appointments", ["practice_id", "enrollment_id"], unique=False
    )
    op.create_index(
        "ix_appointments_facility", "appointments", ["practice_id", "facility_id"], unique=False
    )
    op.create_index(
        "ix_appointments_payer",
        "appointments",
        ["payer_id"],
        unique=False,
        postgresql_where="unbilled",
    )
    op.create_index(
        "ix_appointments_policy", "appointments", ["practice_id", "policy_id"], unique=False
    )
    op.create_index(
        "ix_appointments_profile", "appointments", ["practice_id", "profile_id"], unique=False
    )
    op.create_index(
        "ix_appointments_queue_risk",
        "appointments",
        ["practice_id", "readiness", "risk_key", "id"],
        unique=False,
        postgresql_where="unbilled",
    )
    op.create_index(
        "ix_appointments_queue_served",
        "appointments",
        ["practice_id", "readiness", "served_on", "id"],
        unique=False,
        postgresql_where="unbilled",
    )
    op.create_table(
        "claims",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "payer_order",
            sa.Enum("P", "S", "T", name="payerorder", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=True),
        sa.Column("authorization_id", sa.Uuid(), nullable=True),
        sa.Column("primary_claim_id", sa.Uuid(), nullable=True),
        sa.Column("place_of_service", sa.Text(), nullable=False),
        sa.Column("diagnosis_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("charge_amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "prepared",
                "scrub",
                "queued",
                "submitted",
                "received",
                "pending",
                "more_info_required",
                "accepted",
                "rejected",
                "denied",
                "deductible",
                "paid",
                "downloaded",
                "submitted_externally",
                "reopened",
                "voided",
                name="claimstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("denied_lines", sa.Integer(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("review_reason", sa.Text(), nullable=False),
        sa.Column("scrub_findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by_id", sa.Uuid(), nullable=True),
        sa.Column("filing_deadline_on", sa.Date(), nullable=True),
        sa.Column("corrected_deadline_on", sa.Date(), nullable=True),
        sa.Column("appeal_deadline_on", sa.Date(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column(
            "waiting_on",
            sa.Enum(
                "us", "practice", "payer", "client", name="waitingon", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("insurance_paid_amount", sa.BigInteger(), nullable=False),
        sa.Column("client_share_amount", sa.BigInteger(), nullable=False),
        sa.Column("write_off_amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_amount", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_claims_owner_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["payers.id"], name=op.f("fk_claims_payer_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "authorization_id"],
            ["authorizations.practice_id", "authorizations.id"],
            name=op.f("fk_claims_practice_id_authorization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "client_id"],
            ["clients.practice_id", "clients.id"],
            name=op.f("fk_claims_practice_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "clinician_id"],
            ["clinicians.practice_id", "clinicians.id"],
            name=op.f("fk_claims_practice_id_clinician_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "facility_id"],
            ["service_facilities.practice_id", "service_facilities.id"],
            name=op.f("fk_claims_practice_id_facility_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "policy_id"],
            ["policies.practice_id", "policies.id"],
            name=op.f("fk_claims_practice_id_policy_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "primary_claim_id"],
            ["claims.practice_id", "claims.id"],
            name=op.f("fk_claims_practice_id_primary_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "profile_id"],
            ["billing_profiles.practice_id", "billing_profiles.id"],
            name=op.f("fk_claims_practice_id_profile_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_claims_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["released_by_id"], ["users.id"], name=op.f("fk_claims_released_by_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_claims")),
        sa.UniqueConstraint("number", name=op.f("uq_claims_number")),
    )
    op.create_index(
        "ix_claims_attention",
        "claims",
        ["practice_id", "id"],
        unique=False,
        postgresql_where="needs_review",
    )
    op.create_index("ix_claims_client", "claims", ["practice_id", "client_id"], unique=False)
    op.create_index(
        "ix_claims_payer", "claims", ["practice_id", "payer_id", "status"], unique=False
    )
    op.create_index("ix_claims_recent", "claims", ["practice_id", "id"], unique=False)
    op.create_index(
        "ix_claims_release",
        "claims",
        ["practice_id", "release_at"],
        unique=False,
        postgresql_where="status = 'queued'",
    )
    op.create_index(
        "ix_claims_status", "claims", ["practice_id", "status", "last_day", "id"], unique=False
    )
    op.create_table(
        "provider_adjustments",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remittance_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "clean",
                "review",
                "unmatched",
                "posted",
                name="matchstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "remittance_id"],
            ["remittances.practice_id", "remittances.id"],
            name=op.f("fk_provider_adjustments_practice_id_remittance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_provider_adjustments_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_provider_adjustments")),
        sa.UniqueConstraint(
            "practice_id",
            "remittance_id",
            "position",
            name=op.f("uq_provider_adjustments_practice_id_remittance_id_position"),
        ),
    )
    op.create_table(
        "appointment_lines",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("procedure_code", sa.Text(), nullable=False),
        sa.Column("modifiers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("units", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("charge_amount", sa.BigInteger(), nullable=True),
        sa.Column("diagnosis_pointers", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.CheckConstraint(
            "charge_amount >= 0", name=op.f("ck_appointment_lines_charge_is_not_negative")
        ),
        sa.CheckConstraint("units > 0", name=op.f("ck_appointment_lines_units_are_positive")),
        sa.ForeignKeyConstraint(
            ["practice_id", "appointment_id"],
            ["appointments.practice_id", "appointments.id"],
            name=op.f("fk_appointment_lines_practice_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_appointment_lines_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_appointment_lines")),
        sa.UniqueConstraint(
            "practice_id",
            "appointment_id",
            "position",
            name=op.f("uq_appointment_lines_practice_id_appointment_id_position"),
        ),
    )
    op.create_table(
        "attempts",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_no", sa.Integer(), nullable=False),
        sa.Column(
            "frequency",
            sa.Enum("1", "7", "8", name="frequency", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "payer_order",
            sa.Enum("P", "S", "T", name="payerorder", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("patient_control_number", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("clearinghouse_number", sa.Text(), nullable=True),
        sa.Column("payer_number", sa.Text(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "open",
                "rejected",
                "adjudicated",
                "withdrawn",
                name="attemptoutcome",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id", "claim_id"],
            ["claims.practice_id", "claims.id"],
            name=op.f("fk_attempts_practice_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "submission_id"],
            ["submissions.practice_id", "submissions.id"],
            name=op.f("fk_attempts_practice_id_submission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_attempts_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_attempts")),
        sa.UniqueConstraint(
            "patient_control_number", name=op.f("uq_attempts_patient_control_number")
        ),
        sa.UniqueConstraint(
            "practice_id",
            "claim_id",
            "attempt_no",
            name=op.f("uq_attempts_practice_id_claim_id_attempt_no"),
        ),
    )
    op.create_index(
        "ix_attempts_payer_number", "attempts", ["practice_id", "payer_number"], unique=False
    )
    op.create_index(
        "ix_attempts_submission", "attempts", ["practice_id", "submission_id"], unique=False
    )
    op.create_index(
        "uq_attempts_open",
        "attempts",
        ["practice_id", "claim_id"],
        unique=True,
        postgresql_where="outcome = 'open'",
    )
    op.create_table(
        "claim_steps",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column(
            "event",
            sa.Enum(
                "created",
                "released",
                "recalled",
                "held",
                "scrub_failed",
                "corrected",
                "transmitted",
                "information_supplied",
                "downloaded",
                "submitted_externally",
                "reopened",
                "voided",
                "acknowledged_by_clearinghouse",
                "received_by_payer",
                "accepted",
                "pending_at_payer",
                "more_info_required",
                "rejected",
                "denied",
                "applied_to_deductible",
                "paid",
                "reversed",
                name="claimevent",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "from_status",
            sa.Enum(
                "prepared",
                "scrub",
                "queued",
                "submitted",
                "received",
                "pending",
                "more_info_required",
                "accepted",
                "rejected",
                "denied",
                "deductible",
                "paid",
                "downloaded",
                "submitted_externally",
                "reopened",
                "voided",
                name="claimstatus",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_status",
            sa.Enum(
                "prepared",
                "scrub",
                "queued",
                "submitted",
                "received",
                "pending",
                "more_info_required",
                "accepted",
                "rejected",
                "denied",
                "deductible",
                "paid",
                "downloaded",
                "submitted_externally",
                "reopened",
                "voided",
                name="claimstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "person",
                "rule",
                "sending",
                "response",
                "acknowledgement",
                "remittance",
                name="stepsource",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_claim_steps_by_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "claim_id"],
            ["claims.practice_id", "claims.id"],
            name=op.f("fk_claim_steps_practice_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_claim_steps_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_claim_steps")),
    )
    op.create_index(
        "ix_claim_steps_claim", "claim_steps", ["practice_id", "claim_id", "at"], unique=False
    )
    op.create_table(
        "document_links",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "claim_id"],
            ["claims.practice_id", "claims.id"],
            name=op.f("fk_document_links_practice_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "document_id"],
            ["documents.practice_id", "documents.id"],
            name=op.f("fk_document_links_practice_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_document_links_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_document_links")),
        sa.UniqueConstraint(
            "practice_id",
            "document_id",
            "claim_id",
            name=op.f("uq_document_links_practice_id_document_id_claim_id"),
        ),
    )
    op.create_index(
        "ix_document_links_claim", "document_links", ["practice_id", "claim_id"], unique=False
    )
    op.create_table(
        "postings",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "charge",
                "remittance_line",
                "decision",
                "provider_adjustment",
                "unapplied",
                "reversal",
                name="postingkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("remittance_id", sa.Uuid(), nullable=True),
        sa.Column("remittance_line_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_postings_by_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "claim_id"],
            ["claims.practice_id", "claims.id"],
            name=op.f("fk_postings_practice_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "remittance_id"],
            ["remittances.practice_id", "remittances.id"],
            name=op.f("fk_postings_practice_id_remittance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "reverses_id"],
            ["postings.practice_id", "postings.id"],
            name=op.f("fk_postings_practice_id_reverses_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_postings_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_postings")),
        sa.UniqueConstraint("practice_id", "cause", name=op.f("uq_postings_practice_id_cause")),
        sa.UniqueConstraint(
            "practice_id", "reverses_id", name=op.f("uq_postings_practice_id_reverses_id")
        ),
    )
    op.create_index("ix_postings_claim", "postings", ["practice_id", "claim_id"], unique=False)
    op.create_index(
        "ix_postings_remittance", "postings", ["practice_id", "remittance_id"], unique=False
    )
    op.create_table(
        "remittance_claims",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remittance_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("matched_by", sa.Text(), nullable=False),
        sa.Column("patient_control_number", sa.Text(), nullable=False),
        sa.Column("claim_outcome", sa.Text(), nullable=False),
        sa.Column("charge_amount", sa.BigInteger(), nullable=False),
        sa.Column("paid_amount", sa.BigInteger(), nullable=False),
        sa.Column("patient_responsibility_amount", sa.BigInteger(), nullable=False),
        sa.Column("payer_claim_control_number", sa.Text(), nullable=False),
        sa.Column("client_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("member_id_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("remarks", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "clean",
                "review",
                "unmatched",
                "posted",
                name="matchstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "claim_id"],
            ["claims.practice_id", "claims.id"],
            name=op.f("fk_remittance_claims_practice_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "remittance_id"],
            ["remittances.practice_id", "remittances.id"],
            name=op.f("fk_remittance_claims_practice_id_remittance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_remittance_claims_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_remittance_claims")),
        sa.UniqueConstraint(
            "practice_id",
            "remittance_id",
            "position",
            name=op.f("uq_remittance_claims_practice_id_remittance_id_position"),
        ),
    )
    op.create_index(
        "ix_remittance_claims_claim", "remittance_claims", ["practice_id", "claim_id"], unique=False
    )
    op.create_index(
        "ix_remittance_claims_state", "remittance_claims", ["practice_id", "state"], unique=False
    )
    op.create_table(
        "threads",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "waiting_on_practice",
                "waiting_on_payer",
                "done",
                name="threadstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_threads_owner_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "claim_id"],
            ["claims.practice_id", "claims.id"],
            name=op.f("fk_threads_practice_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "client_id"],
            ["clients.practice_id", "clients.id"],
            name=op.f("fk_threads_practice_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "document_id"],
            ["documents.practice_id", "documents.id"],
            name=op.f("fk_threads_practice_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_threads_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_threads")),
    )
    op.create_index("ix_threads_claim", "threads", ["practice_id", "claim_id"], unique=False)
    op.create_index(
        "ix_threads_recent", "threads", ["practice_id", "last_message_at", "id"], unique=False
    )
    op.create_table(
        "messages",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_messages_author_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "thread_id"],
            ["threads.practice_id", "threads.id"],
            name=op.f("fk_messages_practice_id_thread_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_messages_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_messages")),
    )
    op.create_index(
        "ix_messages_thread", "messages", ["practice_id", "thread_id", "id"], unique=False
    )
    op.create_table(
        "receipts",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("read_through_id", sa.Uuid(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_through_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id", "thread_id"],
            ["threads.practice_id", "threads.id"],
            name=op.f("fk_receipts_practice_id_thread_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_receipts_practice_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_receipts_user_id")),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_receipts")),
        sa.UniqueConstraint(
            "practice_id",
            "thread_id",
            "user_id",
            name=op.f("uq_receipts_practice_id_thread_id_user_id"),
        ),
    )
    op.create_index("ix_receipts_user", "receipts", ["user_id"], unique=False)
    op.create_table(
        "service_lines",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_line_id", sa.Uuid(), nullable=False),
        sa.Column(
            "payer_order",
            sa.Enum("P", "S", "T", name="payerorder", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("line_control_number", sa.Text(), nullable=False),
        sa.Column("procedure_code", sa.Text(), nullable=False),
        sa.Column("modifiers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("units", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("charge_amount", sa.BigInteger(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("diagnosis_pointers", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.CheckConstraint("charge_amount > 0", name=op.f("ck_service_lines_charge_is_positive")),
        sa.ForeignKeyConstraint(
            ["practice_id", "appointment_id"],
            ["appointments.practice_id", "appointments.id"],
            name=op.f("fk_service_lines_practice_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "appointment_line_id"],
            ["appointment_lines.practice_id", "appointment_lines.id"],
            name=op.f("fk_service_lines_practice_id_appointment_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "claim_id"],
            ["claims.practice_id", "claims.id"],
            name=op.f("fk_service_lines_practice_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_service_lines_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_service_lines")),
        sa.UniqueConstraint(
            "practice_id",
            "claim_id",
            "position",
            name=op.f("uq_service_lines_practice_id_claim_id_position"),
        ),
    )
    op.create_index(
        "ix_service_lines_appointment",
        "service_lines",
        ["practice_id", "appointment_id"],
        unique=False,
    )
    op.create_index(
        "uq_service_lines_live",
        "service_lines",
        ["practice_id", "appointment_line_id", "payer_order"],
        unique=True,
        postgresql_where="live",
    )
    op.create_table(
        "ledger_entries",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("service_line_id", sa.Uuid(), nullable=True),
        sa.Column("debit", sa.String(length=32), nullable=False),
        sa.Column("credit", sa.String(length=32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_entries_amount_is_positive")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_entries_accounts_differ")),
        sa.ForeignKeyConstraint(
            ["practice_id", "claim_id"],
            ["claims.practice_id", "claims.id"],
            name=op.f("fk_ledger_entries_practice_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "posting_id"],
            ["postings.practice_id", "postings.id"],
            name=op.f("fk_ledger_entries_practice_id_posting_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "service_line_id"],
            ["service_lines.practice_id", "service_lines.id"],
            name=op.f("fk_ledger_entries_practice_id_service_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_ledger_entries_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        "ix_ledger_entries_claim", "ledger_entries", ["practice_id", "claim_id"], unique=False
    )
    op.create_index(
        "ix_ledger_entries_day", "ledger_entries", ["practice_id", "posted_on"], unique=False
    )
    op.create_index(
        "ix_ledger_entries_posting", "ledger_entries", ["practice_id", "posting_id"], unique=False
    )
    op.create_table(
        "remittance_lines",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remittance_claim_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("service_line_id", sa.Uuid(), nullable=True),
        sa.Column("line_control_number", sa.Text(), nullable=False),
        sa.Column("procedure_code", sa.Text(), nullable=False),
        sa.Column("modifiers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("submitted_procedure_code", sa.Text(), nullable=False),
        sa.Column("units", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.Column("charge_amount", sa.BigInteger(), nullable=False),
        sa.Column("paid_amount", sa.BigInteger(), nullable=False),
        sa.Column("allowed_amount", sa.BigInteger(), nullable=True),
        sa.Column("remarks", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "clean",
                "review",
                "unmatched",
                "posted",
                name="matchstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "remittance_claim_id"],
            ["remittance_claims.practice_id", "remittance_claims.id"],
            name=op.f("fk_remittance_lines_practice_id_remittance_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "service_line_id"],
            ["service_lines.practice_id", "service_lines.id"],
            name=op.f("fk_remittance_lines_practice_id_service_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_remittance_lines_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_remittance_lines")),
        sa.UniqueConstraint(
            "practice_id",
            "remittance_claim_id",
            "position",
            name=op.f("uq_remittance_lines_practice_id_remittance_claim_id_position"),
        ),
    )
    op.create_index(
        "ix_remittance_lines_service_line",
        "remittance_lines",
        ["practice_id", "service_line_id"],
        unique=False,
    )
    op.create_table(
        "adjustments",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remittance_claim_id", sa.Uuid(), nullable=False),
        sa.Column("remittance_line_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id", "remittance_claim_id"],
            ["remittance_claims.practice_id", "remittance_claims.id"],
            name=op.f("fk_adjustments_practice_id_remittance_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "remittance_line_id"],
            ["remittance_lines.practice_id", "remittance_lines.id"],
            name=op.f("fk_adjustments_practice_id_remittance_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("fk_adjustments_practice_id")
        ),
        sa.PrimaryKeyConstraint("practice_id", "id", name=op.f("pk_adjustments")),
    )
    op.create_index(
        "ix_adjustments_claim", "adjustments", ["practice_id", "remittance_claim_id"], unique=False
    )
    op.create_index(
        "ix_adjustments_line", "adjustments", ["practice_id", "remittance_line_id"], unique=False
    )


def upgrade() -> None:
    """Tables, then walls, then the triggers that hold what no constraint can."""
    op.execute("CREATE SEQUENCE claim_numbers START 10001")
    make_tables()
    stand_up_walls()
    keep_unbilled_totals()
    refuse_closed_months()


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_adjustments_line", table_name="adjustments")
    op.drop_index("ix_adjustments_claim", table_name="adjustments")
    op.drop_table("adjustments")
    op.drop_index("ix_remittance_lines_service_line", table_name="remittance_lines")
    op.drop_table("remittance_lines")
    op.drop_index("ix_ledger_entries_posting", table_name="ledger_entries")
    op.drop_index("ix_ledger_entries_day", table_name="ledger_entries")
    op.drop_index("ix_ledger_entries_claim", table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index("uq_service_lines_live", table_name="service_lines", postgresql_where="live")
    op.drop_index("ix_service_lines_appointment", table_name="service_lines")
    op.drop_table("service_lines")
    op.drop_index("ix_receipts_user", table_name="receipts")
    op.drop_table("receipts")
    op.drop_index("ix_messages_thread", table_name="messages")
    op.drop_table("messages")
    op.drop_index("ix_threads_recent", table_name="threads")
    op.drop_index("ix_threads_claim", table_name="threads")
    op.drop_table("threads")
    op.drop_index("ix_remittance_claims_state", table_name="remittance_claims")
    op.drop_index("ix_remittance_claims_claim", table_name="remittance_claims")
    op.drop_table("remittance_claims")
    op.drop_index("ix_postings_remittance", table_name="postings")
    op.drop_index("ix_postings_claim", table_name="postings")
    op.drop_table("postings")
    op.drop_index("ix_document_links_claim", table_name="document_links")
    op.drop_table("document_links")
    op.drop_index("ix_claim_steps_claim", table_name="claim_steps")
    op.drop_table("claim_steps")
    op.drop_index("uq_attempts_open", table_name="attempts", postgresql_where="outcome = 'open'")
    op.drop_index("ix_attempts_submission", table_name="attempts")
    op.drop_index("ix_attempts_payer_number", table_name="attempts")
    op.drop_table("attempts")
    op.drop_table("appointment_lines")
    op.drop_table("provider_adjustments")
    op.drop_index("ix_claims_status", table_name="claims")
    op.drop_index("ix_claims_release", table_name="claims", postgresql_where="status = 'queued'")
    op.drop_index("ix_claims_recent", table_name="claims")
    op.drop_index("ix_claims_payer", table_name="claims")
    op.drop_index("ix_claims_client", table_name="claims")
    op.drop_index("ix_claims_attention", table_name="claims", postgresql_where="needs_review")
    op.drop_table("claims")
    op.drop_index(
        "ix_appointments_queue_served", table_name="appointments", postgresql_where="unbilled"
    )
    op.drop_index(
        "ix_appointments_queue_risk", table_name="appointments", postgresql_where="unbilled"
    )
    op.drop_index("ix_appointments_profile", table_name="appointments")
    op.drop_index("ix_appointments_policy", table_name="appointments")
    op.drop_index("ix_appointments_payer", table_name="appointments", postgresql_where="unbilled")
    op.drop_index("ix_appointments_facility", table_name="appointments")
    op.drop_index("ix_appointments_enrollment", table_name="appointments")
    op.drop_index("ix_appointments_clinician", table_name="appointments")
    op.drop_index("ix_appointments_client", table_name="appointments")
    op.drop_index("ix_appointments_authorization", table_name="appointments")
    op.drop_table("appointments")
    op.drop_table("acknowledgements")
    op.drop_index("ix_submissions_state", table_name="submissions")
    op.drop_table("submissions")
    op.drop_index("ix_remittances_state", table_name="remittances")
    op.drop_table("remittances")
    op.drop_index(
        "uq_authorizations_active", table_name="authorizations", postgresql_where="active"
    )
    op.drop_table("authorizations")
    op.drop_index("ix_policies_payer", table_name="policies")
    op.drop_index("ix_policies_member_id_index", table_name="policies")
    op.drop_index("ix_policies_client", table_name="policies")
    op.drop_table("policies")
    op.drop_index("ix_notices_mail", table_name="notices")
    op.drop_index("ix_notices_loose", table_name="notices", postgresql_where="mail_id IS NULL")
    op.drop_table("notices")
    op.drop_index("ix_intake_problems_batch", table_name="intake_problems")
    op.drop_table("intake_problems")
    op.drop_index("ix_inbound_transactions_state", table_name="inbound_transactions")
    op.drop_index("ix_inbound_transactions_payment", table_name="inbound_transactions")
    op.drop_table("inbound_transactions")
    op.drop_index("ix_inbound_responses_state", table_name="inbound_responses")
    op.drop_table("inbound_responses")
    op.drop_table("enrollments")
    op.drop_index("ix_billing_profiles_choice", table_name="billing_profiles")
    op.drop_table("billing_profiles")
    op.drop_table("unbilled_totals")
    op.drop_index(op.f("ix_sign_ins_user_id"), table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_table("service_facilities")
    op.drop_index("ix_readiness_findings_code", table_name="readiness_findings")
    op.drop_table("readiness_findings")
    op.drop_table("practice_payers")
    op.drop_index(op.f("ix_payee_identities_tax_id_index"), table_name="payee_identities")
    op.drop_index(op.f("ix_payee_identities_npi"), table_name="payee_identities")
    op.drop_table("payee_identities")
    op.drop_table("once_keys")
    op.drop_index("ix_memberships_user_id", table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(
        "uq_mails_open_bundle",
        table_name="mails",
        postgresql_where="state = 'queued'",
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("ix_mails_state", table_name="mails")
    op.drop_table("mails")
    op.drop_table("intake_batches")
    op.drop_index(
        "uq_inbound_files_era", table_name="inbound_files", postgresql_where="kind = 'era'"
    )
    op.drop_index("ix_inbound_files_state", table_name="inbound_files")
    op.drop_table("inbound_files")
    op.drop_table("finding_tallies")
    op.drop_index("ix_errands_due", table_name="errands", postgresql_where="done_at IS NULL")
    op.drop_table("errands")
    op.drop_index("ix_documents_sha256", table_name="documents")
    op.drop_index("ix_documents_recent", table_name="documents")
    op.drop_table("documents")
    op.drop_table("control_numbers")
    op.drop_index("ix_clinicians_name", table_name="clinicians")
    op.drop_table("clinicians")
    op.drop_index("ix_clients_ssn_index", table_name="clients")
    op.drop_index("ix_clients_name", table_name="clients")
    op.drop_index("ix_clients_birth_date_index", table_name="clients")
    op.drop_table("clients")
    op.drop_index("ix_audit_records_practice", table_name="audit_records")
    op.drop_table("audit_records")
    op.drop_table("users")
    op.drop_table("practices")
    op.drop_index("ix_payers_name_key", table_name="payers")
    op.drop_table("payers")
    op.drop_table("clearinghouse_accounts")
    op.execute("DROP SEQUENCE claim_numbers")
    op.execute("DROP FUNCTION keep_unbilled_totals()")
    op.execute("DROP FUNCTION refuse_closed_month()")
