"""What payers said of a claim, and what they refer to outside any, is sealed.

Safe because it adds two empty columns and a right. SQL has no keys, so what stands there in the
clear stays and is read until `backoffice keys rotate` seals it: run that once all processes are of
this release. The previous release reads no words that this one wrote, and writes in the clear.

A step of history is added only. Its words may be sealed under another key, and nothing else of
it changes: the right is on those columns alone, and a trigger asks for another key.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0015_shown_words", "0014_notices"

APP = "app"
KEY_ID = "substring({row}.words_sealed FROM 2 FOR get_byte({row}.words_sealed, 0))"


def upgrade() -> None:
    """Make room for what is sealed, and let it be sealed anew."""
    op.add_column("claim_steps", sa.Column("words_sealed", sa.LargeBinary(), nullable=True))
    op.add_column(
        "provider_adjustments", sa.Column("reference_sealed", sa.LargeBinary(), nullable=True)
    )
    op.execute(f"GRANT UPDATE (words, words_sealed) ON claim_steps TO {APP}")
    op.execute(
        f"""
        CREATE FUNCTION only_sealed_anew() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog AS $$
        BEGIN
          IF OLD.words <> '' AND OLD.words_sealed IS NULL
             AND NEW.words = '' AND NEW.words_sealed IS NOT NULL THEN
            RETURN NEW;
          END IF;
          IF OLD.words = NEW.words
             AND {KEY_ID.format(row="OLD")} <> {KEY_ID.format(row="NEW")} THEN
            RETURN NEW;
          END IF;
          RAISE insufficient_privilege USING MESSAGE = 'permission denied: words are only added';
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER only_sealed_anew BEFORE UPDATE ON claim_steps"
        " FOR EACH ROW EXECUTE FUNCTION only_sealed_anew()"
    )


def downgrade() -> None:
    """Take it back; refused while words are sealed, which nothing in SQL could open."""
    op.execute(
        """
        DO $$ BEGIN
          PERFORM set_config('app.house', 'on', true);
          PERFORM set_config('app.practice_ids',
            coalesce((SELECT string_agg(id::text, ',') FROM practices), ''), true);
          IF EXISTS (SELECT FROM claim_steps WHERE words_sealed IS NOT NULL)
             OR EXISTS (SELECT FROM provider_adjustments WHERE reference_sealed IS NOT NULL) THEN
            RAISE EXCEPTION 'words are sealed: they would be lost';
          END IF;
        END $$"""
    )
    op.execute("DROP TRIGGER only_sealed_anew ON claim_steps")
    op.execute("DROP FUNCTION only_sealed_anew()")
    op.execute(f"REVOKE UPDATE (words, words_sealed) ON claim_steps FROM {APP}")
    op.drop_column("provider_adjustments", "reference_sealed")
    op.drop_column("claim_steps", "words_sealed")
