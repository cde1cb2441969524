"""The migrations make what the models say, in one line of numbers that ends at HEAD."""

import ast
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.pool import NullPool

import backoffice.models  # noqa: F401  (fills the metadata)
from backoffice.models.base import Base
from backoffice.sandbox.stack.postgres import SUPERUSER
from tests.databases import Database, migrate
from tests.house.project import PROJECT

MIGRATIONS = PROJECT / "migrations"
ALLOWED_IMPORTS = {"alembic", "sqlalchemy"} | sys.stdlib_module_names


class Crossroads(Exception):
    """The migrations do not end in the one head that HEAD names."""


def require_one_head(folder: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder))
    heads = list(ScriptDirectory.from_config(config).get_heads())
    written = (folder / "versions" / "HEAD").read_text().strip()
    if heads != [written]:
        raise Crossroads(f"heads {heads}, HEAD says {written}")


def differences(owner_url: str, metadata: sa.MetaData) -> list[Any]:
    engine = sa.create_engine(owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        found = compare_metadata(context, metadata)
    engine.dispose()
    return list(found)


@pytest.fixture
def versions() -> list[Path]:
    return sorted((MIGRATIONS / "versions").glob("*.py"))


def test_there_is_one_head_and_it_is_written_down() -> None:
    require_one_head(MIGRATIONS)


def test_a_second_head_is_found(tmp_path: Path) -> None:
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations/versions/0001_other.py").write_text(
        '"""Planted."""\nrevision, down_revision = "0001_other", None\n'
    )

    with pytest.raises(Crossroads):
        require_one_head(tmp_path / "migrations")


def test_a_forgotten_head_file_is_found(tmp_path: Path) -> None:
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations/versions/HEAD").write_text("0000_before\n")

    with pytest.raises(Crossroads):
        require_one_head(tmp_path / "migrations")


def test_the_migrated_database_is_what_the_models_say(worker_database: Database) -> None:
    assert differences(worker_database.owner_url, Base.metadata) == []


def test_a_column_that_no_migration_makes_is_found(worker_database: Database) -> None:
    planted = sa.MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.tables.values():
        table.to_metadata(planted)
    planted.tables["users"].append_column(sa.Column("planted", sa.Text))

    found = differences(worker_database.owner_url, planted)

    assert [(change[0], change[3].name) for change in found] == [("add_column", "planted")]


def test_a_migration_is_named_by_its_number_and_imports_nothing_of_ours(
    versions: list[Path],
) -> None:
    for path in versions:
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), f"{path.name} does not say why it is safe"
        imported = {
            name.partition(".")[0] for node in ast.walk(tree) for name in _imported_by(node)
        }
        assert imported <= ALLOWED_IMPORTS, path.name
        assert f'"{path.stem}"' in path.read_text(), f"{path.name} is not its revision's name"


def _imported_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def test_migrating_twice_changes_nothing(empty_database: Database) -> None:
    migrate(empty_database.owner_url, "head")
    migrate(empty_database.owner_url, "head")

    assert differences(empty_database.owner_url, Base.metadata) == []


def test_names_of_intake_files_in_the_clear_are_gone_after_0008(
    empty_database: Database,
) -> None:
    migrate(empty_database.owner_url, "0007_field_keys")
    superuser = sa.create_engine(empty_database.urls[SUPERUSER], poolclass=NullPool)
    with superuser.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO intake_batches (id, created_at, mapping, state, files, counts,"
                " rows_done, rows_total, problem) VALUES (gen_random_uuid(), now(), 'own',"
                " 'uploaded', CAST(:files AS jsonb), CAST(:counts AS jsonb), 0, 0, '')"
            ),
            {
                "files": '[{"name": "gloam.csv", "key": "i/0"}, {"name": "w.csv", "key": "i/1"}]',
                "counts": '{"notes": ["gloam.csv was left alone"], "files": [{"rows": 2}]}',
            },
        )

    migrate(empty_database.owner_url, "0008_intake_file_names")

    with superuser.connect() as connection:
        kept = connection.execute(
            sa.text("SELECT files, counts, file_names_sealed, notes_sealed FROM intake_batches")
        ).one()
    superuser.dispose()
    files = [{"key": "i/0"}, {"key": "i/1"}]
    assert tuple(kept) == (files, {"files": [{"rows": 2}]}, None, None)


def test_the_app_role_owns_nothing_and_stands_under_the_wall(worker_database: Database) -> None:
    with worker_database.engine.connect() as connection:
        role = connection.execute(
            sa.text(
                "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"
                " FROM pg_roles WHERE rolname = current_user"
            )
        ).one()
        owned = connection.scalar(
            sa.text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
        )

    assert tuple(role) == ("app", False, False, False, False)
    assert owned == 0
