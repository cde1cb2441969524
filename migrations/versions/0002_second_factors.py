"""How people prove who they are: second factors, signed-in sessions with a level, throttles.

Safe because it only adds, and what it adds to a table has a default: the release before writes on.
Sessions that are open when it runs stand at the level of the password and ask for a second factor.
The new tables stand outside the wall (reasons in docs/tables-without-practice.md): they are read
before anybody, and so any practice, is known.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002_second_factors", "0001_main_job"

APP = "app"
LEVELS = sa.Enum("password", "full", name="level", native_enum=False, length=32)
KINDS = sa.Enum("passkey", "totp", name="factorkind", native_enum=False, length=32)
KINDS_NEED = (
    "CASE kind WHEN 'totp' THEN secret_sealed IS NOT NULL"
    " ELSE credential_id IS NOT NULL AND public_key IS NOT NULL END"
)
BEING_SET_UP = "kind = 'totp' AND confirmed_at IS NULL"
TEXTS = ("ended_because", "address", "browser")
MADE = ("factors", "recovery_codes", "throttles")


def open_to_app(table: str, *, may: str) -> None:
    """Grant the app role what it needs on a table, e.g. may="SELECT, INSERT"."""
    op.execute(f"GRANT {may} ON {table} TO {APP}")


def moment(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    """Return a timestamptz column."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def of_a_user(table: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of a table's user_id."""
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id"))


def upgrade() -> None:
    """Factors, recovery codes and throttles; sessions know their level, place and end."""
    op.add_column(
        "users", sa.Column("session_epoch", sa.Integer, nullable=False, server_default="0")
    )
    for column in (
        sa.Column("id", sa.Uuid, nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.Column("level", LEVELS, nullable=False, server_default="password"),
        *(sa.Column(name, sa.Text, nullable=False, server_default="") for name in TEXTS),
        sa.Column("agent_hash", sa.LargeBinary),
        sa.Column("challenge", sa.LargeBinary),
        moment("factor_at", nullable=True),
        moment("challenge_until", nullable=True),
    ):
        op.add_column("sign_ins", column)
    op.create_unique_constraint(op.f("uq_sign_ins_id"), "sign_ins", ["id"])
    op.create_table(
        "factors",
        sa.Column("id", sa.Uuid, nullable=False),
        moment("created_at"),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("kind", KINDS, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        moment("confirmed_at", nullable=True),
        moment("last_used_at", nullable=True),
        sa.Column("secret_sealed", sa.LargeBinary),
        sa.Column("last_timecode", sa.BigInteger, nullable=False),
        sa.Column("credential_id", sa.LargeBinary),
        sa.Column("public_key", sa.LargeBinary),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.CheckConstraint(KINDS_NEED, name=op.f("ck_factors_has_what_its_kind_needs")),
        of_a_user("factors"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factors")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_factors_credential_id")),
    )
    op.create_index("ix_factors_user_id", "factors", ["user_id"])
    op.create_index(
        "uq_factors_app_being_set_up", "factors", ["user_id"],
        unique=True, postgresql_where=sa.text(BEING_SET_UP),
    )  # fmt: skip
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid, nullable=False),
        moment("created_at"),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        moment("used_at", nullable=True),
        of_a_user("recovery_codes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint(
            "user_id", "code_hash", name=op.f("uq_recovery_codes_user_id_code_hash")
        ),
    )
    op.create_table(
        "throttles",
        sa.Column("door_hash", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        moment("last_try_at"),
        moment("shut_until", nullable=True),
        sa.PrimaryKeyConstraint("door_hash", name=op.f("pk_throttles")),
    )
    for table in MADE:
        open_to_app(table, may="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Take it back: people sign in by password alone again, so only beside a stopped portal."""
    for table in reversed(MADE):
        op.drop_table(table)
    op.drop_constraint(op.f("uq_sign_ins_id"), "sign_ins", type_="unique")
    for column in (
        "id",
        "level",
        *TEXTS,
        "agent_hash",
        "challenge",
        "factor_at",
        "challenge_until",
    ):
        op.drop_column("sign_ins", column)
    op.drop_column("users", "session_epoch")
