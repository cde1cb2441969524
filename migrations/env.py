"""Runs migrations as the owner role, one process at a time, never waiting long on a lock."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from backoffice.models.base import Base

ADVISORY_LOCK = 0x636C6561
"""One release migrates at a time: any number that nobody else uses."""


def database_url() -> str:
    """Return the owner's address: given by the caller, else MIGRATION_DATABASE_URL."""
    given = context.config.attributes.get("url")
    url = str(given) if given else os.environ["MIGRATION_DATABASE_URL"]
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def migrate(connection: Connection) -> None:
    """Run what is asked for, in one transaction a migration."""
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.execute(text("SET lock_timeout = '1s'"))
    connection.execute(text("SET statement_timeout = '5s'"))
    connection.commit()
    context.configure(
        connection=connection, target_metadata=Base.metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
    connection.commit()


engine = create_engine(database_url(), poolclass=pool.NullPool)
with engine.connect() as opened:
    migrate(opened)
