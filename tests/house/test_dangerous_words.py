"""What opens a door to injection is refused wherever it stands in our code and templates."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.project import PROJECT

_ASKS = frozenset({"get", "post", "put", "patch", "delete", "head", "request"})


def faults_in(source: str) -> list[str]:
    """Name what is dangerous in one module, with its line.

    Words joined into text() where a module is loaded are its own constants: no request is there
    yet. Markup of a literal is safe too: what is put in with format() is escaped.
    """
    tree = ast.parse(source)
    found = [(node, _fault(node)) for node in ast.walk(tree)]
    if "text" in _taken_from(tree, "sqlalchemy"):
        acts = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        found += [(node, _joined_text(node)) for act in acts for node in ast.walk(act)]
    return [f"{getattr(node, 'lineno', 0)}: {why}" for node, why in found if why]


def _taken_from(tree: ast.Module, package: str) -> set[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {alias.name for each in imports if each.module == package for alias in each.names}


def _fault(node: ast.AST) -> str:
    if isinstance(node, ast.Import | ast.ImportFrom):
        named = {alias.name.split(".")[0] for alias in node.names}
        return "pickle runs what it reads" if "pickle" in {*named, _module(node)} else ""
    if isinstance(node, ast.Attribute) and node.attr == "query" and _name(node.value).istitle():
        return "Model.query goes past the wall's door"
    return _fault_of_call(node) if isinstance(node, ast.Call) else ""


def _fault_of_call(node: ast.Call) -> str:
    function, last = node.func, _name(node.func)
    if last == "Markup" and not all(isinstance(each, ast.Constant) for each in node.args):
        return "Markup of what is no literal"
    asks = last in _ASKS and isinstance(function, ast.Attribute)
    if asks and _name(function.value) == "requests":  # type: ignore[attr-defined]  # as asked above
        bounded = any(keyword.arg == "timeout" for keyword in node.keywords)
        return "" if bounded else "requests without a timeout"
    return ""


def _joined_text(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and _name(node.func) == "text" and node.args:
        return "text() with words joined in" if _is_joined(node.args[0]) else ""
    return ""


def _module(node: ast.Import | ast.ImportFrom) -> str:
    return (getattr(node, "module", None) or "").split(".")[0]


def _is_joined(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr | ast.BinOp):
        return True
    return isinstance(node, ast.Call) and _name(node.func) in {"format", "join", "replace"}


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def modules() -> Iterator[Path]:
    """Every module of the program."""
    for folder in ("backoffice", "workers"):
        yield from (PROJECT / folder).rglob("*.py")


def test_no_module_says_what_opens_a_door_to_injection() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{fault}"
        for path in modules()
        for fault in faults_in(path.read_text())
    ]

    assert found == []


def test_no_template_switches_escaping_off() -> None:
    off = re.compile(r"\|\s*safe\b|autoescape\s+false")

    found = [
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "templates").rglob("*.*")
        if off.search(path.read_text())
    ]

    assert found == []


IN_AN_ACT = "from sqlalchemy import text\ndef act(session, name):\n    session.execute(text({}))"


@pytest.mark.parametrize(
    "planted",
    [
        IN_AN_ACT.format('f"SELECT {name}"'),
        IN_AN_ACT.format('"SELECT " + name'),
        IN_AN_ACT.format('"SELECT %s" % name'),
        IN_AN_ACT.format('"SELECT {}".format(name)'),
        "import pickle",
        "from pickle import loads",
        "Markup(name)",
        'Markup(f"<b>{name}</b>")',
        "Claim.query.get(1)",
        'requests.get("http://localhost")',
    ],
)
def test_each_of_them_is_found_where_it_is_planted(planted: str) -> None:
    assert faults_in(planted)


def test_what_is_bound_literal_and_bounded_passes() -> None:
    bound = IN_AN_ACT.format('"SELECT :name"')

    assert not faults_in(bound)
    assert not faults_in('Markup("<b>{}</b>").format(name)')
    assert not faults_in('requests.get("http://localhost", timeout=5)')
