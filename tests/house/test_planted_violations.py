"""A check that cannot fail is no check: each is shown a violation and must refuse it."""

import shutil
from pathlib import Path

import pytest
from flask import Flask

from backoffice.web.access import ViewWithoutPermission, refuse_views_without_permission
from tests.house.project import PROJECT, copy_of_the_project, run_tool

CONTRACTS = {
    "Floors: each imports only what stands below it": (
        "backoffice/models/planted_floor.py",
        "from backoffice.services import refusal",
    ),
    "The ground floor is pure: standard library only": (
        "backoffice/rules/planted_impure.py",
        "import sqlalchemy",
    ),
    "Flask lives in web (and in the app that joins the blueprints)": (
        "backoffice/services/planted_flask.py",
        "import flask",
    ),
    "S3, Redis and RQ are reached through gateways": (
        "backoffice/services/planted_boto.py",
        "import boto3",
    ),
    "backoffice does not know the workers: jobs are asked for by name": (
        "backoffice/services/planted_workers.py",
        "import workers",
    ),
    "No circle in any package": (
        "backoffice/services/planted_one.py",
        "from backoffice.services import planted_two",
    ),
}


def test_every_contract_breaks_when_it_is_violated(tmp_path: Path) -> None:
    copy = copy_of_the_project(tmp_path)
    for path, line in CONTRACTS.values():
        (copy / path).write_text(f'"""Planted."""\n\n{line}\n')
    (copy / "backoffice/services/planted_two.py").write_text(
        '"""Planted."""\n\nfrom backoffice.services import planted_one\n'
    )

    checked = run_tool(copy, "lint-imports", "--no-cache")

    assert checked.returncode == 1, checked.stderr
    kept = [name for name in CONTRACTS if f"{name} BROKEN" not in checked.stdout]
    assert kept == [], checked.stdout


def test_a_room_that_the_floors_do_not_know_breaks_the_contract(tmp_path: Path) -> None:
    copy = copy_of_the_project(tmp_path)
    (copy / "backoffice/drawer.py").write_text('"""A drawer for everything."""\n')

    checked = run_tool(copy, "lint-imports", "--no-cache")

    assert checked.returncode == 1
    assert "Floors: each imports only what stands below it BROKEN" in checked.stdout


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("from unittest import mock\n\nprint_it = mock.Mock\n", "TID251"),
        ("import datetime\n\nMOMENT = datetime.datetime.utcnow()\n", "TID251"),
        ("from sqlalchemy.orm import Query\n\nASKED = Query\n", "TID251"),
        ("def late() -> object:\n    import json\n\n    return json\n", "PLC0415"),
        ("from . import config\n\nHERE = config\n", "TID252"),
        ('def shout() -> None:\n    print("words")\n', "T201"),
        ("def tell(flag: bool) -> None: ...\n", "FBT001"),
    ],
)
def test_ruff_refuses_what_the_house_bans(tmp_path: Path, code: str, rule: str) -> None:
    planted = copy_of_settings(tmp_path) / "backoffice" / "planted.py"
    planted.parent.mkdir()
    planted.write_text(f'"""Planted."""\n\n{code}')

    checked = run_tool(
        tmp_path, "ruff", "check", "--no-cache", "--output-format=concise", str(planted)
    )

    assert checked.returncode == 1
    assert f" {rule} " in checked.stdout


def copy_of_settings(folder: Path) -> Path:
    shutil.copy(PROJECT / "pyproject.toml", folder)
    return folder


def test_mypy_refuses_a_type_that_does_not_fit_and_a_function_without_types(
    tmp_path: Path,
) -> None:
    planted = copy_of_settings(tmp_path) / "planted.py"
    planted.write_text('def count() -> int:\n    return "three"\n\n\ndef bare(x):\n    return x\n')

    checked = run_tool(tmp_path, "mypy", "--cache-dir", str(tmp_path / "cache"), str(planted))

    assert checked.returncode == 1
    assert "[return-value]" in checked.stdout
    assert "[no-untyped-def]" in checked.stdout


def test_a_view_without_a_permission_stops_the_start() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/planted", "planted", lambda: "seen")

    with pytest.raises(ViewWithoutPermission, match="planted"):
        refuse_views_without_permission(app)
