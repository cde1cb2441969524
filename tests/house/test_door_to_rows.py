"""The services reach a practice's rows through services/access, or say which practice they mean."""

import ast
from pathlib import Path

import pytest

import backoffice.models  # noqa: F401  (knows all tables)
from backoffice.models.base import Base, PracticeRow
from tests.house.project import PROJECT

DOOR = {"held", "visible", "one", "practice_of", "own_practices"}
BESIDE_THE_DOOR = PROJECT / "tests" / "house" / "beside_the_door.txt"


def selects_beside_the_door(path: Path) -> set[str]:
    """Functions that select a practice's rows and name neither the door nor one practice."""
    models = {
        mapper.class_.__name__
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, PracticeRow)
    }
    found = set()
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        words = ast.unparse(function)
        selected = {
            name
            for call in ast.walk(function)
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "select"
            for argument in call.args
            for node in ast.walk(argument)
            if isinstance(node, ast.Name) and (name := node.id) in models
        }
        by_practice = ".practice_id ==" in words or "practice_id.in_(" in words
        if selected and not by_practice and not any(f"{name}(" in words for name in DOOR):
            found.add(f"{path.relative_to(PROJECT)}:{function.name}")
    return found


def test_the_services_reach_a_practices_rows_through_the_door_alone() -> None:
    """Or name a practice, or stand on the short list: the fence and the wall stand behind all."""
    found: set[str] = set()
    for path in (PROJECT / "backoffice" / "services").rglob("*.py"):
        found |= selects_beside_the_door(path)

    allowed = {
        line.split("  ")[0] for line in BESIDE_THE_DOOR.read_text().splitlines() if "  " in line
    }
    assert found == allowed


def test_a_select_beside_the_door_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.PROJECT", tmp_path)
    planted = tmp_path / "planted.py"
    planted.write_text("def all(session):\n    return session.scalars(select(Client)).all()\n")

    assert selects_beside_the_door(planted) == {"planted.py:all"}
