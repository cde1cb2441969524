"""What removes a practice that left is owned by a role that may do nothing else.

Safe because the function stays what it is: it ran as the owner of all tables, and runs as
`remover` now, which nobody signs in as and which reads and deletes rows of practices, under the
wall. A table that comes later grants it the same (see script.py.mako).
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0016_remover", "0015_shown_words"

REMOVER = "remover"
REMOVES = "remove_practice(uuid)"
HOUSE = "(SELECT current_setting('app.house', true)) = 'on'"
TOLD_IN_FILES = ("inbound_files", "inbound_transactions", "inbound_responses")
ROWS_OF_PRACTICES = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition AND a.attname = 'practice_id' AND NOT a.attisdropped
       AND c.relname <> 'departures' AND c.relname NOT LIKE 'audit%' ORDER BY 1
"""
CHANGES = {
    "practices": "removed_at, phone, street, street2, playbook",
    "departures": "state, removed_at, removed_counts, keys_to_erase",
}


def upgrade() -> None:
    """Grant what it needs, then give it the function."""
    for table in rows_of_practices():
        op.execute(f"GRANT SELECT, DELETE ON {table} TO {REMOVER}")
    for table, columns in CHANGES.items():
        op.execute(f"GRANT SELECT, UPDATE ({columns}) ON {table} TO {REMOVER}")
    look_at_files_as(REMOVER)
    give_to(REMOVER)


def rows_of_practices() -> list[str]:
    """Return the tables whose rows go: as the function itself finds them."""
    return [str(name) for (name,) in op.get_bind().execute(sa.text(ROWS_OF_PRACTICES))]


def look_at_files_as(role: str) -> None:
    """Files of nobody yet, or of several practices, are looked at by whoever removes."""
    for table in TOLD_IN_FILES:
        op.execute(f"ALTER POLICY looked_at_for_removal ON {table} TO {role} USING ({HOUSE})")


def give_to(role: str) -> None:
    """Change whose the function is; an owner needs the right to make things, for that moment."""
    op.execute(f"GRANT CREATE ON SCHEMA public TO {role}")
    op.execute(f"ALTER FUNCTION {REMOVES} OWNER TO {role}")
    op.execute(f"REVOKE CREATE ON SCHEMA public FROM {role}")


def downgrade() -> None:
    """Take it back."""
    op.execute(f"ALTER FUNCTION {REMOVES} OWNER TO CURRENT_USER")
    look_at_files_as("CURRENT_USER")
    for table in (*rows_of_practices(), *CHANGES):
        op.execute(f"REVOKE ALL ON {table} FROM {REMOVER}")
